"""What is drawn next: the earliest deadline first, in batches as large as their cost allows."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from livekit_plugins_avatar.render.engine import Engine
from livekit_plugins_avatar.render.shared.batches import STUCK_S, Queue
from livekit_plugins_avatar.render.shared.room import Room


@dataclass(eq=False)
class Drawer:
    """An engine that has a device and draws nothing."""

    device: str = "cuda"


def room(engine: Any, due_s: float, pictures: int = 1, output: str = "i420") -> Room:
    made = Room(cast(socket.socket, None), 0.0)
    made.engine, made.output, made.due_s = cast(Engine, engine), output, due_s
    made.faces = np.zeros((pictures, 2), np.float32)
    return made


def put(queue: Queue, *rooms: Room) -> list[Room]:
    for each in rooms:
        queue.put(each)
    return list(rooms)


def test_deadlines() -> None:
    """The earliest deadline is drawn first, not the room that came first."""
    queue, cpu = Queue(1), Drawer("cpu")
    late, early = put(queue, room(cpu, 0.2), room(cpu, 0.1))
    assert queue.take(0.0) == [early]
    assert queue.take(0.0) == []
    queue.done([early], 0.01)
    assert queue.take(0.01) == [late]


def test_batch() -> None:
    """What one persona is to draw of one aspect is drawn together, up to 32 pictures."""
    queue, one, other = Queue(1), Drawer(), Drawer()
    rooms = put(queue, *(room(one, 0.1, pictures=6) for _ in range(6)))
    wide, stranger = put(queue, room(one, 0.2, output="i420_wide"), room(other, 0.3))
    assert queue.take(0.0) == rooms[:5]
    assert queue.take(0.0) == rooms[5:]
    queue.done(rooms[:5], 0.01)
    assert queue.take(0.01) == [wide]
    queue.done(rooms[5:], 0.01)
    assert queue.take(0.01) == [stranger]


def test_batch_in_time() -> None:
    """A batch that would come after the earliest deadline is made smaller; where every batch would,
    the one that draws the most pictures a second is taken."""
    for due_s, size in ((0.05, 20), (0.005, 8), (0.0001, 20)):
        queue, engine = Queue(1), Drawer()
        for pictures, cost_s in ((1, 0.001), (8, 0.004), (32, 0.008)):
            (first,) = put(queue, room(engine, 0.0, pictures))
            assert queue.take(0.0) == [first]
            queue.done([first], cost_s)
        put(queue, *(room(engine, due_s) for _ in range(20)))
        assert len(queue.take(0.0)) == size


def test_stuck() -> None:
    """A draw that does not end keeps its place for a second, not for good."""
    queue, cpu = Queue(1), Drawer("cpu")
    stuck, waiting = put(queue, room(cpu, 0.1), room(cpu, 0.2))
    assert queue.take(0.0) == [stuck]
    assert queue.take(STUCK_S / 2) == []
    assert queue.take(STUCK_S) == [waiting]


def test_places() -> None:
    """A CPU draws as many batches at a time as it has cores, a GPU two."""
    for device, places in (("cpu", 3), ("cuda", 2)):
        queue = Queue(3)
        put(queue, *(room(Drawer(device), 0.1) for _ in range(5)))
        taken = [queue.take(0.0) for _ in range(5)]
        assert [len(batch) for batch in taken] == [1] * places + [0] * (5 - places)
