"""Through reconnections and restarts the face goes on, and lost speech is said again."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import signal
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
from livekit import rtc
from livekit.agents import AgentSession
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession, FaceState, Moment
from livekit_plugins_avatar.face.store import FileStore
from livekit_plugins_avatar.publish.sources import KEYFRAME_ROWS
from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.server import LiveKitServer, livekit_server
from livekit_plugins_avatar.tools.eval.continuity import Observed, jumps

from .conftest import RATE, Call, Viewer, a_call, until
from .processes import exit_code, forked, lasting
from .stand_ins import (
    MADE_UP_MS,
    PERIOD,
    Grey,
    heard_quiet_ms,
    hum,
    loud_now,
    playback,
    speaks,
)

SIGNAL = rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT
FULL_RECONNECT = rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT

RESUMED_MS = 200.0
"""Quiet while WebRTC finds a new path: packets on the old one are lost (docs/reliability.md). A
voice that stopped would be quiet as long as the signal is away, three seconds."""

LOST_S = 2.0
"""The server and a new subscription take less than this."""

WORD_S, PAUSE_S = 0.6, 0.2

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
    """Words with pauses between them, each at a pitch of its own."""
    words = []
    for n in range(round(length_s / (WORD_S + PAUSE_S))):
        t = np.arange(round(WORD_S * RATE)) / RATE
        words += [12_000 * np.sin(2 * np.pi * (300 + 40 * n) * t), np.zeros(round(PAUSE_S * RATE))]
    return np.concatenate(words).astype(np.int16)


async def test_a_resumed_connection_stops_nothing(server: LiveKitServer) -> None:
    """When only the signal connection is lost, nothing is said twice and the face does not jump."""
    mirror = Observed(Grey())
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        _, finished = playback(call)
        speaking = asyncio.ensure_future(call.say(hum(5.0)))
        await until(lambda: loud_now(call))
        await call.room.simulate_scenario(SIGNAL)
        await speaking
        await until(lambda: not loud_now(call))
        assert heard_quiet_ms(call) <= RESUMED_MS
        assert finished[0].playback_position == 5.0 and not finished[0].interrupted
        assert call.avatar.stats.samples_replayed == 0
        assert not jumps(mirror.faces, PERIOD)


async def test_full_reconnects_lose_no_word(server: LiveKitServer) -> None:
    """Speech goes back to the pause before what was lost, each time no further than it must."""
    mirror, length_s = Observed(Grey()), 8.0
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        started, finished = playback(call)
        progressed: list[tuple[float, float]] = []
        output = call.session.output.audio
        assert output is not None
        output.on(
            "playback_progressed",
            lambda event: progressed.append((event.offset, event.duration)),
        )
        speaking = asyncio.ensure_future(call.say(sentence(length_s)))
        replayed = [0]
        for at_s in (2.0, 7.0):
            await speaks(started, at_s)
            done, away = call.avatar.stats.reconnections, call.pipeline.playhead
            await call.room.simulate_scenario(FULL_RECONNECT)
            await until(lambda done=done: call.avatar.stats.reconnections > done)  # type: ignore[misc]
            await until(lambda: call.avatar.stats.samples_replayed > replayed[-1])
            replayed.append(call.avatar.stats.samples_replayed)
            await until(lambda away=away: call.pipeline.playhead >= away + 2 * RATE)  # type: ignore[misc]
            around = {
                at: face for at, face in list(mirror.faces.items()) if abs(at - away) < 2 * RATE
            }
            assert len(around) > 60 and not jumps(around, PERIOD)
        await speaking
        await until(lambda: not loud_now(call))
        assert finished[0].playback_position == length_s and not finished[0].interrupted
        assert len(started) == len(finished) == 1
        offsets = [0.0, *np.cumsum([duration for _, duration in progressed])[:-1]]
        assert np.allclose([offset for offset, _ in progressed], offsets)
        assert np.diff(replayed).max() <= (LOST_S + WORD_S + PAUSE_S) * RATE
        assert unheard(call, length_s) == []


async def test_a_restarted_server_loses_no_word() -> None:
    """The voice goes on where it was last heard."""
    mirror, length_s = Observed(Grey()), 6.4
    with livekit_server(server_binary.provide()) as server, ExitStack() as stack:
        async with a_call(server, AvatarSession(renderer=mirror)) as call:
            started, finished = playback(call)
            speaking = asyncio.ensure_future(call.say(sentence(length_s)))
            await speaks(started, 2.0)
            again = restart(server)
            stack.callback(again.wait)
            stack.callback(again.kill)
            await speaking
            await until(lambda: not loud_now(call))
            assert finished[0].playback_position == length_s and not finished[0].interrupted
            assert len(started) == len(finished) == 1
            assert call.avatar.stats.samples_replayed > 0
            assert unheard(call, length_s) == []
            assert not jumps(mirror.faces, PERIOD)


def unheard(call: Call, length_s: float) -> list[int]:
    """The words of a sentence that the viewer has not heard whole."""
    words = range(round(length_s / (WORD_S + PAUSE_S)))
    return [n for n in words if heard_s(call.viewer.sound, 300 + 40 * n) < WORD_S - 0.1]


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


async def test_another_process_goes_on_with_the_face(server: LiveKitServer) -> None:
    """It begins with the face that the first one saved, and moves on from it."""
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


async def test_a_killed_process_leaves_its_face(server: LiveKitServer, tmp_path: Path) -> None:
    """The next process finds it in a folder, all that the two have in common."""
    folder, name = tmp_path / "faces", "killed"
    viewer = Viewer(rtc.Room())
    viewer.room.on("track_subscribed", lambda track, publication, participant: viewer.watch(track))
    await viewer.room.connect(server.url, server.token(identity="viewer", room=name))
    here, there = multiprocessing.Pipe(duplex=False)
    agent = (lasting, server.url, server.token(identity="agent", room=name), str(folder), there)
    try:
        async with forked(*agent) as first:
            await until(lambda: folder.exists() and len(viewer.seen) >= 60)
            first.kill()
            assert await exit_code(first) == -signal.SIGKILL
        kept = FaceState.from_dict(json.loads(FileStore(folder)[name])["face"])
        seen = len(viewer.seen)
        while here.poll():
            here.recv()
        async with forked(*agent):
            drawn = dict([await asyncio.to_thread(here.recv) for _ in range(60)])
            await until(lambda: len(viewer.seen) >= seen + 60)
    finally:
        for task in viewer.tasks:
            task.cancel()
        await viewer.room.disconnect()
    begun, *_, last = (drawn[at] for at in sorted(drawn))
    assert np.allclose(begun.values, kept.values, atol=1e-6)
    assert not jumps(drawn, PERIOD)
    assert not np.allclose(last.values, kept.values, atol=1e-3), "and comes to life"


async def test_another_codec_in_mid_call_keeps_the_face(server: LiveKitServer) -> None:
    """The frames' samples go on, and the face does not jump."""
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


async def test_another_size_in_mid_call_keeps_voice_and_face(server: LiveKitServer) -> None:
    """The sound has no gap, the frames' samples go on, and the face does not jump."""
    renderer = Resizing()
    mirror = Observed(renderer)
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        speaking = asyncio.ensure_future(call.say(hum(3.0)))
        await until(lambda: loud_now(call))
        renderer.wanted = WANTED
        await until(lambda: sum(map(as_wanted, call.viewer.sizes)) >= 30)
        await speaking
        await until(lambda: not loud_now(call))
        assert not as_wanted(call.viewer.sizes[0]), "it was another size before"
        samples = [sample for _, sample, _ in call.viewer.seen if sample is not None]
        assert all(later > earlier for earlier, later in pairwise(samples))
        assert heard_quiet_ms(call) <= MADE_UP_MS
        assert call.avatar.stats.render_failures == 0
        assert not jumps(mirror.faces, PERIOD)
