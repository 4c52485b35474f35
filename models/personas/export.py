"""Writes what has been learnt as a persona file.

`python -m models.personas.export man --pictures FOLDER`: one ONNX file in the package's resources,
with the square picture and the same in its wide plate. Weights are kept as float16, the room as
codes of video, and become float32 when the file is opened: the same speed. They keep their names,
so that learning can go on from a file (`start.taught`) where the pictures' folder is gone.
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
from .net import PersonaNet
from .packed import CODE, HALF
from .quick import quick
from .start import untaught

RESOURCES = Path(__file__).parents[2] / "livekit_plugins_avatar" / "resources"
OPSET = 18
UNIT = "code_unit"
"""What one code of a picture is worth."""

FPS = 30

PICTURES = ("wall_luma", "wall_chroma", "cover")
"""Of the net's, those that are kept as codes. Rounded so, the plate would cost .03 dB."""

SMALL = 1024
"""Constants with fewer numbers stay float32: they are where pixels are, not what they look like."""


class File(nn.Module):
    """A persona net with the outputs of a persona file.

    The wide picture is put together from finished codes: ONNX Runtime works out both outputs,
    whichever is asked for, and bytes cost next to nothing.

    Args:
        net: What has been learnt.
        wide: The planes of the resting figure in its wide surroundings.
    """

    def __init__(self, net: PersonaNet, wide: Planes) -> None:
        super().__init__()
        self.net = net
        luma, chroma = (torch.tensor(np.rint(plane * 255).astype(np.uint8)) for plane in wide)
        side = (WIDE_PX - SIDE_PX) // 2
        self.register_buffer("left_luma", luma[None, :, :side])
        self.register_buffer("right_luma", luma[None, :, -side:])
        self.register_buffer("left_chroma", chroma[None, :, :, : side // 2])
        self.register_buffer("right_chroma", chroma[None, :, :, -side // 2 :])

    def forward(self, face: Tensor) -> tuple[Tensor, Tensor]:
        luma, chroma = self.net(face)
        half = SIDE_PX // 2
        rows = [luma.reshape(-1, SIDE_PX, SIDE_PX), chroma.reshape(-1, half, SIDE_PX)]
        codes = (torch.cat(rows, dim=1) * 255 + 0.5).clamp(0, 255).to(torch.uint8)
        lumas = codes[:, :SIDE_PX]
        chromas = codes[:, SIDE_PX:].reshape(-1, 2, half, half)
        wide = [
            _between(self.left_luma, lumas, self.right_luma),
            _between(self.left_chroma, chromas, self.right_chroma).reshape(-1, half, WIDE_PX),
        ]
        return codes, torch.cat(wide, dim=1)


def _between(left: Tensor, middle: Tensor, right: Tensor) -> Tensor:
    """One plane of three, side by side, for each of the batch."""
    repeated = (middle.shape[0], *[-1] * (middle.dim() - 1))
    return torch.cat([left.expand(repeated), middle, right.expand(repeated)], dim=-1)


def build(folder: Folder) -> bytes:
    """The file's bytes."""
    net = untaught(folder)
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
        do_constant_folding=False,
        dynamo=False,
    )
    model = onnx.load_from_string(written.getvalue())
    _shrink(model)
    _describe(model, folder.name)
    onnx.checker.check_model(model)
    return quick(model.SerializeToString(deterministic=True))


def _shrink(model: onnx.ModelProto) -> None:
    """Keep what is large in fewer bits, and put it back at once: done once, when a session is
    made."""
    back = []
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) < SMALL:
            continue
        name, values = weight.name, numpy_helper.to_array(weight)
        if name.removeprefix("net.") in PICTURES:
            codes = np.rint(values * 255).clip(0, 255).astype(np.uint8)
            weight.CopyFrom(numpy_helper.from_array(codes, f"{name}{CODE}"))
            back.append(_float(weight.name, f"{name}_float"))
            back.append(onnx.helper.make_node("Mul", [f"{name}_float", UNIT], [name]))
        else:
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}{HALF}"))
            back.append(_float(weight.name, name))
    unit = numpy_helper.from_array(np.array(1 / 255, np.float32), UNIT)
    model.graph.initializer.append(unit)
    nodes = [*back, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _float(name: str, made: str) -> onnx.NodeProto:
    return onnx.helper.make_node("Cast", [name], [made], to=onnx.TensorProto.FLOAT)


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
