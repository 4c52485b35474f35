"""Draws with a persona's whole graph: what all other ways of drawing are compared with."""

from __future__ import annotations

import numpy as np

from livekit_plugins_avatar.render.model import Faces
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.render.renderer import Frames
from livekit_plugins_avatar.render.session import OnnxSession


def drawn_whole(persona: Persona, output: str, faces: Faces) -> Frames:
    """Pictures of faces, one per row, by ONNX Runtime alone."""
    frames: Frames = OnnxSession(persona, 1, persona.content).once({"face": faces})[output]
    return frames


def psnr_db(one: Frames, other: Frames) -> float:
    """How like each other pictures are."""
    square = float(np.mean((one.astype(float) - other) ** 2))
    return float(10 * np.log10(255**2 / max(square, 1e-9)))
