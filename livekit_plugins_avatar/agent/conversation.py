"""Joins an avatar to the agent session of this process: its speech, events, text and room.

A pipeline knows only the `Conversation`: the session may as well be in another process (`remote`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from livekit import rtc
from livekit.agents import AgentSession

from ..audio.playback_events import PlaybackEvent
from ..audio.relay import Relay
from ..audio.segment import Unfinished
from ..audio.sink import AudioSink
from ..audio.speech import Speech
from ..timeline import Clock
from .audio_output import OutputTakeover
from .events import AgentEvents, Emotion, Gaze
from .own_voice import OwnVoice
from .participants import Participants
from .text_tap import TextListener, TextTap


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where a conversation goes into the stages of an avatar.

    Args:
        speech: Takes what the agent says.
        gaze: Told of the agent's state, its users, and the participants.
        emotion: Told of what is heard and done.
        texts: Take the text that the agent is about to say.
        now: The sample from which an event counts.
        wait_for_subscriber: Returns once the voice is heard, or can not be.
        heard: How many samples were played of the oldest segment that is not finished.
        clock: Real time.
    """

    speech: Speech
    gaze: Gaze
    emotion: Emotion
    texts: Sequence[TextListener]
    now: Callable[[], int]
    wait_for_subscriber: Callable[[], Awaitable[None]]
    heard: Callable[[], int]
    clock: Clock


class Conversation(Protocol):
    """What an avatar is part of. All but `deliver` is called on the avatar's event loop."""

    def attach(self, inputs: Inputs) -> None:
        """From now on, speak and tell what happens."""

    def detach(self, rest: Sequence[Unfinished] = (), *, paused: bool = False) -> None:
        """Let go; works any number of times, and before `attach`.

        Args:
            rest: The segments that the speech has not finished, and is cut in now: who can goes on
                with them from where `deliver` tells that they ended.
            paused: Whether they are held.
        """

    def deliver(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        """Take playback events, each with its wall-clock time; from any thread."""

    def end_speech(self) -> None:
        """Finish what is still open: nothing plays any more."""

    def released(self) -> None:
        """The avatar's tracks are unpublished."""


class LocalConversation:
    """The conversation of an agent session of this process, in its room."""

    def __init__(self, agent_session: AgentSession[Any], room: rtc.Room) -> None:
        self.session, self._room = agent_session, room
        self._sink: AudioSink | None = None
        self._takeover: OutputTakeover | None = None
        self._attached = ExitStack()

    def attach(self, inputs: Inputs) -> None:
        """Take over the session's audio output, and follow it and the room."""
        sink = self._sink = AudioSink(
            inputs.speech, clock=inputs.clock, wait_for_subscriber=inputs.wait_for_subscriber
        )
        gaze, now = inputs.gaze, inputs.now
        text_tap = TextTap(inputs.texts, on_first=lambda: gaze.speech_expected(now()))
        participants = Participants(self._room, gaze, now=now)
        events = AgentEvents(
            self.session, sink, gaze=gaze, emotion=inputs.emotion, text_tap=text_tap, now=now
        )
        self._takeover = OutputTakeover(
            self.session, self._room, sink, clock=inputs.clock, on_over=text_tap.detach
        )
        for stage in (participants, events, self._takeover):
            stage.attach()
            self._attached.callback(stage.detach)

    def detach(self, rest: Sequence[Unfinished] = (), *, paused: bool = False) -> None:
        if rest and self._takeover is not None and self._takeover.may_speak_on:
            self._takeover.take_rest(rest, paused=paused)
        self._attached.close()

    def speak_on(self, relay: Relay, own: OwnVoice) -> bool:
        """Let go once the relay, through which the agent speaks, has finished what is being said;
        returns False, and does nothing, where the agent can not speak on."""
        if relay.idle or self._takeover is None or not self._takeover.may_speak_on:
            return False
        self._takeover.speak_on(relay, own)
        self._attached.close()
        return True

    def deliver(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        if self._sink is not None:
            self._sink.deliver(events)

    def end_speech(self) -> None:
        if self._sink is not None:
            self._sink.close()

    def released(self) -> None:
        """Publish the plain voice, where the agent speaks on without a face."""
        if self._takeover is not None:
            self._takeover.publish()
