"""The persona as a network: FaceState in, planes of video out.

In flows a batch of faces; out flow luma and chroma of the square picture. The picture is made the
way the figure moves. A learnt plate shows the figure at rest; two small decoders add what mouth and
eyes change there, with the head at rest; then the whole is warped by the head's pose, with a flow
that is a polynomial of the pose, so that it is smooth and zero at rest; last, a coarse decoder adds
what turning changes: light, and what comes into view. Everything is continuous in its inputs, and
nothing but the plate has to be remembered sharp.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from livekit_plugins_avatar.face.state import INDEX

from .boxes import BOXES, Box
from .camera import SIDE_PX
from .i420 import Planes
from .states import EYE_AXES, MOUTH_AXES, POSE_AXES, POSE_LIMITS

FLOW_NODES = 33
"""Nodes of the flow along each side: every 16 pixels, finer than a head's curvature asks for."""

SEAM_PX = 24
"""Towards the left and right edge everything comes to rest within this: a wide plate goes on there
without a seam."""

BELOW_PX = 32
"""Rows of the plate below the picture: a figure that straightens up shows a little more of itself.
On the other sides nothing comes in: there the flow is held at zero."""

PLATE_ROWS = SIDE_PX + BELOW_PX

FEATHER_PX = 8
"""What a decoder adds fades out within this at the edges of its box."""


HALF_TURNED = 0.25
"""The square of the pose (1 at the edge of what is learnt) at which half of what turning adds is
there: little at the sway of a head at rest, and no step on the way."""


class Picture(NamedTuple):
    """Codes / 255: luma [B, 1, H, W] and chroma [B, 2, H/2, W/2]."""

    luma: Tensor
    chroma: Tensor


class Decoder(nn.Module):
    """What some axes change in a box of the resting picture.

    A quarter of the box's resolution is as fine as features get; each of them then paints 4 x 4
    pixels of luma and 2 x 2 of chroma, which costs less than convolving at full size.

    Args:
        axes: The parameters that it sees.
        box: Where it paints; sides are multiples of 16.
        channels: Of the three resolutions, from a sixteenth to a quarter.
        hidden: Width of the layer before them.
    """

    def __init__(
        self, axes: Sequence[str], box: Box, channels: tuple[int, int, int], hidden: int
    ) -> None:
        super().__init__()
        self.box = box
        first, second, third = channels
        self.rows, self.columns = box.height // 16, box.width // 16
        self.register_buffer("picked", torch.tensor([INDEX[name] for name in axes]))
        self.dense = nn.Sequential(
            nn.Linear(len(axes), hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, first * self.rows * self.columns),
        )
        self.eighth = nn.Conv2d(first, second, 3, padding=1)
        self.quarter = nn.Conv2d(second, third, 3, padding=1)
        self.paint = nn.Conv2d(third, 16 + 8, 3, padding=1)
        nn.init.zeros_(self.paint.weight)
        nn.init.zeros_(self.paint.bias)
        fade = feather(box)
        self.register_buffer("fade_luma", fade)
        self.register_buffer("fade_chroma", functional.avg_pool2d(fade, 2))

    def forward(self, face: Tensor) -> Picture:
        x = self.dense(face[:, self.picked])
        x = torch.relu(x).view(-1, self.eighth.in_channels, self.rows, self.columns)
        x = torch.relu(self.eighth(_doubled(x)))
        x = torch.relu(self.quarter(_doubled(x)))
        x = self.paint(x)
        luma = functional.pixel_shuffle(x[:, :16], 4)
        chroma = functional.pixel_shuffle(x[:, 16:], 2)
        return Picture(luma * self.fade_luma, chroma * self.fade_chroma)


