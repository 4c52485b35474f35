"""`watch` on a talking face in a real room: what it says agrees with the clapper, and is good."""

from __future__ import annotations

import asyncio

import pytest

from livekit_plugins_avatar.tools.watch.anchors import clapped
from livekit_plugins_avatar.tools.watch.gates import failed

pytestmark = pytest.mark.browser

SECONDS = 15.0
MIN_CLAPS = 3
APART_MS = 15.0
GATES = {
    "sync_median_ms",
    "closures_hit_share",
    "silence_mouth_moving_share",
    "frozen_body_per_min",
    "event_jumps",
}
"""Those that a busy machine does not fail by itself, as it does those of evenness."""


def test_a_talking_face_passes_and_the_clapper_agrees() -> None:
    """Lips and voice are where flash and beep are, and no gate fails."""
    found, both = asyncio.run(clapped(SECONDS, persona="man"))
    assert (both["claps"] or 0) >= MIN_CLAPS, both
    assert both["apart_ms"] is not None and abs(both["apart_ms"]) <= APART_MS, both
    assert not GATES & set(failed(found.figures())), found.figures()
