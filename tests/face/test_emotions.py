"""Emotions: what they look like, how they come and go, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face.emotions import EMOTIONS, ENVELOPES, OFFSETS, Emotions
from livekit_plugins_avatar.face.expression import Expression, blend
from livekit_plugins_avatar.face.face import Face
from livekit_plugins_avatar.face.situation import CAMERA, Situation
from livekit_plugins_avatar.face.state import INDEX
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import Timeline

SECOND = 48_000
FRAME = SECOND // 30
OPENERS = ("jaw", "mouthLowerDown", "mouthUpperUp", "mouthFunnel", "mouthClose", "tongue")
LONGEST_S = max(envelope.onset_s + envelope.hold_s + envelope.decay_s for envelope in ENVELOPES)


def silence(start: int, end: int) -> list[VisemeEvent]:
    return [VisemeEvent("sil", start, end - start, 0.0)]


def still(agent: str) -> Timeline[Situation]:
    return Timeline(Situation(agent, agent, CAMERA))


def hum(start: int, end: int) -> list[VisemeEvent]:
    """Lips shut for ever."""
    return [VisemeEvent("PP", start, end - start, 0.8)]


def offsets(emotion: str, after_s: float = 1.0, strength: float = 1.0) -> np.ndarray:
    emotions = Emotions()
    emotions.set(SECOND, emotion, strength)
    return emotions.at(SECOND + round(after_s * SECOND))


def test_emotions_leave_mouth_and_eyes_alone() -> None:
    """No row opens the mouth or moves the eyes, and each has a reason."""
    for row in OFFSETS:
        assert not row.parameter.startswith((*OPENERS, "gaze", "eyeLook", "eyeBlink", "eyeWide"))
        assert row.name in EMOTIONS
        assert row.reason


def test_no_emotion_is_anger() -> None:
    """Anger is brows drawn down and lids tight (AU 4, 5, 7) with nothing that lifts the brows."""
    for emotion in ("hurt", "concern"):
        lifted, drawn = (offsets(emotion)[INDEX[name]] for name in ("browInnerUp", "browDownLeft"))
        assert lifted > 2 * drawn


def test_onsets_are_those_of_people() -> None:
    """Emotions come within 200-500 ms and fade more slowly."""
    for envelope in ENVELOPES:
        assert 0.2 <= envelope.onset_s <= 0.5
        assert envelope.reason
        if envelope.emotion != "neutral":
            assert envelope.decay_s > 2 * envelope.onset_s


@pytest.mark.parametrize("emotion", EMOTIONS[1:])
def test_an_emotion_comes_holds_and_fades(emotion: str) -> None:
    """An emotion follows its envelope and leaves nothing behind."""
    (envelope,) = [each for each in ENVELOPES if each.emotion == emotion]
    assert not offsets(emotion, 0.0).any()
    axis = np.abs(offsets(emotion, envelope.onset_s)[:52]).argmax()
    height = offsets(emotion, envelope.onset_s)[axis]
    assert abs(offsets(emotion, envelope.onset_s / 4)[axis]) < 0.15 * abs(height)
    assert offsets(emotion, envelope.onset_s + envelope.hold_s)[axis] == pytest.approx(height)
    faded = offsets(emotion, envelope.onset_s + envelope.hold_s + envelope.decay_s / 2)[axis]
    assert 0.3 < faded / height < 0.7
    assert not offsets(emotion, LONGEST_S + 0.1).any()


def test_half_the_strength_is_half_the_offsets() -> None:
    """Offsets are proportional to strength."""
    np.testing.assert_allclose(offsets("warm", strength=0.5), offsets("warm") / 2)


def test_smile_and_frown_follow_valence() -> None:
    """Only warmth smiles; only concern and hurt frown."""
    smile, frown = INDEX["mouthSmileLeft"], INDEX["mouthFrownLeft"]
    assert offsets("warm")[smile] > 0.2
    for emotion in EMOTIONS:
        assert (offsets(emotion)[smile] > 0) == (emotion == "warm")
        assert (offsets(emotion)[frown] > 0) == (emotion in ("concern", "hurt"))


@pytest.mark.parametrize("emotion", ["concern", "hurt"])
@pytest.mark.parametrize("state", ["listening", "speaking"])
def test_bad_news_takes_the_smile_away(emotion: str, state: str) -> None:
    """Concern and hurt remove the smile at rest."""
    face = Face(silence, still(state))
    face.express(2 * SECOND, emotion)
    shown = face.at(3 * SECOND)
    assert shown["mouthSmileLeft"] == shown["mouthSmileRight"] == 0.0
    assert face.at(2 * SECOND)["mouthSmileLeft"] > 0.05


def test_emotions_follow_without_a_pop() -> None:
    """Emotions in quick succession move the face no faster than one alone."""
    face = Face(silence, still("listening"), seed=2)
    rng = np.random.default_rng(1)
    sample = SECOND
    while sample < 9 * SECOND:
        face.express(sample, str(rng.choice(EMOTIONS)), float(rng.uniform(0.3, 1.0)))
        sample += int(rng.integers(SECOND // 50, SECOND))
    slow = [
        column
        for name, column in INDEX.items()
        if name.startswith(("brow", "mouth", "cheek", "eyeSquint"))
    ]
    shown = np.array([face.at(t).values for t in range(0, 10 * SECOND, FRAME)])
    # The fastest there is goes half a weight in 0.35 s, 1.9 times as fast in the middle.
    assert np.abs(np.diff(shown, axis=0))[:, slow].max() < 0.09
    assert shown[:, slow].max() > 0.2


def test_an_earlier_emotion_drops_later_ones() -> None:
    """Setting an emotion replaces all that were set for later."""
    emotions = Emotions()
    emotions.set(2 * SECOND, "warm", 1.0)
    emotions.set(SECOND, "concern", 1.0)
    only = Emotions()
    only.set(SECOND, "concern", 1.0)
    assert np.array_equal(emotions.at(3 * SECOND), only.at(3 * SECOND))


def test_an_emotion_changes_nothing_before_it() -> None:
    """Offsets before its sample stay, in whatever order they are asked for."""
    emotions = Emotions()
    times = range(0, 8 * SECOND, 4_801)
    emotions.set(SECOND, "warm", 1.0)
    before = [emotions.at(t) for t in times if t <= 3 * SECOND]
    emotions.set(3 * SECOND, "hurt", 1.0)
    after = [emotions.at(t) for t in reversed(times)][::-1]
    assert np.array_equal(before, after[: len(before)])


def test_a_visible_emotion_has_a_name() -> None:
    """The name is the emotion's while it shows, and neutral otherwise."""
    for strength, names in ((1.0, ["neutral", "warm", "neutral"]), (0.0, ["neutral"] * 3)):
        expression = Expression(0, strength)
        expression.emotions.set(SECOND, "warm", 1.0)
        assert [expression.name(t * SECOND) for t in (1, 2, 9)] == names


