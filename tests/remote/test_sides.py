"""The two sides of a remote avatar, joined without a room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from livekit_plugins_avatar.audio.relay import Relay
from livekit_plugins_avatar.audio.speech import TimedText
from livekit_plugins_avatar.face.situation import Target
from livekit_plugins_avatar.pipeline import Pipeline
from livekit_plugins_avatar.remote.calls import Caller
from livekit_plugins_avatar.remote.link import Link
from livekit_plugins_avatar.remote.listener import MOST_WAIT_S, AgentsMemory
from livekit_plugins_avatar.remote.protocol import Kind, Message
from livekit_plugins_avatar.remote.voice import RemoteVoice
from livekit_plugins_avatar.timeline import SAMPLE_RATE, SystemClock, samples, seconds

from .sides import AGENT, WORKER, Wire, WorkerSide


class AgentSide:
    """The agent's link, relay and remote voice."""

    def __init__(self, worker: WorkerSide) -> None:
        self.worker = worker
        self.wire = Wire()
        self.faults: list[str] = []
        self.link = Link(
            self.wire.as_room,
            WORKER,
            on_message=self._take,
            on_fault=self.faults.append,
            hello=False,
        )
        self.link.open()
        self.caller = Caller(lambda name, args: self.link.send(Kind.TELL, name=name, args=args))
        self.events: list[object] = []
        self.now_s = 0.0
        silent = RemoteVoice(self.link, Relay.__new__(Relay), now_s=lambda: self.now_s)
        self.relay = Relay(
            silent,
            on_events=lambda events: self.events.extend(event for event, _ in events),
            wall_s=lambda: 0.0,
        )
        self.voice = RemoteVoice(self.link, self.relay, now_s=lambda: self.now_s)
        self.ready = False

    def _take(self, message: Message) -> None:
        self.ready |= message.kind is Kind.READY
        self.voice.take(message)

    def hello(self, epoch: int, *, paused: bool) -> None:
        told = self.caller.told()
        self.link.begin(epoch)
        self.link.send(Kind.HELLO, rate=SAMPLE_RATE, paused=paused, told=told, near=False)
        self.voice.stop()

    def greet(self, epoch: int) -> None:
        self.hello(epoch, paused=self.relay.paused)
        self.relay.use(self.voice)

    def say(self, seconds: float) -> None:
        """Say one whole segment."""
        self.relay.open_segment()
        self.relay.push_audio(np.full(samples(seconds), 5_000, np.int16))
        self.relay.end_segment()

    @property
    def positions(self) -> list[int]:
        """Where each segment was finished, in samples."""
        return [each.position for each in self.events if hasattr(each, "position")]

    async def close(self) -> None:
        await self.link.aclose()


@pytest.fixture
async def worker() -> AsyncIterator[WorkerSide]:
    side = WorkerSide()
    yield side
    await side.aclose()


@pytest.fixture
async def agent(worker: WorkerSide) -> AsyncIterator[AgentSide]:
    side = AgentSide(worker)
    # What one sends the other gets at once, in order.
    worker.wire.on_send = lambda data: side.link.take(WORKER, data)
    side.wire.on_send = lambda data: worker.give(data, AGENT)
    yield side
    await side.close()


