"""The messages between an agent and the worker that draws its face: bytes in, checked values out.

Each message is one reliable data packet of LiveKit, which keeps the order of one sender. A message
has the epoch in which it was sent and its number in it. The agent begins an epoch with `HELLO`; a
number that is missing, or comes twice, ends it: the agent then begins anew from what was heard.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, unique
from typing import Any

from ..audio.pcm_buffer import NO_PCM, Pcm
from ..timeline import SAMPLE_RATE
from .packing import MOST_SAMPLES, PackingError, pack, unpack

TOPIC = "lk.avatar"
VERSION = 5

HEADER = struct.Struct("<BBII")
"""Version, kind, epoch, number."""
AUDIO_HEADER = struct.Struct("<IIH")
"""Segment, the offset of the first sample in it, and how many samples there are."""

MOST_BYTES = 15_000
"""LiveKit's own advice for a reliable packet."""
LONGEST_TEXT = 4_000
"""Characters of a text in a message; a longer one is cut into several."""


class ProtocolError(ValueError):
    """A peer sent something that is not in the protocol; the message says what."""


@unique
class Kind(IntEnum):
    """What a message is."""

    # Of an agent.
    HELLO = 1
    AUDIO = 2
    END = 3
    CLEAR = 4
    PAUSE = 5
    RESUME = 6
    TIMED_TEXT = 7
    TELL = 8
    USE = 9
    BYE = 10
    # Of a worker.
    READY = 32
    BEAT = 33
    STARTED = 34
    PROGRESSED = 35
    FINISHED = 36
    FACE = 38
    STATUS = 39
    USED = 40
    REFUSED = 41
    LEAVING = 42


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `pcm` and `offset` belong to `AUDIO`, `body` to all others."""

    kind: Kind
    epoch: int
    number: int
    body: Mapping[str, Any] = field(default_factory=dict)
    segment: int = 0
    offset: int = 0
    pcm: Pcm = field(default_factory=lambda: NO_PCM)


def encode(message: Message) -> bytes:
    """The bytes of a message."""
    if message.kind is Kind.AUDIO:
        return encode_audio(message)[0]
    header = HEADER.pack(VERSION, message.kind, message.epoch, message.number)
    return header + json.dumps(message.body, separators=(",", ":")).encode()


def encode_audio(message: Message) -> tuple[bytes, int]:
    """The bytes of a message of speech, and how many of its samples are in it: those that fit."""
    most_bytes = MOST_BYTES - HEADER.size - AUDIO_HEADER.size
    packed, count = pack(message.pcm, most_bytes)
    header = HEADER.pack(VERSION, message.kind, message.epoch, message.number)
    return header + AUDIO_HEADER.pack(message.segment, message.offset, count) + packed, count


def decode(data: bytes) -> Message:
    """Read a message.

    Raises:
        ProtocolError: It is not one.
    """
    if len(data) > MOST_BYTES:
        raise ProtocolError(f"a message of {len(data):,} bytes; at most {MOST_BYTES:,} are taken")
    if len(data) < HEADER.size:
        raise ProtocolError(f"a message of {len(data)} bytes is cut: its header has {HEADER.size}")
    version, code, epoch, number = HEADER.unpack_from(data)
    if version != VERSION:
        raise ProtocolError(f"protocol version {version}; this side speaks {VERSION}")
    try:
        kind = Kind(code)
    except ValueError:
        raise ProtocolError(f"there is no message of kind {code}") from None
    rest = data[HEADER.size :]
    if kind is Kind.AUDIO:
        return _audio(epoch, number, rest)
    try:
        body = json.loads(rest)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"{kind.name} has no JSON body: {error}") from None
    if not isinstance(body, dict):
        raise ProtocolError(f"the body of {kind.name} is no object")
    _check(kind, body)
    return Message(kind, epoch, number, body)


def _audio(epoch: int, number: int, rest: bytes) -> Message:
    if len(rest) < AUDIO_HEADER.size:
        raise ProtocolError("AUDIO is cut: its own header is not whole")
    segment, offset, count = AUDIO_HEADER.unpack_from(rest)
    if count > MOST_SAMPLES:
        raise ProtocolError(f"AUDIO of {count:,} samples; at most {MOST_SAMPLES:,} are taken")
    try:
        pcm = unpack(rest[AUDIO_HEADER.size :], count)
    except PackingError as error:
        raise ProtocolError(f"AUDIO is cut or garbled: {error}") from None
    return Message(Kind.AUDIO, epoch, number, segment=segment, offset=offset, pcm=pcm)


Check = Callable[[Any], bool]


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40


def _seconds(value: Any, most: float = 1e6) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < most


def _wall_s(value: Any) -> bool:
    return _seconds(value, most=1e11)


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_BYTES


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _list(value: Any) -> bool:
    return isinstance(value, list)


FIELDS: Mapping[Kind, Mapping[str, Check]] = {
    Kind.HELLO: {"rate": _count, "paused": _flag, "told": _list, "near": _flag},
    Kind.END: {"segment": _count},
    Kind.CLEAR: {},
    Kind.PAUSE: {},
    Kind.RESUME: {"at_s": _wall_s},
    Kind.TIMED_TEXT: {"pieces": _list},
    Kind.TELL: {"name": _text, "args": _list},
    Kind.USE: {"id": _count, "changes": _object},
    Kind.BYE: {},
    Kind.READY: {"device": _text, "face": _flag, "subscribed": _flag, "process": _text},
    Kind.BEAT: {"segment": _count, "position": _count, "subscribed": _flag},
    Kind.STARTED: {"segment": _count, "ago_s": _seconds},
    Kind.PROGRESSED: {"segment": _count, "offset": _count, "length": _count, "ago_s": _seconds},
    Kind.FINISHED: {"segment": _count, "position": _count, "interrupted": _flag},
    Kind.FACE: {"face": _text},
    Kind.STATUS: {"status": _object, "stats": _object},
    Kind.USED: {"id": _count, "error": _text},
    Kind.REFUSED: {"reason": _text},
    Kind.LEAVING: {},
}


def _check(kind: Kind, body: Mapping[str, Any]) -> None:
    for name, fits in FIELDS[kind].items():
        if name not in body:
            raise ProtocolError(f"{kind.name} lacks {name!r}")
        if not fits(body[name]):
            raise ProtocolError(f"{kind.name}: {name!r} is {str(body[name])[:40]!r}")


class Numbering:
    """Checks that the messages of a peer come whole and in order.

    With `hello` an epoch begins only with that message; else with its number 0.
    """

    def __init__(self, *, hello: bool) -> None:
        self._hello = hello
        self.epoch = 0
        self._next: int | None = None
        """None before the first epoch, and after a fault until the next."""

    def accept(self, message: Message) -> bool:
        """Whether a message counts: one of an epoch that has ended, in fault or not, does not.

        Raises:
            ProtocolError: A message is missing or came twice, or the rate is wrong.
        """
        if message.epoch < self.epoch:
            return False
        begins = message.number == 0 and (message.kind is Kind.HELLO or not self._hello)
        if message.epoch > self.epoch and begins:
            if self._hello and message.body["rate"] != SAMPLE_RATE:
                self.fault(message.epoch)
                raise ProtocolError(
                    f"speech at {message.body['rate']:,} Hz; it must have {SAMPLE_RATE:,}"
                )
            self.epoch, self._next = message.epoch, 1
            return True
        if message.epoch == self.epoch and self._next is None:
            return False
        if message.epoch != self.epoch or message.number != self._next:
            expected = f"{self.epoch}/{self._next}"
            self.fault(message.epoch)
            raise ProtocolError(
                f"{message.kind.name} is number {message.epoch}/{message.number}, expected "
                f"{expected}: a message was lost, repeated or reordered"
            )
        self._next += 1
        return True

    def fault(self, epoch: int | None = None) -> None:
        """Take nothing more of this epoch."""
        self.epoch, self._next = max(self.epoch, epoch or 0), None
