"""Computes some values of a persona file from others: the contract, and ONNX Runtime's way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .persona import Persona
from .providers import open_session
from .running import cpu_run, running

Values = Mapping[str, NDArray[Any]]
"""Arrays by the name of the value."""


class Session(Protocol):
    """An opened file. Any thread may use it, several at a time."""

    takes: list[str]
    """Names of its inputs."""

    def once(self, values: Values) -> dict[str, NDArray[Any]]:
        """Compute all outputs, in arrays of their own, by name."""
        ...

    def bound(self, values: Values) -> Callable[[], None]:
        """What computes the outputs from such arrays into such arrays; one thread at a time."""
        ...


class OnnxSession:
    """A file on ONNX Runtime's own CPU provider.

    Args:
        persona: Of which the file is a part.
        threads: CPU threads for each run.
        content: The file.
    """

    def __init__(self, persona: Persona, threads: int, content: bytes) -> None:
        self._session = open_session(persona, "cpu", threads, content=content)
        self.takes = [value.name for value in self._session.get_inputs()]
        self._makes = [value.name for value in self._session.get_outputs()]

    def once(self, values: Values) -> dict[str, NDArray[Any]]:
        """Compute all outputs."""
        taken = {name: values[name] for name in self.takes}
        with running(cpu_run()) as run:
            made = self._session.run(self._makes, taken, run)
        return dict(zip(self._makes, made, strict=True))

    def bound(self, values: Values) -> Callable[[], None]:
        """What computes the outputs in place."""
        binding: Any = self._session.io_binding()
        for name in self.takes:
            binding.bind_ortvalue_input(name, _value(values[name]))
        for name in self._makes:
            binding.bind_ortvalue_output(name, _value(values[name]))
        options = cpu_run()
        at_work = running(options)

        def run() -> None:
            with at_work:
                self._session.run_with_iobinding(binding, options)

        return run


def _value(memory: NDArray[np.generic]) -> Any:
    """A value of ONNX Runtime in the memory of an array."""
    value: Any = onnxruntime.OrtValue
    return value.ortvalue_from_numpy(memory)
