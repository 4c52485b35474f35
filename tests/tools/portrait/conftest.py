"""A built-in person's resting picture, and the persona that is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.timeline import Timed
from livekit_plugins_avatar.tools import i420


def drawn(persona: Persona, faces: list[FaceState]) -> list[NDArray[np.uint8]]:
    """Draw faces as RGB, uint8 [H, W, 3] each."""
    renderer = OnnxRenderer(persona, device="cpu")
    try:
        return [i420.rgb(np.asarray(renderer.render([Timed(0, 1, face)]))[0]) for face in faces]
    finally:
        renderer.close()


@dataclass(frozen=True, slots=True)
class Made:
    """A persona from a picture.

    Args:
        picture: From which, uint8 [512, 512, 3].
        path: The persona file.
        said: What the command printed to stderr.
    """

    picture: NDArray[np.uint8]
    path: Path
    said: str


@pytest.fixture(scope="session")
def man() -> NDArray[np.uint8]:
    """The man at rest."""
    return drawn(Persona.load("man"), [FaceState.of()])[0]


@pytest.fixture(scope="session")
def made(man: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A persona that the command made of the man's picture."""
    from contextlib import redirect_stderr
    from io import StringIO

    from PIL import Image

    from livekit_plugins_avatar.tools.cli import main

    folder = tmp_path_factory.mktemp("portrait")
    Image.fromarray(man).save(folder / "man.png")
    words = ["persona", str(folder / "man.png"), "-o", str(folder / "me.onnx")]
    said = StringIO()
    with redirect_stderr(said):
        assert main([*words, "--i-have-the-right-to-use-this-picture"]) == 0
    return Made(man, folder / "me.onnx", said.getvalue())
