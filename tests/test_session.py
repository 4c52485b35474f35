"""What a user meets who starts an avatar in the wrong place, twice, or with the wrong things."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from unittest.mock import AsyncMock, Mock

import numpy as np
import onnxruntime
import pytest
from livekit import rtc
from livekit.agents import (
    Agent,
    AgentServer,
    AgentSession,
    JobContext,
)
from livekit.agents.job import _JobContextVar
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarError, AvatarSession, Moment, PersonaError, Style, prewarm
from livekit_plugins_avatar.emotion.tags import emotion_named
from livekit_plugins_avatar.options import Options
from livekit_plugins_avatar.pipeline import Pipeline
from livekit_plugins_avatar.render.renderer import Renderer

from .simulated_room import SimulatedRoom


class Grey:
    """The least that is a renderer."""

    size = (4, 4)
    fps = 30
    closed = 0

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        return np.zeros((len(moments), 6, 4), np.uint8)

    def close(self) -> None:
        self.closed += 1


def grey(**wrong: object) -> Grey:
    """A renderer some of whose attributes are wrong."""
    renderer = Grey()
    vars(renderer).update(wrong)
    return renderer


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
    with pytest.raises(AvatarError, match=r"await room\.connect"):
        await AvatarSession(renderer=Grey()).start(session(), room=rtc.Room())


async def test_the_jobs_own_room_is_connected_for_the_user() -> None:
    job = Job(fake=False)
    with running(job), pytest.raises(AvatarError, match="no server here"):
        await AvatarSession(renderer=Grey()).start(session(), room=job.room)
    assert job.connected


async def test_an_avatar_comes_before_the_session() -> None:
    agent_session = session()
    await agent_session.start(Agent(instructions="none"))
    try:
        with pytest.raises(AvatarError, match=r"before `session\.start`"):
            await AvatarSession(renderer=Grey()).start(agent_session, room=rtc.Room())
    finally:
        await agent_session.aclose()


async def test_an_avatar_closes_before_it_starts_and_twice_and_then_starts_no_more() -> None:
    renderer = Grey()
    avatar = AvatarSession(renderer=renderer)
    await avatar.aclose()
    await avatar.aclose()
    assert renderer.closed == 1
    with pytest.raises(AvatarError, match="one AvatarSession per agent session"):
        await avatar.start(session(), room=rtc.Room())


async def test_in_the_console_the_avatar_steps_aside_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    job, agent_session = Job(fake=True), session()
    avatar = AvatarSession(renderer=Grey())
    with running(job), caplog.at_level(logging.WARNING):
        await avatar.start(agent_session, room=job.room)
    assert "no room" in caplog.text
    assert agent_session.output.audio is None
    await avatar.aclose()


def test_the_face_can_be_told_where_to_look_before_the_call() -> None:
    """`look_at` overrides the conversation, and `release_gaze` ends that."""
    face = AvatarSession(style=Style(sway=0.0), renderer=Grey())
    assert face.status.state == "initializing" and face.status.looking_at == "camera"
    face.set_seat("anna", yaw_rad=0.2)
    face.set_seat("anna", yaw_rad=None)
    face.look_at(yaw_rad=0.3, pitch_rad=-0.1)
    assert face.status.state == "override"
    assert face.status.yaw_rad == pytest.approx(0.3, abs=0.03)
    face.look_away()
    assert face.status.state == "aside" and face.status.looking_at == "away"
    face.release_gaze()
    assert face.status.state == "initializing"


def test_a_look_that_cannot_be_is_refused() -> None:
    """Errors name the participant or the range; a bare call is none."""
    face = AvatarSession(renderer=Grey())
    with pytest.raises(ValueError, match=r"no participant 'anna' .* in the room: none"):
        face.look_at("anna")
    with pytest.raises(ValueError, match=r"yaw_rad lies between -0\.45 and 0\.45, got 1"):
        face.look_at(yaw_rad=1)
    with pytest.raises(ValueError, match="release_gaze"):
        face.look_at()


@pytest.mark.parametrize(("size", "fps"), [((5, 4), 30), ((0, 4), 30), ((4, 4), 29), ((4, 4), 5)])
def test_a_renderer_that_cannot_be_shown_is_named(size: tuple[int, int], fps: int) -> None:
    renderer = Grey()
    renderer.size, renderer.fps = size, fps
    with pytest.raises(ValueError, match=f"got {size[0]}x{size[1]}|got {fps}"):
        AvatarSession(renderer=renderer)


@pytest.mark.parametrize(
    "wrong",
    [
        {"device": "gpu"},
        {"aspect": "tall"},
        {"resolution": "8k"},
        {"fps": 5},
        {"fps": 29},
        {"background": "#12"},
        {"video_codec": "h263"},
        {"seed": -1},
        {"style": "wild"},
        {"frames_ahead": 0},
        {"render_threads": 99},
        {"video_delay_s": -0.1},
        {"video_delay_s": float("nan")},
        {"video_bitrate_bps": 10},
    ],
)
def test_an_argument_out_of_range_names_itself_and_the_range(wrong: dict[str, Any]) -> None:
    [(name, value)] = wrong.items()
    with pytest.raises(ValueError, match=f"^{name} .*got {value!r}"):
        AvatarSession(**wrong)


def test_a_persona_that_does_not_exist_is_told_at_construction() -> None:
    with pytest.raises(PersonaError, match=r"no persona file nobody\.onnx: .*'man'"):
        AvatarSession("nobody.onnx")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"persona": 5}, "persona is a name or the path of a file, got int"),
        ({"persona": b"man"}, "persona is a name or the path of a file, got bytes"),
        ({"aspect": 1}, "aspect is one of 'square', 'wide', 'portrait', got 1"),
        ({"resolution": 720}, "resolution is one of '360p', .*, got 720"),
        ({"fps": 25.0}, r"fps is a whole number .*, got 25\.0"),
        ({"fps": 25, "renderer": grey()}, "fps is for a persona: leave it out with renderer"),
        ({"mark": 5}, "mark is a short text or None, got 5"),
        ({"background": 5}, "background is a colour .*, got 5"),
        ({"worker": "faces", "background": "wall.png"}, "background is a colour or 'blur' with"),
        ({"background": "#fff", "renderer": grey()}, "background is for a persona"),
        ({"style": None}, "style is one of 'off', .*, got None"),
        ({"device": None}, "device is one of 'auto', .*, got None"),
        ({"video_codec": ["vp8"]}, r"video_codec is one of 'vp8', .*, got \['vp8'\]"),
        ({"video_bitrate_bps": "1M"}, "video_bitrate_bps is a whole number .*, got '1M'"),
        ({"video_delay_s": "45 ms"}, "video_delay_s is a number .*, got '45 ms'"),
        ({"frames_ahead": 2.5}, r"frames_ahead is a whole number .*, got 2\.5"),
        ({"render_threads": True}, "render_threads is a whole number .*, got True"),
        ({"constant_size": 512}, "constant_size is a bool, got 512"),
        ({"shared_renderer": "yes"}, "shared_renderer is a bool or None, got 'yes'"),
        ({"seed": 1.5}, r"seed is a whole number .*, got 1\.5"),
        ({"renderer": object()}, "renderer needs size, fps, render, close, which object lacks"),
        ({"renderer": Grey}, "renderer is an object, got the class Grey: call it"),
        ({"renderer": grey(fps="30")}, "a renderer's fps is a whole number, got '30'"),
        ({"renderer": grey(size="512x512")}, "a renderer's size is .*, got '512x512'"),
        ({"renderer": grey(size=(512.0, 512.0))}, r"a renderer's size is .*, got \(512"),
        ({"recognizer": object()}, "recognizer needs stream, lookahead_samples"),
        ({"emotion_classifier": "gpt"}, "emotion_classifier needs classify, aclose"),
        ({"face_store": 5}, "face_store is a path or a mapping of strings, got int"),
        ({"worker": 5}, "worker is a name, got 5"),
        ({"worker": "faces", "persona": Path("man.onnx")}, "persona is a name that the worker"),
        ({"worker": "faces", "renderer": grey()}, "renderer runs in the worker's process"),
        ({"worker": "faces", "face_store": {}}, "face_store runs in the worker's process"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_told_at_construction(
    wrong: dict[str, Any], told: str
) -> None:
    """One sentence names the argument, and nothing has been opened."""
    with pytest.raises(TypeError, match=told):
        AvatarSession(**wrong)


def test_a_picture_is_no_persona(tmp_path: Path) -> None:
    """The remedy is the command that makes one of it."""
    picture = tmp_path / "me.JPG"
    picture.write_bytes(b"")
    with pytest.raises(PersonaError, match=r"is a picture: .*livekit-avatar persona .* -o me.onnx"):
        AvatarSession(picture)


async def test_arguments_of_the_wrong_kind_are_told_at_the_call() -> None:
    """A strength, a session and a room; the two of them swapped."""
    face, session, room = AvatarSession(renderer=grey()), AgentSession[None](), rtc.Room()
    with pytest.raises(TypeError, match="strength is a number from 0 to 1, got 'x'"):
        face.express("warm", "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"agent_session is an AgentSession, got rtc\.Room"):
        await face.start(room, session)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"room is a livekit\.rtc\.Room, got 'r'"):
        await face.start(session, "r")  # type: ignore[arg-type]


def test_every_argument_is_checked() -> None:
    """A new argument is refused here until the table above has a wrong value for it."""
    [table] = [
        mark.args[1]
        for mark in test_an_argument_of_the_wrong_kind_is_told_at_construction.pytestmark
    ]
    tried = {name for wrong, _ in table for name in wrong}
    assert tried == set(inspect.signature(AvatarSession).parameters)


def test_the_bitrate_follows_the_size_unless_it_is_given() -> None:
    options = Options()
    assert 250_000 <= options.bitrate_bps((512, 512)) <= 350_000
    assert options.bitrate_bps((1024, 512)) == pytest.approx(
        2 * options.bitrate_bps((512, 512)), abs=1
    )
    assert options.bitrate_bps((1920, 1080)) == 1_500_000
    assert options.bitrate_bps((128, 96)) == 100_000
    assert Options(video_bitrate_bps=300_000).bitrate_bps((1920, 1080)) == 300_000


async def test_an_aspect_that_the_persona_lacks_is_refused_at_the_start() -> None:
    face = AvatarSession("sketch", aspect="wide")
    with pytest.raises(PersonaError, match=r"sketch .* has no wide picture"):
        await face.start(session(), room=SimulatedRoom().as_room)


def test_errors_derive_from_what_callers_catch() -> None:
    assert issubclass(PersonaError, ValueError)
    assert issubclass(AvatarError, RuntimeError)


@pytest.mark.parametrize(
    ("emotion", "strength", "named"), [("smug", 1.0, "smug"), ("warm", 2.0, r"2\.0")]
)
async def test_an_emotion_that_there_is_not_is_named(
    emotion: str, strength: float, named: str
) -> None:
    face = AvatarSession(renderer=Grey())
    face.express("warm")
    with pytest.raises(ValueError, match=f"got .?{named}"):
        face.express(emotion, strength)
    await face.aclose()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        # https://pypi.org/project/livekit-plugins-tavus/1.8.9/
        ("happiness", "warm"),
        ("sadness", "concern"),
        ("anger", "focus"),
        ("fear", "concern"),
        ("surprise", "interest"),
        ("disgust", "focus"),
        ("contempt", "focus"),
        # https://pypi.org/project/livekit-plugins-keyframe/1.8.9/
        ("happy", "warm"),
        ("sad", "concern"),
        ("angry", "focus"),
        ("surprised", "interest"),
        ("concerned", "concern"),
        ("confused", "interest"),
        ("disgusted", "focus"),
        ("excited", "warm"),
        ("scared", "concern"),
        ("skeptical", "focus"),
    ],
)
def test_emotions_of_other_avatars_are_known(name: str, shown: str) -> None:
    """An agent that comes from Tavus or Keyframe keeps its names: the nearest is shown."""
    pipeline = Pipeline(Options(renderer=Grey()))
    assert emotion_named(name) == shown
    pipeline.express(0, emotion_named(name), 1.0)


async def test_a_classifier_is_closed_with_the_avatar() -> None:
    classifier = Mock(classify=AsyncMock(), aclose=AsyncMock())
    face = AvatarSession(renderer=Grey(), emotion_classifier=classifier)
    await face.aclose()
    await face.aclose()
    classifier.aclose.assert_awaited_once()


async def test_what_is_prewarmed_is_not_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """`prewarm` fits `AgentServer.setup_fnc`; an avatar of the process then opens no model."""
    AgentServer(setup_fnc=prewarm)
    prewarm(persona="sketch")
    opened: list[object] = []
    session_class = onnxruntime.InferenceSession

    def open_session(*args: Any, **kwargs: Any) -> Any:
        opened.append(args)
        return session_class(*args, **kwargs)

    monkeypatch.setattr(onnxruntime, "InferenceSession", open_session)
    face = AvatarSession("sketch")
    await face.start(session(), room=SimulatedRoom().as_room)
    assert not opened and face.device == "cpu"
    await face.aclose()


async def test_what_runs_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """One line has persona, size, rate, codec, device and the sync group."""
    face = AvatarSession("sketch", device="cpu", video_codec="vp9")
    with caplog.at_level(logging.INFO):
        await face.start(session(), room=SimulatedRoom().as_room)
    [line] = [each.message for each in caplog.records if "sync group" in each.message]
    for part in ("sketch", "512x512", "frames a second", "vp9", "cpu", "'avatar'", "doctor"):
        assert part in line
    await face.aclose()


async def test_a_voice_without_a_face_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Where the server refuses the picture, the log says that the voice is alone."""
    face = AvatarSession(renderer=Grey())
    room = SimulatedRoom(refused=(rtc.TrackKind.KIND_VIDEO,))
    with caplog.at_level(logging.INFO):
        await face.start(session(), room=room.as_room)
    assert "avatar: no face" in caplog.text
    await face.aclose()


@pytest.mark.parametrize(("fps", "frames"), [(30, 6), (25, 5), (60, 12), (10, 2)])
def test_a_fifth_of_a_second_is_drawn_ahead(fps: int, frames: int) -> None:
    """At any rate, unless the frames are told."""
    renderer = cast(Renderer, grey(fps=fps))
    period = 48_000 // fps
    assert Options(renderer=renderer).ahead(renderer) == frames * period
    assert Options(renderer=renderer, frames_ahead=4).ahead(renderer) == 4 * period
    assert Options().ahead(None) == 0
