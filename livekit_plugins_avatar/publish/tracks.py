"""The two tracks: where sound and picture leave for the room.

In flow PCM and I420 pictures from the conductor's thread, out flow one audio and one video track
of the agent's participant. The sources belong to the conductor's event loop, the publications to
the room's: a blocked agent cannot stop the flow. After a full reconnect LiveKit publishes the
tracks again by itself, and the sources are fed on as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from livekit import rtc
from livekit.rtc._proto.room_pb2 import (
    DEGRADATION_PREFERENCE_MAINTAIN_FRAMERATE_AND_RESOLUTION,
)
from livekit.rtc._proto.stats_pb2 import RtcStats
from livekit.rtc.participant import UnpublishTrackError
from numpy.typing import NDArray

from ..audio.playout import Pcm
from ..log import logger
from ..timeline import SAMPLE_RATE, samples, seconds

QUEUE_SAMPLES = samples(0.15)
"""What the audio source holds besides the 10 ms on their way: as long may this process be kept
from running before the voice stutters. It delays nothing: what is held can be taken back. On two
cores with two browsers a push that should take 10 ms took 93 at worst."""

STREAM = "avatar"
"""Both tracks are in this stream: in a room with `sync_streams` that is what lets a receiver play
them in sync."""


CUT_ROWS = 4
"""By how much the picture's height changes for a whole picture: the least that WebRTC passes on.
LiveKit has no other way to ask the encoder for one; of 512 rows nobody misses four."""


class Sources:
    """What the conductor feeds; made and used on the conductor's event loop.

    Args:
        size: Width and height of the picture, or None for a voice without a face.
    """

    def __init__(self, size: tuple[int, int] | None) -> None:
        self.audio = rtc.AudioSource(
            SAMPLE_RATE, 1, queue_size_ms=round(1000 * seconds(QUEUE_SAMPLES))
        )
        self.video = None if size is None else rtc.VideoSource(*size)
        self._cut = False
        """Whether the picture lacks its last rows at present."""

    async def push_audio(self, pcm: Pcm) -> None:
        """Hand on int16 [N]; returns when the source has room again."""
        await self.audio.capture_frame(rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm)))

    def clear(self) -> None:
        """Take back what the audio source holds."""
        self.audio.clear_queue()

    def show(self, picture: NDArray[np.uint8], *, sample: int, timestamp_us: int) -> None:
        """Capture a frame, uint8 [H * 3 / 2, W], now.

        Args:
            picture: Planar I420.
            sample: The published sample it is to be seen with; receivers that read frame metadata
                find it as `user_timestamp`.
            timestamp_us: The same in microseconds of capture time, evenly spaced.
        """
        if self.video is None:
            return
        height, width = picture.shape[0] * 2 // 3, picture.shape[1]
        data = np.ascontiguousarray(picture).tobytes()
        if self._cut:
            data = shortened(picture, CUT_ROWS)
            height -= CUT_ROWS
        frame = rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, data)
        metadata = rtc.FrameMetadata(user_timestamp=sample)
        self.video.capture_frame(frame, timestamp_us=timestamp_us, metadata=metadata)

    def request_keyframe(self) -> None:
        """Let the next frame be encoded without those before it; from any thread."""
        self._cut = not self._cut

    async def aclose(self) -> None:
        """Let go of the sources."""
        await self.audio.aclose()
        if self.video is not None:
            await self.video.aclose()


def shortened(picture: NDArray[np.uint8], rows: int) -> bytes:
    """A planar I420 picture, uint8 [H * 3 / 2, W], without its last rows, an even number."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    return picture[: height - rows].tobytes() + chroma[:, : (height - rows) // 2].tobytes()


@dataclass(slots=True)
class Tracks:
    """The publications of one participant; used on the room's event loop."""

    room: rtc.Room
    audio: rtc.LocalTrackPublication | None = None
    video: rtc.LocalTrackPublication | None = None

    async def publish(self, sources: Sources, *, fps: int, bitrate_bps: int) -> None:
        """Publish the sound, and the picture where there is one.

        A picture that cannot be published is logged and left out: the voice goes on.
        """
        self.audio = await self.room.local_participant.publish_track(
            rtc.LocalAudioTrack.create_audio_track("avatar-voice", sources.audio),
            rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, stream=STREAM),
        )
        if sources.video is None:
            return
        options = rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_CAMERA,
            stream=STREAM,
            simulcast=False,
            frame_metadata_features=[rtc.FrameMetadataFeature.FMF_USER_TIMESTAMP],
            # Below 300 kbit/s WebRTC would begin with a quarter of the picture. A face on a worse
            # line is better soft than small, or still.
            degradation_preference=DEGRADATION_PREFERENCE_MAINTAIN_FRAMERATE_AND_RESOLUTION,
        )
        options.video_encoding.max_framerate = fps
        options.video_encoding.max_bitrate = bitrate_bps
        try:
            self.video = await self.room.local_participant.publish_track(
                rtc.LocalVideoTrack.create_video_track("avatar-face", sources.video), options
            )
        except Exception:
            logger.exception("the face could not be published: the voice goes on without it")

    async def wait_for_listener(self) -> None:
        """Wait until somebody hears the sound: words spoken earlier would be lost."""
        if self.audio is not None:
            await self.audio.wait_for_subscription()

    async def silence_s(self, wall_s: float) -> float | None:
        """How long ago at `wall_s` the last packet came from the server, in RTC stats.

        None where nothing is known: no track, no statistics, no packet yet. That is so between an
        old connection and a new one, and what was known of the old one before does not stand in
        for it: it may be minutes old, and nothing was lost in these.
        """
        stamps = [
            report.candidate_pair.candidate_pair.last_packet_received_timestamp / 1e3
            for report in await _reports(self.audio)
            if report.WhichOneof("stats") == "candidate_pair"
        ]
        last_s = max(stamps, default=0.0)
        return wall_s - last_s if last_s else None

    async def keyframes_encoded(self) -> int | None:
        """How many pictures the encoder has made that need none before them; None where nothing
        is known."""
        counts = [
            report.outbound_rtp.outbound.key_frames_encoded
            for report in await _reports(self.video)
            if report.WhichOneof("stats") == "outbound_rtp"
        ]
        return max(counts, default=None)

    async def unpublish(self) -> None:
        """Take both tracks out of the room, if it still stands."""
        publications, self.audio, self.video = (self.audio, self.video), None, None
        for publication in publications:
            if publication is None or not self.room.isconnected():
                continue
            try:
                await self.room.local_participant.unpublish_track(publication.sid)
            except UnpublishTrackError as error:
                logger.debug("a track was gone before it could be unpublished: %s", error)


async def _reports(publication: rtc.LocalTrackPublication | None) -> Sequence[RtcStats]:
    """The statistics of a track, none where there are none."""
    if publication is None or publication.track is None:
        return []
    try:
        return await publication.track.get_stats()
    except Exception as error:
        logger.debug("no statistics of the track: %s", error)
        return []
