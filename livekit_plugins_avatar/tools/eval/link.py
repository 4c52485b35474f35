"""A bad link as a function: when a packet sent now arrives, if it does.

Delay follows from the seed and the moment alone, so that two publishers that send different packets
meet the same link. Nothing here has a socket or reads a clock; `relay` does.

A link has two lanes, one a direction. On a lane no packet overtakes another. The bottleneck's queue
is bounded: full, packets are lost, as in a router; empty, it costs no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

QUEUE_S = 0.3
"""What a bottleneck holds before it loses packets: a home router holds 100 to 500 ms."""

SLOT_S = 0.05
"""The delay wanders from one value to the next in this time: what delays one packet delays its
neighbours too."""

SPREAD = 2.0
"""The delay stays within this many standard deviations of its mean."""

RETRANSMIT_S = 0.2
"""On a stream nothing is lost: a lost segment comes this much later, Linux's least
retransmission timeout."""

DARK_POLL_S = 0.2
"""A stream over a link that is down is tried again this long after the line is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good a line is, in each direction.

    Args:
        delay_s: The time a packet takes, on average.
        jitter_s: Its standard deviation.
        loss: Share of the packets that are lost, 0 to 1.
        rate_bps: What fits through it in bits a second; 0 means everything.

    Raises:
        ValueError: Out of range.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    rate_bps: float = 0.0

    def __post_init__(self) -> None:
        if min(self.delay_s, self.jitter_s, self.rate_bps) < 0 or not 0 <= self.loss <= 1:
            raise ValueError(f"a line has no negative delays or rates, and loses 0 to 1: {self}")


class Lane:
    """One direction of a link.

    Args:
        quality: How good it is.
        seed: Which packets are lost, and how the delay wanders.
    """

    def __init__(self, quality: Quality, seed: int) -> None:
        self._quality = quality
        self._seed = seed
        self._chance = np.random.default_rng(seed)
        self._free_s = 0.0
        self._latest_s = 0.0
        self._dark_until_s = -np.inf
        self.sent = 0
        self.lost = 0
        """Packets, those that found the queue full or the link down included."""

    def go_down(self, until_s: float) -> None:
        """Carry nothing until then."""
        self._dark_until_s = max(self._dark_until_s, until_s)

    def packet(self, now_s: float, size: int) -> float | None:
        """When a packet of `size` bytes that is sent now arrives; None if it never does."""
        self.sent += 1
        unlucky = self._chance.random() < self._quality.loss
        if now_s < self._dark_until_s or unlucky or self._waiting_s(now_s) > QUEUE_S:
            self.lost += 1
            return None
        return self._arrival_s(now_s, size)

    def stream(self, now_s: float, size: int) -> float:
        """When the next `size` bytes of a stream arrive: late at worst."""
        self.sent += 1
        late_s = RETRANSMIT_S if self._chance.random() < self._quality.loss else 0.0
        if now_s < self._dark_until_s:
            late_s += self._dark_until_s - now_s + DARK_POLL_S
        return self._arrival_s(now_s, size) + late_s

    def delay_s(self, now_s: float) -> float:
        """How long an empty line takes at this moment."""
        slot, part = divmod(now_s / SLOT_S, 1.0)
        before, after = self._wander(int(slot)), self._wander(int(slot) + 1)
        return max(0.0, self._quality.delay_s + before + (after - before) * part)

    def _wander(self, slot: int) -> float:
        if not self._quality.jitter_s:
            return 0.0
        return self._quality.jitter_s * _draw(self._seed, slot)

    def _waiting_s(self, now_s: float) -> float:
        return max(0.0, self._free_s - now_s)

    def _arrival_s(self, now_s: float, size: int) -> float:
        if self._quality.rate_bps:
            self._free_s = max(self._free_s, now_s) + 8 * size / self._quality.rate_bps
        arrival_s = now_s + self._waiting_s(now_s) + self.delay_s(now_s)
        self._latest_s = max(self._latest_s, arrival_s)
        return self._latest_s


@lru_cache(maxsize=64)
def _draw(seed: int, slot: int) -> float:
    """Of unit deviation once it is interpolated, which alone takes a third of the variance."""
    draw = np.random.default_rng((seed, slot)).standard_normal()
    return float(np.clip(np.sqrt(1.5) * draw, -SPREAD, SPREAD))


class Link:
    """A line between a client and the server.

    Args:
        quality: How good it is, both ways.
        seed: Its chance; the two directions differ.
    """

    def __init__(self, quality: Quality, seed: int = 0) -> None:
        self.up = Lane(quality, 2 * seed)
        self.down = Lane(quality, 2 * seed + 1)

    def go_down(self, until_s: float) -> None:
        """Carry nothing in either direction until then."""
        self.up.go_down(until_s)
        self.down.go_down(until_s)
