"""Expression: what states look like, which words carry accents, and how it gives way to speech."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face.agent_state import mix
from livekit_plugins_avatar.face.expression import (
    ACCENT_SAMPLES,
    ACCENT_SHARE,
    ACCENTS,
    OFFSETS,
    Expression,
    blend,
)
from livekit_plugins_avatar.face.situation import AGENT_STATES
from livekit_plugins_avatar.face.state import INDEX
from livekit_plugins_avatar.speech.visemes import VisemeEvent

OPENERS = ("jaw", "mouthLowerDown", "mouthUpperUp", "mouthFunnel", "mouthClose", "tongue")
REST = mix([(0, "idle")], 0, 1)


def mouth(**weights: float) -> np.ndarray:
    values = np.zeros(52, np.float32)
    for name, weight in weights.items():
        values[INDEX[name]] = weight
    return values


def at(
    expression: Expression, weights: list[float], events: list[VisemeEvent], sample: int
) -> np.ndarray:
    return expression.at(weights, weights, events, sample)


def shown(state: str) -> np.ndarray:
    return at(Expression(0), mix([(0, state)], 0, 1), [], 0)


def vowels(intensity: float, count: int = 400) -> list[VisemeEvent]:
    return [VisemeEvent("aa", i * ACCENT_SAMPLES, 4_800, intensity) for i in range(count)]


def peaks(expression: Expression, events: list[VisemeEvent]) -> list[float]:
    return [
        max(expression.emphasis([event], event.start + age) for age in range(0, 26_880, 1_920))
        for event in events
    ]


def test_states_leave_mouth_and_eyes_alone() -> None:
    """No row opens the mouth or moves the eyes, and each has a reason."""
    for row in (*OFFSETS, *ACCENTS):
        assert not row.parameter.startswith((*OPENERS, "gaze", "eyeLook", "eyeBlink"))
        assert row.parameter in INDEX
        assert row.reason


def test_rows_are_small() -> None:
    """No row is large enough to be noticed alone."""
    for row in (*OFFSETS, *ACCENTS):
        assert abs(row.value) <= 0.16


def test_every_state_looks_different() -> None:
    """The face at rest smiles a little, with the eyes too."""
    rest = shown("idle")
    assert 0.08 < rest[INDEX["mouthSmileLeft"]] < 0.2
    assert 0.0 < rest[INDEX["cheekSquintLeft"]] < rest[INDEX["mouthSmileLeft"]]
    assert np.array_equal(rest, shown("initializing"))
    states = [shown(state) for state in AGENT_STATES[1:]]
    for index, one in enumerate(states):
        assert all(np.abs(one - other).max() > 0.02 for other in states[:index])


@pytest.mark.parametrize(
    "closed",
    [
        mouth(mouthPressLeft=0.25, mouthPressRight=0.25, mouthRollLower=0.15),
        mouth(mouthRollLower=0.55),
        mouth(mouthPucker=0.7, mouthFunnel=0.2),
        mouth(jawOpen=0.3, mouthClose=0.3),
    ],
)
def test_closing_lips_belong_to_articulation(closed: np.ndarray) -> None:
    """Where lips close or round, expression leaves them alone, and the brows stay free."""
    face = blend(closed, shown("thinking")[:52])
    lips = [INDEX[name] for name in INDEX if name.startswith("mouth")]
    assert np.allclose(face[lips], closed[lips])
    assert face[INDEX["browInnerUp"]] > 0.05, "the brows are free"


def test_an_open_mouth_smiles() -> None:
    """Expression shows on a mouth that is at rest or open."""
    for resting in (mouth(), mouth(jawOpen=0.4)):
        smile = blend(resting, shown("idle")[:52])[INDEX["mouthSmileLeft"]]
        assert smile == pytest.approx(0.13)


def test_blended_weights_are_in_range() -> None:
    """Sums are clipped to [0, 1], and the argument is not changed."""
    full = mouth(mouthSmileLeft=1.0, mouthSmileRight=0.02)
    before = full.copy()
    face = blend(full, -shown("idle")[:52] * 3)
    assert face.min() >= 0.0
    assert blend(full, shown("idle")[:52]).max() == 1.0
    assert np.array_equal(full, before)


def test_only_loud_vowels_carry_accents() -> None:
    """Silence, consonants and quiet vowels carry none."""
    loud_s = VisemeEvent("SS", 0, 9_600, 1.0)
    silence = VisemeEvent("sil", 0, 48_000, 0.0)
    expression = Expression(0)
    assert not any(peaks(expression, [silence, loud_s] * 20))
    assert not any(peaks(expression, vowels(0.5)))


def test_some_stressed_vowels_carry_accents() -> None:
    """The seed decides which, at the share of the table."""
    accented = np.array(peaks(Expression(4), vowels(0.9))) > 0.9
    assert accented.mean() == pytest.approx(ACCENT_SHARE, abs=0.08)
    assert np.array_equal(accented, np.array(peaks(Expression(4), vowels(0.9))) > 0.9)
    assert not np.array_equal(accented, np.array(peaks(Expression(5), vowels(0.9))) > 0.9)


def test_an_accent_moves_brows_and_head() -> None:
    """An accent lifts the brows, dips the head and leaves the lips alone."""
    expression = Expression(4)
    event = next(e for e in vowels(0.9) if expression.emphasis([e], e.start + 7_680) > 0.9)
    change = at(expression, REST, [event], event.start + 7_680) - at(expression, REST, [], 0)
    assert change[INDEX["browInnerUp"]] > 0.1
    assert change[INDEX["headPitch"]] < 0.0
    assert not any(change[INDEX[name]] for name in INDEX if name.startswith(("mouth", "jaw")))


def test_a_cut_event_has_the_same_accent() -> None:
    """Where the window of events begins makes no difference."""
    expression = Expression(4)
    events = vowels(0.9, 40)
    for sample in range(ACCENT_SAMPLES, 39 * ACCENT_SAMPLES, 5_003):
        first = sample - ACCENT_SAMPLES
        cut = [
            VisemeEvent(e.viseme, max(first, e.start), e.end - max(first, e.start), e.intensity)
            for e in events
            if e.end > first
        ]
        assert expression.emphasis(cut, sample) == expression.emphasis(events, sample)
