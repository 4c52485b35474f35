"""Gaze and emotion are told what the agent session reports."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, call

import pytest
from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    FunctionToolsExecutedEvent,
    ToolExecutionUpdatedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)
from livekit.agents.llm import FunctionCall, FunctionCallOutput
from livekit.agents.voice.events import ToolCallEnded, ToolCallStarted
from livekit.agents.voice.io import AudioOutput

from livekit_plugins_avatar.agent.events import AgentEvents
from livekit_plugins_avatar.agent.text_tap import TextTap
from livekit_plugins_avatar.emotion.controller import EmotionController
from livekit_plugins_avatar.gaze.controller import GazeController

NOW = 480
CALL = FunctionCall(call_id="call", name="weather", arguments="{}")


class Followed:
    """An agent session that is not running, and what is told of it."""

    def __init__(self) -> None:
        self.session: AgentSession[Any] = AgentSession()
        self.gaze = Mock(spec=GazeController)
        self.emotion = Mock(spec=EmotionController)
        self.text_tap = Mock(spec=TextTap)
        self.events = AgentEvents(
            self.session,
            Mock(spec=AudioOutput),
            gaze=self.gaze,
            emotion=self.emotion,
            text_tap=self.text_tap,
            now=lambda: NOW,
        )
        self.events.attach()


@pytest.fixture
async def followed() -> Followed:
    return Followed()


async def test_states_reach_both(followed: Followed) -> None:
    event = AgentStateChangedEvent(old_state="idle", new_state="thinking")
    followed.session.emit("agent_state_changed", event)
    spoke = UserStateChangedEvent(old_state="listening", new_state="speaking")
    followed.session.emit("user_state_changed", spoke)
    assert followed.gaze.mock_calls == [
        call.linked_participant(NOW, None),
        call.agent_state(NOW, "thinking"),
        call.user_speaking(NOW, None, True),
    ]
    assert followed.emotion.mock_calls == [call.agent_state("thinking"), call.user_speaking(True)]


async def test_tools_are_told_from_their_start_to_their_result(followed: Followed) -> None:
    for update in (
        ToolCallStarted(function_call=CALL),
        ToolCallEnded(id="call", call_id="call", status="done"),
    ):
        event = ToolExecutionUpdatedEvent(update=update)
        followed.session.emit("tool_execution_updated", event)
    output = FunctionCallOutput(call_id="call", output="no rain", is_error=True)
    executed = FunctionToolsExecutedEvent(function_calls=[CALL], function_call_outputs=[output])
    followed.session.emit("function_tools_executed", executed)
    assert followed.gaze.mock_calls == [
        call.tool_started(NOW, "call"),
        call.tool_ended(NOW, "call"),
        call.tool_ended(NOW, "call"),
    ]
    assert followed.emotion.mock_calls == [call.tools_executed(failed=True)]


async def test_what_the_user_says_reaches_emotion(followed: Followed) -> None:
    event = UserInputTranscribedEvent(transcript="thanks", is_final=True)
    followed.session.emit("user_input_transcribed", event)
    assert followed.emotion.mock_calls == [
        call.user_transcribed("thanks", final=True, language=None)
    ]


async def test_the_text_tap_is_attached_before_the_first_speech(followed: Followed) -> None:
    """The session sets up its outputs while it starts; any speech is created after that."""
    followed.session.emit("speech_created", Mock())
    followed.text_tap.attach.assert_called_once_with(followed.session.output)


async def test_nothing_is_told_after_detaching(followed: Followed) -> None:
    followed.events.detach()
    followed.events.detach()
    event = AgentStateChangedEvent(old_state="idle", new_state="thinking")
    followed.session.emit("agent_state_changed", event)
    followed.session.emit("speech_created", Mock())
    assert followed.gaze.mock_calls == followed.emotion.mock_calls == []
    followed.text_tap.attach.assert_not_called()
