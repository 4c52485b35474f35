"""A minute in which everything goes wrong, in two browsers over impaired lines."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from livekit_plugins_avatar.tools.eval.call import call
from livekit_plugins_avatar.tools.eval.call_script import BAD, GOOD

pytestmark = pytest.mark.browser

SECONDS = 60.0

MEDIAN_MS = 60.0
"""Not the promise of the five minutes: a minute has some 45 claps, most of them beside a fault, and
the machine that runs the tests has two cores for a server, an agent and two browsers. It is less
than two frames: a picture that is late or early by more is the publisher's doing."""

TRACK_GAPS_MS = 300.0
"""Kept from running for more than 150 ms, a process leaves a gap, and a machine that also runs two
browsers does that now and then: 131 ms at worst. A publisher that waits for its pictures leaves
seconds."""

MISSING_BEEPS = 1

FACE_JUMPS = 3
"""In five minutes there are up to two. At a reconnection there must be none."""

LOST_MS = 400.0
"""Of a turn's sound in half a minute of turns without an outage: a receiver that falls behind
shortens sound to catch up. A cut word is longer."""

FROZEN_MS = {GOOD: 1_000.0, BAD: 6_000.0}
"""The longest freeze with the line well. A packet that is lost twice costs the good viewer a third
of a second. The bad one now and then, after a reconnection, asks for a packet in vain, and for a
whole picture after more than three seconds only: 3.8 s at worst so far. (That whole pictures fit
the line at all is left to the test of the options' bitrate.)"""

FREEZES_AT_MOST = 3

OUTAGE_MS = 5_000.0
"""A link that is down for a second and a full reconnect: sight returns by itself."""

CLAPS_AT_LEAST = 20


def test_a_minute_in_which_everything_goes_wrong_is_still_a_conversation() -> None:
    got = asyncio.run(call(SECONDS, kind="ours", seed=0))
    assert broken(got) == [], json.dumps(got)


def broken(got: dict[str, Any]) -> list[str]:
    """What must hold wherever it runs, and did not."""
    must = {
        "no turn is stuck": got["ours_stuck_count"] == 0 and got["ours_turns_count"] >= 3,
        "whoever speaks gets the word": got["ours_interrupted_count"] >= 1,
        "the renderer died": got["ours_avatar_render_failures"] >= 2,
        "the connection was lost": got["ours_avatar_reconnections"] >= 2,
        "the source took all": got["ours_avatar_push_failures"] == 0,
        "the track is whole": got["ours_track_gaps_ms"] <= TRACK_GAPS_MS,
        "the face goes on": got["ours_face_jumps_reconnect_count"] == 0,
        "it hardly ever jumps": got["ours_face_jumps_count"] <= FACE_JUMPS,
        "the beeps are heard": got["ours_good_missing_beeps_count"] <= MISSING_BEEPS,
        "enough is seen": got["ours_good_claps_count"] >= CLAPS_AT_LEAST,
        "picture and sound are together": abs(got["ours_good_offset_median_ms"]) <= MEDIAN_MS,
        "no speech is lost": got["ours_good_lost_audio_ms"] <= LOST_MS,
    }
    for name, frozen_ms in FROZEN_MS.items():
        seldom = got[f"ours_{name}_freezes_count"] <= FREEZES_AT_MOST
        must[f"the {name} viewer's picture seldom freezes"] = seldom
        for cause, most_ms in (("", frozen_ms), ("renderer_", frozen_ms), ("outage_", OUTAGE_MS)):
            longest_ms = got[f"ours_{name}_freezes_{cause}longest_ms"]
            must[f"the {name} viewer sees it move ({cause or 'line well'})"] = longest_ms <= most_ms
    return [promise for promise, kept in must.items() if not kept]
