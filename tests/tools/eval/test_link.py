"""When a bad line delivers, on a clock that is an argument."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.tools.eval.link import QUEUE_S, RETRANSMIT_S, Lane, Link, Quality


def times(lane: Lane, *, count: int = 2000, every_s: float = 0.01, size: int = 200) -> list[float]:
    """The delays of the packets that arrive."""
    sent_s = [every_s * n for n in range(count)]
    arrivals = [(at_s, lane.packet(at_s, size)) for at_s in sent_s]
    return [arrival_s - at_s for at_s, arrival_s in arrivals if arrival_s is not None]


def test_a_perfect_line_takes_no_time_and_loses_nothing() -> None:
    assert times(Lane(Quality(), 0)) == [0.0] * 2000


def test_the_delay_is_what_was_asked_for_on_average_and_wanders() -> None:
    delays = np.array(times(Lane(Quality(delay_s=0.04, jitter_s=0.015), 1)))
    assert abs(delays.mean() - 0.04) <= 0.003
    assert abs(delays.std() - 0.015) <= 0.003
    assert delays.min() >= 0.0099 and delays.max() <= 0.0701


def test_nothing_overtakes() -> None:
    lane = Lane(Quality(delay_s=0.08, jitter_s=0.04), 2)
    arrivals = [lane.packet(0.002 * n, 100) for n in range(5000)]
    assert (np.diff(np.array(arrivals, float)) >= 0).all()


def test_two_publishers_meet_the_same_line_whatever_they_send() -> None:
    one, other = (Lane(Quality(delay_s=0.04, jitter_s=0.015), 3) for _ in range(2))
    for n in range(50):
        one.packet(0.01 * n, 1000)
    assert one.delay_s(0.7) == other.delay_s(0.7)
    assert Lane(Quality(delay_s=0.04, jitter_s=0.015), 4).delay_s(0.7) != one.delay_s(0.7)


def test_packets_are_lost_in_the_share_that_was_asked_for() -> None:
    lane = Lane(Quality(loss=0.03), 5)
    delays = times(lane, count=20_000)
    assert abs(lane.lost / lane.sent - 0.03) <= 0.005
    assert len(delays) == lane.sent - lane.lost


def test_a_bottleneck_lets_its_rate_through_and_its_queue_is_bounded() -> None:
    # 1,000 bytes every 4 ms are 2 Mbit/s, twice what fits.
    lane = Lane(Quality(rate_bps=1e6), 6)
    delays = times(lane, count=2500, every_s=0.004, size=1000)
    assert abs(len(delays) / 2500 - 0.5) <= 0.03
    assert max(delays) <= QUEUE_S + 0.009
    idle = lane.packet(1000.0, 1000)
    assert idle == pytest.approx(1000.008)


def test_a_dark_line_loses_packets_and_holds_streams_up() -> None:
    link = Link(Quality())
    link.go_down(2.0)
    for lane in (link.up, link.down):
        assert lane.packet(1.9, 100) is None
        assert lane.stream(1.9, 100) > 2.0
        assert lane.packet(2.0, 100) == 2.0


def test_on_a_stream_nothing_is_lost_only_late() -> None:
    lane = Lane(Quality(loss=0.1), 7)
    late = [lane.stream(10.0 * n, 100) - 10.0 * n for n in range(2000)]
    assert set(np.round(late, 6)) == {0.0, RETRANSMIT_S}
    assert abs(np.mean(np.array(late) > 0.1) - 0.1) <= 0.02


@pytest.mark.parametrize("wrong", [{"delay_s": -1.0}, {"loss": 1.1}, {"rate_bps": -1.0}])
def test_a_line_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a line has no negative"):
        Quality(**wrong)
