"""The persona as a network: FaceState in, planes of video out.

Takes a batch of faces; gives luma and chroma of the square picture. The picture is made the
way the figure moves. A learnt plate shows the figure at rest. Its skin is moved as the figure's
muscles move it; eyeballs are laid between the lids; two small decoders add what none of this can
show, such as teeth; light is added as it falls on a turned head; last, the figure is moved as the
head turns, before a room that stays. Everything is continuous in its inputs, and nothing but the
plate and the eyeballs has to be remembered sharp.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from livekit_plugins_avatar.face.state import INDEX

from .aperture import Aperture
from .boxes import BOXES, Box
from .camera import SIDE_PX
from .expression import SIDES
from .i420 import NEUTRAL, Planes
from .states import EYE_AXES, MOUTH_AXES, POSE_AXES, POSE_LIMITS
from .warp import Motion, Picture, Turn, Warp, ramp, repeated

HEAD_NODES, HEAD_NODES_ABOUT = (65, 65), (17, 17)
"""Of the head's motion: one every 8 pixels, for the chin moves differently from the neck behind;
and one every 32 for what all of it has in common."""

FACE = Box(160, 128, 192, 272)
"""What moves of a head at rest: the boxes of mouth and eyes, and the forehead."""

PAINTED = {"mouth": Box(160, 240, 192, 160), "eyes": BOXES["eyes"]}
"""Where each decoder paints: the mouth's begins below the lids, which its faces never close."""

FACE_MARGIN_PX = 16
"""How far around it skin may come from."""

FACE_NODES = (33, 47)
"""Of the skin's motion: one every 6 pixels, about the width of a lid."""

LID_NODES, LID_TERMS = (54, 49), 64
"""Of the motion around the eyes: one every 3 pixels across and 2 down."""

SKIN_AXES = tuple(
    name
    for name in dict.fromkeys((*MOUTH_AXES, *EYE_AXES))
    if not name.startswith(("gaze", "eyeLook", "tongue"))
)
"""What moves skin."""

SEAM_PX = 24
"""Towards the left and right edge everything comes to rest within this: a wide plate goes on there
without a seam."""

BELOW_PX = 32
"""Rows of the plate below the picture: a figure that straightens up shows a little more of itself.
On the other sides nothing comes in: there the flow is held at zero."""

PLATE_ROWS = SIDE_PX + BELOW_PX

FEATHER_PX = 8
"""What a decoder adds fades out within this at the edges of its box."""


LEAK = 0.1
"""What a unit lets through of what is below 0, so that none of them dies."""

LIGHT_PX = 8
"""Light is known at places so many pixels apart."""

LIGHT_TERMS = 27
"""Of `powers`, those of the first and second degree: light has no use for cubes."""


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
        _begin(self)
        fade = feather(box)
        self.register_buffer("fade_luma", fade)
        self.register_buffer("fade_chroma", functional.avg_pool2d(fade, 2))

    def forward(self, face: Tensor) -> Picture:
        x = self.dense(face[:, self.picked])
        x = _bent(x).view(-1, self.eighth.in_channels, self.rows, self.columns)
        x = _bent(self.eighth(_doubled(x)))
        x = _bent(self.quarter(_doubled(x)))
        x = self.paint(x)
        luma = functional.pixel_shuffle(x[:, :16], 4)
        chroma = functional.pixel_shuffle(x[:, 16:], 2)
        return Picture(luma * self.fade_luma, chroma * self.fade_chroma)


