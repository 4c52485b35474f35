"""Sends messages to one peer of a room and takes those of that peer, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from livekit import rtc

from ..audio.pcm_buffer import Pcm
from ..log import logger
from ..publish.data import send_data
from .protocol import TOPIC, Kind, Message, Numbering, ProtocolError, decode, encode, encode_audio

MOST_WAITING = 2_000
"""Messages that wait to be sent; more, and the link is broken: 60 s of speech are 120 to 400."""


MOST_UNDER_WAY = 32
"""Messages that the SDK was given and has not sent yet, in order: that it has sent one is told late
in a process with many rooms (0.3 to 0.8 s on a full machine); speech is 2 to 27 a second."""


class Link:
    """On the room's event loop, from `open` to `aclose`.

    `on_message` gets each message that counts, `on_fault` why one of the peer's was refused. What
    other participants send is left out, and logged once for each.
    """

    def __init__(
        self,
        room: rtc.Room,
        peer: str,
        *,
        on_message: Callable[[Message], None],
        on_fault: Callable[[str], None],
        hello: bool,
    ) -> None:
        self.peer = peer
        self._room = room
        self._on_message = on_message
        self._on_fault = on_fault
        self._numbering = Numbering(hello=hello)
        self._epoch = self._number = 0
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._failing = False
        self._strangers: set[str] = set()

    def open(self) -> None:
        """Begin to send and to listen."""
        self._room.on("data_received", self._on_data)
        self._sender = asyncio.create_task(self._send(), name="avatar-link")

    async def aclose(self) -> None:
        """Send no more; any number of times."""
        self._room.off("data_received", self._on_data)
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    @property
    def epoch(self) -> int:
        """The epoch of what is sent."""
        return self._epoch

    def begin(self, epoch: int) -> None:
        """Number what is sent from now on anew."""
        self._epoch, self._number = epoch, 0

    def send(self, kind: Kind, **body: Any) -> None:
        """Send a message, in order; dropped where the link is broken."""
        self._put(encode(Message(kind, self._epoch, self._number, body)))

    def send_audio(self, segment: int, offset: int, pcm: Pcm) -> int:
        """Send samples of a segment, at most `packing.MOST_SAMPLES`, or of those as many as fit
        into a message; returns how many."""
        audio = Message(Kind.AUDIO, self._epoch, self._number)
        data, count = encode_audio(replace(audio, segment=segment, offset=offset, pcm=pcm))
        self._put(data)
        return count

    def fault(self, reason: str) -> None:
        """Refuse the peer's epoch: it is told why, and nothing more of it is taken."""
        self._numbering.fault()
        self._on_fault(reason)

    def _put(self, message: bytes) -> None:
        self._number += 1
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(message)
            self._wake.set()

    async def _send(self) -> None:
        under_way: deque[asyncio.Task[None]] = deque()
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    while under_way and (under_way[0].done() or len(under_way) >= MOST_UNDER_WAY):
                        await under_way.popleft()
                    # Tasks begin in the order in which they are made, and the SDK keeps it.
                    under_way.append(asyncio.create_task(self._send_one(self._waiting.popleft())))
        finally:
            for each in under_way:
                each.cancel()

    async def _send_one(self, message: bytes) -> None:
        try:
            await send_data(self._room, message, to=self.peer, topic=TOPIC)
            self._failing = False
        except Exception as error:
            # The peer sees the gap in the numbers, or hears no more of us.
            if not self._failing:
                logger.warning("remote: a message was not sent: %s", error)
            self._failing = True

    def _on_data(self, packet: rtc.DataPacket) -> None:
        if packet.topic == TOPIC:
            sender = packet.participant.identity if packet.participant is not None else ""
            self.take(sender, packet.data)

    def take(self, sender: str, data: bytes) -> None:
        """Take a message of a participant; raises nothing."""
        if sender != self.peer:
            # Without a name it has just come, or gone: a worker that is ready says so again.
            if sender and sender not in self._strangers and len(self._strangers) < MOST_WAITING:
                self._strangers.add(sender)
                logger.warning(
                    "remote: messages of participant %r are left out: only %r may send them",
                    sender,
                    self.peer,
                )
            return
        try:
            message = decode(data)
            if message.kind is Kind.READY or self._numbering.accept(message):
                self._on_message(message)
        except ProtocolError as error:
            self.fault(str(error))
        except Exception as error:
            logger.exception("remote: a message could not be followed")
            self.fault(repr(error))
