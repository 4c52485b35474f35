"""One connection to the renderer process, and the memory for its pictures."""

from __future__ import annotations

import fcntl
import mmap
import os
import socket
from contextlib import suppress

import numpy as np

from ..engine import Engine
from ..model import Faces
from ..parted_model import Drawn
from ..providers import BATCHES
from ..renderer import Frames
from .wire import Kind, send


class Room:
    """What one client has asked for; it asks for one thing at a time."""

    def __init__(self, sock: socket.socket, since_s: float) -> None:
        self.sock = sock
        self.since_s = since_s
        self.greeted = self.ready = self.drawing = False
        self.engine: Engine
        self.output = ""
        self.pictures: Frames
        self.faces: Faces
        self.drawn = Drawn()
        self.due_s = 0.0

    def open(self, engine: Engine, output: str, size: tuple[int, int]) -> None:
        """Make the memory, whose size can never change, and pass it on."""
        self.engine, self.output = engine, output
        shape = BATCHES[engine.device], size[1] * 3 // 2, size[0]
        memory = os.memfd_create("avatar-pictures", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with open(memory, "r+b") as file:
            file.truncate(int(np.prod(shape)))
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
            self.pictures = np.frombuffer(mmap.mmap(memory, 0), np.uint8).reshape(shape)
            self.ready = True
            send(self.sock, Kind.WELCOME, shape[0], engine.device.encode(), [memory])

    def tell(self, kind: Kind, number: int, text: str = "") -> None:
        """Send a message; a client that has left, or does not read, loses its connection."""
        try:
            send(self.sock, kind, number, text.encode())
        except OSError:
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection; the thread that reads it then meets its end."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
