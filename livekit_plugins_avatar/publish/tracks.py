"""Publishes audio and video as tracks of the agent's participant.

After a full reconnect LiveKit publishes them again by itself: the same objects, with new sids. A
workaround for livekit 1.1.21, whose `publish_track` and `unpublish_track` wait for ever once the
room is gone (https://github.com/livekit/agents/pull/7228): each call here is limited in time and
ends with the room. Can go once they raise. The room's `disconnected` may not come either, where it
is disconnected while it negotiates a track: only `connection_state_changed` always does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from livekit import rtc

# Private: livekit 1.1.21 takes the preference and exports no name for it.
from livekit.rtc._proto.room_pb2 import (
    DEGRADATION_PREFERENCE_MAINTAIN_FRAMERATE_AND_RESOLUTION,
)
from livekit.rtc.participant import PublishTrackError

from ..log import logger
from .link_monitor import LinkReading, statistics
from .sources import Sources

STREAM = "avatar"
"""Both tracks are in this stream: in a room with `sync_streams` receivers play them in sync."""

SYNC_GROUP = (
    f"voice and face are the sync group {STREAM!r}, which browsers heed in rooms made with "
    "sync_streams (`livekit-avatar doctor --room NAME` looks)"
)
"""For the log. A publisher is not told how its room was made."""

PUBLISH_TIMEOUT_S = 4.5
"""For each track; the answer takes one round trip."""

UNPUBLISH_TIMEOUT_S = 1.0
"""For both tracks together; the server removes them anyway once the participant has left."""

STATS_TIMEOUT_S = 1.0
"""Statistics come from this process, within milliseconds."""

VOICE_BITRATE_BPS = 64_000
"""From here on Opus encodes speech by its transform alone, which takes half the processor time of
the hybrid that it chooses below, for silence, too (docs/measurements.md)."""

VideoCodec = Literal["vp8", "h264", "vp9", "av1"]

VIDEO_CODECS: dict[VideoCodec, rtc.VideoCodec.ValueType] = {
    "vp8": rtc.VideoCodec.VP8,
    "h264": rtc.VideoCodec.H264,
    "vp9": rtc.VideoCodec.VP9,
    "av1": rtc.VideoCodec.AV1,
}


@dataclass(frozen=True, slots=True)
class Video:
    """How the face is published.

    Args:
        size: Width and height in pixels.
        fps: Frames a second.
        bitrate_bps: The most that it may take.
        codec: Of the track.
        constant_size: Whether no keyframe is requested, as that changes the size by 4 rows.
    """

    size: tuple[int, int]
    fps: int
    bitrate_bps: int
    codec: VideoCodec = "vp8"
    constant_size: bool = False


class Tracks:
    """The publications of one participant in a connected room; used on the room's event loop."""

    def __init__(self, room: rtc.Room) -> None:
        self.audio: rtc.LocalTrackPublication | None = None
        self.video: rtc.LocalTrackPublication | None = None
        self._room = room
        self._video_track: rtc.LocalVideoTrack | None = None
        self._video_muted = False
        loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._disconnected: asyncio.Future[None] = loop.create_future()
        self._subscription: asyncio.Future[None] = loop.create_future()
        """Done once the video has had a subscriber."""
        self._requests: list[asyncio.Task[rtc.LocalTrackPublication]] = []
        """One for each track. A request outlives a cancelled `publish`, so that `aclose` takes back
        what the server grants later."""
        room.on("connection_state_changed", self._on_state)

    async def publish(self, sources: Sources, video: Video | None) -> None:
        """Publish the audio, and the video where there is a face and the server does not refuse it.

        Raises:
            ConnectionError: The room was disconnected, `aclose` was called, or the server did not
                answer within `PUBLISH_TIMEOUT_S`.
            PublishTrackError: The server refused the audio.
        """
        self.audio = await self._publish(
            rtc.LocalAudioTrack.create_audio_track("avatar-voice", sources.audio),
            voice_options(rtc.TrackSource.SOURCE_MICROPHONE, stream=STREAM),
        )
        if sources.video is None or video is None:
            return
        track = rtc.LocalVideoTrack.create_video_track("avatar-face", sources.video)
        self._video_track = track
        self.mute_video(self._video_muted)
        try:
            self.video = await self._publish(
                track, _video_options(video.fps, video.bitrate_bps, video.codec)
            )
            self._subscription = asyncio.ensure_future(self.video.wait_for_subscription())
        except PublishTrackError as error:
            if not self._room.isconnected():
                raise ConnectionError("cannot publish avatar-face: disconnected") from error
            logger.exception("tracks: the server refused the video; the voice goes on alone")

    def mute_video(self, muted: bool) -> None:
        """Mute or unmute the video, also while it is published and once more; a full reconnect
        publishes it as it is."""
        self._video_muted = muted
        track = self._video_track
        if track is not None and not self._closed.done() and track.muted != muted:
            track.mute() if muted else track.unmute()

    @property
    def video_watched(self) -> bool:
        """Whether the video is not muted, and has been subscribed to at some time: a participant
        that the server hides, as a recorder, shows only so."""
        video = self.video
        return video is not None and not video.muted and self._subscription.done()

    async def wait_for_subscriber(self) -> None:
        """Return once a participant is subscribed to the audio, or none can be any more."""
        if self.audio is None:
            return
        subscription = asyncio.ensure_future(self.audio.wait_for_subscription())
        try:
            await _first(subscription, self._closed, self._disconnected)
        finally:
            subscription.cancel()

    async def linger(self, duration_s: float) -> None:
        """Wait, as long as the room is there."""
        if self._room.isconnected():
            await _first(self._disconnected, timeout_s=duration_s)

    async def read_link(self, wall_s: float) -> LinkReading:
        """Read the RTC statistics at `wall_s`; what they do not tell is None."""
        publication = self.video or self.audio
        if publication is None or publication.track is None:
            return LinkReading()
        # Before Python 3.12 `asyncio.wait_for` may swallow a cancellation.
        request = asyncio.ensure_future(statistics(publication.track))
        try:
            await _first(request, timeout_s=STATS_TIMEOUT_S)
            return LinkReading.of(request.result(), wall_s)
        except Exception as error:
            logger.debug("tracks: no RTC statistics", extra={"error": repr(error)})
            return LinkReading()
        finally:
            request.cancel()

    async def aclose(self) -> None:
        """Unpublish both tracks, within `UNPUBLISH_TIMEOUT_S`; any number of times.

        A track that the server grants later than that stays, silent, until the participant leaves.
        """
        _resolve(self._closed)
        self._subscription.cancel()
        requests, self._requests = self._requests, []
        unpublishing = asyncio.gather(*map(self._unpublish, requests))
        try:
            if not self._disconnected.done() and self._room.isconnected():
                await _first(unpublishing, self._disconnected, timeout_s=UNPUBLISH_TIMEOUT_S)
        finally:
            self._room.off("connection_state_changed", self._on_state)
            unpublishing.cancel()
            for request in requests:
                request.cancel()
            await asyncio.gather(unpublishing, *requests, return_exceptions=True)
            self.audio = self.video = None

    async def _publish(
        self, track: rtc.LocalTrack, options: rtc.TrackPublishOptions
    ) -> rtc.LocalTrackPublication:
        if self._closed.done() or self._disconnected.done() or not self._room.isconnected():
            raise ConnectionError(f"cannot publish {track.name}: the room is disconnected")
        request = asyncio.ensure_future(self._room.local_participant.publish_track(track, options))
        self._requests.append(request)
        await _first(request, self._closed, self._disconnected, timeout_s=PUBLISH_TIMEOUT_S)
        if not request.done():
            why = "no answer from the server" if self._room.isconnected() else "disconnected"
            raise ConnectionError(f"cannot publish {track.name}: {why}")
        return request.result()

    async def _unpublish(self, request: asyncio.Task[rtc.LocalTrackPublication]) -> None:
        try:
            await self._room.local_participant.unpublish_track((await request).sid)
        except Exception as error:
            logger.debug("tracks: a track was not unpublished", extra={"error": repr(error)})

    def _on_state(self, state: rtc.ConnectionState.ValueType) -> None:
        if state == rtc.ConnectionState.CONN_DISCONNECTED:
            _resolve(self._disconnected)


