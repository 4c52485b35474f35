"""The presence eval reads off faces what the tables put in, and would see what is wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from livekit_plugins_avatar.face.saccade import SACCADE_PEAK, SACCADE_S, SACCADE_S_PER_DEG, glide
from livekit_plugins_avatar.face.state import INDEX, FaceState
from livekit_plugins_avatar.face.style import STYLES
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.tools import cli
from livekit_plugins_avatar.tools.eval import presence
from livekit_plugins_avatar.tools.eval.conversation import script
from livekit_plugins_avatar.tools.eval.presence import Run
from livekit_plugins_avatar.tools.eval.recordings import FINE_SAMPLES, FaceRecording, saccades


@pytest.fixture(scope="module")
def one() -> Run:
    return Run(script(1, minutes=2, seed=1), 1, STYLES["natural"])


@pytest.fixture(scope="module")
def three() -> Run:
    return Run(script(3, minutes=2, seed=1), 1, STYLES["natural"])


def glancing(sample: int) -> FaceState:
    """A face that looks 10 degrees to the side at 0.1 s, at 200 degrees a second."""
    ms = sample / 48
    return FaceState.of(gazeYaw=float(np.radians(10.0 * glide((ms - 100.0) / 50.0))))


def test_a_saccade_is_found_with_its_size_length_and_peak() -> None:
    (found,) = saccades(FaceRecording.of(glancing, range(0, 14_400, FINE_SAMPLES)))
    assert found.size_deg == pytest.approx(10.0, abs=0.1)
    assert found.length_s == pytest.approx(0.05, abs=0.004)
    assert found.start_s == pytest.approx(0.1, abs=0.003)
    assert found.peak_deg_per_s == pytest.approx(SACCADE_PEAK * 10.0 / 0.05, rel=0.02)


def test_the_same_arguments_write_the_same_conversation() -> None:
    ours, theirs, other = (script(3, minutes=3, seed=seed) for seed in (4, 4, 5))
    assert [at for at, _ in ours.reports] == [at for at, _ in theirs.reports]
    assert ours.spans == theirs.spans != other.spans


@pytest.mark.parametrize("people", [1, 3])
def test_a_conversation_has_everything_that_a_call_has(people: int) -> None:
    call = script(people, minutes=10, seed=0)
    assert {span.state for span in call.spans} == {"speaking", "listening", "thinking", "idle"}
    assert all(a.end_s == b.start_s for a, b in pairwise(call.spans))
    assert 10 * 60 <= call.length_s <= 12 * 60
    assert len(call.first_words_s) >= 15 and len(call.turn_ends_s) >= 12
    assert [at for at, _ in call.reports] == sorted(at for at, _ in call.reports)
    if people > 1:
        assert len(call.speakers) >= 30 and len(call.coughs_s) >= 10


def test_the_mouth_of_a_script_moves_while_the_agent_speaks_and_without_gaps() -> None:
    call = script(1, minutes=1, seed=0)

    def said(start: int, end: int) -> Sequence[VisemeEvent]:
        events = call.visemes(start, end)
        assert events[0].start == start and events[-1].end == end
        assert all(a.end == b.start for a, b in pairwise(events))
        return events

    for span in call.spans:
        start, end = round(span.start_s * 48_000) + 1, round(span.end_s * 48_000) - 1
        assert {event.viseme != "sil" for event in said(start, end)} == {span.state == "speaking"}
    said(0, round(call.length_s * 48_000))


def test_the_face_keeps_to_the_figures_of_people(one: Run, three: Run) -> None:
    figures = presence.shares(one, "camera") | presence.gaze_back([one, three])
    figures |= presence.turn_ends([one, three]) | presence.redirects(three)
    assert 0.6 < figures["one_speaking_at_camera_share"] < 0.9
    assert 0.8 < figures["one_listening_at_camera_share"] < 0.97
    assert figures["one_thinking_at_camera_share"] < 0.5
    assert figures["gaze_back_before_first_word_share"] >= 0.9
    assert figures["gaze_at_turn_end_share"] >= 0.9
    assert figures["redirects"] >= 8
    assert 150 <= figures["redirect_latency_ms_p50"] <= 350
    rates = presence.blinks([one, three])
    assert 12 < rates["speaking_blinks_per_min"] < 33


def test_coughs_draw_no_look(three: Run) -> None:
    without = Run(script(3, minutes=2, seed=1, coughs=False), 1, STYLES["natural"])
    assert presence.coughs(three, without)["coughs"] >= 2
    assert presence.coughs(three, without)["coughs_looked_at_share"] == 0.0


def test_saccades_are_as_fast_as_peoples(one: Run) -> None:
    figures = presence.main_sequence([one])
    assert figures["saccades"] > 20
    assert figures["saccade_on_main_sequence_share"] >= 0.95
    expected = SACCADE_PEAK * 10.0 / (SACCADE_S + 10.0 * SACCADE_S_PER_DEG)
    assert figures["saccade_peak_velocity_at_10_deg_deg_per_s"] == pytest.approx(expected, rel=0.06)


def test_nothing_jumps_and_nothing_freezes(one: Run, three: Run) -> None:
    figures = presence.motion([one, three])
    assert figures["jumps"] == 0
    assert figures["step_at_report_share_of_range_max"] < 0.005
    assert figures["body_frozen_500_ms_windows"] == 0
    assert figures["head_share_of_limit_max"] < 1.0


def test_a_face_that_stands_still_or_jumps_would_be_seen(one: Run) -> None:
    still = np.repeat(one.recording.values[:1], 60, axis=0)
    assert presence._frozen(still) > 0
    jump = still[:3].copy()
    jump[1:, INDEX["browInnerUp"]] += 0.2
    fine = FaceRecording(np.arange(3) * FINE_SAMPLES, jump)
    broken = Run(script(1, minutes=0.1, seed=1), 1, STYLES["natural"])
    broken.fine.append(fine)
    assert presence.motion([broken])["jumps"] == 1


def test_the_command_prints_one_flat_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", "presence", "--minutes", "0.5", "--style", "off", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["style"] == "off"
    assert not any(isinstance(value, dict | list) for value in figures.values())
    assert figures["one_speaking_at_camera_share"] > 0.97
    assert cli.main(["eval", "presence", "--minutes", "0"]) == 2
