"""Whether a process runs at all."""

from __future__ import annotations

from livekit_plugins_avatar.tools.eval.call_log import Happened
from livekit_plugins_avatar.tools.eval.pulse import Pulse

from ...manual_clock import ManualClock


def test_a_thread_that_wakes_late_says_from_when_to_when_nothing_ran() -> None:
    pulse = Pulse(ManualClock())
    pulse.woke(7.0, 7.04)
    pulse.woke(8.0, 8.2)
    assert pulse.missed == [Happened("stopped", 8.0, 8.2)]
