"""The processes of a measurement: workers of small faces, and the viewers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from ...demo.server import LiveKitServer, free_ports
from .small_worker import READY

START_S = 60.0
"""Importing takes seconds of a core, and several processes start at once."""

END_S = 90.0
LINE_BYTES = 2**24


class ProcessFailed(RuntimeError):
    """A process did not start or ended by itself; the message has the end of its output."""


class WorkerProcess:
    """A worker of small faces."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._said: list[str] = []
        self._ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read(), name="worker output")

    @classmethod
    async def start(
        cls, server: LiveKitServer, name: str, *more: str, module: str = "small_worker"
    ) -> WorkerProcess:
        """Start one, of a module of this package, and wait until the server knows it."""
        [port] = free_ports(1)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"{__package__}.{module}", name, str(port), *more),
            env={**os.environ, **server.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_BYTES,
        )
        worker = cls(process)
        await worker._wait_until_ready()
        return worker

    @property
    def rooms(self) -> set[str]:
        """The rooms whose jobs it took, by its log."""
        took = (line for line in self._said if '"received job request"' in line)
        return {json.loads(line)["room"] for line in took}

    def said(self, begin: str) -> list[str]:
        """The rest of each line of its output that begins so."""
        return [line.removeprefix(begin) for line in self._said if line.startswith(begin)]

    @property
    def tail(self) -> str:
        """The end of its output."""
        return "\n".join(self._said[-15:])

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def stop(self) -> None:
        """Ask it to drain and end."""
        self._process.send_signal(signal.SIGTERM)

    async def ended(self) -> int | None:
        """Its exit code; None where it does not end within `END_S`."""
        try:
            return await asyncio.wait_for(self._process.wait(), END_S)
        except asyncio.TimeoutError:
            return None

    async def aclose(self) -> None:
        """End it, and read what it has said."""
        if self._process.returncode is None:
            self.kill()
        await self._process.wait()
        await self._reading

    async def _wait_until_ready(self) -> None:
        ready = asyncio.create_task(self._ready.wait())
        ended = asyncio.create_task(self._process.wait())
        done, _ = await asyncio.wait(
            {ready, ended}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        if ready not in done:
            await self.aclose()
            raise ProcessFailed(f"a worker did not start; it ended with:\n{self.tail}")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._said.append(line.decode(errors="replace").rstrip())
            if READY in self._said[-1]:
                self._ready.set()


class Viewers:
    """The viewers of some rooms, in one process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, server: LiveKitServer, rooms: Sequence[str]) -> Viewers:
        """Let one viewer join each room."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"{__package__}.viewers"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LINE_BYTES,
        )
        viewers = cls(process)
        tokens = {room: server.token(identity="viewer", room=room) for room in rooms}
        viewers._write(json.dumps({"url": server.url, "tokens": tokens}))
        if (await viewers._line()).strip() != "joined":
            raise ProcessFailed("the viewers did not join")
        return viewers

    async def seen(self) -> dict[str, dict[str, dict[str, list[float]]]]:
        """By room: "loud" and "frames" by participant, times since the last call."""
        self._write("")
        said: dict[str, Any] = json.loads(await self._line())
        return said

    async def aclose(self) -> None:
        """Let them leave."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10.0)
        except asyncio.TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), START_S)
        if not line:
            raise ProcessFailed("the viewers' process ended by itself")
        return line.decode()
