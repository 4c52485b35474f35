"""Listening: emotions and nods while the user speaks."""

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


def test_final_transcripts() -> None:
    """A final transcript is shown at once."""
    listening = Listening()
    assert listening.hear(0, "My father died.", final=True).emotion == "concern"


def test_interim_transcripts() -> None:
    """A transcript that may change is shown once two versions agree."""
    listening = Listening()
    assert listening.hear(0, "my father died", final=False) == NEUTRAL
    assert listening.hear(100, "my father died his", final=False).emotion == "concern"
    other = Listening()
    assert other.hear(0, "I love", final=False) == NEUTRAL
    assert other.hear(100, "I loved it but it broke", final=False) == NEUTRAL


def test_questions() -> None:
    """A question is shown only when it is final."""
    listening = Listening()
    for sample in (0, 100, 200):
        assert listening.hear(sample, "can you tell me", final=False) == NEUTRAL
    assert listening.hear(300, "can you tell me the time?", final=True).emotion == "interest"


def test_repetition() -> None:
    """An emotion is not shown again while the face has it."""
    listening = Listening()
    assert listening.hear(0, "My father died.", final=True).emotion == "concern"
    assert listening.hear(AGAIN_SAMPLES - 1, "It was awful.", final=True) == NEUTRAL
    assert listening.hear(AGAIN_SAMPLES - 1, "But thank you.", final=True).emotion == "warm"
    assert listening.hear(2 * AGAIN_SAMPLES, "Thanks.", final=True).emotion == "warm"


def test_known_language() -> None:
    """The language of the transcript overrides the guess."""
    assert Listening().hear(0, "super fantastic", final=True, language="de") == NEUTRAL


def test_nod_at_the_end() -> None:
    """The face nods when a user who has said enough stops."""
    listening = Listening()
    assert not listening.set_speaking(0, True)
    listening.hear(SPOKEN_SAMPLES, SEVEN, final=True)
    assert listening.set_speaking(SPOKEN_SAMPLES, False)


def test_no_nod() -> None:
    """Silence, a single word and short speech get no nod."""
    listening = Listening()
    assert not listening.set_speaking(9 * SECOND, False)
    listening.set_speaking(10 * SECOND, True)
    listening.hear(12 * SECOND, "yes", final=True)
    assert not listening.set_speaking(12 * SECOND, False)
    listening.set_speaking(13 * SECOND, True)
    listening.hear(13 * SECOND + 1, SEVEN, final=True)
    assert not listening.set_speaking(13 * SECOND + 2, False)


def test_nod_at_a_pause() -> None:
    """A pause within the speech gets one nod."""
    listening = Listening()
    listening.set_speaking(0, True)
    listening.hear(2 * SECOND, SEVEN, final=False)
    assert not listening.pause(2 * SECOND + GAP_SAMPLES - 1)
    assert listening.pause(2 * SECOND + GAP_SAMPLES)
    assert not listening.pause(2 * SECOND + GAP_SAMPLES + 1)


def test_nods_are_seldom() -> None:
    """Nods keep their distance however much is said."""
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


def test_no_nod_at_an_insult() -> None:
    """An insult gets no nod."""
    listening = Listening()
    listening.set_speaking(0, True)
    listening.hear(2 * SECOND, "well let me tell you that you are stupid", final=True)
    assert not listening.set_speaking(3 * SECOND, False)
