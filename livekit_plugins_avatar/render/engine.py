"""A persona's model at work, shared by all who draw the same persona in the same way.

In flow rows of parameters; out flow pictures. The rooms of a process share one copy of the weights,
and with it its fate: a provider that fails, at the start or at any later picture, is left for the
next one, for all of them at once, and the log says so once. The engine closes with its last user.
"""

from __future__ import annotations

import threading
from pathlib import Path
from weakref import WeakValueDictionary

from ..log import logger
from .cuda import CudaModel
from .model import Faces, Model
from .persona import Persona
from .providers import candidates, first_line
from .renderer import Frames


def open_model(persona: Persona, provider: str, threads: int) -> Model | CudaModel:
    """A persona on one provider.

    Raises:
        Exception: The provider cannot be started.
    """
    if provider == "cuda":
        return CudaModel(persona, threads)
    return Model(persona, provider, threads)


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
        self._model: Model | CudaModel | None = None

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

    def _opened(self) -> Model | CudaModel:
        with self._lock:
            while self._model is None:
                name = self._candidates[0]
                try:
                    self._model = open_model(self._persona, name, self._threads)
                except Exception as error:
                    self._next_candidate(error)
            return self._model

    def _leave(self, model: Model | CudaModel, error: Exception) -> None:
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
        self._failures.append(f"{failed}: {first_line(error)}")

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
