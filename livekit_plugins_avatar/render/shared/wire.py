"""The messages between a renderer process and its rooms, one packet of a Unix socket each.

A packet is a header, a body whose length its kind bounds, and for two kinds an open file.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from ...face.state import PARAMETERS

HEADER = struct.Struct("<4sIq")
MAGIC = b"LKa1"
FACE_BYTES = 4 * len(PARAMETERS)
TEXT_BYTES = 2000

Kind = IntEnum("Kind", "HELLO OPENING WELCOME DRAW DRAWN FAILED LOG")

BODIES = {
    # Its number and body, and its file if it has one.
    Kind.HELLO: (33, 33 + TEXT_BYTES, 1),  # threads; digest, aspect, path; the persona
    Kind.OPENING: (0, 0, 1),
    Kind.WELCOME: (0, TEXT_BYTES, 1),  # pictures at a time; device; memory for the pictures
    Kind.DRAW: (FACE_BYTES, FACE_BYTES * 32, FACE_BYTES),  # microseconds until needed; faces
    Kind.DRAWN: (0, TEXT_BYTES, 1),  # pictures that are in the memory; device
    Kind.FAILED: (0, TEXT_BYTES, 1),  # whether the persona is at fault; why
    Kind.LOG: (0, TEXT_BYTES, 1),  # level; a line
}
"""The least and the most bytes of each body, and what divides them."""


class WireError(RuntimeError):
    """A peer has sent what is no message, or not what it may send now."""


class Message(NamedTuple):
    """One message; the receiver closes its files."""

    kind: Kind
    number: int
    body: bytes
    files: Sequence[int]

    @property
    def text(self) -> str:
        """The body as text; a letter that was cut is replaced."""
        return self.body.decode(errors="replace")


def send(
    sock: socket.socket, kind: Kind, number: int = 0, body: bytes = b"", files: Sequence[int] = ()
) -> None:
    """Send a message, whole or not at all."""
    socket.send_fds(sock, [HEADER.pack(MAGIC, kind, number), body[: BODIES[kind][1]]], files)


def receive(sock: socket.socket) -> Message:
    """Receive a message; a WireError if it is none, a ConnectionError if the peer is gone."""
    most = HEADER.size + max(most for _, most, _ in BODIES.values())
    packet, files, flags, _ = socket.recv_fds(sock, most, 1, socket.MSG_CMSG_CLOEXEC)
    try:
        if not packet:
            raise ConnectionResetError("the other process is gone")
        return _parsed(packet, files, flags)
    except BaseException:
        close(files)
        raise


def close(files: Sequence[int]) -> None:
    """Close the files of a message."""
    for file in files:
        os.close(file)


def _parsed(packet: bytes, files: Sequence[int], flags: int) -> Message:
    header, body = packet[: HEADER.size], packet[HEADER.size :]
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or len(header) < HEADER.size:
        raise WireError(f"a packet of {len(packet)} bytes is no message")
    magic, number_of_kind, number = HEADER.unpack(header)
    if magic != MAGIC or number_of_kind not in list(Kind):
        raise WireError("a packet is no message of this version")
    kind = Kind(number_of_kind)
    least, most, step = BODIES[kind]
    with_file = kind in (Kind.HELLO, Kind.WELCOME)
    if not least <= len(body) <= most or len(body) % step or len(files) != with_file:
        raise WireError(f"{kind.name} has {len(body)} bytes and {len(files)} files")
    return Message(kind, number, body, files)
