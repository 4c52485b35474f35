"""Speech is recognised before it is needed, and not much sooner."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.speech.backlog import SLICE_SAMPLES, Backlog, Signal, Speech, Words
from livekit_plugins_avatar.speech.features import HOP_SAMPLES
from livekit_plugins_avatar.speech.in_turn import InTurn
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.text.pronunciation import words_of
from livekit_plugins_avatar.speech.worker import (
    FIRST_SAMPLES,
    MOST_SAMPLES,
    PATIENCE_S,
    RecognitionWorker,
)
from livekit_plugins_avatar.timeline import samples, seconds

from .mishearing import LOOKAHEAD_SAMPLES, TEXT, Mishearing, everything, shown, speech

BURST_S = 9.0
SOUND = np.full(samples(BURST_S), 5_000, np.int16)
STEP = samples(0.25)


class Room:
    """A playout whose speech is recognised."""

    def __init__(self) -> None:
        self.playout, self.schedule = Playout(), VisemeSchedule()
        self.worker = RecognitionWorker(
            Mishearing(),
            self.schedule,
            position=lambda: self.playout.speech_position,
            ahead=self.playout.ahead_of,
        )
        self.worker.start()

    def say(self, pcm: np.ndarray) -> int:
        """Take one whole segment."""
        start = self.playout.push_audio(pcm)
        self.worker.push_audio(start, pcm)
        self.playout.end_segment()
        self.worker.end_segment()
        return start

    def publish(self, count: int) -> None:
        self.playout.pull(count)
        self.playout.advance(self.playout.published)
        backlog = self.worker._backlog
        with backlog._changed:  # It would look again in a moment.
            backlog._changed.notify()

    @property
    def known(self) -> int:
        """Up to which speech sample the mouth is known, once all that is due is recognised."""
        for _ in range(2_000):
            if not self.worker.waiting:
                break
            time.sleep(0.002)
        time.sleep(0.01)
        return max((each.end for each in everything(self.schedule)), default=0)


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.worker.close()


def test_a_burst_is_recognised_as_it_is_said(room: Room) -> None:
    """A second at first and three later on; never less than a second before it is published."""
    room.say(SOUND)
    ahead = [room.known]
    while room.playout.speech_position < len(SOUND):
        room.publish(STEP)
        position, known = room.playout.speech_position, room.known
        assert known >= min(len(SOUND), position + FIRST_SAMPLES - LOOKAHEAD_SAMPLES)
        ahead.append(known - position)
    assert ahead[0] <= FIRST_SAMPLES + SLICE_SAMPLES
    assert max(ahead) <= MOST_SAMPLES + SLICE_SAMPLES
    assert max(ahead) >= MOST_SAMPLES - LOOKAHEAD_SAMPLES
    assert room.known == len(SOUND)


def test_what_was_cut_is_not_waited_for(room: Room) -> None:
    """Speech after an interruption is known at once, however much was cut before it."""
    room.say(SOUND)
    room.publish(samples(1.0))
    room.playout.clear()
    room.worker.clear()
    room.publish(samples(0.1))
    start = room.say(SOUND)
    assert start == len(SOUND)
    assert room.known >= start + FIRST_SAMPLES - LOOKAHEAD_SAMPLES
    assert room.worker.waiting == 0


def test_words_overtake_speech_that_waits(room: Room) -> None:
    """A text that comes after its speech guides all of it that is not due yet."""
    long = np.concatenate([speech(TEXT)] * 3)
    room.worker.push_audio(room.playout.push_audio(long), long)
    assert room.known < len(long) // 2
    room.worker.expect(words_of(" ".join([TEXT] * 3)))
    room.playout.end_segment()
    room.worker.end_segment()
    while room.playout.speech_position < len(long):
        room.publish(STEP)
        assert room.known
    truth = long[::HOP_SAMPLES] // 1000
    later = np.arange(len(truth)) > len(truth) // 3
    right = shown(everything(room.schedule))[: len(truth)] == truth
    assert right[later & (truth > 0)].mean() > 0.9


def test_a_worker_that_waits_closes_at_once(room: Room) -> None:
    room.say(SOUND)
    assert room.known
    began_s = time.monotonic()
    room.worker.close()
    assert time.monotonic() - began_s < PATIENCE_S


def test_words_of_another_segment_do_not_overtake() -> None:
    """Nor do words overtake speech that is recognised apart."""
    waits = [1.0]
    backlog = Backlog(lambda _: waits[0])
    words = Words(tuple(words_of(TEXT)), fresh=False)
    pcm = np.zeros(SLICE_SAMPLES, np.int16)
    apart = Speech(0, pcm), Speech(3 * SLICE_SAMPLES, pcm)
    runs: list[list[Speech | Words | Signal]]
    runs = [
        [apart[0], Signal.ENDED, words],
        [*apart, words],
        [apart[0], words._replace(fresh=True)],
    ]
    for items in runs:
        for item in items:
            backlog.put(item)
        assert backlog._words_ahead() is None and backlog.due == 0
        waits[0] = 0.0
        assert [backlog.take() for _ in items] == items
        waits[0] = 1.0


def test_who_needs_it_first_is_first() -> None:
    """One works at a time; one without time left does not wait."""
    turns, order, working = InTurn(), list[str](), [0]
    release = threading.Event()

    def work(name: str, patience_s: float) -> None:
        with turns.turn(patience_s):
            working[0] += 1
            assert working[0] == 1 or patience_s <= 0
            order.append(name)
            if name == "holder":
                release.wait(10)
            working[0] -= 1

    threads = []
    for name, patience_s in (("holder", 9.0), ("late", 9.0), ("soon", 5.0), ("now", 0.0)):
        threads.append(threading.Thread(target=work, args=(name, patience_s)))
        threads[-1].start()
        time.sleep(0.05)
    assert order == ["holder", "now"]
    release.set()
    for thread in threads:
        thread.join(10)
    assert order == ["holder", "now", "soon", "late"]


def test_one_that_hangs_holds_up_others_for_a_moment() -> None:
    turns, began_s = InTurn(), time.monotonic()
    with turns.turn(1.0), turns.turn(0.1):
        assert 0.1 <= time.monotonic() - began_s < 0.9


def test_how_much_is_said_before_a_sample() -> None:
    """What was published, or cut, is not counted."""
    playout = Playout()
    playout.push_audio(SOUND)
    playout.end_segment()
    playout.push_audio(SOUND)
    assert playout.ahead_of(0) == 0
    assert seconds(playout.ahead_of(samples(12.0))) == 12.0
    playout.pull(samples(4.0))
    assert seconds(playout.ahead_of(samples(3.0))) == 0.0
    assert seconds(playout.ahead_of(samples(12.0))) == 8.0
    playout.clear()
    playout.end_segment()
    start = playout.push_audio(SOUND)
    assert playout.ahead_of(start) == 0
