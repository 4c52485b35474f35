"""Takes over the audio output of an agent session, and gives it back.

An agent whose avatar closes in mid-call speaks on: through the output of before or, where there was
none, over a plain track that the framework's own output publishes. What it was saying goes on there
from what was heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.voice.io import AudioOutput

from ..audio.relay import NoVoice, Relay
from ..audio.segment import Unfinished
from ..audio.sink import AudioSink
from ..timeline import Clock
from .own_voice import OwnVoice
from .plain_voice import PlainVoice


def is_running(agent_session: AgentSession[Any]) -> bool:
    """Whether a session has been started, and so has published its voice."""
    try:
        return agent_session.current_agent is not None
    except RuntimeError:
        return False


class OutputTakeover:
    """Puts a sink of ours at the end of a session's chain of outputs; used on its event loop.

    `on_over` is called once nothing is said through it any more.
    """

    def __init__(
        self,
        agent_session: AgentSession[Any],
        room: rtc.Room,
        sink: AudioSink,
        *,
        clock: Clock,
        on_over: Callable[[], None],
    ) -> None:
        self._session, self._room, self._sink, self._clock = agent_session, room, sink, clock
        self._on_over = on_over
        self._previous: AudioOutput | None = None
        self._plain_voice: PlainVoice | None = None
        self._relay: Relay | None = None
        self._own: OwnVoice | None = None
        self._taken = False
        """Whether the own voice is still to begin."""

    def attach(self) -> None:
        """Take the place of the present output; transcripts and recorders before it stay."""
        self._previous = _tail(self._session.output.audio)
        self._session.output.replace_audio_tail(self._sink)

    @property
    def may_speak_on(self) -> bool:
        """Whether what is being said can go on over a plain track."""
        return (
            self._is_ours
            and self._previous is None
            and is_running(self._session)
            and self._room.isconnected()
        )

    @property
    def _is_ours(self) -> bool:
        """Neither has the session ended nor has another output taken over."""
        return _tail(self._session.output.audio) is self._sink

    def take_rest(self, rest: Sequence[Unfinished], *, paused: bool) -> None:
        """Keep these segments, and what still comes, until `publish`: another `Speech` has said the
        first samples of them, and finishes each of them here."""
        relay = Relay(NoVoice(), on_events=self._sink.report, wall_s=self._clock.wall_s)
        self._sink.hand_over(relay, relay.adopt(rest, paused=paused))
        self.speak_on(relay, OwnVoice(self._session, self._room, self._clock, relay))
        self._taken = True

    def speak_on(self, relay: Relay, own: OwnVoice) -> None:
        """Let the agent finish what it says through a relay, and then do without us."""
        self._relay, self._own = relay, own
        relay.on_idle = self._finish_later

    def detach(self) -> None:
        """Let the agent speak on without us; what is being said ends as interrupted, unless the
        rest of it was taken."""
        output = self._session.output
        if self._relay is not None:
            return
        self._on_over()
        if not self._is_ours:
            return
        if self._previous is not None:
            output.replace_audio_tail(self._previous)
        elif self.may_speak_on:
            self._plain_voice = PlainVoice(self._session, self._room)
            output.replace_audio_tail(self._plain_voice)
        elif output.audio is self._sink:
            output.audio = None

    def publish(self) -> None:
        """Publish the plain track, where one is needed."""
        # Once other tracks are unpublished: livekit 1.1.21 may fail to negotiate both at once.
        if self._plain_voice is not None:
            self._plain_voice.may_publish.set()
        if self._taken and self._relay is not None and self._own is not None:
            self._taken = False
            self._own.publish()
            # Once the sink has been told where the former speech ended.
            asyncio.get_running_loop().call_soon(self._relay.use, self._own)

    def _finish_later(self) -> None:
        # Outputs above the sink count a segment's end only after this.
        asyncio.get_running_loop().call_soon(self._finish)

    def _finish(self) -> None:
        """Put the plain voice in our place, if nothing is being said."""
        if self._relay is None or self._own is None or not self._relay.idle:
            return
        self._relay = None
        self._on_over()
        voice = self._own.release()
        if self._is_ours:
            self._session.output.replace_audio_tail(voice)


def _tail(output: AudioOutput | None) -> AudioOutput | None:
    """The last output of a chain, where the sound is played."""
    while output is not None and output.next_in_chain is not None:
        output = output.next_in_chain
    return output
