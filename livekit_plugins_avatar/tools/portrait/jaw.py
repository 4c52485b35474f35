"""What an opening jaw does besides parting the lips: the corners of the mouth come nearer to each
other, cheeks get hollow, and the fold over the chin gets deeper.

The rig's jaw moves little but the chin; its skin is smooth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .landmarks import Landmarks
from .sampling import Floats, blurred, sampled
from .slits import TOOTHY, Slit
from .smile import FOLDS, bell, beside, fold_ends

NARROW, NARROW_UP, NARROW_BESIDE = 0.18, 0.8, 0.8
"""How far each corner comes inwards at weight 1, how far above and below the mouth skin goes along
and how far beside it, in halves of the mouth's width."""

HOLLOWS = {"Left": (411, 416, 434, 430), "Right": (187, 192, 214, 210)}
"""Landmarks down the cheek, by the face's own side."""

HOLLOW, HOLLOW_CM = 0.14, 1.0
"""How dark a cheek gets at weight 1, as a share, and how wide that is."""

FOLD, FOLD_CM = 0.12, (0.3, 0.5)
"""The same of the fold between nose and mouth, towards the cheek and towards the mouth."""

CHIN_FOLD, CHIN_FOLD_AT, CHIN_FOLD_CM = 0.16, (17, 18), (1.0, 0.25)
"""The same of the fold below the lower lip, which lies between these landmarks; half its width and
half its height."""

OPENING = ("jawOpen", "mouthClose", "mouthLowerDown", "mouthUpperUp")
PARTED_FULL, PARTED_LEAST = 0.5, 0.5
"""Lips that a picture shows parted part less: the gap they have is taken off what the jaw opens at
this weight, down to this share."""


def narrow(fields: Sequence[Floats], jaw: int, mouth: Slit, places: Floats) -> None:
    """Let the corners of the mouth come nearer to each other as the jaw opens.

    Args:
        fields: [rows, columns, 2 * fields] each; they are changed.
        jaw: Of jawOpen, the column of its x.
        mouth: The mouth.
        places: The nodes, [rows, columns, 2].
    """
    t, n = mouth.coordinates(places)
    beyond = np.maximum(np.abs(t) - 1, 0) / NARROW_BESIDE
    inwards = -np.clip(t, -1, 1) * bell(beyond) * bell(n / (NARROW_UP * mouth.half))
    for field in fields:
        field[..., jaw : jaw + 2] += (NARROW * mouth.half * inwards)[..., None] * mouth.along


def hollow_light(
    shade: Floats, names: Sequence[str], face: Landmarks, places: Floats, px_per_cm: float
) -> None:
    """Add the light of hollow cheeks and folds to the gains; arguments as `smile.fold_light`."""
    points = face.points[:, :2]
    middle = points[[61, 291]].mean(axis=0)
    light = np.zeros(places.shape[:-1])
    for side, line in HOLLOWS.items():
        away, along = beside(places, points[list(line)], middle)
        light -= HOLLOW * bell(away / (HOLLOW_CM * px_per_cm)) * fold_ends(along)
        away, along = beside(places, points[list(FOLDS[side])], middle)
        width = np.where(away > 0, *FOLD_CM) * px_per_cm
        light -= FOLD * bell(away / width) * fold_ends(along)
    across = (points[291] - points[61]) / np.linalg.norm(points[291] - points[61])
    off = places - points[list(CHIN_FOLD_AT)].mean(axis=0)
    wide, high = (part * px_per_cm for part in CHIN_FOLD_CM)
    down = off @ np.array([-across[1], across[0]])
    light -= CHIN_FOLD * bell(off @ across / wide) * bell(down / high)
    shade[..., names.index("jawOpen")] += blurred(light, 0.7)


def parted_lean(
    names: Sequence[str], above: Floats, below: Floats, mouth: Slit, first: Floats, step: float
) -> Floats:
    """What is left of each field's weight where a picture shows lips apart, [fields].

    Args:
        names: Of the fields.
        above, below: The fields, [rows, columns, 2, fields].
        mouth: The mouth.
        first: The first node, pixels.
        step: Pixels between nodes.
    """
    left = np.ones(len(names))
    if mouth.openness < TOOTHY:
        return left
    middle = np.zeros(1)
    jaw = names.index("jawOpen")
    upper, lower = (
        float((sampled(field[..., jaw], (mouth.at(middle, edge) - first) / step) @ mouth.across)[0])
        for field, edge in zip((above, below), mouth.edges(middle), strict=True)
    )
    opens = max(PARTED_FULL * (lower - upper), 1.0)
    share = max(1 - mouth.gap / opens, PARTED_LEAST)
    left[[name.startswith(OPENING) for name in names]] = share
    return left
