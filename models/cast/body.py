"""The body under the clothes: MakeHuman's, its arms hanging and its shoulders let down.

Lengths are decimetres: x to the picture's right, y up, z to the camera.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

import numpy as np
from scipy.spatial import cKDTree

from models.people.head import Numbers
from models.personas import anatomy
from models.personas.anatomy import Indices, Points
from models.personas.subdivision import neighbours
from models.personas.surface import normals, smoothstep

MALE: Mapping[str, float] = {
    "macrodetails/caucasian-male-young": 0.7,
    "macrodetails/asian-male-young": 0.3,
    "macrodetails/universal-male-young-averagemuscle-averageweight": 0.6,
    "macrodetails/universal-male-young-minmuscle-averageweight": 0.4,
    "torso/measure-shoulder-dist-decr": 0.3,
}
FEMALE: Mapping[str, float] = {
    "macrodetails/caucasian-female-young": 0.6,
    "macrodetails/asian-female-young": 0.4,
    "macrodetails/universal-female-young-averagemuscle-averageweight": 0.6,
    "macrodetails/universal-female-young-minmuscle-averageweight": 0.4,
    "torso/measure-shoulder-dist-decr": 0.2,
}

ARM_RAD, SHOULDER_RAD = 0.80, 0.10
"""How far the arms are let down from where they are modelled, and the shoulders with them."""

BELOW_EYES_DM = 4.6
"""How much of the body is kept."""


@cache
def _weight(bones: tuple[str, ...], side: str) -> Numbers:
    path = anatomy.data_folder() / "mpfb2" / "rigs" / "standard" / "weights.default.json"
    weight = np.zeros(len(anatomy.base_mesh().vertices))
    for bone, rows in json.loads(path.read_text())["weights"].items():
        if bone.endswith(f".{side}") and bone.startswith(bones):
            for vertex, share in rows:
                weight[vertex] += share
    return np.asarray(np.minimum(weight, 1.0))


def _turned(points: Points, pivot: Points, angle: Numbers) -> Points:
    away, out = points - pivot, points.copy()
    out[:, 0] = pivot[0] + away[:, 0] * np.cos(angle) - away[:, 1] * np.sin(angle)
    out[:, 1] = pivot[1] + away[:, 0] * np.sin(angle) + away[:, 1] * np.cos(angle)
    return np.asarray(out)


def body(targets: Mapping[str, float], eyes: Points) -> tuple[Points, Indices, Points]:
    """The upper body whose eyes are at a place: vertices (dm), quads and the joint of the neck.

    Args:
        targets: Weights of MakeHuman's targets by name.
        eyes: Middle of the eyes, dm, float64 [3].
    """
    mesh = anatomy.base_mesh()
    points: Points = mesh.vertices.copy()
    for name, weight in targets.items():
        points += weight * anatomy.target(name)
    arm = ("upperarm", "lowerarm", "wrist", "metacarpal", "finger")
    for side, sign in (("L", 1.0), ("R", -1.0)):
        shoulder = mesh.centre(f"joint-{side.lower()}-shoulder", points)
        arms = smoothstep(0.0, 1.0, _weight(arm, side))
        points = _turned(points, shoulder, -sign * ARM_RAD * arms)
        inner = mesh.centre(f"joint-{side.lower()}-clavicle", points)
        whole = np.minimum(_weight((*arm, "shoulder", "clavicle"), side), 1.0)
        points = _turned(points, inner, -sign * SHOULDER_RAD * whole)
    eye = np.mean([points[mesh.groups[f"helper-{s}-eye"]].mean(axis=0) for s in "lr"], axis=0)
    shift = eyes - eye
    quads = mesh.faces[mesh.body]
    seen = np.all(points[quads][:, :, 1] > eye[1] - BELOW_EYES_DM, axis=1)
    used, packed = np.unique(quads[seen], return_inverse=True)
    joint = mesh.centre("joint-neck", points) + shift
    return points[used] + shift, packed.reshape(-1, 4), joint


REACH_DM, SPREAD = 0.5, 14
"""How far from the head's own bust the body follows it, and over how many neighbours this fades."""


def fitted(points: Points, quads: Indices, skin: Points) -> Points:
    """A body whose neck and shoulders lie on the bust that a head has of its own.

    Args:
        points, quads: The body, dm, float64 [N, 3], int64 [Q, 4].
        skin: Vertices of the head's skin with its bust, alike.

    Returns:
        The body's vertices, moved along their normals, float64 [N, 3].
    """
    bust = np.flatnonzero(skin[:, 1] < BUST_BELOW_DM)
    mean = neighbours(quads, len(points))
    moved = points.copy()
    for _ in range(3):
        out = normals(moved, quads)
        distance, nearest = cKDTree(skin[bust]).query(moved)
        away = skin[bust][nearest] - moved
        share = np.exp(-((distance / REACH_DM) ** 2)) * (moved[:, 1] < BUST_BELOW_DM)
        step = share * np.sum(away * out, axis=1)
        for _ in range(SPREAD):
            step = 0.5 * step + 0.5 * np.asarray(mean @ step)
        moved = moved + step[:, None] * out
    return np.asarray(moved)


BUST_BELOW_DM = -0.80
"""Height below which an ICT head is neck and bust."""
