"""An agent whose face is drawn by workers in other processes, which are killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event

import pytest
from livekit import rtc

from livekit_plugins_avatar import AvatarSession
from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.child_process import child_process
from livekit_plugins_avatar.tools.demo.environment import child_environment
from livekit_plugins_avatar.tools.demo.server import LiveKitServer, free_ports, livekit_server
from livekit_plugins_avatar.tools.eval.remote.agents import RemoteAgent, tone
from livekit_plugins_avatar.tools.eval.remote.small_worker import serve

from .conftest import until
from .processes import FORKS, forked

NAME = "test"


def work(environment: dict[str, str], port: int, ready: Event) -> None:
    """A worker of small faces."""
    os.environ.update(environment)
    serve(NAME, port, ready.set)


@pytest.fixture
async def workers(
    server: LiveKitServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncExitStack]:
    """Ends the workers that a test starts."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    async with AsyncExitStack() as stack:
        yield stack


async def start_worker(server: LiveKitServer, stack: AsyncExitStack) -> ForkServerProcess:
    """A worker that the server knows."""
    [port], ready = free_ports(1), FORKS.Event()
    process = await stack.enter_async_context(forked(work, server.environment, port, ready))
    await until(ready.is_set, 60.0)
    return process


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[LiveKitServer]]:
    """Two servers that share a Redis."""
    redis = shutil.which("redis-server")
    if redis is None:
        pytest.skip("two nodes share a redis-server, which is not installed")
    [port] = free_ports(1)
    folder = tmp_path_factory.mktemp("redis")
    words = [redis, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with ExitStack() as stack:
        log = folder / "redis.log"
        stack.enter_context(child_process(words, env=child_environment(), log=log, patience_s=2.0))
        started, binary = f"127.0.0.1:{port}", server_binary.provide()
        for _ in range(100):
            if "eady to accept connections" in log.read_text():
                break
            time.sleep(0.05)
        first = stack.enter_context(livekit_server(binary, redis=started))
        second = stack.enter_context(livekit_server(binary, redis=started, beside=first))
        yield [first, second]


async def test_agent_worker_and_viewer_are_at_different_nodes(
    nodes: list[LiveKitServer], workers: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent is at one node, the worker and the viewer at the other; speech is said whole."""
    here, there = nodes
    for name, value in here.environment.items():
        monkeypatch.setenv(name, value)
    await start_worker(there, workers)
    agent = await RemoteAgent.join(here, "far", lambda: AvatarSession(worker=NAME))
    viewer = rtc.Room()
    await viewer.connect(there.url, there.token(identity="viewer", room="far"))
    try:
        assert agent.worker in agent.room.remote_participants
        await until(lambda: agent.worker in viewer.remote_participants)
        await agent.say(tone(1.0))
        assert [event.playback_position for event in agent.finished] == [pytest.approx(1.0)]
        assert agent.takeovers == 0
    finally:
        await agent.leave()
        await viewer.disconnect()


async def test_a_worker_is_killed_in_mid_speech(
    server: LiveKitServer, workers: AsyncExitStack
) -> None:
    """The speech is said to its end and finishes once; another worker then shows the face. The
    agent's process receives neither of its own tracks."""
    first = await start_worker(server, workers)
    viewer = rtc.Room()
    await viewer.connect(server.url, server.token(identity="viewer", room="killed"))
    agent = await RemoteAgent.join(server, "killed", lambda: AvatarSession(worker=NAME))
    try:
        shown_by = agent.worker
        await until(lambda: shown_by in viewer.remote_participants)
        participant = viewer.remote_participants[shown_by]
        assert participant.attributes["lk.publish_on_behalf"] == "agent"
        tracks = participant.track_publications
        await until(lambda: len(tracks) == 2 and all(each.subscribed for each in tracks.values()))
        own = agent.room.remote_participants[shown_by].track_publications
        await until(lambda: len(own) == 2 and not any(each.subscribed for each in own.values()))
        await start_worker(server, workers)
        speaking = asyncio.create_task(agent.say(tone(4.0)))
        await asyncio.sleep(1.5)
        assert not any(each.subscribed for each in own.values())
        first.kill()
        await speaking
        assert [event.playback_position for event in agent.finished] == [pytest.approx(4.0)]
        assert not agent.finished[0].interrupted and agent.takeovers >= 1
        await until(lambda: agent.worker != shown_by)
        await agent.say(tone(0.5))
        assert len(agent.finished) == 2
    finally:
        await agent.leave()
        await viewer.disconnect()
