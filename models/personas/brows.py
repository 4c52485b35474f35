"""Brows and lashes: hairs that are bound to the skin.

Takes the resting skin and the eyes; gives hairs (points from root to tip) that follow the
skin and lids. Hairs of a brow follow its surface; lashes turn with the lid about the eye's centre,
which stays smooth where the lid's own triangles fold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .anatomy import Indices, Points
from .eyes import Socket
from .person import Hair
from .surface import Binding, scatter, unit

BROW_HAIRS = 520
"""Of a full brow; finer hairs than the picture resolves, so that its edge is soft."""

BROW_POINTS, LASH_POINTS = 5, 6

BROW_FROM_DM, BROW_LENGTH_DM = -0.165, 0.385
"""Where a brow begins relative to the eye's centre, and how far it reaches outwards."""

TEAR_POINTS = 24
TEAR_RADIUS_DM = 0.0055
"""A meniscus of half a millimetre."""

UPPER_LASHES, LOWER_LASHES = 80, 24


@dataclass(frozen=True, slots=True)
class Brows:
    """Both brows.

    Args:
        binding: Roots.
        direction: float64 [N, 3], of each hair in its root's frame at rest.
        length: float64 [N], dm.
    """

    binding: Binding
    local: Points
    length: Points

    @classmethod
    def grow(cls, skin: Points, faces: Indices, eyes: tuple[Socket, Socket], hair: Hair) -> Brows:
        """Brows on a resting skin; `eyes` are the left and the right."""
        near = (
            (skin[:, 2] > eyes[0].centre[2] - 0.45)
            & (np.abs(skin[:, 1] - eyes[0].centre[1] - 0.25) < 0.3)
        ).astype(float)
        ground = scatter(skin, faces, near, 80_000, seed=3)
        places = ground(skin)
        flat = cKDTree(places[:, :2])
        chance = np.random.default_rng(5)
        count = round(BROW_HAIRS * hair.brow_density)
        roots, directions, lengths = [], [], []
        for side, socket in zip((1.0, -1.0), eyes, strict=True):
            along = chance.random(count) ** 0.92
            across = np.clip(chance.normal(0.0, 0.48, count), -1, 1)
            arch = hair.brow_arch * 0.052 * np.sin(np.clip(along / 0.66, 0, 1) * np.pi / 2)
            arch -= (
                (0.35 + 0.65 * hair.brow_arch) * 0.080 * np.clip((along - 0.6) / 0.4, 0, 1) ** 1.5
            )
            half = 0.037 * hair.brow_width * (1 - 0.85 * np.clip((along - 0.2) / 0.8, 0, 1) ** 1.4)
            half *= 0.65 + 0.35 * np.clip(along / 0.12, 0, 1)
            x = abs(socket.centre[0]) + BROW_FROM_DM + BROW_LENGTH_DM * along
            x += chance.normal(0, 0.006, count)
            y = socket.centre[1] + hair.brow_above_dm + arch + across * half
            _, nearest = flat.query(np.stack([side * x, y], axis=1))
            slant = (
                np.radians(
                    58 * (1 - np.clip(along / 0.45, 0, 1))
                    + 10
                    - 34 * np.clip((along - 0.5) / 0.5, 0, 1)
                )
                - 0.35 * across
            )
            slant += chance.normal(0, 0.16, count)
            directions.append(
                np.stack([side * np.cos(slant), np.sin(slant), np.full(count, 0.10)], axis=1)
            )
            lengths.append(
                (0.034 + 0.034 * chance.random(count))
                * (1 - 0.3 * along)
                * (0.7 + 0.3 * np.clip(along * 5, 0, 1))
            )
            roots.append(nearest)
        binding = ground[np.concatenate(roots)]
        frames = binding.frames(skin)
        world = unit(np.concatenate(directions))
        return cls(binding, np.einsum("nji,nj->ni", frames, world), np.concatenate(lengths))

    def points(self, skin: Points) -> Points:
        """Hairs on a skin, float64 [N, BROW_POINTS, 3]."""
        frames = self.binding.frames(skin)
        normal = frames[:, :, 2]
        along = np.einsum("nij,nj->ni", frames, self.local)
        along = unit(along - normal * np.sum(along * normal, axis=1, keepdims=True))
        t = np.linspace(0, 1, BROW_POINTS)[None, :, None]
        root = self.binding(skin)[:, None] - 0.003 * normal[:, None]
        rise = 0.016 * np.sin(2.3 * t)
        return np.asarray(
            root + self.length[:, None, None] * t * along[:, None] + rise * normal[:, None]
        )


