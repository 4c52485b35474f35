"""Listening: what is felt at a transcript that still grows, and when a listener nods."""

from __future__ import annotations

from itertools import pairwise

from livekit_plugins_avatar.emotion.estimate import NEUTRAL
from livekit_plugins_avatar.emotion.listening import (
    AGAIN_SAMPLES,
    GAP_SAMPLES,
    NOD_APART_SAMPLES,
    SPOKEN_SAMPLES,
    Listening,
)

SECOND = 48_000
SEVEN = "one two three four five six seven"


def test_a_final_transcript_is_felt_at_once() -> None:
    listening = Listening()
    assert listening.hear(0, "My father died.", final=True).emotion == "concern"


def test_what_may_be_revised_is_felt_once_it_has_said_the_same_twice() -> None:
    listening = Listening()
    assert listening.hear(0, "my father died", final=False) == NEUTRAL
    assert listening.hear(100, "my father died his", final=False).emotion == "concern"
    other = Listening()
    assert other.hear(0, "I love", final=False) == NEUTRAL
    assert other.hear(100, "I loved it but it broke", final=False) == NEUTRAL


def test_a_question_is_known_by_its_end() -> None:
    listening = Listening()
    for sample in (0, 100, 200):
        assert listening.hear(sample, "can you tell me", final=False) == NEUTRAL
    assert listening.hear(300, "can you tell me the time?", final=True).emotion == "interest"


def test_the_same_is_not_felt_again_while_it_is_still_there() -> None:
    listening = Listening()
    assert listening.hear(0, "My father died.", final=True).emotion == "concern"
    assert listening.hear(AGAIN_SAMPLES - 1, "It was awful.", final=True) == NEUTRAL
    assert listening.hear(AGAIN_SAMPLES - 1, "But thank you.", final=True).emotion == "warm"
    assert listening.hear(2 * AGAIN_SAMPLES, "Thanks.", final=True).emotion == "warm"


def test_a_language_that_the_recogniser_names_is_believed() -> None:
    assert Listening().hear(0, "super fantastic", final=True, language="de") == NEUTRAL


def test_it_nods_when_somebody_has_said_enough_and_stops() -> None:
    listening = Listening()
    assert not listening.set_speaking(0, True)
    listening.hear(SPOKEN_SAMPLES, SEVEN, final=True)
    assert listening.set_speaking(SPOKEN_SAMPLES, False)


def test_it_does_not_nod_at_a_word_or_at_silence() -> None:
    listening = Listening()
    assert not listening.set_speaking(9 * SECOND, False)
    listening.set_speaking(10 * SECOND, True)
    listening.hear(12 * SECOND, "yes", final=True)
    assert not listening.set_speaking(12 * SECOND, False)
    listening.set_speaking(13 * SECOND, True)
    listening.hear(13 * SECOND + 1, SEVEN, final=True)
    assert not listening.set_speaking(13 * SECOND + 2, False)


def test_it_nods_at_a_pause_in_the_middle() -> None:
    listening = Listening()
    listening.set_speaking(0, True)
    listening.hear(2 * SECOND, SEVEN, final=False)
    assert not listening.pause(2 * SECOND + GAP_SAMPLES - 1)
    assert listening.pause(2 * SECOND + GAP_SAMPLES)
    assert not listening.pause(2 * SECOND + GAP_SAMPLES + 1)


def test_nods_are_rare_however_much_is_said() -> None:
    listening = Listening()
    nods = []
    sample = 0
    while sample < 60 * SECOND:
        listening.set_speaking(sample, True)
        listening.hear(sample + 2 * SECOND, SEVEN, final=True)
        sample += 2 * SECOND
        if listening.set_speaking(sample, False):
            nods.append(sample)
    gaps = [after - before for before, after in pairwise(nods)]
    assert len(nods) > 5
    assert min(gaps) >= NOD_APART_SAMPLES


def test_nobody_nods_at_an_insult() -> None:
    listening = Listening()
    listening.set_speaking(0, True)
    listening.hear(2 * SECOND, "well let me tell you that you are stupid", final=True)
    assert not listening.set_speaking(3 * SECOND, False)
