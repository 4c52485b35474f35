"""Flash and beep in Debian's Firefox, over a real LiveKit server; skipped where it is missing.

Its sync is not measured: it has neither MediaStreamTrackProcessor nor `estimatedPlayoutTimestamp`,
and its AudioContext does not run on a machine without a sound device.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from livekit import rtc

from livekit_plugins_avatar.options import VIDEO_DELAY_S
from livekit_plugins_avatar.tools.demo import page, server_binary
from livekit_plugins_avatar.tools.demo.server import livekit_server
from livekit_plugins_avatar.tools.eval import ours
from livekit_plugins_avatar.tools.eval.clapper import Clapper
from livekit_plugins_avatar.tools.eval.offset import BRIGHT_ABOVE

from .marionette import Firefox, firefox

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox") or ""
SECONDS = 30.0
FLASHED = 6
"""Bright frames, of two or three flashes."""
DEADLINE_S = 60.0

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not PROGRAM, reason="no Firefox here (Debian: apt-get install firefox-esr)"),
]


async def test_joins() -> None:
    """The page sees the avatar's flashes, and sound arrives with them."""
    with livekit_server(server_binary.provide()) as server:
        room, ready = rtc.Room(), asyncio.Event()
        await room.connect(server.url, server.token(identity="clapper", room="firefox"))
        publish = partial(ours.publish, video_delay_s=VIDEO_DELAY_S)
        clapping = asyncio.create_task(publish(room, Clapper(SECONDS), ready=ready, script=()))
        try:
            token = server.token(identity="viewer", room="firefox")
            async with served() as address, firefox(PROGRAM) as tab:
                await tab.goto(f"{address}/watch.html?url={server.url}&token={token}")
                await until(tab, "watch.frames.length > 3 && watch.tracks.length === 2")
                ready.set()
                flashes = f"watch.frames.filter(([_, luma]) => luma > {BRIGHT_ABOVE}).length"
                await until(tab, f"{flashes} >= {FLASHED}")
                counted = await tab.evaluate("return watch.stats()")
        finally:
            clapping.cancel()
            await asyncio.gather(clapping, return_exceptions=True)
            await room.disconnect()
    assert counted["decoded"] > FLASHED and counted["received"] > FLASHED, counted


async def until(tab: Firefox, condition: str) -> None:
    """Wait until a condition holds in the page."""
    ends_s = time.monotonic() + DEADLINE_S
    while not await tab.evaluate(f"return {condition}"):
        state = await tab.evaluate("return [watch.state, watch.errors]")
        assert not state[1] and time.monotonic() < ends_s, state
        await asyncio.sleep(0.1)


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """Serve the page and its library from loopback."""
    page.provide()  # It brings the library.
    here = Path(__file__).parent
    library = here.parents[1] / "web/node_modules/livekit-client/dist/livekit-client.umd.js"
    app = web.Application()
    for path in (here / "watch.html", library):
        app.router.add_get(f"/{path.name}", partial(_file, path))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _file(path: Path, _: web.Request) -> web.FileResponse:
    return web.FileResponse(path)
