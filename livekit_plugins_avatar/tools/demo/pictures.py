"""Makes personas of visitors' pictures: one in the body of a request becomes a file for the agent.

A request has the key that its page got with the connection, and says that the visitor has the right
to use the picture. The answer names the persona, which the page hands on to the agent of its room.
The agent deletes the file once it shows the face; what it does not fetch is deleted a minute later.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from .portrait_process import PictureRefused, Portrait, portrait_of

PATH = "/picture"
MAX_BYTES = 20 * 2**20
"""A telephone's photographs have 2 to 12 MB."""
UPLOAD_S = 30.0
FETCH_S = 60.0
"""How long a persona waits for the agent."""
NO_STORE = {"Cache-Control": "no-store"}

STRANGER = "This page's conversation is over: load the page anew."
NO_RIGHT = "A picture is only used once you have said that you have the right to use it."
BUSY = "Another picture is being worked on: try again in a few seconds."
TOO_LARGE = f"The picture has more than {MAX_BYTES // 2**20} MB: use a smaller one."
NOT_RECEIVED = "The picture did not arrive: try again."


def persona_path(folder: Path, name: str) -> Path:
    """Where the persona `name` lies, which may not be there (any more).

    Raises:
        ValueError: This is no name that was given here.
    """
    if len(name) != 32 or not set(name) <= set("0123456789abcdef"):
        raise ValueError("there is no such face")
    return folder / f"{name}.onnx"


class Pictures:
    """Answers to `POST /picture`, one picture at a time.

    Args:
        folder: Gets the personas; private to this user.
        admits: Whether a key was given to a page.
    """

    def __init__(self, folder: Path, admits: Callable[[str], bool]) -> None:
        self._folder = folder
        self._admits = admits
        self._busy = False

    async def post(self, request: web.Request) -> web.Response:
        """Make a persona of the request's body."""
        if not self._admits(request.headers.get("Authorization", "").removeprefix("Bearer ")):
            return _refusal(403, STRANGER)
        if request.query.get("right") != "yes":
            return _refusal(403, NO_RIGHT)
        if self._busy:
            return _refusal(429, BUSY)
        self._busy = True
        try:
            picture = await asyncio.wait_for(request.read(), UPLOAD_S)
            portrait = await portrait_of(picture)
        except web.HTTPRequestEntityTooLarge:
            return _refusal(413, TOO_LARGE)
        except (asyncio.TimeoutError, ConnectionError):
            return _refusal(408, NOT_RECEIVED)
        except PictureRefused as error:
            return _refusal(422, str(error))
        finally:
            self._busy = False
        return self._kept(portrait)

    def _kept(self, portrait: Portrait) -> web.Response:
        name = secrets.token_hex(16)
        path = persona_path(self._folder, name)
        path.touch(mode=0o600)
        path.write_bytes(portrait.content)
        asyncio.get_running_loop().call_later(FETCH_S, lambda: path.unlink(missing_ok=True))
        return web.json_response({"face": name, "warnings": portrait.warnings}, headers=NO_STORE)


def _refusal(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status, headers=NO_STORE)
