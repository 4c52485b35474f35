"""Judges what a drawn face does, by the landmark nets: openings, gaze, pose, and who it is.

The nets see less than a person and are wrong in their own ways: a figure is to be compared with the
same figure of another picture, or of a rendered face whose truth is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from . import rig as rigs
from .fit import fit
from .landmarks import EYES, LIPS, MESH, Landmarks, faces, landmarks
from .sampling import Floats

UPPER_LIP, LOWER_LIP = 13, 14
MOUTH_CORNERS = (78, 308)
LIDS = ((159, 145), (386, 374))
NOSE = (
    1, 2, 4, 5, 6, 19, 45, 48, 64, 94, 97, 98, 168, 195, 197, 220, 275, 278, 294, 326, 327, 440,
)  # fmt: skip
BROWS = (8, 9, 55, 63, 66, 70, 105, 107, 151, 285, 293, 296, 300, 334, 336)
OUTER_LIPS = (0, 17, 37, 61, 84, 267, 291, 314)
CHIN = (18, 148, 152, 175, 199, 200, 377)

NOSE_AND_CORNERS = (1, 4, 5, 6, 168, 195, 197, 33, 133, 362, 263, 48, 278)
"""Points that no expression moves much: the nose and the corners of the eyes."""

FEATURES = sorted(
    {*NOSE, *BROWS, *OUTER_LIPS, *CHIN, *LIPS[0], *LIPS[1]}.union(
        *(upper + lower for upper, lower, _ in EYES.values())
    )
)
"""Points that lie on something to be seen, for the pose. Elsewhere the nets guess, and see two
thirds of a nod. Rendered heads turned by 8 and 6 degrees are read as 6.7 to 10 and 4.6 to 7."""

GAZE_20_SHARE = 0.057
"""How far the nets see an iris go at 20 degrees, as a share of the eyes' distance: 0.050 on a
rendered person with eyes of real size, where 0.065 is true, and 0.065 on the built-in man and
woman, whose eyeballs are larger."""

OUTLIER_PX = 1.5
"""Of 512: points further off than this count less for the pose."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the nets see of one face. Lengths are shares of the eyes' distance.

    Args:
        face: The landmarks.
    """

    face: Landmarks

    @property
    def lips(self) -> float:
        """How far the lips are apart."""
        return self._apart(UPPER_LIP, LOWER_LIP)

    @property
    def lids(self) -> float:
        """How far the lids are apart, the mean of both eyes."""
        return float(np.mean([self._apart(upper, lower) for upper, lower in LIDS]))

    @property
    def width(self) -> float:
        """How far the corners of the mouth are apart."""
        return self._apart(*MOUTH_CORNERS)

    @property
    def irises(self) -> Floats:
        """Where the irises are between the corners of their eyes, to the right and down, [2]."""
        points = self.face.points[:, :2]
        off = [points[iris] - points[[upper[0], upper[-1]]].mean(0) for upper, _, iris in _EYES]
        return np.asarray(np.mean(off, axis=0) / self.face.eyes_px)

    def _apart(self, first: int, second: int) -> float:
        points = self.face.points[:, :2]
        return float(np.linalg.norm(points[first] - points[second]) / self.face.eyes_px)


_EYES = tuple(EYES.values())


def look(picture: NDArray[np.uint8]) -> Seen | None:
    """What is seen in a picture, uint8 [H, W, 3]; None where no face is found."""
    found = faces(picture)
    return Seen(landmarks(picture, found[0])) if found else None


class Judge:
    """Compares faces with the same face at rest.

    Args:
        rest: The face at rest.
        size: Width and height of all pictures.
    """

    def __init__(self, rest: Seen, size: tuple[int, int]) -> None:
        self._rest = rest
        self._fit = fit(rigs.load(), rest.face, size)
        # The points lie where the picture has them, at the depth that the rig gives them.
        depth = rigs.load().at_landmarks(self._fit.rest)[:, 2:]
        flat = (rest.face.points[:MESH, :2] - self._fit.middle) / self._fit.focal_px
        self._points = np.concatenate([flat * depth, depth], axis=1)

    def gaze_deg(self, seen: Seen) -> Floats:
        """How far the gaze went, to the picture's right and up, [2]."""
        moved = (seen.irises - self._rest.irises) / GAZE_20_SHARE * np.sin(np.radians(20))
        return np.asarray(np.degrees(np.arcsin(np.clip(moved * [1, -1], -1, 1))))

    def turn_deg(self, seen: Seen) -> Floats:
        """How far the head turned: pitch up, yaw to the picture's right, roll clockwise, [3]."""
        pivot = self._points.mean(axis=0)
        target = seen.face.points[FEATURES, :2]

        def off(pose: Floats) -> Floats:
            turn = Rotation.from_rotvec(pose[:3]).as_matrix()
            there = (self._points[FEATURES] - pivot) @ turn.T + pivot + pose[3:]
            flat = there[:, :2] / there[:, 2:] * self._fit.focal_px + self._fit.middle
            return np.asarray((flat - target).ravel())

        solved = least_squares(off, np.zeros(6), loss="soft_l1", f_scale=OUTLIER_PX).x
        yaw, pitch, roll = Rotation.from_rotvec(solved[:3]).as_euler("yxz", degrees=True)
        # The camera's axes: x right, y down, z away.
        return np.array([-pitch, -yaw, roll])

    def identity_moved(self, seen: Seen) -> float:
        """How far nose and corners of the eyes went from where they belong to each other.

        Returns:
            Root mean square as a share of the eyes' distance, after the best shift, turn in the
            picture plane and scale: 0 for the same face.
        """
        before = self._rest.face.points[list(NOSE_AND_CORNERS), :2]
        after = seen.face.points[list(NOSE_AND_CORNERS), :2]
        a = (before - before.mean(axis=0)) @ [1, 1j]
        b = (after - after.mean(axis=0)) @ [1, 1j]
        left = b - a * (np.vdot(a, b) / np.vdot(a, a))
        return float(np.sqrt(np.mean(np.abs(left) ** 2)) / self._rest.face.eyes_px)
