"""A participant's view of renderers that stall and die, and of a TTS that delivers in bursts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
from livekit import rtc

from livekit_plugins_avatar import AvatarSession, Moment
from livekit_plugins_avatar.timeline import SystemClock
from livekit_plugins_avatar.tools.demo.server import LiveKitServer
from livekit_plugins_avatar.tools.eval.faults.renderer import FaultyRenderer
from livekit_plugins_avatar.tools.eval.faults.script import Fault, each
from livekit_plugins_avatar.tools.eval.faults.voice import in_bursts

from .conftest import RATE, a_call, until
from .stand_ins import (
    FULL,
    MADE_UP_MS,
    PERIOD,
    Grey,
    heard_length_s,
    heard_quiet_ms,
    hum,
    loud_now,
    playback,
)

STALL_AT_S, STALL_S = 1.0, 5.0
DEATHS, DEATH_S, EVERY_S, DEATHS_FROM_S = 20 if FULL else 3, 0.45, 1.0, 7.0
BACK_S = 1.0
"""A renderer that works again is seen within this time."""

FROZEN_S = 0.5
"""No viewer is without frames for longer."""

BURST_S, DRY_S, BURSTS = 0.53, 0.7, 3

STEEPEST = 1_500
"""From one sample to the next; the tone itself makes steps of 630, a cut of it one of 12,000."""


def shade(moment: Moment) -> int:
    """Another grey for each of eight frames, so that a frame that is sent again can be told."""
    return 60 + 16 * (moment.start // PERIOD % 8)


async def test_a_renderer_that_fails_again_and_again_costs_no_sound(server: LiveKitServer) -> None:
    """It stalls for 5 s and raises for 0.45 s at a time; the face is back within 1 s of each."""
    length_s = DEATHS_FROM_S + DEATHS * EVERY_S + 1.0
    script = (
        Fault(STALL_AT_S, "stall", STALL_S),
        *each(
            "death",
            every_s=EVERY_S,
            length_s=DEATH_S,
            first_s=DEATHS_FROM_S,
            until_s=length_s - 1.0,
        ),
    )
    renderer = FaultyRenderer(Grey(shade), script)
    async with a_call(server, AvatarSession(renderer=renderer)) as call:
        _, finished = playback(call)
        first = len(call.viewer.seen)
        renderer.origin = call.pipeline.playhead
        await call.say(hum(length_s))
        await until(lambda: not loud_now(call))
        assert renderer.stalls == 1 and renderer.deaths >= DEATHS
        assert finished[0].playback_position == length_s
        assert abs(heard_length_s(call) - length_s) <= 0.1
        assert heard_quiet_ms(call) <= MADE_UP_MS
        seen = call.viewer.seen[first:]
    shown_s = np.array([sample for _, sample, _ in seen if sample is not None]) / RATE
    assert len(shown_s) == len(seen) and np.diff(shown_s).max() <= FROZEN_S
    grey = np.array([luma for _, _, luma in seen])
    new_s = shown_s[1:][np.abs(np.diff(grey)) > 6]
    still_s = np.sort(np.diff(new_s))
    assert STALL_S - 1.0 <= still_s[-1] <= STALL_S + BACK_S
    assert still_s[-2] <= DEATH_S + BACK_S
    assert (still_s > DEATH_S / 3).sum() >= DEATHS, "each death was seen"


async def test_a_tts_that_runs_dry_is_heard_whole(server: LiveKitServer) -> None:
    """Its bursts end within a phone; they are heard without a click, and gaps are as long as its
    own."""
    tone = hum(BURST_S * BURSTS)

    async def frames() -> AsyncIterator[rtc.AudioFrame]:
        for first in range(0, len(tone), RATE // 100):
            piece = tone[first : first + RATE // 100]
            yield rtc.AudioFrame(piece.tobytes(), RATE, 1, len(piece))

    async def settle() -> AsyncIterator[rtc.AudioFrame]:
        yield rtc.AudioFrame(hum(1.0).tobytes(), RATE, 1, RATE)

    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        # A receiver stretches or shortens the first sound of a call as it learns its delays.
        await call.session.say("words", audio=settle(), add_to_chat_ctx=False)
        await until(lambda: len(call.viewer.loud()) and not loud_now(call))
        before = len(call.viewer.sound)
        _, finished = playback(call)
        bursts = in_bursts(frames(), burst_s=BURST_S, gap_s=BURST_S + DRY_S, clock=SystemClock())
        await call.session.say("words", audio=bursts, add_to_chat_ctx=False)
        await until(lambda: not loud_now(call))
        loud = call.viewer.loud(300)
        loud = loud[loud >= before]
        sound = call.viewer.sound.astype(int)
    assert len(finished) == 1 and not finished[0].interrupted
    assert abs(finished[0].playback_position - BURST_S * BURSTS) < 0.001
    pauses_s = np.diff(loud)[np.diff(loud) > RATE // 10] / RATE
    assert len(pauses_s) == BURSTS - 1
    assert np.abs(pauses_s - DRY_S).max() <= 0.05
    heard_s = (loud[-1] - loud[0]) / RATE - pauses_s.sum()
    assert abs(heard_s - BURST_S * BURSTS) <= 0.05
    assert np.abs(np.diff(sound)).max() <= STEEPEST
