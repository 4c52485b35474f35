"""The demo's own web server: the page, and a fresh room for everyone who opens it.

In flow requests from a browser on this machine; out flow the page's files and, at `/connection`,
what the page needs to join: the LiveKit server's address, a token and the name of a new room.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from .server import HOST, LiveKitServer
from .worker_process import AGENT


@asynccontextmanager
async def web_server(page: Path, server: LiveKitServer, *, port: int = 0) -> AsyncIterator[str]:
    """Serve the page until the block ends; its address is what the block gets.

    Args:
        page: Folder of the built page, with an `index.html`.
        server: The LiveKit server that visitors join.
        port: Where to listen on loopback; 0 takes any free port.

    Raises:
        OSError: The port is taken.
    """
    runner = web.AppRunner(application(page, server), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        bound = runner.addresses[0][1]
        yield f"http://{HOST}:{bound}"
    finally:
        await runner.cleanup()


def application(page: Path, server: LiveKitServer) -> web.Application:
    """The routes: `/`, `/connection` and the page's files."""

    async def index(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(page / "index.html", headers={"Cache-Control": "no-cache"})

    async def connection(_: web.Request) -> web.Response:
        room = f"demo-{secrets.token_hex(4)}"
        token = server.token(identity=f"visitor-{secrets.token_hex(4)}", room=room, agents=[AGENT])
        return web.json_response(
            {"url": server.url, "token": token, "room": room},
            headers={"Cache-Control": "no-store"},
        )

    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_get("/connection", connection)
    app.router.add_static("/", page)
    return app
