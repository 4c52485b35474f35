"""Publishes the clapper with LiveKit's own `rtc.AVSynchronizer`, for comparison.

As in LiveKit's avatar examples, one loop makes each picture and its sound, and pushes one after the
other. A picture that is slow to make stands for a slow model.
"""

from __future__ import annotations

import asyncio

import numpy as np
from livekit import rtc

from ...timeline import SAMPLE_RATE, seconds
from .clapper import FPS, FRAME_SAMPLES, SIZE, TAIL_S, Clapper, Slate
from .faults.renderer import RendererFaults
from .faults.script import Script

BITRATE_BPS = 1_500_000
QUEUE_MS = 100
"""What LiveKit's `AvatarRunner` gives its own synchroniser and audio source."""


async def publish(
    room: rtc.Room, clapper: Clapper, *, ready: asyncio.Event, script: Script
) -> dict[str, int]:
    """Publish the clapper through `rtc.AVSynchronizer`; returns when it has been heard.

    Args:
        room: Connected.
        clapper: Begins once `ready` is set; until then the tracks carry silence and darkness.
        ready: Set when a viewer has subscribed.
        script: When a picture takes longer, in media time.

    Returns:
        Nothing: the synchroniser does not count.
    """
    width, height = SIZE
    audio = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=QUEUE_MS)
    video = rtc.VideoSource(width, height)
    await _publish_tracks(room, audio, video)
    synchroniser = rtc.AVSynchronizer(
        audio_source=audio, video_source=video, video_fps=FPS, video_queue_size_ms=QUEUE_MS
    )
    slate, faults = Slate(), RendererFaults(script)
    try:
        while not ready.is_set():
            await _push(synchroniser, slate.draw(0, bright=False), np.zeros(FRAME_SAMPLES))
        for start in range(0, clapper.length, FRAME_SAMPLES):
            await asyncio.sleep(faults.stall_s(seconds(start)))
            bright = clapper.beeps_at(start + FRAME_SAMPLES // 2)
            picture = slate.draw(start // FRAME_SAMPLES, bright=bright)
            length = min(FRAME_SAMPLES, clapper.length - start)
            await _push(synchroniser, picture, clapper.sound(start, length))
        await synchroniser.wait_for_playout()
        await asyncio.sleep(TAIL_S)
        return {}
    finally:
        await synchroniser.aclose()
        await audio.aclose()
        await video.aclose()


async def _push(
    synchroniser: rtc.AVSynchronizer,
    picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    sound: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
) -> None:
    width, height = SIZE
    await synchroniser.push(
        rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, picture.tobytes())
    )
    pcm = sound.astype(np.int16)
    await synchroniser.push(rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm)))


async def _publish_tracks(room: rtc.Room, audio: rtc.AudioSource, video: rtc.VideoSource) -> None:
    sound = rtc.LocalAudioTrack.create_audio_track("stock-audio", audio)
    picture = rtc.LocalVideoTrack.create_video_track("stock-video", video)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=False)
    options.video_encoding.max_framerate = FPS
    options.video_encoding.max_bitrate = BITRATE_BPS
    microphone = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await room.local_participant.publish_track(sound, microphone)
    await room.local_participant.publish_track(picture, options)
