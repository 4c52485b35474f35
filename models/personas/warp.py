"""Pictures that move: where each pixel comes from, and fetching it from there.

Takes the numbers that motion depends on, and a picture; gives the picture moved. Motion is
linear in its terms at every node of a coarse grid, with cubic splines between nodes, so that
neither time nor place has a corner. Blocks of 2 x 2 pixels move alike: the four pixels of each are
fetched from the same place in four copies of the picture, each shifted by a pixel, which shares the
arithmetic of where to look and costs half of doing it for each.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

UNIT_PX = 100.0
"""What 1 at a node stands for: heads move tens of pixels, and learning likes numbers near 1."""


class Picture(NamedTuple):
    """Codes / 255: luma [B, 1, H, W] and chroma [B, 2, H/2, W/2]. Chroma may bring planes of its
    size along."""

    luma: Tensor
    chroma: Tensor

    def plus(self, other: Picture) -> Picture:
        """The sum, plane by plane."""
        return Picture(self.luma + other.luma, self.chroma + other.chroma)

    def minus(self, other: Picture) -> Picture:
        """The difference, plane by plane."""
        return Picture(self.luma - other.luma, self.chroma - other.chroma)


class Motion(nn.Module):
    """Where each block of a picture comes from, as a sum of terms.

    Args:
        terms: How many.
        nodes: Columns and rows of the grid.
        rest_x: How much of the motion is let through at each block's column, [W/2].
        rest_y: The same at its row, [H/2].
    """

    def __init__(self, terms: int, nodes: tuple[int, int], rest_x: Tensor, rest_y: Tensor) -> None:
        super().__init__()
        self.columns, self.rows = nodes
        self.nodes = nn.Parameter(torch.zeros(terms, 2 * self.rows * self.columns))
        across = splines(len(rest_x), self.columns) * rest_x[:, None]
        self.register_buffer("across", across.T.contiguous())
        self.register_buffer("down", splines(len(rest_y), self.rows) * rest_y[:, None])

    def forward(self, terms: Tensor) -> Tensor:
        """Displacements in units of `UNIT_PX`, [B, 2, H/2, W/2], x then y."""
        nodes = (terms @ self.nodes).view(-1, 2, self.rows, self.columns)
        return self.down @ nodes @ self.across


class Turn(nn.Module):
    """Where each block of a picture comes from whose content moves far: a motion of few nodes says
    where about, and one of many nodes corrects that there.

    So the latter's nodes keep to the same places of what is shown, whose motion is nearly linear
    in the terms; at the same place of the picture one thing follows another. Both are worked out
    for every second block, which is still finer than their nodes.

    Args:
        terms: How many.
        coarse, fine: Nodes of the two.
        rest_x, rest_y: How much is let through, as of `Motion`, at every second block.
    """

    def __init__(
        self,
        terms: int,
        coarse: tuple[int, int],
        fine: tuple[int, int],
        rest_x: Tensor,
        rest_y: Tensor,
    ) -> None:
        super().__init__()
        self.about = Motion(terms, coarse, rest_x, rest_y)
        self.exactly = Motion(terms, fine, rest_x, rest_y)
        size = len(rest_x), len(rest_y)
        for name, length in zip(("columns", "rows"), size, strict=True):
            self.register_buffer(name, (torch.arange(length) * 2 + 1) / length - 1)
        self.register_buffer("unit", (UNIT_PX / 2 / torch.tensor(size))[:, None, None])

    def forward(self, terms: Tensor) -> Tensor:
        """Displacements as of a `Motion`."""
        about = self.about(terms)
        blocks = _grid(self.columns, self.rows)
        where = blocks + (about * self.unit).permute(0, 2, 3, 1)
        motion = about + _fetched(self.exactly(terms), where)
        return functional.interpolate(motion, scale_factor=2, mode="bilinear")


class Warp(nn.Module):
    """Fetches a picture from a larger one.

    Args:
        size: Width and height of what is fetched.
        source: Width and height of what it is fetched from.
        corner: Where its upper left pixel lies there when nothing moves.
    """

    def __init__(
        self, size: tuple[int, int], source: tuple[int, int], corner: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__()
        for name, length, whole, first in zip(
            ("columns", "rows"), size, source, corner, strict=True
        ):
            middles = (torch.arange(length // 2) * 2 + 1 + first) * 2 / whole - 1
            self.register_buffer(name, middles)
        self.register_buffer("pixel", 1 / torch.tensor(source))
        self.register_buffer("unit", (2 * UNIT_PX / torch.tensor(source))[:, None, None])

    def forward(self, source: Picture, motion: Tensor) -> Picture:
        """The picture, moved by displacements as of a `Motion`."""
        moved = self._moved(motion)
        blocks = _grid(self.columns, self.rows)
        return Picture(self._luma(source.luma, moved), _fetched(source.chroma, blocks + moved))

    def luma(self, source: Tensor, motion: Tensor) -> Tensor:
        """Only a plane of luma, [B, 1, H, W]."""
        return self._luma(source, self._moved(motion))

    def _luma(self, source: Tensor, moved: Tensor) -> Tensor:
        height, width = source.shape[-2:]
        padded = repeated(source, (0, 1, 0, 1))
        shifted = [padded[:, :, y : y + height, x : x + width] for y in (0, 1) for x in (0, 1)]
        first_pixels = _grid(self.columns, self.rows) - self.pixel
        fetched = _fetched(torch.cat(shifted, dim=1), first_pixels + moved)
        return functional.pixel_shuffle(fetched, 2)

    def _moved(self, motion: Tensor) -> Tensor:
        return (motion * self.unit).permute(0, 2, 3, 1)


def repeated(picture: Tensor, by: tuple[int, int, int, int]) -> Tensor:
    """Repeat the edges of a picture: left, right, above, below."""
    return functional.pad(picture, by, mode="replicate")


def ramp(length: int, over: float) -> Tensor:
    """1 inside, 0 at both ends, smooth, [length]."""
    place = torch.arange(length) + 0.5
    share = torch.clamp(torch.minimum(place, length - place) / over, max=1.0)
    return share * share * (3 - 2 * share)


def strain(nodes: Tensor) -> Tensor:
    """Mean square of the differences between neighbours, and a little of the nodes [T, rows,
    columns] themselves: little where motion is smooth and dies away."""
    across = nodes[..., 1:] - nodes[..., :-1]
    down = nodes[..., 1:, :] - nodes[..., :-1, :]
    return (across**2).mean() + (down**2).mean() + 1e-3 * (nodes**2).mean()


def splines(places: int, nodes: int) -> Tensor:
    """Cubic B-splines of the nodes, at the middles of so many places, [places, nodes]."""
    place = (torch.arange(places) + 0.5) / places * (nodes - 1)
    far = (place[:, None] - torch.arange(nodes)[None, :]).abs()
    near = 2 / 3 - far**2 + far**3 / 2
    tail = torch.clamp(2 - far, min=0.0) ** 3 / 6
    return torch.where(far < 1, near, tail)


def _grid(columns: Tensor, rows: Tensor) -> Tensor:
    """Places from their columns and rows, [1, rows, columns, 2], x then y. The reader of a persona
    file works them out once: kept in the file they would be large, and rounded."""
    size = (len(rows), len(columns))
    return torch.stack([columns.expand(size), rows[:, None].expand(size)], dim=-1)[None]


def _fetched(picture: Tensor, where: Tensor) -> Tensor:
    # Nothing is asked for from outside, so the cheapest answer will do there.
    return functional.grid_sample(picture, where, padding_mode="zeros", align_corners=False)
