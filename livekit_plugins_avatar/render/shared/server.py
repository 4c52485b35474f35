"""Draws for all rooms: one thread reads their messages, others open personas and draw.

What a room sends is checked, what it does not read is not waited for, and its connection is all
that it can lose.
"""

from __future__ import annotations

import logging
import os
import select
import selectors
import signal
import socket
import stat
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

import numpy as np

from ...face.state import PARAMETERS
from ...log import logger
from ...timeline import SystemClock
from ..engine import Engine, engine_for
from ..model import SIZES, GraphModel
from ..onnx_file import MAX_BYTES
from ..persona import OUTPUTS, Aspect, Device, Persona, PersonaError
from .batches import Queue
from .greeting import greet
from .room import Room
from .wire import Kind, Message, WireError, close, receive, send

ROOMS = 400
"""Each takes an open file, and a process may have 1,024."""

PERSONAS_BYTES = 2**30
"""All persona files that are open at a time."""

RECENT = 4
"""Personas that stay open without a room: a room whose connection broke comes back."""

TICK_S = 0.25
HELLO_S = 5.0
"""A connection that has not said by then what it wants is closed."""

GPU_HUNG_S, CPU_HUNG_S = 4.0, 12.0
"""After a draw of so long the server starts anew. On a GPU all rooms wait for it; on a CPU only
those whose calls hang, and each of these may have left some threads behind."""

LIMIT_S = 0.2
"""Rooms cannot claim to be more urgent than this: none then waits longer for those that come after
it. Six frames last as long."""

LARGEST = 100.0
"""No number of a face is larger: they are weights, radians and metres."""


