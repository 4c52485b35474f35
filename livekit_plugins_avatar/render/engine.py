"""A persona's weights at work, shared by all renderers of a process that draw it on one device.

Each persona is opened once for a device. A device that fails, when it is opened or at any later
picture, is left for the next one, for all renderers at once, and the log says so once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from weakref import WeakValueDictionary

import numpy as np

from ..log import logger
from .cuda import CudaModel
from .model import Faces, Model
from .persona import OUTPUTS, Persona, PersonaError
from .providers import Device, candidates, first_line
from .renderer import Frames

OPEN_LIMIT_S = {"tensorrt": 1200.0, "cuda": 60.0, "cpu": 60.0}
"""Opening a persona and drawing its first picture take no longer; a built-in one takes 0.4 s on a
CPU, 2.5 s on CUDA, and minutes where TensorRT compiles it."""

T = TypeVar("T")


class Engine:
    """A persona on the first device that draws it. Any thread may draw.

    Args:
        persona: The persona.
        device: "auto" or one of `PROVIDERS`.
        threads: CPU threads, at least 1.

    Raises:
        ValueError: There is no such device.
    """

    def __init__(self, persona: Persona, device: Device, threads: int) -> None:
        self.persona = persona
        self._threads = threads
        self._candidates = candidates(device)
        self._failures: list[str] = []
        self._lock = threading.Lock()
        self._model: Model | CudaModel | None = None

    @property
    def device(self) -> str:
        """The device in use, or the one to be tried next."""
        return self._candidates[0]

    def draw(self, output: str, faces: Faces) -> Frames:
        """Draw one picture per row, uint8 [B, H * 3 / 2, W].

        Raises:
            Exception: The last device failed.
        """
        while True:
            model = self.open()
            try:
                return model.draw(output, faces)
            except Exception as error:
                self._leave(model, error)

    def open(self) -> Model | CudaModel:
        """Open the persona and draw its resting face, where that has not been done.

        Raises:
            PersonaError: No device draws it, or it draws another size than it says.
        """
        with self._lock:
            while self._model is None:
                name = self._candidates[0]
                work = partial(_opened, self.persona, name, self._threads)
                try:
                    self._model = within(OPEN_LIMIT_S[name], work)
                except PersonaError:
                    raise
                except Exception as error:
                    if len(self._candidates) == 1:
                        raise _cannot_be_drawn(self.persona, error) from error
                    self._next_candidate(error)
                else:
                    self._log_failures()
            return self._model

    def _leave(self, model: Model | CudaModel, error: Exception) -> None:
        with self._lock:
            # Another thread may have met the same failure first.
            if self._model is not model:
                return
            if len(self._candidates) == 1:
                raise error
            self._next_candidate(error)
            self._model = None

    def _next_candidate(self, error: Exception) -> None:
        self._failures.append(f"{self._candidates.pop(0)}: {first_line(error)}")

    def _log_failures(self) -> None:
        if self._failures:
            logger.warning(
                "renderer: the persona %s is drawn on %s, because faster devices failed (%s)",
                self.persona.name,
                self.device,
                "; ".join(self._failures),
            )
        self._failures = []


def _opened(persona: Persona, device: str, threads: int) -> Model | CudaModel:
    """Open a persona on a device and draw its resting face, so that the first frame is not late."""
    model = CudaModel(persona, threads) if device == "cuda" else Model(persona, device, threads)
    neutral = np.array([persona.neutral], np.float32)
    for aspect, (width, height) in persona.sizes.items():
        drawn = model.draw(OUTPUTS[aspect], neutral)
        if drawn.shape != (1, height * 3 // 2, width) or drawn.dtype != np.uint8:
            raise PersonaError(
                f"{persona.path} draws {drawn.dtype} {list(drawn.shape)}, its metadata says "
                f"uint8 [1, {height * 3 // 2}, {width}]: export it with that shape"
            )
    return model


def _cannot_be_drawn(persona: Persona, error: Exception) -> PersonaError:
    if isinstance(error, TimeoutError):
        return PersonaError(
            f"{persona.path} has not drawn its resting face within {OPEN_LIMIT_S['cpu']:.0f} s: "
            "export a faster model"
        )
    return PersonaError(
        f"{persona.path} cannot be opened as an ONNX model: export it again ({first_line(error)})"
    )


def within(limit_s: float, work: Callable[[], T]) -> T:
    """Do `work` on a thread that keeps neither the caller waiting nor the process from ending.

    Raises:
        TimeoutError: It takes longer than `limit_s`, and is left behind.
        Exception: Whatever it raises.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="avatar-open", daemon=True)
    thread.start()
    thread.join(limit_s)
    if errors:
        try:
            raise errors[0]
        finally:
            # Its frames hold the list, and what was being opened with it.
            errors.clear()
    if not results:
        raise TimeoutError(f"not done after {limit_s:.0f} s")
    return results[0]


_Key = tuple[str, Device, int]
_engines: WeakValueDictionary[_Key, Engine] = WeakValueDictionary()
_kept: dict[_Key, Engine] = {}
_lock = threading.Lock()


def engine_for(persona: Persona, device: Device, threads: int, *, keep: bool = False) -> Engine:
    """Return the engine that draws `persona` so; it lives as long as it is used.

    Args:
        persona: The persona.
        device: "auto" or one of `PROVIDERS`.
        threads: CPU threads, at least 1.
        keep: Let it live as long as the process.

    Raises:
        ValueError: There is no such device.
    """
    key = (persona.digest, device, threads)
    with _lock:
        engine = _engines.get(key)
        if engine is None:
            engine = _engines[key] = Engine(persona, device, threads)
        if keep:
            _kept[key] = engine
        return engine
