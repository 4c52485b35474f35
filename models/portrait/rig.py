"""Reduces the body's data to the rig that a face from a picture is fitted with.

    python -m models.portrait.rig

The rig is a table of numbers, `resources/portrait/rig.npz`: the skin of face, head and neck at
rest, identity modes, the 52 ARKit units, teeth, gums and tongue, and where the landmarks lie on the
skin. Lengths are centimetres; the origin lies between the eyes.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES

from ..personas import anatomy, teeth
from ..personas.anatomy import Indices, Points
from ..personas.subdivision import subdivide
from ..personas.surface import triangles
from . import people
from .correspondence import Correspondence
from .nets import RESOURCES

PEOPLE, MODES, SEED = 300, 60, 1
BELOW_EYES_DM, BEHIND_EYES_DM = 2.2, 1.6
"""What lies lower, or further back, is not in the picture, or is not skin there."""

CM_PER_DM = 10.0
FRONT_DM = -0.9
"""Skin in front of this depth counts fully in modes and alignment."""

TONGUE_LEVELS = 1


class Skin:
    """The part of the body's skin that a portrait shows.

    Args:
        mean: The average body, float64 [N, 3].
    """

    def __init__(self, mean: Points) -> None:
        mesh = anatomy.base_mesh()
        faces = mesh.faces[mesh.body]
        away = mean - eyes_middle(mean)
        inside = anatomy.mask("cavity", 2.0) > 0.5
        shown = (away[:, 1] > -BELOW_EYES_DM) & (away[:, 2] > -BEHIND_EYES_DM)
        kept = np.all(shown[faces], axis=1) & ~np.all(inside[faces], axis=1)
        self.used: Indices = np.unique(faces[kept])
        packed = np.full(len(mean), -1)
        packed[self.used] = np.arange(len(self.used))
        cut = triangles(packed[faces[kept]])
        self.triangles: Indices = cut[
            (cut[:, 0] != cut[:, 1]) & (cut[:, 1] != cut[:, 2]) & (cut[:, 0] != cut[:, 2])
        ]
        self.weight = np.where(away[self.used, 2] > FRONT_DM, 1.0, 0.2)


def eyes_middle(body: Points) -> Points:
    """Between the eyes' centres, float64 [3]."""
    mesh = anatomy.base_mesh()
    return np.asarray(np.mean([mesh.centre(f"helper-{s}-eye", body) for s in "lr"], axis=0))


def normalised(body: Points, skin: Skin, size: float) -> Points:
    """A body with the origin between its eyes and its head of a given size."""
    away = body - eyes_middle(body)
    return np.asarray(away * (size / head_size(away, skin)))


def head_size(away: Points, skin: Skin) -> float:
    """Spread of the skin, in dm."""
    points = away[skin.used]
    middle = np.average(points, axis=0, weights=skin.weight)
    spread = np.average(np.sum((points - middle) ** 2, axis=1), weights=skin.weight)
    return float(np.sqrt(spread))


def identity_modes(
    mean: Points, skin: Skin, size: float
) -> tuple[Points, Points, NDArray[np.float64]]:
    """Principal components of people at random.

    Returns:
        Displacements of the skin at one standard deviation of each, [M, N, 3]; those of the
        middles of upper and lower teeth, [M, 2, 3]; the share of the variance that each has, [M].
    """
    chance = np.random.default_rng(SEED)
    groups = anatomy.base_mesh().groups
    rows, middles = [], []
    for _ in range(PEOPLE):
        moved = normalised(people.at_random(chance), skin, size) - mean
        rows.append(moved[skin.used])
        middles.append([moved[groups[f"helper-{n}-teeth"]].mean(0) for n in ("upper", "lower")])
    weight = np.sqrt(skin.weight)[:, None]
    data = np.stack(rows)
    weighted = (data * weight).reshape(PEOPLE, -1)
    left, values, _ = np.linalg.svd(weighted, full_matrices=False)
    mixing = left[:, :MODES] / np.sqrt(PEOPLE)
    share = values[:MODES] ** 2 / (values**2).sum()
    modes = np.tensordot(mixing.T, data, 1)
    return np.asarray(modes), np.tensordot(mixing.T, np.array(middles), 1), share


def inner_parts(mean: Points) -> dict[str, NDArray[Any]]:
    """Teeth, gums and tongue: vertices and triangles of each."""
    mesh = anatomy.base_mesh()
    table: dict[str, NDArray[Any]] = {}
    for name in ("upper", "lower"):
        arch = teeth.build_arch(mesh, mean, name == "upper")
        for kind, (points, faces) in (("teeth", arch.teeth), ("gum", arch.gum)):
            table[f"{name}_{kind}"] = (points * CM_PER_DM).astype(np.float16)
            table[f"{name}_{kind}_triangles"] = triangles(faces).astype(np.int16)
    used = mesh.groups["helper-tongue"]
    packed = np.full(len(mean), -1)
    packed[used] = np.arange(len(used))
    faces = packed[mesh.faces[np.all(np.isin(mesh.faces, used), axis=1)]]
    fine = subdivide(faces, len(used), TONGUE_LEVELS)
    table["tongue"] = (fine(mean[used]) * CM_PER_DM).astype(np.float16)
    table["tongue_triangles"] = triangles(fine.faces).astype(np.int16)
    table["tongue_out"] = (fine(anatomy.face_unit("tongueOut")[used]) * CM_PER_DM).astype(
        np.float16
    )
    return table


def jaw_motion(mean: Points) -> dict[str, NDArray[Any]]:
    """How the lower jaw turns and shifts at weight 1 of each unit that moves it."""
    lower = anatomy.base_mesh().groups["helper-lower-teeth"]
    names = ("jawOpen", "jawForward", "jawLeft", "jawRight")
    turns, shifts = [], []
    for name in names:
        moved = mean[lower] + anatomy.face_unit(name)[lower]
        turn, shift = teeth.rigid_fit(mean[lower] * CM_PER_DM, moved * CM_PER_DM)
        turns.append(turn)
        shifts.append(shift)
    return {
        "jaw_names": np.array(names),
        "jaw_turn": np.array(turns),
        "jaw_shift": np.array(shifts),
    }


def build() -> dict[str, NDArray[Any]]:
    """The table."""
    average = people.average()
    skin = Skin(average)
    size = head_size(average - eyes_middle(average), skin)
    mean = average - eyes_middle(average)
    modes, teeth_modes, share = identity_modes(mean, skin, size)
    # The data has no unit for lids that follow the eye downwards by themselves.
    units = np.stack([anatomy.face_unit(name)[skin.used] for name in ARKIT_BLENDSHAPES])
    found = Correspondence(mean, skin.used, skin.triangles)
    print(f"{len(skin.used)} points, {MODES} modes hold {share.sum():.3f} of the variance")
    return {
        "skin": (mean[skin.used] * CM_PER_DM).astype(np.float32),
        "triangles": skin.triangles.astype(np.int16),
        "modes": (modes * CM_PER_DM).astype(np.float16),
        "teeth_modes": (teeth_modes * CM_PER_DM).astype(np.float16),
        "units": (units * CM_PER_DM).astype(np.float16),
        "unit_names": np.array(ARKIT_BLENDSHAPES),
        "landmark_corners": found.corners.astype(np.int16),
        "landmark_weights": found.weights.astype(np.float32),
        **inner_parts(mean),
        **jaw_motion(mean),
    }


def main() -> None:
    """Write the table, and print its size and hash."""
    path = RESOURCES / "rig.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, allow_pickle=False, **build())
    content = path.read_bytes()
    print(path.name, len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
