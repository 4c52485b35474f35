"""The demo's web server gives a browser the page, and a room of its own to join."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from livekit import api

from livekit_plugins_avatar.demo.server import LiveKitServer
from livekit_plugins_avatar.demo.web_server import web_server
from livekit_plugins_avatar.demo.worker_process import AGENT

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
    claims = api.TokenVerifier(SERVER.api_key, SERVER.api_secret).verify(one["token"])
    assert claims.video is not None and claims.video.room == one["room"]
    assert claims.room_config is not None and claims.room_config.sync_streams
    assert [agent.agent_name for agent in claims.room_config.agents] == [AGENT]


async def test_a_connection_is_never_kept_by_a_cache(page: Path) -> None:
    async with web_server(page, SERVER) as address, aiohttp.ClientSession(address) as browser:
        assert (await browser.get("/connection")).headers["Cache-Control"] == "no-store"


async def test_a_port_that_is_taken_is_an_error_at_once(page: Path) -> None:
    async with web_server(page, SERVER) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)):
            async with web_server(page, SERVER, port=port):
                pass
