"""What may happen to an avatar: a scene for each way to start and close at the wrong time."""

from __future__ import annotations

import asyncio
import inspect
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.voice import SpeechHandle
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarError, AvatarSession, Moment
from livekit_plugins_avatar.agent.plain_voice import TRACK_NAME

from .places import Place

LIMIT_S = 5.0
"""Nothing that is awaited may take longer."""

RATE = 24_000


class Grey:
    """A renderer of small grey frames."""

    size = (64, 64)
    fps = 30

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        return np.full((len(moments), 96, 64), 128, np.uint8)

    def close(self) -> None:
        pass


class Play:
    """One avatar in one room, and all that was begun with it.

    Args:
        place: The room, with the agent in it.
        chance: Decides what happens when.
        on_step: Told what happens next.
    """

    def __init__(self, place: Place, chance: random.Random, on_step: Callable[[str], None]) -> None:
        self.place, self.chance, self._on_step = place, chance, on_step
        self.session: AgentSession[Any] = AgentSession()
        self.face = AvatarSession(renderer=Grey())
        self.handles: list[SpeechHandle] = []
        self.begun: list[asyncio.Task[Any]] = []
        self.close_s: list[float] = []
        """How long each closing took."""
        self._starting: list[asyncio.Task[None]] = []
        """The start of the session."""

    async def begin(self) -> None:
        """Start the avatar and the session, as an agent does; the face may refuse."""
        self._on_step("begin")
        try:
            await self.face.start(self.session, room=self.place.room)
        except AvatarError:
            pass
        # Shielded from `cancel`: a session of livekit-agents 1.8 whose own start is cancelled takes
        # speech, with an avatar or without, and neither `aclose` nor anything else ends it.
        self._starting.append(asyncio.create_task(self.place.run(self.session), name="session"))
        await asyncio.shield(self._starting[-1])

    async def say(self) -> None:
        """Let the agent say two seconds of something."""
        self._on_step("say")
        try:
            handle = self.session.say("words", audio=speech(2.0), add_to_chat_ctx=False)
        except RuntimeError:
            return  # The session is not running.
        self.handles.append(handle)

    async def interrupt(self) -> None:
        """Interrupt what is being said."""
        self._on_step("interrupt")
        try:
            await self.session.interrupt()
        except RuntimeError:
            pass

    async def close(self) -> None:
        """Close the avatar."""
        self._on_step("close")
        began_s = time.monotonic()
        await self.face.aclose()
        self.close_s.append(time.monotonic() - began_s)

    async def leave(self) -> None:
        """The agent disconnects."""
        self._on_step("leave")
        await self.place.disconnect()

    async def delete(self) -> None:
        """The server closes the room."""
        self._on_step("delete")
        await self.place.delete()

    async def hide(self) -> None:
        """The viewer goes, so that no participant hears or sees the avatar."""
        self._on_step("hide")
        await self.place.hide()

    async def hide_face(self) -> None:
        """Hide the face, or show it."""
        self._on_step("hide face")
        self.chance.choice((self.face.hide, self.face.show))()

    async def cancel(self) -> None:
        """Cancel something that was begun."""
        self._on_step("cancel")
        if self.begun:
            self.chance.choice(self.begun).cancel()

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Begin something, and go on."""
        task = asyncio.create_task(work(), name=f"scene-{work.__name__}")
        self.begun.append(task)
        return task

    async def end(self, *, forget: bool = False) -> None:
        """Close everything, and wait for all that was begun.

        Args:
            forget: Leave the avatar as it is.

        Raises:
            AssertionError: Something did not end in time, or a track is left.
        """
        wrong = [] if forget else [await late(self.close(), "aclose")]
        begun = [*self.begun, *self._starting]
        wrong += [await late(asyncio.wait({task}), task.get_name()) for task in begun]
        if not forget:
            wrong.append(await late(self._unpublished(), "avatar-* track"))
        self._on_step("end")
        wrong.append(await late(self.session.aclose(), "session.aclose"))
        wrong += [await late(handle.wait_for_playout(), "speech") for handle in self.handles]
        wrong.append(await late(self.place.aclose(), "room.disconnect"))
        assert not any(wrong), ", ".join(filter(None, wrong))

    async def _unpublished(self) -> None:
        """Wait until the room has gone, or has no track of the avatar."""
        room = self.place.room
        while True:
            tracks = room.local_participant.track_publications.values()
            if not room.isconnected() or not any(t.name.startswith("avatar") for t in tracks):
                return
            await asyncio.sleep(0.05)

    async def pause(self, most_s: float) -> None:
        await asyncio.sleep(self.chance.random() * most_s)


async def late(work: Awaitable[Any], what: str) -> str:
    """Wait for `work`; returns what to say if it takes more than `LIMIT_S`."""
    doing = asyncio.ensure_future(work)
    await asyncio.wait({doing}, timeout=LIMIT_S)
    if not doing.done():
        where = " < ".join(reversed(awaited(doing)))
        doing.cancel()
        return f"{what} hangs: {where}"
    await asyncio.gather(doing, return_exceptions=True)
    return ""


def awaited(task: asyncio.Future[Any]) -> list[str]:
    """The coroutines that a task waits in, the outermost first, those of other tasks included."""
    names: list[str] = []
    waiting: Any = task
    while isinstance(waiting, asyncio.Task):
        inner: Any = waiting.get_coro()
        while inspect.iscoroutine(inner):
            frame = inner.cr_frame
            names.append(f"{inner.__qualname__}:{frame.f_lineno if frame else 0}")
            inner = inner.cr_await
        waiting = getattr(waiting, "_fut_waiter", None)
        children = [each for each in getattr(waiting, "_children", ()) if not each.done()]
        waiting = children[0] if children else waiting
    return [*names, repr(waiting)]


async def within(work: Awaitable[Any], what: str) -> None:
    """Wait for `work`, or fail."""
    assert not (hangs := await late(work, what)), hangs


async def speech(seconds: float) -> AsyncIterator[rtc.AudioFrame]:
    count = RATE // 10
    for _ in range(round(10 * seconds)):
        yield rtc.AudioFrame(np.full(count, 3000, np.int16).tobytes(), RATE, 1, count)


async def close_as_the_agent_leaves(play: Play) -> None:
    await play.begin()
    play.start(play.leave)
    await play.pause(0.05)
    await within(play.close(), "aclose")


async def close_as_the_room_is_deleted(play: Play) -> None:
    await play.begin()
    play.start(play.delete)
    await play.pause(0.1)
    await within(play.close(), "aclose")


async def leave_while_starting(play: Play) -> None:
    starting = play.start(play.begin)
    await play.pause(0.1)
    await within(play.leave(), "room.disconnect")
    await within(asyncio.wait({starting}), "start")


async def close_while_starting(play: Play) -> None:
    play.start(play.begin)
    await play.pause(0.4)
    await within(play.close(), "aclose")


async def close_again_after_giving_up(play: Play) -> None:
    await play.begin()
    try:
        await asyncio.wait_for(play.face.aclose(), 0.02 * play.chance.random())
    except asyncio.TimeoutError:
        pass
    await within(asyncio.gather(play.close(), play.close()), "two at once")


async def speak_and_close(play: Play) -> None:
    """With a viewer or into an empty room; what is said later goes over a plain track."""
    await play.begin()
    await play.say()
    await play.pause(0.5)
    await within(play.close(), "aclose")
    await within(play.handles[0].wait_for_playout(), "the speech handle")
    await play.say()
    await within(published(play.place.room, TRACK_NAME), "the plain track")
    await play.pause(0.3)


async def exit_without_closing(play: Play) -> None:
    """Session and room are closed at the end, the avatar is not."""
    await play.begin()
    if play.chance.random() < 0.5:
        await play.say()
    await play.pause(0.6)


async def anything(play: Play) -> None:
    """A random sequence of everything."""
    acts = [play.begin, play.say, play.say, play.interrupt, play.close, play.cancel]
    acts += [play.leave, play.delete, play.hide, play.hide_face]
    for _ in range(play.chance.randint(2, 9)):
        act = play.chance.choice(acts)
        if act == play.begin:
            acts.remove(act)
        play.start(act)
        await play.pause(play.chance.choice((0.0, 0.02, 0.3)))


async def crash(play: Play) -> None:
    """What native code does at its worst."""
    await play.say()
    await asyncio.sleep(0.1)
    os.kill(os.getpid(), signal.SIGSEGV)


async def published(room: rtc.Room, name: str) -> None:
    """Wait until the agent has a track of this name."""
    changed = asyncio.Event()
    room.on("local_track_published", lambda *_: changed.set())
    while name not in {t.name for t in room.local_participant.track_publications.values()}:
        changed.clear()
        await changed.wait()


@dataclass(frozen=True)
class Scene:
    """Something that is played with an avatar.

    Args:
        play: Plays it.
        forgets: It leaves the avatar open, as the process that plays it exits.
    """

    play: Callable[[Play], Coroutine[Any, Any, None]]
    forgets: bool = False

    @property
    def name(self) -> str:
        return self.play.__name__

    def __str__(self) -> str:
        return self.name


SCENES: Sequence[Scene] = (
    Scene(close_as_the_agent_leaves),
    Scene(close_as_the_room_is_deleted),
    Scene(leave_while_starting),
    Scene(close_while_starting),
    Scene(close_again_after_giving_up),
    Scene(speak_and_close),
    Scene(exit_without_closing, forgets=True),
    Scene(anything),
)

CRASH = Scene(crash, forgets=True)
"""Shows what is told of a process that crashes."""
