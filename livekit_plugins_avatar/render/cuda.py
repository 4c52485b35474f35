"""Draws a persona on CUDA by replaying recorded graphs, one for each of a few batch sizes.

A persona is hundreds of small kernels, and starting them one by one takes longer than running
them. A recorded graph starts them all at once: four times as fast for one picture, and 1.6 times
for 32. A graph is bound to one batch size and to buffers that stay where they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime

from ..log import logger
from .model import GPU, MEMORY, Faces, Model
from .persona import OUTPUTS, Persona
from .providers import first_line, open_session
from .renderer import Frames

SIZES = (1, 8, 32)
"""Batch sizes that have a graph. A batch between two sizes is padded to the larger one. Each graph
keeps its own memory on the device, about 28 MB a picture of 512x512."""

SIZES_AT_START = (1, 8)
"""Sizes recorded when the model is opened: a renderer draws six frames ahead by default. The others
are recorded when they are first needed, which takes about half a second."""


class Graph:
    """A session that draws a fixed number of pictures between fixed buffers.

    ONNX Runtime records the graph in the first run on each thread. The caller holds `GPU`.
    """

    def __init__(self, persona: Persona, threads: int, size: int) -> None:
        self._session = open_session(persona, "cuda", threads, graph_size=size)
        self._faces = np.tile(np.array(persona.neutral, np.float32), (size, 1))
        value: Any = onnxruntime.OrtValue
        self._input = value.ortvalue_from_numpy(self._faces, MEMORY, 0)
        self._binding: Any = self._session.io_binding()
        self._binding.bind_ortvalue_input("face", self._input)
        self._outputs = {}
        for aspect, (width, height) in persona.sizes.items():
            shape = [size, height * 3 // 2, width]
            picture = value.ortvalue_from_shape_and_type(shape, np.uint8, MEMORY, 0)
            self._binding.bind_ortvalue_output(OUTPUTS[aspect], picture)
            self._outputs[OUTPUTS[aspect]] = picture
        self._session.run_with_iobinding(self._binding)

    def draw(self, output: str, faces: Faces) -> Frames:
        """Draw as many pictures as there are rows, `size` at most."""
        self.run(faces)
        frames: Frames = self._outputs[output].numpy()
        return frames[: len(faces)]

    def run(self, faces: Faces) -> None:
        """Draw and leave the pictures on the device."""
        self._faces[: len(faces)] = faces
        self._input.update_inplace(self._faces)
        self._session.run_with_iobinding(self._binding)


class CudaModel:
    """A persona's weights on CUDA. Any thread may draw; one draws at a time.

    Where graphs cannot be recorded, each kernel is started by itself, and the log says so once.

    Args:
        persona: The persona.
        threads: CPU threads, at least 1.

    Raises:
        Exception: CUDA cannot be started.
    """

    def __init__(self, persona: Persona, threads: int) -> None:
        self._persona = persona
        self._threads = threads
        self._graphs: dict[int, Graph] = {}
        self._plain: Model | None = None
        self._error: Exception | None = None
        try:
            with GPU:
                for size in SIZES_AT_START:
                    self._graph(size)
        except Exception as error:
            self._leave_graphs(error)

    def draw(self, output: str, faces: Faces) -> Frames:
        """Draw one picture per row, uint8 [B, H * 3 / 2, W]."""
        if self._plain is None:
            try:
                with GPU:
                    return self._replay(output, faces)
            except Exception as error:
                self._leave_graphs(error)
        assert self._plain is not None
        frames = self._plain.draw(output, faces)
        # Only now is it certain that the graphs failed, and not CUDA itself.
        self._log_once()
        return frames

    def _replay(self, output: str, faces: Faces) -> Frames:
        parts = []
        for row in range(0, len(faces), SIZES[-1]):
            part = faces[row : row + SIZES[-1]]
            size = next(size for size in SIZES if size >= len(part))
            parts.append(self._graph(size).draw(output, part))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _graph(self, size: int) -> Graph:
        if size not in self._graphs:
            self._graphs[size] = Graph(self._persona, self._threads, size)
        return self._graphs[size]

    def _leave_graphs(self, error: Exception) -> None:
        plain = Model(self._persona, "cuda", self._threads)
        with GPU:
            if self._plain is None:
                self._plain, self._error = plain, error
                self._graphs.clear()

    def _log_once(self) -> None:
        with GPU:
            error, self._error = self._error, None
        if error is not None:
            logger.warning(
                "renderer: no CUDA graph could be recorded for the persona %s (%s); it is drawn "
                "on CUDA without, up to four times as slowly",
                self._persona.name,
                first_line(error),
            )
