"""Shapes of our own, where blendshapes alone look wrong.

Takes a skin and the weights that shaped it; gives the skin with what is missing: a lower lip
that tucks under the teeth in f and v, a smile that lifts at its middle and folds the cheeks.
Regions of the skin that the picture colours differently are measured here as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from . import anatomy
from .anatomy import Indices, Points
from .eyes import Socket
from .surface import normals, smoothstep

Numbers = NDArray[np.float64]

TUCK_FROM, TUCK_FULL = 0.0, 0.6
"""mouthRollLower at which the lip begins to tuck, and has: what articulation asks for in f."""

TUCK_BACK_DM = 0.048
"""How far the rim of the lower lip goes back, to lie against the upper teeth."""

TEETH_SHOW_DM = 0.026
"""How much of the upper teeth is seen above the lip in f: the upper lip clears them."""

LIP_OVER_DM = 0.010
"""How far the lower lip covers the teeth's edge from the front: it rests against their face."""

SMILE_MIDDLE = 1.15
"""Share of the sinking middle of the smile's blendshape that is taken back."""

FOLD_DEEP_DM, CHEEK_FULL_DM = 0.016, 0.030
"""Depth of the fold from nose to mouth in a full smile, and the fullness of the cheek above."""


class Correctives:
    """The corrections of one person.

    Args:
        coarse: float64 [V, 3], the used vertices of the body without expression.
        used: Their indices in the base mesh.
        teeth_edge: float64 [3], middle of the upper teeth's edge.
    """

    def __init__(self, coarse: Points, used: Indices, teeth_edge: Points) -> None:
        lips = anatomy.mask("lips", 3.0)[used]
        mouth = coarse[lips > 0.5]
        self._middle = (mouth.min(axis=0) + mouth.max(axis=0)) / 2
        self._half_width = float(np.ptp(mouth[:, 0]) / 2)
        self._teeth_edge = teeth_edge
        drop = -anatomy.face_unit("jawOpen")[used][:, 1]
        smiles = [anatomy.face_unit(f"mouthSmile{side}")[used][:, 1] for side in ("Left", "Right")]
        smile: Numbers = np.sum(smiles, axis=0)
        x, y, z = (coarse - self._middle).T
        central = (lips > 0.5) & (np.abs(x) < 0.1 * self._half_width)
        # The jaw carries the lower lip: what sinks with it tells the lips apart.
        lower = smoothstep(0.45, 0.75, drop / drop[central].max()) * smoothstep(-0.6, -0.3, z)
        around = np.exp(-((y / 0.22) ** 2)) * smoothstep(-0.5, -0.25, z)
        column = np.exp(-((x / (0.62 * self._half_width)) ** 2))
        self._smile_lift = -SMILE_MIDDLE / 2 * float(smile[central].mean()) * column * around
        span = np.clip(1 - (x / (1.02 * self._half_width)) ** 2, 0, 1)
        # The rim rolls in; the skin below it follows less and less down to the chin.
        self._tuck_share = lower * span**0.7 * smoothstep(-0.36, -0.04, y)
        self._rim = np.flatnonzero((lips > 0.5) & (lower > 0.6) & (np.abs(x) < 0.06) & (z > -0.12))
        upper = (1 - lower) * np.exp(-(((y - 0.04) / 0.14) ** 2)) * smoothstep(-0.5, -0.25, z)
        self._upper_share = upper * span
        self._upper_rim = np.flatnonzero(
            (lips > 0.5) & (lower < 0.2) & (np.abs(x) < 0.06) & (z > -0.12)
        )

    def mouth(self, coarse: Points, weight: Mapping[str, float]) -> Points:
        """Corrections of lips, on the coarse skin."""
        moved: Points = coarse.copy()
        smile = (weight["mouthSmileLeft"] + weight["mouthSmileRight"]) / 2
        moved[:, 1] += smile * self._smile_lift
        return self._tucked(moved, _tuck(weight))

    def _tucked(self, coarse: Points, tuck: float) -> Points:
        if not tuck:
            return coarse
        tucked: Points = coarse.copy()
        upper_now = float(coarse[self._upper_rim, 1].min())
        clear = max(self._teeth_edge[1] + TEETH_SHOW_DM - upper_now, 0.0)
        tucked[:, 1] += tuck * clear * self._upper_share
        rim_now = float(coarse[self._rim, 1].max())
        rise = self._teeth_edge[1] + LIP_OVER_DM - rim_now
        share = tuck * self._tuck_share
        tucked[:, 1] += rise * share
        tucked[:, 2] -= TUCK_BACK_DM * share * share
        return tucked

    def folds(self, skin: Points, weight: Mapping[str, float], faces: Indices) -> Points:
        """Corrections of cheeks, on the fine skin."""
        if self._fold is None:
            self._fold = self._measure_folds(skin)
        pressed = np.zeros(len(skin))
        for side, (crease, cheek) in self._fold.items():
            smile = weight[f"mouthSmile{side}"]
            strength = smile * smile / (0.25 + smile)
            pressed += strength * (CHEEK_FULL_DM * cheek - FOLD_DEEP_DM * crease)
        return np.asarray(skin + pressed[:, None] * normals(skin, faces))

    _fold: dict[str, tuple[Numbers, Numbers]] | None = None

    def _measure_folds(self, skin: Points) -> dict[str, tuple[Numbers, Numbers]]:
        """Weights of crease and cheek per side, from where the skin lies at rest."""
        x, y, z = (skin - self._middle).T
        front = smoothstep(-0.75, -0.35, z)
        # From the wing of the nose in a bow around the corner of the mouth.
        t = np.clip((0.24 - y) / 0.36, 0.0, 1.0)
        line = 0.165 + (self._half_width + 0.02 - 0.165) * t + 0.075 * np.sin(np.pi * t)
        along = smoothstep(0.30, 0.16, y) * smoothstep(-0.20, 0.0, y) * front
        folds = {}
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            off = sign * x - line
            crease = np.exp(-((off / 0.035) ** 2)) * along
            cheek = np.exp(-(((off - 0.13) / 0.12) ** 2)) * front
            cheek = cheek * np.exp(-(((y - 0.22) / 0.17) ** 2))
            folds[side] = (crease, cheek)
        return folds

    def regions(self, skin: Points, left: Socket) -> dict[str, Numbers]:
        """Weights in [0, 1] per fine vertex: `flush`, `beard`, `oil`, `socket`."""
        middle, eye = self._middle, left.centre
        x, y, z = skin.T
        across = np.abs(x)
        front = smoothstep(middle[2] - 0.9, middle[2] - 0.4, z)

        def near(cx: float, cy: float, size: float, flat: float = 1.0) -> Numbers:
            far = (across - cx) ** 2 + ((y - cy) / flat) ** 2
            return np.asarray(np.exp(-far / (2 * size**2)) * front)

        nose_y = 0.45 * eye[1] + 0.55 * middle[1]
        cheek_y = 0.42 * eye[1] + 0.58 * middle[1]
        flush = near(eye[0] + 0.17, cheek_y, 0.17) + 0.7 * near(0.0, nose_y - 0.05, 0.10)
        flush += 0.35 * near(0.0, middle[1] - 0.38, 0.13)
        jaw = smoothstep(cheek_y, cheek_y - 0.30, y - 0.30 * np.abs(z - middle[2]))
        beard = jaw * smoothstep(0.05, 0.55, z)
        beard *= smoothstep(middle[1] - 1.0, middle[1] - 0.62, y)
        # The skin beside the nose and in the middle of the lower lip's foot grows little beard.
        beard *= 1 - 0.6 * near(0.19, middle[1] + 0.22, 0.08)
        oil = near(0.0, eye[1] + 0.45, 0.30) + near(0.0, nose_y, 0.12)
        oil += 0.4 * near(eye[0] + 0.1, cheek_y + 0.12, 0.12)
        socket = near(eye[0] - 0.06, eye[1] - 0.13, 0.09, 0.6) + 0.6 * near(
            eye[0] - 0.14, eye[1] + 0.02, 0.07
        )
        return {
            "flush": np.clip(flush, 0, 1),
            "beard": np.clip(beard, 0, 1),
            "oil": np.clip(oil, 0, 1),
            "socket": np.clip(socket, 0, 1),
        }


def _tuck(weight: Mapping[str, float]) -> float:
    """How much the lower lip is asked to tuck: rolled in alone, not pressed on the upper one."""
    rolled = _ease((weight["mouthRollLower"] - TUCK_FROM) / (TUCK_FULL - TUCK_FROM))
    pressed = max(
        weight["mouthRollUpper"], (weight["mouthPressLeft"] + weight["mouthPressRight"]) / 2
    )
    return rolled * (1 - _ease(pressed / 0.3))


def _ease(x: float) -> float:
    t = min(max(x, 0.0), 1.0)
    return t * t * (3 - 2 * t)
