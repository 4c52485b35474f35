"""What a participant hears and sees of an agent with a face, over a real server."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest

from livekit_plugins_avatar import AvatarSession, Moment
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .conftest import RATE, a_call, until
from .stand_ins import MADE_UP_MS, PERIOD, Grey, hum, loud_now, playback, quiet_ms


async def test_sound_arrives_whole_and_frames_arrive_for_their_samples(
    server: LiveKitServer,
) -> None:
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        await call.say(hum(4.0))
        await until(lambda: len(call.viewer.loud()) and not loud_now(call))
        loud = call.viewer.loud()
        assert abs((loud[-1] - loud[0]) / RATE - 4.0) <= 0.1
        assert quiet_ms(call.viewer.sound[loud[0] : loud[-1]]) <= MADE_UP_MS
        samples = [sample for _, sample, _ in call.viewer.seen]
        assert all(sample is not None and sample % PERIOD == 0 for sample in samples)
        steps = np.diff(np.array(samples, dtype=np.int64))
        assert (steps > 0).all()
        assert (steps == PERIOD).mean() >= 0.9


async def test_a_renderer_that_stalls_and_one_that_hangs_cost_no_sound(
    server: LiveKitServer, caplog: pytest.LogCaptureFixture
) -> None:
    release = threading.Event()

    def stalls(moment: Moment) -> int:
        if moment.start // PERIOD % 90 == 45:
            time.sleep(0.4)
        return 100

    def hangs(moment: Moment) -> int:
        if moment.start > 2 * RATE:
            release.wait()
        return 100

    async def speak(avatar: AvatarSession) -> tuple[float, float, float]:
        async with a_call(server, avatar) as call:
            started, finished = playback(call)
            await call.say(hum(40.0))
            took_s = time.time() - started[0].created_at
            assert finished[0].playback_position == 40.0
            await until(lambda: not loud_now(call))
            loud = call.viewer.loud()
            quiet = quiet_ms(call.viewer.sound[loud[0] : loud[-1]])
            return took_s, (loud[-1] - loud[0]) / RATE, quiet

    try:
        results = await asyncio.gather(
            speak(AvatarSession(renderer=Grey(stalls))), speak(AvatarSession(renderer=Grey(hangs)))
        )
    finally:
        release.set()
    for took_s, heard_s, quiet in results:
        # LiveKit's `AvatarRunner` takes 43.9 s for this; a slow machine alone adds 0.6.
        assert abs(took_s - 40.0) <= 1.0
        assert abs(heard_s - 40.0) <= 1.0
        assert quiet <= 2 * MADE_UP_MS
    hung = [record for record in caplog.records if "has not answered" in record.message]
    assert len(hung) == 1


async def test_after_a_clear_at_most_60_ms_are_heard_and_the_position_is_true(
    server: LiveKitServer,
) -> None:
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        started, finished = playback(call)
        before_s = await call.viewer.made_up_s()
        speaking = asyncio.ensure_future(call.say(hum(10.0)))
        await until(lambda: started and time.time() - started[0].created_at >= 1.5)
        cleared_s = time.time()
        call.session.interrupt()
        await speaking
        await until(lambda: finished and not loud_now(call))
        made_up_s = await call.viewer.made_up_s() - before_s
        played_at_clear_s = cleared_s - started[0].created_at
        position_s = finished[0].playback_position
        loud = call.viewer.loud(300)
        heard_s = (loud[-1] - loud[0]) / RATE
        assert finished[0].interrupted and len(finished) == 1
        assert position_s - played_at_clear_s <= 0.060
        assert abs(heard_s - position_s) <= 0.020 + abs(made_up_s)


async def test_a_blocked_agent_loop_stops_neither_voice_nor_face(server: LiveKitServer) -> None:
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        speaking = asyncio.ensure_future(call.say(hum(4.0)))
        await until(lambda: loud_now(call))
        skipped = call.avatar.stats.underrun_samples
        time.sleep(2.0)  # noqa: ASYNC251 a tool call that blocks is the point
        await speaking
        await until(lambda: not loud_now(call))
        loud = call.viewer.loud()
        assert quiet_ms(call.viewer.sound[loud[0] : loud[-1]]) <= MADE_UP_MS
        assert call.avatar.stats.underrun_samples - skipped <= RATE * 0.02


async def test_the_playhead_and_the_native_count_of_samples_stay_together(
    server: LiveKitServer,
) -> None:
    """WebRTC counts what it takes from the source, with the silence that the source makes up."""
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        tracks, conductor = call.pipeline.publisher.tracks, call.pipeline.publisher.conductor
        assert tracks is not None and tracks.audio is not None and tracks.audio.track is not None
        apart_s: list[float] = []
        for _ in range(24):
            asked = conductor.playhead
            await until(lambda asked=asked: conductor.playhead >= asked + RATE // 4)  # type: ignore[misc]
            reports = await tracks.audio.track.get_stats()
            own = conductor.playhead + call.avatar.stats.underrun_samples
            [native_s] = [
                report.media_source.audio.total_samples_duration
                for report in reports
                if report.WhichOneof("stats") == "media_source"
            ]
            apart_s.append(native_s - own / RATE)
        # Reports are up to 50 ms old: medians tell.
        drift_s = np.median(apart_s[12:]) - np.median(apart_s[:12])
        assert abs(drift_s) <= 0.02, apart_s


async def test_closing_leaves_the_agent_in_the_room_and_gives_the_output_back(
    server: LiveKitServer,
) -> None:
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        await call.avatar.aclose()
        await call.avatar.aclose()
        assert call.room.isconnected()
        remote = call.viewer.room.remote_participants["agent"]
        ours = {"avatar-voice", "avatar-face"}
        await until(lambda: not ours & {each.name for each in remote.track_publications.values()})
        assert "agent" in call.viewer.room.remote_participants
