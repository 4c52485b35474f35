"""In a room the face shows what is said while it is said, and the picture shows the face."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import numpy as np
from livekit import rtc
from livekit.agents import UserInputTranscribedEvent
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession, Moment
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .conftest import RATE, Call, a_call, until
from .stand_ins import hum


class Smiling:
    """Paints a tile as bright as the face smiles, and dark as it frowns."""

    size = (64, 64)
    fps = 30

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        frames = np.full((len(moments), 96, 64), 128, np.uint8)
        for frame, moment in zip(frames, moments, strict=True):
            smile = moment.value["mouthSmileLeft"] - moment.value["browDownLeft"]
            frame[:64] = np.clip(100 + 250 * smile, 16, 235)
        return frames

    def close(self) -> None:
        pass


async def say(call: Call, text: str, seconds: float) -> None:
    pcm = hum(seconds)

    async def frames() -> AsyncIterator[rtc.AudioFrame]:
        for first in range(0, len(pcm), RATE // 5):
            piece = pcm[first : first + RATE // 5]
            yield rtc.AudioFrame(piece.tobytes(), RATE, 1, len(piece))

    await call.session.say(text, audio=frames(), add_to_chat_ctx=False)


def seen_from(call: Call, begin: int) -> list[int]:
    return [brightness for _, _, brightness in call.viewer.seen[begin:]]


async def test_the_face_shows_what_is_said(server: LiveKitServer) -> None:
    """It frowns as it says bad news, and smiles when it is thanked."""
    async with a_call(server, AvatarSession(renderer=Smiling())) as call:
        await call.session.room_io.wait_for_ready()
        rest = np.median(seen_from(call, -5))
        begin = len(call.viewer.seen)
        await say(call, "Unfortunately, the flight has been cancelled.", 2.0)
        await until(lambda: min(seen_from(call, begin)) < rest - 30)
        begin = len(call.viewer.seen)
        call.avatar.express("neutral")
        await until(lambda: any(abs(each - rest) < 12 for each in seen_from(call, begin)[-1:]))
        call.session.emit(
            "user_input_transcribed",
            UserInputTranscribedEvent(transcript="Thank you so much!", is_final=True),
        )
        await until(lambda: max(seen_from(call, begin)) > rest + 40)
