"""The avatar knows the text of what is said, and the room still gets the transcript."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from livekit import rtc

from livekit_plugins_avatar import AvatarSession
from livekit_plugins_avatar.speech.text.pronunciation import Word
from livekit_plugins_avatar.speech.worker import RecognitionWorker
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .conftest import RATE, a_call, until
from .stand_ins import Grey, hum


async def test_the_text_reaches_recognizer_and_room(
    server: LiveKitServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The avatar expects the words that are said, and the room still gets their transcript."""
    told: list[str] = []

    def expect(_: RecognitionWorker, words: Sequence[Word], *, fresh: bool = False) -> None:
        told.extend(word.text for word in words)

    monkeypatch.setattr(RecognitionWorker, "expect", expect)
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        shown: list[str] = []
        readers: list[asyncio.Task[None]] = []

        async def read(stream: rtc.TextStreamReader) -> None:
            async for piece in stream:
                shown.append(piece)

        call.viewer.room.register_text_stream_handler(
            "lk.transcription",
            lambda stream, _: readers.append(asyncio.create_task(read(stream))),
        )
        # The server announces a participant without tracks some seconds later, and the agents
        # framework sends it no text before that.
        await call.session.room_io.wait_for_ready()
        for _ in range(2):
            await call.say(hum(1.0))
        await until(lambda: "".join(shown).count("words") == 2)
        for reader in readers:
            await reader
        assert told == ["words", "words"]
        assert len(call.viewer.loud()) > 1.5 * RATE
    assert not [record for record in caplog.records if "sync" in record.getMessage()]
