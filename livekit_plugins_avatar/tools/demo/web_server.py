"""The demo's web server: serves the page and gives each visitor a place in a room.

`/connection` answers with what the page needs to join: the LiveKit server's address, a token, the
name of a new room, and a key for other requests. `/connection?room=NAME` gives a place in a room
that was made before, for invited visitors. `/picture` makes a face of a picture (`pictures`).

Requests whose `Host` is not an address of this server are refused: a foreign web site whose name
resolves to this machine (DNS rebinding) gets no token.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from . import page as page_files
from . import pictures
from .server import LOOPBACK, LiveKitServer
from .worker_process import AGENT

LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost", "[::1]"})
MAX_ROOMS = 1_000
"""Rooms that are remembered for invitations, and keys of visitors; the oldest are forgotten."""
STOP_PATIENCE_S = 1.0
"""How long requests may go on when the server is stopped."""
UNKNOWN_ROOM = (
    "That conversation is not here. Its address is not whole, or from another run of the demo."
)
FOREIGN_HOST = "This server is not at the address that was asked for."


class Rooms:
    """The rooms that were made, and how many visitors each has had."""

    def __init__(self) -> None:
        self._visitors: dict[str, int] = {}
        self._keys: dict[str, None] = {}

    def make(self) -> str:
        """The name of a new room."""
        room = f"demo-{secrets.token_hex(16)}"
        self._visitors[room] = 0
        for oldest in list(self._visitors)[:-MAX_ROOMS]:
            del self._visitors[oldest]
        return room

    def __contains__(self, room: str) -> bool:
        return room in self._visitors

    def enter(self, room: str) -> str:
        """The display name of the next visitor of `room`."""
        self._visitors[room] += 1
        return f"Visitor {self._visitors[room]}"

    def key(self) -> str:
        """A new key for the page of a visitor."""
        key = secrets.token_urlsafe()
        self._keys[key] = None
        for oldest in list(self._keys)[:-MAX_ROOMS]:
            del self._keys[oldest]
        return key

    def admits(self, key: str) -> bool:
        """Whether `key` was given to a page."""
        return key in self._keys


def listening_socket(host: str = LOOPBACK, port: int = 0) -> socket.socket:
    """A socket that listens on an IP address of this machine; port 0 takes any free one.

    Raises:
        OSError: The port is taken, or this machine does not have the address.
    """
    family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    return socket.create_server((host, port), family=family)


@asynccontextmanager
async def web_server(
    page: Path, server: LiveKitServer, faces: Path, listener: socket.socket | None = None
) -> AsyncIterator[str]:
    """Serve the page until the block ends; the block gets the page's address.

    Args:
        page: Folder of the built page, with an `index.html`.
        server: The LiveKit server that visitors join.
        faces: Folder for the personas that are made of pictures.
        listener: Closed when the block ends; by default any free port of the loopback interface.
    """
    listener = listener or listening_socket()
    address, port = listener.getsockname()[:2]
    host = f"[{address}]" if ":" in address else address
    app = application(page, server, faces, hosts={host})
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_PATIENCE_S)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def application(page: Path, server: LiveKitServer, faces: Path, hosts: set[str]) -> web.Application:
    """The routes: `/`, `/connection`, `/picture`, `/readme` and the page's files.

    Args:
        page: Folder of the built page.
        server: The LiveKit server that visitors join.
        faces: Folder for the personas that are made of pictures.
        hosts: Names of this server beside `LOOPBACK_NAMES`, without ports.
    """
    rooms = Rooms()
    policy = content_security_policy(server)

    async def index(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(page / "index.html", headers={"Cache-Control": "no-cache"})

    async def connection(request: web.Request) -> web.Response:
        room = request.query.get("room")
        if room is None:
            room = rooms.make()
        if room not in rooms:
            return web.json_response({"error": UNKNOWN_ROOM}, status=404, headers=pictures.NO_STORE)
        # A room that all visitors have left is made anew by the token, and gets an agent again.
        token = server.token(
            identity=f"visitor-{secrets.token_hex(4)}",
            name=rooms.enter(room),
            room=room,
            agents=[AGENT],
            sources=["microphone"],
        )
        return web.json_response(
            {"url": server.url, "token": token, "room": room, "key": rooms.key()},
            headers=pictures.NO_STORE,
        )

    async def documentation(_: web.Request) -> web.Response:
        return web.Response(text=page_files.readme(), headers={"Cache-Control": "no-cache"})

    async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(security_headers(policy))

    app = web.Application(
        middlewares=[_only_hosts(LOOPBACK_NAMES | hosts)], client_max_size=pictures.MAX_BYTES
    )
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/", index)
    app.router.add_get("/connection", connection)
    app.router.add_get("/readme", documentation)
    app.router.add_post(pictures.PATH, pictures.Pictures(faces, rooms.admits).post)
    app.router.add_static("/", page)
    return app


def content_security_policy(server: LiveKitServer) -> str:
    """The page loads its own files only, and connects to its own server and to LiveKit's."""
    http_url = server.url.replace("ws", "http", 1)
    return "; ".join(
        (
            "default-src 'self'",
            f"connect-src 'self' {server.url} {http_url}",
            "img-src 'self' data:",
            "media-src 'self' blob: mediastream:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def security_headers(policy: str) -> dict[str, str]:
    """Headers of every response."""
    return {
        "Content-Security-Policy": policy,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        # For browsers that do not know frame-ancestors.
        "X-Frame-Options": "DENY",
    }


def _only_hosts(hosts: frozenset[str]) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        # The port may be another: a port forwarded to this machine is no attack.
        host = re.fullmatch(r"(.+?)(?::\d*)?", request.headers.get("Host", ""))
        if host is None or host[1].lower() not in hosts:
            return web.json_response({"error": FOREIGN_HOST}, status=421, headers=pictures.NO_STORE)
        return await handler(request)

    return check