@dataclass(frozen=True, slots=True)
class Lashes:
    """The lashes of one eye.

    Args:
        socket: The eye they surround.
        roots: Fine vertices that each root lies between, and the share of the second.
        direction: float64 [N, 3], at rest.
        rest: float64 [N, 3], roots at rest.
        length, curl: float64 [N], dm; curl is upwards.
    """

    socket: Socket
    between: Indices
    share: Points
    direction: Points
    rest: Points
    length: Points
    curl: Points

    @classmethod
    def grow(
        cls,
        skin: Points,
        margins: tuple[Indices, Indices],
        socket: Socket,
        hair: Hair,
        seed: int,
    ) -> Lashes:
        """Lashes along the upper and lower margin of the lids (chains of fine vertices)."""
        chance = np.random.default_rng(seed)
        parts = []
        rows = (
            (margins[0], UPPER_LASHES, 0.078, 0.026, 1.0),
            (margins[1], LOWER_LASHES, 0.040, -0.006, -1.0),
        )
        for margin, count, long, curl, up in rows:
            u = np.sort(chance.uniform(hair.lash_from, 0.90, count)) * (len(margin) - 1)
            first = u.astype(int)
            between = np.stack([margin[first], margin[np.minimum(first + 1, len(margin) - 1)]], 1)
            share = u - first
            rest = (1 - share)[:, None] * skin[between[:, 0]] + share[:, None] * skin[between[:, 1]]
            outwards = unit(rest - socket.centre)
            place = u / (len(margin) - 1)
            fan = np.sign(socket.centre[0]) * (place - 0.42) * 1.1 + chance.normal(0, 0.10, count)
            direction = unit(
                outwards * 0.9
                + np.array([0.0, 0.22 * up, 0.15])
                + fan[:, None] * [1.0, 0, 0]
                + chance.normal(0, 0.05, (count, 3))
            )
            shape = 0.55 + 0.45 * np.sin(np.pi * np.clip(0.25 + 0.65 * place, 0, 1))
            size = hair.lash_length * long * shape * (0.8 + 0.3 * chance.random(count))
            parts.append(
                (
                    between,
                    share,
                    direction,
                    rest,
                    size,
                    hair.lash_curl * curl * hair.lash_length * shape,
                )
            )
        return cls(socket, *(np.concatenate(part) for part in zip(*parts, strict=True)))

    def points(self, skin: Points) -> Points:
        """Lashes on a skin, float64 [N, LASH_POINTS, 3]."""
        share = self.share[:, None]
        root = (1 - share) * skin[self.between[:, 0]] + share * skin[self.between[:, 1]]
        turned = _turned_like(
            self.direction, self.rest - self.socket.centre, root - self.socket.centre
        )
        upwards = _turned_like(
            np.broadcast_to([0.0, 1.0, 0.0], root.shape),
            self.rest - self.socket.centre,
            root - self.socket.centre,
        )
        t = np.linspace(0, 1, LASH_POINTS)[None, :, None]
        return np.asarray(
            root[:, None]
            + turned[:, None] * self.length[:, None, None] * t
            + upwards[:, None] * self.curl[:, None, None] * t**2
        )


@dataclass(frozen=True, slots=True)
class Tear:
    """The wet line between an eye and its lower lid: one thick, clear thread.

    Args:
        margin: Fine vertices along the lower lid, from nose to temple.
        socket: The eye.
    """

    margin: Indices
    socket: Socket

    def points(self, skin: Points) -> Points:
        """The thread on a skin, float64 [1, TEAR_POINTS, 3]."""
        line = skin[self.margin]
        away = line - self.socket.centre
        far = np.linalg.norm(away, axis=1, keepdims=True)
        inner = self.socket.centre + away * np.maximum(0.96, self.socket.radius / far)
        along = np.linspace(0, 1, len(line))
        wanted = np.linspace(0.04, 0.97, TEAR_POINTS)
        smooth = np.stack([np.interp(wanted, along, inner[:, k]) for k in range(3)], axis=1)
        return np.asarray(smooth[None])


def _turned_like(vectors: Points, before: Points, after: Points) -> Points:
    """Vectors turned by the least rotation that takes one direction to another (Rodrigues)."""
    a, b = unit(before), unit(after)
    axis = np.cross(a, b)
    cosine = np.sum(a * b, axis=1, keepdims=True)
    across = np.cross(axis, vectors)
    return np.asarray(vectors + across + np.cross(axis, across) / (1 + cosine))
