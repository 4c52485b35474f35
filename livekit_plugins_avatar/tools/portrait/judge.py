"""Judges what a drawn face does, by the landmark nets: openings, gaze, pose, and who it is.

The nets see less than a person and are wrong in their own ways: a figure is to be compared with the
same figure of another picture, or of a rendered face whose truth is known. They also favour a side:
gaze of 20 degrees of three rendered people reads as 13 to 21 degrees, turns of 8 as 7.4 to 8.7, and
in the mirror other sides are favoured. So every figure is the mean of what is seen of a picture and
of its mirror image: of the same people 15.7 to 19.3 and 7.6 to 8.4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
thirds of a nod. Rendered heads turned by 6 degrees up and down are read as 4.4 to 6.2."""

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
        mirrored: Those of the picture's mirror image, in that image.
    """

    face: Landmarks
    mirrored: Landmarks

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
        return np.asarray((_irises(self.face) + _irises(self.mirrored) * [-1, 1]) / 2)

    def _apart(self, first: int, second: int) -> float:
        return (_apart(self.face, first, second) + _apart(self.mirrored, first, second)) / 2


def _apart(face: Landmarks, first: int, second: int) -> float:
    points = face.points[:, :2]
    return float(np.linalg.norm(points[first] - points[second]) / face.eyes_px)


def _irises(face: Landmarks) -> Floats:
    points = face.points[:, :2]
    off = [points[iris] - points[[upper[0], upper[-1]]].mean(0) for upper, _, iris in EYES.values()]
    return np.asarray(np.mean(off, axis=0) / face.eyes_px)


def look(picture: NDArray[np.uint8]) -> Seen | None:
    """What is seen in a picture, uint8 [H, W, 3]; None where no face is found."""
    found = faces(picture)
    if not found:
        return None
    mirror = np.ascontiguousarray(picture[:, ::-1])
    across, down = found[0].centre
    centre = np.array([picture.shape[1] - 1 - across, down])
    other = replace(found[0], centre=centre, angle_rad=-found[0].angle_rad)
    return Seen(landmarks(picture, found[0]), landmarks(mirror, other))


class Judge:
    """Compares faces with the same face at rest.

    Args:
        rest: The face at rest.
        size: Width and height of all pictures.
    """

    def __init__(self, rest: Seen, size: tuple[int, int]) -> None:
        self._rest = rest
        self._sides = _Side(rest.face, size), _Side(rest.mirrored, size)

    def gaze_deg(self, seen: Seen) -> Floats:
        """How far the gaze went, to the picture's right and up, [2]."""
        moved = (seen.irises - self._rest.irises) / GAZE_20_SHARE * np.sin(np.radians(20))
        return np.asarray(np.degrees(np.arcsin(np.clip(moved * [1, -1], -1, 1))))

    def turn_deg(self, seen: Seen) -> Floats:
        """How far the head turned: pitch up, yaw to the picture's right, roll clockwise, [3]."""
        first, second = self._sides
        mirrored = second.turn_deg(seen.mirrored) * [1, -1, -1]
        return np.asarray((first.turn_deg(seen.face) + mirrored) / 2)

    def identity_moved(self, seen: Seen) -> float:
        """How far nose and corners of the eyes went from where they belong to each other.

        Returns:
            Root mean square as a share of the eyes' distance, after the best shift, turn in the
            picture plane and scale: 0 for the same face.
        """
        first, second = self._sides
        return (first.identity_moved(seen.face) + second.identity_moved(seen.mirrored)) / 2


class _Side:
    """A picture, or its mirror image, against the same one at rest; as `Judge` says.

    Args:
        rest: The face at rest.
        size: Width and height.
    """

    def __init__(self, rest: Landmarks, size: tuple[int, int]) -> None:
        self._rest = rest
        self._fit = fit(rigs.load(), rest, size)
        # The points lie where the picture has them, at the depth that the rig gives them.
        depth = rigs.load().at_landmarks(self._fit.rest)[:, 2:]
        flat = (rest.points[:MESH, :2] - self._fit.middle) / self._fit.focal_px
        self._points = np.concatenate([flat * depth, depth], axis=1)

    def turn_deg(self, seen: Landmarks) -> Floats:
        pivot = self._points.mean(axis=0)
        target = seen.points[FEATURES, :2]

        def off(pose: Floats) -> Floats:
            turn = Rotation.from_rotvec(pose[:3]).as_matrix()
            there = (self._points[FEATURES] - pivot) @ turn.T + pivot + pose[3:]
            flat = there[:, :2] / there[:, 2:] * self._fit.focal_px + self._fit.middle
            return np.asarray((flat - target).ravel())

        solved = least_squares(off, np.zeros(6), loss="soft_l1", f_scale=OUTLIER_PX).x
        yaw, pitch, roll = Rotation.from_rotvec(solved[:3]).as_euler("yxz", degrees=True)
        # The camera's axes: x right, y down, z away.
        return np.array([-pitch, -yaw, roll])

    def identity_moved(self, seen: Landmarks) -> float:
        before = self._rest.points[list(NOSE_AND_CORNERS), :2]
        after = seen.points[list(NOSE_AND_CORNERS), :2]
        a = (before - before.mean(axis=0)) @ [1, 1j]
        b = (after - after.mean(axis=0)) @ [1, 1j]
        left = b - a * (np.vdot(a, b) / np.vdot(a, a))
        return float(np.sqrt(np.mean(np.abs(left) ** 2)) / self._rest.eyes_px)
