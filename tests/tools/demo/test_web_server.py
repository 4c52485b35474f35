"""The demo's web server gives a browser the page, and a room of its own to join."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from livekit import api

from livekit_plugins_avatar.tools.demo.server import LiveKitServer
from livekit_plugins_avatar.tools.demo.web_server import MOST_ROOMS, Rooms, web_server
from livekit_plugins_avatar.tools.demo.worker_process import AGENT

SERVER = LiveKitServer(url="ws://127.0.0.1:7880", api_key="key", api_secret="s" * 32)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<title>a page</title>")
    (tmp_path / "page.js").write_text("1;")
    return tmp_path


async def test_the_page_and_its_files_are_served(page: Path) -> None:
    async with web_server(page, SERVER) as address, aiohttp.ClientSession(address) as browser:
        assert "a page" in await (await browser.get("/")).text()
        script = await browser.get("/page.js")
        assert script.status == 200 and "javascript" in script.content_type
        assert (await browser.get("/nothing.js")).status == 404


async def test_every_visitor_gets_a_fresh_room_with_the_agent_and_streams_in_sync(
    page: Path,
) -> None:
    async with web_server(page, SERVER) as address, aiohttp.ClientSession(address) as browser:
        one, other = [await (await browser.get("/connection")).json() for _ in range(2)]
    assert one["url"] == SERVER.url
    assert one["room"] != other["room"]
    claim = claims(one)
    assert claim.video is not None and claim.video.room == one["room"]
    assert claim.room_config is not None and claim.room_config.sync_streams
    assert [agent.agent_name for agent in claim.room_config.agents] == [AGENT]


def claims(connection: dict[str, str]) -> api.access_token.Claims:
    return api.TokenVerifier(SERVER.api_key, SERVER.api_secret).verify(connection["token"])


async def test_whoever_is_invited_gets_a_place_of_their_own_in_the_same_room(page: Path) -> None:
    async with web_server(page, SERVER) as address, aiohttp.ClientSession(address) as browser:
        host = await (await browser.get("/connection")).json()
        guest = await (await browser.get("/connection", params={"room": host["room"]})).json()
    assert guest["room"] == host["room"]
    one, other = claims(host), claims(guest)
    assert other.video is not None and other.video.room == host["room"]
    assert one.identity != other.identity
    assert (one.name, other.name) == ("Visitor 1", "Visitor 2")


@pytest.mark.parametrize("room", ["", "demo-00000000", "../etc", "ü\n", "x" * 4_000])
async def test_a_room_that_was_never_made_is_refused_in_a_sentence(page: Path, room: str) -> None:
    async with web_server(page, SERVER) as address, aiohttp.ClientSession(address) as browser:
        answer = await browser.get("/connection", params={"room": room})
        assert answer.status == 404
        assert "not here" in (await answer.json())["error"]


def test_the_oldest_rooms_are_forgotten() -> None:
    rooms = Rooms()
    first, *later = [rooms.make() for _ in range(MOST_ROOMS + 1)]
    assert first not in rooms
    assert all(room in rooms for room in later)


async def test_a_connection_is_never_kept_by_a_cache(page: Path) -> None:
    async with web_server(page, SERVER) as address, aiohttp.ClientSession(address) as browser:
        assert (await browser.get("/connection")).headers["Cache-Control"] == "no-store"


async def test_a_port_that_is_taken_is_an_error_at_once(page: Path) -> None:
    async with web_server(page, SERVER) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)):
            async with web_server(page, SERVER, port=port):
                pass
