"""Shows a persona at a glance: a contact sheet of mouth shapes, lids, gaze and turns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ...face.state import FaceState
from ...render.onnx_renderer import OnnxRenderer
from ...render.persona import Persona
from ...timeline import Timed
from .. import i420

CELL_PX, COLUMNS = 256, 6


def both(name: str, weight: float) -> dict[str, float]:
    """The same weight for the left and the right of a pair."""
    return {f"{name}Left": weight, f"{name}Right": weight}


FACES: dict[str, dict[str, float]] = {
    "at rest": {},
    "jaw .3": {"jawOpen": 0.3},
    "aa": {"jawOpen": 0.5, **both("mouthLowerDown", 0.2), **both("mouthUpperUp", 0.15)},
    "E": {"jawOpen": 0.22, **both("mouthStretch", 0.3), **both("mouthLowerDown", 0.3)},
    "O": {"jawOpen": 0.35, "mouthFunnel": 0.45, "mouthPucker": 0.2},
    "U": {"jawOpen": 0.15, "mouthPucker": 0.6, "mouthFunnel": 0.3},
    "p b m": {"jawOpen": 0.06, "mouthClose": 0.06, **both("mouthPress", 0.35)},
    "f v": {"jawOpen": 0.1, "mouthRollLower": 0.55, **both("mouthUpperUp", 0.3)},
    "smile": {**both("mouthSmile", 0.7), **both("cheekSquint", 0.4)},
    "half a blink": both("eyeBlink", 0.5),
    "a blink": both("eyeBlink", 1.0),
    "brows up": {"browInnerUp": 0.7, **both("browOuterUp", 0.7)},
    "gaze left": {"gazeYaw": -0.35},
    "gaze right": {"gazeYaw": 0.35},
    "yaw -8": {"headYaw": -0.14},
    "yaw +8": {"headYaw": 0.14},
    "pitch +6": {"headPitch": 0.105},
    "roll 5": {"headRoll": 0.09},
}
"""Captions, and the face of each; angles in the captions are degrees."""


def write(persona: Path, path: Path) -> None:
    """Draw a persona's faces into one picture file."""
    renderer = OnnxRenderer(Persona.load(persona), device="cpu", exact=True)
    cells = []
    try:
        for caption, weights in FACES.items():
            frame = renderer.render([Timed(0, 1, FaceState.of(**weights))])
            cell = Image.fromarray(i420.rgb(np.asarray(frame)[0])).resize((CELL_PX, CELL_PX))
            draw = ImageDraw.Draw(cell)
            draw.text((6, CELL_PX - 16), caption, (255, 255, 255), stroke_width=1, stroke_fill=0)
            cells.append(cell)
    finally:
        renderer.close()
    rows = -(-len(cells) // COLUMNS)
    sheet = Image.new("RGB", (CELL_PX * COLUMNS, CELL_PX * rows))
    for number, cell in enumerate(cells):
        sheet.paste(cell, (number % COLUMNS * CELL_PX, number // COLUMNS * CELL_PX))
    sheet.save(path)
