"""Drives Debian's Firefox by Marionette, its own protocol: Playwright needs a build of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

STARTS_S, ANSWERS_S, ENDS_S = 90.0, 60.0, 20.0
"""A busy machine takes 20 s to start it the first time."""

PREFERENCES: dict[str, bool | int] = {
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    # Candidates carry addresses, not .local names, which nothing resolves here.
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.aboutwelcome.enabled": False,
}


class Firefox:
    """One tab of one Firefox."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._asked = reader, writer, 0

    async def goto(self, address: str) -> None:
        """Load a page."""
        await self.command("WebDriver:Navigate", url=address)

    async def evaluate(self, script: str) -> Any:
        """Run a function's body in the page, and wait for what it returns."""
        return (await self.command("WebDriver:ExecuteScript", script=script, args=[]))["value"]

    async def command(self, name: str, **arguments: Any) -> Any:
        """Send a command; a RuntimeError with what Firefox says if it fails."""
        self._asked += 1
        text = json.dumps([0, self._asked, name, arguments]).encode()
        self._writer.write(b"%d:%s" % (len(text), text))
        _, _, error, answer = await self.read()
        if error:
            raise RuntimeError(f"{name}: {error['message']}")
        return answer

    async def read(self) -> Any:
        """The next message: its length, a colon, and JSON."""
        length = await asyncio.wait_for(self._reader.readuntil(b":"), ANSWERS_S)
        return json.loads(await self._reader.readexactly(int(length[:-1])))


@asynccontextmanager
async def firefox(program: str) -> AsyncIterator[Firefox]:
    """Start a Firefox without a window, in a home of its own; it ends with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        port = _free_port()
        _prefer(Path(home, "user.js"), PREFERENCES | {"marionette.port": port})
        words = ["--headless", "--marionette", "--no-remote", "--profile", home]
        process = await asyncio.create_subprocess_exec(
            program,
            *words,
            env={**os.environ, "HOME": home},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            reader, writer = await asyncio.wait_for(_connected(port), STARTS_S)
            driver = Firefox(reader, writer)
            await driver.read()  # What it is.
            await driver.command("WebDriver:NewSession")
            yield driver
            writer.close()
        finally:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), ENDS_S)
            except asyncio.TimeoutError:
                process.kill()
                await process.wait()


def _prefer(file: Path, wanted: Mapping[str, bool | int]) -> None:
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in wanted.items()]
    file.write_text("".join(lines))


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port, limit=2**26)
        except OSError:
            await asyncio.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
