"""Faces take turns to be drawn, on a clock of the test's own, and the voice comes first."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from livekit_plugins_avatar.render.turns import (
    FEW,
    LEAST_SHARE,
    PATIENCE_S,
    SPARE_S,
    STEP_S,
    Turns,
)

from ..manual_clock import ManualClock

COST_S = 0.012
FPS = 30


class Machine:
    """Rooms that draw on one core by turns: threads that wait, and time that the test moves."""

    def __init__(self, rooms: int, *, cores: int = 1) -> None:
        self.clock = ManualClock()
        self.turns = Turns(self.clock, cores=cores)
        self.drawn: Counter[int] = Counter()
        self.late = False
        """Whether sound comes late all the time."""
        self._due_s = [n / rooms / FPS for n in range(rooms)]

    def run(self, length_s: float) -> None:
        """Each room wants its next frame, as long as there is time, and gives its turn back after
        `COST_S`; a frame that is past is skipped."""
        until_s = self.clock.now_s() + length_s
        while self.clock.now_s() < until_s:
            if self.late:
                self.turns.voice_late()
            room = min(range(len(self._due_s)), key=self._due_s.__getitem__)
            early_s = self._due_s[room] - 0.2 - self.clock.now_s()
            if early_s > 0:
                self.clock.advance(early_s)
            wish = self.turns.ask(self._due_s[room])
            while (wait_s := self.turns.wait_s(wish)) > 0:
                self.clock.advance(min(wait_s, 0.05) + 1e-6)
                if self.late:
                    self.turns.voice_late()
            self.turns.begin(wish)
            self.clock.advance(COST_S)
            self.turns.end(wish, COST_S)
            self.drawn[room] += 1
            late = int(max(0.0, self.clock.now_s() - self._due_s[room]) * FPS)
            self._due_s[room] += (1 + late) / FPS


def waits(turns: Turns, due_s: float, took: Callable[[], None]) -> threading.Thread:
    """A thread that waits for a turn, and has begun to."""
    asked = threading.Event()

    def give_up() -> bool:
        asked.set()
        return False

    def run() -> None:
        with turns.turn(due_s, give_up):
            took()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert asked.wait(5)
    return thread


def test_the_frame_that_is_due_first_is_drawn_first() -> None:
    """It does not matter which face asked first."""
    turns, order = Turns(ManualClock(), cores=1), list[float]()
    with turns.turn(0.0, lambda: False):
        threads = [
            waits(turns, due_s, lambda due_s=due_s: order.append(due_s))  # type: ignore[misc]
            for due_s in (0.3, 0.1, 0.2)
        ]
    for thread in threads:
        thread.join(5)
    assert order == [0.1, 0.2, 0.3]


def test_a_closed_face_gives_up() -> None:
    """It draws nothing, and leaves the turn to others."""
    turns = Turns(ManualClock(), cores=1)
    with turns.turn(0.0, lambda: False):
        closing = threading.Event()
        closing.set()
        with turns.turn(1.0, closing.is_set) as mine:
            assert not mine


def test_a_picture_that_hangs_keeps_others_waiting_for_a_moment() -> None:
    """Then they draw beside it."""
    clock = ManualClock()
    turns = Turns(clock, cores=1)
    turns.begin(turns.ask(0.0))
    other = turns.ask(0.1)
    assert turns.wait_s(other) == PATIENCE_S
    clock.advance(PATIENCE_S)
    assert turns.wait_s(other) == 0.0


def test_rooms_that_fit_have_all_their_frames() -> None:
    """Two take 72 % of a core."""
    machine = Machine(2)
    machine.run(4.0)
    assert all(machine.drawn[room] >= 4.0 * FPS - 2 for room in range(2))


def test_frame_rates_fall_fairly() -> None:
    """Eight rooms share what two and a half would need, within a fifth of each other."""
    machine = Machine(8)
    machine.run(4.0)
    rates = [machine.drawn[room] for room in range(8)]
    assert min(rates) >= 0.8 * max(rates)
    assert sum(rates) >= 0.9 * 4.0 / COST_S


def test_a_late_voice_lowers_all_frame_rates_and_they_come_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Within two seconds; the log says both once."""
    machine = Machine(2)
    with caplog.at_level(logging.INFO):
        for _ in range(20):
            machine.turns.voice_late()
            machine.clock.advance(STEP_S)
        assert machine.turns.share == LEAST_SHARE
        machine.drawn.clear()
        machine.late = True
        machine.run(10.0)
        machine.late = False
        one, other = (machine.drawn[room] for room in range(2))
        assert 15 <= one + other <= 25 and abs(one - other) <= 1
        machine.run(2.0)
        machine.drawn.clear()
        machine.run(1.0)
    assert all(machine.drawn[room] >= FPS - 2 for room in range(2))
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_eight_rooms_get_their_frame_rates_back_after_an_overload() -> None:
    """Within two seconds of its end, and within a fifth of each other."""
    machine = Machine(8)
    machine.run(2.0)
    before = sum(machine.drawn.values()) / 2.0
    machine.drawn.clear()
    machine.late = True
    machine.run(5.0)
    assert sum(machine.drawn.values()) / 5.0 < 0.3 * before
    machine.late = False
    machine.run(2.0)
    machine.drawn.clear()
    machine.run(2.0)
    rates = [machine.drawn[room] for room in range(8)]
    assert sum(rates) / 2.0 >= 0.95 * before and min(rates) >= 0.8 * max(rates)


def test_one_late_moment_costs_little() -> None:
    """However many rooms report it."""
    machine = Machine(2)
    for _ in range(8):
        machine.turns.voice_late()
    assert machine.turns.share > 0.5


def test_a_core_is_left_free_where_there_are_many_faces_or_sound_comes_late() -> None:
    """Two cores draw two pictures at a time, as a rule."""
    clock = ManualClock()
    turns = Turns(clock, cores=2)
    turns.begin(turns.ask(0.0))
    second = turns.ask(0.1)
    assert turns.wait_s(second) == 0.0
    with ExitStack() as faces:
        for _ in range(FEW + 1):
            faces.enter_context(turns.face())
        assert turns.wait_s(second) > 0.0
    assert turns.wait_s(second) == 0.0
    turns.voice_late()
    clock.advance(SPARE_S - 0.01)
    turns.begin(turns.ask(0.0))
    assert turns.wait_s(second) > 0.0
    clock.advance(0.02)
    assert turns.wait_s(second) == 0.0
