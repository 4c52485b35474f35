"""The watch: what the agent and the room report, told to the face.

In flow the events of an agent session and of its room, on the agent's event loop, and the text that
is on its way to being spoken; out flow the same as `GazeController` takes them, each at the first
sample whose frame can still be another one. The text goes on to whoever speaks it as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from livekit import rtc
from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    FunctionToolsExecutedEvent,
    ToolExecutionUpdatedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)
from livekit.agents.voice.events import EventTypes
from livekit.agents.voice.io import AudioOutput, PlaybackFinishedEvent

from ..emotion.controller import EmotionController
from ..gaze.controller import GazeController
from .participants import Participants
from .text_tap import TextTap


class TextSink(Protocol):
    """Takes the text that is said next."""

    def expect_text(self, text: str) -> None:
        """This is to be said next."""
        ...

    def end_text(self) -> None:
        """What is to be said is complete."""
        ...


class AgentEvents:
    """Lets the face know what happens, from `attach` to `close`.

    Args:
        presence: Told what moves the eyes.
        emotions: Told what moves the expression.
        now: The first sample whose frame can still be another one.
        turn_end: The published sample at which all speech that is known will have been heard, or
            None.
    """

    def __init__(
        self,
        presence: GazeController,
        emotions: EmotionController,
        *,
        now: Callable[[], int],
        turn_end: Callable[[], int | None],
    ) -> None:
        self._gaze_controller = presence
        self._emotion_controller = emotions
        self._now = now
        self._turn_end = turn_end
        self._handlers: dict[EventTypes, Callable[[Any], None]] = {
            "agent_state_changed": self._on_agent_state_changed,
            "user_input_transcribed": self._on_user_input_transcribed,
            "user_state_changed": self._on_user_state_changed,
            "tool_execution_updated": self._on_tool_execution_updated,
            "function_tools_executed": self._on_function_tools_executed,
        }
        self._session: AgentSession[Any] | None = None
        self._room: Participants | None = None
        self._sink: TextSink | None = None
        self._output: AudioOutput | None = None
        self._text_tap: TextTap | None = None
        self._text_begins = True

    def attach(
        self,
        agent_session: AgentSession[Any],
        room: rtc.Room,
        sink: TextSink,
        output: AudioOutput,
    ) -> None:
        """Begin to watch.

        Args:
            agent_session: Running or not.
            room: Its room, connected.
            sink: Told of the text, piece by piece.
            output: Plays the agent's speech.
        """
        self._session, self._sink, self._output = agent_session, sink, output
        for event, handler in self._handlers.items():
            agent_session.on(event, handler)
        output.on("playback_finished", self._on_playback_finished)
        presence = self._gaze_controller
        self._room = Participants(
            room,
            on_enter=lambda identity: presence.enter(self._now(), identity),
            on_leave=lambda identity: presence.leave(self._now(), identity),
            on_speakers=lambda identities: presence.speakers(self._now(), identities),
        )
        self._room.start()

    def close(self) -> None:
        """Watch no more; works before `attach` and any number of times."""
        if self._session is not None:
            for event, handler in self._handlers.items():
                self._session.off(event, handler)
            if self._text_tap is not None:
                self._text_tap.detach(self._session.output)
        if self._output is not None:
            self._output.off("playback_finished", self._on_playback_finished)
        if self._room is not None:
            self._room.close()
        self._output = None
        self._session = self._room = self._text_tap = None

    def planned_speech(self, begins: bool) -> None:
        """What will be heard is another than before.

        Args:
            begins: Whether it is the first of a segment.
        """
        sample = self._now()
        if begins:
            self._gaze_controller.speech_comes(sample)
        self._gaze_controller.turn_ends(sample, self._turn_end())

    def _on_agent_state_changed(self, event: AgentStateChangedEvent) -> None:
        sample = self._now()
        self._gaze_controller.talk_with(sample, self._heard())
        self._gaze_controller.agent_state(sample, event.new_state)
        self._emotion_controller.agent_state(event.new_state)
        if self._text_tap is None and event.new_state == "listening":
            self._read_along()

    def _on_user_state_changed(self, event: UserStateChangedEvent) -> None:
        speaks = event.new_state == "speaking"
        self._gaze_controller.user_speaks(self._now(), self._heard(), speaks)
        self._emotion_controller.user_speaking(speaks)

    def _on_user_input_transcribed(self, event: UserInputTranscribedEvent) -> None:
        self._emotion_controller.user_transcribed(
            event.transcript, final=event.is_final, language=event.language
        )

    def _on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        self._emotion_controller.playback_finished(event.interrupted)

    def _on_tool_execution_updated(self, event: ToolExecutionUpdatedEvent) -> None:
        update = event.update
        if update.type == "tool_call_started":
            self._gaze_controller.tool_started(self._now(), update.function_call.call_id)
        elif update.type == "tool_call_ended":
            self._gaze_controller.tool_ended(self._now(), update.call_id)

    def _on_function_tools_executed(self, event: FunctionToolsExecutedEvent) -> None:
        for call in event.function_calls:
            self._gaze_controller.tool_ended(self._now(), call.call_id)
        outputs = event.function_call_outputs
        self._emotion_controller.tools_executed(
            failed=any(output is not None and output.is_error for output in outputs)
        )

    def _heard(self) -> str | None:
        """Whom the agent hears, where it hears one person of the room."""
        try:
            linked = self._session.room_io.linked_participant if self._session else None
        except RuntimeError:
            return None  # The session runs without a room of its own.
        return linked.identity if linked is not None else None

    def _read_along(self) -> None:
        """Know the text of what will be said; the session sets up its outputs after `start`."""
        if self._session is None or self._session.current_speech is not None:
            return
        shown_by = self._session.output.transcription
        if shown_by is not None:
            self._text_tap = TextTap(shown_by, on_text=self._on_text, on_end=self._on_text_end)
            self._text_tap.attach(self._session.output)

    def _on_text(self, text: str) -> None:
        if self._sink is not None:
            self._sink.expect_text(text)
        if self._text_begins:
            self._text_begins = False
            self._gaze_controller.speech_comes(self._now())

    def _on_text_end(self) -> None:
        if self._sink is not None:
            self._sink.end_text()
        self._text_begins = True
