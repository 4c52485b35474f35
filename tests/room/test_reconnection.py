"""Through reconnections and restarts the face goes on, and lost speech is replayed."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
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
from livekit_plugins_avatar.face.state import INDEX
from livekit_plugins_avatar.face.store import FileStore
from livekit_plugins_avatar.publish.sources import KEYFRAME_ROWS
from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.server import LiveKitServer, livekit_server
from livekit_plugins_avatar.tools.eval.continuity import Observed, jumps

from .conftest import DEADLINE_S, RATE, Call, Viewer, a_call, until
from .stand_ins import MADE_UP_MS, PERIOD, Grey, hum, loud_now, playback, quiet_ms

SIGNAL = rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT
FULL = rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT

RESUMED_MS = 250.0
"""Quiet while WebRTC finds its path anew: packets on the old one are lost, 180 ms of them at worst.
A voice that stopped would be quiet for as long as the signal is away, three seconds."""


@pytest.fixture
def binary() -> Path:
    return server_binary.provide()


WANTED = (256, 192)


def as_wanted(size: tuple[int, int]) -> bool:
    """Whether a picture has this size, or lacks its last rows to be a whole one."""
    return size in (WANTED, (WANTED[0], WANTED[1] - KEYFRAME_ROWS))


class Resizing(Grey):
    """Plain frames of whatever size is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = self.size

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        width, height = self.size = self.wanted
        return np.full((len(moments), height * 3 // 2, width), 128, np.uint8)


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
    mirror = Observed(Grey())
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        _, finished = playback(call)
        speaking = asyncio.ensure_future(call.say(hum(6.0)))
        await until(lambda: loud_now(call))
        await call.room.simulate_scenario(SIGNAL)
        await speaking
        await until(lambda: not loud_now(call))
        loud = call.viewer.loud()
        assert quiet_ms(call.viewer.sound[loud[0] : loud[-1]]) <= RESUMED_MS
        assert finished[0].playback_position == 6.0 and not finished[0].interrupted
        assert call.avatar.stats.samples_replayed == 0
        assert not jumps(mirror.faces, PERIOD)


async def test_what_a_full_reconnect_swallows_is_replayed_from_a_pause_and_the_face_goes_on(
    server: LiveKitServer,
) -> None:
    mirror = Observed(Grey())
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
        away = call.pipeline.playhead
        await call.room.simulate_scenario(FULL)
        await speaking
        await until(lambda: len(call.viewer.tasks) >= 4 and not loud_now(call))
        assert finished[0].playback_position == 6.4 and not finished[0].interrupted
        assert len(started) == len(finished) == 1
        offsets = [0.0, *np.cumsum([duration for _, duration in progressed])[:-1]]
        assert np.allclose([offset for offset, _ in progressed], offsets)
        stats = call.avatar.stats
        assert stats.reconnections == 1
        assert 0 < stats.samples_replayed <= 4 * RATE
        # Every word arrives whole: its pitch is heard for its 0.6 s.
        assert min(heard_s(call.viewer.sound, 300 + 40 * n) for n in range(8)) >= 0.5
        around = {at: face for at, face in list(mirror.faces.items()) if abs(at - away) < 2 * RATE}
        assert len(around) > 60 and not jumps(around, PERIOD)


async def test_a_second_full_reconnect_goes_back_no_further_than_the_first(
    server: LiveKitServer,
) -> None:
    """Minutes may lie between the two: what was heard in them is not lost."""
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        started, finished = playback(call)
        speaking = asyncio.ensure_future(call.say(sentence(12.8)))
        for at_s in (2.0, 9.0):
            await until(lambda at_s=at_s: started and time.time() - started[0].created_at >= at_s)  # type: ignore[misc]
            done = call.avatar.stats.reconnections
            await call.room.simulate_scenario(FULL)
            await until(lambda done=done: call.avatar.stats.reconnections > done)  # type: ignore[misc]
        await speaking
        assert finished[0].playback_position == 12.8 and not finished[0].interrupted
        # A second until the viewer subscribes, and back to a pause: word and pause take 0.8 s.
        assert 0 < call.avatar.stats.samples_replayed <= 2 * 3 * RATE


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
    mirror = Observed(Grey())
    with livekit_server(binary) as server, ExitStack() as stack:
        async with a_call(server, AvatarSession(renderer=mirror)) as call:
            started, finished = playback(call)
            speaking = asyncio.ensure_future(call.say(sentence(8.0)))
            await until(lambda: started and time.time() - started[0].created_at >= 2.0)
            again = restart(server)
            stack.callback(again.wait)
            stack.callback(again.kill)
            await speaking
            await until(lambda: not loud_now(call))
            assert finished[0].playback_position == 8.0 and not finished[0].interrupted
            assert len(started) == len(finished) == 1
            assert call.avatar.stats.samples_replayed > 0
            assert min(heard_s(call.viewer.sound, 300 + 40 * n) for n in range(10)) >= 0.5
            assert not jumps(mirror.faces, PERIOD)


async def test_a_process_that_takes_anothers_place_goes_on_with_its_face(
    server: LiveKitServer,
) -> None:
    store: dict[str, str] = {}
    first, second = Observed(Grey()), Observed(Grey())
    async with a_call(server, AvatarSession(renderer=first, face_store=store)) as call:
        await until(lambda: store)
        remembered = dict(store)
        avatar = AvatarSession(renderer=second, face_store=remembered)
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
    assert not jumps(second.faces, PERIOD)
    assert not np.allclose(shown[-1].values, kept.values, atol=1e-3), "and comes to life"


async def test_a_process_that_is_killed_is_followed_by_one_with_its_face(
    server: LiveKitServer, tmp_path: Path
) -> None:
    """Two real processes, one after the other, and nothing but a folder between them."""
    folder, name = tmp_path / "faces", "killed"
    viewer = Viewer(rtc.Room())
    viewer.room.on("track_subscribed", lambda track, publication, participant: viewer.watch(track))
    await viewer.room.connect(server.url, server.token(identity="viewer", room=name))
    processes = [await worker(server, name, folder)]
    try:
        await until(lambda: folder.exists() and len(viewer.seen) >= 60)
        processes[0].kill()
        await processes[0].wait()
        kept = FaceState.from_dict(json.loads(FileStore(folder)[name])["face"])
        seen = len(viewer.seen)
        processes.append(await worker(server, name, folder))
        drawn = await faces_drawn(processes[1], 60)
        await until(lambda: len(viewer.seen) >= seen + 60)
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
        for task in viewer.tasks:
            task.cancel()
        await viewer.room.disconnect()
    assert processes[0].returncode == -signal.SIGKILL
    first, *_, last = (drawn[at] for at in sorted(drawn))
    assert np.allclose(first.values, kept.values, atol=1e-6)
    assert not jumps(drawn, PERIOD)
    assert not np.allclose(last.values, kept.values, atol=1e-3), "and comes to life"


async def worker(server: LiveKitServer, name: str, folder: Path) -> asyncio.subprocess.Process:
    """An agent in a process of its own."""
    token = server.token(identity="agent", room=name)
    command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
    return await asyncio.create_subprocess_exec(
        *command, server.url, token, str(folder), stdout=asyncio.subprocess.PIPE, limit=1 << 20
    )


async def faces_drawn(process: asyncio.subprocess.Process, count: int) -> dict[int, FaceState]:
    """The first faces that a worker drew."""
    assert process.stdout is not None
    faces: dict[int, FaceState] = {}
    while len(faces) < count:
        line = await asyncio.wait_for(process.stdout.readline(), DEADLINE_S)
        assert line, "the worker ended"
        row = json.loads(line)
        faces[row["sample"]] = FaceState.from_dict(row["face"])
    return faces


async def test_another_codec_in_mid_call_does_not_reset_the_face(server: LiveKitServer) -> None:
    mirror = Observed(Grey())
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        tracks = call.pipeline.publisher.tracks
        assert tracks is not None and tracks.video is not None
        before = call.avatar.stats.frames_shown
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
        assert call.avatar.stats.frames_shown > before
        assert not jumps(mirror.faces, PERIOD)


async def test_another_size_in_mid_call_resets_neither_voice_nor_face(
    server: LiveKitServer,
) -> None:
    renderer = Resizing()
    mirror = Observed(renderer)
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        speaking = asyncio.ensure_future(call.say(hum(5.0)))
        await until(lambda: loud_now(call))
        renderer.wanted = WANTED
        await until(lambda: sum(map(as_wanted, call.viewer.sizes)) >= 30)
        await speaking
        await until(lambda: not loud_now(call))
        assert not as_wanted(call.viewer.sizes[0]), "it was another size before"
        samples = [sample for _, sample, _ in call.viewer.seen if sample is not None]
        assert all(later > earlier for earlier, later in pairwise(samples))
        loud = call.viewer.loud()
        assert quiet_ms(call.viewer.sound[loud[0] : loud[-1]]) <= MADE_UP_MS
        assert call.avatar.stats.render_failures == 0
        assert not jumps(mirror.faces, PERIOD)


async def test_the_face_blinks_on_while_the_agents_loop_is_blocked(server: LiveKitServer) -> None:
    mirror = Observed(Grey())
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        speaking = asyncio.ensure_future(call.say(hum(15.0)))
        await until(lambda: loud_now(call) and blinks_soon(call))
        shown = call.avatar.stats.frames_shown
        begins = call.pipeline.playhead
        time.sleep(2.0)  # noqa: ASYNC251 a tool call that blocks is the point
        ends = call.pipeline.playhead
        assert call.avatar.stats.frames_shown - shown >= 50
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
    now = call.pipeline.playhead
    ahead = range(now + RATE // 2, now + 3 * RATE // 2, RATE // 60)
    return any(call.pipeline.face.at(sample)["eyeBlinkLeft"] > 0.9 for sample in ahead)