async def flow() -> None:
    """Let both links send."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_speech_and_its_words_arrive_whole(worker: WorkerSide, agent: AgentSide) -> None:
    """Two segments are played one after the other, with their text, and finish with positions."""
    agent.greet(1)
    agent.relay.open_segment()
    agent.relay.push_audio(np.full(samples(0.5), 5_000, np.int16))
    agent.relay.timed_text([TimedText("hello", 0.1)])
    agent.relay.end_segment()
    agent.say(0.2)
    await flow()
    sound = await worker.play(1.0)
    await flow()
    assert (np.abs(sound) > 2_500).sum() >= samples(0.69)
    assert ("text", TimedText("hello", 0.1)) in worker.notes.notes
    kinds = [type(each).__name__ for each in agent.events]
    assert kinds.count("Started") == kinds.count("Finished") == 2
    assert agent.positions == [samples(0.5), samples(0.2)]
    assert not agent.faults


async def test_an_interruption_overtakes_nothing(worker: WorkerSide, agent: AgentSide) -> None:
    """What was said before it is cut, with a true position; what is said after it is heard."""
    agent.greet(1)
    agent.say(2.0)
    await flow()
    await worker.play(0.5)
    agent.relay.clear()
    agent.say(0.3)
    await flow()
    await worker.play(1.0)
    await flow()
    positions = agent.positions
    assert samples(0.5) <= positions[0] <= samples(0.56) and positions[1:] == [samples(0.3)]


async def test_a_new_epoch_goes_on_from_what_was_heard(
    worker: WorkerSide, agent: AgentSide
) -> None:
    """After messages were lost, no sample is lost or said twice, and no segment finishes twice."""
    agent.greet(1)
    agent.say(1.0)
    await flow()
    await worker.play(0.4)
    worker.conversation._send_beat()
    await flow()
    agent.link._number += 1
    agent.link.send(Kind.TELL, name="end_text", args=[])
    await flow()
    agent.greet(2)
    await flow()
    await worker.play(1.0)
    await flow()
    positions = agent.positions
    assert positions == [samples(1.0)]


async def test_a_new_epoch_ends_what_was_cut(worker: WorkerSide, agent: AgentSide) -> None:
    """An interruption whose report was lost leaves no segment open."""
    agent.greet(1)
    agent.say(1.0)
    await flow()
    await worker.play(0.4)
    agent.relay.clear()
    agent.greet(2)
    assert len([each for each in agent.events if hasattr(each, "position")]) == 1


async def test_what_still_holds_is_told_to_a_worker_that_comes(
    worker: WorkerSide, agent: AgentSide
) -> None:
    """It learns who is there, what the agent does, and where it was told to look."""
    caller = agent.caller
    caller.participant_joined(0, "ann")
    caller.participant_joined(0, "bob")
    caller.participant_left(0, "bob")
    caller.agent_state(0, "listening")
    caller.set_seat(0, "ann", 0.2)
    caller.look_at(0, caller.target_of("ann", None, None))
    agent.greet(1)
    await flow()
    status = worker.pipeline.status
    assert worker.pipeline.gaze.target_of("ann", None, None) == Target("ann", 0.2, 0.0)
    assert status.looking_at in ("ann", "camera")
    with pytest.raises(ValueError, match="bob"):
        caller.target_of("bob", None, None)
    with pytest.raises(ValueError, match="strength"):
        caller.express("warm", 2.0)
    with pytest.raises(ValueError, match="emotion"):
        caller.express("bored", 1.0)


async def test_goodbye_ends_the_job(worker: WorkerSide, agent: AgentSide) -> None:
    agent.greet(1)
    agent.link.send(Kind.BYE)
    await flow()
    assert worker.over


def test_the_agent_keeps_the_face() -> None:
    """What the pipeline saves goes to the agent; what came with the job is found."""
    kept: list[str] = []
    memory = AgentsMemory(None, kept.append)
    with pytest.raises(KeyError):
        memory["room"]
    memory["room"] = '{"at_s": 1}'
    assert kept == ['{"at_s": 1}'] and memory["room"] == kept[0]
    assert AgentsMemory("{}", kept.append)["room"] == "{}"


async def test_a_worker_goes_on_from_a_sample(worker: WorkerSide, agent: AgentSide) -> None:
    """It has the speech ahead, and is silent until told; what another voice said is not counted."""
    agent.say(1.0)
    agent.hello(1, paused=True)
    agent.voice.prepare(agent.relay.unfinished, samples(0.6))
    await flow()
    assert agent.voice.primed and not (await worker.play(0.3)).any()
    agent.relay.heard(0, samples(0.6))
    agent.link.send(Kind.RESUME, at_s=0.0)
    agent.relay.use(agent.voice)
    await flow()
    sound = await worker.play(1.0)
    await flow()
    assert (np.abs(sound) > 2_500).sum() == pytest.approx(samples(0.4), abs=samples(0.01))
    assert agent.positions == [samples(1.0)] and not agent.faults


async def test_a_worker_of_this_machine_goes_on_at_a_time(
    worker: WorkerSide, agent: AgentSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told ahead, and begins to the sample when it is to, unless it is told otherwise."""
    monkeypatch.setattr(Pipeline, "playhead", property(lambda _: worker.playout.published))
    agent.say(2.0)
    agent.hello(1, paused=True)
    agent.voice.prepare(agent.relay.unfinished, 0)
    await flow()
    agent.link.send(Kind.RESUME, at_s=SystemClock().wall_s() + 0.5)
    await flow()
    loud = np.flatnonzero(np.abs(await worker.play(1.0)) > 2_500)
    assert loud[0] == pytest.approx(samples(0.5), abs=samples(0.05))
    agent.link.send(Kind.PAUSE)
    agent.link.send(Kind.RESUME, at_s=SystemClock().wall_s() + 3600.0)
    await flow()
    heard = np.abs(await worker.play(MOST_WAIT_S + 0.5)) > 2_500
    assert not heard[samples(0.1) : samples(MOST_WAIT_S - 0.1)].any()
    assert heard[samples(MOST_WAIT_S + 0.1) :].any()
    agent.link.send(Kind.RESUME, at_s=SystemClock().wall_s() + 1.0)
    agent.hello(2, paused=False)
    agent.voice.begin(agent.relay.unfinished, paused=False)
    await flow()
    assert (np.abs(await worker.play(0.2)) > 2_500).any()


