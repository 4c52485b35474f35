"""What a room says to the renderer process, and what it makes of the answers."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.engine import Engine
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.render.shared import renderer, server
from livekit_plugins_avatar.render.shared.greeting import greet
from livekit_plugins_avatar.render.shared.renderer import SharedRenderer
from livekit_plugins_avatar.render.shared.server import Server
from livekit_plugins_avatar.render.shared.wire import Kind, Message, WireError, receive, send
from livekit_plugins_avatar.timeline import SystemClock, Timed

Answer = Callable[[socket.socket, Message], None]


@pytest.fixture
def persona(write_persona: Callable[..., Path]) -> Persona:
    return Persona.load(write_persona())


class Peer:
    """A renderer process that answers draws as it is told to."""

    def __init__(self) -> None:
        self.answer: Answer = lambda sock, draw: send(sock, Kind.DRAWN, 1, b"cuda")
        self.due_us: list[int] = []
        self.memory = 32 * 48

    def connect(self, device: str, limit_s: float) -> socket.socket:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        threading.Thread(target=self._serve, args=(mine,), daemon=True).start()
        return theirs

    def _serve(self, sock: socket.socket) -> None:
        with sock, suppress(OSError):  # The other side may leave at any time.
            os.close(receive(sock).files[0])
            send(sock, Kind.LOG, logging.WARNING, b"a line of the process")
            send(sock, Kind.OPENING)
            memory = os.memfd_create("pictures")
            os.truncate(memory, self.memory)
            send(sock, Kind.WELCOME, 32, b"cuda", [memory])
            os.close(memory)
            # It was on its way already.
            send(sock, Kind.OPENING)
            while True:
                draw = receive(sock)
                self.due_us.append(draw.number)
                self.answer(sock, draw)


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Peer:
    made = Peer()
    monkeypatch.setattr(renderer, "connect", made.connect)
    return made


def moment(frame: int) -> Timed[FaceState]:
    return Timed(1920 * frame, 1920, FaceState.of())


def test_log(peer: Peer, persona: Persona, caplog: pytest.LogCaptureFixture) -> None:
    """What the process logs is in the log of its rooms."""
    with closing(SharedRenderer(persona)) as room:
        assert (room.device, room.batch) == ("cuda", 32)
    assert "shared a line of the process" in caplog.text


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda sock, draw: sock.close(), ConnectionError),
        (lambda sock, draw: None, TimeoutError),
        (lambda sock, draw: send(sock, Kind.FAILED, 0, b"no memory"), RuntimeError),
        (lambda sock, draw: send(sock, Kind.DRAWN, 2, b"cuda"), WireError),
        (lambda sock, draw: send(sock, Kind.DRAW, 0, bytes(240)), WireError),
        (lambda sock, draw: sock.send(b"garbage"), WireError),
    ],
    ids=["gone", "silent", "failed", "another number", "another kind", "garbage"],
)
def test_failed_call(
    peer: Peer,
    persona: Persona,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    error: type[Exception],
) -> None:
    """A call that is not answered fails, and the next one goes over a new connection."""
    monkeypatch.setattr(renderer, "DRAW_S", 0.05)
    with closing(SharedRenderer(persona)) as room:
        works, peer.answer = peer.answer, answer
        with pytest.raises(error):
            room.render([moment(0)])
        peer.answer = works
        assert room.render([moment(1)]).shape == (1, 6, 8)


def test_memory_too_small(peer: Peer, persona: Persona) -> None:
    """Memory that does not hold the pictures is refused."""
    peer.memory = 48
    with pytest.raises(ValueError, match="mmap length"):
        SharedRenderer(persona)


def test_urgency(peer: Peer, persona: Persona, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room that lacks frames is more urgent by as many as it lacks, and no more than a room can
    be; a room that has them all asks with the whole limit."""
    now = [100.0]
    monkeypatch.setattr(SystemClock, "now_s", lambda self: now[0])
    with closing(SharedRenderer(persona)) as room:
        # Frame by frame in time; then one, three and twenty frames behind; then in time again.
        for frame, behind in enumerate([0, 0, 0, 1, 3, 20, 0]):
            now[0] = 100.0 + 0.04 * (frame + behind)
            room.render([moment(frame)])
    due_ms = [round(each / 1000) for each in peer.due_us]
    assert due_ms == pytest.approx([200, 200, 200, 160, 80, 0, 200], abs=20)


class Hanging:
    """An engine of which one room's calls, those with an open jaw, do not return."""

    device, threads = "cpu", 1

    def __init__(self, persona: Persona) -> None:
        self.persona = persona
        self.released = threading.Event()

    def open(self) -> None:
        pass

    def draw(self, output: str, faces: Any, drawn: Any = None) -> Any:
        if faces.max() > 0.5:
            self.released.wait()
        return np.full((len(faces), 6, 8), 7, np.uint8)


@pytest.fixture
def hanging(persona: Persona, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hanging]:
    """A server with an engine that hangs; rooms connect to it."""
    engine = Hanging(persona)
    monkeypatch.setattr(server, "engine_for", lambda *_: engine)
    monkeypatch.setattr(server, "logger", logging.getLogger("unheard"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        standby = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        made = Server(listener, "cpu", 0.01, standby)
        serving = threading.Thread(target=made.serve, args=(list,))
        serving.start()

        def connect(device: str, limit_s: float) -> socket.socket:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            sock.connect(str(tmp_path / "socket"))
            return sock

        monkeypatch.setattr(renderer, "connect", connect)
        yield engine
        engine.released.set()
        serving.join()


def test_hanging_room(hanging: Hanging, persona: Persona, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room whose calls hang gets errors, and the others their pictures."""
    monkeypatch.setattr(renderer, "DRAW_S", 0.1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    with closing(SharedRenderer(persona)) as stuck, closing(SharedRenderer(persona)) as other:
        with pytest.raises(TimeoutError):
            stuck.render([Timed(0, 1920, FaceState.of(jawOpen=1.0))])
        for frame in range(10):
            assert (other.render([moment(frame)]) == 7).all()


class Opened(Hanging):
    """An engine that counts how often it is opened."""

    opened = 0

    def open(self) -> None:
        self.opened += 1


@pytest.mark.parametrize("goes", [b".", b""])
def test_standby(
    goes: bytes, persona: Persona, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A process that stands by opens what the server has opened. Once it is the server it passes
    that on to the next one; where its parent is gone, it ends."""
    engine, standby = Opened(persona), socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    monkeypatch.setattr(server, "engine_for", lambda *_: engine)
    monkeypatch.setattr(server, "logger", logging.getLogger("unheard"))
    wait, go = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener, standby[0], standby[1]:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        waiting = Server(listener, "cpu", 0.01, standby)
        running = threading.Thread(target=waiting.run, args=(wait, list))
        running.start()
        greet(standby[0], persona, 1)
        ends_s = SystemClock().now_s() + 10
        while not engine.opened and SystemClock().now_s() < ends_s:
            threading.Event().wait(0.01)
        os.write(go, goes)
        os.close(go)
        running.join(10)
        assert not running.is_alive() and engine.opened == 1
        standby[1].setblocking(False)
        if goes:
            passed_on = receive(standby[1])
            os.close(passed_on.files[0])
            assert passed_on.body[:32].hex() == persona.digest
        else:
            with pytest.raises(BlockingIOError):
                receive(standby[1])
    os.close(wait)


def test_engine_type() -> None:
    """What stands in for an engine has what the server uses of one."""
    for name in ("open", "draw", "device"):
        assert hasattr(Engine, name)
