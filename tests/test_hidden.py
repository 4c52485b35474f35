"""A face is hidden and shown at any moment of its life."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from livekit import rtc
from livekit.agents import AgentSession
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession, Moment
from livekit_plugins_avatar.tools.eval.ours import pipeline_of

from .simulated_room import SimulatedRoom


class Grey:
    """The least that is a renderer."""

    size = (4, 4)
    fps = 30

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        return np.zeros((len(moments), 6, 4), np.uint8)

    def close(self) -> None:
        pass


def video_of(room: SimulatedRoom) -> rtc.LocalTrack:
    [video] = [
        each.track
        for each in room.local_participant.track_publications.values()
        if each.kind == rtc.TrackKind.KIND_VIDEO
    ]
    return video


def hidden(face: AvatarSession, video: rtc.LocalTrack) -> bool:
    """Whether the face says so; the track has to agree."""
    assert face.hidden == video.muted
    return face.hidden


async def test_hidden_before_the_start() -> None:
    """The face joins muted; showing it and hiding it again does what it says, also twice."""
    room, face = SimulatedRoom(), AvatarSession(renderer=Grey())
    face.hide()
    assert face.hidden
    await face.start(AgentSession(), room=room.as_room)
    await face.wait_for_join(timeout=2.0)
    video = video_of(room)
    assert hidden(face, video) and not pipeline_of(face).publisher.has_viewer
    for _ in range(2):
        face.show()
        assert not hidden(face, video)
    for _ in range(2):
        face.hide()
        assert hidden(face, video)
    await face.aclose()


async def test_hidden_while_starting() -> None:
    """What was asked for while the server had not answered holds."""
    room, face = SimulatedRoom(latency_s=0.05), AvatarSession(renderer=Grey())
    room.on("local_track_published", lambda publication, _: face.hide())
    await face.start(AgentSession(), room=room.as_room)
    assert video_of(room).muted
    await face.aclose()


async def test_hidden_after_the_end() -> None:
    """There is no face any more, and no error."""
    face = AvatarSession(renderer=Grey())
    await face.start(AgentSession(), room=SimulatedRoom().as_room)
    await face.aclose()
    face.hide()
    face.show()
    assert not face.hidden


async def test_a_voice_alone_has_nothing_to_hide() -> None:
    """Where the server refused the picture, hiding it is no error."""
    room = SimulatedRoom(refused=(rtc.TrackKind.KIND_VIDEO,))
    face = AvatarSession(renderer=Grey())
    await face.start(AgentSession(), room=room.as_room)
    face.hide()
    face.show()
    await face.aclose()
