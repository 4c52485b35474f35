"""Bad links between a LiveKit server and its clients, as a process.

It forwards a client's signalling (TCP) and media (UDP) between its own ports and the server's, on
loopback, delayed and thinned out as a `Link` says. It needs no privileges and no kernel module. A
client gets the relay's address instead of the server's. Media follow because the relay replaces the
port in the server's candidates with its own. That takes a server without ICE over TCP that answers
connectivity checks and starts none (`livekit_server(..., relayed=True)`); otherwise the two would
find the direct way.

The relay is a process of its own, so that a blocked event loop, which is one of the faults, blocks
no packet. It raises its priority where it may. It ends with its standard input, and reports how
late it was by itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sys
from array import array
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from functools import partial

from ...timeline import Clock, SystemClock
from ..demo.server import LOOPBACK, LiveKitServer, free_ports
from .garbage import leave_out_what_is_loaded
from .link import Lane, Link, Quality

READ_BYTES = 65_536
DATAGRAM_BYTES = 2_048
BURST = 64
"""Datagrams read before others have their turn."""

SOCKET_BYTES = 1 << 20
"""A relay that is kept from running for a moment loses nothing of its own."""

GO_FIRST = -10
"""Niceness of the relay, where the user may have that."""

EXTENSIONS = re.compile(rb"(?i)\r\nsec-websocket-extensions:[^\r]*")
STOP_S = 5.0


class RelayDied(RuntimeError):
    """The relay's process ended."""


class Relays:
    """The links of one call, and the process that they run in.

    Args:
        process: The relay.
        urls: Where the client of each link connects, by the link's name.

    Attributes:
        late_ms: By how much the relay itself was late with the latest packet, by the link's name;
            known once it has ended. A machine with more to do than it can adds this to the line's
            own jitter, and receivers wait for the next such packet for half a minute.
    """

    def __init__(self, process: asyncio.subprocess.Process, urls: dict[str, str]) -> None:
        self._process = process
        self.urls = urls
        self.late_ms: dict[str, float] = {}

    def go_down(self, name: str, length_s: float) -> None:
        """Let a link carry nothing for `length_s` from now."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, length_s]).encode() + b"\n")


@asynccontextmanager
async def relays(
    server: LiveKitServer, qualities: dict[str, Quality], *, seed: int = 0
) -> AsyncIterator[Relays]:
    """Run a link for each name while the context lasts.

    Raises:
        RelayDied: The process ended before it was ready.
    """
    specification = {
        "server": [int(server.url.rpartition(":")[2]), server.udp_port],
        "links": {name: asdict(quality) for name, quality in qualities.items()},
        "seed": seed,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, json.dumps(specification)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        line = await process.stdout.readline()
        if not line:
            raise RelayDied("the relay ended at once; its last words are above")
        ports: dict[str, int] = json.loads(line)
        lines = Relays(process, {name: f"ws://{LOOPBACK}:{port}" for name, port in ports.items()})
        yield lines
        process.stdin.close()
        line = await asyncio.wait_for(process.stdout.readline(), STOP_S)
        if not line:
            raise RelayDied("the relay ended before the call did; its last words are above")
        lines.late_ms = json.loads(line)
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()


class Relay:
    """One link's ports on this side, and the server's on the other.

    Args:
        link: When what arrives.
        clock: Real time.
        near: The TCP and the UDP port that the client uses.
        far: The server's.
    """

    def __init__(
        self, link: Link, *, clock: Clock, near: tuple[int, int], far: tuple[int, int]
    ) -> None:
        self._link = link
        self._clock = clock
        self._near, self._far = near, far
        self._media = _socket()
        self._up, self._down = DelayQueue(clock), DelayQueue(clock)
        self._clients: dict[tuple[str, int], socket.socket] = {}
        """For each address that a client sends from, the socket by which the server knows it."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def late_ms(self) -> float:
        """By how much the latest packet left here late."""
        return round(1e3 * max((*self._up.late_s, *self._down.late_s), default=0.0), 1)

    async def open(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._media.bind((LOOPBACK, self._near[1]))
        loop.add_reader(self._media, self._from_client)
        await asyncio.start_server(self._signal, LOOPBACK, self._near[0], limit=READ_BYTES)

    def _from_client(self) -> None:
        for _ in range(BURST):
            try:
                data, address = self._media.recvfrom(DATAGRAM_BYTES)
            except (BlockingIOError, ConnectionError):
                return
            far = self._clients.get(address) or self._meet(address)
            self._carry(self._link.up, self._up, len(data), partial(far.send, data))

    def _meet(self, address: tuple[str, int]) -> socket.socket:
        far = self._clients[address] = _socket()
        far.connect((LOOPBACK, self._far[1]))
        asyncio.get_running_loop().add_reader(far, self._from_server, far, address)
        return far

    def _from_server(self, far: socket.socket, address: tuple[str, int]) -> None:
        for _ in range(BURST):
            try:
                data = far.recv(DATAGRAM_BYTES)
            except (BlockingIOError, ConnectionError):
                return
            send = partial(self._media.sendto, data, address)
            self._carry(self._link.down, self._down, len(data), send)

    def _carry(self, lane: Lane, belt: DelayQueue, size: int, send: Callable[[], object]) -> None:
        arrival_s = lane.packet(self._clock.now_s(), size)
        if arrival_s is not None:
            belt.put(arrival_s, send)

    async def _signal(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._far[0])
        except OSError:
            writer.close()
            return
        rewrite = Rewriter(self._far[1], self._near[1])
        for pump in (
            self._pump(reader, far_writer, self._link.up, without_compression),
            self._pump(far_reader, writer, self._link.down, rewrite),
        ):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        lane: Lane,
        change: Callable[[bytes], bytes],
    ) -> None:
        """Carry a stream one way; its end is carried too, as late as its last byte."""
        belt = DelayQueue(self._clock)
        try:
            while data := await reader.read(READ_BYTES):
                arrival_s = lane.stream(self._clock.now_s(), len(data))
                belt.put(arrival_s, partial(writer.write, change(data)))
        except ConnectionError:
            pass
        belt.put(self._clock.now_s(), writer.close)


