"""A persona's weights at work, shared by all renderers of a process that draw it on one device.

A device that fails, when it is opened or at any later picture, is left for the next one, for all
renderers at once, and the log says so once.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from concurrent import futures
from functools import partial
from typing import TypeVar
from weakref import WeakValueDictionary

import numpy as np

from ..log import logger
from .model import Faces, GraphModel, Model
from .parted_model import Drawn, PartedModel
from .persona import OUTPUTS, Device, Persona, PersonaError
from .providers import candidates, first_line
from .renderer import Frames

OPEN_LIMIT_S = {"tensorrt": 1200.0, "cuda": 60.0, "cpu": 60.0}
"""Opening a persona and drawing its first picture take no longer; a built-in one takes 0.4 s on a
CPU, 2.1 s on CUDA, and minutes where TensorRT compiles it."""

AnyModel = Model | GraphModel | PartedModel

T = TypeVar("T")


class Engine:
    """A persona on the first device that draws it. Any thread may draw."""

    def __init__(self, persona: Persona, device: Device, threads: int) -> None:
        self.persona = persona
        self.threads = threads
        """Of a CPU, for one picture."""
        self._ways = [
            (name, graphs)
            for name in candidates(device)
            for graphs in ([True, False] if name == "cuda" else [False])
        ]
        """The devices, that in use first, and whether it replays CUDA graphs."""
        self._failures: dict[str, str] = {}
        self._lock = threading.Lock()
        self._model: AnyModel | None = None

    @property
    def device(self) -> str:
        """The device in use, or the one to be tried next."""
        return self._ways[0][0]

    def draw(self, output: str, faces: Faces, drawn: Drawn | None = None) -> Frames:
        """Draw one picture per row, and raise only what the last device raises.

        Args:
            output: Which of the file's.
            faces: The model's input.
            drawn: What the same viewer saw last: a part that looks so is not drawn again.
        """
        while True:
            model = self.open()
            try:
                if isinstance(model, PartedModel):
                    return model.draw(output, faces, drawn)
                return model.draw(output, faces)
            except Exception as error:
                with self._lock:
                    # Another thread may have met the same failure first.
                    if self._model is model:
                        self._leave(error)

    def open(self) -> AnyModel:
        """Open the persona and draw its resting face, where that has not been done."""
        with self._lock:
            while self._model is None:
                work = partial(_opened, self.persona, *self._ways[0], self.threads)
                try:
                    self._model = within(OPEN_LIMIT_S[self.device], work)
                except PersonaError:
                    raise
                except Exception as error:
                    if len(self._ways) > 1:
                        self._leave(error)
                    else:
                        raise PersonaError(f"{self.persona.path} {_fault(error)}") from error
            if self._failures:
                logger.warning(
                    "renderer: the persona %s is drawn on %s, because what is faster failed (%s)",
                    self.persona.name,
                    self.device,
                    "; ".join(f"{device}: {why}" for device, why in self._failures.items()),
                )
            self._failures.clear()
            return self._model

    def _leave(self, error: Exception) -> None:
        if len(self._ways) == 1:
            raise error
        device, graphs = self._ways.pop(0)
        if isinstance(error, futures.TimeoutError):
            # A device that hangs does so with graphs and without.
            self._ways = [way for way in self._ways if way[0] != device]
        what = "no CUDA graph could be recorded: " if graphs else ""
        self._failures[device] = what + first_line(error)
        self._model = None


def _opened(persona: Persona, device: str, graphs: bool, threads: int) -> AnyModel:
    """Open a persona on a device and draw its resting face, so that the first frame is not late."""
    if device == "cpu":
        return PartedModel(persona, threads)
    model = GraphModel(persona, threads) if graphs else Model(persona, device, threads)
    for aspect in persona.sizes:
        drawn = model.draw(OUTPUTS[aspect], np.array([persona.neutral], np.float32))
        persona.check_drawn(aspect, drawn)
    return model


def _fault(error: Exception) -> str:
    if isinstance(error, futures.TimeoutError):
        limit = f"{OPEN_LIMIT_S['cpu']:.0f} s"
        return f"has not drawn its resting face within {limit}: export a faster model"
    return f"cannot be opened as an ONNX model: export it again ({first_line(error)})"


def within(limit_s: float, work: Callable[[], T]) -> T:
    """Do `work` on a thread that keeps neither the caller waiting nor the process from ending."""
    result: futures.Future[T] = futures.Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            # The error would keep what was being opened.
            traceback.clear_frames(error.__traceback__)
            result.set_exception(error)

    threading.Thread(target=run, name="avatar-open", daemon=True).start()
    return result.result(limit_s)


_engines: WeakValueDictionary[tuple[str, Device, int], Engine] = WeakValueDictionary()
_lock = threading.Lock()


def engine_for(persona: Persona, device: Device, threads: int) -> Engine:
    """Return the one engine that draws `persona` so; it lives as long as it is used."""
    key = (persona.digest, device, threads)
    with _lock:
        engine = _engines.get(key)
        if engine is None:
            engine = _engines[key] = Engine(persona, device, threads)
        return engine
