"""What crosses a relay is changed where it must be, and nowhere else."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_plugins_avatar.timeline import SystemClock
from livekit_plugins_avatar.tools.eval.relay import DelayQueue, Rewriter, without_compression

CANDIDATE = b"candidate:1 1 udp 2130706431 127.0.0.1 20123 typ host"


@given(st.lists(st.integers(1, 200), max_size=20))
def test_the_port_is_replaced_however_the_stream_is_cut(cuts: list[int]) -> None:
    stream = b'{"a": 20123}' + CANDIDATE + b" 2012" + CANDIDATE + b"\x00 20123 tie"
    rewriter, out, first = Rewriter(20123, 31999), b"", 0
    for cut in [*cuts, len(stream)]:
        out += rewriter(stream[first : first + cut])
        first += cut
    assert out == stream.replace(b" 20123 typ", b" 31999 typ")


async def test_what_is_under_way_arrives_in_its_order_at_its_time() -> None:
    clock = SystemClock()
    belt, arrived, whole = DelayQueue(clock), list[int](), asyncio.Event()
    began_s = clock.now_s()
    # The last of them are due before the first: nothing overtakes all the same.
    for number in range(50):
        belt.put(began_s + (0.05 if number < 25 else 0.0), partial(arrived.append, number))
    belt.put(began_s, whole.set)
    await whole.wait()
    assert arrived == list(range(50))
    assert clock.now_s() - began_s >= 0.05
    # Waiting for one's turn is not being late.
    assert len(belt.late_s) == 51 and 0 <= min(belt.late_s) < 0.05


def test_ports_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Rewriter(7880, 20123)


def test_a_websocket_is_asked_for_without_compression() -> None:
    request = (
        b"GET /rtc HTTP/1.1\r\nHost: a\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
        b"Upgrade: websocket\r\n\r\n"
    )
    assert without_compression(request) == (
        b"GET /rtc HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"
    )
    assert without_compression(b"\x82\x05hello") == b"\x82\x05hello"