class DelayQueue:
    """What is under way, in the order in which it was sent, whatever the timers do.

    Full: never; a `Lane` loses what its bottleneck cannot hold. Empty: no timer runs.

    Args:
        clock: Real time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._under_way: deque[tuple[float, Callable[[], object]]] = deque()
        self.late_s = array("f")
        """By how much each was late."""

    def put(self, arrival_s: float, deliver: Callable[[], object]) -> None:
        """Deliver at that time, and not before what was put earlier."""
        if self._under_way:
            arrival_s = max(arrival_s, self._under_way[-1][0])
        self._under_way.append((arrival_s, deliver))
        if len(self._under_way) == 1:
            self._wait()

    def _wait(self) -> None:
        left_s = self._under_way[0][0] - self._clock.now_s()
        asyncio.get_running_loop().call_later(max(0.0, left_s), self._deliver)

    def _deliver(self) -> None:
        now_s = self._clock.now_s()
        while self._under_way and self._under_way[0][0] <= now_s:
            self.late_s.append(now_s - self._under_way[0][0])
            try:
                self._under_way[0][1]()
            except (BlockingIOError, ConnectionError):
                pass  # The receiver has gone: what is on the link is lost.
            self._under_way.popleft()
        if self._under_way:
            self._wait()


class Rewriter:
    """Puts one port in place of another in the ICE candidates of a stream that comes in pieces.

    Args:
        old: Replaced.
        new: What replaces it; of as many digits, since lengths have been counted already.
    """

    def __init__(self, old: int, new: int) -> None:
        if len(str(old)) != len(str(new)):
            raise ValueError(f"{old} and {new} differ in length")
        self._old, self._new = f" {old} typ".encode(), f" {new} typ".encode()
        self._kept = b""

    def __call__(self, data: bytes) -> bytes:
        """The next piece; what may be the beginning of a candidate's port waits for the rest."""
        data = (self._kept + data).replace(self._old, self._new)
        beginnings = (n for n in range(len(self._old) - 1, 0, -1) if data.endswith(self._old[:n]))
        size = next(beginnings, 0)
        self._kept = data[len(data) - size :]
        return data[: len(data) - size]


def without_compression(data: bytes) -> bytes:
    """A WebSocket's request without its wish for compression, in which no port could be found."""
    return EXTENSIONS.sub(b"", data, count=1) if data.startswith(b"GET ") else data


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
    return made


async def _serve(specification: str) -> None:
    wanted = json.loads(specification)
    clock = SystemClock()
    with suppress(PermissionError):
        os.nice(GO_FIRST)
    links: dict[str, Link] = {}
    relayed: dict[str, Relay] = {}
    ports: dict[str, int] = {}
    for number, (name, quality) in enumerate(wanted["links"].items()):
        links[name] = Link(Quality(**quality), 100 * wanted["seed"] + number)
        near = free_ports(2)
        relay = Relay(
            links[name], clock=clock, near=(near[0], near[1]), far=tuple(wanted["server"])
        )
        await relay.open()
        relayed[name], ports[name] = relay, near[0]
    # In a round of the collector nothing gets through, and receivers wait for the next one for half
    # a minute.
    leave_out_what_is_loaded()
    print(json.dumps(ports), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, length_s = json.loads(line)
        links[name].go_down(clock.now_s() + length_s)
    print(json.dumps({name: relay.late_ms for name, relay in relayed.items()}), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
