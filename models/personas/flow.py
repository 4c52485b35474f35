"""Learns where things go when the head turns, from geometry alone.

In flow a figure and a camera; out flow the nodes of a `net.Flow`. For poses drawn at random the
figure's points are projected at rest and turned; a point that is visible says where the picture at
its place came from. The polynomial that fits them all, smooth where nothing is known, is found by
gradient descent: minutes, and no picture has to be rendered for it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from livekit_plugins_avatar.face.state import INDEX, PARAMETERS, FaceState

from .camera import SIDE_PX
from .figure import Figure
from .net import FLOW_NODES, PLATE_ROWS, Flow
from .states import POSE_AXES, POSE_LIMITS

POSES = 240
POINTS_PER_POSE = 4000
CELL_PX = 4
"""Points further back than others in a cell of this size or beside it are taken as hidden."""

THICKNESS = 0.006
"""How much further, as a share of the depth: strands and skin of the same place lie closer."""

OUTLIER_PX = 1.5
"""Errors beyond this count by their size, not its square: where one thing hides another, or a
smooth flow cannot follow, the many decide."""

STIFFNESS = 30.0
"""Weight of what differs from node to node, so that the flow dies away where nothing moves."""

STEPS = 900
POSES_PER_STEP = 12

IN_PIXELS = torch.tensor([SIDE_PX / 2, PLATE_ROWS / 2])
"""Pixels per unit of a flow."""


class Motion(NamedTuple):
    """Visible points of many poses.

    Args:
        pose: [M, 6], 1 at the edge of what is learnt.
        turned: Where they are, [M, N, 2] in pixels.
        resting: Where they were at rest, [M, N, 2].
    """

    pose: torch.Tensor
    turned: torch.Tensor
    resting: torch.Tensor


def fit(figure: Figure, flow: Flow, seed: int = 5) -> float:
    """Fit a flow; returns its error in pixels, the median over visible points."""
    motion = _motion(figure, np.random.default_rng(seed))
    where = motion.turned / (SIDE_PX / 2) - 1
    wanted = motion.resting - motion.turned
    optimiser = torch.optim.Adam(flow.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    errors = []
    for _ in range(STEPS):
        few = torch.randint(POSES, (POSES_PER_STEP,))
        got = functional.grid_sample(
            flow(motion.pose[few]), where[few][:, :, None], align_corners=False
        )
        got_px = got[..., 0].transpose(1, 2) * IN_PIXELS
        error = functional.huber_loss(got_px, wanted[few], delta=OUTLIER_PX)
        loss = error + STIFFNESS * _strain(flow.nodes.view(-1, FLOW_NODES, FLOW_NODES))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        errors.append(float((got_px - wanted[few]).norm(dim=-1).median().detach()))
    return float(np.mean(errors[-20:]))


def _strain(nodes: torch.Tensor) -> torch.Tensor:
    """Mean square of the differences between neighbours, and of the nodes themselves."""
    across = nodes[..., 1:] - nodes[..., :-1]
    down = nodes[..., 1:, :] - nodes[..., :-1, :]
    return (across**2).mean() + (down**2).mean() + 1e-3 * (nodes**2).mean()


def _motion(figure: Figure, chance: np.random.Generator) -> Motion:
    resting = figure.camera.project(figure.points(FaceState.of()))
    shown = _visible(resting)
    poses, turned, came_from = [], [], []
    for _ in range(POSES):
        pose = chance.uniform(-1.0, 1.0, len(POSE_AXES))
        points = figure.camera.project(figure.points(_posed(pose)))
        seen = np.flatnonzero(_visible(points) & shown)
        chosen = chance.choice(seen, POINTS_PER_POSE)
        poses.append(pose)
        turned.append(points[chosen, :2])
        came_from.append(resting[chosen, :2])
    return Motion(
        *(torch.tensor(np.array(x), dtype=torch.float32) for x in (poses, turned, came_from))
    )


def _posed(pose: NDArray[np.float64]) -> FaceState:
    values = np.zeros(len(PARAMETERS), np.float32)
    values[[INDEX[name] for name in POSE_AXES]] = pose * POSE_LIMITS
    return FaceState(values)


def _visible(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which projected points [N, 3] are inside the picture and nearest in their cell."""
    inside = np.all((points[:, :2] >= 0) & (points[:, :2] < SIDE_PX), axis=1)
    cells = -(-SIDE_PX // CELL_PX)
    cell = np.clip(points[:, :2] // CELL_PX, 0, cells - 1).astype(int)
    nearest = np.full((cells + 2, cells + 2), np.inf)
    np.minimum.at(nearest, (cell[inside, 1] + 1, cell[inside, 0] + 1), points[inside, 2])
    # Few points fall into one cell: those beside it hide as well.
    around = [nearest[y : y + cells, x : x + cells] for y in range(3) for x in range(3)]
    front = np.minimum.reduce(around)[cell[:, 1], cell[:, 0]]
    visible: NDArray[np.bool_] = inside & (points[:, 2] <= front * (1 + THICKNESS))
    return visible
