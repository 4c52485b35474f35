"""Learns how pictures move from the figure alone.

Takes a figure; gives the nodes of a `Motion`: of the head that turns, of the skin of a
resting head that speaks and looks, and of its eyeballs; the curves of the lids; and what an eye
reflects. The figure's points are projected at rest and moved; a point that is visible in both says
where the picture at its place came from. The motion that fits them all, and dies away where nothing
is known, is found by gradient descent: minutes, and no picture has to be rendered for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from livekit_plugins_avatar.face.state import INDEX, PARAMETERS, FaceState

from .aperture import Aperture, turn_terms
from .boxes import Box
from .camera import SIDE_PX
from .coverage import Coverage
from .figure import Figure
from .net import FACE, SKIN_AXES, Lids, powers, skin_terms
from .reflection import Reflection
from .states import GAZE_LIMIT_RAD, POSE_AXES, POSE_LIMITS, face
from .warp import UNIT_PX, Motion, Turn, strain

POSES = 240
FACES = 600
POINTS_PER_FACE = 4000
GLANCES = 200
POINTS_PER_GLANCE = 300
OPENINGS = 300
REFLECTIONS = 1500
REFLECTION_REACH = (0.4, 1.0, 2.2)
"""How far eyes look of what `GAZE_LIMIT_RAD` allows; glances to the side come on top of it."""

OUTLINE_POINTS = 240
"""Around the head."""

OUTSIDE_PX = (4.0, 10.0, 20.0, 40.0)
"""So far beyond the outline the picture moves as the outline does."""

OUTLINE_BELOW = 0.3
"""Sine of the angle below the middle of the head down to which that holds."""

CELL_PX = 4
"""Points further back than others in a cell of this size or beside it are taken as hidden."""

THICKNESS = 0.006
"""How much further, as a share of the depth: strands and skin of the same place lie closer."""

OUTLIER_PX = 1.5
"""Errors beyond this count by their size, not its square: where one thing hides another, or a
smooth motion cannot follow, the many decide."""

HEAD_STIFFNESS = 2000.0
SKIN_STIFFNESS = 100.0
LID_STIFFNESS = 30.0
BALL_STIFFNESS = 0.01
"""Weight of what differs from node to node, so that motion dies away where nothing moves."""

STEPS = 900
FACES_PER_STEP = 12
PICTURE_STEPS = 4000
LOOKS_PER_STEP = 48

WHOLE = Box(0, 0, SIDE_PX, SIDE_PX)

Draw = Callable[[int, np.random.Generator], FaceState]


class Seen(NamedTuple):
    """Visible points of many faces.

    Args:
        faces: [M, 60].
        moved: Where they are, [M, N, 2] in pixels.
        resting: Where they were at rest, [M, N, 2].
    """

    faces: Tensor
    moved: Tensor
    resting: Tensor


def fit_head(figure: Figure, turn: Turn) -> float:
    """Fit how the picture moves with the head; returns its median error in pixels."""
    seen = _with_outline(figure, _watch(figure, POSES, _posed))
    columns = [INDEX[name] for name in POSE_AXES]
    terms = powers(seen.faces[:, columns] / torch.tensor(POSE_LIMITS, dtype=torch.float32))
    _fit(turn.about, turn.about, terms, seen, WHOLE, HEAD_STIFFNESS)
    left = seen._replace(moved=seen.moved + _explained(turn.about, terms, seen, WHOLE))
    return _fit(turn.exactly, turn.exactly, terms, left, WHOLE, HEAD_STIFFNESS)


def fit_skin(figure: Figure, motion: Motion) -> float:
    """Fit how skin moves with the face's axes; returns its median error in pixels."""
    seen = _watch(figure, FACES, _moved)
    terms = skin_terms(seen.faces[:, [INDEX[name] for name in SKIN_AXES]])
    return _fit(motion, motion, terms, seen, FACE, SKIN_STIFFNESS)


def fit_lids(figure: Figure, lids: Lids, skin: Motion) -> float:
    """Fit what `skin` leaves unexplained around the eyes; returns its median error in pixels."""
    seen = _watch(figure, FACES, _looking, lids.box)
    terms = skin_terms(seen.faces[:, [INDEX[name] for name in SKIN_AXES]])
    left = seen._replace(resting=seen.resting - _explained(skin, terms, seen, FACE))
    return _fit(lids, lids.motion, seen.faces, left, lids.box, LID_STIFFNESS)


