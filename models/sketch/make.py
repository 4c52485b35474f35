"""Makes the sketch persona: `python -m models.sketch.make`, from the root of the repository.

Takes the drawing in the modules beside this one; gives `sketch.onnx`, the same bytes every
time. CARD.md says what the file is.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from onnx import TensorProto, helper

from livekit_plugins_avatar.face.state import PARAMETERS

from .bust import Bust, backdrop
from .canvas import SIZE_PX, Canvas
from .eyes import Eye
from .graph import UINT8, Graph, Tensor
from .mouth import Mouth
from .pose import Controls, Pose

RESOURCE = Path(__file__).parents[2] / "livekit_plugins_avatar" / "resources" / "sketch.onnx"
METADATA = {
    "schema": "1",
    "name": "sketch",
    "licence": "Apache-2.0",
    "width": str(SIZE_PX),
    "height": str(SIZE_PX),
    "fps": "30",
    "parameters": json.dumps(PARAMETERS),
    "neutral": json.dumps([0.0] * len(PARAMETERS)),
}


def build() -> bytes:
    """The file's bytes."""
    graph = Graph()
    face = Tensor(graph, "face")
    batch = graph.op("Shape", face, start=0, end=1)
    controls = Controls(graph, face)
    pose = Pose(controls)
    canvas = Canvas(graph, batch, backdrop())
    head = Bust(canvas, controls, pose).head
    Mouth(head, controls, pose).paint()
    for side in ("Left", "Right"):
        Eye(head, controls, pose, side).paint()
    head.lay()
    shape: list[str | int] = ["batch", SIZE_PX * 3 // 2, SIZE_PX]
    model = graph.model(
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["batch", len(PARAMETERS)])],
        {"i420": (canvas.i420(), UINT8, shape)},
        metadata=METADATA,
    )
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def main(target: Path = RESOURCE) -> None:
    """Write the file, and say what CARD.md has to say of it."""
    model = build()
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(model)
    print(f"{target.name}: {len(model)} bytes, sha256 {hashlib.sha256(model).hexdigest()}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
