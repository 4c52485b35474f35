"""Runs the demo: LiveKit server, agent and page, until it is stopped or checked.

The page's port is bound before anything is fetched or started, so that a taken port costs no time.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import NamedTuple

from . import browser, cache, page, server_binary, services
from .server import LOOPBACK, LiveKitServer, livekit_server
from .web_server import listening_socket, web_server
from .worker_process import worker_process

EXPOSED = (
    "\nWARNING: the demo listens on {host}, not only on this machine. Every device that reaches "
    "{host} can join,\nwithout a password and without encryption of the page. Browsers there offer "
    "no microphone: they ask for https.\n"
)


class Backend(NamedTuple):
    """A LiveKit server with the demo's agent on it."""

    server: LiveKitServer
    faces: Path
    """A private folder, from which the agent reads personas that were made of pictures."""


@contextmanager
def backend(host: str = LOOPBACK) -> Iterator[Backend]:
    """Run the demo's server and agent for as long as the block lasts.

    Args:
        host: Address of this machine on which the server listens.

    Raises:
        cache.Missing: The server cannot be had; the message names the remedy.
        ServerDied: The server did not start.
        WorkerDied: The agent did not start.
    """
    binary = server_binary.provide()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="livekit-avatar-agent-")))
        log, faces = folder / "agent.log", folder / "faces"
        faces.mkdir(mode=0o700)
        server = stack.enter_context(livekit_server(binary, host=host))
        with cache.step(f"starting the agent ({services.describe()})"):
            stack.enter_context(worker_process(server, log, faces))
        cache.say(f"  the agent writes to {log} while it runs")
        yield Backend(server, faces)


def serve(port: int, host: str = LOOPBACK) -> None:
    """Run the demo until Ctrl-C or SIGTERM.

    Args:
        port: Of the page; 0 takes any free port.
        host: Address of this machine on which page and server listen.

    Raises:
        OSError: The port is taken, or this machine does not have the address.
        As `backend`; also `cache.Missing` without a page.
    """
    with listening_socket(host, port) as listener:
        if host != LOOPBACK:
            cache.say(EXPOSED.format(host=host))
        folder = page.provide()
        with backend(host) as running:
            asyncio.run(_serve(running, folder, listener))


def check(port: int, out: Path) -> list[str]:
    """Run the demo once without a person; what is wrong, one sentence each, none if all is well.

    Args:
        port: Of the page; 0 takes any free port.
        out: Folder for a screenshot and a recording of the answer; made if it has to be.

    Raises:
        As `serve`; also `cache.Missing` when there is no browser.
    """
    with listening_socket(LOOPBACK, port) as listener:
        out.mkdir(parents=True, exist_ok=True)
        folder, chromium = page.provide(), browser.provide()
        with backend() as running:
            return asyncio.run(_check(running, folder, chromium, listener, out))


async def _serve(running: Backend, folder: Path, listener: socket) -> None:
    async with web_server(folder, *running, listener) as address:
        cache.say(f"\nTalk to the face:  {address}\nCtrl-C ends it.\n")
        await _stop_requested()
        cache.say("Stopping ...")


async def _check(
    running: Backend, folder: Path, chromium: Path, listener: socket, out: Path
) -> list[str]:
    from . import browser_check

    async with web_server(folder, *running, listener) as address:
        return await browser_check.check(address, chromium, out)


async def _stop_requested() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
