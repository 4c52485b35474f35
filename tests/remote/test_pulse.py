"""An agent reads from the memory of a worker how far it is, and takes no garbage."""

from __future__ import annotations

import asyncio
import os
from typing import Any, cast

import numpy as np
import pytest

from livekit_plugins_avatar.audio.relay import NoVoice, Relay
from livekit_plugins_avatar.remote.heartbeat import NEAR_S, Heartbeat
from livekit_plugins_avatar.remote.hired import Worker
from livekit_plugins_avatar.remote.link import Link
from livekit_plugins_avatar.remote.neighbour import this_process
from livekit_plugins_avatar.remote.protocol import Kind
from livekit_plugins_avatar.remote.pulse import BEAT, CHECK, Beat, Pulse, PulseReader
from livekit_plugins_avatar.remote.voice import RemoteVoice
from livekit_plugins_avatar.timeline import samples

from .sides import WORKER, Wire, WorkerSide

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has it")


def test_each_beat_is_read_once() -> None:
    """Also one like the last; none after the end."""
    pulse = Pulse()
    reader = PulseReader(os.getpid(), pulse.descriptor)
    assert reader.beat() is None
    for beat in (Beat(1, 0, 0), Beat(1, 2, 2**39), Beat(1, 2, 2**39)):
        pulse.write(beat)
        assert reader.beat() == beat
        assert reader.beat() is None
    pulse.close()
    pulse.close()
    pulse.write(Beat(9, 9, 9))
    assert reader.beat() is None
    reader.close()
    reader.close()
    assert reader.beat() is None


@pytest.mark.parametrize("said", [b"", b"x", bytes(40), bytes(range(BEAT.size + CHECK.size))])
def test_garbage_is_no_beat(said: bytes) -> None:
    pulse = Pulse()
    reader = PulseReader(os.getpid(), pulse.descriptor)
    os.pwrite(pulse.descriptor, said, 0)
    assert reader.beat() is None
    pulse.write(Beat(1, 2, 3))
    assert reader.beat() == Beat(1, 2, 3)
    os.ftruncate(pulse.descriptor, 3)
    assert reader.beat() is None
    reader.close()
    pulse.close()


def test_a_pipe_is_no_pulse() -> None:
    """It neither blocks nor is read."""
    out, into = os.pipe()
    reader = PulseReader(os.getpid(), out)
    assert reader.beat() is None
    reader.close()
    os.close(out)
    os.close(into)


class Near:
    """A worker of this process that speaks, as its agent sees it."""

    def __init__(self, pulse: object) -> None:
        self.link = Link(
            Wire().as_room, WORKER, on_message=lambda _: None, on_fault=lambda _: None, hello=False
        )
        self.relay = Relay(NoVoice(), on_events=lambda _: None, wall_s=lambda: 0.0)
        voice = RemoteVoice(self.link, self.relay, now_s=lambda: 0.0)
        self.worker = Worker(cast(Any, None), self.link, voice, Heartbeat(0.0))
        self.worker.is_process(this_process(), pulse, lambda: None)
        self.link.begin(1)
        self.relay.push_audio(np.ones(samples(9.0), np.int16))
        self.relay.use(voice)


@pytest.mark.parametrize("pulse", [None, "7", -1, 10**9, 10**30])
async def test_a_worker_without_a_pulse(pulse: object) -> None:
    near = Near(pulse)
    near.worker.look(NEAR_S)
    assert near.worker.near and near.worker.pulse is None
    await near.worker.aclose()


async def test_a_worker_whose_messages_are_late_is_not_given_up() -> None:
    """Its pulse tells that it lives and how much was heard, one of another epoch only the first."""
    pulse = Pulse()
    near = Near(pulse.descriptor)
    worker, later_s = near.worker, 2 * NEAR_S
    pulse.write(Beat(1, 0, samples(0.5)))
    worker.look(later_s)
    assert near.relay.heard_to == (0, samples(0.5)) and worker.voice.primed
    assert not worker.heart.silent(later_s + 1.0, speaking=True)
    pulse.write(Beat(7, 0, samples(0.9)))
    worker.look(2 * later_s)
    assert near.relay.heard_to == (0, samples(0.5))
    worker.look(3 * later_s)
    assert worker.heart.silent(3 * later_s, speaking=True)
    await worker.aclose()
    worker.look(3 * later_s)
    pulse.close()


async def test_a_worker_writes_while_it_speaks() -> None:
    """More often than it sends beats; what it is ready with names the memory."""
    side = WorkerSide()
    await asyncio.sleep(0.05)
    [ready, *_] = await side.wire.take(Kind.READY)
    reader = PulseReader(os.getpid(), ready.body["pulse"])
    agent = Link(
        side.wire.as_room, WORKER, on_message=lambda _: None, on_fault=lambda _: None, hello=False
    )
    sent: list[bytes] = []
    side.wire.on_send = sent.append
    agent.open()
    agent.begin(1)
    agent.send(Kind.HELLO, rate=48_000, paused=False, told=[], near=True)
    agent.send_audio(0, 0, np.ones(7_200, np.int16))
    await asyncio.sleep(0.02)
    side.wire.on_send = lambda _: None
    for message in list(sent):
        side.give(message)
    beats = []
    for _ in range(60):
        await asyncio.sleep(0.01)
        beats.append(reader.beat())
    assert len([each for each in beats if each is not None and each.epoch == 1]) >= 4
    reader.close()
    await agent.aclose()
    await side.aclose()
