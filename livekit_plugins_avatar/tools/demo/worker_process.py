"""Runs the demo's worker in a process of its own for as long as a `with` block lasts.

The block begins once the server knows the worker and the weights are loaded. The worker's output
goes to a file; its end is shown when the worker fails.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import services
from .child_process import child_process
from .environment import NETWORK, PYTHON, child_environment
from .server import LiveKitServer

MODULE = "livekit_plugins_avatar.tools.demo.agent"
AGENT = "livekit-avatar-demo"
"""The worker's name; a token asks for it."""
FACES = "LIVEKIT_AVATAR_DEMO_FACES"
"""The environment variable with the folder of the personas that are made of pictures."""
READY = "the demo's agent is ready"
"""The line that the worker prints once the server knows it."""
START_DEADLINE_S = 120.0
"""Weights are read from a cold disk on a busy machine; 4 s on a warm one."""
STOP_PATIENCE_S = 6.0
"""Ending one conversation and its tracks takes 3.3 s."""
POLL_S = 0.05
TAIL_LINES = 15


class WorkerDied(RuntimeError):
    """The worker ended or was not ready in time; the message has the end of its log."""


@contextmanager
def worker_process(
    server: LiveKitServer, log: Path, faces: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the worker until the block ends.

    Args:
        server: Where it takes its jobs from.
        log: The file that gets its output.
        faces: Folder of the personas that are made of pictures.

    Raises:
        WorkerDied: It was not ready within `START_DEADLINE_S`.
    """
    environment = child_environment(*NETWORK, *PYTHON, *services.VARIABLES)
    with child_process(
        [sys.executable, "-m", MODULE, "start"],
        env={**environment, **server.environment, FACES: str(faces)},
        log=log,
        patience_s=STOP_PATIENCE_S,
    ) as process:
        _wait_until_ready(process, log)
        yield process


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline_s and process.poll() is None:
        if READY in log.read_text(errors="replace"):
            return
        time.sleep(POLL_S)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
    raise WorkerDied(f"the demo's agent did not start; its log ends with:\n{tail}")
