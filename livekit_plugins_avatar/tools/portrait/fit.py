"""Fits the rig to a face's landmarks: who it is, how it is turned, and where the camera stands.

The camera is a pinhole 80 cm away. Camera coordinates are centimetres: x to the picture's right, y
down, z away from the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial.transform import Rotation

from .landmarks import IRISES, MESH, OUTER_CORNERS, OVAL, Landmarks
from .rig import Rig
from .sampling import Floats

DISTANCE_CM = 80.0
"""Portraits are taken from about here; a face's depth cannot say more without knowing its owner."""

PRIOR = 5.0
"""Pixels, of a face whose eyes are 100 px apart, that one standard deviation of a mode weighs."""

OVAL_WEIGHT, DEPTH_WEIGHT = 0.3, 0.1
"""The outline's landmarks slide with the view, and depth is the net's guess."""

SCORE_MIN = 0.1
"""Scores below are noise."""

POSE_STEPS, STEPS = 3, 12
RING, RING_SIZE = 40, 0.95
FLIP = np.array([1.0, -1.0, -1.0])
"""From the rig's axes to the camera's."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A face as the rig has it.

    Args:
        rest: The skin in the picture's face, camera coordinates, [N, 3].
        deltas: Displacements at weight 1 of each of the rig's units, [52, N, 3].
        rotation: From the rig's axes to the picture's upright ones, [3, 3].
        offset: Of the rig's origin, camera coordinates, [3].
        teeth_offsets: How far identity moves upper and lower teeth, [2, 3], in the rig's axes.
        expression: Weight per unit that the picture already shows, [52].
        focal_px: Focal length.
        middle: Where the camera looks, [2].
        error_px: Root mean square within the outline, before the rest is taken up.
    """

    rest: Floats
    deltas: Floats
    rotation: Floats
    offset: Floats
    teeth_offsets: Floats
    expression: Floats
    focal_px: float
    middle: Floats
    error_px: float
    _nudge: RBFInterpolator

    @property
    def angles_rad(self) -> Floats:
        """Pitch, yaw and roll of the head: up, to the picture's right, clockwise."""
        pitch, yaw, roll = Rotation.from_matrix(self.rotation).as_euler("xyz")
        return np.array([-pitch, yaw, -roll])

    @property
    def px_per_cm(self) -> float:
        """At the distance of the eyes."""
        return float(self.focal_px / self.offset[2])

    def placed(self, points: Floats) -> Floats:
        """Points of the rig, [..., 3], in camera coordinates."""
        return np.asarray((points @ self.rotation.T) * FLIP + self.offset)

    def project(self, points: Floats) -> Floats:
        """Camera coordinates [..., 3] to pixels [..., 2]."""
        return np.asarray(points[..., :2] / points[..., 2:] * self.focal_px + self.middle)

    def exact(self, points: Floats) -> Floats:
        """As `project`, and what the rig cannot say is taken up by a smooth warp of the picture."""
        flat = self.project(points)
        return np.asarray(flat + self._nudge(flat.reshape(-1, 2)).reshape(flat.shape))


