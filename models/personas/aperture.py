"""What is seen of one eyeball between its lids, as a network.

Takes a batch of faces and the skin around an eye; gives what the eyeball changes of it. The
ball is a learnt picture that is moved as the eye turns, so that an iris stays sharp wherever it
looks; what it reflects, a few neurons know by where it looks; each lid is a curve, whose height at
some columns a few others know; what lies close under a lid is shaded. A decoder alone would have to
remember every place of every edge.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from livekit_plugins_avatar.face.state import INDEX

from .boxes import EYE_BOXES
from .expression import EYE_PITCH_RAD, EYE_YAW_RAD
from .i420 import NEUTRAL, Planes
from .states import EYE_AXES, GAZE_LIMIT_RAD
from .warp import Motion, Picture, Warp, splines

MARGIN_PX = 14
"""How far beyond its box a ball's picture goes on: turned to the limit it moves by 8 px."""

TURN_TERMS = 9
"""Of `turn_terms`."""

BALL_NODES = (9, 7)
EDGE_NODES = 13
"""Of a lid's curve: one every 4 pixels."""

OPEN_PX = (-4.0, 5.0)
"""Where the lids' curves start to be learnt from, below the middle of the box."""

HIDDEN = 48
REFLECTION_HIDDEN = 64
"""A window that wanders, stretches and stays: more than a lid does."""

DARK = -10.0
"""Of a pixel that reflects nothing: where learning starts from."""

WHITE = 235 / 255
"""Luma of a window in an eye: as bright as the picture gets."""

WHITE_QUANTILE = 0.8
"""Luma of the white of an eye, among what is seen of it."""

FILL_ROUNDS = 200

SHADE_REACH_PX = (1.5, 3.0, 6.0)
"""How far below its edge, or above it, a lid may darken the ball."""

IRIS_PX, GLINT_PX = 8.0, 5
"""Radius of an iris; and the size below which something bright on it is a reflection."""


