"""Light on moving skin: how much brighter each blendshape makes each node.

The light of the picture is fitted on the skin's normals, and asked again about those that a
blendshape turns.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..i420 import LUMA_OF_RGB
from . import raster
from .fit import Fit
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

LIDS = 0.35
"""How much of the change a blink shows: a lid's skin rolls, which the rig does not know."""


def shade_of(picture: Floats, rig: Rig, fit: Fit, motion: Motion, face: Landmarks) -> Floats:
    """Gain per node and field at weight 1, 0 where nothing changes, [rows, columns, fields]."""
    left, top, right, bottom = motion.box
    sure = motion.sure[motion.raster.seen]
    before = raster.normals(fit.rest, rig.triangles)

    def lit(points: Floats) -> Floats:
        turned = motion.raster(raster.normals(points, rig.triangles))[sure]
        return np.concatenate([np.ones((len(turned), 1)), turned], axis=1)

    luma = blurred(picture, 2.0) @ LUMA_OF_RGB
    seen = resized(luma, NODES, NODES)[motion.sure]
    rest = np.concatenate([np.ones((len(seen), 1)), motion.raster(before)[sure]], axis=1)
    light = _light(rest, seen)
    bright = np.maximum(rest @ light, DARKEST * np.median(seen))
    gain = np.zeros((NODES, NODES, len(motion.names)))
    for index, delta in enumerate(fit.deltas):
        change = (lit(fit.rest + HALF_WAY * delta) - rest) @ light / bright / HALF_WAY
        shown = SHOWN * (LIDS if motion.names[index].startswith("eyeBlink") else 1.0)
        gain[motion.sure, index] = shown * change
    cut = np.s_[top:bottom, left:right]
    gain = gain[cut]
    fold_light(gain, motion.names, face, nodes()[cut], fit.px_per_cm)
    inside = ndimage.distance_transform_edt(motion.sure[cut])
    return np.asarray(blurred(gain, 0.8) * np.clip((inside - 0.5) / 4, 0, 1)[..., None])


def _light(normals: Floats, seen: Floats) -> Floats:
    weight = np.ones(len(seen))
    for _ in range(ROUNDS):
        light = np.linalg.lstsq(normals * weight[:, None], seen * weight, rcond=None)[0]
        error = np.abs(seen - normals @ light)
        weight = 1 / np.maximum(1, error / (OUTLIER * np.median(error) + 1e-6))
    return np.asarray(light)