async def test_speech_is_sent_bit_by_bit(worker: WorkerSide, agent: AgentSide) -> None:
    """A second at once, and then twice as much as can be said, up to six seconds ahead."""
    agent.say(9.0)
    agent.greet(1)
    await flow()
    sent = [seconds(worker.playout.buffered)]
    for _ in range(12):
        agent.now_s += 0.25
        worker.conversation._send_beat()
        await flow()
        sent.append(seconds(worker.playout.buffered))
    assert sent[:4] == pytest.approx([1.0, 1.5, 2.0, 2.5], abs=0.16)
    assert sent[-1] == pytest.approx(6.0, abs=0.16)


async def test_what_was_not_sent_was_not_said(worker: WorkerSide, agent: AgentSide) -> None:
    """A worker that reports more than it was sent is not believed, and the agent's loop goes on."""
    agent.greet(1)
    agent.say(9.0)
    await flow()
    for kind, more in (
        (Kind.BEAT, {"position": samples(8.0), "subscribed": True}),
        (Kind.PROGRESSED, {"offset": 0, "length": samples(8.0), "ago_s": 0.0}),
    ):
        worker.link.send(kind, segment=0, **more)
        await flow()
        agent.say(0.1)
        heard = agent.relay.heard_to
        assert heard is not None and 0 < seconds(heard[1]) <= 6.0
    assert not agent.faults


async def test_what_a_worker_has_said_until_its_end(worker: WorkerSide, agent: AgentSide) -> None:
    """It counts from the last sign of life on, and no longer than signs are apart."""
    agent.greet(1)
    agent.say(3.0)
    await flow()
    await worker.play(0.5)
    agent.now_s = 10.0
    worker.conversation._send_beat()
    await flow()
    said = agent.relay.heard_to
    agent.now_s = 10.2
    agent.voice.reckon()
    reckoned = agent.relay.heard_to
    agent.now_s = 11.0
    agent.voice.reckon()
    assert said is not None and reckoned == (0, said[1] + samples(0.2))
    assert agent.relay.heard_to == reckoned
