"""What a smile does besides moving the lips: cheeks and lower lids rise, and folds get deeper.

The rig's smile lifts the corners of the mouth more than it draws them apart, and moves little
else; its skin is smooth. These are the proportions of a smile that reaches the eyes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .landmarks import Landmarks
from .sampling import Floats, blurred
from .slits import Slit

SIDES = ("Left", "Right")

APART, UP = 1.15, 0.62
"""What is kept of a smile's motion along the mouth, and across it."""

JAW_STAYS = 0.6
"""The share of its motion along the mouth that the jaw does not take part in."""

WITH = {"cheekSquint": 0.45, "eyeSquint": 0.35}
"""What a smile brings along: weights of other fields."""

FOLDS = {"Left": (358, 423, 426, 436, 432), "Right": (129, 203, 206, 216, 212)}
"""Landmarks along the fold from the nose to beside the mouth, by the face's own side."""

CORNERS = {"Left": 291, "Right": 61}

FOLD, FOLD_CM = 0.19, (0.25, 0.5)
"""How dark the fold gets at weight 1, as a share, and how wide it is towards cheek and mouth."""

CHEEK, CHEEK_CM = 0.04, (1.1, 0.6)
"""How bright the cheek beside it, how far from it, and how wide."""

CORNER, CORNER_CM = 0.04, (0.45, 0.4)
"""The same of the hollow beside a corner of the mouth."""


def rise(fields: Sequence[Floats], names: Sequence[str], mouth: Slit, places: Floats) -> None:
    """Let cheeks and lower lids rise with the corners of the mouth.

    Args:
        fields: [rows, columns, 2, fields] each; they are changed.
        names: Of the fields.
        mouth: Its axes are those of the face.
        places: The nodes, [rows, columns, 2].
    """
    t, n = mouth.coordinates(places)
    jaw = np.clip(np.abs(t) - 1, 0, 1) * np.clip(n / mouth.half, 0, 1)
    axes = np.stack([mouth.along, mouth.across])
    shape = axes.T @ np.diag([APART, UP]) @ axes
    for field in fields:
        for side in SIDES:
            smile = names.index(f"mouthSmile{side}")
            more = [share * field[..., names.index(k + side)] for k, share in WITH.items()]
            moved = field[..., smile] @ shape.T
            wide = JAW_STAYS * jaw * (moved @ mouth.along)
            field[..., smile] = moved - wide[..., None] * mouth.along + sum(more)


def fold_light(
    shade: Floats, names: Sequence[str], face: Landmarks, places: Floats, px_per_cm: float
) -> None:
    """Add the light of folds and cheeks to the gains.

    Args:
        shade: Gain per node and field, [rows, columns, fields]; it is changed.
        names: Of the fields.
        face: The landmarks.
        places: The nodes, [rows, columns, 2].
        px_per_cm: At the face.
    """
    for side in SIDES:
        fold = face.points[list(FOLDS[side]), :2]
        inner = face.points[[CORNERS[other] for other in SIDES], :2].mean(axis=0)
        away, along = beside(places, fold, inner)
        away = away / px_per_cm
        width = np.where(away > 0, *FOLD_CM)
        light = CHEEK * bell((away - CHEEK_CM[0]) / CHEEK_CM[1]) - FOLD * bell(away / width)
        light = light * fold_ends(along)
        corner = face.points[CORNERS[side], :2]
        out = (corner - inner) / np.linalg.norm(corner - inner)
        hollow = places - corner - out * (CORNER_CM[0] * px_per_cm)
        far = np.linalg.norm(hollow, axis=-1) / (CORNER_CM[1] * px_per_cm)
        shade[..., names.index(f"mouthSmile{side}")] += blurred(light - CORNER * bell(far), 0.7)


def beside(places: Floats, line: Floats, inner: Floats) -> tuple[Floats, Floats]:
    """How far places are from a line, in pixels, negative on the side of `inner`, and where along
    it the nearest point is, 0 to 1."""
    step = np.linspace(0, len(line) - 1, 41)
    dense = np.stack([np.interp(step, np.arange(len(line)), line[:, k]) for k in (0, 1)], axis=-1)
    dense = blurred(dense[:, None], 2.0)[:, 0]
    apart = places[..., None, :] - dense
    far = np.linalg.norm(apart, axis=-1)
    nearest = far.argmin(axis=-1)
    ahead = np.gradient(dense, axis=0)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], axis=-1)
    across *= -np.sign(((inner - dense) * across).sum(axis=-1, keepdims=True))
    offset = np.take_along_axis(apart, nearest[..., None, None], axis=-2)[..., 0, :]
    side = np.sign((offset * across[nearest]).sum(axis=-1))
    return far.min(axis=-1) * side, nearest / (len(dense) - 1)


def bell(x: Floats) -> Floats:
    """1 at 0, and less on both sides."""
    return np.asarray(np.exp(-x * x))


def fold_ends(along: Floats) -> Floats:
    """How much of a fold there is along it, 0 to 1: it ends softly."""
    return np.asarray(np.clip(np.minimum(along, 1 - along) * 4 + 0.5, 0, 1))
