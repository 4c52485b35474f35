"""One process draws for all rooms, whatever one of them does, and comes back when it dies."""

from __future__ import annotations

import gc
import os
import random
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.opening import open_renderer
from livekit_plugins_avatar.render.persona import Persona, PersonaError
from livekit_plugins_avatar.render.renderer import Frames, Moment
from livekit_plugins_avatar.render.shared import launcher
from livekit_plugins_avatar.render.shared.renderer import SharedRenderer
from livekit_plugins_avatar.render.shared.wire import BODIES, HEADER, MAGIC, Kind
from livekit_plugins_avatar.timeline import Timed

from .conftest import Machine

WritePersona = Callable[..., Path]

LIMIT_S = 30.0
"""A test that waits longer has failed; on a free machine nothing here takes a second."""


def moments(*opened: float) -> list[Moment]:
    return [Timed(1600 * n, 1600, FaceState.of(jawOpen=jaw)) for n, jaw in enumerate(opened)]


@pytest.fixture
def stub(write_persona: WritePersona, tmp_path: Path) -> Persona:
    """A persona of one test alone: the process keeps what it has opened."""
    return Persona.load(write_persona(wide=14, licence=tmp_path.name))


def drawn_again(renderer: SharedRenderer) -> Frames:
    """A picture, once there is one again."""
    ends_s = time.monotonic() + LIMIT_S
    while True:
        try:
            return np.array(renderer.render(moments(1.0)))
        except OSError:
            if time.monotonic() > ends_s:
                raise
            time.sleep(0.01)


