"""A viewer in a headless browser: records what reaches screen and loudspeaker.

The evals keep what the page records in its memory; `watch` lets the page send it to a `Sink`.

Serves the package's own `viewer.html` from loopback to a Chromium that it starts and always stops,
and returns a `Recording`. How times are taken (`METHOD` says it in one sentence):

- A frame is seen at the `expectedDisplayTime` of its `requestVideoFrameCallback`: when the
  compositor expects it on the screen, on the 60 Hz grid of a display.
- A sample is heard when its block is handed to the track's sinks, which is the moment that the
  audio device asked for it, plus its place in the block, plus the output latency that the browser
  gives for its own device. The block carries that moment as its timestamp; the page's own delay in
  reading it is removed by the smallest difference ever seen between the two clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import urlencode

import numpy as np
from aiohttp import web
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, async_playwright

from ..demo import browser
from .offset import Floats, Recording
from .readings import Readings

METHOD = (
    "headless Chromium, livekit-client: picture = expectedDisplayTime of the first bright frame "
    "(requestVideoFrameCallback); sound = beep's first sample at the remote track "
    "(MediaStreamTrackProcessor) + AudioContext.outputLatency; lost audio = silence where a marker "
    "tone belongs + sound that the receiver made up + sound cut out"
)

STEADY_FLAGS = (
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--no-first-run",
    "--disable-gpu",
)
"""A browser without a window saves power, and looks for updates: not while it is measuring.
Where there is no GPU it imitates one, which takes a fifth of a core from what is measured."""

JOIN_TIMEOUT_MS = 30_000
TRACKS_TIMEOUT_MS = 30_000


class ViewerError(RuntimeError):
    """The browser, its page or the room was not to be had; the message names the remedy."""


class Sink(Protocol):
    """Takes what the page sends while it records."""

    async def receive(self, request: web.Request) -> web.WebSocketResponse:
        """Answer a connection of the page, until it ends."""


class Viewer:
    """One page in one browser, from `async with` to its end.

    Args:
        url: Of the LiveKit server, ws:// or wss://.
        token: Lets the viewer join and subscribe.
        page_folder: Holds `viewer.html` and its script.
        browser_path: The executable of a Chromium or Chrome.
        publisher: Identity of the participant to watch; by default any that publishes.
        sink: Takes the records instead of the page's memory. The page then subscribes to nothing
            until `watch_only`.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        page_folder: Path,
        browser_path: Path,
        publisher: str | None = None,
        sink: Sink | None = None,
    ) -> None:
        watched = {} if publisher is None else {"publisher": publisher}
        self._query = {"url": url, "token": token} | watched
        self._sink = sink
        self._page_folder = page_folder
        self._browser_path = browser_path
        self._stack = AsyncExitStack()
        self._page: Page | None = None

    async def __aenter__(self) -> Viewer:
        """Join the room.

        Raises:
            ViewerError: There is no page, no browser, or the room did not let the viewer in.
        """
        if not (self._page_folder / "viewer.html").is_file():
            raise ViewerError(
                f"no viewer.html in {self._page_folder}: build the page (npm run build in web/), "
                "or install a wheel, which carries it"
            )
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def subscribed(self) -> None:
        """Return once both sound and picture arrive.

        Raises:
            ViewerError: They did not, within half a minute.
        """
        await self._wait_for(
            "viewer.blocksHeard > 0 && viewer.framesSeen > 0",
            TRACKS_TIMEOUT_MS,
            "no sound and picture arrived",
        )

    async def participants(self) -> list[dict[str, Any]]:
        """Who is in the room: `identity`, `agent` (bool), and `publishes` ("audio", "video")."""
        present: list[dict[str, Any]] = await self._running_page().evaluate("viewer.participants()")
        return present

    async def watch_only(self, identity: str) -> None:
        """Subscribe to this participant, and of all others to the sound."""
        await self._running_page().evaluate("(identity) => viewer.watchOnly(identity)", identity)

    async def status(self) -> dict[str, Any]:
        """How it goes: `state` in words, `frames`, `blocks`, and `errors`."""
        status: dict[str, Any] = await self._running_page().evaluate(
            "({state: viewer.state(), frames: viewer.framesSeen, blocks: viewer.blocksHeard,"
            " errors: viewer.errors})"
        )
        return status

    async def flush(self) -> None:
        """Let the page send to its sink what it has recorded so far."""
        await self._running_page().evaluate("viewer.flush()")

    async def recording(self) -> Recording:
        """Everything seen and heard so far.

        Raises:
            ViewerError: Nothing was, or the page reports an error.
        """
        rows = await self._running_page().evaluate(
            "({...viewer.rows, counted: viewer.counted, origin: viewer.originMs,"
            " errors: viewer.errors})"
        )
        if rows["errors"]:
            raise ViewerError("; ".join(rows["errors"]))
        if not rows["frames"] or not rows["blocks"]:
            raise ViewerError("the viewer saw no frame or heard no sound")
        return recording_of(rows)

    async def screenshot(self, path: Path) -> None:
        """Keep what the page shows now as a PNG."""
        await self._running_page().screenshot(path=path)

    async def _open(self) -> None:
        address = await self._serve()
        playwright = await self._stack.enter_async_context(async_playwright())
        # Ctrl-C is the caller's: what has been recorded is worth something.
        chromium = await playwright.chromium.launch(
            executable_path=self._browser_path,
            args=[*browser.flags(), *STEADY_FLAGS],
            handle_sigint=False,
            handle_sigterm=False,
        )
        self._stack.push_async_callback(chromium.close)
        self._page = await chromium.new_page()
        film = {} if self._sink is None else {"film": f"{address.replace('http', 'ws', 1)}/film"}
        await self._page.goto(f"{address}/viewer.html?{urlencode(self._query | film)}")
        await self._wait_for(
            "document.body.classList.contains('joined') || viewer.errors.length > 0",
            JOIN_TIMEOUT_MS,
            "the page did not join the room",
        )
        errors = await self._page.evaluate("viewer.errors")
        if errors:
            raise ViewerError("; ".join(errors))

    async def _serve(self) -> str:
        app = web.Application()
        if self._sink is not None:
            app.router.add_get("/film", self._sink.receive)
        app.router.add_static("/", self._page_folder)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _wait_for(self, condition: str, timeout_ms: float, failure: str) -> None:
        page = self._running_page()
        try:
            await page.wait_for_function(condition, timeout=timeout_ms, polling=100)
        except PlaywrightError as error:
            state = await page.evaluate(
                "window.viewer ? viewer.state() : 'its script did not load'"
            )
            raise ViewerError(f"{failure}: {state}") from error

    def _running_page(self) -> Page:
        if self._page is None:
            raise ViewerError("the viewer is not open: use it in `async with`")
        return self._page


