"""The face changes in mid-speech, and the sound is whole."""

from __future__ import annotations

from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from ..lifecycle.changes import KINDS, measure


async def test_the_face_changes_in_mid_speech(server: LiveKitServer) -> None:
    """Hidden, replaced, shown, replaced and closed; the command of `changes` makes more."""
    heard = await measure(server, len(KINDS), settle_s=0.5)
    assert [each.kind for each in heard] == [*KINDS, "after"]
    assert not [each for each in heard if each.wrong]
