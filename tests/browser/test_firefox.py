"""Flash and beep in Debian's Firefox, over a real LiveKit server; skipped where it is missing.

Firefox has no MediaStreamTrackProcessor. Sound is timed in an AudioWorklet and by
`getOutputTimestamp`, a picture by `requestVideoFrameCallback`.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from livekit import rtc
from numpy.typing import NDArray

from livekit_plugins_avatar.options import VIDEO_DELAY_S
from livekit_plugins_avatar.tools.demo import page, server_binary
from livekit_plugins_avatar.tools.demo.server import livekit_server
from livekit_plugins_avatar.tools.eval import ours
from livekit_plugins_avatar.tools.eval.clapper import Clapper
from livekit_plugins_avatar.tools.eval.offset import BRIGHT_ABOVE, REACH_S

from .marionette import Firefox, firefox

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox") or ""
SECONDS = 12.0
MIN_CLAPS = 6
MEDIAN_MS, SPREAD_MS = 45.0, 90.0
"""Less than 45 ms is seen as perfect sync (ITU-R BT.1359-1)."""
DEADLINE_S = 40.0

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not PROGRAM, reason="no Firefox here (Debian: apt-get install firefox-esr)"),
]


async def test_offset() -> None:
    """The page joins, sees and hears the avatar, and the two belong together."""
    with livekit_server(server_binary.provide()) as server:
        room, ready = rtc.Room(), asyncio.Event()
        await room.connect(server.url, server.token(identity="clapper", room="firefox"))
        publish = partial(ours.publish, video_delay_s=VIDEO_DELAY_S)
        clapping = asyncio.create_task(publish(room, Clapper(SECONDS), ready=ready, script=()))
        try:
            token = server.token(identity="viewer", room="firefox")
            async with served() as address, firefox(PROGRAM) as tab:
                await tab.goto(f"{address}/watch.html?url={server.url}&token={token}")
                await until(tab, "watch.frames.length > 3 && watch.latencyMs !== undefined")
                ready.set()
                await asyncio.wait_for(clapping, SECONDS + DEADLINE_S)
                seen = await tab.evaluate("return [watch.frames, watch.beeps, watch.errors]")
                counted = await tab.evaluate("return watch.stats()")
        finally:
            clapping.cancel()
            await asyncio.gather(clapping, return_exceptions=True)
            await room.disconnect()
    frames, beeps, errors = seen
    assert not errors
    assert counted["decoded"] > 15 * SECONDS and counted["received"] > 30 * SECONDS, counted
    offsets_ms = offsets(np.array(frames), np.array(beeps))
    assert len(offsets_ms) >= MIN_CLAPS
    p5, median, p95 = np.percentile(offsets_ms, [5, 50, 95])
    print(
        f"Firefox: {median:+.0f} ms ({p5:+.0f} to {p95:+.0f}), {len(offsets_ms)} claps, {counted}"
    )
    assert abs(median) <= MEDIAN_MS and -SPREAD_MS <= p5 <= p95 <= SPREAD_MS, offsets_ms


def offsets(frames: NDArray[np.float64], beeps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Picture minus sound of each clap, in milliseconds."""
    bright = frames[:, 1] > BRIGHT_ABOVE
    flashes = frames[1:, 0][bright[1:] & ~bright[:-1]]
    apart = flashes - beeps[:, None]
    nearest = np.take_along_axis(apart, np.abs(apart).argmin(1)[:, None], 1)[:, 0]
    found: NDArray[np.float64] = nearest[np.abs(nearest) < 1e3 * REACH_S]
    return found


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
