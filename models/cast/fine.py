"""Brows, and the fine pale hair of a face."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from models.people.hairs import Strands
from models.people.head import Head, Numbers
from models.personas.anatomy import Points
from models.personas.surface import normals, scatter, unit


def vellus(head: Head, skin: Points, mask: Numbers, seed: int = 31, count: int = 14_000) -> Strands:
    """The fine pale hair of cheeks, forehead and ears, which softens their outline."""
    chance = np.random.default_rng(seed)
    ground = scatter(skin, head.faces, mask + 1e-9, count, seed)
    root, out = ground(skin), unit(ground(normals(skin, head.faces)))
    way = unit(out + [0, -0.8, -0.3] * np.ones_like(out) + 0.5 * chance.normal(size=root.shape))
    t = np.linspace(0, 1, 4)[None, :, None]
    size = chance.uniform(0.008, 0.028, (count, 1, 1))
    return root[:, None] + size * (
        t * way[:, None] + 0.4 * t**2 * chance.normal(size=(count, 1, 3))
    ), np.full((1, 1), 0.00016)


def brows(
    head: Head, skin: Points, thick: float, up: float = 0.0, count: int = 560, seed: int = 5
) -> Strands:
    """Brows by the eyes: 1.6 to 2 cm above the pupils, sparse at both ends."""
    chance = np.random.default_rng(seed)
    marks = head.landmarks
    near = (
        (skin[:, 2] > 0.5)
        & (skin[:, 1] > marks[36:48, 1].mean() + 0.02)
        & (skin[:, 1] < marks[36:48, 1].mean() + 0.5)
    )
    ground = scatter(skin, head.faces, near.astype(float), 60_000, seed=3)
    places, outs = ground(skin), unit(ground(normals(skin, head.faces)))
    tree = cKDTree(places[:, :2])
    strands, radii = [], []
    for side, inner, outer, lift in ((-1, 39, 36, 0.004), (1, 42, 45, -0.004)):
        eye = (marks[inner] + marks[outer]) / 2
        start, end = marks[inner, 0] - side * 0.035, marks[outer, 0] + side * 0.095
        u = chance.beta(1.05, 1.25, count)
        across = np.clip(chance.normal(0, 0.55, count), -1.3, 1.3)
        half = 0.036 * thick * np.interp(u, [0, 0.15, 0.4, 0.7, 1], [0.75, 1, 0.9, 0.6, 0.25])
        y = (
            eye[1]
            + up
            + lift
            + np.interp(u, [0, 0.25, 0.62, 0.85, 1], [0.158, 0.180, 0.192, 0.165, 0.125])
            + across * half
        )
        x = start + (end - start) * u + chance.normal(0, 0.008, count)
        at = tree.query(np.stack([x, y], 1))[1]
        root, normal = places[at], outs[at]
        slant = np.radians(64 * np.clip(1 - u / 0.35, 0, 1) + 16 - 44 * np.clip(2 * u - 0.9, 0, 1))
        slant = slant - 0.5 * across + chance.normal(0, 0.22, count)
        along = np.stack([side * np.cos(slant), np.sin(slant), 0 * u], 1)
        along = unit(along - normal * (along * normal).sum(axis=1, keepdims=True))
        length = chance.uniform(0.04, 0.085, count) * (1 - 0.3 * u)
        t = np.linspace(0, 1, 5)[None, :, None]
        bend = length[:, None, None] * t**2 * 0.3 * np.array([side * 0.25, -0.35, 0])
        strands.append(
            root[:, None]
            + length[:, None, None] * t * along[:, None]
            + normal[:, None] * (0.011 * np.sin(2.2 * t) - 0.002)
            + bend
        )
        size = chance.uniform(0.55, 1.0, (count, 1)) * (1 - 0.35 * np.abs(2 * u - 0.9))[
            :, None
        ].clip(0.5, 1)
        radii.append(np.array([0.0005, 0.00055, 0.0005, 0.00035, 0.00015]) * size)
    return np.concatenate(strands), np.concatenate(radii)
