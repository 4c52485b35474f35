"""What a user meets who starts an avatar in the wrong place, twice, or with the wrong things."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import AsyncMock, Mock

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import (
    Agent,
    AgentSession,
    AgentStateChangedEvent,
    FunctionToolsExecutedEvent,
    JobContext,
    ToolExecutionUpdatedEvent,
    UserStateChangedEvent,
)
from livekit.agents.job import _JobContextVar
from livekit.agents.llm import FunctionCall, FunctionCallOutput
from livekit.agents.voice.events import AgentState, ToolCallEnded, ToolCallStarted
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarOptions, AvatarSession, Moment, PersonaError, Style
from livekit_plugins_avatar.timeline import samples


class Grey:
    """The least that is a renderer."""

    size = (4, 4)
    fps = 30
    closed = 0

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        return np.zeros((len(moments), 6, 4), np.uint8)

    def close(self) -> None:
        self.closed += 1


class Job:
    """What a session asks of the job that it runs in."""

    def __init__(self, *, fake: bool) -> None:
        self.fake = fake
        self.room = rtc.Room()
        self.connected = False

    def is_fake_job(self) -> bool:
        return self.fake

    async def connect(self) -> None:
        self.connected = True
        raise ConnectionError("no server here")

    def add_shutdown_callback(self, callback: object) -> None:
        pass


@contextmanager
def running(job: Job) -> Iterator[None]:
    token = _JobContextVar.set(cast(JobContext, job))
    try:
        yield
    finally:
        _JobContextVar.reset(token)


def session() -> AgentSession[Any]:
    return AgentSession()


async def test_a_room_that_is_not_connected_is_named_with_the_remedy() -> None:
    with pytest.raises(RuntimeError, match=r"await room\.connect"):
        await AvatarSession(renderer=Grey()).start(session(), room=rtc.Room())


async def test_the_jobs_own_room_is_connected_for_the_user() -> None:
    job = Job(fake=False)
    with running(job), pytest.raises(ConnectionError):
        await AvatarSession(renderer=Grey()).start(session(), room=job.room)
    assert job.connected


async def test_an_avatar_comes_before_the_session() -> None:
    agent_session = session()
    await agent_session.start(Agent(instructions="none"))
    try:
        with pytest.raises(RuntimeError, match=r"before `session\.start`"):
            await AvatarSession(renderer=Grey()).start(agent_session, room=rtc.Room())
    finally:
        await agent_session.aclose()


async def test_an_avatar_closes_before_it_starts_and_twice_and_then_starts_no_more() -> None:
    renderer = Grey()
    avatar = AvatarSession(renderer=renderer)
    await avatar.aclose()
    await avatar.aclose()
    assert renderer.closed == 1
    with pytest.raises(RuntimeError, match="one AvatarSession per agent session"):
        await avatar.start(session(), room=rtc.Room())


async def test_in_the_console_the_avatar_steps_aside_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    job, agent_session = Job(fake=True), session()
    avatar = AvatarSession(renderer=Grey())
    with running(job), caplog.at_level(logging.WARNING):
        await avatar.start(agent_session, room=job.room)
    assert "steps aside" in caplog.text
    assert agent_session.output.audio is None
    await avatar.aclose()


def test_before_the_call_the_face_can_be_told_where_to_look_and_says_where_it_does() -> None:
    avatar = AvatarSession(AvatarOptions(style=Style(sway=0.0)), renderer=Grey())
    assert avatar.status.state == "initializing" and avatar.status.looking_at == "camera"
    avatar.place("anna", yaw_rad=0.2)
    avatar.place("anna", yaw_rad=None)
    avatar.look_at(yaw_rad=0.3, pitch_rad=-0.1)
    assert avatar.status.state == "told" and avatar.status.yaw_rad == pytest.approx(0.3, abs=0.03)
    avatar.look_at()
    assert avatar.status.state == "initializing"
    with pytest.raises(ValueError, match="there is no 'anna' in the room to look at; here: nobody"):
        avatar.look_at("anna")
    with pytest.raises(ValueError, match=r"yaw_rad lies between -0\.45 and 0\.45, got 1"):
        avatar.look_at(yaw_rad=1)


async def test_what_session_and_room_report_reaches_the_face() -> None:
    agent_session = session()
    avatar = AvatarSession(renderer=Grey())
    text, output = Mock(spec=["expect_text", "end_text"]), Mock(spec=["on", "off"])
    avatar._watch.attach(agent_session, rtc.Room(), text, output)

    def agent(state: AgentState) -> str:
        event = AgentStateChangedEvent(old_state="idle", new_state=state)
        agent_session.emit("agent_state_changed", event)
        return avatar.status.state

    def tool(update: ToolCallStarted | ToolCallEnded) -> str:
        event = ToolExecutionUpdatedEvent(update=update)
        agent_session.emit("tool_execution_updated", event)
        return avatar._face.status(samples(1.0)).state

    assert agent("thinking") == "thinking"
    avatar._watch._on_text("Well,")
    assert avatar.status.state == "speaking", "words are on their way"
    assert agent("listening") == "listening"
    call = FunctionCall(call_id="call", name="weather", arguments="{}")
    assert tool(ToolCallStarted(function_call=call)) == "thinking"
    assert tool(ToolCallEnded(id="call", call_id="call", status="done")) == "listening"
    assert tool(ToolCallStarted(function_call=call)) == "thinking"
    result = FunctionCallOutput(call_id="call", output="no rain", is_error=True)
    done = FunctionToolsExecutedEvent(function_calls=[call], function_call_outputs=[result])
    agent_session.emit("function_tools_executed", done)
    assert avatar._face.status(samples(1.0)).expression == "concern"
    assert avatar._face.status(samples(1.0)).state == "listening"
    assert agent("speaking") == "speaking"
    spoke = UserStateChangedEvent(old_state="listening", new_state="speaking")
    agent_session.emit("user_state_changed", spoke)
    assert avatar.status.state == "interrupted"
    await avatar.aclose()


def test_what_is_no_renderer_is_named() -> None:
    with pytest.raises(TypeError, match="object does not"):
        AvatarSession(renderer=cast(Any, object()))


@pytest.mark.parametrize(("size", "fps"), [((5, 4), 30), ((0, 4), 30), ((4, 4), 29), ((4, 4), 5)])
def test_a_renderer_that_cannot_be_shown_is_named(size: tuple[int, int], fps: int) -> None:
    renderer = Grey()
    renderer.size, renderer.fps = size, fps
    with pytest.raises(ValueError, match=f"got {size[0]}x{size[1]}|got {fps}"):
        AvatarSession(renderer=renderer)


@pytest.mark.parametrize(
    "wrong",
    [
        {"provider": "gpu"},
        {"frame": "tall"},
        {"seed": -1},
        {"style": "wild"},
        {"style": None},
        {"frames_ahead": 0},
        {"render_threads": 99},
        {"video_delay_s": -0.1},
        {"video_bitrate_bps": 10},
        {"video_delay_s": "45 ms"},
    ],
)
def test_an_option_out_of_range_names_itself_and_the_range(wrong: dict[str, Any]) -> None:
    [(name, value)] = wrong.items()
    with pytest.raises(ValueError, match=f"^{name} .*got {value!r}"):
        AvatarOptions(**wrong)


def test_the_bitrate_follows_the_pictures_size_unless_it_is_given() -> None:
    options = AvatarOptions()
    assert 250_000 <= options.bitrate_bps((512, 512)) <= 350_000
    assert options.bitrate_bps((1024, 512)) == pytest.approx(
        2 * options.bitrate_bps((512, 512)), abs=1
    )
    assert options.bitrate_bps((1920, 1080)) == 1_500_000
    assert options.bitrate_bps((128, 96)) == 100_000
    assert AvatarOptions(video_bitrate_bps=300_000).bitrate_bps((1920, 1080)) == 300_000


async def test_a_frame_that_the_persona_has_not_is_refused_at_the_start() -> None:
    room = Mock(spec=rtc.Room)
    room.isconnected.return_value = True
    avatar = AvatarSession(AvatarOptions(persona="sketch", frame="wide"))
    with pytest.raises(PersonaError, match=r"sketch .* has no wide frame"):
        await avatar.start(session(), room=room)


def test_a_persona_error_is_a_value_error() -> None:
    assert issubclass(PersonaError, ValueError)


@pytest.mark.parametrize(
    ("emotion", "strength", "named"), [("smug", 1.0, "smug"), ("warm", 2.0, r"2\.0")]
)
async def test_a_feeling_that_there_is_not_is_named(
    emotion: str, strength: float, named: str
) -> None:
    avatar = AvatarSession(renderer=Grey())
    avatar.express("warm")
    with pytest.raises(ValueError, match=f"got .?{named}"):
        avatar.express(emotion, strength)
    await avatar.aclose()


async def test_a_reader_is_closed_with_the_avatar() -> None:
    classifier = Mock(classify=AsyncMock(), aclose=AsyncMock())
    avatar = AvatarSession(renderer=Grey(), classifier=classifier)
    await avatar.aclose()
    await avatar.aclose()
    classifier.aclose.assert_awaited_once()
