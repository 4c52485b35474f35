"""Gaze: where the face looks, and why.

In flow the recent states of the agent; out flows the direction of the look and the part that the
head takes in it. The eyes hold on the camera, which is the partner's face, and glance away for
moments, as often and as far as people do in that state. They jump and hold, they never drift; the
head follows large moves, later and slower. How long and how often is drawn, never noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, hypot, radians, sin
from random import Random
from typing import NamedTuple

from ..timeline import seconds
from .agent import Change
from .bouts import EPOCH_S, Bouts, lognormal
from .motion import ease


@dataclass(frozen=True, slots=True)
class Glances:
    """How the eyes behave in one state.

    Args:
        first_hold_s: How long the camera is held when the state begins.
        hold_s: Mean length of a look into the camera.
        away_s: Mean length of a look away.
        size_deg: Least and greatest angle of a look away from the camera.
        elevation_deg: Least and greatest direction of a look away: 0 to the side, 90 straight up.
        reason: Why these figures.
    """

    first_hold_s: float
    hold_s: float
    away_s: float
    size_deg: tuple[float, float]
    elevation_deg: tuple[float, float]
    reason: str


_AT_REST = Glances(
    2.0, 5.0, 1.0, (5.0, 9.0), (-40.0, 20.0),
    "Nobody is talking: between listening and speaking, so that it neither stares nor searches.",
)  # fmt: skip

GLANCES = {
    "initializing": _AT_REST,
    "idle": _AT_REST,
    "listening": Glances(
        2.0, 6.3, 0.7, (5.0, 8.0), (-40.0, 15.0),
        "90 % at the partner: between 75 % (Argyle and Cook) and 7.9 s of holding to 0.43 s away "
        "(Eyes Alive), for a partner who is a camera. Glances are short and small: it attends.",
    ),
    "thinking": Glances(
        0.25, 1.1, 3.0, (10.0, 15.0), (25.0, 60.0),
        "Below 40 % at the partner: while planning, people look up or aside to shut out the face "
        "before them, for some seconds at a time. It first holds on for a quarter of a second, so "
        "that an answer which comes at once is given without looking away.",
    ),
    "speaking": Glances(
        1.5, 3.3, 1.1, (5.0, 11.0), (-35.0, 30.0),
        "75 % at the partner (41 % in Argyle and Cook, 77 % in Eyes Alive), in holds of the "
        "length that people prefer, 3.3 s (Binetti et al. 2016). The first words meet the eyes.",
    ),
}  # fmt: skip

HOLD_SIGMA = 0.45
AWAY_SIGMA = 0.4
"""Deviation of the logarithm of the lengths: log-normal, as lengths of looks are. Binetti's people
agree on 3.3 +- 0.7 s; what they do is wider than what they prefer."""

SHIFT_S = 0.9
SHIFT_SIGMA = 0.45
SHIFT_LEAST_S = 0.25
"""Between the small shifts within a look: fixational saccades come once or twice a second
(Martinez-Conde et al. 2004), and a saccade is hardly followed by another within a quarter."""

CAMERA_SCATTER_DEG = 0.4
AWAY_SCATTER_DEG = 1.0
SCATTER_LIMIT = 2.0
"""Deviation of these shifts on each axis, cut off at that many deviations: below a degree at the
camera, where a look within about three degrees still meets the eye."""

SIDE_KEPT = 0.75
"""Chance that the next look away goes to the same side as the last: people have a side."""

SHORTEST_S = 0.2
"""No look is shorter, the time in which a saccade is prepared."""

SACCADE_S = 0.025
SACCADE_S_PER_DEG = 0.0025
"""Length of a saccade: 20-30 ms + 2.2-2.7 ms per degree."""

HEAD_SHARE = 0.4
HEAD_FROM_DEG = 5.0
"""The head takes this share of what a look exceeds this angle: eyes alone make the small moves,
and beyond about 15 degrees the head always follows."""

HEAD_S = 0.4
HEAD_S_PER_DEG = 0.02
"""Length of the head's part: it sets off with the eyes and arrives long after them."""

LID_PER_RAD = 1.0
WIDE_PER_RAD = 0.7
"""How far the lids go with the eyes: the upper lid rests on the eyeball and rides with it, so
looking down half covers the eye; 0.2 rad down closes a fifth."""

_RUN_IN_S = 12.0
"""An epoch begins in the middle of things: it is drawn from this long before."""


class Look(NamedTuple):
    """Angles in radians, with FaceState's signs.

    `yaw` and `pitch` say where the eyes point in the world, (0, 0) being the camera; `head_yaw`
    and `head_pitch` what the head turns to help.
    """

    yaw: float
    pitch: float
    head_yaw: float
    head_pitch: float


class _Point(NamedTuple):
    yaw_deg: float
    pitch_deg: float


class _Move(NamedTuple):
    start: int
    duration_s: float
    to: _Point


