"""Computes a persona file with OpenVINO, where the extra `openvino` is installed: a CPU then draws
a face from a picture in 0.6 of the time.

OpenVINO compiles a file for the processor that it runs on: formulas become one loop each, and
`GridSample` is vectorised. It runs on x86-64 and ARM processors of any maker.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from numpy.typing import NDArray

from .model import running
from .persona import Persona
from .quiet_openvino import openvino
from .resampled import resample
from .session import OnnxSession, Session, Values


@cache
def _core() -> Any:
    return openvino.Core()


def open_part(persona: Persona, threads: int, content: bytes) -> Session:
    """Open a part of a persona's file with OpenVINO, if it takes anything from pictures.

    The rest are convolutions and products, at which ONNX Runtime is as fast.

    Args:
        persona: The file.
        threads: CPU threads for each run.
        content: The part; the shapes of its inputs are known.
    """
    model = _core().read_model(content)
    if resample(model, persona.taken):
        return OpenVinoSession(model, threads)
    return OnnxSession(persona, threads, content)


class _Run:
    """A run that ends by itself, soon: nothing stops it."""

    terminate = False


class OpenVinoSession:
    """A file as OpenVINO has compiled it; one run at a time, others wait. Fits `Session`.

    Args:
        model: As OpenVINO has read it.
        threads: CPU threads for each run.
    """

    def __init__(self, model: Any, threads: int) -> None:
        settings = {
            # With more, files share weights by name and by place in memory, and a file that is
            # opened later may get those of one that is closed (OpenVINO 2026.4).
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": threads,
            # Processes of several rooms would all take the first core.
            "ENABLE_CPU_PINNING": False,
            # Not bfloat16, its choice on some processors: these have other pictures.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self._model = _core().compile_model(model, "CPU", settings)
        self.takes = [port.any_name for port in self._model.inputs]
        self._makes = [port.any_name for port in self._model.outputs]

    def once(self, values: Values) -> dict[str, NDArray[Any]]:
        """Compute all outputs."""
        request = self._model.create_infer_request()
        found = request.infer({name: values[name] for name in self.takes})
        return {name: found[name].copy() for name in self._makes}

    def bound(self, values: Values) -> Callable[[], None]:
        """What computes the outputs in place."""
        request = self._model.create_infer_request()
        for name in (*self.takes, *self._makes):
            request.set_tensor(name, openvino.Tensor(values[name], shared_memory=True))
        at_work = _Run()

        def run() -> None:
            with running(at_work):
                request.infer()

        return run
