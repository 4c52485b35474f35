"""How far a worker has got, in memory that an agent of the same machine reads.

Messages say so too, but pass the server, and come seconds late where the machine is full: a worker
that lives and speaks would be taken for one that hangs, and be replaced by another that takes more
of the machine.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from typing import NamedTuple
from zlib import crc32

BEAT = struct.Struct("<QQQQ")
"""The number of the beat, and the beat."""

CHECK = struct.Struct("<I")
"""A checksum: one that is being written is not read."""


class Beat(NamedTuple):
    """So much of a segment was heard, in an epoch."""

    epoch: int
    segment: int
    position: int


class Pulse:
    """The worker's side: memory with no name but its descriptor."""

    def __init__(self) -> None:
        self.descriptor = -1
        """By which others open it; -1 on a system without such memory."""
        self._count = 0
        with suppress(OSError, AttributeError):
            self.descriptor = os.memfd_create("avatar-pulse")

    def write(self, beat: Beat) -> None:
        """Say how far it is; nothing after `close`."""
        if self.descriptor >= 0:
            self._count += 1
            said = BEAT.pack(self._count, *beat)
            os.pwrite(self.descriptor, said + CHECK.pack(crc32(said)), 0)

    def close(self) -> None:
        """Free the memory; any number of times."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class PulseReader:
    """The agent's side. It raises an OSError where a process has no such descriptor."""

    def __init__(self, pid: int, descriptor: int) -> None:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(f"/proc/{pid}/fd/{descriptor}", flags)
        self._count = 0

    def beat(self) -> Beat | None:
        """What was written since the last call; None without, or where it is no beat."""
        said = b""
        with suppress(OSError):
            said = os.pread(self._descriptor, BEAT.size + CHECK.size, 0)
        if len(said) != BEAT.size + CHECK.size:
            return None
        told, check = said[: BEAT.size], said[BEAT.size :]
        count, *beat = BEAT.unpack(told)
        if count == self._count or CHECK.unpack(check) != (crc32(told),):
            return None
        self._count = count
        return Beat(*beat)

    def close(self) -> None:
        """Read no more; any number of times."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
