"""A visitor's picture becomes a face of their own conversation, and nothing of it is left."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from livekit_plugins_avatar.tools.demo import pictures
from livekit_plugins_avatar.tools.demo.pictures import MAX_BYTES, persona_path
from livekit_plugins_avatar.tools.demo.portrait_process import (
    FAILED,
    RIGHT,
    PictureRefused,
    Portrait,
    portrait_of,
)
from livekit_plugins_avatar.tools.demo.server import LiveKitServer
from livekit_plugins_avatar.tools.demo.web_server import web_server

SERVER = LiveKitServer(url="ws://127.0.0.1:7880", api_key="key", api_secret="s" * 32)
WARNING = "It smiles."


class Maker:
    """Makes personas at once, or when it is let."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.go = asyncio.Event()
        self.go.set()
        self.asked = asyncio.Event()

    async def __call__(self, picture: bytes) -> Portrait:
        self.got.append(picture)
        self.asked.set()
        await self.go.wait()
        if picture == b"a dog":
            raise PictureRefused("No face was found.")
        return Portrait(b"a persona", [WARNING])


@pytest.fixture
async def maker(monkeypatch: pytest.MonkeyPatch) -> Maker:
    maker = Maker()
    monkeypatch.setattr(pictures, "portrait_of", maker)
    return maker


@pytest.fixture
async def page(maker: Maker, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a running web server, whose faces are kept in `tmp_path`."""
    async with web_server(tmp_path, SERVER, tmp_path) as address:
        async with aiohttp.ClientSession(address) as page:
            yield page


async def key(page: aiohttp.ClientSession) -> str:
    connection = await (await page.get("/connection")).json()
    return str(connection["key"])


async def send(
    page: aiohttp.ClientSession, picture: bytes, *, path: str = "/picture?right=yes", **headers: str
) -> aiohttp.ClientResponse:
    headers.setdefault("Authorization", f"Bearer {await key(page)}")
    return await page.post(path, data=picture, headers=headers)


async def test_picture(page: aiohttp.ClientSession, maker: Maker, tmp_path: Path) -> None:
    """It becomes a persona with a name that cannot be guessed, readable by this user alone."""
    answer = await send(page, b"a photograph")
    face = await answer.json()
    assert answer.status == 200 and face["warnings"] == [WARNING]
    assert maker.got == [b"a photograph"]
    path = persona_path(tmp_path, face["face"])
    assert path.read_bytes() == b"a persona"
    assert path.stat().st_mode & 0o077 == 0


async def test_not_fetched(
    page: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A persona that no agent fetches is deleted."""
    monkeypatch.setattr(pictures, "FETCH_S", 0.0)
    await send(page, b"a photograph")
    await asyncio.sleep(0.01)
    assert os.listdir(tmp_path) == []


async def test_refused_picture(page: aiohttp.ClientSession, tmp_path: Path) -> None:
    """The visitor is told in the check's own sentence."""
    answer = await send(page, b"a dog")
    assert answer.status == 422 and (await answer.json())["error"] == "No face was found."
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer guessed", "Basic eDp5"])
async def test_stranger(page: aiohttp.ClientSession, maker: Maker, authorization: str) -> None:
    """A request without the key of a page is refused."""
    answer = await send(page, b"a photograph", Authorization=authorization)
    assert answer.status == 403 and maker.got == []


async def test_foreign_host(page: aiohttp.ClientSession, maker: Maker) -> None:
    """A request under a foreign name is refused, even with a key."""
    answer = await send(page, b"a photograph", Host="evil.example")
    assert answer.status == 421 and maker.got == []


async def test_no_right(page: aiohttp.ClientSession, maker: Maker) -> None:
    """A picture without the visitor's word is not used."""
    answer = await send(page, b"a photograph", path="/picture")
    assert answer.status == 403 and "right to use" in (await answer.json())["error"]
    assert maker.got == []


def test_right() -> None:
    """What a persona records of the right to use its picture is what the page lets tick."""
    page = Path(__file__).parents[3] / "web" / "src" / "index.html"
    assert f"<span>{RIGHT}</span>" in page.read_text(encoding="utf-8")


async def test_too_large(page: aiohttp.ClientSession, maker: Maker) -> None:
    """A body beyond the limit is refused in a sentence, and the next picture is taken."""
    answer = await send(page, bytes(MAX_BYTES + 1))
    assert answer.status == 413 and "20 MB" in (await answer.json())["error"]
    assert (await send(page, b"a photograph")).status == 200
    assert maker.got == [b"a photograph"]


async def test_one_at_a_time(page: aiohttp.ClientSession, maker: Maker) -> None:
    """While a picture is worked on, another is refused with the advice to wait."""
    maker.go.clear()
    first = asyncio.create_task(send(page, b"first"))
    await maker.asked.wait()
    second = await send(page, b"second")
    assert second.status == 429 and "try again" in (await second.json())["error"]
    maker.go.set()
    assert (await first).status == 200


@pytest.mark.parametrize("name", ["", "man", "../" + "a" * 29, "A" * 32, "0" * 33])
def test_no_name(name: str, tmp_path: Path) -> None:
    """What is no name of a persona leads to no file."""
    with pytest.raises(ValueError, match="no such face"):
        persona_path(tmp_path, name)


async def test_no_picture() -> None:
    """The child tells what is wrong with a picture, in a sentence."""
    pytest.importorskip("scipy")
    with pytest.raises(PictureRefused, match=r"^The picture is no picture .*\.$"):
        await portrait_of(b"a text")


async def test_takes_too_long() -> None:
    """A child that takes too long is ended, and the visitor is told."""
    with pytest.raises(PictureRefused, match=FAILED):
        await portrait_of(b"a text", limit_s=0.0)
