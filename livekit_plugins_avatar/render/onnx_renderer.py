"""Draws a persona with ONNX Runtime.

All work is done on the caller's thread and as many more as `threads` says; none of them spins,
because a voice pipeline shares the processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .engine import Engine, engine_for
from .parted_model import Drawn
from .persona import OUTPUTS, Aspect, Device, Persona
from .providers import BATCHES
from .renderer import Frames, Moment


class OnnxRenderer:
    """Draws one persona. Fits `Renderer`; those of one process share the persona's weights.

    Args:
        persona: From `Persona.load`.
        device: "tensorrt", "cuda", "cpu", or "auto": the first of them that works here.
        threads: CPU threads for drawing, at least 1.
        aspect: Which of the persona's pictures to draw.
        exact: Draw each picture anew, also where a part looks as in the last: for measurements.

    Raises:
        ValueError: There is no such device, or fewer threads than one.
        PersonaError: The persona lacks the aspect, or cannot be drawn.
    """

    face_only = fresh = True

    def __init__(
        self,
        persona: Persona,
        *,
        device: Device = "auto",
        threads: int = 1,
        aspect: Aspect = "square",
        exact: bool = False,
    ) -> None:
        if threads < 1:
            raise ValueError(f"a renderer needs at least 1 thread, got {threads}")
        self.size = persona.size_of(aspect)
        """Width and height in pixels."""
        self.fps = persona.fps
        """Frames a second that the persona is made for."""
        self._output = OUTPUTS[aspect]
        self._columns = persona.columns
        self._drawn: Drawn | None = Drawn(exact=exact)
        engine = engine_for(persona, device, threads)
        engine.open()
        self._engine: Engine | None = engine
        # Renderers hold one copy of the file together.
        self.persona = replace(persona, content=engine.persona.content)

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
        faces = np.stack([moment.value.values[self._columns] for moment in moments])
        return engine.draw(self._output, faces, self._drawn)

    def close(self) -> None:
        """Release the weights, which go with their last user; may be called again."""
        self._engine = self._drawn = None

    def _open_engine(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("this renderer has been closed: make a new one")
        return self._engine
