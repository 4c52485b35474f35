"""Machines of their own for renderer processes, which are gone after the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from livekit_plugins_avatar.render.shared import launcher


@dataclass
class Machine:
    """Where the processes of a test have their sockets."""

    runtime: Path

    @property
    def folder(self) -> Path:
        """The folder of the sockets."""
        return self.runtime / f"livekit-avatar-{os.getuid()}"

    def processes(self) -> list[psutil.Process]:
        """The renderer processes: the supervisor, its server, and the one that stands by."""
        found = [
            process
            for process in psutil.process_iter(["cmdline", "ppid", "create_time"])
            if any(str(self.folder) in word for word in process.info["cmdline"] or ())
        ]
        pids = {process.pid for process in found}
        return sorted(found, key=lambda p: (p.info["ppid"] in pids, p.info["create_time"]))

    @property
    def socket(self) -> str:
        """The path of the one socket."""
        (path,) = (path for path in self.folder.iterdir() if path.suffix != ".lock")
        return str(path)

    def kill_server(self) -> None:
        """Kill the process that draws."""
        _supervisor, server, _standby = self.processes()
        server.kill()
        server.wait()


def _machine(runtime: Path, idle_s: float) -> Iterator[Machine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        patch.setattr(launcher, "IDLE_S", idle_s)
        made = Machine(runtime)
        yield made
        for process in made.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine without a renderer process."""
    yield from _machine(tmp_path, 0.5)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine whose renderer process goes on from test to test."""
    yield from _machine(tmp_path_factory.mktemp("running"), 30.0)
