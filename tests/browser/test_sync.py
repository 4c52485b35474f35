"""Flash and beep, in a real browser over a real LiveKit server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livekit_plugins_avatar.options import VIDEO_DELAY_S
from livekit_plugins_avatar.tools.eval.sync import compare

pytestmark = pytest.mark.browser

SECONDS = 32.0
MEDIAN_MS, P95_ABS_MS = 35.0, 60.0
"""Wider than the gates of the eval, 20 and 45, by what a machine of half the speed adds: on one,
the same code showed medians of 25 and 33 ms."""

CLAPS_AT_LEAST = 15


def test_picture_and_sound_are_together_where_they_are_seen_and_heard() -> None:
    """What the eval measures, on a short run of some 25 claps."""
    seen = asyncio.run(compare(SECONDS, video_delay_s=VIDEO_DELAY_S, with_stock=False))
    assert in_sync(seen), seen


def in_sync(seen: dict[str, Any]) -> bool:
    """Whether the figures pass, and are of the whole clapper."""
    return bool(
        seen["n"] >= CLAPS_AT_LEAST
        and seen["missing_beeps"] == 0
        and abs(seen["median_ms"]) <= MEDIAN_MS
        and seen["p95_abs_ms"] <= P95_ABS_MS
    )
