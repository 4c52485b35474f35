"""The demo's web server gives a browser the page and a room of its own, and strangers nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import jwt
import pytest
from livekit import api

from livekit_plugins_avatar.tools.demo.server import LiveKitServer
from livekit_plugins_avatar.tools.demo.web_server import (
    MAX_ROOMS,
    Rooms,
    listening_socket,
    web_server,
)
from livekit_plugins_avatar.tools.demo.worker_process import AGENT

SERVER = LiveKitServer(url="ws://127.0.0.1:7880", api_key="key", api_secret="s" * 32)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<title>a page</title>")
    (tmp_path / "page.js").write_text("1;")
    return tmp_path


@pytest.fixture
async def browser(page: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a running web server."""
    async with web_server(page, SERVER, page) as address, aiohttp.ClientSession(address) as browser:
        yield browser


async def join(browser: aiohttp.ClientSession, **params: str) -> dict[str, str]:
    connection: dict[str, str] = await (await browser.get("/connection", params=params)).json()
    return connection


def claims(connection: dict[str, str]) -> api.access_token.Claims:
    return api.TokenVerifier(SERVER.api_key, SERVER.api_secret).verify(connection["token"])


async def test_files(browser: aiohttp.ClientSession) -> None:
    """The page and its files are served."""
    assert "a page" in await (await browser.get("/")).text()
    script = await browser.get("/page.js")
    assert script.status == 200 and "javascript" in script.content_type
    assert (await browser.get("/nothing.js")).status == 404


async def test_new_room(browser: aiohttp.ClientSession) -> None:
    """Every visitor gets a new room, with the agent and synchronised streams."""
    one, other = await join(browser), await join(browser)
    assert one["url"] == SERVER.url
    assert one["room"] != other["room"]
    claim = claims(one)
    assert claim.video is not None and claim.video.room == one["room"]
    assert claim.room_config is not None and claim.room_config.sync_streams
    assert [agent.agent_name for agent in claim.room_config.agents] == [AGENT]


async def test_invitation(browser: aiohttp.ClientSession) -> None:
    """An invited visitor joins the same room as another participant."""
    host = await join(browser)
    guest = await join(browser, room=host["room"])
    assert guest["room"] == host["room"]
    one, other = claims(host), claims(guest)
    assert other.video is not None and other.video.room == host["room"]
    assert one.identity != other.identity
    assert (one.name, other.name) == ("Visitor 1", "Visitor 2")


async def test_token(browser: aiohttp.ClientSession) -> None:
    """A visitor's token lives for minutes, and lets them publish a microphone only."""
    connection = await join(browser)
    times = jwt.decode(connection["token"], options={"verify_signature": False})
    life = datetime.fromtimestamp(times["exp"]) - datetime.now()
    assert timedelta(minutes=1) < life <= timedelta(minutes=10)
    video = claims(connection).video
    assert video is not None and video.can_publish_sources == ["microphone"]
    assert not video.can_update_own_metadata and not video.room_admin


@pytest.mark.parametrize("room", ["", "demo-00000000", "../etc", "ü\n", "x" * 4_000])
async def test_unknown_room(browser: aiohttp.ClientSession, room: str) -> None:
    """A room that was never made is refused in a sentence."""
    answer = await browser.get("/connection", params={"room": room})
    assert answer.status == 404
    assert "not here" in (await answer.json())["error"]


@pytest.mark.parametrize("path", ["/", "/page.js", "/connection"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7000", "127.0.0.1.evil.example", "10.0.0.1:7000", "@:"]
)
async def test_foreign_host(browser: aiohttp.ClientSession, path: str, host: str) -> None:
    """A request under a foreign name (DNS rebinding) gets neither token nor page."""
    answer = await browser.get(path, headers={"Host": host})
    assert answer.status == 421
    assert "token" not in await answer.text()


@pytest.mark.parametrize("host", ["localhost", "LocalHost:7000", "127.0.0.1:1", "[::1]:7000"])
async def test_own_host(browser: aiohttp.ClientSession, host: str) -> None:
    """Every name of the loopback interface is served, with any port."""
    assert (await browser.get("/connection", headers={"Host": host})).status == 200


@pytest.mark.parametrize("path", ["/", "/page.js", "/connection", "/nothing"])
async def test_security_headers(browser: aiohttp.ClientSession, path: str) -> None:
    """Every response forbids framing, and connections to other servers."""
    headers = (await browser.get(path)).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws://127.0.0.1:7880 http://127.0.0.1:7880"
    assert "Access-Control-Allow-Origin" not in headers


def test_old_rooms() -> None:
    """The oldest rooms are forgotten."""
    rooms = Rooms()
    first, *later = [rooms.make() for _ in range(MAX_ROOMS + 1)]
    assert first not in rooms
    assert all(room in rooms for room in later)


async def test_cache_control(browser: aiohttp.ClientSession) -> None:
    """No cache keeps a token."""
    assert (await browser.get("/connection")).headers["Cache-Control"] == "no-store"


def test_taken_port() -> None:
    """A port that is taken is an error at once."""
    with listening_socket() as listener:
        port = listener.getsockname()[1]
        with pytest.raises(OSError, match=str(port)):
            listening_socket(port=port)