def fit_ball(figure: Figure, aperture: Aperture) -> float:
    """Fit how an eyeball's picture moves as it turns; returns its median error in pixels."""
    chance = np.random.default_rng(7)
    name, socket = f"eye{aperture.side}", figure.sockets[aperture.side]
    middle = figure.camera.project(socket.centre[None])[0, 2]
    resting = figure.camera.project(figure.deform(FaceState.of())[name])
    faces, moved, came_from = [], [], []
    for _ in range(GLANCES):
        yaw, pitch = chance.uniform(-GAZE_LIMIT_RAD, GAZE_LIMIT_RAD, 2)
        glance = FaceState.of(gazeYaw=yaw, gazePitch=pitch)
        points = figure.camera.project(figure.deform(glance)[name])
        in_front = np.flatnonzero((points[:, 2] < middle) & (resting[:, 2] < middle))
        chosen = chance.choice(in_front, POINTS_PER_GLANCE)
        faces.append(glance.values)
        moved.append(points[chosen, :2])
        came_from.append(resting[chosen, :2])
    seen = _seen(faces, moved, came_from)
    terms = turn_terms(seen.faces[:, aperture.picked] @ aperture.aim)
    return _fit(aperture.turn, aperture.turn, terms, seen, aperture.box, BALL_STIFFNESS)


def fit_edges(figure: Figure, aperture: Aperture) -> float:
    """Fit the curves of an eye's lids; returns the mean error of its coverage."""
    coverage = Coverage(figure, aperture.side)
    shown = [face("train", "eyes", index) for index in range(OPENINGS)]
    wanted = torch.tensor(np.stack([coverage(state) for state in shown]))[:, None]
    faces = torch.tensor(np.stack([state.values for state in shown]))
    parameters = [*aperture.lids.parameters(), aperture.sharpness]
    everywhere = torch.ones_like(wanted, dtype=torch.bool)
    return _fit_pictures(
        parameters, lambda few: aperture.share(faces[few]), wanted, FACES_PER_STEP, everywhere
    )


def fit_reflection(figure: Figure, aperture: Aperture) -> float:
    """Fit what an eye reflects; returns its mean error where there is a light, 1 being white."""
    chance = np.random.default_rng(9)
    reflection = Reflection(figure.sockets[aperture.side], figure.camera, aperture.box)
    reach = chance.choice(REFLECTION_REACH, REFLECTIONS)[:, None]
    looks = chance.uniform(-1.0, 1.0, (REFLECTIONS, 2)) * reach
    wanted = torch.tensor(np.stack([reflection(*look * GAZE_LIMIT_RAD) for look in looks]))[:, None]
    terms = turn_terms(torch.tensor(looks, dtype=torch.float32))
    return _fit_pictures(
        aperture.reflection.parameters(),
        lambda few: aperture.reflected(terms[few]),
        wanted,
        LOOKS_PER_STEP,
        wanted > 0,
    )


def _fit_pictures(
    parameters: Iterable[nn.Parameter],
    drawn: Callable[[Tensor], Tensor],
    wanted: Tensor,
    per_step: int,
    judged: Tensor,
) -> float:
    """Fit what is drawn for a few indices to the pictures wanted, [N, 1, H, W]; returns the mean
    error where `judged`."""
    optimiser = torch.optim.Adam(parameters, 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, PICTURE_STEPS)
    errors = []
    for _ in range(PICTURE_STEPS):
        few = torch.randint(len(wanted), (per_step,))
        off = drawn(few) - wanted[few]
        optimiser.zero_grad()
        (off * off).mean().backward()
        optimiser.step()
        schedule.step()
        errors.append(float(off.detach()[judged[few]].abs().mean()))
    return float(np.mean(errors[-20:]))


def _fit(
    model: nn.Module, motion: Motion, terms: Tensor, seen: Seen, box: Box, stiffness: float
) -> float:
    """Fit a model, whose displacements in a box `motion` makes, to terms [M, T] and points."""
    wanted = seen.resting - seen.moved
    corner, size = torch.tensor([box.x, box.y]), torch.tensor([box.width, box.height])
    share = (seen.moved - corner) / size
    inside = ((share > 0) & (share < 1)).all(dim=-1, keepdim=True).float()
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    errors = []
    for _ in range(STEPS):
        few = torch.randint(len(terms), (FACES_PER_STEP,))
        off = (_at(model(terms[few]), seen.moved[few], box) - wanted[few]) * inside[few]
        error = functional.huber_loss(off, torch.zeros_like(off), delta=OUTLIER_PX)
        loss = error + stiffness * strain(motion.nodes.view(-1, motion.rows, motion.columns))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        errors.append(float(off.detach().norm(dim=-1)[inside[few][..., 0] > 0].median()))
    return float(np.mean(errors[-20:]))


