"""The cue_timing: a cue is due when its sentence sounds, and not when it was written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

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
FIRST = "I am sorry to hear that, it must be hard. "
SECOND_SENTENCE = "Congratulations on the other thing."


def anywhere(speech: int) -> int:
    """Speech begins to be published at 10 s."""
    return speech + 10 * SECOND


def nothing(start: int, end: int) -> list[VisemeEvent]:
    return []


def texted(*texts: str) -> tuple[CueTiming, SentenceReader]:
    cue_timing, text = CueTiming(), SentenceReader()
    cue_timing.begin_text()
    for piece in texts:
        cue_timing.add(text.push(piece))
    cue_timing.add(text.flush())
    return cue_timing, text


def all_due(
    cue_timing: CueTiming,
    placed: Callable[[int], int | None] = anywhere,
    pauses: Callable[[int, int], list[VisemeEvent]] = nothing,
    until_s: float = 30.0,
) -> list[tuple[float, str]]:
    """When each cue is shown, in seconds, asked ten times a second."""
    return [
        (sample / SECOND, cue.estimate.emotion)
        for published in range(10 * SECOND, round(until_s * SECOND), SECOND // 10)
        for sample, cue in cue_timing.due(published, placed, pauses)
    ]


def test_a_text_without_speech_is_never_due() -> None:
    cue_timing, _ = texted(FIRST)
    assert not cue_timing.waiting
    assert all_due(cue_timing) == []


def test_the_first_sentence_begins_with_its_speech() -> None:
    cue_timing, _ = texted(FIRST)
    cue_timing.begin_speech(SECOND)
    assert cue_timing.waiting
    assert all_due(cue_timing) == [(11.0, "concern")]
    assert not cue_timing.waiting


def test_a_cue_is_given_out_shortly_before_its_sample_and_once() -> None:
    cue_timing, _ = texted(FIRST)
    cue_timing.begin_speech(5 * SECOND)
    due_at = 15 * SECOND - LEAD_SAMPLES
    assert cue_timing.due(due_at - 1, anywhere, nothing) == []
    assert len(cue_timing.due(due_at, anywhere, nothing)) == 1
    assert cue_timing.due(due_at, anywhere, nothing) == []


def test_the_next_sentence_is_reckoned_by_the_pace_of_voices_until_all_is_there() -> None:
    cue_timing, _ = texted(FIRST + SECOND_SENTENCE)
    at = SentenceReader()
    (first,) = at.push(FIRST)
    cue_timing.begin_speech(0)
    assert first.at == 0
    assert all_due(cue_timing) == [
        (10.0, "concern"),
        (pytest.approx(10.0 + at.length * LETTER_S, abs=0.01), "warm"),
    ]


def test_once_all_of_it_is_there_a_sentence_is_reckoned_by_its_share() -> None:
    cue_timing, text = texted(FIRST + SECOND_SENTENCE)
    cue_timing.end_text(text.length)
    cue_timing.begin_speech(0)
    cue_timing.end_speech(4 * SECOND)
    first = SentenceReader()
    first.push(FIRST)
    (_, (second_s, _)) = all_due(cue_timing)
    assert second_s == pytest.approx(10.0 + 4.0 * first.length / text.length, abs=0.01)


def test_sentences_begin_after_the_nearest_pause() -> None:
    cue_timing, text = texted(FIRST + SECOND_SENTENCE)
    cue_timing.end_text(text.length)
    cue_timing.begin_speech(0)
    cue_timing.end_speech(4 * SECOND)
    pause = VisemeEvent("sil", round(2.1 * SECOND), round(0.3 * SECOND), 0.0)
    closure = VisemeEvent("sil", round(2.05 * SECOND), round(0.03 * SECOND), 0.0)
    far = VisemeEvent("sil", round(0.1 * SECOND), round(0.3 * SECOND), 0.0)

    def pauses(start: int, end: int) -> list[VisemeEvent]:
        return [each for each in (far, closure, pause) if each.end > start and each.start < end]

    assert all_due(cue_timing, pauses=pauses) == [(10.0, "concern"), (12.4, "warm")]


def test_the_voices_own_pace_is_learnt() -> None:
    def second_after(cue_timing: CueTiming) -> float:
        cue_timing.begin_text()
        text = SentenceReader()
        cue_timing.add(text.push(FIRST + SECOND_SENTENCE) + text.flush())
        cue_timing.begin_speech(0)
        (_, (second_s, _)) = all_due(cue_timing)
        return second_s

    slow, text = texted(FIRST)
    slow.end_text(text.length)
    slow.begin_speech(0)
    slow.end_speech(round(2 * text.length * LETTER_S * SECOND))
    slow.finish_speech()
    assert second_after(slow) > second_after(CueTiming()) + 1.0


def test_what_is_not_published_yet_is_waited_for() -> None:
    """Paused, or not synthesised yet: nobody knows when it will be heard."""
    cue_timing, _ = texted(FIRST)
    cue_timing.begin_speech(0)
    assert all_due(cue_timing, placed=lambda _: None) == []
    assert all_due(cue_timing) == [(10.0, "concern")]


def test_what_was_cut_is_not_shown() -> None:
    cue_timing, _ = texted(FIRST + SECOND_SENTENCE)
    cue_timing.begin_speech(0)
    assert all_due(cue_timing, until_s=10.2) == [(10.0, "concern")]
    cue_timing.finish_speech()
    assert not cue_timing.waiting
    assert all_due(cue_timing) == []


def test_a_text_that_no_speech_came_for_is_forgotten() -> None:
    cue_timing, _ = texted(SECOND_SENTENCE)
    cue_timing.begin_text()
    text = SentenceReader()
    cue_timing.add(text.push(FIRST) + text.flush())
    cue_timing.begin_speech(0)
    assert all_due(cue_timing) == [(10.0, "concern")]


def test_text_that_comes_after_its_speech_has_begun_belongs_to_it() -> None:
    cue_timing = CueTiming()
    cue_timing.begin_speech(0)
    cue_timing.begin_text()
    text = SentenceReader()
    cue_timing.add(text.push(FIRST) + text.flush())
    assert all_due(cue_timing) == [(10.0, "concern")]


def test_texts_go_with_their_own_speech() -> None:
    cue_timing, text = texted(FIRST)
    cue_timing.end_text(text.length)
    cue_timing.begin_speech(0)
    cue_timing.end_speech(3 * SECOND)
    cue_timing.begin_text()
    other = SentenceReader()
    cue_timing.add(other.push(SECOND_SENTENCE) + other.flush())
    cue_timing.begin_speech(3 * SECOND)
    assert all_due(cue_timing) == [(10.0, "concern"), (13.0, "warm")]


def test_a_cue_that_comes_too_late_is_left_out_and_one_a_little_late_is_shown_now() -> None:
    for late, shown in ((LATE_SAMPLES, []), (LATE_SAMPLES - 1, ["concern"])):
        cue_timing, _ = texted(FIRST)
        cue_timing.begin_speech(0)
        due = cue_timing.due(10 * SECOND + late, anywhere, nothing)
        assert [cue.estimate.emotion for _, cue in due] == shown
        assert all(sample == 10 * SECOND + late for sample, _ in due)


def test_a_cue_is_revised_until_it_is_due() -> None:
    cue_timing, text = CueTiming(), SentenceReader()
    cue_timing.begin_text()
    (cue,) = text.push(FIRST) + text.flush()
    cue_timing.add([cue])
    cue_timing.begin_speech(0)
    assert not cue_timing.revise(Cue(99, NEUTRAL, "", False), NEUTRAL)
    assert cue_timing.revise(cue, EmotionEstimate("warm", 0.5))
    assert all_due(cue_timing) == [(10.0, "warm")]
    assert not cue_timing.revise(cue, NEUTRAL)