class Turning(nn.Module):
    """What a turned head changes beside its place: light, and what comes into view.

    Sees the pose, and the face, because what comes into view depends on both. Features are as
    coarse as an eighth of the picture; zero for a head at rest, so that a resting face owes
    nothing to it.
    """

    def __init__(self, hidden: int = 96, channels: tuple[int, int, int] = (48, 40, 32)) -> None:
        super().__init__()
        first, second, third = channels
        self.register_buffer("picked", torch.tensor([INDEX[n] for n in (*MOUTH_AXES, *EYE_AXES)]))
        seen = len(POSE_AXES) + len(self.picked)
        self.dense = nn.Sequential(
            nn.Linear(seen, hidden), nn.SiLU(), nn.Linear(hidden, first * 16 * 16)
        )
        self.eighth = nn.Conv2d(first, second, 3, padding=1)
        self.quarter = nn.Conv2d(second, third, 3, padding=1)
        self.paint = nn.Conv2d(third, 64 + 32, 3, padding=1)
        nn.init.zeros_(self.paint.weight)
        nn.init.zeros_(self.paint.bias)
        self.register_buffer("seam_luma", seam(SIDE_PX))
        self.register_buffer("seam_chroma", seam(SIDE_PX // 2))

    def forward(self, face: Tensor, pose: Tensor) -> Picture:
        turned = (pose * pose).sum(dim=1, keepdim=True)
        turned = turned / (turned + HALF_TURNED)
        x = torch.cat([pose, face[:, self.picked]], dim=1)
        x = torch.relu(self.dense(x)).view(-1, self.eighth.in_channels, 16, 16)
        x = torch.relu(self.eighth(_doubled(x)))
        x = torch.relu(self.quarter(_doubled(x)))
        x = self.paint(x) * turned[:, :, None, None]
        luma = functional.pixel_shuffle(x[:, :64], 8)
        chroma = functional.pixel_shuffle(x[:, 64:], 4)
        return Picture(luma * self.seam_luma, chroma * self.seam_chroma)


class Flow(nn.Module):
    """Where each block of 2 x 2 pixels of a turned figure comes from in the resting one.

    A polynomial of the pose for every node of a coarse grid, and cubic splines between the nodes,
    so that neither time nor place has a corner.
    """

    def __init__(self) -> None:
        super().__init__()
        terms = powers(torch.zeros(1, len(POSE_AXES))).shape[1]
        self.nodes = nn.Parameter(torch.zeros(terms, 2 * FLOW_NODES * FLOW_NODES))
        side = SIDE_PX // 2
        splines, still = _splines(side), seam(side).reshape(side, 1)
        top = torch.where(torch.arange(side)[:, None] < side // 2, still, 1.0)
        self.register_buffer("down", splines * top)
        self.register_buffer("across", (splines * still).T)
        self.register_buffer("unit", torch.tensor([1.0, SIDE_PX / PLATE_ROWS])[:, None, None])

    def forward(self, pose: Tensor) -> Tensor:
        """Displacements, [B, 2, H/2, W/2], x then y, in halves of the plate's sides."""
        nodes = (powers(pose) @ self.nodes).view(-1, 2, FLOW_NODES, FLOW_NODES)
        return self.down @ (nodes * self.unit) @ self.across


class PersonaNet(nn.Module):
    """FaceState [B, 60] -> the square picture.

    Args:
        resting: The planes of the resting picture to start from.
    """

    def __init__(self, resting: Planes) -> None:
        super().__init__()
        luma, chroma = resting
        below = (0, 0, 0, BELOW_PX)
        self.luma = nn.Parameter(_extended(torch.tensor(luma)[None, None], below))
        half = (0, 0, 0, BELOW_PX // 2)
        self.chroma = nn.Parameter(_extended(torch.tensor(chroma)[None], half))
        self.mouth = Decoder(MOUTH_AXES, BOXES["mouth"], (64, 64, 64), 128)
        self.eyes = Decoder(EYE_AXES, BOXES["eyes"], (64, 64, 56), 96)
        self.flow = Flow()
        self.turning = Turning()
        self.register_buffer("pose_columns", torch.tensor([INDEX[name] for name in POSE_AXES]))
        self.register_buffer("pose_scale", torch.tensor(1.0 / POSE_LIMITS, dtype=torch.float32))
        blocks = _block_centres()
        self.register_buffer("blocks", blocks)
        half_pixel = torch.tensor([1 / SIDE_PX, 1 / PLATE_ROWS])
        self.register_buffer("first_pixels", blocks - half_pixel)

    def pose(self, face: Tensor) -> Tensor:
        """Rotation and translation, [B, 6], 1 at the edge of what is learnt."""
        return face[:, self.pose_columns] * self.pose_scale

    def resting(self, face: Tensor) -> Picture:
        """The figure with the head at rest: a plate of `PLATE_ROWS`."""
        luma, chroma = self.luma, self.chroma
        for part in (self.mouth, self.eyes):
            added = part(face)
            luma = luma + _placed(added.luma, part.box, luma)
            chroma = chroma + _placed(added.chroma, part.box.halved, chroma)
        return Picture(luma, chroma)

    def forward(self, face: Tensor) -> Picture:
        pose = self.pose(face)
        luma, chroma = self.resting(face)
        flow = self.flow(pose).permute(0, 2, 3, 1)
        # All four pixels of a block move alike: sampling the picture four times, shifted by a
        # pixel, shares the arithmetic of where to look, and costs half of doing it for each.
        padded = _extended(luma, (0, 1, 0, 1))
        shifted = [
            padded[:, :, y : y + PLATE_ROWS, x : x + SIDE_PX] for y in (0, 1) for x in (0, 1)
        ]
        blocks = _sampled(torch.cat(shifted, dim=1), self.first_pixels + flow)
        turned = self.turning(face, pose)
        return Picture(
            functional.pixel_shuffle(blocks, 2) + turned.luma,
            _sampled(chroma, self.blocks + flow) + turned.chroma,
        )

    def crop(self, face: Tensor, part: Decoder) -> Picture:
        """Only the box of one decoder, with the head at rest: what its crops are compared with."""
        added = part(face)
        box, half = part.box, part.box.halved
        return Picture(
            self.luma[:, :, box.rows, box.columns] + added.luma,
            self.chroma[:, :, half.rows, half.columns] + added.chroma,
        )


def powers(pose: Tensor) -> Tensor:
    """The polynomial's terms, [B, T]: all of the first and second degree, cubes of rotations."""
    terms = [pose]
    terms += [pose[:, i : i + 1] * pose[:, i:] for i in range(pose.shape[1])]
    turns = pose[:, :3]
    for i in range(3):
        for j in range(i, 3):
            terms.append(turns[:, i : i + 1] * turns[:, j : j + 1] * turns[:, j:])
    return torch.cat(terms, dim=1)


def feather(box: Box) -> Tensor:
    """1 inside a box, falling to 0 at its edges, [1, 1, H, W]."""

    def ramp(length: int) -> Tensor:
        edge = torch.minimum(torch.arange(length) + 0.5, length - torch.arange(length) - 0.5)
        return torch.clamp(edge / FEATHER_PX, max=1.0)

    return (ramp(box.height)[:, None] * ramp(box.width)[None, :])[None, None]


def seam(side: int) -> Tensor:
    """1 inside, 0 at the left and right edge of the picture, [1, 1, 1, side]."""
    x = (torch.arange(side) + 0.5) * (SIDE_PX / side)
    ramp = torch.clamp(torch.minimum(x, SIDE_PX - x) / SEAM_PX, max=1.0)
    return (ramp * ramp * (3 - 2 * ramp))[None, None, None]


def _splines(side: int) -> Tensor:
    """Cubic B-splines of the nodes, at the middles of so many places, [side, FLOW_NODES]."""
    place = (torch.arange(side) + 0.5) / side * (FLOW_NODES - 1)
    far = (place[:, None] - torch.arange(FLOW_NODES)[None, :]).abs()
    near = 2 / 3 - far**2 + far**3 / 2
    tail = torch.clamp(2 - far, min=0.0) ** 3 / 6
    return torch.where(far < 1, near, tail)


def _block_centres() -> Tensor:
    """Where each block of the picture is in the plate from -1 to 1, [1, H/2, W/2, 2], x then y."""
    middle = torch.arange(SIDE_PX // 2) * 4 + 2
    y, x = torch.meshgrid(middle / PLATE_ROWS - 1, middle / SIDE_PX - 1, indexing="ij")
    return torch.stack([x, y], dim=-1)[None]


def _sampled(picture: Tensor, grid: Tensor) -> Tensor:
    # Nothing is asked for from outside the plate, so the cheapest answer will do there.
    return functional.grid_sample(picture, grid, padding_mode="zeros", align_corners=False)


def _extended(picture: Tensor, by: tuple[int, int, int, int]) -> Tensor:
    """Repeat the edges of a picture: left, right, above, below."""
    return functional.pad(picture, by, mode="replicate")


def _placed(part: Tensor, box: Box, plate: Tensor) -> Tensor:
    """A box's picture at its place in an empty plate of the given one's size."""
    rows, columns = plate.shape[-2:]
    right, below = columns - box.x - box.width, rows - box.y - box.height
    return functional.pad(part, (box.x, right, box.y, below))


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")


def parameters_in(net: nn.Module) -> int:
    """How many numbers a network has learnt."""
    return int(np.sum([parameter.numel() for parameter in net.parameters()]))
