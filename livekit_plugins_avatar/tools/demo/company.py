"""Company: everybody in the room takes part in a conversation that hears one person at a time.

In flows who comes, goes, speaks and types, as LiveKit reports it; out flows whom the session is
linked to. By itself a session hears the first who came, and ends when they leave. Here it turns to
whoever speaks while that one is silent: what the newcomer says before that is not heard (the server
needs about half a second to name a speaker), what comes after is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.types import TOPIC_CHAT

from ...agent.participants import is_person
from ...log import logger

MOST_LETTERS = 2_000
"""Of a typed message, as the page has it; the rest of a longer one is not read."""


def to_hear(here: Sequence[str], speaking: Sequence[str], heard: str | None) -> str | None:
    """Whom to hear from now on.

    Args:
        here: Identities of the people in the room, the first who came first.
        speaking: Of those who speak, the loudest first.
        heard: Who is heard so far.

    Returns:
        Whoever is heard so far, as long as they are here and speak or nobody else does.
    """
    others = [identity for identity in speaking if identity in here]
    if heard in here and (heard in others or not others):
        return heard
    return next(iter([*others, *here]), None)


class Company:
    """Links a session to whoever has the floor, from its making until the room is gone.

    Args:
        session: Not yet started: so it learns of a new link before it learns that the one whom it
            heard has left, and goes on as long as anybody is there.
        room: The session's.
    """

    def __init__(self, session: AgentSession[Any], room: rtc.Room) -> None:
        self._session = session
        self._room = room
        self._answers: set[asyncio.Task[None]] = set()
        room.on("active_speakers_changed", self._spoke)
        room.on("participant_connected", self._settle)
        room.on("participant_disconnected", self._settle)
        room.register_text_stream_handler(TOPIC_CHAT, self._typed)

    @property
    def heard(self) -> str | None:
        """The identity of the one who is heard now; None before anybody is."""
        try:
            linked = self._session.room_io.linked_participant
        except RuntimeError:
            return None  # The session has not begun, or is over.
        return linked.identity if linked is not None else None

    def _spoke(self, speakers: Sequence[rtc.Participant]) -> None:
        self._hear([speaker.identity for speaker in speakers])

    def _settle(self, _: rtc.RemoteParticipant) -> None:
        self._hear([])

    def _hear(self, speaking: Sequence[str]) -> None:
        people = filter(is_person, self._room.remote_participants.values())
        before = self.heard
        wanted = to_hear([person.identity for person in people], speaking, before)
        # Until somebody is heard the session finds its first by itself.
        if before is not None and wanted is not None and wanted != before:
            self._session.room_io.set_participant(wanted)

    def _typed(self, reader: rtc.TextStreamReader, identity: str) -> None:
        task = asyncio.create_task(self._answer(reader, identity))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, reader: rtc.TextStreamReader, identity: str) -> None:
        try:
            text = (await reader.read_all())[:MOST_LETTERS]
            if self.heard is None or not text.strip():
                return
            self._hear([identity])
            await self._session.interrupt()
            self._session.generate_reply(user_input=text)
        except Exception:
            logger.exception("a typed message could not be answered")
