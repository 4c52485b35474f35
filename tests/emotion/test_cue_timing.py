"""CueTiming: a cue is due when its sentence sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from livekit_plugins_avatar.audio.placement import FixedPlacement, Run
from livekit_plugins_avatar.emotion.cue_timing import (
    LATE_SAMPLES,
    LEAD_SAMPLES,
    LETTER_S,
    CueTiming,
)
from livekit_plugins_avatar.emotion.estimate import NEUTRAL, EmotionEstimate
from livekit_plugins_avatar.emotion.sentences import Cue, SentenceReader
from livekit_plugins_avatar.speech.visemes import VisemeEvent

SECOND = 48_000
SAD = "I am sorry to hear that, it must be hard. "
GLAD = "Congratulations on the other thing."
SPEECH = Run(published=10 * SECOND, speech=0, length=60 * SECOND)


def timing(
    *texts: str,
    runs: Sequence[Run] = (SPEECH,),
    visemes: Sequence[VisemeEvent] = (),
    word_starts: Mapping[int, int] | None = None,
) -> CueTiming:
    """The timing of one text, with speech published from 10 s on."""
    cue_timing = CueTiming(
        FixedPlacement(runs),
        lambda start, end: [each for each in visemes if each.end > start and each.start < end],
        (word_starts or {}).get,
    )
    if texts:
        add(cue_timing, *texts)
    return cue_timing


def add(cue_timing: CueTiming, *texts: str) -> int:
    """Add a text, and return its length; it may go on."""
    reader = SentenceReader()
    cue_timing.begin_text()
    for text in texts:
        cue_timing.add(reader.push(text))
    cue_timing.add(reader.flush())
    return reader.length


def length(text: str) -> int:
    reader = SentenceReader()
    reader.push(text)
    reader.flush()
    return reader.length


def all_due(cue_timing: CueTiming, until_s: float = 30.0) -> list[tuple[float, str]]:
    """When each cue is shown, in seconds, asked ten times a second."""
    return [
        (sample / SECOND, cue.estimate.emotion)
        for now in range(10 * SECOND, round(until_s * SECOND), SECOND // 10)
        for sample, cue in cue_timing.due(now)
    ]


def test_text_without_speech() -> None:
    """A text whose speech has not begun is not due."""
    cue_timing = timing(SAD)
    assert not cue_timing.waiting
    assert all_due(cue_timing) == []


def test_first_sentence() -> None:
    """The first sentence begins with its speech."""
    cue_timing = timing(SAD)
    cue_timing.segment_started(SECOND)
    assert cue_timing.waiting
    assert all_due(cue_timing) == [(11.0, "concern")]
    assert not cue_timing.waiting


def test_lead() -> None:
    """A cue goes out once, shortly before its sample."""
    cue_timing = timing(SAD)
    cue_timing.segment_started(5 * SECOND)
    due_at = 15 * SECOND - LEAD_SAMPLES
    assert cue_timing.due(due_at - 1) == []
    assert len(cue_timing.due(due_at)) == 1
    assert cue_timing.due(due_at) == []


def test_usual_pace() -> None:
    """The second sentence is estimated by a usual pace until its segment is complete."""
    cue_timing = timing(SAD + GLAD)
    cue_timing.segment_started(0)
    assert all_due(cue_timing) == [
        (10.0, "concern"),
        (pytest.approx(10.0 + length(SAD) * LETTER_S, abs=0.01), "warm"),
    ]


def test_share_of_the_text() -> None:
    """Once its segment is complete, a sentence is estimated by the share of text before it."""
    cue_timing = timing(SAD + GLAD)
    cue_timing.end_text(length(SAD + GLAD))
    cue_timing.segment_started(0)
    cue_timing.segment_ended(4 * SECOND)
    (_, (second_s, _)) = all_due(cue_timing)
    assert second_s == pytest.approx(10.0 + 4.0 * length(SAD) / length(SAD + GLAD), abs=0.01)


def test_nearest_pause() -> None:
    """An estimated start moves to the end of the nearest pause, not to a closure."""
    pause = VisemeEvent("sil", round(2.1 * SECOND), round(0.3 * SECOND), 0.0)
    closure = VisemeEvent("sil", round(2.05 * SECOND), round(0.03 * SECOND), 0.0)
    far = VisemeEvent("sil", round(0.1 * SECOND), round(0.3 * SECOND), 0.0)
    cue_timing = timing(SAD + GLAD, visemes=(far, closure, pause))
    cue_timing.end_text(length(SAD + GLAD))
    cue_timing.segment_started(0)
    cue_timing.segment_ended(4 * SECOND)
    assert all_due(cue_timing) == [(10.0, "concern"), (12.4, "warm")]


def test_aligned_sentence() -> None:
    """A sentence begins where the aligner has its first word, however far from a guess."""
    word = len(SAD.split())
    cue_timing = timing(SAD + GLAD, word_starts={0: 100, word: 7 * SECOND, word + 1: 8 * SECOND})
    cue_timing.segment_started(0)
    assert all_due(cue_timing) == [(10.0, "concern"), (17.0, "warm")]


@pytest.mark.parametrize("elsewhere", [SECOND - 1, 5 * SECOND])
def test_aligned_elsewhere(elsewhere: int) -> None:
    """A word start outside the text's own segment is that of another text, and does not count."""
    plain, aligned = (
        timing(SAD + GLAD, word_starts=word_starts)
        for word_starts in ({}, {len(SAD.split()): elsewhere})
    )
    for cue_timing in (plain, aligned):
        cue_timing.end_text(length(SAD + GLAD))
        cue_timing.segment_started(SECOND)
        cue_timing.segment_ended(5 * SECOND)
    assert all_due(aligned) == all_due(plain) != []


