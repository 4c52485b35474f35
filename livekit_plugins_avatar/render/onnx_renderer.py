"""A persona drawn by ONNX Runtime.

In flow moments; out flow pictures, in as few runs as suit the provider. Where a GPU cannot be had,
or fails later, the CPU draws, and the log says so once. All work is done on the caller's thread and
as many more as `threads` says; none of them spins, because a voice pipeline shares the processor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..face.state import PARAMETERS
from ..options import Aspect
from .engine import Engine, engine_for
from .model import Faces
from .persona import OUTPUTS, Persona, PersonaError
from .providers import BATCHES
from .renderer import Frames, Moment


class OnnxRenderer:
    """Draws one persona. Fits `Renderer`; those of one process share the persona's weights.

    Args:
        persona: From `load_persona`.
        provider: "tensorrt", "cuda", "cpu", or "auto": the first of them that works here.
        threads: CPU threads for drawing, at least 1.
        frame: Which of the persona's frames to draw.

    Raises:
        ValueError: An unknown provider, or fewer threads than one.
        PersonaError: The persona has no such frame, or draws another size than it says.
    """

    def __init__(
        self,
        persona: Persona,
        *,
        provider: str = "auto",
        threads: int = 1,
        frame: Aspect = "square",
    ) -> None:
        if threads < 1:
            raise ValueError(f"a renderer needs at least 1 thread, got {threads}")
        self.persona = persona
        self._size = persona.size_of(frame)
        self._output = OUTPUTS[frame]
        self._columns = np.array(persona.columns)
        self._engine: Engine | None = engine_for(persona, provider, threads)
        self._warm_up()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def fps(self) -> int:
        """Frames a second that the persona is made for."""
        return self.persona.fps

    @property
    def provider(self) -> str:
        """Where it draws: "tensorrt", "cuda" or "cpu"."""
        return self._open_engine().provider

    @property
    def batch(self) -> int:
        """How many pictures together take about as long as one."""
        return BATCHES[self.provider]

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
        """Let go of the weights, which go with their last user; again is no harm."""
        self._engine = None

    def _open_engine(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("this renderer has been closed: make a new one")
        return self._engine

    def _warm_up(self) -> None:
        """Draw the resting face: memory is planned and the device woken before anybody waits."""
        neutral: Faces = np.array([self.persona.neutral], np.float32)
        drawn = self._open_engine().draw(self._output, neutral)
        width, height = self.size
        if drawn.shape != (1, height * 3 // 2, width) or drawn.dtype != np.uint8:
            raise PersonaError(
                f"{self.persona.path} draws {drawn.dtype} {list(drawn.shape)}, its metadata says "
                f"uint8 [1, {height * 3 // 2}, {width}]: export it with that shape"
            )
