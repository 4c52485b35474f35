"""The face as a function of time: alive, continuous, and the same in whatever order it is asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from livekit_plugins_avatar.face.face import EYE_LOOK_RAD, Face, Visemes
from livekit_plugins_avatar.face.limits import (
    GAZE_LIMIT_RAD,
    HEAD_LIMITS,
    LOOK_PITCH_RAD,
    LOOK_YAW_RAD,
)
from livekit_plugins_avatar.face.situation import AGENT_STATES, AT_START, CAMERA, Situation, Target
from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, INDEX
from livekit_plugins_avatar.face.style import NATURAL, STYLES, Style, StyleName
from livekit_plugins_avatar.speech.visemes import VISEMES, VisemeEvent
from livekit_plugins_avatar.timeline import Timeline

SECOND = 48_000
FRAME = SECOND // 30
TURNS = [INDEX[name] for name in ("headYaw", "headPitch", "headRoll")]
SHIFTS = [INDEX[name] for name in ("headX", "headY", "headZ")]
FAST = ("eyeBlink", "eyeWide", "gaze")
"""What blinks and saccades move: these alone may be fast."""


def silence(start: int, end: int) -> Sequence[VisemeEvent]:
    return [VisemeEvent("sil", start, end - start, 0.0)]


def babble(start: int, end: int) -> Sequence[VisemeEvent]:
    """Eight visemes a second, for ever, cut to the window as a schedule's are."""
    length = SECOND // 8
    cuts = [(n, max(start, n * length)) for n in range(start // length, -(-end // length))]
    return [
        VisemeEvent(VISEMES[n * 7 % 15], cut, min(end, (n + 1) * length) - cut, (n * 5 % 10) / 9)
        for n, cut in cuts
    ]


def trajectory(face: Face, times: range) -> np.ndarray:
    return np.array([face.at(t).values for t in times])


def situation(agent: str, target: Target = CAMERA, *others: Target) -> Situation:
    return Situation(agent, agent, target, others)


def still(agent: str) -> Timeline[Situation]:
    return Timeline(situation(agent))


def restless(seed: int, visemes: Visemes = silence, style: Style = NATURAL) -> Face:
    """A face whose agent changes its state every few tenths of a second for eight seconds."""
    rng = np.random.default_rng(seed)
    situations = Timeline(AT_START)
    sample = 0
    while sample < 8 * SECOND:
        situations.set(sample, situation(str(rng.choice(AGENT_STATES))))
        sample += int(rng.integers(SECOND // 50, SECOND))
    return Face(visemes, situations, seed=seed, style=style)


def columns(*prefixes: str) -> list[int]:
    return [column for name, column in INDEX.items() if name.startswith(prefixes)]


def test_the_order_of_asking_makes_no_difference() -> None:
    """The same seed and input give the same face, forwards and backwards."""
    times = range(0, 20 * SECOND, 9_601)
    forwards = trajectory(restless(1), times)
    backwards = trajectory(restless(1), times[::-1])
    assert np.array_equal(forwards, backwards[::-1])


def test_another_seed_is_another_person() -> None:
    """Two seeds move differently."""
    times = range(0, 10 * SECOND, 9_601)
    one, other = (trajectory(Face(silence, still("idle"), seed=seed), times) for seed in (1, 2))
    assert not np.allclose(one, other, atol=1e-3)


def test_a_change_leaves_the_past_alone() -> None:
    """Faces before a change of situation stay the same bit for bit."""
    situations = still("idle")
    face = Face(silence, situations, seed=3)
    times = range(0, 5 * SECOND, FRAME)
    before = trajectory(face, times)
    situations.set(5 * SECOND, situation("thinking"))
    assert np.array_equal(trajectory(face, times), before)


@pytest.mark.parametrize("seed", range(4))
def test_only_eyes_and_lids_are_fast(seed: int) -> None:
    """From frame to frame nothing else moves by more than a little."""
    steps = np.abs(np.diff(trajectory(restless(seed), range(0, 9 * SECOND, FRAME)), axis=0))
    slow = [c for c in range(len(ARKIT_BLENDSHAPES)) if c not in columns(*FAST)]
    assert steps[:, slow].max() < 0.04
    assert np.degrees(steps[:, TURNS]).max() < 1.2
    assert steps[:, SHIFTS].max() < 0.002


@pytest.mark.parametrize("seed", range(2))
def test_nothing_pops(seed: int) -> None:
    """Looked at every millisecond, saccades and blinks are continuous too."""
    steps = np.abs(np.diff(trajectory(restless(seed, babble), range(0, 2 * SECOND, 48)), axis=0))
    assert np.degrees(steps[:, columns("gaze")]).max() < 0.8
    assert steps[:, columns("eyeBlink")].max() < 0.04
    assert steps[:, : len(ARKIT_BLENDSHAPES)].max() < 0.05
    assert np.degrees(steps[:, TURNS]).max() < 0.1


def test_weights_stay_in_range() -> None:
    """Speech and expression together stay in [0, 1]."""
    weights = trajectory(restless(5, babble), range(0, 9 * SECOND, FRAME))
    assert weights[:, :52].min() >= 0.0
    assert weights[:, :52].max() <= 1.0
    assert weights[:, INDEX["jawOpen"]].max() > 0.1


def test_the_mouth_is_closed_in_silence() -> None:
    """No state opens the mouth."""
    values = trajectory(restless(2), range(0, 9 * SECOND, FRAME))
    assert not values[:, columns("jaw", "mouthLowerDown", "mouthUpperUp", "mouthFunnel")].any()


def test_gaze_is_given_once() -> None:
    """Of the eyeLook axes only those that turn the eyes apart are used, both alike."""
    values = trajectory(restless(2), range(0, 9 * SECOND, FRAME))
    assert values[:, columns("gaze")].any()
    assert not values[:, columns("eyeLookIn", "eyeLookUp", "eyeLookDown")].any()
    left, right = values[:, columns("eyeLookOut")].T
    assert np.array_equal(left, right)
    assert 0.0 < np.degrees(EYE_LOOK_RAD * left.max()) < 3.0


def test_head_and_eyes_stay_within_the_limits() -> None:
    """The liveliest face at the widest looks stays within what personas can draw."""
    situations = still("speaking")
    for second in range(0, 9, 2):
        far = Target("point", (-1) ** (second // 2) * LOOK_YAW_RAD, LOOK_PITCH_RAD)
        agent = AGENT_STATES[second // 2]
        situations.set(second * SECOND, Situation("override", agent, far))
    face = Face(babble, situations, seed=4, style=STYLES["lively"])
    values = trajectory(face, range(0, 9 * SECOND, FRAME))
    assert (np.abs(values[:, TURNS + SHIFTS]).max(axis=0) < HEAD_LIMITS).all()
    assert np.abs(values[:, columns("gaze")]).max() < GAZE_LIMIT_RAD
    assert np.degrees(values[:, INDEX["headYaw"]].max()) > 8.0


def test_the_style_off_blinks_and_breathes() -> None:
    """A still face looks at its partner, blinks, breathes and does nothing else."""
    face = Face(silence, still("listening"), seed=2, style=STYLES["off"])
    values = trajectory(face, range(2 * SECOND, 62 * SECOND, FRAME))
    world = np.degrees(values[:, TURNS[:2]] + values[:, columns("gaze")])
    assert np.hypot(*world.T).max() < 2.0
    assert (np.diff((values[:, INDEX["eyeBlinkLeft"]] > 0.5).astype(int)) == 1).sum() >= 15
    assert 0.001 < np.ptp(values[:, INDEX["headY"]]) < 0.004
    assert np.degrees(np.ptp(values[:, INDEX["headYaw"]])) < 0.01


def test_a_livelier_style_moves_more() -> None:
    """The head's movement grows from style to style."""

    def moved(style: StyleName) -> float:
        face = Face(silence, still("listening"), seed=2, style=STYLES[style])
        values = trajectory(face, range(2 * SECOND, 17 * SECOND, FRAME))
        return float(np.abs(np.diff(values[:, TURNS], axis=0)).sum())

    assert moved("off") < moved("calm") < moved("natural") < moved("lively")


def test_a_style_blends_into_another() -> None:
    """In mid-call nothing jumps, the past stays, an emotion goes on, and the new style is live."""
    changed, before, after = (
        Face(babble, still("speaking"), style=STYLES[name]) for name in ("off", "off", "lively")
    )
    at, blended = 4 * SECOND, 5 * SECOND
    for face in (changed, after):
        face.express(3 * SECOND, "warm")
    changed.restyle(at, STYLES["lively"])
    past, through = range(0, at, FRAME), range(at - SECOND, blended, FRAME)
    before.express(3 * SECOND, "warm")
    assert (trajectory(changed, past) == trajectory(before, past)).all()
    assert (changed.at(blended).values == after.at(blended).values).all()
    steps = np.abs(np.diff(trajectory(changed, through)[:, TURNS], axis=0))
    assert steps.max() < 0.02
    assert changed.status(blended).expression == "warm"


def test_the_status_says_what_the_face_does() -> None:
    """It has the situation, the target by name, the viseme and the emotion."""
    anna, ben = Target("anna", -0.25), Target("ben", 0.25)
    situations = Timeline(situation("listening", anna, ben))
    face = Face(babble, situations, seed=1)
    status = face.status(SECOND)
    assert (status.state, status.looking_at) == ("listening", "anna")
    assert status.yaw_rad == pytest.approx(-0.25, abs=0.03)
    assert status.viseme in VISEMES and status.expression == "neutral"
    situations.set(2 * SECOND, situation("thinking", anna, ben))
    assert face.status(3 * SECOND).state == "thinking"
    assert face.status(3 * SECOND).looking_at == "away"


def test_the_eyes_hold_while_the_head_moves() -> None:
    """In the world the eyes are at rest in frames without a saccade."""
    face = Face(silence, still("listening"), seed=1)
    values = np.degrees(trajectory(face, range(0, 30 * SECOND, FRAME)))
    head = values[:, [INDEX["headYaw"], INDEX["headPitch"]]]
    gaze = values[:, [INDEX["gazeYaw"], INDEX["gazePitch"]]]
    assert (np.abs(np.diff(head, axis=0)) > 1e-3).mean(axis=0).min() > 0.9
    # In the world the eyes are at rest in every frame without a saccade.
    assert (np.abs(np.diff(head + gaze, axis=0)) < 1e-3).mean(axis=0).min() > 0.85


def test_lids_follow_the_eyes() -> None:
    """Open lids are lower while the eyes look down."""
    face = Face(silence, still("idle"), seed=1)
    values = trajectory(face, range(0, 60 * SECOND, FRAME))
    lid, pitch = values[:, INDEX["eyeBlinkLeft"]], values[:, INDEX["gazePitch"]]
    open_eyes = lid < 0.15
    assert lid[open_eyes & (pitch < -0.05)].min() > 0.04
    assert lid[open_eyes & (pitch > 0.0)].min() == 0.0


def test_the_face_is_alive_after_ten_hours() -> None:
    """Hours into a call it still blinks, sways and does not jump."""
    face = Face(silence, still("idle"), seed=1)
    late = 36_000 * SECOND
    values = trajectory(face, range(late, late + 20 * SECOND, FRAME))
    assert values[:, INDEX["eyeBlinkLeft"]].max() > 0.9
    assert np.degrees(np.ptp(values[:, INDEX["headYaw"]])) > 0.5
    assert np.abs(np.diff(values[:, INDEX["headYaw"]])).max() < 0.02


def test_a_negative_seed_is_refused() -> None:
    """The error names the range."""
    with pytest.raises(ValueError, match="seed must be at least 0"):
        Face(silence, still("idle"), seed=-1)
