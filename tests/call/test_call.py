"""A minute in which everything goes wrong, in two browsers over impaired lines."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livekit_plugins_avatar.eval.call import call

pytestmark = pytest.mark.browser

SECONDS = 60.0
ATTEMPTS = 2

MEDIAN_MS = 40.0
"""Not the promise of the five minutes: a minute has some 45 claps, most of them beside a fault, and
the machine that runs the tests has two cores for a server, an agent and two browsers."""

LOST_MS = 200.0
"""Of a turn's sound in half a minute of turns without an outage: a receiver that falls behind
shortens sound to catch up."""

CLAPS_AT_LEAST = 25


def test_a_minute_in_which_everything_goes_wrong_is_still_a_conversation() -> None:
    """What must hold wherever it runs; what also depends on the machine may take a second try."""
    got: dict[str, Any] = {}
    for _ in range(ATTEMPTS):
        got = asyncio.run(call(SECONDS, kind="ours", seed=0))
        assert got["ours_stuck_count"] == 0, got
        assert got["ours_interrupted_count"] >= 1, got
        assert got["ours_avatar_render_failures"] >= 2, got
        assert got["ours_avatar_push_failures"] == 0, got
        if as_promised(got):
            break
    assert as_promised(got), got


def as_promised(got: dict[str, Any]) -> bool:
    """Whether voice and face went on, as far as a shared machine lets it be seen."""
    good = {
        key.removeprefix("ours_good_"): value
        for key, value in got.items()
        if key.startswith("ours_good_")
    }
    return bool(
        got["ours_track_gaps_ms"] == 0
        and good["claps_count"] >= CLAPS_AT_LEAST
        and abs(good["offset_median_ms"]) <= MEDIAN_MS
        and good["missing_beeps_count"] == 0
        and good["lost_audio_ms"] <= LOST_MS
        and good["freezes_count"] == 0
    )
