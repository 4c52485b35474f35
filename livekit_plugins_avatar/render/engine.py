"""A persona's model at work, shared by all who draw the same persona in the same way.

In flow rows of parameters; out flow pictures. The rooms of a process share one copy of the weights,
and with it its fate: a provider that fails, at the start or at any later picture, is left for the
next one, for all of them at once, and the log says so once. The engine closes with its last user.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..log import logger
from .persona import Persona
from .providers import BATCHES, PROVIDERS, candidates, configured, session_options
from .renderer import Frames

Faces = NDArray[np.float32]
"""The model's input: float32 [B, P], one column per parameter of the persona."""


DEVICE = "cuda"
"""Where CUDA and TensorRT keep what they draw."""


class Model:
    """A persona's weights on one provider. Any thread may draw, several at a time.

    Args:
        persona: The file.
        provider: One of `PROVIDERS`.
        threads: CPU threads, at least 1.

    Raises:
        RuntimeError: ONNX Runtime went on without the provider.
        Exception: Whatever ONNX Runtime raises.
    """

    def __init__(self, persona: Persona, provider: str, threads: int) -> None:
        self.provider = provider
        self._session = onnxruntime.InferenceSession(
            str(persona.path),
            session_options(threads),
            providers=configured(provider, len(persona.parameters)),
            # Falling back is done here, and said; ONNX Runtime would print, and skip a provider.
            enable_fallback=0,
        )
        self._session.disable_fallback()
        if self._session.get_providers()[0] != PROVIDERS[provider]:
            raise RuntimeError("ONNX Runtime could not start it")

    def draw(self, output: str, faces: Faces) -> Frames:
        """Draw one picture per row, uint8 [B, H * 3 / 2, W], as many at a time as suit."""
        draw = self._run if self.provider == "cpu" else self._run_bound
        most = BATCHES[self.provider]
        parts = [draw(output, faces[row : row + most]) for row in range(0, len(faces), most)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _run(self, output: str, faces: Faces) -> Frames:
        frames: Frames = self._session.run([output], {"face": faces})[0]
        return frames

    def _run_bound(self, output: str, faces: Faces) -> Frames:
        """On a device with memory of its own; the pictures are copied out of it once."""
        binding: Any = self._session.io_binding()
        binding.bind_cpu_input("face", np.ascontiguousarray(faces))
        binding.bind_output(output, DEVICE)
        self._session.run_with_iobinding(binding)
        frames: Frames = binding.copy_outputs_to_cpu()[0]
        return frames


class Engine:
    """A persona on the first provider that draws it. Any thread may draw, several at a time.

    Args:
        persona: The file.
        provider: "auto" or one of `PROVIDERS`.
        threads: CPU threads, at least 1.

    Raises:
        ValueError: An unknown provider.
    """

    def __init__(self, persona: Persona, provider: str, threads: int) -> None:
        self._persona = persona
        self._threads = threads
        self._candidates = candidates(provider)
        self._failures: list[str] = []
        self._lock = threading.Lock()
        self._model: Model | None = None

    @property
    def provider(self) -> str:
        """The provider in use, or the one to be tried next."""
        return self._candidates[0]

    def draw(self, output: str, faces: Faces) -> Frames:
        """Draw one picture per row, uint8 [B, H * 3 / 2, W].

        Raises:
            Exception: The last provider failed.
        """
        while True:
            model = self._opened()
            try:
                frames = model.draw(output, faces)
            except Exception as error:
                self._leave(model, error)
                continue
            self._say_what_failed()
            return frames

    def _opened(self) -> Model:
        with self._lock:
            while self._model is None:
                name = self._candidates[0]
                try:
                    self._model = Model(self._persona, name, self._threads)
                except Exception as error:
                    self._next_candidate(error)
            return self._model

    def _leave(self, model: Model, error: Exception) -> None:
        with self._lock:
            # Another thread may have met the same failure first.
            if self._model is model:
                self._next_candidate(error)
                self._model = None

    def _next_candidate(self, error: Exception) -> None:
        """Note why the present one failed; there being none after it, raise."""
        if len(self._candidates) == 1:
            raise error
        failed = self._candidates.pop(0)
        self._failures.append(f"{failed}: {str(error).partition(chr(10))[0]}")

    def _say_what_failed(self) -> None:
        if not self._failures:
            return
        with self._lock:
            failures, self._failures = self._failures, []
        if failures:
            logger.warning(
                "the persona %s is drawn on %s, because better was not to be had (%s)",
                self._persona.name,
                self.provider,
                "; ".join(failures),
            )


_engines: WeakValueDictionary[tuple[Path, str, int], Engine] = WeakValueDictionary()
_engines_lock = threading.Lock()


def engine_for(persona: Persona, provider: str, threads: int) -> Engine:
    """The engine that draws `persona` so; it lives as long as anybody holds it.

    Raises:
        ValueError: An unknown provider.
    """
    key = (persona.path.resolve(), provider, threads)
    with _engines_lock:
        engine = _engines.get(key)
        if engine is None:
            engine = _engines[key] = Engine(persona, provider, threads)
        return engine
