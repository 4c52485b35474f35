"""Lets the visitors of a room choose the agent's face and style.

The page calls the RPC method `avatar.use` with JSON: `face`, the name of a built-in persona or of
one that was made of a picture, and `style`; either may be left out. The agent's attributes
`avatar.face` and `avatar.style` tell all pages what is shown; a picture's face is "picture" there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from livekit import rtc

from ...agent.room import AvatarError
from ...log import logger
from ...render.persona import BUILT_IN
from ...session import AvatarSession
from .pictures import persona_path

METHOD = "avatar.use"
FACE, STYLE = "avatar.face", "avatar.style"
OF_A_PICTURE = "picture"
REFUSED = 400
"""The code of RPC errors, which is for the application to choose."""


class FaceChoice:
    """Serves one room.

    Args:
        face: The room's.
        room: Connected.
        folder: With the personas that were made of pictures; one is deleted once it is shown.
        persona, style: What the face begins with.
    """

    def __init__(
        self, face: AvatarSession, room: rtc.Room, folder: Path, *, persona: str, style: str
    ) -> None:
        self._face = face
        self._room = room
        self._folder = folder
        self._shown = {FACE: persona, STYLE: style}

    async def start(self) -> None:
        """Tell the pages what is shown, and listen to them."""
        self._room.local_participant.register_rpc_method(METHOD, self._use)
        await self._room.local_participant.set_attributes(self._shown)

    async def _use(self, call: rtc.RpcInvocationData) -> str:
        try:
            wanted = json.loads(call.payload)
            await self.use(wanted.get("face"), wanted.get("style"))
        except (ValueError, TypeError, AttributeError, RecursionError, AvatarError) as error:
            logger.info("face choice: refused", extra={"reason": str(error)})
            raise rtc.RpcError(REFUSED, str(error)) from None
        return ""

    async def use(self, face: str | None, style: Any) -> None:
        """Go on with a face, a style, or both.

        Raises:
            ValueError, TypeError: There is no such face or style.
            AvatarError: The avatar shows no face.
        """
        path = None if face is None or face in BUILT_IN else persona_path(self._folder, face)
        try:
            await self._face.use(path or face, style=style)
        finally:
            if path is not None:
                path.unlink(missing_ok=True)
        if face is not None:
            self._shown[FACE] = face if path is None else OF_A_PICTURE
        if style is not None:
            self._shown[STYLE] = style
        await self._room.local_participant.set_attributes(self._shown)
