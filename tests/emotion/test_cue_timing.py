"""The prompter: a cue is due when its sentence sounds, and not when it was written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livekit_plugins_avatar.emotion.cue_timing import (
    LATE_SAMPLES,
    LEAD_SAMPLES,
    LETTER_S,
    Prompter,
)
from livekit_plugins_avatar.emotion.estimate import NEUTRAL, Reading
from livekit_plugins_avatar.emotion.sentences import Cue, SpokenText
from livekit_plugins_avatar.speech.visemes import VisemeEvent

SECOND = 48_000
FIRST = "I am sorry to hear that, it must be hard. "
SECOND_SENTENCE = "Congratulations on the other thing."


def anywhere(speech: int) -> int:
    """Speech begins to be published at 10 s."""
    return speech + 10 * SECOND


def nothing(start: int, end: int) -> list[VisemeEvent]:
    return []


def texted(*texts: str) -> tuple[Prompter, SpokenText]:
    prompter, text = Prompter(), SpokenText()
    prompter.begin_text()
    for piece in texts:
        prompter.add(text.push(piece))
    prompter.add(text.flush())
    return prompter, text


def all_due(
    prompter: Prompter,
    placed: Callable[[int], int | None] = anywhere,
    pauses: Callable[[int, int], list[VisemeEvent]] = nothing,
    until_s: float = 30.0,
) -> list[tuple[float, str]]:
    """When each cue is shown, in seconds, asked ten times a second."""
    return [
        (sample / SECOND, cue.reading.feeling)
        for published in range(10 * SECOND, round(until_s * SECOND), SECOND // 10)
        for sample, cue in prompter.due(published, placed, pauses)
    ]


def test_a_text_without_speech_is_never_due() -> None:
    prompter, _ = texted(FIRST)
    assert not prompter.waiting
    assert all_due(prompter) == []


def test_the_first_sentence_begins_with_its_speech() -> None:
    prompter, _ = texted(FIRST)
    prompter.begin_speech(SECOND)
    assert prompter.waiting
    assert all_due(prompter) == [(11.0, "concern")]
    assert not prompter.waiting


def test_a_cue_is_given_out_shortly_before_its_sample_and_once() -> None:
    prompter, _ = texted(FIRST)
    prompter.begin_speech(5 * SECOND)
    due_at = 15 * SECOND - LEAD_SAMPLES
    assert prompter.due(due_at - 1, anywhere, nothing) == []
    assert len(prompter.due(due_at, anywhere, nothing)) == 1
    assert prompter.due(due_at, anywhere, nothing) == []


def test_the_next_sentence_is_reckoned_by_the_pace_of_voices_until_all_is_there() -> None:
    prompter, _ = texted(FIRST + SECOND_SENTENCE)
    at = SpokenText()
    (first,) = at.push(FIRST)
    prompter.begin_speech(0)
    assert first.at == 0
    assert all_due(prompter) == [
        (10.0, "concern"),
        (pytest.approx(10.0 + at.length * LETTER_S, abs=0.01), "warm"),
    ]


def test_once_all_of_it_is_there_a_sentence_is_reckoned_by_its_share() -> None:
    prompter, text = texted(FIRST + SECOND_SENTENCE)
    prompter.end_text(text.length)
    prompter.begin_speech(0)
    prompter.end_speech(4 * SECOND)
    first = SpokenText()
    first.push(FIRST)
    (_, (second_s, _)) = all_due(prompter)
    assert second_s == pytest.approx(10.0 + 4.0 * first.length / text.length, abs=0.01)


def test_sentences_begin_after_the_nearest_pause() -> None:
    prompter, text = texted(FIRST + SECOND_SENTENCE)
    prompter.end_text(text.length)
    prompter.begin_speech(0)
    prompter.end_speech(4 * SECOND)
    pause = VisemeEvent("sil", round(2.1 * SECOND), round(0.3 * SECOND), 0.0)
    closure = VisemeEvent("sil", round(2.05 * SECOND), round(0.03 * SECOND), 0.0)
    far = VisemeEvent("sil", round(0.1 * SECOND), round(0.3 * SECOND), 0.0)

    def pauses(start: int, end: int) -> list[VisemeEvent]:
        return [each for each in (far, closure, pause) if each.end > start and each.start < end]

    assert all_due(prompter, pauses=pauses) == [(10.0, "concern"), (12.4, "warm")]


def test_the_voices_own_pace_is_learnt() -> None:
    def second_after(prompter: Prompter) -> float:
        prompter.begin_text()
        text = SpokenText()
        prompter.add(text.push(FIRST + SECOND_SENTENCE) + text.flush())
        prompter.begin_speech(0)
        (_, (second_s, _)) = all_due(prompter)
        return second_s

    slow, text = texted(FIRST)
    slow.end_text(text.length)
    slow.begin_speech(0)
    slow.end_speech(round(2 * text.length * LETTER_S * SECOND))
    slow.finish_speech()
    assert second_after(slow) > second_after(Prompter()) + 1.0


def test_what_is_not_published_yet_is_waited_for() -> None:
    """Paused, or not synthesised yet: nobody knows when it will be heard."""
    prompter, _ = texted(FIRST)
    prompter.begin_speech(0)
    assert all_due(prompter, placed=lambda _: None) == []
    assert all_due(prompter) == [(10.0, "concern")]


def test_what_was_cut_is_not_shown() -> None:
    prompter, _ = texted(FIRST + SECOND_SENTENCE)
    prompter.begin_speech(0)
    assert all_due(prompter, until_s=10.2) == [(10.0, "concern")]
    prompter.finish_speech()
    assert not prompter.waiting
    assert all_due(prompter) == []


def test_a_text_that_no_speech_came_for_is_forgotten() -> None:
    prompter, _ = texted(SECOND_SENTENCE)
    prompter.begin_text()
    text = SpokenText()
    prompter.add(text.push(FIRST) + text.flush())
    prompter.begin_speech(0)
    assert all_due(prompter) == [(10.0, "concern")]


def test_text_that_comes_after_its_speech_has_begun_belongs_to_it() -> None:
    prompter = Prompter()
    prompter.begin_speech(0)
    prompter.begin_text()
    text = SpokenText()
    prompter.add(text.push(FIRST) + text.flush())
    assert all_due(prompter) == [(10.0, "concern")]


def test_texts_go_with_their_own_speech() -> None:
    prompter, text = texted(FIRST)
    prompter.end_text(text.length)
    prompter.begin_speech(0)
    prompter.end_speech(3 * SECOND)
    prompter.begin_text()
    other = SpokenText()
    prompter.add(other.push(SECOND_SENTENCE) + other.flush())
    prompter.begin_speech(3 * SECOND)
    assert all_due(prompter) == [(10.0, "concern"), (13.0, "warm")]


def test_a_cue_that_comes_too_late_is_left_out_and_one_a_little_late_is_shown_now() -> None:
    for late, shown in ((LATE_SAMPLES, []), (LATE_SAMPLES - 1, ["concern"])):
        prompter, _ = texted(FIRST)
        prompter.begin_speech(0)
        due = prompter.due(10 * SECOND + late, anywhere, nothing)
        assert [cue.reading.feeling for _, cue in due] == shown
        assert all(sample == 10 * SECOND + late for sample, _ in due)


def test_a_cue_is_revised_until_it_is_due() -> None:
    prompter, text = Prompter(), SpokenText()
    prompter.begin_text()
    (cue,) = text.push(FIRST) + text.flush()
    prompter.add([cue])
    prompter.begin_speech(0)
    assert not prompter.revise(Cue(99, NEUTRAL, "", False), NEUTRAL)
    assert prompter.revise(cue, Reading("warm", 0.5))
    assert all_due(prompter) == [(10.0, "warm")]
    assert not prompter.revise(cue, NEUTRAL)
