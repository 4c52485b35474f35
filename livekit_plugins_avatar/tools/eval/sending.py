"""Reads the publisher's RTC statistics: encoder, pacer and bandwidth estimate."""

from __future__ import annotations

from collections.abc import Sequence

from livekit import rtc
from livekit.rtc._proto.stats_pb2 import RtcStats

from ...timeline import Clock
from .readings import Readings

EVERY_S = 0.25

LINE_STATE = "available_outgoing_bitrate"
"""Of the line: what the sender takes it to carry."""

STATES = ("target_bitrate", "quality_limitation_reason")
COUNTS = (
    "frames_encoded",
    "frames_sent",
    "key_frames_encoded",
    "huge_frames_sent",
    "nack_count",
    "pli_count",
    "fir_count",
    "total_encode_time",
    "total_packet_send_delay",
    "retransmitted_packets_sent",
)
"""Of the track."""


async def read(room: rtc.Room, readings: Readings, *, clock: Clock) -> None:
    """Read the statistics of the room's own picture, until cancelled."""
    readings.states, readings.counts = (LINE_STATE, *STATES), COUNTS
    while True:
        await clock.sleep(EVERY_S)
        for publication in list(room.local_participant.track_publications.values()):
            if publication.kind != rtc.TrackKind.KIND_VIDEO or publication.track is None:
                continue
            try:
                said = told(await publication.track.get_stats())
            except Exception:
                continue  # Between two connections there are no statistics.
            if said is not None:
                readings.read(clock.wall_s(), said)


def told(reports: Sequence[RtcStats]) -> list[float] | None:
    """The states, then the counts, of a track's statistics; None where it sends nothing."""
    line_bps = (
        report.candidate_pair.candidate_pair.available_outgoing_bitrate
        for report in reports
        if report.WhichOneof("stats") == "candidate_pair"
    )
    for report in reports:
        if report.WhichOneof("stats") == "outbound_rtp":
            outbound = report.outbound_rtp.outbound
            return [
                max(line_bps, default=0.0),
                *(float(getattr(outbound, name)) for name in (*STATES, *COUNTS)),
            ]
    return None
