"""Events that LiveKit's SDK tells as the process ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

AT_THE_END = """
import sys
from livekit.plugins import avatar
from livekit.rtc._ffi_client import FfiClient
from livekit_plugins_avatar.agent import last_events

if "joined" in sys.argv:
    last_events.expect()
FfiClient._dispose = lambda client: print("the SDK ends")
last_events.time.sleep = lambda duration_s: print("events are let in")
FfiClient.instance
"""


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="such threads hang, and do not abort")
@pytest.mark.parametrize(
    "told, ends",
    [("joined", ["the SDK ends", "events are let in"]), ("no room", ["the SDK ends"])],
)
def test_events_are_let_in_after_the_sdk_has_ended(told: str, ends: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_THE_END, told], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ends, done.stderr
