"""What the sender of a picture says of itself."""

from __future__ import annotations

from livekit.rtc._proto.stats_pb2 import RtcStats

from livekit_plugins_avatar.tools.eval.sending import COUNTS, LINE_STATE, STATES, told


def test_the_line_and_the_track_are_told_by_name() -> None:
    line, track = RtcStats(), RtcStats()
    line.candidate_pair.candidate_pair.available_outgoing_bitrate = 6e5
    track.outbound_rtp.outbound.target_bitrate = 4.5e5
    track.outbound_rtp.outbound.key_frames_encoded = 3
    said = told([line, track])
    assert said is not None
    named = dict(zip((LINE_STATE, *STATES, *COUNTS), said, strict=True))
    assert {name: value for name, value in named.items() if value} == {
        "available_outgoing_bitrate": 6e5,
        "target_bitrate": 4.5e5,
        "key_frames_encoded": 3,
    }


def test_without_a_track_that_sends_nothing_is_told() -> None:
    assert told([RtcStats()]) is None
