"""The voice of an agent whose face is in another process: the worker's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..audio.relay import Outgoing, Relay
from ..timeline import samples, seconds
from .link import Link
from .packing import FRAME_SAMPLES, MOST_SAMPLES
from .protocol import Kind, Message

LEAD_SAMPLES = samples(6.0)
"""How far ahead of what was heard a worker is sent speech: it looks ahead, and survives an agent
whose loop is blocked."""

AT_ONCE_SAMPLES, PACE = samples(1.0), 2
"""Speech begins with so much of it, and grows to that at so many times real time, so that a worker
begins to speak before it recognises six seconds, and other rooms' messages are not held up."""

UNHEARD_S = 0.3
"""A worker whose last report is older than this is not taken to have spoken on since."""


class RemoteVoice:
    """Sends speech to a worker, and takes its reports. Each `begin` is an epoch.

    `now_s` is the time at which a report is taken.
    """

    def __init__(self, link: Link, relay: Relay, *, now_s: Callable[[], float]) -> None:
        self._link = link
        self._relay = relay
        self._now_s = now_s
        self._sent: dict[int, int] = {}
        """The offset in each segment up to which it was sent."""
        self._ended: set[int] = set()
        self._texts: dict[int, int] = {}
        """How many of the timed texts of a segment were sent."""
        self._base: dict[int, int] = {}
        """The sample of a segment from which on it was sent."""
        self._held: list[Outgoing] = []
        self._prepared = False
        self._began_s = 0.0
        """When the first sample of what is being said was sent."""
        self._said: tuple[int, int, float] | None = None
        """A segment, how much of it was heard, and when, by the last report of this epoch."""
        self.primed = False
        """Whether the worker has speech of this epoch."""
        self.active = False

    @property
    def listens(self) -> bool:
        """Whether the worker is to follow what happens: it speaks, or is about to."""
        return self.active or self._prepared

    def prepare(self, segments: Sequence[Outgoing], first: int) -> None:
        """Send speech ahead, from sample `first` of the first segment on; the `HELLO`, which holds
        the speech, has been sent. The next `begin` goes on from there."""
        self._reset()
        self._prepared, self._held = True, list(segments)
        if segments:
            self._sent[segments[0].number] = first
        self._send_due()

    def begin(self, segments: Sequence[Outgoing], *, paused: bool) -> None:
        """Begin an epoch; the `HELLO` has been sent."""
        if not self._prepared:
            self._reset()
        self._prepared, self.active = False, True
        for each in segments:
            self.more(each)

    def stop(self) -> None:
        """Send and take no more of this epoch."""
        self.active = self._prepared = False

    def _reset(self) -> None:
        self._sent, self._ended, self._texts, self._base, self._held = {}, set(), {}, {}, []
        self._said, self.primed = None, False

    def more(self, segment: Outgoing) -> None:
        if not self.active:
            return
        if segment not in self._held:
            self._held.append(segment)
        self._send_due()

    def holds(self, number: int) -> bool:
        return self.active and number in self._sent

    def clear(self) -> None:
        if self.active:
            self._held = []
            self._link.send(Kind.CLEAR)

    def pause(self) -> None:
        if self.active:
            self._link.send(Kind.PAUSE)

    def resume(self) -> None:
        if self.active:
            self._link.send(Kind.RESUME, at_s=0.0)

    def _send_due(self) -> None:
        """Send what is not further ahead than `LEAD_SAMPLES`, in order."""
        lead = 0
        for each in list(self._held):
            at = self._sent.setdefault(each.number, each.heard)
            if each.number not in self._base:
                if not lead:
                    self._began_s = self._now_s()
                self._base[each.number], self._texts[each.number] = at, 0
                self._link.send_audio(each.number, at, each.pcm.read(at, at))
            most = AT_ONCE_SAMPLES + samples(PACE * (self._now_s() - self._began_s))
            base = max(each.heard, self._base[each.number])
            due = base + min(most, LEAD_SAMPLES) - lead
            while at < min(due, each.pcm.end):
                self._send_texts(each, at)
                frames = -(-(due - at) // FRAME_SAMPLES)
                pcm = each.pcm.read(at, at + min(frames * FRAME_SAMPLES, MOST_SAMPLES))
                at += self._link.send_audio(each.number, at, pcm)
                self._sent[each.number] = at
            if at < each.pcm.end:
                return
            self._send_texts(each, at)
            if not each.ended:
                return
            if each.number not in self._ended:
                self._ended.add(each.number)
                self._link.send(Kind.END, segment=each.number)
            lead += each.left

    def _send_texts(self, segment: Outgoing, at: int) -> None:
        """Send the timed text that came with audio up to `at`."""
        first = self._texts[segment.number]
        due = [pieces for offset, pieces in segment.texts[first:] if offset <= at]
        self._texts[segment.number] += len(due)
        for pieces in due:
            base_s = seconds(self._base[segment.number])
            said = [
                [each.text[:200], None if each.at_s is None else each.at_s - base_s]
                for each in pieces[:200]
                if each.at_s is None or each.at_s >= base_s
            ]
            self._link.send(Kind.TIMED_TEXT, pieces=said)

    def take(self, message: Message) -> None:
        """Take a report of the worker's voice."""
        body: Any = message.body
        if message.epoch != self._link.epoch:
            return
        if message.kind is Kind.BEAT:
            self._beat(body["segment"], body["position"])
        elif not self.active:
            return
        elif message.kind is Kind.STARTED:
            self._note(body["segment"], self._base.get(body["segment"], 0), body["ago_s"])
            self._relay.on_started(body["segment"], body["ago_s"])
        elif message.kind is Kind.PROGRESSED:
            number, offset = body["segment"], body["offset"]
            length = min(body["length"], self._sent.get(number, 0) - offset)
            if length > 0:
                self._relay.on_progressed(number, offset, length, body["ago_s"])
        elif message.kind is Kind.FINISHED:
            self._held = [each for each in self._held if each.number != body["segment"]]
            at = body["segment"], body["position"]
            self._relay.on_finished(*at, interrupted=body["interrupted"])
            self._send_due()

    def _beat(self, number: int, position: int) -> None:
        """In this epoch the worker has said so much of a segment."""
        self.primed |= number in self._sent
        position = min(position, self._sent.get(number, 0))  # What was not sent was not said.
        if self.active:
            self._note(number, position, 0.0)
            self._relay.heard(number, position)
            self._send_due()

    def _note(self, number: int, position: int, ago_s: float) -> None:
        """Of a segment so much was heard; nothing counts before it was begun."""
        if position > self._base.get(number, 0) or ago_s:
            self._said = number, position, self._now_s() - ago_s

    def reckon(self) -> None:
        """The worker has spoken until now: count what it has said since its last report."""
        if self._said is not None and self.active:
            number, position, at_s = self._said
            since_s = self._now_s() - at_s
            if since_s < UNHEARD_S and self._relay.heard_to is not None:
                self._relay.heard(number, position + samples(since_s))
