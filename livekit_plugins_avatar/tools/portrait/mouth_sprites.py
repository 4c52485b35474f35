"""Draws teeth, gums and tongue as pictures with coverage, each pixel shaded by itself.

Light comes from before the face and from above. Gaps between teeth are dark because they lie
deeper than what is beside them, and what is wet reflects a little.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import raster
from .fit import Fit
from .mouth_colours import Colours
from .sampling import Floats, blurred

SCALE = 4
"""Drawn at so many times the size, then averaged."""

SOFT = 0.6
"""Blur at that scale: an edge of a tooth is as sharp as the picture allows."""

REDDER = (1.0, 1.3, 1.35)
"""Light that comes from deep inside is redder: powers of how much of it is left."""

LIGHT = np.array([0.0, -0.45, -0.89])
"""Where it comes from; y points down, z away from the camera."""

SHADED_TOOTH, SHADED_FLESH = 0.35, 0.5
"""How much darker a surface is that faces away."""

DEPTH_TOOTH_CM, DEPTH_FLESH_CM = 3.5, 1.0
"""Within this depth behind the incisors light falls to a third, on teeth and on what is behind."""

GAP, GAP_CM, AROUND_CM = 0.7, 0.05, 0.12
"""How dark a tooth gets that lies so much deeper than the mean of what is so near."""

GLOSS_TOOTH, GLOSS_FLESH, SHARP = 0.25, 0.5, 20.0
"""Light that a surface reflects, as a share of a tooth's, and how narrow its spots are."""

Part = tuple[str, Floats, Floats]
"""Name, points in camera coordinates, triangles."""

Box = tuple[int, int, int, int]


def drawn(
    parts: Sequence[Part], lift: Floats, colours: Colours, fit: Fit, window: Box
) -> tuple[Floats, Floats]:
    """Draw parts of a mouth.

    Args:
        parts: What is drawn; the nearest is seen.
        lift: Pixels to add to all places, [2].
        colours: In full light, and without any.
        fit: The camera.
        window: Left, top, width and height in the picture.

    Returns:
        Premultiplied colours with coverage, [height, width, 4], and coverage of teeth.
    """
    left, top, width, height = window
    points = np.concatenate([part[1] for part in parts])
    counts = np.cumsum([0] + [len(part[1]) for part in parts])
    triangles = np.concatenate([part[2] + n for part, n in zip(parts, counts, strict=False)])
    flat = (fit.project(points) + lift - [left, top] + 0.5) * SCALE - 0.5
    seen = raster.draw(flat, points[:, 2], triangles, width * SCALE, height * SCALE)
    own = np.concatenate([np.tile(colours.of(name), (len(place), 1)) for name, place, _ in parts])
    tooth = np.concatenate([np.full((len(p), 1), float("teeth" in n)) for n, p, _ in parts])
    normal = raster.normals(points, triangles)
    normal = normal * -np.sign(normal[:, 2:] + 1e-9)
    found = seen(np.concatenate([normal, points[:, 2:], own, tooth], axis=1))
    normal, depth, own, tooth = np.split(found, [3, 4, 7], axis=1)
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    facing = np.clip(normal @ LIGHT, 0, 1)[:, None]
    shaded = SHADED_FLESH + (SHADED_TOOTH - SHADED_FLESH) * tooth
    front = np.quantile(points[:, 2], 0.02)
    reach = DEPTH_FLESH_CM + (DEPTH_TOOTH_CM - DEPTH_FLESH_CM) * tooth
    light = (1 - shaded + shaded * facing) * np.exp(-np.clip(depth - front, 0, None) / reach)
    gloss = (GLOSS_FLESH + (GLOSS_TOOTH - GLOSS_FLESH) * tooth) * facing**SHARP * light
    light = light * (1 - GAP * tooth * _deeper(seen, depth, fit.px_per_cm * SCALE))
    colour = colours.dark + (own - colours.dark) * light ** np.array(REDDER)
    colour = colour + colours.tooth * gloss
    image = np.zeros((height * SCALE, width * SCALE, 5), np.float32)
    image[seen.seen] = np.concatenate([colour.clip(0, 255), tooth * 0 + 1, tooth], axis=1)
    image = blurred(image, SOFT).reshape(height, SCALE, width, SCALE, 5).mean(axis=(1, 3))
    return image[..., :4], image[..., 4]


def _deeper(seen: raster.Raster, depth: Floats, px_per_cm: float) -> Floats:
    """How much deeper places are than what is around them, 0 to 1, [places, 1]."""
    plane = np.zeros((*seen.seen.shape, 2))
    plane[seen.seen] = np.concatenate([depth, depth * 0 + 1], axis=1)
    soft = blurred(plane, AROUND_CM * px_per_cm)[seen.seen]
    mean = soft[:, :1] / np.maximum(soft[:, 1:], 1e-6)
    return np.asarray(np.clip((depth - mean) / GAP_CM, 0, 1))