class Gaze:
    """Where one face looks; the same seed looks the same way."""

    def __init__(self, seed: int) -> None:
        self._bouts: Bouts[_Point] = Bouts("gaze", seed, _draw)

    def at(self, changes: Sequence[Change], sample: int) -> Look:
        """The look at `sample`, given the agent's recent states (`AgentStates.recent`)."""
        fixations = self._bouts.recent(changes, sample)
        eyes = _arrived(_moves(fixations, SACCADE_S, SACCADE_S_PER_DEG), sample)
        turns = [(start, _head_part(point)) for start, point in fixations]
        head = _arrived(_moves(turns, HEAD_S, HEAD_S_PER_DEG), sample)
        return Look(*map(radians, (*eyes, *head)))


def lids(pitch_rad: float) -> tuple[float, float]:
    """What the eyes' pitch in the head does to the lids: weights of eyeBlink and of eyeWide."""
    return max(0.0, -pitch_rad) * LID_PER_RAD, max(0.0, pitch_rad) * WIDE_PER_RAD


def _draw(chance: Random, state: str, entering: bool) -> list[tuple[float, _Point]]:
    begins_s = 0.0 if entering else -_RUN_IN_S
    path = list(_scan_path(chance, GLANCES[state], begins_s, entering))
    ends = [onset_s for onset_s, _ in path[1:]]
    return [
        (max(0.0, onset_s), point)
        for (onset_s, point), end_s in zip(path, ends, strict=False)
        if end_s > SHORTEST_S and onset_s < EPOCH_S - SHORTEST_S
    ]


def _scan_path(
    chance: Random, row: Glances, onset_s: float, entering: bool
) -> Iterator[tuple[float, _Point]]:
    """Fixations from `onset_s` to past the end of the epoch: the camera, away, the camera."""
    hold_s = row.first_hold_s if entering else lognormal(chance, row.hold_s, HOLD_SIGMA)
    side = chance.choice((-1.0, 1.0))
    while onset_s < EPOCH_S + SHORTEST_S:
        hold_s = max(SHORTEST_S, hold_s)
        yield from _scan(chance, onset_s, hold_s, _Point(0.0, 0.0), CAMERA_SCATTER_DEG)
        onset_s += hold_s
        side = side if chance.random() < SIDE_KEPT else -side
        size_deg = chance.uniform(*row.size_deg)
        elevation = radians(chance.uniform(*row.elevation_deg))
        away = _Point(side * size_deg * cos(elevation), size_deg * sin(elevation))
        away_s = max(SHORTEST_S, lognormal(chance, row.away_s, AWAY_SIGMA))
        yield from _scan(chance, onset_s, away_s, away, AWAY_SCATTER_DEG)
        onset_s += away_s
        hold_s = lognormal(chance, row.hold_s, HOLD_SIGMA)
    yield onset_s, _Point(0.0, 0.0)


def _scan(
    chance: Random, onset_s: float, length_s: float, centre: _Point, scatter_deg: float
) -> Iterator[tuple[float, _Point]]:
    """One look: fixations near `centre`, the last of them at least `SHIFT_LEAST_S` long."""

    def off() -> float:
        return max(-SCATTER_LIMIT, min(SCATTER_LIMIT, chance.gauss(0.0, 1.0))) * scatter_deg

    end_s = onset_s + length_s
    while True:
        yield onset_s, _Point(centre.yaw_deg + off(), centre.pitch_deg + off())
        onset_s += max(SHIFT_LEAST_S, lognormal(chance, SHIFT_S, SHIFT_SIGMA))
        if onset_s > end_s - SHIFT_LEAST_S:
            return


def _head_part(point: _Point) -> _Point:
    size_deg = hypot(*point)
    share = HEAD_SHARE * max(0.0, size_deg - HEAD_FROM_DEG) / max(size_deg, HEAD_FROM_DEG)
    return _Point(point.yaw_deg * share, point.pitch_deg * share)


def _moves(points: Sequence[tuple[int, _Point]], base_s: float, per_deg_s: float) -> list[_Move]:
    """Each point as a move that takes longer the farther it goes."""
    moves = [_Move(points[0][0], base_s, points[0][1])]
    for start, point in points[1:]:
        before = moves[-1].to
        size_deg = hypot(point.yaw_deg - before.yaw_deg, point.pitch_deg - before.pitch_deg)
        moves.append(_Move(start, base_s + per_deg_s * size_deg, point))
    return moves


def _arrived(moves: Sequence[_Move], sample: int) -> _Point:
    """Where a chain of moves has got to; each starts from wherever those before it have got to."""
    first = len(moves) - 1
    while first > 0 and seconds(sample - moves[first].start) < moves[first].duration_s:
        first -= 1
    yaw_deg, pitch_deg = moves[first].to
    for start, duration_s, to in moves[first + 1 :]:
        part = ease(seconds(sample - start) / duration_s)
        yaw_deg += (to.yaw_deg - yaw_deg) * part
        pitch_deg += (to.pitch_deg - pitch_deg) * part
    return _Point(yaw_deg, pitch_deg)
