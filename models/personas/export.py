"""Writes what has been learnt as a persona file.

`python -m models.personas.export man --pictures FOLDER`: one ONNX file in the package's resources,
with the square picture and the same in its wide plate. Weights are kept as float16 and become
float32 when the file is opened: half the size, the same speed.
"""

from __future__ import annotations

import hashlib
import io
import json
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from livekit_plugins_avatar.face.state import PARAMETERS

from .camera import SIDE_PX, WIDE_PX
from .folder import Folder, read
from .i420 import Planes, planes
from .net import PersonaNet, Picture
from .train import resting

RESOURCES = Path(__file__).parents[2] / "livekit_plugins_avatar" / "resources"
OPSET = 18
FPS = 30

SMALL = 1024
"""Constants with fewer numbers stay float32: they are where pixels are, not what they look like."""


class File(nn.Module):
    """A persona net with the outputs of a persona file.

    Args:
        net: What has been learnt.
        wide: The planes of the resting figure in its wide surroundings.
    """

    def __init__(self, net: PersonaNet, wide: Planes) -> None:
        super().__init__()
        self.net = net
        luma, chroma = wide
        side = (WIDE_PX - SIDE_PX) // 2
        for name, plane, edge in (("luma", luma[None], side), ("chroma", chroma, side // 2)):
            self.register_buffer(f"left_{name}", torch.tensor(plane[None, :, :, :edge]))
            self.register_buffer(f"right_{name}", torch.tensor(plane[None, :, :, -edge:]))

    def forward(self, face: Tensor) -> tuple[Tensor, Tensor]:
        square = self.net(face)
        wide = Picture(
            _between(self.left_luma, square.luma, self.right_luma),
            _between(self.left_chroma, square.chroma, self.right_chroma),
        )
        return _i420(square), _i420(wide)


def _between(left: Tensor, middle: Tensor, right: Tensor) -> Tensor:
    """One picture of three, side by side, for each of the batch."""
    batch = middle.shape[0]
    sides = [side.expand(batch, -1, -1, -1) for side in (left, right)]
    return torch.cat([sides[0], middle, sides[1]], dim=3)


def _i420(picture: Picture) -> Tensor:
    """Both planes of chroma under the luma, as uint8 codes."""
    luma, chroma = picture
    height, width = luma.shape[-2:]
    codes = torch.cat(
        [luma.reshape(-1, height, width), chroma.reshape(-1, height // 2, width)], dim=1
    )
    return (codes * 255 + 0.5).clamp(0, 255).to(torch.uint8)


def build(folder: Folder) -> bytes:
    """The file's bytes."""
    net = PersonaNet(resting(folder))
    kept = folder.plate.with_name("net.pt")
    net.load_state_dict(torch.load(kept, weights_only=True))
    module = File(net, planes(read(folder.plate))).eval()
    written = io.BytesIO()
    torch.onnx.export(
        module,
        (torch.zeros(1, len(PARAMETERS)),),
        written,
        opset_version=OPSET,
        input_names=["face"],
        output_names=["i420", "i420_wide"],
        dynamic_axes={name: {0: "batch"} for name in ("face", "i420", "i420_wide")},
        dynamo=False,
    )
    model = onnx.load_from_string(written.getvalue())
    _halve(model)
    _describe(model, folder.name)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _halve(model: onnx.ModelProto) -> None:
    """Keep large weights as float16, cast back at once: done once, when a session is made."""
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) < SMALL:
            continue
        half = numpy_helper.from_array(
            numpy_helper.to_array(weight).astype(np.float16), f"{weight.name}_half"
        )
        casts.append(
            onnx.helper.make_node("Cast", [half.name], [weight.name], to=onnx.TensorProto.FLOAT)
        )
        weight.CopyFrom(half)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _describe(model: onnx.ModelProto, name: str) -> None:
    for value in model.graph.output:
        width = WIDE_PX if value.name == "i420_wide" else SIDE_PX
        for place, side in ((1, SIDE_PX * 3 // 2), (2, width)):
            value.type.tensor_type.shape.dim[place].dim_value = side
    model.doc_string = ""
    metadata = {
        "schema": "1",
        "name": name,
        "licence": "Apache-2.0",
        "width": str(SIDE_PX),
        "height": str(SIDE_PX),
        "wide_width": str(WIDE_PX),
        "fps": str(FPS),
        "parameters": json.dumps(PARAMETERS),
        "neutral": json.dumps([0.0] * len(PARAMETERS)),
    }
    onnx.helper.set_model_props(model, metadata)


def main() -> None:
    """Write the file, and say what its card has to say of it."""
    parser = ArgumentParser(prog="python -m models.personas.export", description=__doc__)
    parser.add_argument("person")
    parser.add_argument("--pictures", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("-o", "--out", type=Path, help="the file (the package's own)")
    args = parser.parse_args()
    content = build(Folder(args.pictures, args.person))
    target = args.out or RESOURCES / f"{args.person}.onnx"
    target.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    print(f"{target.name}: {len(content)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