def test_pace_is_learnt() -> None:
    """A slow voice moves the estimates of its next text."""

    def second_after(cue_timing: CueTiming) -> float:
        add(cue_timing, SAD + GLAD)
        cue_timing.segment_started(0)
        (_, (second_s, _)) = all_due(cue_timing)
        return second_s

    slow = timing(SAD)
    slow.end_text(length(SAD))
    slow.segment_started(0)
    slow.segment_ended(round(2 * length(SAD) * LETTER_S * SECOND))
    slow.segment_finished()
    assert second_after(slow) > second_after(timing()) + 1.0


def test_unpublished_speech() -> None:
    """A cue waits while its speech is paused or not synthesised."""
    runs: list[Run] = []
    cue_timing = timing(SAD, runs=runs)
    cue_timing.segment_started(0)
    assert all_due(cue_timing) == []
    runs.append(SPEECH)
    assert all_due(cue_timing) == [(10.0, "concern")]


def test_cut_speech() -> None:
    """What was cut is not shown."""
    cue_timing = timing(SAD + GLAD)
    cue_timing.segment_started(0)
    assert all_due(cue_timing, until_s=10.2) == [(10.0, "concern")]
    cue_timing.segment_finished()
    assert not cue_timing.waiting
    assert all_due(cue_timing) == []


def test_text_never_spoken() -> None:
    """The next text replaces one that was never spoken."""
    cue_timing = timing(GLAD)
    add(cue_timing, SAD)
    cue_timing.segment_started(0)
    assert all_due(cue_timing) == [(10.0, "concern")]


def test_text_after_its_speech() -> None:
    """Text that comes after its speech has begun belongs to it."""
    cue_timing = timing()
    cue_timing.segment_started(0)
    add(cue_timing, SAD)
    assert all_due(cue_timing) == [(10.0, "concern")]


def test_two_texts() -> None:
    """Each text goes with its own segment."""
    cue_timing = timing(SAD)
    cue_timing.end_text(length(SAD))
    cue_timing.segment_started(0)
    cue_timing.segment_ended(3 * SECOND)
    add(cue_timing, GLAD)
    cue_timing.segment_started(3 * SECOND)
    assert all_due(cue_timing) == [(10.0, "concern"), (13.0, "warm")]


def test_late_cues() -> None:
    """A cue that is a little late is shown now, and a later one is dropped."""
    for late, shown in ((LATE_SAMPLES, []), (LATE_SAMPLES - 1, ["concern"])):
        cue_timing = timing(SAD)
        cue_timing.segment_started(0)
        due = cue_timing.due(10 * SECOND + late)
        assert [cue.estimate.emotion for _, cue in due] == shown
        assert all(sample == 10 * SECOND + late for sample, _ in due)


def test_revision() -> None:
    """The estimate of a cue can be revised until it is due."""
    (cue,) = (reader := SentenceReader()).push(SAD) + reader.flush()
    cue_timing = timing()
    cue_timing.begin_text()
    cue_timing.add([cue])
    cue_timing.segment_started(0)
    assert not cue_timing.revise(Cue(99, 0, NEUTRAL, "", False), NEUTRAL)
    assert cue_timing.revise(cue, EmotionEstimate("warm", 0.5))
    assert all_due(cue_timing) == [(10.0, "warm")]
    assert not cue_timing.revise(cue, NEUTRAL)
