"""Expression: what states look like, how words are marked, and who rules the lips."""

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
    expression: Expression, weights: np.ndarray, events: list[VisemeEvent], sample: int
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


def test_no_row_opens_the_mouth_or_moves_the_eyes() -> None:
    for row in (*OFFSETS, *ACCENTS):
        assert not row.parameter.startswith((*OPENERS, "gaze", "eyeLook", "eyeBlink"))
        assert row.parameter in INDEX
        assert row.reason


def test_every_row_is_small_enough_to_pass_unnoticed() -> None:
    for row in (*OFFSETS, *ACCENTS):
        assert abs(row.value) <= 0.16


def test_the_face_at_rest_is_warm_and_every_other_state_looks_different() -> None:
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
def test_lips_that_close_or_round_belong_to_articulation(closed: np.ndarray) -> None:
    face = blend(closed, shown("thinking")[:52])
    lips = [INDEX[name] for name in INDEX if name.startswith("mouth")]
    assert np.allclose(face[lips], closed[lips])
    assert face[INDEX["browInnerUp"]] > 0.05, "the brows are free"


def test_an_open_or_resting_mouth_smiles() -> None:
    for resting in (mouth(), mouth(jawOpen=0.4)):
        smile = blend(resting, shown("idle")[:52])[INDEX["mouthSmileLeft"]]
        assert smile == pytest.approx(0.13)


def test_blended_weights_are_weights_and_the_articulation_is_left_as_it_was() -> None:
    full = mouth(mouthSmileLeft=1.0, mouthSmileRight=0.02)
    before = full.copy()
    face = blend(full, -shown("idle")[:52] * 3)
    assert face.min() >= 0.0
    assert blend(full, shown("idle")[:52]).max() == 1.0
    assert np.array_equal(full, before)


def test_silence_quiet_vowels_and_consonants_are_not_marked() -> None:
    loud_s = VisemeEvent("SS", 0, 9_600, 1.0)
    silence = VisemeEvent("sil", 0, 48_000, 0.0)
    expression = Expression(0)
    assert not any(peaks(expression, [silence, loud_s] * 20))
    assert not any(peaks(expression, vowels(0.5)))


def test_some_stressed_vowels_are_marked_and_always_the_same() -> None:
    marked = np.array(peaks(Expression(4), vowels(0.9))) > 0.9
    assert marked.mean() == pytest.approx(ACCENT_SHARE, abs=0.08)
    assert np.array_equal(marked, np.array(peaks(Expression(4), vowels(0.9))) > 0.9)
    assert not np.array_equal(marked, np.array(peaks(Expression(5), vowels(0.9))) > 0.9)


def test_an_accent_lifts_the_brows_and_dips_the_head_and_leaves_the_lips() -> None:
    expression = Expression(4)
    event = next(e for e in vowels(0.9) if expression.emphasis([e], e.start + 7_680) > 0.9)
    change = at(expression, REST, [event], event.start + 7_680) - at(expression, REST, [], 0)
    assert change[INDEX["browInnerUp"]] > 0.1
    assert change[INDEX["headPitch"]] < 0.0
    assert not any(change[INDEX[name]] for name in INDEX if name.startswith(("mouth", "jaw")))


def test_where_the_window_cuts_an_event_makes_no_difference() -> None:
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
