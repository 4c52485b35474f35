"""Opens a persona in this process or, on a GPU, in the one that all jobs of the machine share."""

from __future__ import annotations

import sys
from pathlib import Path

from ..log import logger
from .background import Background, with_background
from .onnx_renderer import OnnxRenderer
from .persona import Aspect, Device, Persona, PersonaError
from .providers import built_in
from .renderer import Renderer

_kept: dict[tuple[str, Device, int, Aspect], Renderer] = {}


def open_renderer(
    persona: Persona, *, device: Device, threads: int, aspect: Aspect, shared: bool | None
) -> Renderer:
    """Open a persona; `shared` of None means: where a GPU draws.

    Where the shared process is not to be had, this process draws, and the log says why.

    Raises:
        PersonaError: The persona lacks the aspect, or cannot be drawn.
    """
    on_gpu = device != "cpu" and built_in("tensorrt")[0] != "cpu"
    if shared or (shared is None and on_gpu and sys.platform == "linux"):
        try:
            # Imported here, because other systems lack what it is made of.
            from .shared.renderer import SharedRenderer

            found = SharedRenderer(persona, device=device, threads=threads, aspect=aspect)
            if shared or found.device != "cpu":
                return found
            found.close()
        except PersonaError:
            raise
        except Exception as error:
            logger.warning("renderer: this process draws, not one for all jobs: %s", error)
    return OnnxRenderer(persona, device=device, threads=threads, aspect=aspect)


def warm(
    persona: str | Path = "man",
    *,
    device: Device = "auto",
    threads: int = 1,
    aspect: Aspect = "square",
    background: Background | None = None,
    shared: bool | None = None,
) -> None:
    """Open a persona and keep it open, so that the renderers of this process find it ready."""
    loaded = Persona.load(persona)
    if background is not None:
        loaded = with_background(loaded, background, aspect)
    key = loaded.digest, device, threads, aspect
    if key not in _kept:
        _kept[key] = open_renderer(
            loaded, device=device, threads=threads, aspect=aspect, shared=shared
        )