class Server:
    """Serves a listening socket until no room has been there for `idle_s`.

    Args:
        listener: The socket.
        device: That draws.
        idle_s: Seconds.
        standby: Two ends of a connection: what is told to the first, the process that waits to be
            the next server hears from the second.
    """

    def __init__(
        self,
        listener: socket.socket,
        device: Device,
        idle_s: float,
        standby: tuple[socket.socket, socket.socket],
    ) -> None:
        self._listener = listener
        self._tell, self._hear = standby
        self._tell.setblocking(False)
        self._passed_on: WeakSet[Engine] = WeakSet()
        self._device = device
        self._idle_s = idle_s
        self._now_s = SystemClock().now_s
        self._queue = Queue(len(os.sched_getaffinity(0)))
        self._pool = ThreadPoolExecutor(ROOMS, "avatar-draw")
        self._rooms: set[Room] = set()
        self._recent: deque[Engine] = deque(maxlen=RECENT)
        self._loading = threading.Lock()
        self._selector = selectors.DefaultSelector()

    def run(self, wait: int, report: Callable[[], object]) -> None:
        """Stand by until a byte can be read from `wait`, then serve; return where it ends first."""
        while wait not in select.select([wait, self._hear.fileno()], [], [])[0]:
            hello = receive(self._hear)
            threading.Thread(target=self._prepare, args=(hello,), daemon=True).start()
        if os.read(wait, 1):
            for engine in list(self._recent):
                self._pass_on(engine)
            self.serve(report)

    def _prepare(self, hello: Message) -> None:
        """Open what the server has opened; on a thread of its own."""
        try:
            self._engine(hello).open()
        except Exception:
            logger.exception("shared: the process that stands by cannot open a persona")

    def _pass_on(self, engine: Engine) -> None:
        """Let the process that stands by open what is drawn on a CPU: on a GPU, memory is dear."""
        if engine.device == "cpu" and engine not in self._passed_on:
            with suppress(OSError):
                greet(self._tell, engine.persona, engine.threads)
                self._passed_on.add(engine)

    def serve(self, report: Callable[[], object]) -> None:
        """Serve; calls `report` about every `TICK_S`."""
        logger.addHandler(_Forward(lambda: list(self._rooms)))
        logger.setLevel(logging.INFO)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        tick_s = last_s = self._now_s()
        while tick_s - last_s < self._idle_s:
            for key, _ in self._selector.select(TICK_S):
                if key.data is None:
                    self._accept()
                else:
                    self._read(key.data)
            while batch := self._queue.take(self._now_s()):
                self._pool.submit(self._draw_on, batch)
            if self._now_s() - tick_s >= TICK_S:
                tick_s = self._now_s()
                self._look_after(tick_s)
                report()
                last_s = tick_s if self._rooms else last_s
        self._pool.shutdown(wait=False)

    def _accept(self) -> None:
        with suppress(OSError):
            sock, _ = self._listener.accept()
            sock.setblocking(False)
            room = Room(sock, self._now_s())
            self._rooms.add(room)
            self._selector.register(sock, selectors.EVENT_READ, room)
            if len(self._rooms) > ROOMS:
                self._leave(room, f"the shared renderer takes no more than {ROOMS} rooms")

    def _read(self, room: Room) -> None:
        try:
            message = receive(room.sock)
            if message.kind is Kind.HELLO and not room.greeted:
                room.greeted = True
                threading.Thread(target=self._open, args=(room, message), daemon=True).start()
            elif message.kind is Kind.DRAW and room.ready and not room.drawing:
                self._ask(room, message)
            else:
                close(message.files)
                raise WireError(f"{message.kind.name} is out of order")
        except BlockingIOError:
            pass
        except (WireError, OSError) as error:
            self._leave(room, str(error))

    def _leave(self, room: Room, why: str) -> None:
        room.tell(Kind.FAILED, 0, why)
        self._selector.unregister(room.sock)
        self._rooms.discard(room)
        room.sock.close()

    def _open(self, room: Room, hello: Message) -> None:
        """Open the persona that a room brings; on a thread of its own."""
        try:
            engine = self._engine(hello)
            if isinstance(model := engine.open(), GraphModel):
                model.prepare(SIZES)
            aspect: Aspect = "wide" if hello.body[32] else "square"
            room.open(engine, OUTPUTS[aspect], engine.persona.size_of(aspect))
            self._pass_on(engine)
        except Exception as error:
            room.tell(Kind.FAILED, isinstance(error, PersonaError), str(error))
            room.hang_up()

    def _engine(self, hello: Message) -> Engine:
        """What draws the persona that a message brings."""
        with self._loading, open(hello.files[0], "rb") as file:
            path = Path(os.fsdecode(hello.body[33:].replace(b"\0", b"")))
            persona = self._persona(hello.body[:32].hex(), path, file.fileno())
            engine = engine_for(persona, self._device, min(16, max(1, hello.number)))
            if engine not in self._recent:
                self._recent.append(engine)
        return engine

    def _persona(self, digest: str, path: Path, file: int) -> Persona:
        """The persona with a digest: one that is open, or else the file's, once checked."""
        engines = [*self._recent, *(room.engine for room in list(self._rooms) if room.ready)]
        known = {engine.persona.digest: engine.persona for engine in engines}
        if digest in known:
            return known[digest]
        found, held = os.fstat(file), sum(len(persona.content) for persona in known.values())
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            raise WireError("a persona comes as a file in memory")
        if held + found.st_size > PERSONAS_BYTES:
            raise MemoryError("the personas that are open leave no memory for another")
        persona = Persona.parse(path, os.pread(file, found.st_size, 0))
        if persona.digest != digest:
            raise WireError("a persona has another digest than was said")
        return persona

    def _ask(self, room: Room, message: Message) -> None:
        """Queue the faces that a room wants to have drawn."""
        faces = np.frombuffer(message.body, np.float32).reshape(-1, len(PARAMETERS))
        if len(faces) > len(room.pictures) or not (np.abs(faces) < LARGEST).all():
            raise WireError("faces are too many, or their numbers too large")
        room.faces, room.drawing = faces[:, room.engine.persona.columns], True
        room.due_s = self._now_s() + min(LIMIT_S, max(0.0, message.number / 1e6))
        self._queue.put(room)

    def _draw_on(self, batch: list[Room]) -> None:
        """Draw a batch, and then what waits."""
        while batch:
            self._draw(batch)
            batch = self._queue.take(self._now_s())

    def _draw(self, batch: list[Room]) -> None:
        engine = batch[0].engine
        try:
            faces = np.concatenate([room.faces for room in batch])
            drawn = batch[0].drawn if len(batch) == 1 else None
            frames = engine.draw(batch[0].output, faces, drawn)
            self._queue.done(batch, self._now_s())
        except Exception as error:
            self._queue.done(batch, self._now_s())
            for room in batch:
                room.drawing = False
                room.tell(Kind.FAILED, isinstance(error, PersonaError), str(error))
            return
        row = 0
        for room in batch:
            count = len(room.faces)
            room.pictures[:count] = frames[row : row + count]
            row += count
            room.drawing = False
            room.tell(Kind.DRAWN, count, engine.device)

    def _look_after(self, now_s: float) -> None:
        """Let rooms wait whose persona is being opened, and end what hangs."""
        for room in list(self._rooms):
            if room.greeted and not room.ready:
                room.tell(Kind.OPENING, 0)
            elif not room.greeted and now_s - room.since_s > HELLO_S:
                room.hang_up()
        for room, began_s in list(self._queue.drawing.items()):
            if now_s - began_s > (CPU_HUNG_S if room.engine.device == "cpu" else GPU_HUNG_S):
                os.kill(os.getpid(), signal.SIGKILL)


class _Forward(logging.Handler):
    """Passes the log to the rooms, whose logs are read."""

    def __init__(self, rooms: Callable[[], list[Room]]) -> None:
        super().__init__(logging.INFO)
        self._rooms = rooms

    def emit(self, record: logging.LogRecord) -> None:
        for room in self._rooms():
            with suppress(OSError):
                send(room.sock, Kind.LOG, record.levelno, record.getMessage().encode())
