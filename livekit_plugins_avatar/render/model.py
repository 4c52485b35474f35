"""Draws a persona on a GPU: a `Model` on TensorRT or CUDA, a `GraphModel` on CUDA.

A persona is hundreds of small kernels, and starting them one by one takes longer than running
them. A CUDA graph is a recording that starts them all at once: three times as fast for one picture.
It is bound to one batch size and to buffers that stay where they are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cache, partial
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .persona import OUTPUTS, Persona
from .providers import BATCHES, open_session
from .renderer import Frames

Faces = NDArray[np.float32]
"""The model's input: float32 [B, P], one column per parameter of the persona."""

MEMORY = "cuda"
"""Where CUDA and TensorRT keep what they draw."""

GPU = threading.Lock()
"""Held while a GPU works. CUDA forbids all other work of a process while it records a graph."""

SIZES = (1, 8, 32)
"""Batch sizes that have a graph; others are padded. Each takes about 28 MB a picture of 512x512."""

SIZES_AT_START = (1, 8)
"""Sizes recorded when the model is opened: a renderer draws six frames ahead by default. The others
are recorded when they are first needed, which takes 0.3 s."""


T = TypeVar("T")


class GraphThread:
    """The one thread on which graphs run: on each other one they would be recorded anew."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._run, name="cuda-graphs", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._work.get()()

    def do(self, work: Callable[[], T]) -> T:
        """Do `work` there, and return or raise what it does."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                with GPU:
                    done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        self._work.put(run)
        return done.result()


graph_thread = cache(GraphThread)


def in_parts(faces: Faces, most: int, draw: Callable[[Faces], Frames]) -> Frames:
    """Draw so many at a time, and copy only where there is more than one part."""
    parts = [draw(faces[row : row + most]) for row in range(0, len(faces), most)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


class Model:
    """A persona's weights on a GPU. Any thread may draw; one draws at a time."""

    def __init__(self, persona: Persona, device: str, threads: int) -> None:
        with GPU:
            self._session = open_session(persona, device, threads)
        self._device = device

    def draw(self, output: str, faces: Faces) -> Frames:
        """Draw one picture per row."""
        return in_parts(faces, BATCHES[self._device], partial(self._run, output))

    def _run(self, output: str, faces: Faces) -> Frames:
        with GPU:
            # The pictures stay in the device's memory, and are copied out of it once.
            binding: Any = self._session.io_binding()
            binding.bind_cpu_input("face", np.ascontiguousarray(faces))
            binding.bind_output(output, MEMORY)
            self._session.run_with_iobinding(binding)
            frames: Frames = binding.copy_outputs_to_cpu()[0]
            return frames


class Graph:
    """A session that draws a fixed number of pictures between fixed buffers; on `GraphThread`.

    ONNX Runtime records the graph in the first run on each thread.
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


class GraphModel:
    """A persona's weights on CUDA, as graphs. Any thread may draw; one draws at a time."""

    def __init__(self, persona: Persona, threads: int) -> None:
        self._graph = cache(partial(Graph, persona, threads))
        self.prepare(SIZES_AT_START)

    def prepare(self, sizes: Sequence[int]) -> None:
        """Record the graphs for these batch sizes, where they are not yet."""
        graph_thread().do(lambda: [self._graph(size) for size in sizes])

    def draw(self, output: str, faces: Faces) -> Frames:
        """Draw one picture per row."""
        work = partial(in_parts, faces, SIZES[-1], partial(self._replay, output))
        return graph_thread().do(work)

    def _replay(self, output: str, faces: Faces) -> Frames:
        size = next(size for size in SIZES if size >= len(faces))
        return self._graph(size).draw(output, faces)
