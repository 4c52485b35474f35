"""Eyelids: skin that slides over a ball.

In flow the skin with every other expression applied and the angles of the eye; out flows the skin
with the lid where it belongs. A blendshape moves a lid along a straight line, which would cut
through the eyeball and hang at half height; here it travels along an arc around the eye's centre,
at a pace that makes the opening shrink in proportion to the blink.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .anatomy import Indices, Points, face_unit
from .expression import EYE_PITCH_RAD, EYE_YAW_RAD, Eye
from .eyes import Socket, cornea_height
from .surface import smoothstep, unit

SKIN_GAP_SHARE = 0.02
"""Least distance of skin from the ball, as a share of its radius."""

REACH_SHARE = 1.5
"""Skin within this many radii of the eye's centre slides; further out it moves straight."""

PACE_STEPS = 25


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

    def calibrate(self, skin: Points, opening: Callable[[Points], float]) -> None:
        """Learn the pace that makes the opening shrink in proportion to the blink.

        Args:
            skin: The resting face, float64 [used, 3].
            opening: The height of the eye's opening in such a skin, dm.
        """
        raw = np.linspace(0.0, 1.0, PACE_STEPS)
        self._pace = raw
        heights = np.array([opening(self(skin, Eye(0.0, 0.0, float(step)))) for step in raw])
        closed = np.maximum.accumulate(1 - (heights - heights[-1]) / (heights[0] - heights[-1]))
        self._pace = np.interp(raw, closed, raw)

    def __call__(self, skin: Points, eye: Eye) -> Points:
        """The skin with this eye's lids moved, float64 [used, 3]."""
        blink = float(np.interp(eye.blink, np.linspace(0, 1, PACE_STEPS), self._pace))
        up, down = max(eye.pitch_rad, 0.0) / EYE_PITCH_RAD, max(-eye.pitch_rad, 0) / EYE_PITCH_RAD
        out = self._outwards * eye.yaw_rad / EYE_YAW_RAD
        open_share = 1.0 - eye.blink
        straight = skin[self._where] + open_share * (
            up * self._moves["LookUp"]
            + down * self._moves["LookDown"]
            + max(out, 0.0) * self._moves["LookOut"]
            + max(-out, 0.0) * self._moves["LookIn"]
        )
        moved = skin.copy()
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
        pushed = skin.copy()
        pushed[near] += (np.maximum(least - far, 0.0) / np.maximum(far, 1e-9))[:, None] * away
        return pushed

    def near_ball(self, skin: Points) -> Indices:
        """Fine vertices close enough to the ball to touch it."""
        away = skin - self._socket.centre
        far = np.linalg.norm(away, axis=1) / self._socket.radius
        return np.flatnonzero((far < 1.35) & (away[:, 2] > 0.2 * self._socket.radius))


def opening_between(upper: int, lower: int) -> Callable[[Points], float]:
    """The height between two vertices of a skin."""

    def height(skin: NDArray[np.float64]) -> float:
        return float(skin[upper, 1] - skin[lower, 1])

    return height
