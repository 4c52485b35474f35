"""A turned head: light stands still, hair lies on the skull, and shoulders stay."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pytest

from livekit_plugins_avatar.tools.i420 import LUMA_OF_RGB

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
fitting, heads, lights, marks, motions, rigs, rasters, slits, sampling = (
    import_module(f"livekit_plugins_avatar.tools.portrait.{name}")
    for name in (
        "fit", "head", "light", "landmarks", "motion", "rig", "raster", "slits", "sampling"
    )
)  # fmt: skip

EIGHT = np.radians(8) / heads.LIMITS[0]


class Parts(NamedTuple):
    rig: Any
    face: Any
    fit: Any
    motion: Any


@pytest.fixture(scope="module")
def parts(man: np.ndarray) -> Parts:
    face, rig = marks.landmarks(man, marks.faces(man)[0]), rigs.load()
    fit = fitting.fit(rig, face, man.shape[1::-1])
    found = slits.slits_of(face, man.astype(float) @ LUMA_OF_RGB)
    return Parts(rig, face, fit, motions.motion_of(rig, fit, face, found))


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_face_that_turns_towards_the_light_gets_brighter(parts: Parts, side: float) -> None:
    """Skin that is lit from one side only is brighter where it turns there, and darker if it turns
    away."""
    motion = parts.motion
    normals = rasters.normals(parts.fit.rest, parts.rig.triangles)
    luma = np.full((motions.NODES, motions.NODES), 120.0)
    luma[motion.raster.seen] = 120 + 80 * side * motion.raster(normals)[:, 0]
    picture = np.repeat(sampling.resized(luma, 512, 512)[..., None], 3, axis=2)
    gains = lights.shade_of(picture, parts.rig, parts.fit, motion, parts.face)
    yaw, pitch = (gains[..., len(motion.names) + axis] for axis in (0, 1))
    x, y = motions.in_nodes(parts.face.points[4, :2]).astype(int)
    around = np.s_[
        y - motion.top - 4 : y - motion.top - 1, x - motion.left - 1 : x - motion.left + 2
    ]
    assert 0.05 < side * yaw[around].mean() < 0.3
    assert np.abs(pitch[around]).mean() < 0.03


def test_hair_turns_less_than_the_face_and_shoulders_stay(man: np.ndarray, parts: Parts) -> None:
    """By 8 degrees the outline of the hair goes less than half as far as the forehead, for it lies
    about where the head turns, and what is below the neck does not move."""
    matte = marks.matte(man)
    head = heads.head_of(man.astype(float), parts.fit, parts.face, parts.motion, matte)
    pose = np.array([EIGHT, 0, 0, 0, 0, 0])
    moved = np.linalg.norm(head.terms @ heads.powers(pose), axis=-1)
    points = parts.face.points[:, :2]
    row, column = (int(points[10, axis] / heads.CELL_PX) for axis in (1, 0))
    crown = int(np.flatnonzero(matte[:, 256] > 0.5)[0])
    over = int((crown + points[10, 1]) / 2)
    side = int(np.flatnonzero(matte[over] > 0.5)[0] / heads.CELL_PX)
    assert moved[over // heads.CELL_PX, side] < 0.5 * moved[row, column]
    height = points[marks.CHIN, 1] - points[marks.BETWEEN_EYES, 1]
    below = int((points[marks.CHIN, 1] + 0.85 * height) / heads.CELL_PX)
    assert below < heads.CELLS
    assert moved[below:].max() < 0.02 * moved[row, column]


def test_a_throat_is_wrung_and_a_collar_stays(man: np.ndarray, parts: Parts) -> None:
    """By 8 degrees of yaw the throat just below the chin goes less than a third as far as the chin,
    and the cloth beside it not at all."""
    matte = marks.matte(man)
    head = heads.head_of(man.astype(float), parts.fit, parts.face, parts.motion, matte)
    chin = parts.face.points[marks.CHIN, :2]
    row, column = (int(chin[axis] / heads.CELL_PX) for axis in (1, 0))
    below = row + 2
    person = np.flatnonzero(sampling.resized(matte, heads.CELLS, heads.CELLS)[below] > 0.5)
    pose = np.array([EIGHT, 0, 0, 0, 0, 0])
    moved = np.linalg.norm(head.terms @ heads.powers(pose), axis=-1)
    assert moved[below].max() < moved[row - 1, column] / 3
    assert moved[below, person[[0, -1]]].max() < 0.05 * moved[row - 1, column]
