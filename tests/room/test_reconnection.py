"""Through reconnections and restarts the face goes on; what nobody heard is said again."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest
from livekit import rtc
from livekit.agents import AgentSession
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession, FaceState, Moment
from livekit_plugins_avatar.demo import server_binary
from livekit_plugins_avatar.demo.server import LiveKitServer, livekit_server
from livekit_plugins_avatar.face.state import INDEX

from .conftest import RATE, Call, a_call, until
from .test_voice_and_face import MADE_UP_MS, Grey, _loud_now, hum, playback, quiet_ms

SIGNAL = rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT
FULL = rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT

FASTEST = {"eyeBlink": 0.8, "eyeWide": 0.5, "gaze": 0.45, "mouth": 0.5, "jaw": 0.35}
"""What some parameters may move between two frames: a blink closes in 90 ms, a saccade takes 30;
lips and jaw as fast as in fluent speech (0.54 and 0.33 in a minute of short, strong visemes)."""
SLOW = 0.12
"""What any other parameter may."""


@pytest.fixture
def binary() -> Path:
    return server_binary.provide()


class Mirror(Grey):
    """Notes each face that it is asked to draw."""

    def __init__(self) -> None:
        super().__init__()
        self.faces: dict[int, FaceState] = {}

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        for moment in moments:
            self.faces[moment.start] = moment.value
        return super().render(moments)


def jumps(faces: dict[int, FaceState]) -> list[tuple[int, str, float]]:
    """Where a face moved further from one frame to the next than a frame's motion."""
    found = []
    for sample, face in list(faces.items()):
        before = faces.get(sample - RATE // 30)
        if before is None:
            continue
        for name, column in INDEX.items():
            moved = abs(float(face.values[column] - before.values[column]))
            limit = next((most for kind, most in FASTEST.items() if name.startswith(kind)), SLOW)
            if moved > limit:
                found.append((sample, name, moved))
    return found


def sentence(length_s: float) -> NDArray[np.int16]:
    """Words of 0.6 s with pauses of 0.2 s between them, each at a pitch of its own."""
    words = []
    for n in range(round(length_s / 0.8)):
        t = np.arange(round(0.6 * RATE)) / RATE
        words += [12_000 * np.sin(2 * np.pi * (300 + 40 * n) * t), np.zeros(round(0.2 * RATE))]
    return np.concatenate(words).astype(np.int16)


async def test_a_resumed_signal_connection_stops_neither_voice_nor_face(
    server: LiveKitServer,
) -> None:
    mirror = Mirror()
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        _, finished = playback(call)
        speaking = asyncio.ensure_future(call.say(hum(6.0)))
        await until(lambda: _loud_now(call))
        await call.room.simulate_scenario(SIGNAL)
        await speaking
        await until(lambda: not _loud_now(call))
        loud = call.viewer.loud()
        assert quiet_ms(call.viewer.sound[loud[0] : loud[-1]]) <= MADE_UP_MS
        assert finished[0].playback_position == 6.0 and not finished[0].interrupted
        assert call.avatar.stats["samples_said_again"] == 0
        assert not jumps(mirror.faces)


async def test_what_a_full_reconnect_swallows_is_said_again_from_a_pause_and_the_face_goes_on(
    server: LiveKitServer,
) -> None:
    mirror = Mirror()
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        started, finished = playback(call)
        progressed: list[tuple[float, float]] = []
        output = call.session.output.audio
        assert output is not None
        output.on(
            "playback_progressed",
            lambda event: progressed.append((event.offset, event.duration)),
        )
        speaking = asyncio.ensure_future(call.say(sentence(6.4)))
        await until(lambda: started and time.time() - started[0].created_at >= 2.0)
        away = call.avatar._conductor.playhead
        await call.room.simulate_scenario(FULL)
        await speaking
        await until(lambda: len(call.viewer.tasks) >= 4 and not _loud_now(call))
        assert finished[0].playback_position == 6.4 and not finished[0].interrupted
        assert len(started) == len(finished) == 1
        offsets = [0.0, *np.cumsum([duration for _, duration in progressed])[:-1]]
        assert np.allclose([offset for offset, _ in progressed], offsets)
        stats = call.avatar.stats
        assert stats["reconnections"] == 1
        assert 0 < stats["samples_said_again"] <= 4 * RATE
        # Every word arrives whole: its pitch is heard for its 0.6 s.
        assert min(heard_s(call.viewer.sound, 300 + 40 * n) for n in range(8)) >= 0.5
        around = {at: face for at, face in list(mirror.faces.items()) if abs(at - away) < 2 * RATE}
        assert len(around) > 60 and not jumps(around)


def heard_s(sound: NDArray[np.int16], pitch_hz: float) -> float:
    """For how long a pitch is the strongest."""
    size = round(0.05 * RATE)
    blocks = sound[: len(sound) // size * size].reshape(-1, size).astype(float)
    spectra = np.abs(np.fft.rfft(blocks * np.hanning(size)))
    strongest = spectra.argmax(axis=1) * RATE / size
    loud = np.abs(blocks).max(axis=1) > 1000
    return 0.05 * float((loud & (np.abs(strongest - pitch_hz) <= 20)).sum())


def restart(server: LiveKitServer) -> subprocess.Popen[bytes]:
    """Kill the server and start it again, as it was, on its port."""
    port = server.url.rpartition(":")[2]
    for process in psutil.Process().children():
        command = process.cmdline()
        if "--config" in command and f'"port": {port},' in Path(command[-1]).read_text():
            process.kill()
            process.wait()
            return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    raise AssertionError(f"no server on {port}")


async def test_a_server_that_is_restarted_finds_the_voice_where_it_was_last_heard(
    binary: Path,
) -> None:
    mirror = Mirror()
    with livekit_server(binary) as server, ExitStack() as stack:
        async with a_call(server, AvatarSession(renderer=mirror)) as call:
            started, finished = playback(call)
            speaking = asyncio.ensure_future(call.say(sentence(8.0)))
            await until(lambda: started and time.time() - started[0].created_at >= 2.0)
            again = restart(server)
            stack.callback(again.wait)
            stack.callback(again.kill)
            await speaking
            await until(lambda: not _loud_now(call))
            assert finished[0].playback_position == 8.0 and not finished[0].interrupted
            assert len(started) == len(finished) == 1
            assert call.avatar.stats["samples_said_again"] > 0
            assert min(heard_s(call.viewer.sound, 300 + 40 * n) for n in range(10)) >= 0.5
            assert not jumps(mirror.faces)


async def test_a_process_that_takes_anothers_place_goes_on_with_its_face(
    server: LiveKitServer,
) -> None:
    store: dict[str, str] = {}
    first, second = Mirror(), Mirror()
    async with a_call(server, AvatarSession(renderer=first, memory=store)) as call:
        await until(lambda: store)
        remembered = dict(store)
        avatar = AvatarSession(renderer=second, memory=remembered)
        kept = FaceState.from_dict(json.loads(remembered[call.name])["face"])
        room = rtc.Room()
        await room.connect(server.url, server.token(identity="next", room=call.name))
        try:
            await avatar.start(AgentSession(), room=room)
            await until(lambda: len(second.faces) > 40)
        finally:
            await avatar.aclose()
            await room.disconnect()
    shown = [second.faces[at] for at in sorted(second.faces)]
    assert np.allclose(shown[0].values, kept.values, atol=1e-6)
    assert not jumps(second.faces)
    assert not np.allclose(shown[-1].values, kept.values, atol=1e-3), "and comes to life"


async def test_another_codec_in_mid_call_does_not_reset_the_face(server: LiveKitServer) -> None:
    mirror = Mirror()
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        tracks = call.avatar._tracks
        assert tracks is not None and tracks.video is not None
        before = call.avatar.stats["frames_shown"]
        track = tracks.video.track
        assert isinstance(track, rtc.LocalVideoTrack)
        await call.room.local_participant.unpublish_track(tracks.video.sid)
        options = rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_CAMERA,
            video_codec=rtc.VideoCodec.VP9,
            simulcast=False,
            frame_metadata_features=[rtc.FrameMetadataFeature.FMF_USER_TIMESTAMP],
        )
        seen = len(call.viewer.seen)
        tracks.video = await call.room.local_participant.publish_track(track, options)
        await until(lambda: len(call.viewer.seen) >= seen + 30)
        samples = [sample for _, sample, _ in call.viewer.seen if sample is not None]
        assert all(later > earlier for earlier, later in pairwise(samples))
        assert call.avatar.stats["frames_shown"] > before
        assert not jumps(mirror.faces)


async def test_the_face_blinks_on_while_the_agents_loop_is_blocked(server: LiveKitServer) -> None:
    mirror = Mirror()
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        speaking = asyncio.ensure_future(call.say(hum(15.0)))
        await until(lambda: _loud_now(call) and blinks_soon(call))
        shown = call.avatar.stats["frames_shown"]
        begins = call.avatar._conductor.playhead
        time.sleep(2.0)  # noqa: ASYNC251 a tool call that blocks is the point
        ends = call.avatar._conductor.playhead
        assert call.avatar.stats["frames_shown"] - shown >= 50
        call.session.interrupt()
        await speaking
    meanwhile = {at: face for at, face in list(mirror.faces.items()) if begins <= at < ends}
    values = np.array([meanwhile[at].values for at in sorted(meanwhile)])
    assert len(values) >= 55
    head = values[:, INDEX["headYaw"] :]
    assert (np.abs(np.diff(head, axis=0)).max(axis=1) > 0).mean() > 0.9, "it breathes and sways"
    lids = values[:, INDEX["eyeBlinkLeft"]]
    assert lids.max() > 0.9 and lids.min() < 0.5


def blinks_soon(call: Call) -> bool:
    """Whether the face will blink within the next second and a half, if nothing stops it."""
    now = call.avatar._conductor.playhead
    ahead = range(now + RATE // 2, now + 3 * RATE // 2, RATE // 60)
    return any(call.avatar._face.at(sample)["eyeBlinkLeft"] > 0.9 for sample in ahead)
