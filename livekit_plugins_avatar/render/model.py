"""One ONNX Runtime session that draws a persona."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .persona import Persona
from .providers import BATCHES, open_session
from .renderer import Frames

Faces = NDArray[np.float32]
"""The model's input: float32 [B, P], one column per parameter of the persona."""

MEMORY = "cuda"
"""Where CUDA and TensorRT keep what they draw."""

GPU = threading.Lock()
"""Held while a GPU works. CUDA forbids all other work of a process while it records a graph."""


class Model:
    """A persona's weights on one device. Any thread may draw; the CPU draws several at a time.

    Args:
        persona: The persona.
        device: One of `PROVIDERS`.
        threads: CPU threads, at least 1.

    Raises:
        Exception: The device cannot be started.
    """

    def __init__(self, persona: Persona, device: str, threads: int) -> None:
        with nullcontext() if device == "cpu" else GPU:
            self._session = open_session(persona, device, threads)
        self._draw = self._run if device == "cpu" else self._run_bound
        self._most = BATCHES[device]

    def draw(self, output: str, faces: Faces) -> Frames:
        """Draw one picture per row, uint8 [B, H * 3 / 2, W]."""
        rows = range(0, len(faces), self._most)
        parts = [self._draw(output, faces[row : row + self._most]) for row in rows]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _run(self, output: str, faces: Faces) -> Frames:
        frames: Frames = self._session.run([output], {"face": faces})[0]
        return frames

    def _run_bound(self, output: str, faces: Faces) -> Frames:
        """Draw on a device with memory of its own and copy the pictures out of it once."""
        with GPU:
            binding: Any = self._session.io_binding()
            binding.bind_cpu_input("face", np.ascontiguousarray(faces))
            binding.bind_output(output, MEMORY)
            self._session.run_with_iobinding(binding)
            frames: Frames = binding.copy_outputs_to_cpu()[0]
        return frames
