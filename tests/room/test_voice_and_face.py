"""What a participant hears and sees of an agent with a face."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest

from livekit_plugins_avatar import AvatarError, AvatarSession, Moment, PersonaError
from livekit_plugins_avatar.face.state import INDEX
from livekit_plugins_avatar.tools.demo.server import LiveKitServer
from livekit_plugins_avatar.tools.eval.continuity import Observed

from .conftest import RATE, Call, a_call, until
from .stand_ins import (
    FULL,
    MADE_UP_MS,
    PERIOD,
    Grey,
    heard_length_s,
    heard_quiet_ms,
    hum,
    loud_now,
    machine_steady,
    playback,
    speaks,
)

STALLED_SPEECH_S = 40.0 if FULL else 9.0
"""LiveKit's `AvatarRunner` takes 10 % longer to say it beside a renderer that stalls."""

BLOCKED_S = 2.0


async def test_speech_arrives_whole(server: LiveKitServer) -> None:
    """The sound has no gap, and each frame names the sample that it was drawn for."""
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        await call.say(hum(4.0))
        await until(lambda: len(call.viewer.loud()) and not loud_now(call))
        assert abs(heard_length_s(call) - 4.0) <= 0.1
        assert heard_quiet_ms(call) <= MADE_UP_MS
        samples = [sample for _, sample, _ in call.viewer.seen]
        assert all(sample is not None and sample % PERIOD == 0 for sample in samples)
        steps = np.diff(np.array(samples, dtype=np.int64))
        assert (steps > 0).all()
        assert (steps == PERIOD).mean() >= 0.9


async def test_a_stalled_renderer_costs_no_sound(
    server: LiveKitServer, caplog: pytest.LogCaptureFixture
) -> None:
    """One that hangs for good costs none either, and the log says so once."""
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
            await call.say(hum(STALLED_SPEECH_S))
            took_s = time.time() - started[0].created_at
            assert finished[0].playback_position == STALLED_SPEECH_S
            await until(lambda: not loud_now(call))
            return took_s, heard_length_s(call), heard_quiet_ms(call)

    try:
        results = await asyncio.gather(
            speak(AvatarSession(renderer=Grey(stalls))), speak(AvatarSession(renderer=Grey(hangs)))
        )
    finally:
        release.set()
    for took_s, heard_s, quiet_ms in results:
        assert abs(took_s - STALLED_SPEECH_S) <= 0.2
        assert abs(heard_s - STALLED_SPEECH_S) <= 0.2
        assert quiet_ms <= MADE_UP_MS
    hung = [record for record in caplog.records if "has not answered" in record.message]
    assert len(hung) == 1


async def test_an_interruption_is_heard_at_once(server: LiveKitServer) -> None:
    """At most 60 ms are heard after it, and the position reported is what was heard."""
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        started, finished = playback(call)
        before_s = await call.viewer.made_up_s()
        speaking = asyncio.ensure_future(call.say(hum(10.0)))
        await speaks(started, 1.5)
        cleared_s = time.time()
        call.session.interrupt()
        await speaking
        await until(lambda: finished and not loud_now(call))
        made_up_s = await call.viewer.made_up_s() - before_s
        loud = call.viewer.loud(300)
        heard_s = (loud[-1] - loud[0]) / RATE
        position_s = finished[0].playback_position
        assert finished[0].interrupted and len(finished) == 1
        assert position_s - (cleared_s - started[0].created_at) <= 0.060
        assert abs(heard_s - position_s) <= 0.020 + abs(made_up_s)


async def test_a_blocked_loop_stops_neither_voice_nor_face(server: LiveKitServer) -> None:
    """While a tool call blocks the agent's event loop, the voice has no gap and the face blinks.

    A process that is stopped, or gets no processor, cannot speak either: one such try counts not.
    """
    with machine_steady() as steady:
        try:
            return await speak_while_blocked(server)
        except AssertionError:
            if steady():
                raise
    await speak_while_blocked(server)


async def speak_while_blocked(server: LiveKitServer) -> None:
    mirror = Observed(Grey())
    async with a_call(server, AvatarSession(renderer=mirror)) as call:
        speaking = asyncio.ensure_future(call.say(hum(15.0)))
        await until(lambda: loud_now(call) and blinks_soon(call))
        before, begins = call.avatar.stats, call.pipeline.playhead
        time.sleep(BLOCKED_S)  # noqa: ASYNC251 a tool call that blocks is the point
        after, ends = call.avatar.stats, call.pipeline.playhead
        await until(lambda: call.pipeline.playhead >= ends + RATE)
        call.session.interrupt()
        await speaking
        await until(lambda: not loud_now(call))
        assert heard_quiet_ms(call) <= MADE_UP_MS
    assert after.frames_shown - before.frames_shown >= 50
    assert after.underrun_samples - before.underrun_samples <= RATE * 0.02
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


async def test_the_playhead_follows_the_audio_source(server: LiveKitServer) -> None:
    """WebRTC counts what it takes from the source, with the silence that the source makes up."""
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        tracks, conductor = call.pipeline.publisher.tracks, call.pipeline.publisher.conductor
        assert tracks is not None and tracks.audio is not None and tracks.audio.track is not None
        apart_s: list[float] = []
        for _ in range(20):
            asked = conductor.playhead
            await until(lambda asked=asked: conductor.playhead >= asked + RATE // 5)  # type: ignore[misc]
            reports = await tracks.audio.track.get_stats()
            own = conductor.playhead + call.avatar.stats.underrun_samples
            [native_s] = [
                report.media_source.audio.total_samples_duration
                for report in reports
                if report.WhichOneof("stats") == "media_source"
            ]
            apart_s.append(native_s - own / RATE)
        # Reports are up to 50 ms old, more if this process was stopped: the freshest tell.
        drift_s = max(apart_s[10:]) - max(apart_s[:10])
        assert abs(drift_s) <= 0.02, apart_s


async def test_another_face_in_mid_speech(server: LiveKitServer) -> None:
    """It fades in while the sound goes on without a gap."""
    async with a_call(server, AvatarSession("sketch")) as call:
        speaking = asyncio.ensure_future(call.say(hum(2.0)))
        await until(lambda: loud_now(call))
        before = call.viewer.seen[-1][2]
        await call.avatar.use("woman", style="lively")
        await speaking
        await until(lambda: len(call.viewer.loud()) and not loud_now(call))
        await until(lambda: abs(call.viewer.seen[-1][2] - before) > 10)  # It is another picture.
        assert abs(heard_length_s(call) - 2.0) <= 0.1
        assert heard_quiet_ms(call) <= MADE_UP_MS
        with pytest.raises(PersonaError, match="no persona file"):
            await call.avatar.use("missing.onnx")
    with pytest.raises(AvatarError, match="closed"):
        await call.avatar.use("man")


async def test_closing_leaves_the_agent_in_the_room(server: LiveKitServer) -> None:
    """The avatar may be closed twice; its tracks go, the agent stays."""
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        await call.avatar.aclose()
        await call.avatar.aclose()
        assert call.room.isconnected()
        remote = call.viewer.room.remote_participants["agent"]
        ours = {"avatar-voice", "avatar-face"}
        await until(lambda: not ours & {each.name for each in remote.track_publications.values()})
        assert "agent" in call.viewer.room.remote_participants
