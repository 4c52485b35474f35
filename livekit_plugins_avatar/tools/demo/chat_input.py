"""Answers typed messages of every participant in the room.

A message is cut after `MAX_CHARS` characters. A participant has at most `MAX_OPEN` messages under
way; further ones are dropped unread.
"""

from __future__ import annotations

import asyncio
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.types import TOPIC_CHAT

from ...log import logger
from .participant_link import ParticipantLink

MAX_CHARS = 2_000
"""As the page's input field allows."""
MAX_OPEN = 4
"""Messages of one participant that are being read or answered at a time."""


async def read_text(reader: rtc.TextStreamReader, max_chars: int = MAX_CHARS) -> str:
    """The first `max_chars` characters of a stream, which is then closed."""
    text = ""
    try:
        async for piece in reader:
            text += piece
            if len(text) >= max_chars:
                break
    finally:
        reader.close()
    return text[:max_chars]


class ChatInput:
    """Reads the room's chat and lets the session answer.

    Args:
        session: Answers each message.
        room: The session's room.
        link: Moved to the participant who typed.
    """

    def __init__(self, session: AgentSession[Any], room: rtc.Room, link: ParticipantLink) -> None:
        self._session = session
        self._room = room
        self._link = link
        self._open: dict[asyncio.Task[None], str] = {}
        room.register_text_stream_handler(TOPIC_CHAT, self._received)

    def close(self) -> None:
        """Stop reading the chat."""
        self._room.unregister_text_stream_handler(TOPIC_CHAT)
        for task in self._open:
            task.cancel()

    def _received(self, reader: rtc.TextStreamReader, identity: str) -> None:
        if list(self._open.values()).count(identity) >= MAX_OPEN:
            logger.warning(
                "chat: a participant sends faster than messages are answered; one is dropped",
                extra={"participant": identity},
            )
            reader.close()
            return
        task = asyncio.create_task(self._answer(reader, identity))
        self._open[task] = identity
        task.add_done_callback(self._open.pop)

    async def _answer(self, reader: rtc.TextStreamReader, identity: str) -> None:
        try:
            text = await read_text(reader)
            if self._link.linked is None or not text.strip():
                return
            self._link.update([identity])
            await self._session.interrupt()
            self._session.generate_reply(user_input=text)
        except Exception:
            logger.exception(
                "chat: a typed message could not be answered; the conversation goes on",
                extra={"participant": identity},
            )
