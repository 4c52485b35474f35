"""The demo as a whole: server, worker and page, until somebody has had enough.

In flow a port and a wish; out flows an address to open in a browser, or, for a check, the verdict
of a browser that opened it by itself.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from . import browser, cache, page, server_binary, services
from .server import LiveKitServer, livekit_server
from .web_server import web_server
from .worker_process import worker_process


@contextmanager
def backend() -> Iterator[LiveKitServer]:
    """A LiveKit server with the demo's agent on it, for as long as the block lasts.

    Raises:
        cache.Missing: The server cannot be had; the message names the remedy.
        ServerDied: The server did not start.
        WorkerDied: The agent did not start.
    """
    binary = server_binary.provide()
    with ExitStack() as stack:
        room = Path(stack.enter_context(TemporaryDirectory(prefix="livekit-avatar-agent-")))
        log = room / "agent.log"
        server = stack.enter_context(livekit_server(binary))
        with cache.step(f"starting the agent ({services.describe()})"):
            stack.enter_context(worker_process(server, log))
        cache.say(f"  the agent writes to {log} while it runs")
        yield server


def serve(port: int) -> None:
    """Run the demo until Ctrl-C or SIGTERM.

    Raises:
        As `backend`; also `cache.Missing` without a page, and OSError where the port is taken.
    """
    folder = page.provide()
    with backend() as server:
        asyncio.run(_serve(server, folder, port))


def check(port: int, out: Path) -> list[str]:
    """Run the demo once without a person; what is wrong, one sentence each, none if all is well.

    Args:
        port: Of the page; 0 takes any free port.
        out: Folder for a screenshot and a film of the answer; made if it has to be.

    Raises:
        As `serve`; also `cache.Missing` when there is no browser.
    """
    out.mkdir(parents=True, exist_ok=True)
    folder, chromium = page.provide(), browser.provide()
    with backend() as server:
        return asyncio.run(_check(server, folder, chromium, port, out))


async def _serve(server: LiveKitServer, folder: Path, port: int) -> None:
    async with web_server(folder, server, port=port) as address:
        cache.say(f"\nTalk to the face:  {address}\nCtrl-C ends it.\n")
        await _asked_to_stop()
        cache.say("Stopping ...")


async def _check(
    server: LiveKitServer, folder: Path, chromium: Path, port: int, out: Path
) -> list[str]:
    from .check import watch

    async with web_server(folder, server, port=port) as address:
        return await watch(address, chromium, out)


async def _asked_to_stop() -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, asked.set)
    await asked.wait()