def test_emotions_leave_shut_lips_shut() -> None:
    """While the lips are shut, no emotion moves mouth or jaw."""
    lips = [column for name, column in INDEX.items() if name.startswith(("mouth", "jaw"))]
    calm, moved = Face(hum, still("speaking")), Face(hum, still("speaking"))
    for number, name in enumerate(EMOTIONS):
        moved.express((2 + number) * SECOND, name)
    for t in range(SECOND, 10 * SECOND, 4_801):
        np.testing.assert_array_equal(moved.at(t).values[lips], calm.at(t).values[lips])


def test_strength_scales_emotions_and_nods() -> None:
    """At 0 only the agent states show; at most, a smile is about half a mouth's."""

    def shown(strength: float) -> np.ndarray:
        expression = Expression(1, strength)
        expression.emotions.set(SECOND, "warm", 1.0)
        expression.nods.add(SECOND)
        rest = [0.0, 0.0, 1.0, 0.0, 0.0]
        return expression.at(rest, rest, silence(0, 1), SECOND + SECOND // 5)

    np.testing.assert_allclose(shown(1.5) - shown(0.0), 1.5 * (shown(1.0) - shown(0.0)))
    assert shown(0.0)[INDEX["mouthSmileLeft"]] == pytest.approx(0.13)
    strongest = blend(np.zeros(52, np.float32), shown(1.5)[:52])
    assert strongest.max() < 0.6


@pytest.mark.parametrize("strength", [-0.1, 1.6])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    """The error names the range."""
    with pytest.raises(ValueError, match="strength lies between 0 and"):
        Expression(0, strength)
    with pytest.raises(ValueError, match="strength lies between 0 and"):
        Emotions().set(0, "warm", strength)


def test_an_unknown_emotion_is_refused() -> None:
    """The error names the emotions that exist."""
    with pytest.raises(ValueError, match=r"'warm'.*got 'smug'"):
        Face(silence, still("idle")).express(0, "smug")
