"""The renderer process: it starts the server in a child, and anew when that dies or hangs.

Everything is imported before, so that a new server has only personas to open. Clients that come
meanwhile wait in the socket's queue, which outlives the server. Arguments: the path of the socket,
the device, and after how many seconds without a room to end; the numbers of two files that the
starter leaves open: the socket and the lock.
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
from functools import partial
from pathlib import Path

PACKAGE = "livekit_plugins_avatar"

SILENT_S = 5.0
"""A server that has not reported for so long hangs as a whole, and is killed."""


def supervise(serve: Callable[[Callable[[], object]], object]) -> None:
    """Let child after child call `serve`, until one returns or raises: not if it is killed."""
    killed = True
    while killed:
        # Each of the two notices by the pipe that the other is gone.
        reports, report = os.pipe()
        child = os.fork()
        if not child:
            os.close(reports)
            try:
                serve(partial(os.write, report, b"."))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(report)
        while select.select([reports], [], [], SILENT_S)[0] and os.read(reports, 4096):
            pass
        os.close(reports)
        os.kill(child, signal.SIGKILL)
        killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) < 0


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
        supervise(lambda report: server.Server(sock, device, float(idle_s)).serve(report))
    for file in (path, f"{path}.lock"):
        Path(file).unlink(missing_ok=True)
    # ONNX Runtime waits in its destructors for threads that a fork does not have.
    os._exit(0)


if __name__ == "__main__":
    main()