class _Problem:
    """Residuals of the landmarks; parameters are a rotation vector, an offset in x and y, a factor
    of the focal length, and the weights of the modes."""

    def __init__(self, rig: Rig, face: Landmarks, size: tuple[int, int]) -> None:
        self.expression = np.array([face.scores.get(name, 0.0) for name in rig.unit_names])
        self.expression[self.expression < SCORE_MIN] = 0.0
        self.expression[[n.startswith("eyeLook") for n in rig.unit_names]] = 0.0
        skin = rig.skin + np.tensordot(self.expression, rig.units, 1)
        self.base, self.modes = rig.at_landmarks(skin), rig.at_landmarks(rig.modes)
        self.target = face.points[:MESH, :2]
        self.depth = face.points[:MESH, 2] - face.points[:MESH, 2].mean()
        self.middle = np.array(size) / 2 - 0.5
        self.unit = 100 / face.eyes_px
        self.weight = np.ones(MESH)
        self.weight[list(OVAL)] = OVAL_WEIGHT
        first, second = self.base[list(OUTER_CORNERS)]
        corners = self.target[list(OUTER_CORNERS)]
        self.scale = np.linalg.norm(corners[1] - corners[0]) / np.linalg.norm(second - first)

    def focal(self, p: Floats) -> float:
        return float(p[5] * self.scale * DISTANCE_CM)

    def camera(self, p: Floats, points: Floats) -> Floats:
        rotation = Rotation.from_rotvec(p[:3]).as_matrix()
        return np.asarray((points @ rotation.T) * FLIP + [p[3], p[4], DISTANCE_CM])

    def residual(self, p: Floats, points: Floats) -> Floats:
        seen = self.camera(p, points)
        flat = seen[:, :2] / seen[:, 2:] * self.focal(p) + self.middle - self.target
        deep = (seen[:, 2] - seen[:, 2].mean()) * p[5] * self.scale - self.depth
        return np.concatenate(
            [
                (flat * self.weight[:, None]).ravel() * self.unit,
                deep * self.weight * (self.unit * DEPTH_WEIGHT),
            ]
        )

    def start(self) -> Floats:
        p = np.zeros(6 + len(self.modes))
        p[3:5] = (self.target.mean(0) - self.middle) / self.scale
        p[4] += self.base[:, 1].mean()
        p[5] = 1
        return p

    def of_pose(self, p: Floats, points: Floats, residual: Floats) -> Floats:
        columns = []
        for k in range(6):
            moved = p.copy()
            moved[k] += 1e-4
            columns.append((self.residual(moved, points) - residual) / 1e-4)
        return np.stack(columns, axis=1)

    def of_modes(self, p: Floats, points: Floats) -> Floats:
        rotation = Rotation.from_rotvec(p[:3]).as_matrix()
        seen = self.camera(p, points)
        moved = (self.modes @ rotation.T) * FLIP
        flat = (moved[..., :2] - seen[:, :2] / seen[:, 2:] * moved[..., 2:]) / seen[:, 2:]
        flat = flat * self.focal(p) * self.unit * self.weight[:, None]
        deep = (moved[..., 2] - moved[..., 2].mean(1, keepdims=True)) * p[5] * self.scale
        deep = deep * self.weight * (self.unit * DEPTH_WEIGHT)
        return np.asarray(np.concatenate([flat.reshape(len(moved), -1), deep], axis=1).T)

    def solve(self) -> Floats:
        p = self.start()
        prior = np.r_[np.full(6, 1e-3), np.full(len(self.modes), PRIOR)]
        for step in range(STEPS):
            points = self.base + np.tensordot(p[6:], self.modes, 1)
            residual = self.residual(p, points)
            pose = self.of_pose(p, points, residual)
            if step < POSE_STEPS:
                p[:6] -= np.linalg.lstsq(pose, residual, rcond=None)[0]
                continue
            jacobian = np.concatenate([pose, self.of_modes(p, points)], axis=1)
            pull = prior**2 * np.r_[np.zeros(6), p[6:]]
            p -= np.linalg.solve(
                jacobian.T @ jacobian + np.diag(prior**2), jacobian.T @ residual + pull
            )
        return p


def fit(rig: Rig, face: Landmarks, size: tuple[int, int]) -> Fit:
    """Fit the rig to a face.

    Args:
        rig: The rig.
        face: Its landmarks.
        size: Width and height of the picture.
    """
    problem = _Problem(rig, face, size)
    p = problem.solve()
    rotation = Rotation.from_rotvec(p[:3]).as_matrix()
    skin = rig.skin + np.tensordot(p[6:], rig.modes, 1)
    skin += np.tensordot(problem.expression, rig.units, 1)
    rest = problem.camera(p, skin)
    focal = problem.focal(p)
    at = rig.at_landmarks(rest)
    flat = at[:, :2] / at[:, 2:] * focal + problem.middle
    inner = np.setdiff1d(np.arange(MESH), OVAL)
    away = problem.target - flat
    return Fit(
        rest=rest,
        deltas=(rig.units @ rotation.T) * FLIP,
        rotation=rotation,
        offset=np.array([p[3], p[4], DISTANCE_CM]),
        teeth_offsets=np.tensordot(p[6:], rig.teeth_modes, 1),
        expression=problem.expression,
        focal_px=focal,
        middle=problem.middle,
        error_px=float(np.sqrt((away[inner] ** 2).sum(1).mean())),
        _nudge=_nudge(flat, away),
    )


def _nudge(at: Floats, away: Floats) -> RBFInterpolator:
    """A warp that brings points where they belong and dies away outside the face."""
    low, high = at.min(0), at.max(0)
    angle = np.linspace(0, 2 * np.pi, RING, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (high - low) * RING_SIZE
    ring += (low + high) / 2
    return RBFInterpolator(
        np.concatenate([at, ring]),
        np.concatenate([away, 0 * ring]),
        kernel="thin_plate_spline",
        neighbors=60,
        smoothing=0.3,
    )


def eyes_between(face: Landmarks) -> Floats:
    """The middle between the irises, [2]."""
    return np.asarray(face.points[list(IRISES), :2].mean(axis=0))
