"""Makes a built-in persona of one of the cast, with `livekit_plugins_avatar.tools.portrait`.

`python -m models.cast.persona OUT NAME -o resources/man.onnx`: OUT is the folder that
`models.cast.render` wrote. Needs the extra `portrait`, and neither Blender nor what NAME was
rendered from.
"""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import onnx
from PIL import Image

from livekit_plugins_avatar.tools import portrait

RIGHT = "A rendered person who does not exist: see models/cast of the project."
LICENCE = "Apache-2.0 AND MIT"
"""MIT for the shape of the head, which is ICT-FaceKit's."""


def persona(folder: Path, name: str, called: str) -> bytes:
    """The file of a persona; the same pictures give the same bytes.

    Args:
        folder: With its pictures.
        name: Of these: one of the cast.
        called: What the persona calls itself.
    """
    files = {end: folder / f"{name}-persona{end}.png" for end in ("", "-wall", "-cover")}
    wall = np.asarray(Image.open(files["-wall"]).convert("RGB"))
    cover = np.asarray(Image.open(files["-cover"]).convert("L"))
    behind = portrait.Behind(wall, cover)
    made = portrait.make(files[""], right=RIGHT, name=called, behind=behind, wide=True)
    for warning in made.warnings:
        print(f"warning: {warning}")
    model = onnx.load_from_string(made.content)
    said = {each.key: each.value for each in model.metadata_props}
    # The day is in the history of the repository.
    del said["made_at"]
    onnx.helper.set_model_props(model, said | {"licence": LICENCE})
    return bytes(model.SerializeToString(deterministic=True))


def main() -> None:
    """Write the file, and say what its card has to say of it."""
    parser = ArgumentParser(prog="python -m models.cast.persona", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("name")
    parser.add_argument("-o", "--output", type=Path, required=True, help="FILE.onnx")
    args = parser.parse_args()
    content = persona(args.out, args.name, args.output.stem)
    args.output.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    print(f"{args.output.name}: {len(content)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