def _with_outline(figure: Figure, seen: Seen) -> Seen:
    """With points along the head's outline and beyond it: it stays an outline as the head turns,
    though what is to be seen there does not stay the same."""
    resting = _outline(figure, FaceState.of())
    moved = [_outline(figure, FaceState(values.numpy())) for values in seen.faces]
    return seen._replace(
        moved=torch.cat([seen.moved, torch.stack(moved)], dim=1),
        resting=torch.cat([seen.resting, resting.expand(len(moved), -1, -1)], dim=1),
    )


def _outline(figure: Figure, posed: FaceState) -> Tensor:
    """Places on the head's outline and outside it, in the same order for every pose, [N, 2]."""
    points = figure.head(posed)
    centre = figure.camera.project(points.mean(axis=0)[None])[0, :2]
    away = figure.camera.project(points)[:, :2] - centre
    angle = np.arctan2(away[:, 1], away[:, 0]) - posed["headRoll"]
    sector = np.floor(angle / (2 * np.pi) * OUTLINE_POINTS).astype(int) % OUTLINE_POINTS
    reach = np.zeros(OUTLINE_POINTS)
    np.maximum.at(reach, sector, np.hypot(*away.T))
    middle = (np.arange(OUTLINE_POINTS) + 0.5) / OUTLINE_POINTS * 2 * np.pi + posed["headRoll"]
    ray = np.stack([np.cos(middle), np.sin(middle)], axis=1)
    places = [centre + reach[:, None] * ray]
    # Below is the neck, which does not move along.
    above = np.sin(middle - posed["headRoll"]) < OUTLINE_BELOW
    places += [centre + (reach + far)[above, None] * ray[above] for far in OUTSIDE_PX]
    return torch.tensor(np.concatenate(places), dtype=torch.float32)


def _explained(motion: Motion, terms: Tensor, seen: Seen, box: Box) -> Tensor:
    """Displacements of all the points by a motion of a box, [M, N, 2] in pixels."""
    with torch.no_grad():
        each = zip(terms.split(1), seen.moved.split(1), strict=True)
        return torch.cat([_at(motion(own), places, box) for own, places in each])


def _at(field: Tensor, places: Tensor, box: Box) -> Tensor:
    """Displacements of a box at places [B, N, 2] of the picture, in pixels."""
    where = (places - torch.tensor([box.x, box.y])) / torch.tensor([box.width, box.height]) * 2 - 1
    got = functional.grid_sample(field, where[:, :, None], align_corners=False)
    return got[..., 0].transpose(1, 2) * UNIT_PX


def _watch(figure: Figure, count: int, draw: Draw, box: Box = WHOLE) -> Seen:
    chance = np.random.default_rng(5)
    resting = figure.camera.project(figure.points(FaceState.of()))
    shown = _visible(resting)
    low, high = np.array([box.x, box.y]), np.array([box.x + box.width, box.y + box.height])
    faces, moved, came_from = [], [], []
    for index in range(count):
        drawn = draw(index, chance)
        points = figure.camera.project(figure.points(drawn))
        inside = np.all((points[:, :2] > low) & (points[:, :2] < high), axis=1)
        seen = np.flatnonzero(_visible(points) & shown & inside)
        chosen = chance.choice(seen, POINTS_PER_FACE)
        faces.append(drawn.values)
        moved.append(points[chosen, :2])
        came_from.append(resting[chosen, :2])
    return _seen(faces, moved, came_from)


def _seen(*rows: Sequence[NDArray[np.floating]]) -> Seen:
    return Seen(*(torch.tensor(np.array(part, np.float32)) for part in rows))


def _posed(_index: int, chance: np.random.Generator) -> FaceState:
    values = np.zeros(len(PARAMETERS), np.float32)
    columns = [INDEX[name] for name in POSE_AXES]
    values[columns] = chance.uniform(-1.0, 1.0, len(POSE_AXES)) * POSE_LIMITS
    return FaceState(values)


def _moved(index: int, chance: np.random.Generator) -> FaceState:
    """A face to learn from, or one axis by itself."""
    if index % 2:
        return face("train", "mouth" if index % 4 == 1 else "eyes", index)
    axis = SKIN_AXES[index // 2 % len(SKIN_AXES)]
    return FaceState.of(**{axis: float(chance.uniform(0.2, 1.0))})


def _looking(index: int, chance: np.random.Generator) -> FaceState:
    return face("train", "eyes", index) if index % 3 else _moved(2 * index // 3 * 2, chance)


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
