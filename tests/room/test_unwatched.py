"""A face that no viewer watches costs nothing, and is back at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from livekit import rtc

from livekit_plugins_avatar import AvatarSession
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .conftest import Call, Viewer, a_call, until
from .stand_ins import Grey

BACK_S, TRIES = 0.3, 3
"""The quickest of the tries counts: a busy machine may delay any of them."""


class Counted(Grey):
    """A renderer that counts its pictures."""

    def __init__(self) -> None:
        super().__init__(self._count)
        self.drawn = 0

    def _count(self, _moment: object) -> int:
        self.drawn += 1
        return 100


async def rests(renderer: Counted, call: Call) -> None:
    """Wait until nothing is drawn for 15 frames."""

    before = [renderer.drawn, call.avatar.stats.frames_unwatched]

    def rested() -> bool:
        now = call.avatar.stats.frames_unwatched
        if renderer.drawn != before[0]:
            before[:] = renderer.drawn, now
        return now >= before[1] + 15

    await until(rested)


async def back_s(viewer: Viewer, watch: Callable[[], object]) -> float:
    """How long after `watch` the first new frame arrives."""
    before, began_s = len(viewer.seen), time.monotonic()
    watch()
    await until(lambda: len(viewer.seen) > before)
    return viewer.seen[before][0] - began_s


async def test_a_hidden_face_rests(server: LiveKitServer) -> None:
    """Nothing is drawn and sent, the track is muted; the voice goes on."""
    renderer = Counted()
    async with a_call(server, AvatarSession(renderer=renderer)) as call:
        tracks = call.pipeline.publisher.tracks
        assert tracks is not None and tracks.video is not None
        track = tracks.video.track
        assert isinstance(track, rtc.LocalVideoTrack)
        seen = call.viewer.room.remote_participants["agent"].track_publications[track.sid]
        took_s = []
        face = call.avatar
        for hide, show in [(face.hide, face.show)] * TRIES + [(track.mute, track.unmute)]:
            hide()
            hide()
            await until(lambda: seen.muted)
            await rests(renderer, call)
            heard = len(call.viewer.heard)
            took_s.append(await back_s(call.viewer, show))
            show()
        assert min(took_s) <= BACK_S
        await until(lambda: len(call.viewer.heard) > heard and not seen.muted)


async def test_a_face_without_viewers_rests(server: LiveKitServer) -> None:
    """In a room with dynacast, where all have unsubscribed from it."""
    renderer = Counted()
    async with a_call(server, AvatarSession(renderer=renderer), dynacast=True) as call:
        agent = call.viewer.room.remote_participants["agent"]
        [video] = [
            each
            for each in agent.track_publications.values()
            if each.kind == rtc.TrackKind.KIND_VIDEO
        ]
        took_s = []
        for _ in range(TRIES):
            video.set_subscribed(False)
            await rests(renderer, call)
            took_s.append(await back_s(call.viewer, lambda: video.set_subscribed(True)))
        assert min(took_s) <= BACK_S
