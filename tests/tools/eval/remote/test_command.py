"""What is made of the sounds and frames that viewers of remote faces have noted."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.timeline import seconds
from livekit_plugins_avatar.tools.eval.remote import command
from livekit_plugins_avatar.tools.eval.remote.agents import RemoteAgent
from livekit_plugins_avatar.tools.eval.remote.command import (
    Figures,
    back_s,
    heard_s,
    longest_gap_s,
)
from livekit_plugins_avatar.tools.eval.remote.viewers import BLOCK_MS, Sound

BLOCK_S = BLOCK_MS / 1e3


def blocks(first_s: float, last_s: float) -> list[float]:
    return list(np.arange(first_s, last_s, BLOCK_S))


def test_a_gap_is_between_all_tracks() -> None:
    """One voice takes over from another: what neither says is the gap."""
    room = {"loud": {"avatar": blocks(1.0, 2.0), "agent": blocks(2.1, 3.0)}}
    assert longest_gap_s(room) == pytest.approx(0.1, abs=BLOCK_S)
    overlapping = {"loud": {"avatar": blocks(1.0, 2.0), "agent": blocks(1.9, 3.0)}}
    assert longest_gap_s(room, before_s=1.5) == longest_gap_s(room, after_s=2.5) == 0.0
    assert longest_gap_s(room, after_s=1.5, before_s=2.0) == pytest.approx(0.1, abs=BLOCK_S)
    assert longest_gap_s(overlapping) == pytest.approx(0.0, abs=BLOCK_S)
    assert longest_gap_s({"loud": {}}) == command.SPEECH_S
    assert heard_s(room) == pytest.approx(1.0)


def test_a_face_is_back_with_the_first_frame_of_another_worker() -> None:
    frames = {"avatar-1": [1.0, 2.1, 2.2], "avatar-2": [3.5, 3.6]}
    assert back_s({"frames": frames}, "avatar-1", 2.0) == 1.5
    assert back_s({"frames": {"avatar-1": [2.5]}}, "avatar-1", 2.0) == float("inf")


def test_blocks_have_the_time_of_the_fastest() -> None:
    """A viewer that looks late does not make a gap."""
    sound, loud = Sound(), np.full(960, 9_000, np.int16)
    for number, late_s in enumerate((0.02, 0.0, 0.3, 0.28, 0.01)):
        sound.add(10.0 + number * BLOCK_S + late_s, loud)
    times = sound.times()
    assert np.diff(times) == pytest.approx(BLOCK_S)
    assert times[0] == pytest.approx(10.0)


def test_each_promise_can_be_missed() -> None:
    good = Figures(
        rooms=10,
        rooms_by_worker=[5, 5],
        killed_rooms=5,
        gap_s=0.1,
        return_gap_s=0.1,
        other_gap_s=0.0,
        back_s=2.0,
        segments=30,
        finished=30,
        short_positions=0,
        takeovers=0,
        drain_gap_s=0.0,
        drain_exit=0,
        drained_rooms_heard=10,
        first_sound_s=0.12,
        first_sound_local_s=0.1,
        cores=2,
        load=1.0,
    )
    assert all(good.held.values())
    for change in (
        {"rooms_by_worker": [10, 0]},
        {"gap_s": 0.21},
        {"return_gap_s": 0.21},
        {"back_s": 5.1},
        {"finished": 31},
        {"short_positions": 1},
        {"drain_exit": None},
        {"drained_rooms_heard": 9},
        {"first_sound_s": 0.17},
    ):
        assert list(replace(good, **change).held.values()).count(False) == 1
    assert "MISSED" in command.table(replace(good, gap_s=1.0))
    assert "MISSED" not in command.table(good)


class Agent:
    """Notes when it speaks, and for how long."""

    def __init__(self) -> None:
        self.said: list[tuple[float, float]] = []

    async def say(self, pcm: NDArray[np.int16]) -> None:
        self.said.append((command.CLOCK.now_s(), seconds(len(pcm))))


@pytest.mark.parametrize("all_speak", [False, True])
async def test_agents_speak_half_of_the_time(
    monkeypatch: pytest.MonkeyPatch, all_speak: bool
) -> None:
    """Those in the rooms of the worker that is to be killed all the time, and all if told so."""
    monkeypatch.setattr(command, "SPEECH_S", 0.4)
    monkeypatch.setattr(command, "APART_S", 0.1)
    agents = {name: Agent() for name in "abcdef"}
    talks = command.Talks(cast("dict[str, RemoteAgent]", agents), all_speak)
    await talks.talk(["a", "b"])
    [begun_s] = {at_s for at_s, _ in agents["a"].said} or [0.0]
    lengths = {name: agent.said[0][1] for name, agent in agents.items()}
    half_s = 0.4 if all_speak else 0.2
    assert lengths == {name: 0.4 if name in "ab" else half_s for name in agents}
    late_s = [agents[name].said[0][0] - begun_s for name in "bcdef"]
    expected = [0.1, 0.2, 0.3, 0.4, 0.5] if all_speak else [0.1, 0.0, 0.1, 0.2, 0.3]
    assert late_s == pytest.approx(expected, abs=0.09)
    assert sorted(talks.lengths_s) == sorted(lengths.values())


def test_one_room_is_too_few() -> None:
    assert command.run(argparse.Namespace(rooms=1, json=False, all_speak=False)) == 2