class Lids(nn.Module):
    """How the skin around the eyes moves, beyond what `SKIN_AXES` explain by adding up.

    A lid follows the gaze, gives way to the other, and moves an edge over its whole way within few
    pixels. Nothing moves in a resting face.
    """

    def __init__(self) -> None:
        super().__init__()
        self.box = BOXES["eyes"]
        self.register_buffer("picked", torch.tensor([INDEX[name] for name in EYE_AXES]))
        self.terms = nn.Sequential(
            nn.Linear(len(EYE_AXES), LID_TERMS),
            nn.SiLU(),
            nn.Linear(LID_TERMS, LID_TERMS),
            nn.SiLU(),
        )
        columns, rows = (
            ramp(length // 2, FEATHER_PX) for length in (self.box.width, self.box.height)
        )
        self.motion = Motion(LID_TERMS, LID_NODES, columns, rows)

    def forward(self, face: Tensor) -> Tensor:
        """Displacements in the box of the eyes, as of a `Motion`."""
        weights = face[:, self.picked]
        return self.motion(self.terms(weights) - self.terms(torch.zeros_like(weights[:1])))


class Light(nn.Module):
    """How the light on the plate changes as the head turns, before the plate is moved.

    A sum of smooth pictures, one for each power of the pose: what the light does to a place of the
    skin follows how it faces the window. It sees the pose alone, for shown the face too, it would
    remember each picture that it learns from by its face. Nothing changes on a head at rest.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.columns = PLATE_ROWS // LIGHT_PX, SIDE_PX // LIGHT_PX
        self.luma = nn.Parameter(torch.zeros(LIGHT_TERMS, self.rows * self.columns))
        self.chroma = nn.Parameter(torch.zeros(LIGHT_TERMS, self.rows * self.columns // 2))
        self.register_buffer("seam_luma", ramp(self.columns, SEAM_PX / LIGHT_PX))
        self.register_buffer("seam_chroma", ramp(self.columns // 2, SEAM_PX / LIGHT_PX / 2))

    def forward(self, terms: Tensor) -> Picture:
        """What is added to the plate, for `powers` of the pose."""
        terms = terms[:, :LIGHT_TERMS]
        luma = (terms @ self.luma).view(-1, 1, self.rows, self.columns)
        chroma = (terms @ self.chroma).view(-1, 2, self.rows // 2, self.columns // 2)
        return Picture(_smoothly(luma * self.seam_luma), _smoothly(chroma * self.seam_chroma))


def head_motion() -> Turn:
    """Where the picture comes from when the head turns; its terms are `powers` of the pose."""
    side = SIDE_PX // 4
    still = ramp(side, SEAM_PX / 4)
    rows = torch.where(torch.arange(side) < side // 2, still, 1.0)
    terms = powers(torch.zeros(1, len(POSE_AXES))).shape[1]
    return Turn(terms, HEAD_NODES_ABOUT, HEAD_NODES, still, rows)


def skin_motion() -> Motion:
    """Where the skin of `FACE` comes from; its terms are those of `skin_terms`."""
    columns, rows = (ramp(length // 2, FEATHER_PX) for length in (FACE.width, FACE.height))
    return Motion(2 * len(SKIN_AXES), FACE_NODES, columns, rows)


class PersonaNet(nn.Module):
    """FaceState [B, 60] -> the square picture.

    Args:
        resting: The planes of the resting picture to start from.
        wall: Of what is behind the figure.
        cover: How much of each pixel the resting figure covers, float32 [H, W].
    """

    def __init__(self, resting: Planes, wall: Planes, cover: NDArray[np.float32]) -> None:
        super().__init__()
        luma, chroma = _lengthened(resting)
        self.luma, self.chroma = nn.Parameter(luma), nn.Parameter(chroma)
        for name, plane in zip(("wall_luma", "wall_chroma"), _lengthened(wall), strict=True):
            self.register_buffer(name, plane)
        covered = repeated(torch.tensor(cover)[None, None], (0, 0, 0, BELOW_PX))
        self.register_buffer("cover", covered)
        self.skin = skin_motion()
        self.lids = Lids()
        self.mouth = Decoder(MOUTH_AXES, PAINTED["mouth"], (64, 64, 32), 64)
        self.eyes = Decoder(EYE_AXES, PAINTED["eyes"], (64, 48, 32), 64)
        self.apertures = nn.ModuleList(Aperture(side, resting) for side in SIDES)
        self.head = head_motion()
        self.light = Light()
        margin = FACE_MARGIN_PX
        around = (FACE.width + 2 * margin, FACE.height + 2 * margin)
        self.face_warp = Warp((FACE.width, FACE.height), around, (margin, margin))
        self.head_warp = Warp((SIDE_PX, SIDE_PX), (SIDE_PX, PLATE_ROWS))
        self.register_buffer("pose_columns", torch.tensor([INDEX[name] for name in POSE_AXES]))
        self.register_buffer("pose_scale", torch.tensor(1.0 / POSE_LIMITS, dtype=torch.float32))
        self.register_buffer("skin_columns", torch.tensor([INDEX[name] for name in SKIN_AXES]))

    def separate(self) -> None:
        """Parts the resting picture into skin and eyeballs; once, when the lids are known."""
        with torch.no_grad():
            for eye in self.apertures:
                eye.separate(cut(self._resting_plate(), eye.box))

    def pose(self, face: Tensor) -> Tensor:
        """Rotation and translation, [B, 6], 1 at the edge of what is learnt."""
        return face[:, self.pose_columns] * self.pose_scale

    def moved(self, face: Tensor) -> Picture:
        """What skin and eyeballs of a head at rest change of the plate in `FACE`."""
        source = self._plate(FACE.grown(FACE_MARGIN_PX), face.shape[0])
        motion = self.skin(skin_terms(face[:, self.skin_columns]))
        motion = motion + _placed(self.lids(face), self.lids.box.within(FACE).halved, motion)
        moved: Picture = self.face_warp(source, motion)
        changes = moved.minus(self._plate(FACE, 1))
        for eye in self.apertures:
            skin = cut(moved, eye.box.within(FACE))
            changes = _with(changes, eye.over(face, skin), eye.box.within(FACE))
        return changes

    def changes(self, face: Tensor) -> Picture:
        """What a head at rest changes of the plate in `FACE`."""
        changes = self.moved(face)
        for decoder in (self.mouth, self.eyes):
            changes = _with(changes, decoder(face), decoder.box.within(FACE))
        return changes

    def resting(self, changes: Picture) -> Picture:
        """The figure with the head at rest: a plate of `PLATE_ROWS`."""
        return _with(self._resting_plate(), changes, FACE)

    def turned(self, face: Tensor, changes: Picture) -> Picture:
        """The figure with the head as the face has it.

        Args:
            face: [B, 60].
            changes: What it changes of the plate with the head at rest, of `changes`.
        """
        pose = powers(self.pose(face))
        lit, wall = self.resting(changes).plus(self.light(pose)), self.wall_luma
        cover, dim = (functional.avg_pool2d(plane, 2) for plane in (self.cover, wall))
        # What moves is what the figure adds to the wall behind it at rest.
        added = lit.minus(Picture(wall, self._bare(cover)))
        along = torch.cat([cover, cover * dim], dim=1).expand(face.shape[0], -1, -1, -1)
        figure = Picture(added.luma, torch.cat([added.chroma, along], dim=1))
        moved: Picture = self.head_warp(figure, self.head(pose))
        chroma, cover, there = moved.chroma.split([2, 1, 1], dim=1)
        # The wall at the place where a block came from is not quite the one behind it now; walls
        # are out of focus, so the block's mean will do.
        shift = _doubled(there - cover * dim[:, :, : cover.shape[2]])
        return Picture(moved.luma + wall[:, :, :SIDE_PX] + shift, chroma + self._bare(cover))

    def forward(self, face: Tensor) -> Picture:
        return self.turned(face, self.changes(face))

    def crop(self, face: Tensor, region: str, *, decoded: bool = True) -> Picture:
        """Only one region, with the head at rest: what its crops are compared with.

        Args:
            face: [B, 60].
            region: Of `BOXES`.
            decoded: Whether with what the decoders add.
        """
        changes = self.changes(face) if decoded else self.moved(face)
        return cut(self._plate(FACE, 1).plus(changes), BOXES[region].within(FACE))

    def shine(self, face: Tensor) -> Tensor:
        """Where eyes show a light in the crop of the eyes, in [0, 1], [B, 1, H, W]."""
        crop = BOXES["eyes"]
        shown = torch.zeros(face.shape[0], 1, crop.height, crop.width)
        for eye in self.apertures:
            shown = shown + _placed(eye.shine(face), eye.box.within(crop), shown)
        return shown

    def _bare(self, cover: Tensor) -> Tensor:
        """Chroma of the wall beside the figure, in the rows of a cover [B, 1, H/2, W/2].

        It is grey behind the figure: what moves has only its own chroma, or outlines would glow.
        """
        return (1 - cover) * (self.wall_chroma[:, :, : cover.shape[2]] - NEUTRAL) + NEUTRAL

    def _resting_plate(self) -> Picture:
        return Picture(self.luma, self.chroma)

    def _plate(self, box: Box, batch: int) -> Picture:
        luma, chroma = cut(self._resting_plate(), box)
        return Picture(luma.expand(batch, -1, -1, -1), chroma.expand(batch, -1, -1, -1))


def skin_terms(weights: Tensor) -> Tensor:
    """The weights of `SKIN_AXES` and their squares, [B, 2 * axes]: jaws turn, lids slide round."""
    return torch.cat([weights, weights * weights], dim=1)


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
    return (ramp(box.height, FEATHER_PX)[:, None] * ramp(box.width, FEATHER_PX))[None, None]


def _begin(decoder: nn.Module) -> None:
    """Weights to start from: every layer tells faces apart, and nothing is painted yet.

    Most weights of most faces are near 0: the usual start would have all faces look alike to the
    convolutions, which then die before they have learnt to tell them apart.
    """
    for layer in decoder.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, a=LEAK)
            nn.init.zeros_(layer.bias)
    for layer in decoder.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.bias, std=0.1)
    nn.init.zeros_(decoder.paint.weight)


def _bent(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, LEAK)


def cut(picture: Picture, box: Box) -> Picture:
    """What lies in a box of a picture."""
    half = box.halved
    return Picture(
        picture.luma[:, :, box.rows, box.columns],
        picture.chroma[:, :, half.rows, half.columns],
    )


def _with(picture: Picture, added: Picture, box: Box) -> Picture:
    """A picture and what is added to it in a box."""
    luma = _placed(added.luma, box, picture.luma)
    return picture.plus(Picture(luma, _placed(added.chroma, box.halved, picture.chroma)))


def _placed(part: Tensor, box: Box, plate: Tensor) -> Tensor:
    """A box's picture at its place in an empty plate of the given one's size."""
    rows, columns = plate.shape[-2:]
    right, below = columns - box.x - box.width, rows - box.y - box.height
    return functional.pad(part, (box.x, right, box.y, below))


def _lengthened(picture: Planes) -> Picture:
    """With `BELOW_PX` more rows, [1, 1, H, W] and [1, 2, H/2, W/2]."""
    luma, chroma = (torch.tensor(plane) for plane in picture)
    return Picture(
        repeated(luma[None, None], (0, 0, 0, BELOW_PX)),
        repeated(chroma[None], (0, 0, 0, BELOW_PX // 2)),
    )


def _smoothly(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=LIGHT_PX, mode="bilinear")


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")
