"""The score counts what the recipe's table counts, and says what is missing."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.speech.visemes import VISEME_INDEX, VisemeEvent
from livekit_plugins_avatar.timeline import SAMPLE_RATE
from livekit_plugins_avatar.tools import cli
from livekit_plugins_avatar.tools.eval.calm import DISTURBANCES, SOUNDS_WITHOUT_SPEECH
from livekit_plugins_avatar.tools.eval.labels import UNSEEN, LabelError, Labels, recordings, visemes
from livekit_plugins_avatar.tools.eval.visemes import CLOSED, SIL, said, scored

AA, U = VISEME_INDEX["aa"], VISEME_INDEX["U"]


def hops(*runs: tuple[int, int]) -> Labels:
    """Visemes and how many hops each lasts."""
    return np.concatenate([np.full(count, viseme) for viseme, count in runs])


TRUTH = hops((SIL, 20), (AA, 20), (CLOSED, 10), (U, 10), (SIL, 40))


def folder(path: Path, *, text: bool = False) -> Path:
    """A recording of one second with labels."""
    with wave.open(str(path / "one.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        noise = np.random.default_rng(1).integers(-3000, 3000, SAMPLE_RATE)
        file.writeframes(noise.astype(np.int16).tobytes())
    phones = [("h#", 0.0, 0.2), ("P", 0.2, 0.3), ("AY1", 0.3, 0.5), ("hh", 0.5, 0.6)]
    rows = [{"phone": phone, "start": start, "end": end} for phone, start, end in phones]
    (path / "one.json").write_text(json.dumps(rows))
    (path / "index.json").write_text(
        json.dumps([{"file": "one", "text": "pie"} if text else {"file": "one"}])
    )
    return path


def test_what_is_all_right_scores_one() -> None:
    figures = scored([(TRUTH, TRUTH)])
    assert figures["accuracy"] == figures["accuracy_speech"] == 1
    assert figures["pp_recall"] == figures["pp_precision"] == figures["pp_events"] == 1
    # Visemes that never come count as missed: the average is over all fifteen.
    assert figures["macro_f1"] == pytest.approx(4 / 15, abs=1e-4)
    assert figures["late_ms"] == 0


def test_silence_counts_for_all_and_not_for_speech() -> None:
    figures = scored([(TRUTH, np.full(100, SIL))])
    assert figures["accuracy"] == 0.6
    assert figures["accuracy_speech"] == 0
    assert figures["pp_recall"] == figures["pp_precision"] == 0


def test_closures_are_met_within_40_ms_and_no_further() -> None:
    near = scored([(hops((AA, 50), (CLOSED, 1), (AA, 50)), hops((AA, 46), (CLOSED, 1), (AA, 54)))])
    far = scored([(hops((AA, 50), (CLOSED, 1), (AA, 50)), hops((AA, 45), (CLOSED, 1), (AA, 55)))])
    assert (near["pp_recall"], near["pp_precision"], near["pp_events"]) == (1, 1, 1)
    assert (far["pp_recall"], far["pp_precision"], far["pp_events"]) == (0, 0, 0)


def test_closures_do_not_reach_into_another_recording() -> None:
    end = hops((AA, 50), (CLOSED, 2))
    begin = hops((CLOSED, 2), (AA, 50))
    figures = scored([(end, np.full(52, AA)), (np.full(52, AA), begin)])
    assert figures["pp_recall"] == figures["pp_precision"] == 0


def test_what_comes_late_is_seen_to_be_late() -> None:
    late = np.roll(TRUTH, 3)
    assert scored([(TRUTH, late)])["late_ms"] == 30
    assert scored([(TRUTH, np.roll(TRUTH, -2))])["late_ms"] == -20


def test_hops_that_show_nothing_of_their_own_do_not_count() -> None:
    labels = hops((AA, 50), (UNSEEN, 50))
    figures = scored([(labels, hops((AA, 50), (U, 50)))])
    assert figures["accuracy"] == figures["accuracy_speech"] == 1


def test_events_are_read_in_the_middle_of_each_hop() -> None:
    events = [VisemeEvent("aa", 0, 700, 1.0), VisemeEvent("PP", 700, 740, 1.0)]
    assert said(events, 1440).tolist() == [AA, CLOSED, CLOSED]


def test_labels_become_visemes_with_diphthongs_in_two(tmp_path: Path) -> None:
    (one,) = recordings(folder(tmp_path))
    expected = hops((SIL, 20), (CLOSED, 10), (AA, 12), (VISEME_INDEX["I"], 8), (UNSEEN, 10))
    assert visemes(one, 100).tolist() == [*expected, *[SIL] * 40]


def test_a_phone_that_nobody_knows_is_named_with_its_file(tmp_path: Path) -> None:
    (one,) = recordings(folder(tmp_path))
    one.labels.write_text('[{"phone": "XQ", "start": 0, "end": 1}]')
    with pytest.raises(LabelError, match=r"one\.json .*'XQ'"):
        visemes(one, 100)
    one.labels.write_text('{"phone": "AA"}')
    with pytest.raises(LabelError, match=r"one\.json"):
        visemes(one, 100)


def test_a_folder_without_recordings_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["eval", "visemes", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", "visemes", str(folder(tmp_path)), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["files"] == 1
    assert figures["seconds"] == 1.0
    assert 0 <= figures["accuracy"] <= 1


def test_a_text_is_asked_for_only_where_there_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = str(folder(tmp_path))
    assert cli.main(["eval", "visemes", where, "--text"]) == 1
    assert "one.wav" in capsys.readouterr().err
    (tmp_path / "one.txt").write_text("pie")
    assert cli.main(["eval", "visemes", where, "--text"]) == 0
    (tmp_path / "one.txt").unlink()
    assert cli.main(["eval", "visemes", str(folder(tmp_path, text=True)), "--text"]) == 0


@pytest.mark.parametrize("name", SOUNDS_WITHOUT_SPEECH)
def test_sounds_without_speech_are_what_they_are_called_and_do_not_clip(name: str) -> None:
    pcm = SOUNDS_WITHOUT_SPEECH[name]()
    loud = np.abs(pcm.astype(int)).max()
    assert pcm.dtype == np.int16
    assert (loud == 0) == (name == "silence")
    assert name == "clicks" or loud < 32_767
    np.testing.assert_array_equal(pcm, SOUNDS_WITHOUT_SPEECH[name]())


@pytest.mark.parametrize("name", DISTURBANCES)
def test_disturbances_change_speech_and_not_its_length(name: str) -> None:
    time_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    speech = 8000 * np.sin(2 * np.pi * 300 * time_s) + 2000 * np.sin(2 * np.pi * 6000 * time_s)
    pcm: Pcm = speech.astype(np.int16)
    before = pcm.copy()
    disturbed = DISTURBANCES[name](pcm)
    assert disturbed.dtype == np.int16
    assert len(disturbed) == len(pcm)
    assert (disturbed != pcm).any()
    np.testing.assert_array_equal(pcm, before)
