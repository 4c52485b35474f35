"""The renderer process: it starts the server in a child, and goes on with another when that dies or
hangs.

The other one stands by: everything is imported, and what is drawn on a CPU is open. Clients that
come meanwhile wait in the socket's queue, which outlives the server. Arguments: the path of the
socket, the device, and after how many seconds without a room to end; the numbers of two files that
the starter leaves open: the socket and the lock.
"""

from __future__ import annotations

import importlib.util
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

PACKAGE = "livekit_plugins_avatar"

SILENT_S = 5.0
"""A server that has not reported for so long hangs as a whole, and is killed."""


Serve = Callable[[int, Callable[[], object]], object]
"""Serves once a byte can be read from a pipe; reports by the other argument."""


class Child(NamedTuple):
    """A process that waits to be the server, or is it; it and its parent notice by the pipes that
    the other is gone."""

    pid: int
    reports: int
    go: int


def supervise(serve: Serve) -> None:
    """Let child after child call `serve`, until one returns or raises: not if it is killed. While
    one does, the next one waits."""
    standby, killed = _started(serve), True
    while killed:
        server = standby
        with suppress(BrokenPipeError):  # Then it is dead, and the next one's turn comes.
            os.write(server.go, b".")
        os.close(server.go)
        standby = _started(serve, server.reports)
        while select.select([server.reports], [], [], SILENT_S)[0]:
            if not os.read(server.reports, 4096):
                break
        os.close(server.reports)
        killed = _ended(server) < 0
    _ended(standby)


def _started(serve: Serve, *not_its: int) -> Child:
    """Start a child, which closes the files that are not its own."""
    reports, report = os.pipe()
    wait, go = os.pipe()
    pid = os.fork()
    if not pid:
        for file in (reports, go, *not_its):
            os.close(file)
        try:
            serve(wait, partial(os.write, report, b"."))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(report)
    os.close(wait)
    return Child(pid, reports, go)


def _ended(child: Child) -> int:
    """End a child; how it has ended, below 0 where it was killed."""
    os.kill(child.pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])


def main() -> None:
    """Serve until no room has been there for a while."""
    path, device, idle_s, listener, _lock = sys.argv[1:]
    sys.path[0] = str(Path(__file__).resolve().parents[3])
    # The package imports LiveKit, which takes seconds and is not needed: its name stays empty here.
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    server = importlib.import_module(f"{PACKAGE}.render.shared.server")
    # The job that starts this is not its parent, and has nothing to reap.
    if os.fork():
        os._exit(0)
    with socket.socket(fileno=int(listener)) as sock:
        standby = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        made = partial(server.Server, sock, device, float(idle_s), standby)
        supervise(lambda wait, report: made().run(wait, report))
    for file in (path, f"{path}.lock"):
        Path(file).unlink(missing_ok=True)
    # ONNX Runtime waits in its destructors for threads that a fork does not have.
    os._exit(0)


if __name__ == "__main__":
    main()
