"""Typed messages are answered, and a flood of text costs neither memory nor time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from livekit_plugins_avatar.tools.demo.chat_input import MAX_CHARS, MAX_OPEN, ChatInput


class Reader:
    """A text stream of `pieces`; one that is `endless` waits for more at its end."""

    def __init__(self, *pieces: str, endless: bool = False) -> None:
        self.unread = list(pieces)
        self.endless = endless
        self.closed = False

    def __aiter__(self) -> Reader:
        return self

    async def __anext__(self) -> str:
        if self.unread:
            return self.unread.pop(0)
        if self.endless:
            await asyncio.Event().wait()
        raise StopAsyncIteration

    def close(self) -> None:
        self.closed = True


class Room:
    """Takes the one handler of the chat."""

    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}

    def register_text_stream_handler(self, topic: str, handler: Any) -> None:
        self.handlers[topic] = handler

    def unregister_text_stream_handler(self, topic: str) -> None:
        del self.handlers[topic]


class Session:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def interrupt(self) -> None: ...

    def generate_reply(self, *, user_input: str) -> None:
        self.asked.append(user_input)


@pytest.fixture
def chat() -> Any:
    """A chat in a room with one linked participant."""
    session, room = Session(), Room()
    link = SimpleNamespace(linked="a", update=lambda speaking: None)
    chat = ChatInput(session, room, link)  # type: ignore[arg-type]

    async def receive(reader: Reader, identity: str = "a") -> None:
        room.handlers["lk.chat"](reader, identity)
        await asyncio.sleep(0.01)

    return SimpleNamespace(session=session, room=room, link=link, receive=receive, chat=chat)


async def test_answer(chat: Any) -> None:
    """A message in pieces is answered once, as a whole."""
    await chat.receive(Reader("How do you ", "stay in sync?"))
    assert chat.session.asked == ["How do you stay in sync?"]


async def test_long_message(chat: Any) -> None:
    """Of 20 MB in one message the first characters are answered and the rest is not read."""
    reader = Reader(*["x" * 15_000] * 1_400)
    await chat.receive(reader)
    assert chat.session.asked == ["x" * MAX_CHARS]
    assert reader.closed and len(reader.unread) > 1_390


async def test_many_messages(chat: Any) -> None:
    """A participant has few messages under way; others are still answered."""
    readers = [Reader("x", endless=True) for _ in range(MAX_OPEN + 3)]
    for reader in readers:
        await chat.receive(reader)
    assert [reader.closed for reader in readers] == [False] * MAX_OPEN + [True] * 3
    await chat.receive(Reader("Hello"), "b")
    assert chat.session.asked == ["Hello"]


async def test_close(chat: Any) -> None:
    """After the end no message is read any more."""
    reader = Reader("x", endless=True)
    await chat.receive(reader)
    chat.chat.close()
    await asyncio.sleep(0.01)
    assert reader.closed and not chat.room.handlers


async def test_silence(chat: Any) -> None:
    """Blanks, and a message before the session hears a participant, get no answer."""
    await chat.receive(Reader(" \n"))
    chat.link.linked = None
    await chat.receive(Reader("Hello"))
    assert chat.session.asked == []
