"""An avatar can be started, closed, cancelled and left at any moment; nothing of it remains."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import Agent, AgentSession, CloseEvent, CloseReason
from livekit.agents.voice.io import (
    AudioOutput,
    AudioOutputCapabilities,
    PlaybackFinishedEvent,
)
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarError, AvatarSession, Moment
from livekit_plugins_avatar.agent.plain_voice import PlainVoice

from .simulated_room import SimulatedRoom

RATE = 24_000


class Grey:
    """A renderer that counts how often it was closed."""

    size = (4, 4)
    fps = 30
    closed = 0

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        return np.zeros((len(moments), 6, 4), np.uint8)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """After each test no thread and no task of the avatar is left."""
    yield
    deadline_s = time.monotonic() + 3.0
    while left := left_over():
        assert time.monotonic() < deadline_s, left
        await asyncio.sleep(0.01)


def left_over() -> list[str]:
    threads = [thread.name for thread in threading.enumerate() if "avatar" in thread.name]
    tasks = [task.get_name() for task in asyncio.all_tasks() if "avatar" in task.get_name()]
    return threads + tasks


@pytest.fixture
def room() -> SimulatedRoom:
    return SimulatedRoom()


@pytest.fixture
async def session() -> AsyncIterator[AgentSession[Any]]:
    session: AgentSession[Any] = AgentSession()
    yield session
    await session.aclose()


async def speech(seconds: float = 1.0) -> AsyncIterator[rtc.AudioFrame]:
    count = RATE // 10
    for _ in range(round(10 * seconds)):
        yield rtc.AudioFrame(np.full(count, 3000, np.int16).tobytes(), RATE, 1, count)


async def test_closing_gives_everything_back(
    room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    renderer = Grey()
    face = AvatarSession(renderer=renderer)
    await face.start(session, room=room.as_room)
    assert len(room.local_participant.track_publications) == 2
    await face.aclose()
    assert renderer.closed == 1
    assert session.output.audio is None
    assert not room.local_participant.track_publications and not room.listeners


async def test_two_callers_wait_for_the_same_end(
    room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    """Neither closes twice, nor returns early."""
    face = AvatarSession(renderer=Grey())
    await face.start(session, room=room.as_room)
    room.latency_s = 0.2
    await asyncio.gather(face.aclose(), face.aclose())
    assert not room.local_participant.track_publications


async def test_a_caller_that_gives_up_leaves_the_closing_to_the_next(
    room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    face = AvatarSession(renderer=Grey())
    await face.start(session, room=room.as_room)
    room.latency_s = 0.2
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(face.aclose(), 0.005)
    await face.aclose()
    assert not room.local_participant.track_publications


@pytest.mark.parametrize("gone", ["before", "while"])
async def test_closing_in_a_room_that_is_gone_ends(
    room: SimulatedRoom, session: AgentSession[Any], gone: str
) -> None:
    """The server answers no more; closing takes less than 2 s all the same."""
    face = AvatarSession(renderer=Grey())
    await face.start(session, room=room.as_room)
    if gone == "before":
        room.disconnect()
    closing = asyncio.create_task(face.aclose())
    await asyncio.sleep(0.02)
    room.disconnect()
    await asyncio.wait_for(closing, 2.0)


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.05, 0.15, 0.19])
async def test_closing_while_it_starts_leaves_nothing(
    session: AgentSession[Any], after_s: float
) -> None:
    """`start` tells its caller, and both tracks go."""
    room, renderer = SimulatedRoom(latency_s=0.1), Grey()
    face = AvatarSession(renderer=renderer)
    starting = asyncio.create_task(face.start(session, room=room.as_room))
    await asyncio.sleep(after_s)
    await asyncio.wait_for(face.aclose(), 2.0)
    with pytest.raises(AvatarError, match="closed"):
        await asyncio.wait_for(starting, 1.0)
    await asyncio.sleep(0.15)
    assert renderer.closed == 1
    assert session.output.audio is None
    assert not room.local_participant.track_publications and not room.listeners


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.05])
async def test_a_room_that_goes_while_it_starts_is_told(
    session: AgentSession[Any], after_s: float
) -> None:
    room = SimulatedRoom(latency_s=0.2)
    face = AvatarSession(renderer=Grey())
    starting = asyncio.create_task(face.start(session, room=room.as_room))
    await asyncio.sleep(after_s)
    room.disconnect()
    with pytest.raises(AvatarError):
        await asyncio.wait_for(starting, 5.0)
    assert not room.listeners


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.05, 0.15])
async def test_a_cancelled_start_leaves_nothing(session: AgentSession[Any], after_s: float) -> None:
    room, renderer = SimulatedRoom(latency_s=0.1), Grey()
    face = AvatarSession(renderer=renderer)
    starting = asyncio.create_task(face.start(session, room=room.as_room))
    await asyncio.sleep(after_s)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(starting, 2.0)
    await face.aclose()
    await asyncio.sleep(0.15)
    assert renderer.closed == 1
    assert not room.local_participant.track_publications and not room.listeners


async def test_a_second_avatar_on_one_session_is_refused(
    room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    """One that starts at the same time is refused as well; the first stays."""
    first, second, third = (AvatarSession(renderer=Grey()) for _ in range(3))
    results = await asyncio.gather(
        first.start(session, room=room.as_room),
        second.start(session, room=room.as_room),
        return_exceptions=True,
    )
    assert results[0] is None and isinstance(results[1], AvatarError)
    with pytest.raises(AvatarError, match="has an avatar already"):
        await third.start(session, room=room.as_room)
    assert session.output.audio is not None
    for face in (first, second, third):
        await face.aclose()
    again = AvatarSession(renderer=Grey())
    await again.start(session, room=room.as_room)
    await again.aclose()


async def test_speech_into_an_empty_room_ends_with_the_avatar(session: AgentSession[Any]) -> None:
    room = SimulatedRoom(viewers=False)
    face = AvatarSession(renderer=Grey())
    await face.start(session, room=room.as_room)
    await session.start(Agent(instructions="none"))
    handle = session.say("words", audio=speech(), add_to_chat_ctx=False)
    await asyncio.sleep(0.1)
    room.disconnect()
    await asyncio.wait_for(face.aclose(), 2.0)
    await asyncio.wait_for(handle.wait_for_playout(), 2.0)


async def test_the_voice_goes_on_over_a_plain_track(
    room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    """It finishes what was being said, and says what comes next."""
    face = AvatarSession(renderer=Grey())
    await face.start(session, room=room.as_room)
    await session.start(Agent(instructions="none"))
    ended = ends_of_speech(session)
    begun = session.say("words", audio=speech(1.5), add_to_chat_ctx=False)
    await asyncio.sleep(0.5)
    await asyncio.wait_for(face.aclose(), 2.0)
    assert not begun.done()
    await asyncio.wait_for(begun.wait_for_playout(), 3.0)
    assert [end.interrupted for end in ended] == [False]
    assert ended[0].playback_position == pytest.approx(1.5, abs=0.01)
    said = session.say("more words", audio=speech(0.5), add_to_chat_ctx=False)
    await asyncio.wait_for(said.wait_for_playout(), 3.0)
    [publication] = room.local_participant.track_publications.values()
    assert publication.kind == rtc.TrackKind.KIND_AUDIO
    await session.aclose()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if not room.local_participant.track_publications:
            break
    assert not room.local_participant.track_publications


@pytest.mark.parametrize("wait_s", [0.0, 1.0])
async def test_what_is_said_on_over_a_plain_track_can_be_interrupted(
    wait_s: float, room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    """While the face closes and after it; the position counts from the beginning."""
    face = AvatarSession(renderer=Grey())
    await face.start(session, room=room.as_room)
    await session.start(Agent(instructions="none"))
    ended = ends_of_speech(session)
    said = session.say("words", audio=speech(5.0), add_to_chat_ctx=False)
    await asyncio.sleep(0.5)
    closing = asyncio.create_task(face.aclose())
    await asyncio.sleep(wait_s)
    said.interrupt()
    await asyncio.wait_for(said.wait_for_playout(), 2.0)
    await closing
    assert [end.interrupted for end in ended] == [True]
    assert 0.2 < ended[0].playback_position < 0.7 + wait_s


async def test_what_is_said_on_is_interrupted_before_the_plain_track_is_heard(
    session: AgentSession[Any],
) -> None:
    """No participant subscribes to it."""
    room = SimulatedRoom()
    face = AvatarSession(renderer=Grey())
    await face.start(session, room=room.as_room)
    await session.start(Agent(instructions="none"))
    said = session.say("words", audio=speech(5.0), add_to_chat_ctx=False)
    await asyncio.sleep(0.5)
    room.viewers = False
    await face.aclose()
    await asyncio.sleep(0.2)
    said.interrupt()
    await asyncio.wait_for(said.wait_for_playout(), 2.0)
    said = session.say("more words", audio=speech(0.3), add_to_chat_ctx=False)
    await asyncio.wait_for(said.wait_for_playout(), 3.0)


def ends_of_speech(session: AgentSession[Any]) -> list[PlaybackFinishedEvent]:
    """The ends of all speech, as they come."""
    ended: list[PlaybackFinishedEvent] = []
    assert session.output.audio is not None
    session.output.audio.on("playback_finished", ended.append)
    return ended


async def test_a_plain_voice_into_an_empty_room_ends_with_the_session(
    session: AgentSession[Any],
) -> None:
    """No participant subscribes: what is said ends all the same."""
    room = SimulatedRoom(viewers=False)
    face = AvatarSession(renderer=Grey())
    await face.start(session, room=room.as_room)
    await session.start(Agent(instructions="none"))
    await face.aclose()
    said = session.say("words", audio=speech(0.3), add_to_chat_ctx=False)
    await asyncio.wait_for(said.wait_for_playout(), 2.0)
    said = session.say("words", audio=speech(5.0), add_to_chat_ctx=False)
    await asyncio.sleep(0.1)
    await asyncio.wait_for(session.aclose(), 2.0)
    await asyncio.wait_for(said.wait_for_playout(), 2.0)


class Above(AudioOutput):
    """Counts a segment before it passes it on, as a recorder or a transcript does."""

    def __init__(self, tail: AudioOutput) -> None:
        super().__init__(
            label="above", capabilities=AudioOutputCapabilities(pause=False), next_in_chain=tail
        )

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        assert self.next_in_chain is not None
        await self.next_in_chain.capture_frame(frame)

    def flush(self) -> None:
        super().flush()
        assert self.next_in_chain is not None
        self.next_in_chain.flush()

    def clear_buffer(self) -> None:
        assert self.next_in_chain is not None
        self.next_in_chain.clear_buffer()


async def test_speech_that_waits_for_the_plain_track_can_be_interrupted(
    room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    """It ends at once, above as well, and what is said once the track is there is heard."""
    voice = PlainVoice(session, room.as_room)
    above = Above(voice)
    frame = rtc.AudioFrame.create(RATE, 1, RATE // 10)
    waiting = asyncio.create_task(above.capture_frame(frame))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    above.clear_buffer()
    above.flush()
    await asyncio.wait_for(above.wait_for_playout(), 1.0)
    voice.may_publish.set()
    await asyncio.wait_for(above.capture_frame(frame), 1.0)
    above.flush()
    await asyncio.wait_for(above.wait_for_playout(), 2.0)
    session.emit("close", CloseEvent(error=None, reason=CloseReason.USER_INITIATED))


async def test_speech_over_a_plain_track_ends_with_the_room(
    room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    """What is being said as the room goes ends, and so does what is said after it."""
    voice = PlainVoice(session, room.as_room)
    voice.may_publish.set()
    above = Above(voice)
    frame = rtc.AudioFrame.create(RATE, 1, 5 * RATE)
    await asyncio.wait_for(above.capture_frame(frame), 1.0)
    above.flush()
    room.disconnect()
    await asyncio.wait_for(above.wait_for_playout(), 1.0)
    await asyncio.wait_for(above.capture_frame(frame), 1.0)
    above.flush()
    await asyncio.wait_for(above.wait_for_playout(), 1.0)


async def test_an_output_of_before_gets_its_place_back(
    room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    class Output(AudioOutput):
        async def capture_frame(self, frame: rtc.AudioFrame) -> None:
            await super().capture_frame(frame)

        def flush(self) -> None:
            super().flush()

        def clear_buffer(self) -> None:
            pass

    output = Output(label="own", capabilities=AudioOutputCapabilities(pause=False))
    session.output.audio = output
    face = AvatarSession(renderer=Grey())
    await face.start(session, room=room.as_room)
    await face.aclose()
    assert session.output.audio is output


async def test_a_classifier_that_never_closes_is_left_behind(
    room: SimulatedRoom, session: AgentSession[Any]
) -> None:
    class Stubborn:
        async def classify(self, text: str, side: str) -> Any:
            raise NotImplementedError

        async def aclose(self) -> None:
            await asyncio.sleep(4.0)

    face = AvatarSession(renderer=Grey(), emotion_classifier=Stubborn())
    await face.start(session, room=room.as_room)
    await asyncio.wait_for(face.aclose(), 4.0)
    assert not room.local_participant.track_publications