class Aperture(nn.Module):
    """One eye between its lids.

    Args:
        side: The face's own, "Left" or "Right".
        resting: The planes of the resting picture to take the ball from.
    """

    def __init__(self, side: str, resting: Planes) -> None:
        super().__init__()
        self.side, self.box = side, EYE_BOXES[side]
        other = {"Left": "Right", "Right": "Left"}[side]
        axes = [name for name in EYE_AXES if not name.endswith(other)]
        self.register_buffer("picked", torch.tensor([INDEX[name] for name in axes]))
        self.register_buffer("aim", _aim(side, axes))
        around, half = self.box.grown(MARGIN_PX), self.box.grown(MARGIN_PX).halved
        luma, chroma = (torch.tensor(plane) for plane in resting)
        self.luma = nn.Parameter(luma[None, None, around.rows, around.columns].clone())
        self.chroma = nn.Parameter(chroma[None, :, half.rows, half.columns].clone())
        width, height = self.box.width, self.box.height
        self.turn = Motion(TURN_TERMS, BALL_NODES, torch.ones(width // 2), torch.ones(height // 2))
        self.warp = Warp((width, height), (around.width, around.height), (MARGIN_PX, MARGIN_PX))
        self.lids = nn.Sequential(
            nn.Linear(len(axes), HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, 2 * EDGE_NODES),
        )
        with torch.no_grad():
            self.lids[-1].bias.copy_(torch.tensor([OPEN_PX]).T.expand(2, EDGE_NODES).flatten())
        self.register_buffer("columns", splines(width, EDGE_NODES).T.contiguous())
        self.register_buffer("rows", (torch.arange(height) + 0.5)[None, :, None])
        self.reflection = nn.Sequential(
            nn.Linear(TURN_TERMS, REFLECTION_HIDDEN),
            nn.SiLU(),
            nn.Linear(REFLECTION_HIDDEN, REFLECTION_HIDDEN),
            nn.SiLU(),
            nn.Linear(REFLECTION_HIDDEN, width * height),
        )
        nn.init.zeros_(self.reflection[-1].weight)
        nn.init.constant_(self.reflection[-1].bias, DARK)
        self.sharpness = nn.Parameter(torch.tensor(1.5))
        self.shade = nn.Parameter(torch.zeros(2, len(SHADE_REACH_PX)))

    def share(self, face: Tensor) -> Tensor:
        """How much of each pixel of the box the ball covers, in [0, 1], [B, 1, H, W]."""
        return self._between(*self.depths(face[:, self.picked]))

    def shine(self, face: Tensor) -> Tensor:
        """How much of each pixel of the box shows a light, in [0, 1], [B, 1, H, W]."""
        return self.share(face) * self.reflected(turn_terms(face[:, self.picked] @ self.aim))

    def over(self, face: Tensor, skin: Picture) -> Picture:
        """What the ball changes of the moved skin in the box."""
        weights = face[:, self.picked]
        plates = (plane.expand(face.shape[0], -1, -1, -1) for plane in (self.luma, self.chroma))
        turned = turn_terms(weights @ self.aim)
        ball = self.warp(Picture(*plates), self.turn(turned))
        under, above = self.depths(weights)
        light = 1.0 - (_shadow(under, self.shade[0]) + _shadow(above, self.shade[1]))[:, None]
        shine = self.reflected(turned)
        share = self._between(under, above)
        coarse = functional.avg_pool2d(share, 2)
        luma = torch.lerp(ball.luma * light, shine.new_tensor(WHITE), shine)
        chroma = torch.lerp(ball.chroma, shine.new_tensor(NEUTRAL), functional.avg_pool2d(shine, 2))
        return Picture(share * (luma - skin.luma), coarse * (chroma - skin.chroma))

    def reflected(self, turned: Tensor) -> Tensor:
        """How much of each pixel shows a light, for `turn_terms`, [B, 1, H, W]."""
        shown = torch.sigmoid(self.reflection(turned))
        return shown.view(-1, 1, self.box.height, self.box.width)

    def separate(self, plate: Picture) -> None:
        """Takes the resting picture apart, in place: the ball becomes white where lids hide it and
        loses what it reflects, and the plate becomes skin where the ball was.

        Args:
            plate: The resting picture in the box, [1, 1, H, W] and [1, 2, H/2, W/2].
        """
        share = self.share(torch.zeros(1, len(INDEX)))
        halves = functional.avg_pool2d(share, 2)
        inside = functional.pad(share, [MARGIN_PX] * 4) > 0.9
        inside_halves = functional.pad(halves, [MARGIN_PX // 2] * 4) > 0.9
        white = torch.quantile(self.luma[inside], WHITE_QUANTILE)
        self.luma[~inside] = white
        self.chroma[~inside_halves.expand_as(self.chroma)] = NEUTRAL
        matt = torch.where(self._iris(), _opened(self.luma), self.luma)
        self.luma[:] = matt
        for plane, covered in zip(plate, (share, halves), strict=True):
            hole = functional.max_pool2d(covered, 3, stride=1, padding=1) > 0.02
            for _ in range(FILL_ROUNDS):
                beside = functional.avg_pool2d(plane, (3, 1), stride=1, padding=(1, 0))
                plane[:] = torch.where(hole, beside, plane)

    def depths(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """How far each pixel lies under the upper lid and above the lower one, [B, H, W], px.

        Args:
            weights: Of the axes of this side, [B, axes].
        """
        edges = self.lids(weights).view(-1, 2, EDGE_NODES) @ self.columns
        middle, upper, lower = self.box.height / 2, edges[:, :1], edges[:, 1:]
        return self.rows - middle - upper, lower + middle - self.rows

    def _iris(self) -> Tensor:
        """Where the iris is in a resting eye's picture, [1, 1, H, W]: around what is darkest."""
        rows, columns = self.luma.shape[-2:]
        smooth = functional.avg_pool2d(
            self.luma, GLINT_PX, stride=1, padding=GLINT_PX // 2, count_include_pad=False
        )
        row, column = divmod(int(smooth.argmin()), columns)
        y, x = torch.arange(rows)[:, None] - row, torch.arange(columns) - column
        return (x * x + y * y < IRIS_PX**2)[None, None]

    def _between(self, under: Tensor, above: Tensor) -> Tensor:
        edges = torch.sigmoid(self.sharpness * under) * torch.sigmoid(self.sharpness * above)
        return edges[:, None]


def _shadow(depth: Tensor, shades: Tensor) -> Tensor:
    shadow = torch.zeros_like(depth)
    for reach, shade in zip(SHADE_REACH_PX, shades, strict=True):
        far = torch.relu(depth) / reach
        shadow = shadow + shade * torch.exp(-far * far)
    return shadow


def _opened(picture: Tensor) -> Tensor:
    """Without what is bright and smaller than `GLINT_PX`."""
    around = {"kernel_size": GLINT_PX, "stride": 1, "padding": GLINT_PX // 2}
    return functional.max_pool2d(-functional.max_pool2d(-picture, **around), **around)


def turn_terms(angles: Tensor) -> Tensor:
    """All powers of yaw and pitch up to the third, [B, `TURN_TERMS`]."""
    yaw, pitch = angles[:, :1], angles[:, 1:]
    second = [yaw * yaw, yaw * pitch, pitch * pitch]
    third = [yaw * second[0], yaw * second[1], yaw * second[2], pitch * second[2]]
    return torch.cat([yaw, pitch, *second, *third], dim=1)


def _aim(side: str, axes: list[str]) -> Tensor:
    """What turns an eye: weights to yaw and pitch, 1 at the limit of gaze, [axes, 2]."""
    outwards = 1.0 if side == "Left" else -1.0
    turns = {
        "gazeYaw": (1.0, 0.0),
        "gazePitch": (0.0, 1.0),
        f"eyeLookOut{side}": (outwards * EYE_YAW_RAD, 0.0),
        f"eyeLookIn{side}": (-outwards * EYE_YAW_RAD, 0.0),
        f"eyeLookUp{side}": (0.0, EYE_PITCH_RAD),
        f"eyeLookDown{side}": (0.0, -EYE_PITCH_RAD),
    }
    return torch.tensor([turns.get(name, (0.0, 0.0)) for name in axes]) / GAZE_LIMIT_RAD
