"""Knows what a CPU draws now: native code that works while Python shuts down aborts the process."""

from __future__ import annotations

import atexit
import threading
import time
from typing import Generic, Protocol, TypeVar

import onnxruntime

EXIT_S = 2.0
"""How long a process that ends waits for pictures that are being drawn."""


class Run(Protocol):
    """What a CPU computes now."""

    terminate: bool
    """Set: it is to stop."""


_runs: set[Run] = set()
"""Of the pictures that a CPU draws now."""

_ended = threading.Event()
"""Set: the process ends, and no other thread begins a run."""


def cpu_run() -> onnxruntime.RunOptions:
    """Options of runs on a CPU, one at a time."""
    run = onnxruntime.RunOptions()
    # Of a CUDA graph: none. Without an entry ONNX Runtime 1.32 throws and catches in each run.
    run.add_run_config_entry("gpu_graph_id", "-1")
    return run


R = TypeVar("R", bound=Run)


class running(Generic[R]):
    """A picture that a CPU draws: it is stopped where the process ends meanwhile. A context manager
    that may be entered again, by one thread at a time."""

    def __init__(self, run: R) -> None:
        self._run = run

    def __enter__(self) -> R:
        _runs.add(self._run)
        while _ended.is_set() and threading.current_thread() is not threading.main_thread():
            # Python ends threads that wait for it.
            _runs.discard(self._run)
            time.sleep(EXIT_S)
        return self._run

    def __exit__(self, *_error: object) -> None:
        _runs.discard(self._run)


@atexit.register
def end_runs() -> None:
    """Stop drawing: a thread in native code, as Python shuts down, aborts the process."""
    _ended.set()
    ends_s = time.monotonic() + EXIT_S
    while (runs := list(_runs)) and time.monotonic() < ends_s:
        for run in runs:
            run.terminate = True
        time.sleep(0.01)
