"""Emotions: what they look like, how they come and go, and what they never do."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face.emotions import EMOTIONS, ENVELOPES, OFFSETS, Emotions
from livekit_plugins_avatar.face.expression import Expression, blend
from livekit_plugins_avatar.face.face import Face
from livekit_plugins_avatar.face.nods import APART_SAMPLES, DIP_RAD, DIP_S, Nods
from livekit_plugins_avatar.face.situation import CAMERA, Situation
from livekit_plugins_avatar.face.state import INDEX, FaceState
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


def felt(emotion: str, after_s: float = 1.0, strength: float = 1.0) -> np.ndarray:
    emotions = Emotions()
    emotions.set(SECOND, emotion, strength)
    return emotions.at(SECOND + round(after_s * SECOND))


def test_no_feeling_opens_the_mouth_or_moves_the_eyes() -> None:
    for row in OFFSETS:
        assert not row.parameter.startswith((*OPENERS, "gaze", "eyeLook", "eyeBlink", "eyeWide"))
        assert row.name in EMOTIONS
        assert row.reason


def test_no_feeling_is_anger() -> None:
    """Anger is brows drawn down and lids tight (AU 4, 5, 7) with nothing that lifts the brows."""
    for emotion in ("hurt", "concern"):
        lifted, drawn = (felt(emotion)[INDEX[name]] for name in ("browInnerUp", "browDownLeft"))
        assert lifted > 2 * drawn


def test_onsets_are_those_of_people_and_feelings_fade_slower_than_they_come() -> None:
    for envelope in ENVELOPES:
        assert 0.2 <= envelope.onset_s <= 0.5
        assert envelope.reason
        if envelope.emotion != "neutral":
            assert envelope.decay_s > 2 * envelope.onset_s


@pytest.mark.parametrize("emotion", EMOTIONS[1:])
def test_a_feeling_comes_within_its_onset_holds_and_fades_to_nothing(emotion: str) -> None:
    (envelope,) = [each for each in ENVELOPES if each.emotion == emotion]
    assert not felt(emotion, 0.0).any()
    axis = np.abs(felt(emotion, envelope.onset_s)[:52]).argmax()
    height = felt(emotion, envelope.onset_s)[axis]
    assert abs(felt(emotion, envelope.onset_s / 4)[axis]) < 0.15 * abs(height)
    assert felt(emotion, envelope.onset_s + envelope.hold_s)[axis] == pytest.approx(height)
    faded = felt(emotion, envelope.onset_s + envelope.hold_s + envelope.decay_s / 2)[axis]
    assert 0.3 < faded / height < 0.7
    assert not felt(emotion, LONGEST_S + 0.1).any()


def test_half_a_feeling_is_half_of_it() -> None:
    np.testing.assert_allclose(felt("warm", strength=0.5), felt("warm") / 2)


def test_only_warmth_smiles_and_only_concern_and_hurt_frown() -> None:
    smile, frown = INDEX["mouthSmileLeft"], INDEX["mouthFrownLeft"]
    assert felt("warm")[smile] > 0.2
    for emotion in EMOTIONS:
        assert (felt(emotion)[smile] > 0) == (emotion == "warm")
        assert (felt(emotion)[frown] > 0) == (emotion in ("concern", "hurt"))


@pytest.mark.parametrize("emotion", ["concern", "hurt"])
@pytest.mark.parametrize("state", ["listening", "speaking"])
def test_there_is_no_smile_at_bad_news(emotion: str, state: str) -> None:
    face = Face(silence, still(state))
    face.express(2 * SECOND, emotion)
    shown = face.at(3 * SECOND)
    assert shown["mouthSmileLeft"] == shown["mouthSmileRight"] == 0.0
    assert face.at(2 * SECOND)["mouthSmileLeft"] > 0.05


def test_the_next_feeling_starts_from_wherever_the_last_had_got_to() -> None:
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


def test_a_feeling_that_is_put_in_earlier_drops_those_that_were_to_come() -> None:
    emotions = Emotions()
    emotions.set(2 * SECOND, "warm", 1.0)
    emotions.set(SECOND, "concern", 1.0)
    only = Emotions()
    only.set(SECOND, "concern", 1.0)
    assert np.array_equal(emotions.at(3 * SECOND), only.at(3 * SECOND))


def test_nothing_is_felt_before_it_is_felt_and_the_order_of_asking_does_not_matter() -> None:
    emotions = Emotions()
    times = range(0, 8 * SECOND, 4_801)
    emotions.set(SECOND, "warm", 1.0)
    before = [emotions.at(t) for t in times if t <= 3 * SECOND]
    emotions.set(3 * SECOND, "hurt", 1.0)
    after = [emotions.at(t) for t in reversed(times)][::-1]
    assert np.array_equal(before, after[: len(before)])


def test_what_is_felt_has_a_name_while_it_is_seen() -> None:
    for strength, names in ((1.0, ["neutral", "warm", "neutral"]), (0.0, ["neutral"] * 3)):
        expression = Expression(0, strength)
        expression.express(SECOND, "warm")
        assert [expression.name(t * SECOND) for t in (1, 2, 9)] == names


def test_lips_that_are_shut_stay_shut_whatever_is_felt() -> None:
    lips = [column for name, column in INDEX.items() if name.startswith(("mouth", "jaw"))]
    calm, emotion = Face(hum, still("speaking")), Face(hum, still("speaking"))
    for number, name in enumerate(EMOTIONS):
        emotion.express((2 + number) * SECOND, name)
    for t in range(SECOND, 10 * SECOND, 4_801):
        np.testing.assert_array_equal(emotion.at(t).values[lips], calm.at(t).values[lips])


def test_strength_scales_what_is_felt_and_0_is_the_face_of_the_states_alone() -> None:
    def shown(strength: float) -> np.ndarray:
        expression = Expression(1, strength)
        expression.express(SECOND, "warm")
        expression.nod(SECOND)
        rest = np.array([0, 0, 1.0, 0, 0])
        return expression.at(rest, rest, silence(0, 1), SECOND + SECOND // 5)

    np.testing.assert_allclose(shown(1.5) - shown(0.0), 1.5 * (shown(1.0) - shown(0.0)))
    assert shown(0.0)[INDEX["mouthSmileLeft"]] == pytest.approx(0.13)
    strongest = blend(np.zeros(52, np.float32), shown(1.5)[:52])
    assert strongest.max() < 0.6


@pytest.mark.parametrize("strength", [-0.1, 1.6])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength lies between 0 and"):
        Expression(0, strength)
    with pytest.raises(ValueError, match="strength lies between 0 and"):
        Emotions().set(0, "warm", strength)


def test_a_feeling_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"'warm'.*got 'smug'"):
        Face(silence, still("idle")).express(0, "smug")


def test_a_nod_is_one_small_dip_or_two_and_its_own_each_time() -> None:
    dips = []
    for start in range(SECOND, 60 * SECOND, SECOND):
        nods = Nods(1)
        nods.add(start)
        pitch = np.array([nods.pitch_rad(t) for t in range(start, start + 2 * SECOND, 480)])
        assert pitch.max() <= 0.0
        assert DIP_RAD[0] * 0.99 <= -pitch.min() <= DIP_RAD[1]
        assert pitch[0] == pitch[-1] == 0.0
        # Each dip is one fall.
        falls = np.flatnonzero((pitch[1:-1] < pitch[:-2]) & (pitch[1:-1] <= pitch[2:]))
        dips.append(len(falls))
        moving_s = np.flatnonzero(pitch)[-1] / 100
        assert DIP_S[0] * 0.9 < moving_s / dips[-1] < DIP_S[1] * 1.02
    assert set(dips) == {1, 2}
    assert 0.25 < np.mean(np.array(dips) == 2) < 0.65


def test_a_nod_during_a_nod_is_left_out() -> None:
    once, twice = Nods(1), Nods(1)
    for nods in (once, twice):
        nods.add(SECOND)
    twice.add(SECOND + APART_SAMPLES - 1)
    times = range(0, 4 * SECOND, 480)
    assert [once.pitch_rad(t) for t in times] == [twice.pitch_rad(t) for t in times]


def test_a_nod_moves_the_head_and_not_the_look() -> None:
    calm, nodding = (Face(silence, still("listening"), seed=1) for _ in range(2))
    nodding.nod(SECOND)

    def look(state: FaceState) -> float:
        return state["headPitch"] + state["gazePitch"]

    deepest = min(
        nodding.at(t)["headPitch"] - calm.at(t)["headPitch"]
        for t in range(SECOND, 2 * SECOND, FRAME)
    )
    assert deepest < -0.9 * DIP_RAD[0]
    low = SECOND + SECOND // 5
    assert look(calm.at(low)) == pytest.approx(look(nodding.at(low)), abs=1e-6)
