"""What a rendered face lacks in the picture's plane: halves that differ, and uneven skin.

Photographs of faces have two to four times the contrast of a rendered cheek in every octave up to
a twentieth of the picture. Strengths were chosen by eye.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from .camera import Picture

Plane = NDArray[np.float64]

REFERENCE_PX = 512
"""Height of the picture that sizes are told for."""

BLOOD = np.array([0.25, -1.0, -0.9])
"""How more blood changes red, green and blue."""

PIGMENT = np.array([0.7, 1.0, 1.25])
"""How less pigment does."""


def uneven(planes: list[Plane], amount: float = 0.006, seed: int = 4) -> list[Plane]:
    """Planes of one picture, all bent alike a little, so that a face's halves differ.

    Args:
        planes: float64 [H, W] or [H, W, C].
        amount: Typical way of a pixel, as a share of the height.
        seed: Of the bends.
    """
    shape, chance = planes[0].shape[:2], np.random.default_rng(seed)
    side = shape[0]
    wide, narrow = (0.6 * amount * side, 0.09 * side), (0.25 * amount * side, 0.04 * side)
    y, x = np.mgrid[0:side, 0 : shape[1]].astype(float)
    edge = np.minimum.reduce([x, y, shape[1] - 1 - x, side - 1 - y]) / (0.12 * side)
    across, down = (
        sum(way * _octave(shape, size, chance) for way, size in (wide, narrow)) * edge.clip(0, 1)
        for _ in range(2)
    )
    at = [y + down, x + across]
    bent = []
    for plane in planes:
        layers = np.atleast_3d(plane)
        moved = [
            map_coordinates(layers[..., k], at, order=1, mode="nearest")
            for k in range(layers.shape[-1])
        ]
        bent.append(np.stack(moved, -1).reshape(plane.shape))
    return bent


def modelled(light: Picture, skin: Plane, amount: float = 0.2) -> Picture:
    """Light with more contrast in the skin's own forms, of about 1.2 % of the height.

    Args:
        light: float64 [H, W, 3], linear.
        skin: Where skin is, in [0, 1], float64 [H, W].
        amount: How much more.
    """
    luma, side = light.mean(axis=-1) + 1e-4, len(light)
    around = gaussian_filter(luma * skin, 0.012 * side) + 1e-6
    around /= gaussian_filter(skin, 0.012 * side) + 1e-4
    more = (gaussian_filter(luma, 0.002 * side) / np.maximum(around, 1e-4)) ** amount
    return np.asarray(light * (1 + skin * (more.clip(0.6, 1.6) - 1))[..., None])


def deepened(light: Picture, skin: Plane, gains: tuple[float, ...]) -> Picture:
    """Light with more contrast in the forms of skin, octave by octave.

    Args:
        light: float64 [H, W, 3], linear.
        skin: Where skin is, in [0, 1], float64 [H, W].
        gains: Factors of the contrast of each of the first octaves of `OCTAVES`; 1 leaves it.
    """
    side, seen = len(light), np.log(light.mean(axis=-1) + 1e-4)
    around = [
        gaussian_filter(seen * skin, width * side)
        / np.maximum(gaussian_filter(skin, width * side), 1e-3)
        for width in OCTAVES[: len(gains) + 1]
    ]
    bands = [(low - high).clip(-0.25, 0.25) for low, high in pairwise(around)]
    more = sum((gain - 1) * band for gain, band in zip(gains, bands, strict=True))
    # At the edge of skin a band has the contrast of what is beside it.
    inside = skin * ((gaussian_filter(skin, 0.004 * side) - 0.35) / 0.5).clip(0, 1)
    return np.asarray(light * np.exp(inside * np.clip(more, -0.5, 0.5))[..., None])


OCTAVES = (0.0012, 0.003, 0.0065, 0.014, 0.03)
"""Widths of forms, as shares of the picture's height."""


