"""A link sends in order, and does not wait for the end of one message to begin the next."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from livekit_plugins_avatar.remote import link as links
from livekit_plugins_avatar.remote.link import MOST_UNDER_WAY, Link
from livekit_plugins_avatar.remote.packing import FRAME_SAMPLES, MOST_SAMPLES
from livekit_plugins_avatar.remote.protocol import Kind, decode

from .sides import WORKER, Wire


class Slow:
    """In the place of `send_data`: takes each message at once, and says late that it was sent."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.taken: list[bytes] = []
        self.ends: list[asyncio.Future[None]] = []

    async def send(self, _room: Any, payload: bytes, *, to: str, topic: str) -> None:
        self.taken.append(payload)
        self.begun.append(decode(payload).number)
        self.ends.append(asyncio.get_running_loop().create_future())
        await self.ends[-1]


@pytest.fixture
async def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    slow = Slow()
    monkeypatch.setattr(links, "send_data", slow.send)
    return slow


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_messages_are_under_way_together(
    slow: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    """In order, up to a limit; those that fail end nothing, and are logged once."""
    link = Link(
        Wire().as_room, WORKER, on_message=lambda _: None, on_fault=lambda _: None, hello=False
    )
    link.open()
    for _ in range(2 * MOST_UNDER_WAY):
        link.send(Kind.CLEAR)
    await settle()
    assert slow.begun == list(range(MOST_UNDER_WAY))
    slow.ends[0].set_exception(RuntimeError("gone"))
    slow.ends[1].set_exception(RuntimeError("gone"))
    await settle()
    assert slow.begun == list(range(MOST_UNDER_WAY + 2))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    for end in slow.ends[2:]:
        end.set_result(None)
    await settle()
    assert slow.begun == list(range(2 * MOST_UNDER_WAY))
    await asyncio.wait_for(link.aclose(), 5.0)
    assert all(end.done() for end in slow.ends)


async def test_speech_that_does_not_fit_into_a_message_is_sent_in_part(slow: Slow) -> None:
    """Noise takes its whole size, a tone next to nothing."""
    link = Link(
        Wire().as_room, WORKER, on_message=lambda _: None, on_fault=lambda _: None, hello=False
    )
    noise = np.random.default_rng(1).integers(-30_000, 30_000, MOST_SAMPLES).astype(np.int16)
    assert link.send_audio(1, 0, noise) == FRAME_SAMPLES
    assert link.send_audio(1, FRAME_SAMPLES, np.zeros(MOST_SAMPLES, np.int16)) == MOST_SAMPLES
    link.open()
    await settle()
    first, second = (decode(each) for each in slow.taken)
    assert (first.number, second.number) == (0, 1)
    assert (first.pcm == noise[:FRAME_SAMPLES]).all()
    assert second.offset == FRAME_SAMPLES
    await link.aclose()
