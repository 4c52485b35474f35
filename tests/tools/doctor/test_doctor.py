"""The doctor finds what is wrong with a machine, a server and a token, each with its remedy."""

from __future__ import annotations

import json
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import time

import pytest
from livekit import api

from livekit_plugins_avatar.render import compositor
from livekit_plugins_avatar.tools import cli
from livekit_plugins_avatar.tools.doctor import command, livekit_server, machine, models, packages
from livekit_plugins_avatar.tools.doctor.finding import Finding
from livekit_plugins_avatar.tools.doctor.livekit_server import Server, check_environment
from livekit_plugins_avatar.tools.doctor.token import check_token

SECRET = "secret" * 6


class StubServer:
    """Answers what the doctor asks of a LiveKit server over HTTP."""

    def __init__(self) -> None:
        self.ahead_s, self.accepts, self.codecs = 0.0, True, ["video/VP8", "video/H264"]
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def date_time_string(self, timestamp: float | None = None) -> str:
                return formatdate(time() + stub.ahead_s, usegmt=True)

            def do_GET(self) -> None:
                self._answer(200, b"OK")

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                if not stub.accepts:
                    self._answer(401, json.dumps({"code": "401", "msg": "invalid key"}).encode())
                    return
                codecs = [api.Codec(mime=mime) for mime in stub.codecs]
                room = api.Room(name="stub", enabled_codecs=codecs)
                if self.path.endswith("/ListRooms"):
                    self._answer(200, api.ListRoomsResponse(rooms=[room]).SerializeToString())
                elif self.path.endswith("/CreateRoom"):
                    self._answer(200, room.SerializeToString())
                else:
                    self._answer(200, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"ws://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> StubServer:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubServer]:
    """A server whose rooms are synced."""

    async def on(*_: object) -> bool:
        return True

    monkeypatch.setattr(livekit_server, "synced", on)
    monkeypatch.setattr(livekit_server, "_with_a_track", on)
    with StubServer() as stub:
        yield stub


def token(**grants: object) -> str:
    """A viewer's token that is well but for these grants."""
    return viewer(grants).to_jwt()


def viewer(grants: dict[str, object]) -> api.AccessToken:
    rights = api.VideoGrants(**({"room_join": True, "room": "r"} | grants))  # type: ignore[arg-type]
    made = api.AccessToken("key", SECRET).with_identity("anna").with_grants(rights)
    return made.with_room_config(api.RoomConfiguration(sync_streams=True))


def broken(tmp_path: Path) -> Path:
    path = tmp_path / "me.onnx"
    path.write_text("no persona")
    return path


def without(*names: str, **others: str) -> Callable[[str], str | None]:
    """What `installed` says on a machine that lacks these distributions."""
    versions = {name.replace("_", "-"): version for name, version in others.items()}
    return lambda name: None if name in names else versions.get(name) or packages.installed(name)


PLANTED: dict[str, Callable[[Path], Iterator[Finding] | list[Finding] | Finding]] = {
    "an old Python": lambda _: packages.check_python((3, 9, 1)),
    "livekit missing": lambda _: packages.check_base(without("livekit")),
    "livekit-agents of another year": lambda _: packages.check_base(
        without(livekit_agents="0.12.0")
    ),
    "a module named livekit": lambda _: packages.check_namespace(["/home/me/livekit.py"]),
    "weights missing": lambda tmp_path: packages.check_files(tmp_path),
    "two ONNX Runtimes": lambda _: models.check_runtime(without(onnxruntime_gpu="1.20.0")),
    "no driver": lambda _: models.check_providers(
        ["CUDAExecutionProvider", "CPUExecutionProvider"], card="", driver=False
    ),
    "a broken persona": lambda tmp_path: models.check_persona(broken(tmp_path)),
    "a persona that is not there": lambda tmp_path: models.check_persona(tmp_path / "no.onnx"),
    "too few cores": lambda _: machine.check_cpu(0.2, cores=1, busy=0.1),
    "a cache in a file": lambda tmp_path: machine.check_cache(broken(tmp_path) / "cache"),
    "an address without a scheme": lambda _: check_environment({"LIVEKIT_URL": "lk.cloud"})[1],
    "no secret": lambda _: check_environment(
        {"LIVEKIT_URL": "wss://lk.cloud", "LIVEKIT_API_KEY": "key"}
    )[1],
    "half a token": lambda _: check_token("eyJhbGciOi"),
    "an expired token": lambda _: check_token(
        viewer({}).with_ttl(timedelta(seconds=5)).to_jwt(), now_s=time() + 60
    ),
    "a token for no room": lambda _: check_token(token(room_join=False)),
    "a viewer who may not speak": lambda _: check_token(token(can_publish_sources=["camera"])),
    "a viewer who may not see": lambda _: check_token(token(can_subscribe=False)),
    "a token without sync_streams": lambda _: check_token(
        viewer({}).with_room_config(api.RoomConfiguration()).to_jwt()
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_problem(name: str, tmp_path: Path) -> None:
    """Each is found, once, and has a remedy."""
    found = PLANTED[name](tmp_path)
    findings = [found] if isinstance(found, Finding) else list(found)
    [problem] = [each for each in findings if each.state == "problem"]
    assert problem.found and problem.remedy
    assert problem.remedy in problem.text


def test_native_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a machine has no native code is told, with what it costs."""
    assert models.check_native().state == "ok"
    monkeypatch.setattr(compositor, "library", lambda: None)
    told = models.check_native()
    assert told.state == "note" and "twice the time" in told.found and told.remedy


async def ask(server: StubServer, **options: str) -> dict[str, Finding]:
    asked = livekit_server.check_server(Server(server.url, "key", SECRET), **options)
    return {finding.part: finding async for finding in asked}


async def test_good_server(server: StubServer) -> None:
    """Nothing is wrong with a good one."""
    found = await ask(server)
    assert {part: each.state for part, each in found.items()} == dict.fromkeys(
        ("server", "clock", "keys", "codec", "sync group"), "ok"
    )


async def test_no_server() -> None:
    """A server that is not there is told by its address."""
    found = livekit_server.check_server(Server("ws://127.0.0.1:9", "key", SECRET))
    [finding] = [each async for each in found]
    assert finding.state == "problem" and "ws://127.0.0.1:9" in finding.found


@pytest.mark.parametrize(
    ("wrong", "part", "told"),
    [
        ({"accepts": False}, "keys", "401"),
        ({"ahead_s": 300.0}, "clock", "behind"),
        ({"ahead_s": -300.0}, "clock", "ahead of"),
        ({"codecs": ["audio/opus", "video/H264"]}, "codec", "vp8"),
    ],
)
async def test_planted_server_problem(
    server: StubServer, wrong: dict[str, object], part: str, told: str
) -> None:
    """Refused keys, a clock that is off and a codec that is off are found."""
    vars(server).update(wrong)
    finding = (await ask(server))[part]
    assert finding.state == "problem" and told in finding.found and finding.remedy


async def test_unsynced(server: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room made without sync_streams is a problem; a server's default is a note."""

    async def off(*_: object) -> bool:
        return False

    monkeypatch.setattr(livekit_server, "synced", off)
    monkeypatch.setattr(livekit_server, "_with_a_track", off)
    finding = (await ask(server, room="stub"))["sync group"]
    assert finding.state == "problem" and "sync_streams=True" in finding.remedy
    assert (await ask(server))["sync group"].state == "note"


def test_runtime_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without ONNX Runtime the report is whole, and the exit code 1."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert cli.main(["doctor", "--offline"]) == 1
    report = capsys.readouterr().out
    assert "problem  ONNX Runtime" in report and "browsers" in report


def test_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A good machine is exit code 0, and each row of the JSON has part, state, found and remedy."""
    monkeypatch.setattr(models, "FRAMES", 1)
    monkeypatch.setattr(models, "frame_cost_s", lambda *_: 0.01)
    assert cli.main(["doctor", "--offline", "--json"]) == 0
    printed = capsys.readouterr()
    rows = json.loads(printed.out)
    assert {"Python", "ONNX Runtime", "persona man", "processors"} <= {row["part"] for row in rows}
    assert all(row["remedy"] for row in rows if row["state"] != "ok")
    assert "drawing" in printed.err, "what takes time is told on stderr"


def test_no_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without LIVEKIT_URL no server is asked, and the report says so."""
    monkeypatch.delenv("LIVEKIT_URL", raising=False)
    parser = ArgumentParser()
    command.add_arguments(parser)
    server, findings = check_environment({})
    assert server is None and findings[0].state == "note"
