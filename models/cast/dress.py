"""Simulates the garment of each of the cast, which is then kept.

`python -m models.cast.dress FOLDER [NAME ...]`: FOLDER/NAME.npz, about a minute each.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import numpy as np

from models.people.head import Head
from models.personas.anatomy import Indices, Points

from . import body, garment
from .cast import CAST, Member, chosen

EYES_BACK = np.array([0.0, 0.02, 0.10])
"""MakeHuman's eyes against ICT's, when the necks lie on each other."""


def dress(member: Member, folder: Path) -> None:
    """Simulate one garment into `folder`/NAME.npz."""
    head = Head(member.seed, 1)
    skin = head.skin(head.expressed({}))
    eyes = np.mean([centre for centre, _ in head.sockets.values()], axis=0)
    shape = body.FEMALE if member.female else body.MALE
    points, quads, joint = body.body(shape, eyes + EYES_BACK)
    points = body.fitted(points, quads, skin)
    neck = _neck(skin, head.faces, joint, member)
    cloth, faces = garment.drape(points, quads, joint, member.tailoring, [(points, quads), neck])
    np.savez(
        folder / f"{member.name}.npz", cloth=cloth.astype(np.float32),
        faces=faces.astype(np.int32), joint=joint,
    )  # fmt: skip


def _neck(skin: Points, faces: Indices, joint: Points, member: Member) -> tuple[Points, Indices]:
    corners = skin[faces]
    above = member.tailoring.above(corners.reshape(-1, 3), joint).reshape(len(faces), 4)
    kept = np.all((corners[..., 1] < -0.75) & (above > -0.25), axis=1)
    used, packed = np.unique(faces[kept], return_inverse=True)
    return skin[used], packed.reshape(-1, 4)


def main() -> None:
    """Simulate those that are named, or all."""
    parser = ArgumentParser(prog="python -m models.cast.dress", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help=", ".join(member.name for member in CAST))
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for member in chosen(args.names):
        dress(member, args.folder)
        print(member.name, flush=True)


if __name__ == "__main__":
    main()
