"""Publishes audio and video as tracks of the agent's participant.

After a full reconnect LiveKit publishes the tracks again by itself; the publications here stay the
same objects, with new sids.
"""

from __future__ import annotations

from dataclasses import dataclass

from livekit import rtc
from livekit.rtc._proto.room_pb2 import (
    DEGRADATION_PREFERENCE_MAINTAIN_FRAMERATE_AND_RESOLUTION,
)
from livekit.rtc.participant import UnpublishTrackError

from ..log import logger
from .link_monitor import LinkReading
from .sources import Sources

STREAM = "avatar"
"""Both tracks are in this stream: in a room with `sync_streams` receivers play them in sync."""


@dataclass(slots=True)
class Tracks:
    """The publications of one participant; used on the room's event loop."""

    room: rtc.Room
    audio: rtc.LocalTrackPublication | None = None
    video: rtc.LocalTrackPublication | None = None

    async def publish(self, sources: Sources, *, fps: int, bitrate_bps: int) -> None:
        """Publish the audio, and the video where there is a face.

        Video that cannot be published is logged and left out: the voice goes on.
        """
        self.audio = await self.room.local_participant.publish_track(
            rtc.LocalAudioTrack.create_audio_track("avatar-voice", sources.audio),
            rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, stream=STREAM),
        )
        if sources.video is None:
            return
        try:
            self.video = await self.room.local_participant.publish_track(
                rtc.LocalVideoTrack.create_video_track("avatar-face", sources.video),
                _video_options(fps, bitrate_bps),
            )
        except Exception:
            logger.exception("tracks: the video could not be published; the voice goes on alone")

    async def wait_for_subscriber(self) -> None:
        """Return once a participant is subscribed to the audio."""
        if self.audio is not None:
            await self.audio.wait_for_subscription()

    async def read_link(self, wall_s: float) -> LinkReading:
        """Read the RTC statistics at `wall_s`; what they do not tell is None."""
        publication = self.video or self.audio
        if publication is None or publication.track is None:
            return LinkReading()
        try:
            return LinkReading.of(await publication.track.get_stats(), wall_s)
        except Exception as error:
            logger.debug("tracks: no RTC statistics", extra={"error": str(error)})
            return LinkReading()

    async def aclose(self) -> None:
        """Unpublish both tracks, if the room is still connected."""
        publications, self.audio, self.video = (self.audio, self.video), None, None
        for publication in publications:
            if publication is None or not self.room.isconnected():
                continue
            try:
                await self.room.local_participant.unpublish_track(publication.sid)
            except UnpublishTrackError as error:
                logger.debug("tracks: already unpublished", extra={"error": str(error)})


def _video_options(fps: int, bitrate_bps: int) -> rtc.TrackPublishOptions:
    options = rtc.TrackPublishOptions(
        source=rtc.TrackSource.SOURCE_CAMERA,
        stream=STREAM,
        simulcast=False,
        frame_metadata_features=[rtc.FrameMetadataFeature.FMF_USER_TIMESTAMP],
        # Below 300 kbit/s WebRTC would begin with a quarter of the picture. A face on a worse
        # link is better soft than small, or still.
        degradation_preference=DEGRADATION_PREFERENCE_MAINTAIN_FRAMERATE_AND_RESOLUTION,
    )
    options.video_encoding.max_framerate = fps
    options.video_encoding.max_bitrate = bitrate_bps
    return options
