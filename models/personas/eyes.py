"""Eyeballs, corneas and the wet line of the lid.

Takes a socket (centre and radius) and the angles of an eye; gives meshes that turn with it.
The iris lies a little behind the surface of the ball, under a cornea of its own, so that it shows
depth when the eye turns. At angle 0 both eyes look exactly into the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy import BaseMesh, Indices, Points
from .expression import Eye

IRIS_SHARE = 0.435
"""Radius of the iris as a share of the ball's: 6 mm of 12, and the body's balls are large."""

PUPIL_SHARE = 0.165
"""Radius of the pupil in the light of a room."""

CORNEA_HEIGHT_SHARE = 0.085
"""How far the cornea rises above the ball."""

FILM_RADIUS = 1.004
"""Of the film over the white of the eye."""

CORNEA_SPREAD = 1.2
"""Where the cornea has sunk back into the ball, as a share of the iris's angle."""

LOWER_SHARE = 0.07
"""How far the ball is sunk, in radii: the lids then frame the iris instead of hooding it."""

SPOKES = 48


@dataclass(frozen=True, slots=True)
class Socket:
    """Where an eye sits.

    Args:
        centre: float64 [3], dm.
        radius: Of the eyeball, dm.
        aim: float64 [2], yaw and pitch in radians that look into the camera.
    """

    centre: Points
    radius: float
    aim: Points

    @classmethod
    def of(cls, mesh: BaseMesh, vertices: Points, side: str, camera: Points) -> Socket:
        """The socket of a side, looking at a camera position (float64 [3])."""
        ball = vertices[mesh.groups[f"helper-{side[0].lower()}-eye"]]
        low, high = ball.min(axis=0), ball.max(axis=0)
        radius = float((high - low)[:2].mean() / 2)
        centre = (low + high) / 2
        # The helper is a ball with the cornea's bump in front: measure depth from its back.
        centre[2] = low[2] + radius
        centre[1] -= LOWER_SHARE * radius
        to_camera = camera - centre
        aim = np.array(
            [
                np.arctan2(to_camera[0], to_camera[2]),
                np.arctan2(to_camera[1], np.hypot(to_camera[0], to_camera[2])),
            ]
        )
        return cls(centre, radius, aim)

    def rotation(self, eye: Eye) -> Points:
        """Rotation of the eyeball from looking along z, float64 [3, 3]."""
        yaw, pitch = self.aim[0] + eye.yaw_rad, self.aim[1] + eye.pitch_rad
        cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
        turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        lift = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
        return np.asarray(turn @ lift)

    def place(self, ball: Points, eye: Eye) -> Points:
        """A mesh made for radius 1 around the origin, in its socket and turned."""
        return np.asarray(self.centre + self.radius * (ball @ self.rotation(eye).T))


def eyeball() -> tuple[Points, Indices]:
    """Vertices (radius 1, looking along z) and faces of the white with iris and pupil."""
    rim = np.arcsin(IRIS_SHARE)
    depth = np.cos(rim)
    disc = [(share * PUPIL_SHARE, depth - 0.085) for share in (0.02, 0.35, 0.75, 1.0)]
    for share in np.linspace(0.1, 1.0, 10):
        radius = PUPIL_SHARE + (IRIS_SHARE - PUPIL_SHARE) * share
        disc.append((radius, depth - 0.078 + 0.074 * share**1.7))
    ball = [(np.sin(angle), np.cos(angle)) for angle in np.linspace(rim * 1.03, 2.8, 28)]
    return _revolved(np.array(disc + ball))


def cornea() -> tuple[Points, Indices]:
    """Vertices and faces of the clear front, a film over the whole visible ball."""
    angles = np.concatenate([np.linspace(0.004, 0.55, 18), np.linspace(0.58, 1.7, 16)])
    radius = cornea_radius(angles)
    return _revolved(np.stack([radius * np.sin(angles), radius * np.cos(angles)], axis=1))


def cornea_radius(angle: Points) -> Points:
    """How far the film is from the middle of a ball of radius 1, by angle from the axis."""
    return FILM_RADIUS + cornea_height(angle)


def cornea_height(angle: Points) -> Points:
    """Height of the cornea above a ball of radius 1, by angle from the axis in radians."""
    spread = np.arcsin(IRIS_SHARE) * CORNEA_SPREAD
    return np.asarray(
        CORNEA_HEIGHT_SHARE * 0.5 * (1 + np.cos(np.pi * np.minimum(angle / spread, 1)))
    )


def _revolved(profile: Points) -> tuple[Points, Indices]:
    turn = 2 * np.pi * np.arange(SPOKES) / SPOKES
    radius, height = profile[:, 0, None], profile[:, 1, None]
    vertices = np.stack(
        [
            radius * np.cos(turn),
            radius * np.sin(turn),
            np.broadcast_to(height, (len(profile), SPOKES)),
        ],
        axis=2,
    ).reshape(-1, 3)
    ring, spoke = np.meshgrid(np.arange(len(profile) - 1), np.arange(SPOKES), indexing="ij")
    here, beside = ring * SPOKES + spoke, ring * SPOKES + (spoke + 1) % SPOKES
    # Rings run from the front backwards: this order turns the faces outwards.
    faces = np.stack([here, here + SPOKES, beside + SPOKES, beside], axis=2).reshape(-1, 4)
    return vertices, faces
