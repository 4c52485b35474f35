"""The load that a worker tells the server fills it to its last room, and not beyond."""

from __future__ import annotations

import os
from typing import Any
from unittest.mock import Mock, PropertyMock

import pytest
from livekit.agents import AgentServer

from livekit_plugins_avatar.remote.worker import WATCH_LOOPS, WorkerOptions, make_server

TARGET_LOAD = 0.7
"""`agent.DefaultTargetLoad` of LiveKit's server 1.13.5, which gives a job to workers below it."""

ROOMS = 4


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> AgentServer:
    monkeypatch.setenv(WATCH_LOOPS, "")  # What the worker sets goes again after the test.
    monkeypatch.delenv(WATCH_LOOPS)
    return make_server(WorkerOptions(name="faces"), load_of=lambda rooms: rooms / ROOMS)


@pytest.mark.parametrize("rooms", range(ROOMS + 1))
def test_a_worker_gets_rooms_until_it_is_full(
    server: Any, rooms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AgentServer, "active_jobs", PropertyMock(return_value=[Mock()] * rooms))
    told = server._load_fnc(server)
    assert (told < TARGET_LOAD) == (rooms < ROOMS)
    assert (told < server._load_threshold) == (rooms < ROOMS)


def test_the_loops_of_its_jobs_are_not_watched(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless its operator wants it."""
    assert os.environ[WATCH_LOOPS] == "0"
    monkeypatch.setenv(WATCH_LOOPS, "200")
    make_server(WorkerOptions(name="faces"))
    assert os.environ[WATCH_LOOPS] == "200"