def wait_until(true: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < ends_s
        time.sleep(0.01)


def test_pictures(running: Machine, stub: Persona) -> None:
    """Two personas at once look as their own processes would draw them, in either aspect."""
    sketch, faces = Persona.load("sketch"), moments(0.0, 0.4, 1.0)
    with (
        closing(SharedRenderer(sketch, device="cpu")) as one,
        closing(SharedRenderer(stub, device="cpu", aspect="wide")) as other,
    ):
        assert (one.device, one.fps, one.size) == ("cpu", sketch.fps, sketch.size)
        for _ in range(2):
            assert np.array_equal(
                one.render(faces), OnnxRenderer(sketch, device="cpu").render(faces)
            )
            assert other.render(faces)[:, 0, 0].tolist() == [16, 56, 116]
        assert other.render([]).shape == (0, 6, 14)
    with pytest.raises(RuntimeError, match="closed"):
        one.render(faces)


def open_files() -> set[str]:
    """Sockets and memory that this process holds."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/self/fd/{number}"))
    return {target for target in found if target.startswith(("socket:", "/memfd:avatar"))}


def test_one_process(machine: Machine, stub: Persona) -> None:
    """However many rooms come at once, one process is started, and ends after the last of them
    with all that it had."""
    before = open_files()
    with ThreadPoolExecutor(8) as pool:
        rooms = list(pool.map(lambda _: SharedRenderer(stub, device="cpu"), range(8)))
    assert len(machine.processes()) == 3
    for room in rooms:
        room.close()
    wait_until(lambda: not machine.processes())
    del room, rooms
    gc.collect()
    assert not list(machine.folder.iterdir())
    assert open_files() <= before


def test_killed(running: Machine, stub: Persona) -> None:
    """Each time the process is killed, the one that stood by draws for all rooms."""
    rooms = [SharedRenderer(stub, device="cpu") for _ in range(4)]
    with ThreadPoolExecutor(len(rooms)) as pool:
        for _ in range(3):
            standby = running.processes()[2]
            running.kill_server()
            wait_until(lambda: len(running.processes()) == 3)
            assert running.processes()[1] == standby
            assert {int(frames[0, 0, 0]) for frames in pool.map(drawn_again, rooms)} == {116}


def test_all_killed(machine: Machine, stub: Persona) -> None:
    """A supervisor that is killed takes its servers along, and the next call starts all again."""
    with closing(SharedRenderer(stub, device="cpu")) as renderer:
        supervisor, *servers = machine.processes()
        supervisor.kill()
        for server in servers:
            server.wait(LIMIT_S)
        assert drawn_again(renderer)[0, 0, 0] == 116
        assert not {supervisor, *servers} & set(machine.processes())


def test_persona_errors(running: Machine, stub: Persona, write_persona: WritePersona) -> None:
    """A persona that cannot be drawn is a PersonaError with its path, and costs others nothing."""
    other = SharedRenderer(stub, device="cpu")
    path = write_persona(undeclared=True, rows=8, licence="misfit")
    with pytest.raises(PersonaError, match=r"stub\.onnx draws uint8"):
        SharedRenderer(Persona.load(path), device="cpu")
    with pytest.raises(PersonaError, match="no wide picture"):
        SharedRenderer(Persona.load("sketch"), device="cpu", aspect="wide")
    assert other.render(moments(1.0))[0, 0, 0] == 116
    other.close()


def packets(stub: Persona, chance: random.Random) -> list[bytes]:
    """A conversation of one to three packets, of which the last is malformed or out of order."""
    hello = HEADER.pack(MAGIC, Kind.HELLO, 1) + bytes.fromhex(stub.digest) + b"\0stub"
    draw = HEADER.pack(MAGIC, Kind.DRAW, 0) + bytes(240)
    kind = chance.choice(list(Kind))
    most = BODIES[kind][1]
    wrong = [
        chance.randbytes(chance.randrange(1, 400)),
        HEADER.pack(MAGIC, chance.choice([0, 8, 2**32 - 1]), 0),
        HEADER.pack(MAGIC, kind, -1) + bytes(most + 1),
        HEADER.pack(MAGIC, Kind.DRAW, 2**62) + np.full(60, np.nan, np.float32).tobytes(),
        HEADER.pack(MAGIC, Kind.DRAW, -1) + np.full(60, 1e30, np.float32).tobytes(),
        draw[: chance.randrange(1, len(draw))],
        draw + b"\0" * chance.randrange(1, 240),
        draw + bytes(240) * 2,
        hello[: chance.randrange(1, 49)],
        HEADER.pack(MAGIC, Kind.WELCOME, 1) + b"cpu",
        HEADER.pack(MAGIC, kind, 0) + bytes(60_000),
    ]
    return [*[hello, draw][: chance.randrange(3)], chance.choice(wrong)]


def refused(said: Sequence[bytes], path: str, file: int) -> bool:
    """Say all this to the renderer process; whether it then ends the connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(LIMIT_S)
        sock.connect(path)
        with suppress(ConnectionError):
            for packet in said:
                hello = packet[4:8] == HEADER.pack(MAGIC, Kind.HELLO, 0)[4:8]
                socket.send_fds(sock, [packet], [file] if hello else [])
                while hello and sock.recv(4096)[4] == Kind.OPENING:
                    pass
            while sock.recv(4096):
                pass
        return True


def test_garbage(running: Machine, stub: Persona) -> None:
    """Each of 500 malformed conversations ends with its own connection only."""
    chance = random.Random(7)
    with closing(SharedRenderer(stub, device="cpu")) as renderer:
        server = running.processes()[1]
        renderer.render(moments(0.0))
        files = server.num_fds()
        with stub.path.open("rb") as file:
            for _ in range(500):
                said = packets(stub, chance)
                assert refused(said, running.socket, file.fileno())
            assert renderer.render(moments(1.0))[0, 0, 0] == 116
        assert server.is_running()
        wait_until(lambda: server.num_fds() <= files)


def test_silent_clients(running: Machine, stub: Persona) -> None:
    """Clients that say nothing, or ask and never read, or die with a picture under way, cost the
    others nothing."""
    with closing(SharedRenderer(stub, device="cpu")) as renderer:
        hello = HEADER.pack(MAGIC, Kind.HELLO, 1) + bytes.fromhex(stub.digest) + b"\0stub"
        draw = HEADER.pack(MAGIC, Kind.DRAW, 0) + bytes(240)
        socks = []
        for client in range(12):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            sock.connect(running.socket)
            socks.append(sock)
            if client % 3:
                with stub.path.open("rb") as file:
                    socket.send_fds(sock, [hello], [file.fileno()])
                while sock.recv(4096)[4] == Kind.OPENING:
                    pass
                sock.send(draw)
            if client % 3 == 2:
                sock.close()
        assert renderer.render(moments(1.0))[0, 0, 0] == 116
        for sock in socks:
            sock.close()


def test_not_private(machine: Machine, stub: Persona, caplog: pytest.LogCaptureFixture) -> None:
    """Where others may enter the folder, this process draws, and the log says why."""
    machine.folder.mkdir(mode=0o755)
    with pytest.raises(launcher.Unavailable, match="this user alone"):
        SharedRenderer(stub, device="cpu")
    renderer = open_renderer(stub, device="cpu", threads=1, aspect="square", shared=True)
    assert isinstance(renderer, OnnxRenderer)
    assert "this process draws" in caplog.text and str(machine.folder) in caplog.text


def test_not_started(
    machine: Machine, stub: Persona, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A process that cannot be started says why."""
    broken = tmp_path / "broken.py"
    broken.write_text("raise OSError('no such card')")
    monkeypatch.setattr(launcher, "BOOT", broken)
    with pytest.raises(launcher.Unavailable, match="no such card"):
        SharedRenderer(stub, device="cpu")


def test_choice(running: Machine, stub: Persona) -> None:
    """On a CPU a process draws for itself unless it is told otherwise."""
    for shared, kind in ((None, OnnxRenderer), (False, OnnxRenderer), (True, SharedRenderer)):
        renderer = open_renderer(stub, device="cpu", threads=1, aspect="square", shared=shared)
        assert isinstance(renderer, kind)
        renderer.close()
