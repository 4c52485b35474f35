"""Draws a persona with ONNX Runtime.

All work is done on the caller's thread and as many more as `threads` says; none of them spins,
because a voice pipeline shares the processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..face.state import PARAMETERS
from .engine import Engine, engine_for
from .persona import OUTPUTS, Aspect, Persona
from .providers import BATCHES, Device
from .renderer import Frames, Moment


def warm(
    persona: str | Path = "man",
    *,
    device: Device = "auto",
    threads: int = 1,
    aspect: Aspect = "square",
) -> None:
    """Open a persona and keep it open, so that renderers of this process find it ready.

    Raises:
        ValueError: There is no such device.
        PersonaError: The persona does not fit, or lacks the aspect.
    """
    loaded = Persona.load(persona)
    loaded.size_of(aspect)
    engine_for(loaded, device, threads, keep=True).open()


class OnnxRenderer:
    """Draws one persona. Fits `Renderer`; those of one process share the persona's weights.

    Args:
        persona: From `Persona.load`.
        device: "tensorrt", "cuda", "cpu", or "auto": the first of them that works here.
        threads: CPU threads for drawing, at least 1.
        aspect: Which of the persona's pictures to draw.

    Raises:
        ValueError: There is no such device, or fewer threads than one.
        PersonaError: The persona lacks the aspect, or cannot be drawn.
    """

    def __init__(
        self,
        persona: Persona,
        *,
        device: Device = "auto",
        threads: int = 1,
        aspect: Aspect = "square",
    ) -> None:
        if threads < 1:
            raise ValueError(f"a renderer needs at least 1 thread, got {threads}")
        self._size = persona.size_of(aspect)
        self._output = OUTPUTS[aspect]
        self._columns = np.array(persona.columns)
        engine = engine_for(persona, device, threads)
        engine.open()
        self._engine: Engine | None = engine
        # Renderers hold one copy of the file together.
        self.persona = replace(persona, content=engine.persona.content)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def fps(self) -> int:
        """Frames a second that the persona is made for."""
        return self.persona.fps

    @property
    def device(self) -> str:
        """Where it draws: "tensorrt", "cuda" or "cpu"."""
        return self._open_engine().device

    @property
    def batch(self) -> int:
        """How many pictures together take about as long as one."""
        return BATCHES[self.device]

    def render(self, moments: Sequence[Moment]) -> Frames:
        """Draw one picture per moment, in order.

        Raises:
            RuntimeError: The renderer has been closed.
        """
        engine = self._open_engine()
        if not moments:
            width, height = self.size
            return np.empty((0, height * 3 // 2, width), np.uint8)
        faces = np.empty((len(moments), len(PARAMETERS)), np.float32)
        for row, moment in zip(faces, moments, strict=True):
            row[:] = moment.value.values
        return engine.draw(self._output, faces[:, self._columns])

    def close(self) -> None:
        """Release the weights, which go with their last user; may be called again."""
        self._engine = None

    def _open_engine(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("this renderer has been closed: make a new one")
        return self._engine
