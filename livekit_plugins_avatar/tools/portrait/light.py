"""Light on moving skin: how much brighter each blendshape, and each turn of the head, makes a node.

The light of the picture is fitted on the skin's normals, and asked again about those that a
blendshape or a turn changes.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..i420 import LUMA_OF_RGB
from . import raster
from .fit import Fit
from .head import LIMITS, TURNS, turned
from .jaw import hollow_light
from .landmarks import Landmarks
from .motion import NODES, Motion, nodes
from .rig import Rig
from .sampling import Floats, blurred, resized
from .smile import fold_light

SHOWN = 0.55
"""How much of the change is shown: all of it leaves grey patches."""

ROUNDS = 15
OUTLIER = 1.2
"""Medians of the error from which on a node counts less: brows, lips and lashes are no light."""

DARKEST = 0.25
"""Share of the common brightness below which gains are not believed."""

HALF_WAY = 0.7
"""The weight at which normals are looked at."""

TURNED = 1.0
"""How much of the change a turn of the head shows."""

LIDS = 0.35
"""How much of the change a blink shows: a lid's skin rolls, which the rig does not know."""


def shade_of(picture: Floats, rig: Rig, fit: Fit, motion: Motion, face: Landmarks) -> Floats:
    """Gain per node, 0 where nothing changes, [rows, columns, fields + 3]: of each field at weight
    1, then of yaw, pitch and roll at `LIMITS`."""
    left, top, right, bottom = motion.box
    sure = motion.sure[motion.raster.seen]
    before = raster.normals(fit.rest, rig.triangles)

    def lit(normals: Floats) -> Floats:
        turned = motion.raster(normals)[sure]
        return np.concatenate([np.ones((len(turned), 1)), turned], axis=1)

    luma = blurred(picture, 2.0) @ LUMA_OF_RGB
    seen = resized(luma, NODES, NODES)[motion.sure]
    rest = lit(before)
    light = _light(rest, seen)
    bright = np.maximum(rest @ light, DARKEST * np.median(seen))
    gain = np.zeros((NODES, NODES, len(motion.names)))
    for index, delta in enumerate(fit.deltas):
        after = raster.normals(fit.rest + HALF_WAY * delta, rig.triangles)
        change = (lit(after) - rest) @ light / bright / HALF_WAY
        shown = SHOWN * (LIDS if motion.names[index].startswith("eyeBlink") else 1.0)
        gain[motion.sure, index] = shown * change
    cut = np.s_[top:bottom, left:right]
    gain = gain[cut]
    fold_light(gain, motion.names, face, nodes()[cut], fit.px_per_cm)
    hollow_light(gain, motion.names, face, nodes()[cut], fit.px_per_cm)
    turns = np.zeros((NODES, NODES, len(TURNS)))
    for axis in range(len(TURNS)):
        pose = np.eye(len(TURNS))[axis] * LIMITS[: len(TURNS)] / 2
        change = (lit(turned(before, *pose)) - lit(turned(before, *-pose))) @ light / bright
        turns[motion.sure, axis] = TURNED * change
    gain = np.concatenate([gain, turns[cut]], axis=2)
    inside = ndimage.distance_transform_edt(motion.sure[cut])
    return np.asarray(blurred(gain, 0.8) * np.clip((inside - 0.5) / 4, 0, 1)[..., None])


def _light(normals: Floats, seen: Floats) -> Floats:
    weight = np.ones(len(seen))
    for _ in range(ROUNDS):
        light = np.linalg.lstsq(normals * weight[:, None], seen * weight, rcond=None)[0]
        error = np.abs(seen - normals @ light)
        weight = 1 / np.maximum(1, error / (OUTLIER * np.median(error) + 1e-6))
    return np.asarray(light)
