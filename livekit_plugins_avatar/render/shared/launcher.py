"""Finds the renderer process of a user, version and device, and starts it where there is none.

Its socket lies in a folder that only the user may enter. What starts it locks a file and hands the
lock on, which is free again when no renderer lives.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from ...timeline import SystemClock
from ...version import __version__

IDLE_S = 20.0
"""So long after its last room the process ends: the next job finds it, and no GPU is held."""

RETRY_S = 0.02
BACKLOG = 128
BOOT = Path(__file__).with_name("__main__.py")


class Unavailable(RuntimeError):
    """There can be no shared renderer here; the message says why."""


def connect(device: str, limit_s: float) -> socket.socket:
    """Connect to the process; an `Unavailable`, or an OSError, where that is not possible."""
    clock = SystemClock()
    path, ends_s = _path(device), clock.now_s() + limit_s
    while clock.now_s() < ends_s:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.settimeout(limit_s)
        try:
            sock.connect(path)
            return sock
        except OSError as error:
            sock.close()
            if not isinstance(error, FileNotFoundError | ConnectionRefusedError):
                raise
        if not _start(path, device):
            time.sleep(RETRY_S)
    raise TimeoutError(f"the shared renderer has not answered within {limit_s:.0f} s")


def _path(device: str) -> str:
    """Where the socket is; another version, device or choice of GPUs has another one."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    base = base if os.path.isdir(base) else tempfile.gettempdir()
    folder = Path(base) / f"livekit-avatar-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077 or found.st_uid != os.getuid():
        raise Unavailable(f"{folder} has to be a folder that this user alone may enter")
    own = (__version__, str(BOOT), sys.executable, device, os.environ.get("CUDA_VISIBLE_DEVICES"))
    return str(folder / hashlib.sha256(repr(own).encode()).hexdigest()[:16])


def _start(path: str, device: str) -> bool:
    """Start the process; False where another one starts or lives."""
    with ExitStack() as stack:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        stack.callback(os.close, lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A process that ends removes the file.
            if os.stat(f"{path}.lock").st_ino != os.fstat(lock).st_ino:
                return False
        except (BlockingIOError, FileNotFoundError):
            return False
        Path(path).unlink(missing_ok=True)
        listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        listener.bind(path)
        listener.listen(BACKLOG)
        os.ftruncate(lock, 0)
        files = (listener.fileno(), lock)
        # It outlives this job; what it prints is found in the file of the lock.
        started = subprocess.run(
            [sys.executable, str(BOOT), path, device, str(IDLE_S), *map(str, files)],
            pass_fds=files,
            stdin=subprocess.DEVNULL,
            stdout=lock,
            stderr=lock,
            start_new_session=True,
        )
        if started.returncode:
            said = Path(f"{path}.lock").read_text(errors="replace").strip().splitlines()
            raise Unavailable(f"the renderer process could not be started: {said[-1:]}")
    return True
