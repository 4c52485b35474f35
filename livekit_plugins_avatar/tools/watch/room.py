"""Watches an avatar in a LiveKit room: joins as a hidden viewer in a browser and records.

What arrives goes to a folder on disk, from which `captured.read` makes a `Recording`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Error as PlaywrightError

from ..demo import browser, page
from ..eval.viewer import Viewer, ViewerError
from .capture import Capture

ARRIVE_S = 20.0
"""An avatar of a hosted service takes up to about ten seconds to join."""

POLL_S = 0.25
CLOSE_S = 10.0


async def record(
    url: str,
    token: str,
    folder: Path,
    *,
    seconds: float,
    stop: asyncio.Event,
    participant: str | None = None,
    say: Callable[[str], None] = lambda _words: None,
) -> str:
    """Watch one avatar until the time is over, `stop` is set, or the room is gone.

    Args:
        url, token: Of the room; the token should be of a hidden participant who may subscribe.
        folder: Empty; takes the recording.
        seconds: How long, from the first frame on.
        stop: Ends it earlier.
        participant: Identity of the avatar; by default the one that publishes video.
        say: Gets a sentence of progress.

    Returns:
        The identity of the avatar.

    Raises:
        ViewerError: There is no such room, avatar or picture; the message names the remedy.
        Missing: There is no browser, or no page.
    """
    with Capture(folder) as capture:
        viewer = Viewer(
            url,
            token,
            page_folder=page.provide(),
            browser_path=browser.provide(),
            sink=capture,
        )
        async with viewer:
            identity = await _avatar(viewer, participant, stop)
            await viewer.watch_only(identity)
            await _until_seen(viewer, identity, stop)
            say(f"watching {identity} for {seconds:.0f} s; Ctrl-C ends it earlier")
            await _watch(viewer, seconds, stop)
            # A browser that has died cannot send its last quarter of a second.
            with suppress(PlaywrightError, asyncio.TimeoutError):
                await asyncio.wait_for(viewer.flush(), CLOSE_S)
                await asyncio.sleep(POLL_S)
    return identity


async def _avatar(viewer: Viewer, participant: str | None, stop: asyncio.Event) -> str:
    """The identity of the participant to watch."""
    deadline_s = time.monotonic() + ARRIVE_S
    while True:
        present = await viewer.participants()
        chosen = choice(present, participant)
        if chosen is not None:
            return chosen
        if stop.is_set() or time.monotonic() > deadline_s:
            raise ViewerError(nothing_to_watch(present, participant))
        await asyncio.sleep(POLL_S)


def choice(present: list[dict[str, Any]], participant: str | None) -> str | None:
    """Whom to watch: the one that was named, or the only agent that publishes video, or the only
    participant that does; None while there is none.

    Args:
        present: As `Viewer.participants` tells.
        participant: Identity that was asked for.

    Raises:
        ViewerError: Several could be meant.
    """
    filmed = [each for each in present if "video" in each["publishes"]]
    if participant is not None:
        return next((p["identity"] for p in filmed if p["identity"] == participant), None)
    agents = [each for each in filmed if each["agent"]] or filmed
    if len(agents) > 1:
        names = ", ".join(sorted(each["identity"] for each in agents))
        raise ViewerError(f"several participants publish video: say --participant, one of {names}")
    return str(agents[0]["identity"]) if agents else None


def nothing_to_watch(present: list[dict[str, Any]], participant: str | None) -> str:
    """Why there is nothing to watch, and the remedy."""
    names = ", ".join(sorted(each["identity"] for each in present))
    if not present:
        return (
            f"the room is empty after {ARRIVE_S:.0f} s: is its name in the token the one that the "
            "agent is in, and is the agent running?"
        )
    if participant is None:
        return f"no participant publishes video within {ARRIVE_S:.0f} s; there are: {names}"
    if participant not in [each["identity"] for each in present]:
        return f"no participant {participant!r} came within {ARRIVE_S:.0f} s; there are: {names}"
    return f"{participant!r} is there but published no video within {ARRIVE_S:.0f} s"


async def _until_seen(viewer: Viewer, identity: str, stop: asyncio.Event) -> None:
    deadline_s = time.monotonic() + ARRIVE_S
    while True:
        status = await _status(viewer)
        if status["frames"]:
            return
        if stop.is_set() or time.monotonic() > deadline_s:
            raise ViewerError(
                f"no frame of {identity!r} arrived within {ARRIVE_S:.0f} s ({status['state']}): "
                "does the token let it subscribe, and do UDP packets reach this machine?"
            )
        await asyncio.sleep(POLL_S)


async def _watch(viewer: Viewer, seconds: float, stop: asyncio.Event) -> None:
    """Until the time is over, it is stopped, or the browser or the room is gone."""
    deadline_s = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < deadline_s:
        try:
            status = await _status(viewer)
        except PlaywrightError:
            return
        if status["state"].startswith("disconnected"):
            return
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), min(1.0, deadline_s - time.monotonic()))


async def _status(viewer: Viewer) -> dict[str, Any]:
    status = await viewer.status()
    if status["errors"]:
        raise ViewerError("; ".join(status["errors"]))
    return status
