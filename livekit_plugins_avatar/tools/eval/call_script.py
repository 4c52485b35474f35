"""The faults of the call, and when they happen: one table for a minute, one for longer.

Each kind of fault that the package makes a promise about happens at least once, mostly while the
agent speaks. Receivers have time to settle between two faults, so that a figure has one cause.
"""

from __future__ import annotations

from .faults.script import Fault, Script, each, now_and_then
from .link import Quality

AGENT = "agent"
GOOD, BAD = "good", "bad"

LINKS = {
    AGENT: Quality(delay_s=0.040, jitter_s=0.015, loss=0.01),
    BAD: Quality(delay_s=0.080, jitter_s=0.040, loss=0.03, rate_bps=1e6),
}
"""The agent's own line is that of an office over a continent; the bad viewer's is a train. The good
viewer sits beside the server."""

MINUTE: Script = (
    *each("stall", every_s=3.0, length_s=0.4, first_s=3.0, until_s=10.0),
    Fault(11.5, "death", 0.5),
    Fault(13.5, "death", 0.5),
    Fault(16.5, "block", 2.0),
    Fault(21.0, "dry", 3.7),
    Fault(27.5, "cpu_hog", 3.0),
    Fault(32.5, "resume"),
    Fault(37.0, "reconnect"),
    Fault(44.5, "link_down", 1.0),
)

FIVE_MINUTES: Script = (
    *each("stall", every_s=3.0, length_s=0.4, first_s=12.0, until_s=50.0),
    Fault(58.0, "stall", 5.0),
    *each("death", every_s=2.5, length_s=0.5, first_s=70.0, until_s=119.0),
    Fault(128.0, "block", 2.0),
    Fault(140.0, "dry", 3.7),
    Fault(150.0, "dry", 3.7),
    Fault(160.0, "dry", 3.7),
    Fault(175.0, "cpu_hog", 5.0),
    Fault(190.0, "resume"),
    Fault(205.0, "reconnect"),
    Fault(222.0, "link_down", 1.5),
    Fault(240.0, "block", 2.0),
    Fault(252.0, "reconnect"),
    Fault(265.0, "resume"),
    Fault(275.0, "cpu_hog", 5.0),
)
"""A tap that is shut for 3.7 s leaves a gap of 0.7 s in speech that comes 3 s ahead."""

HICCUP_EVERY_S = 4.0
HICCUP_S = 0.08
"""Besides, one picture now and then takes 80 ms longer: a renderer that shares its device."""

INTERRUPTED_AT_S = (8.0, 26.0)
INTERRUPTED_EVERY_S = 27.0
"""In a minute, and in more than that."""


def script(seconds: float, seed: int) -> Script:
    """What goes wrong in a call of this length."""
    table = MINUTE if seconds <= 60.0 else FIVE_MINUTES
    hiccups = now_and_then(
        "stall", mean_s=HICCUP_EVERY_S, length_s=HICCUP_S, until_s=seconds, seed=seed
    )
    return tuple(sorted(fault for fault in (*table, *hiccups) if fault.at_s < seconds))


def interruptions(seconds: float) -> list[float]:
    """When a guest speaks over the agent, in seconds from the beginning."""
    if seconds <= 60.0:
        return [at_s for at_s in INTERRUPTED_AT_S if at_s < seconds]
    count = int(seconds / INTERRUPTED_EVERY_S)
    return [INTERRUPTED_EVERY_S * (n + 0.5) for n in range(count)]
