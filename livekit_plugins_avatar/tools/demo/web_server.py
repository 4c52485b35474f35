"""The demo's own web server: the page, and a fresh room for everyone who opens it.

In flow requests from a browser on this machine; out flow the page's files and, at `/connection`,
what the page needs to join: the LiveKit server's address, a token and the name of a new room. With
`?room=` it is a place in a room that was made before, for whoever was invited there.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from .server import HOST, LiveKitServer
from .worker_process import AGENT

NOT_KEPT = {"Cache-Control": "no-store"}
MOST_ROOMS = 1_000
"""Rooms that are remembered for invitations; the oldest are forgotten."""
UNKNOWN_ROOM = (
    "That conversation is not here. Its address is not whole, or from another run of the demo."
)


class Rooms:
    """The rooms that were made, and how many visitors each has had."""

    def __init__(self) -> None:
        self._visitors: dict[str, int] = {}

    def make(self) -> str:
        """The name of a fresh room."""
        room = f"demo-{secrets.token_hex(4)}"
        self._visitors[room] = 0
        for oldest in list(self._visitors)[:-MOST_ROOMS]:
            del self._visitors[oldest]
        return room

    def __contains__(self, room: str) -> bool:
        return room in self._visitors

    def enter(self, room: str) -> str:
        """What the next visitor of `room` is called there."""
        self._visitors[room] += 1
        return f"Visitor {self._visitors[room]}"


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
    rooms = Rooms()

    async def index(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(page / "index.html", headers={"Cache-Control": "no-cache"})

    async def connection(request: web.Request) -> web.Response:
        room = request.query.get("room")
        if room is None:
            room = rooms.make()
        if room not in rooms:
            return web.json_response({"error": UNKNOWN_ROOM}, status=404, headers=NOT_KEPT)
        # Should everybody have left meanwhile, the room is made anew, and the agent comes again.
        token = server.token(
            identity=f"visitor-{secrets.token_hex(4)}",
            name=rooms.enter(room),
            room=room,
            agents=[AGENT],
        )
        return web.json_response(
            {"url": server.url, "token": token, "room": room}, headers=NOT_KEPT
        )

    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_get("/connection", connection)
    app.router.add_static("/", page)
    return app
