"""Whole pictures come unasked where somebody is about to miss one."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import numpy as np
from livekit import rtc

from livekit_plugins_avatar.publish.keyframes import (
    AGAIN_S,
    AT_MOST_S,
    DRAINED_S,
    LOOK_S,
    RESUMING_S,
    KeyframeRequests,
)
from livekit_plugins_avatar.publish.tracks import shortened
from livekit_plugins_avatar.timeline import ManualClock


class Stage:
    """An encoder that makes a whole picture where it is asked for one, on the test's clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.room: rtc.EventEmitter[Any] = rtc.EventEmitter()
        self.made: int | None = 0
        self.silence: float | None = 0.05
        self.fulfils = True
        self.wishes_s: list[float] = []
        wholes = KeyframeRequests(
            cast(rtc.Room, self.room),
            made=self.count,
            silence_s=self.silence_s,
            wish=self.wish,
            clock=self.clock,
        )
        self.task = asyncio.ensure_future(wholes.follow())

    async def count(self) -> int | None:
        return self.made

    async def silence_s(self) -> float | None:
        return self.silence

    def wish(self) -> None:
        self.wishes_s.append(self.clock.now_s() - 100.0)
        if self.fulfils:
            self.made = (self.made or 0) + 1

    async def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / 0.05)):
            for _ in range(5):
                await asyncio.sleep(0)
            self.clock.advance(0.05)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_one_more_follows_each_that_was_asked_for_and_none_follows_that() -> None:
    stage = Stage()
    await stage.run(1.0)
    stage.made = 1
    await stage.run(10.0)
    assert len(stage.wishes_s) == 1
    assert AGAIN_S <= stage.wishes_s[0] - 1.0 <= AGAIN_S + 2 * LOOK_S + 0.1
    stage.made = 4
    await stage.run(10.0)
    await stage.stop()
    assert len(stage.wishes_s) == 2


async def test_one_comes_once_a_line_that_was_dark_has_carried_what_was_lost() -> None:
    stage = Stage()
    await stage.run(1.0)
    for stage.silence in (0.3, 0.5, 0.9, 1.2):
        await stage.run(0.2)
    assert stage.wishes_s == []
    stage.silence = 0.1
    await stage.run(5.0)
    stage.silence = None
    await stage.run(1.0)
    await stage.stop()
    (wish_s,) = stage.wishes_s
    assert 1.8 + DRAINED_S <= wish_s <= 1.8 + DRAINED_S + 2 * LOOK_S + 0.1


async def test_one_follows_where_several_ask_one_after_the_other() -> None:
    stage = Stage()
    for _ in range(3):
        stage.made = (stage.made or 0) + 1
        await stage.run(0.4)
    await stage.run(5.0)
    await stage.stop()
    assert len(stage.wishes_s) == 1 and stage.wishes_s[0] > 0.8 + AGAIN_S


async def test_however_often_they_are_asked_for_the_one_that_follows_is_not_put_off_for_ever() -> (
    None
):
    stage = Stage()
    for _ in range(20):
        stage.made = (stage.made or 0) + 1
        await stage.run(0.4)
    await stage.stop()
    assert np.diff([0.0, *stage.wishes_s]).max() <= AT_MOST_S + 0.4 + 2 * LOOK_S


async def test_they_come_again_and_again_while_a_connection_resumes_and_once_when_it_is_back() -> (
    None
):
    stage = Stage()
    await stage.run(1.0)
    stage.room.emit("reconnecting")
    await stage.run(3.0)
    apart_s = np.diff(stage.wishes_s)
    assert apart_s.max() <= RESUMING_S + 0.11 and apart_s.min() >= RESUMING_S - LOOK_S / 2
    before = len(stage.wishes_s)
    stage.room.emit("reconnected")
    await stage.run(5.0)
    await stage.stop()
    assert len(stage.wishes_s) == before + 1


async def test_a_connection_that_is_made_anew_begins_with_one_by_itself() -> None:
    stage = Stage()
    await stage.run(1.0)
    stage.room.emit("reconnecting")
    stage.room.emit("local_track_republished", None, None)
    await stage.run(2.0)
    stage.room.emit("reconnected")
    await stage.run(2.0)
    await stage.stop()
    assert stage.wishes_s == []


async def test_a_wish_that_the_encoder_does_not_fulfil_is_not_repeated() -> None:
    stage = Stage()
    stage.fulfils = False
    stage.made = 1
    await stage.run(10.0)
    await stage.stop()
    assert len(stage.wishes_s) == 1


async def test_a_new_track_counts_anew() -> None:
    stage = Stage()
    stage.made = 7
    await stage.run(3.0)
    stage.made = 1
    await stage.run(3.0)
    await stage.stop()
    assert len(stage.wishes_s) == 2


async def test_where_nothing_is_known_nothing_is_asked_for_and_afterwards_nobody_listens() -> None:
    stage = Stage()
    stage.made = None
    await stage.run(3.0)
    await stage.stop()
    stage.room.emit("reconnecting")
    assert stage.wishes_s == []


def test_a_shortened_picture_lacks_its_last_rows_in_all_three_planes() -> None:
    luma = np.arange(64, dtype=np.uint8).reshape(8, 8)
    chroma = np.arange(100, 132, dtype=np.uint8).reshape(2, 4, 4)
    picture = np.concatenate([luma, chroma.reshape(4, 8)])
    expected = luma[:6].tobytes() + chroma[0, :3].tobytes() + chroma[1, :3].tobytes()
    assert shortened(picture, 2) == expected
