"""Passes the events of an agent session on to gaze and emotion: its one subscriber."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    FunctionToolsExecutedEvent,
    SpeechCreatedEvent,
    ToolExecutionUpdatedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)
from livekit.agents.voice.events import EventTypes
from livekit.agents.voice.io import AudioOutput, PlaybackFinishedEvent

from .participants import RoomGaze
from .text_tap import TextTap


class Gaze(RoomGaze, Protocol):
    """What a conversation tells gaze: `gaze.controller.GazeController` documents it."""

    def user_speaking(self, sample: int, identity: str | None, speaking: bool) -> None: ...

    def linked_participant(self, sample: int, identity: str | None) -> None: ...

    def agent_state(self, sample: int, state: str) -> None: ...

    def tool_started(self, sample: int, call_id: str) -> None: ...

    def tool_ended(self, sample: int, call_id: str) -> None: ...

    def speech_expected(self, sample: int) -> None: ...


class Emotion(Protocol):
    """What a conversation tells emotion: `emotion.controller.EmotionController` documents it."""

    def agent_state(self, state: str) -> None: ...

    def user_speaking(self, speaking: bool) -> None: ...

    def user_transcribed(self, text: str, *, final: bool, language: str | None = None) -> None: ...

    def tools_executed(self, failed: bool) -> None: ...

    def playback_finished(self, interrupted: bool) -> None: ...


class AgentEvents:
    """Follows one session, running or not, from `attach` to `detach`, on its event loop.

    The text tap is attached once the session has set up its outputs, before the first text.
    """

    def __init__(
        self,
        agent_session: AgentSession[Any],
        output: AudioOutput,
        *,
        gaze: Gaze,
        emotion: Emotion,
        text_tap: TextTap,
        now: Callable[[], int],
    ) -> None:
        self._session = agent_session
        self._output = output
        self._gaze = gaze
        self._emotion = emotion
        self._text_tap = text_tap
        self._now = now
        self._handlers: dict[EventTypes, Callable[[Any], None]] = {
            "agent_state_changed": self._on_agent_state_changed,
            "user_state_changed": self._on_user_state_changed,
            "user_input_transcribed": self._on_user_input_transcribed,
            "tool_execution_updated": self._on_tool_execution_updated,
            "function_tools_executed": self._on_function_tools_executed,
            "speech_created": self._attach_text_tap,
        }

    def attach(self) -> None:
        """Subscribe."""
        for event, handler in self._handlers.items():
            self._session.on(event, handler)
        self._output.on("playback_finished", self._on_playback_finished)

    def detach(self) -> None:
        """Unsubscribe, and mute the text tap; works any number of times."""
        for event, handler in self._handlers.items():
            self._session.off(event, handler)
        self._output.off("playback_finished", self._on_playback_finished)
        self._text_tap.mute()

    def _on_agent_state_changed(self, event: AgentStateChangedEvent) -> None:
        sample = self._now()
        self._gaze.linked_participant(sample, self._linked_participant())
        self._gaze.agent_state(sample, event.new_state)
        self._emotion.agent_state(event.new_state)
        self._attach_text_tap(event)

    def _on_user_state_changed(self, event: UserStateChangedEvent) -> None:
        speaking = event.new_state == "speaking"
        self._gaze.user_speaking(self._now(), self._linked_participant(), speaking)
        self._emotion.user_speaking(speaking)

    def _on_user_input_transcribed(self, event: UserInputTranscribedEvent) -> None:
        text, final, language = event.transcript, event.is_final, event.language
        self._emotion.user_transcribed(text, final=final, language=language)

    def _on_tool_execution_updated(self, event: ToolExecutionUpdatedEvent) -> None:
        update = event.update
        if update.type == "tool_call_started":
            self._gaze.tool_started(self._now(), update.function_call.call_id)
        elif update.type == "tool_call_ended":
            self._gaze.tool_ended(self._now(), update.call_id)

    def _on_function_tools_executed(self, event: FunctionToolsExecutedEvent) -> None:
        for call in event.function_calls:
            self._gaze.tool_ended(self._now(), call.call_id)
        outputs = event.function_call_outputs
        self._emotion.tools_executed(
            failed=any(output is not None and output.is_error for output in outputs)
        )

    def _on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        self._emotion.playback_finished(event.interrupted)

    def _linked_participant(self) -> str | None:
        """The identity of the participant whom the agent hears, if it hears one."""
        try:
            linked = self._session.room_io.linked_participant
        except RuntimeError:
            return None  # The session was started without a room.
        return linked.identity if linked is not None else None

    def _attach_text_tap(self, _: AgentStateChangedEvent | SpeechCreatedEvent) -> None:
        """Attach the tap between two speeches: the text of one that runs would be cut in two."""
        if self._session.current_speech is None:
            self._text_tap.attach(self._session.output)
