"""Flash and beep, in a real browser over a real LiveKit server."""

from __future__ import annotations

import asyncio

import pytest

from livekit_plugins_avatar.options import VIDEO_DELAY_S
from livekit_plugins_avatar.tools.eval.sync import compare

pytestmark = pytest.mark.browser

SECONDS = 24.0
MIN_CLAPS = 15
MEDIAN_MS = 20.0
SPREAD_MS = 45.0
"""A picture that is late by so much is noticed, an early one from 125 ms on (ITU-R BT.1359-1)."""


def test_offset() -> None:
    """Picture and sound of some 18 claps are together where they are seen and heard."""
    seen = asyncio.run(compare(SECONDS, video_delay_s=VIDEO_DELAY_S, with_stock=False))
    assert seen["n"] >= MIN_CLAPS, seen
    assert seen["missing_beeps"] == 0, seen
    assert abs(seen["median_ms"]) <= MEDIAN_MS, seen
    assert -SPREAD_MS <= seen["p5_ms"] <= seen["p95_ms"] <= SPREAD_MS, seen
