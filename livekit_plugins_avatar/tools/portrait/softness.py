"""How soft a picture's edges are: what is drawn into it must not be sharper than what is there."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..i420 import LUMA_OF_RGB
from .landmarks import EYES, LIPS, Landmarks
from .sampling import Floats, blurred

AROUND_PX = 9
"""An edge's contrast is looked for within half of this."""

MARGIN_PX = 8
CONTRAST_LEAST = 40.0
"""Codes between both sides of an edge that says something, at least."""

SHARPEST = 0.1
"""Of all edges, so many are as sharp as the picture can be."""

GAUSSIAN = np.sqrt(2 * np.pi)
"""Contrast of a blurred edge by its steepest slope, in standard deviations of the blur."""

DRAWN_PX, MOST_PX = 0.85, 1.6
"""What is found of an edge as sharp as one that is drawn, and the most that is believed."""


def softness_of(picture: Floats, face: Landmarks) -> float:
    """The standard deviation, px, of a blur that makes what is drawn as soft as the edges of eyes
    and lips in a picture, [H, W, 3]."""
    luma = picture @ LUMA_OF_RGB
    slope = np.hypot(*np.gradient(blurred(luma, 0.3)))
    most = ndimage.maximum_filter(luma, AROUND_PX) - ndimage.minimum_filter(luma, AROUND_PX)
    ridge = slope >= ndimage.maximum_filter(slope, 3)
    near = np.zeros(luma.shape, bool)
    lines = [(*upper, *lower) for upper, lower, _ in EYES.values()] + [(*LIPS[0], *LIPS[1])]
    for points in lines:
        places = face.points[list(points), :2]
        low = np.maximum(places.min(axis=0) - MARGIN_PX, 0).astype(int)
        high = (places.max(axis=0) + MARGIN_PX).astype(int)
        near[low[1] : high[1], low[0] : high[0]] = True
    told = near & ridge & (most > CONTRAST_LEAST)
    if not told.any():
        return 0.0
    width = most[told] / np.maximum(slope[told], 1e-6) / GAUSSIAN
    found = min(float(np.quantile(width, SHARPEST)), MOST_PX)
    return float(np.sqrt(max(found**2 - DRAWN_PX**2, 0)))