def recording_of(rows: dict[str, Any]) -> Recording:
    """The page's rows as a `Recording`; see viewer.ts for what they hold."""
    shown_ms, luma, presented = np.array(rows["frames"], float).T[:3]
    blocks = np.array(rows["blocks"], float).T
    arrived_ms, stamp_ms, length, loud_at, silent, rate, track = blocks[:7]
    reached_ms = reached_at_ms(arrived_ms, stamp_ms, track)
    # From the first beep, once the receiver has settled in, to the end of the marker tone, before
    # the publisher leaves.
    begin_ms = reached_ms[loud_at >= 0][:1]
    end_ms = reached_ms[silent < length][-1:]
    sound_buffer_s, concealed = _between(begin_ms, end_ms, rows["sound_stats"])
    picture_buffer_s, _ = _between(begin_ms, end_ms, rows["picture_stats"])
    return Recording(
        shown_s=shown_ms / 1e3,
        luma=luma,
        presented=presented,
        reached_s=reached_ms / 1e3,
        length_s=length / rate,
        onset_s=np.where(loud_at >= 0, loud_at, np.nan) / rate,
        gap_s=silent / rate,
        output_latency_s=latency_s(rows["latency"]),
        concealed_s=concealed / rate[0],
        sound_buffer_s=sound_buffer_s,
        picture_buffer_s=picture_buffer_s,
        made_up_s=_made_up_s(rows["sound_stats"], rate[0]),
        seen=_readings(rows["counted"]["picture"], rows["picture_counts"]),
        heard=_readings(rows["counted"]["sound"], rows["sound_counts"]),
        origin_s=rows["origin"] / 1e3,
    )


def reached_at_ms(arrived_ms: Floats, stamp_ms: Floats, track: Floats) -> Floats:
    """When each block reached its track: its timestamp, on the page's clock."""
    reached_ms = np.empty_like(stamp_ms)
    for each in np.unique(track):
        of_it = track == each
        reached_ms[of_it] = stamp_ms[of_it] + (arrived_ms - stamp_ms)[of_it].min()
    return reached_ms


def _made_up_s(stats: list[list[float]], rate: float) -> Floats:
    """When how much sound was made up, in seconds, float64 [R, 2]; a new track counts from 0."""
    if not stats:
        return np.zeros((0, 2))
    at_ms, _, _, concealed = np.array(stats, float).T
    return np.stack([at_ms[1:] / 1e3, np.diff(concealed).clip(min=0) / rate], axis=1)


def _readings(counted: list[str], rows: list[list[float]]) -> Readings:
    """What a receiver counted."""
    readings = Readings(counts=tuple(counted))
    for at_ms, *counts in rows:
        readings.read(at_ms / 1e3, counts)
    return readings


def latency_s(latencies_ms: Sequence[float]) -> float:
    """Of the output, from the readings of the page; 0 while it was not known."""
    known = [latency for latency in latencies_ms if latency > 0]
    return float(np.median(known)) / 1e3 if known else 0.0


def _between(begin_ms: Floats, end_ms: Floats, stats: list[list[float]]) -> tuple[float, float]:
    """Mean time in the jitter buffer, and samples made up; times are float64 [1], or [0] for
    something that never happened."""
    if not stats or not len(begin_ms) or not len(end_ms):
        return 0.0, 0.0
    at_ms, buffered_s, emitted, concealed = np.array(stats, float).T
    first = max(0, int(np.searchsorted(at_ms, begin_ms[0], side="right")) - 1)
    last = min(len(at_ms) - 1, int(np.searchsorted(at_ms, end_ms[0])))
    mean_s = (buffered_s[last] - buffered_s[first]) / max(1.0, emitted[last] - emitted[first])
    return float(mean_s), float(concealed[last] - concealed[first])