async def _first(*ends: asyncio.Future[Any], timeout_s: float | None = None) -> None:
    """Wait for the first of `ends`, and leave the others running."""
    await asyncio.wait(ends, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def voice_options(
    source: rtc.TrackSource.ValueType, *, stream: str = ""
) -> rtc.TrackPublishOptions:
    """How a voice is published."""
    options = rtc.TrackPublishOptions(source=source, stream=stream)
    options.audio_encoding.max_bitrate = VOICE_BITRATE_BPS
    return options


def _video_options(fps: int, bitrate_bps: int, video_codec: VideoCodec) -> rtc.TrackPublishOptions:
    options = rtc.TrackPublishOptions(
        source=rtc.TrackSource.SOURCE_CAMERA,
        stream=STREAM,
        video_codec=VIDEO_CODECS[video_codec],
        simulcast=False,
        frame_metadata_features=[rtc.FrameMetadataFeature.FMF_USER_TIMESTAMP],
        # Below 300 kbit/s WebRTC would begin with a quarter of the picture. A face on a worse
        # link is better soft than small, or still.
        degradation_preference=DEGRADATION_PREFERENCE_MAINTAIN_FRAMERATE_AND_RESOLUTION,
    )
    options.video_encoding.max_framerate = fps
    options.video_encoding.max_bitrate = bitrate_bps
    return options