def textured(
    light: Picture,
    skin: Plane,
    amount: float,
    towards: tuple[float, float] = (-0.8, -0.5),
    seed: int = 3,
) -> Picture:
    """Light from skin with creases, uneven blood and pigment, broken shine, and a few spots.

    Args:
        light: float64 [H, W, 3], linear.
        skin: Where skin is, in [0, 1], float64 [H, W].
        amount: How much of all that.
        towards: Direction of the light in the picture: right, down.
        seed: Of what is random.
    """
    shape, chance = light.shape[:2], np.random.default_rng(seed)
    px = shape[0] / REFERENCE_PX
    where = (0.75 + 0.35 * _octave(shape, 30 * px, chance)).clip(0.2, 1.6)
    heights = ((0.30, 0.8), (0.55, 1.5), (0.9, 3), (1.3, 6), (1.6, 12))
    ground = _sum(shape, px, heights, chance)
    down, across = np.gradient(ground)
    slope = gaussian_filter(-(across * towards[0] + down * towards[1]), 0.4 * px)
    broad = _sum(shape, px, ((0.5, 5), (0.7, 10), (0.6, 20)), chance)
    blood = _unit(_sum(shape, px, ((0.5, 3), (0.8, 7), (0.9, 16)), chance))
    pigment = _unit(_sum(shape, px, ((0.6, 2.2), (0.6, 5), (0.7, 11)), chance))
    shade = amount * where * (0.030 * _unit(slope) + 0.022 * broad)
    colour = amount * (0.030 * blood[..., None] * BLOOD + 0.022 * pigment[..., None] * PIGMENT)
    spots = _spots(skin, px, chance)
    factor = np.exp(shade[..., None] + colour - spots[..., None] * np.array([0.35, 0.55, 0.6]))
    pores = _sum(shape, px, ((0.6, 0.9), (0.7, 1.8)), chance).clip(-1.6, 2.2)
    luma = light.mean(axis=-1)
    around = gaussian_filter(luma * skin, 22 * px) / np.maximum(
        gaussian_filter(skin, 22 * px), 0.05
    )
    shine = (gaussian_filter(luma, 2.5 * px) / np.maximum(around, 1e-4) - 1.05).clip(0, 1.2)
    broken = 0.30 * amount * shine * pores * luma * skin
    made = light * (1 + skin[..., None] * (factor.clip(0.5, 1.7) - 1)) + broken[..., None]
    return np.asarray(np.maximum(made, 0))


SPOTS, MOLES = 16, 0.25
"""How many spots a face has, and what share of them is dark."""


def _spots(skin: Plane, px: float, chance: np.random.Generator) -> Plane:
    rows, columns = np.where(skin > 0.9)
    found = np.zeros(skin.shape)
    y, x = np.ogrid[0 : skin.shape[0], 0 : skin.shape[1]]
    for _ in range(SPOTS if len(rows) else 0):
        at = chance.integers(len(rows))
        dark = chance.uniform(0.3, 1.0) * (1 if chance.random() < MOLES else 0.4)
        size = chance.uniform(0.6, 1.5) * px
        found += dark * np.exp(-((y - rows[at]) ** 2 + (x - columns[at]) ** 2) / (2 * size**2))
    return found


def _octave(shape: tuple[int, ...], size: float, chance: np.random.Generator) -> Plane:
    """Noise without detail below a size, px, of deviation 1."""
    return _unit(gaussian_filter(chance.normal(size=shape), size))


def _sum(
    shape: tuple[int, ...],
    px: float,
    parts: tuple[tuple[float, float], ...],
    chance: np.random.Generator,
) -> Plane:
    """Octaves: how much of each, and its size in pixels of `REFERENCE_PX`."""
    return np.asarray(sum(share * _octave(shape, size * px, chance) for share, size in parts))


def _unit(plane: Plane) -> Plane:
    return np.asarray(plane / plane.std())
