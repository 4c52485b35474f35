"""Runs a child process for as long as a `with` block lasts."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType


@contextmanager
def child_process(
    command: Sequence[str | Path], *, env: Mapping[str, str], log: Path, patience_s: float
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process, and stop it when the block ends.

    Args:
        command: The program and its arguments.
        env: The process's whole environment.
        log: The file that gets its output.
        patience_s: As of `stop`.
    """
    process = None
    try:
        with log.open("wb") as output, _interrupts_delayed():
            process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal then reaches the parent alone, which stops its children.
                start_new_session=True,
            )
        yield process
    finally:
        if process is not None:
            stop(process, patience_s=patience_s)


def stop(process: subprocess.Popen[bytes], *, patience_s: float) -> None:
    """End `process`: SIGTERM, a second one after `patience_s`, SIGKILL after as long again.

    The server and the worker take a second SIGTERM for "at once". The server also loses a SIGTERM
    that comes in its first tenth of a second. Ctrl-C meanwhile kills the process.
    """
    try:
        for ask in (process.terminate, process.terminate, process.kill):
            if process.poll() is not None:
                return
            ask()
            try:
                process.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue
        process.wait()
    except KeyboardInterrupt:
        process.kill()
        process.wait()
        raise


@contextmanager
def _interrupts_delayed() -> Iterator[None]:
    """Delays Ctrl-C and SIGTERM to the block's end, where the new process is known.

    Raises:
        KeyboardInterrupt: One came.
    """
    if current_thread() is not main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for pending in came:
            signal.raise_signal(pending)
