"""The data files that people are made of, with their hashes.

Takes the installed data and the table of people; gives a list that anyone can compare with
`ORIGIN.md`.

    python -m models.personas.origin
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES

from .anatomy import MASKS, data_folder
from .person import PEOPLE, Person


def files(person: Person) -> list[Path]:
    """Every data file that a person is made of, relative to the data folder, in order."""
    targets = []
    for name in person.targets:
        pair = [name.replace("/lr-", f"/{side}-") for side in "lr"] if "/lr-" in name else [name]
        targets += [Path("mpfb2/targets") / f"{single}.target.gz" for single in pair]
    units = Path("faceunits01/targets/faceunits")
    return sorted(
        [
            Path("mpfb2/3dobjs/base.obj"),
            Path("mpfb2/mesh_metadata/basemesh_vertex_groups.json"),
            Path("mpfb2/rigs/standard/weights.default.json"),
            *(Path("mpfb2/textures") / f"mpfb_{texture}.jpg" for texture in MASKS.values()),
            *(units / f"{name}.target" for name in ARKIT_BLENDSHAPES),
            *targets,
        ]
    )


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fingerprint(person: Person) -> str:
    """SHA-256 over the names and hashes of all files of a person."""
    whole = hashlib.sha256()
    for path in files(person):
        whole.update(f"{digest(data_folder() / path)}  {path.as_posix()}\n".encode())
    return whole.hexdigest()


def main() -> None:
    """Print the hashes."""
    everything = sorted({path for person in PEOPLE.values() for path in files(person)})
    for path in everything:
        print(f"{digest(data_folder() / path)}  {path.as_posix()}")
    for person in PEOPLE.values():
        print(f"| {person.name} | {len(files(person))} | `{fingerprint(person)}` |")


if __name__ == "__main__":
    main()
