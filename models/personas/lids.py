"""Eyelids: skin that slides over a ball.

Takes the skin with every other expression applied and the angles of the eye; gives the skin
with the lid where it belongs. A blendshape moves a lid along a straight line, which would cut
through the eyeball and hang at half height; here it travels along an arc around the eye's centre,
at a pace that makes the opening shrink in proportion to the blink.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .anatomy import Indices, Points, face_unit
from .expression import EYE_PITCH_RAD, EYE_YAW_RAD, Eye
from .eyes import Socket, cornea_height
from .surface import smoothstep, unit

SKIN_GAP_SHARE = 0.02
"""Least distance of skin from the ball, as a share of its radius."""

REACH_SHARE = 1.5
"""Skin within this many radii of the eye's centre slides; further out it moves straight."""

PACE_STEPS = 25

RIM_REACH, RIM_COLUMNS, RIM_LEAST_GAP = 0.86, 15, 0.08
"""Where the edges of an opening are looked for, and the least height of one, in radii."""

HIDDEN_EDGE = 0.72
"""Lashes and the rounding of the lids' edges hide the last of an opening: with this exponent
what is seen, not what is there, shrinks in proportion."""


class Lids:
    """The lids of one eye of one person.

    Args:
        socket: The eye they slide over.
        side: Of `expression.SIDES`.
        used: Vertices of the base mesh that are kept, in order.
    """

    def __init__(self, socket: Socket, side: str, used: Indices) -> None:
        self._socket = socket
        units = ("Blink", "LookUp", "LookDown", "LookIn", "LookOut")
        moves = {name: face_unit(f"eye{name}{side}")[used] for name in units}
        touched = sum(np.abs(move).sum(axis=1) for move in moves.values())
        self._where: Indices = np.flatnonzero(touched > 1e-5)
        self._moves = {name: move[self._where] for name, move in moves.items()}
        self._outwards = 1.0 if side == "Left" else -1.0
        self._pace = np.linspace(0.0, 1.0, PACE_STEPS)

    def calibrate(self, opening: Callable[[float, float], float]) -> None:
        """Learn the pace that makes the opening shrink in proportion to the blink.

        Args:
            opening: The height of the eye's opening (dm) at a blink, were the lid that far
                along its way (both in [0, 1]).
        """
        whole, shut = opening(0.0, 0.0), opening(1.0, 1.0)
        way = np.linspace(0.0, 1.0, PACE_STEPS)
        for step, blink in enumerate(way):
            heights = np.minimum.accumulate([opening(float(blink), float(far)) for far in way])
            wanted = shut + (1 - blink) ** HIDDEN_EDGE * (whole - shut)
            self._pace[step] = np.interp(-wanted, -heights, way)
        self._pace[0], self._pace[-1] = 0.0, 1.0

    def __call__(self, skin: Points, eye: Eye, way: float | None = None) -> Points:
        """The skin with this eye's lids moved, float64 [used, 3].

        Args:
            skin: float64 [used, 3].
            eye: What the eye does.
            way: How far the lid is along its way to being shut; None for the calibrated pace.
        """
        steps = np.linspace(0, 1, PACE_STEPS)
        blink = float(np.interp(eye.blink, steps, self._pace)) if way is None else way
        up, down = max(eye.pitch_rad, 0.0) / EYE_PITCH_RAD, max(-eye.pitch_rad, 0) / EYE_PITCH_RAD
        out = self._outwards * eye.yaw_rad / EYE_YAW_RAD
        open_share = 1.0 - eye.blink
        straight = skin[self._where] + open_share * (
            up * self._moves["LookUp"]
            + down * self._moves["LookDown"]
            + max(out, 0.0) * self._moves["LookOut"]
            + max(-out, 0.0) * self._moves["LookIn"]
        )
        moved: Points = skin.copy()
        moved[self._where] = self._arc(straight, straight + self._moves["Blink"], blink)
        return moved

    def _arc(self, start: Points, end: Points, share: float) -> Points:
        centre, radius = self._socket.centre, self._socket.radius
        first, last = start - centre, end - centre
        far_first, far_last = np.linalg.norm(first, axis=1), np.linalg.norm(last, axis=1)
        slid = unit((1 - share) * unit(first) + share * unit(last))
        far = (1 - share) * far_first + share * far_last
        near = smoothstep(REACH_SHARE, 1.1, far_first / radius)[:, None]
        straight = (1 - share) * first + share * last
        return np.asarray(centre + near * slid * far[:, None] + (1 - near) * straight)

    def clear_of_ball(self, skin: Points, eye: Eye, near: Indices) -> Points:
        """Skin pushed out where it would lie inside the eyeball or under the cornea.

        Args:
            skin: Fine skin, float64 [N, 3].
            eye: Where the eye looks: the cornea bulges there.
            near: Fine vertices that may touch the ball.
        """
        away = skin[near] - self._socket.centre
        far = np.linalg.norm(away, axis=1)
        axis = self._socket.rotation(eye)[:, 2]
        angle = np.arccos(np.clip(unit(away) @ axis, -1.0, 1.0))
        least = self._socket.radius * (1 + SKIN_GAP_SHARE + cornea_height(angle))
        pushed: Points = skin.copy()
        pushed[near] += (np.maximum(least - far, 0.0) / np.maximum(far, 1e-9))[:, None] * away
        return pushed

    def near_ball(self, skin: Points) -> Indices:
        """Fine vertices close enough to the ball to touch it."""
        away = skin - self._socket.centre
        far = np.linalg.norm(away, axis=1) / self._socket.radius
        return np.flatnonzero((far < 1.35) & (away[:, 2] > 0.2 * self._socket.radius))


def opening_rims(skin: Points, socket: Socket) -> tuple[Indices, Indices]:
    """Fine vertices along the edges of an open eye, seen from the front.

    Args:
        skin: Fine resting skin, float64 [N, 3].
        socket: The eye.

    Returns:
        Chains of the upper and of the lower edge, each from nose to temple.
    """
    away = (skin - socket.centre) / socket.radius
    front = np.flatnonzero(
        (np.abs(away[:, 0]) < 1.1) & (np.abs(away[:, 1]) < 0.8) & (away[:, 2] > 0.25)
    )
    columns = np.linspace(-RIM_REACH, RIM_REACH, RIM_COLUMNS)
    upper, lower = [], []
    for x in columns:
        here = front[np.abs(away[front, 0] - x) < RIM_REACH / RIM_COLUMNS]
        here = here[np.argsort(away[here, 1])]
        gaps = np.diff(away[here, 1])
        widest = int(np.argmax(gaps))
        if gaps[widest] > RIM_LEAST_GAP:
            lower.append(here[widest])
            # A lid is thick: of the vertices near its edge, lashes stand on the foremost.
            lid = here[widest + 1 :]
            rise = away[lid, 1] - away[lid[0], 1]
            upper.append(lid[np.argmax(np.where(rise < 0.15, away[lid, 2] - 0.8 * rise, -9.0))])
    step = 1 if socket.centre[0] > 0 else -1
    return np.array(upper[::step]), np.array(lower[::step])
