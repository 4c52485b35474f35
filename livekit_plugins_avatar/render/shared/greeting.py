"""Brings a persona to a renderer process: the first message of a connection."""

from __future__ import annotations

import os
import socket

from ..persona import Aspect, Persona
from .wire import Kind, send


def greet(sock: socket.socket, persona: Persona, threads: int, aspect: Aspect = "square") -> None:
    """Send a persona's file, in memory, with how many threads are to draw a picture and its aspect.

    Raises:
        OSError: It cannot be sent; from a socket that does not block, when it is full.
    """
    with open(os.memfd_create("avatar-persona", os.MFD_CLOEXEC), "wb") as file:
        file.write(persona.content)
        file.flush()
        said = bytes([*bytes.fromhex(persona.digest), aspect == "wide"])
        said += os.fsencode(persona.path)
        send(sock, Kind.HELLO, threads, said, [file.fileno()])
