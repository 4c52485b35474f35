"""Where eyes and head point at a sample, given the recent situations.

The eyes hold the target, first of all in each situation, and glance away as often and as far as
people do in it. They jump and hold, they never drift; the head follows large shifts, later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, degrees, radians, sin
from random import Random
from typing import NamedTuple

from .glances import GLANCES, Glances
from .random_events import EPOCH_S, RandomEvents, lognormal
from .saccade import HEAD_TURN, SACCADE, VERGENCE, Point, distance_deg, moved
from .situation import Situation, Situations, Target
from .style import NATURAL, Style

HEAD_SHARE = 0.45
"""The head's share in a look: of the whole angle towards a person, since people face whom they
attend to; elsewhere, of what exceeds `HEAD_FROM_DEG`. It varies widely (Stahl 1999)."""

HEAD_FROM_DEG = 5.0
"""Smaller glances are made by the eyes alone."""

APART = Point(2.4, 0.0)
"""How far each eye turns outwards from a partner at 0.6 m to a distance of 2.9 m: eyes with 63 mm
between them converge by 3.0 and 0.6 degrees."""

CROSSING_FROM_DEG = 8.0
"""From a target farther off the middle than this, a glance goes back across the middle: on the far
side it would leave the range that can be drawn."""

LID_PER_RAD = 1.0
WIDE_PER_RAD = 0.7
"""Weights of the lids for each radian of pitch: the upper lid rides on the eyeball."""

FIRST_HOLD_SPREAD = 1.6
"""The first look of a situation is up to this times the least: the same time looks mechanical."""

HOLD_SIGMA = 0.45
AWAY_SIGMA = 0.4
"""Deviation of the logarithm of the lengths. People prefer 3.3 +- 0.7 s (Binetti et al. 2016)."""

SHORTEST_S = 0.2
"""Least length of a look: the time in which a saccade is prepared."""

SIDE_KEPT = 0.75
"""Chance that a look away goes to the same side as the last: people have a preferred side."""

SHIFT_S = 0.9
SHIFT_SIGMA = 0.45
SHIFT_LEAST_S = 0.25
"""Mean, deviation of the logarithm and least time between the small shifts within a look:
fixational saccades come once or twice a second (Martinez-Conde et al. 2004)."""

CAMERA_SCATTER_DEG = 0.4
AWAY_SCATTER_DEG = 1.0
SCATTER_LIMIT = 2.0
"""Deviation of these shifts on each axis at a person and elsewhere, and at how many deviations it
is cut off: below a degree at a person, where a look within about three degrees meets the eye."""

_RUN_IN_S = 12.0
"""An epoch is drawn from this long before its start, so that it begins in midstream."""


class Look(NamedTuple):
    """A direction of the eyes in the world, (0, 0) being the camera, and the head's part in it.

    Angles are in radians, with FaceState's signs; `apart` is how far each eye is turned outwards
    from meeting at a partner's distance; `shifts` has the beginnings and sizes in degrees of the
    recent saccades.
    """

    yaw: float
    pitch: float
    head_yaw: float
    head_pitch: float
    apart: float
    shifts: list[tuple[int, float]]


class _Fixation(NamedTuple):
    eyes: Point
    head: Point
    apart: Point  # how far each eye is turned outwards, as a yaw


_Onset = tuple[float, _Fixation]


class EyeMotion:
    """The looks of one face; the same seed looks the same way."""

    def __init__(self, seed: int, style: Style = NATURAL) -> None:
        def draw(chance: Random, situation: Situation, entering: bool) -> list[_Onset]:
            return _within_epoch([*_scan_path(chance, situation, style, entering)])

        self._events: RandomEvents[Situation, _Fixation] = RandomEvents("gaze", seed, draw)

    def at(self, situations: Situations, sample: int) -> Look:
        """The look at `sample`, given the recent situations."""
        fixations = self._events.recent(situations, sample)
        eyes = moved([(start, each.eyes) for start, each in fixations], sample, SACCADE)
        head = moved([(start, each.head) for start, each in fixations], sample, HEAD_TURN)
        turned = moved([(start, each.apart) for start, each in fixations], sample, VERGENCE)
        shifts = [
            (start, distance_deg(before.eyes, after.eyes))
            for (_, before), (start, after) in pairwise(fixations)
        ]
        yaw, pitch, head_yaw, head_pitch, apart = map(radians, (*eyes, *head, turned.yaw_deg))
        return Look(yaw, pitch, head_yaw, head_pitch, apart, shifts)


def lids(pitch_rad: float) -> tuple[float, float]:
    """Weights of eyeBlink and of eyeWide for a pitch of the eyes in the head."""
    return max(0.0, -pitch_rad) * LID_PER_RAD, max(0.0, pitch_rad) * WIDE_PER_RAD


def _within_epoch(path: Sequence[_Onset]) -> list[_Onset]:
    return [
        (max(0.0, onset_s), fixation)
        for (onset_s, fixation), (end_s, _) in pairwise(path)
        if end_s > SHORTEST_S and onset_s < EPOCH_S - SHORTEST_S
    ]


def _scan_path(
    chance: Random, situation: Situation, style: Style, entering: bool
) -> Iterator[_Onset]:
    """Fixations to past the end of the epoch: target, elsewhere, target, ..."""
    onset_s = 0.0 if entering else -_RUN_IN_S
    row = GLANCES[situation.state].styled(style)
    at_target = _at_person(situation.target, style)
    scatter_deg, end_s = CAMERA_SCATTER_DEG * style.fixation, EPOCH_S + SHORTEST_S
    if row is None:
        yield from _scan(chance, onset_s, end_s - onset_s, at_target, scatter_deg)
        yield end_s, at_target
        return
    first_hold_s = row.first_hold_s * chance.uniform(1.0, FIRST_HOLD_SPREAD)
    hold_s = first_hold_s if entering else lognormal(chance, row.hold_s, HOLD_SIGMA)
    side = chance.choice((-1.0, 1.0))
    while onset_s < end_s:
        hold_s = min(max(SHORTEST_S, hold_s), 2.0 * (EPOCH_S + _RUN_IN_S))
        yield from _scan(chance, onset_s, hold_s, at_target, scatter_deg)
        onset_s += hold_s
        side = side if chance.random() < SIDE_KEPT else -side
        elsewhere, away_scatter_deg = _elsewhere(chance, situation, row, style, side)
        away_s = max(SHORTEST_S, lognormal(chance, row.away_s, AWAY_SIGMA))
        yield from _scan(chance, onset_s, away_s, elsewhere, away_scatter_deg * style.fixation)
        onset_s += away_s
        hold_s = lognormal(chance, row.hold_s, HOLD_SIGMA)
    yield onset_s, at_target


def _elsewhere(
    chance: Random, situation: Situation, row: Glances, style: Style, side: float
) -> tuple[_Fixation, float]:
    """A look at another participant or at no one, and the scatter of the eyes there in degrees."""
    if situation.others and chance.random() < row.at_others:
        return _at_person(chance.choice(situation.others), style), CAMERA_SCATTER_DEG
    target = _at_person(situation.target, style)
    if abs(target.eyes.yaw_deg) > CROSSING_FROM_DEG:
        side = -1.0 if target.eyes.yaw_deg > 0.0 else 1.0
    size_deg = chance.uniform(*row.size_deg)
    elevation = radians(chance.uniform(*row.elevation_deg))
    yaw_deg, pitch_deg = side * size_deg * cos(elevation), size_deg * sin(elevation)
    share = style.head * HEAD_SHARE * max(0.0, size_deg - HEAD_FROM_DEG) / size_deg
    eyes = _off(target.eyes, yaw_deg, pitch_deg)
    head = _off(target.head, share * yaw_deg, share * pitch_deg)
    return _Fixation(eyes, head, APART), AWAY_SCATTER_DEG


def _at_person(target: Target, style: Style) -> _Fixation:
    eyes = Point(degrees(target.yaw_rad), degrees(target.pitch_rad))
    share = style.head * HEAD_SHARE
    head = Point(share * eyes.yaw_deg, share * eyes.pitch_deg)
    return _Fixation(eyes, head, Point(0.0, 0.0))


def _scan(
    chance: Random, onset_s: float, length_s: float, centre: _Fixation, scatter_deg: float
) -> Iterator[_Onset]:
    """One look: fixations near `centre`, which the head does not follow."""

    def scatter() -> float:
        return max(-SCATTER_LIMIT, min(SCATTER_LIMIT, chance.gauss(0.0, 1.0))) * scatter_deg

    end_s = onset_s + length_s
    while True:
        yield onset_s, centre._replace(eyes=_off(centre.eyes, scatter(), scatter()))
        onset_s += max(SHIFT_LEAST_S, lognormal(chance, SHIFT_S, SHIFT_SIGMA))
        if onset_s > end_s - SHIFT_LEAST_S:
            return


def _off(point: Point, yaw_deg: float, pitch_deg: float) -> Point:
    return Point(point.yaw_deg + yaw_deg, point.pitch_deg + pitch_deg)
