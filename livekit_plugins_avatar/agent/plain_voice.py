"""The framework's own output, over a track of its own: an agent's voice without an avatar."""

from __future__ import annotations

import asyncio
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.voice.io import AudioOutput

# Private: the only output that publishes a voice as the framework does. `livekit-agents` is pinned
# to one minor version in pyproject.toml; look at this class again where that is raised.
from livekit.agents.voice.room_io import AudioOutputOptions, _ParticipantAudioOutput

from ..audio.sink import report_cancelled
from ..log import logger

TRACK_NAME = "agent-voice"

SUBSCRIBER_WAIT_S = 1.0
"""How long speech waits for a first subscriber to the plain track; one takes some 0.1 s."""

GONE_S = 0.5
"""A room that is gone is told of within this."""

UNPUBLISH_TIMEOUT_S = 1.0
"""`unpublish_track` of livekit 1.1.21 waits for ever in a room that is gone."""


class PlainVoice(_ParticipantAudioOutput):
    """The framework's own output, for an agent whose face is closed, or elsewhere and away.

    Its track waits for `may_publish`, and speech for the track. It closes itself with the session
    or the room, and takes frames of any rate: an answer under way keeps its rate.

    Args:
        agent_session, room: Whose voice, and where.
        rate: Of the track in Hz; by default what the framework publishes.
        publish_options: Of the track; by default the framework's.
        audio_source: Of the track, mono, of that rate; by default one like the framework's.
    """

    def __init__(
        self,
        agent_session: AgentSession[Any],
        room: rtc.Room,
        *,
        rate: int | None = None,
        publish_options: rtc.TrackPublishOptions | None = None,
        audio_source: rtc.AudioSource | None = None,
    ) -> None:
        options = AudioOutputOptions()
        self._rate = rate or options.sample_rate
        super().__init__(
            room,
            sample_rate=self._rate,
            num_channels=options.num_channels,
            track_publish_options=publish_options or options.track_publish_options,
            track_name=TRACK_NAME,
        )
        if audio_source is not None:
            self._audio_source = audio_source
        self._session = agent_session
        self._resampler: rtc.AudioResampler | None = None
        self._published: asyncio.Future[rtc.LocalTrackPublication] = (
            asyncio.get_running_loop().create_future()
        )
        self.may_publish = asyncio.Event()
        self._over = asyncio.Event()
        agent_session.on("close", self._on_close)
        room.on("connection_state_changed", self._on_state)
        room.on("local_track_published", self._on_published)
        self._life = asyncio.create_task(self._live(), name="avatar-plain-voice")

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        try:
            await self.wait_until_heard()
        except asyncio.CancelledError:
            report_cancelled(self)
            raise
        if self._over.is_set():
            return await AudioOutput.capture_frame(self, frame)
        frames = [frame]
        if frame.sample_rate != self._rate:
            if self._resampler is None:
                self._resampler = rtc.AudioResampler(frame.sample_rate, self._rate)
            frames = self._resampler.push(frame)
        for each in frames:
            await super().capture_frame(each)

    async def wait_until_heard(self) -> None:
        """Return once speech flows: a participant is subscribed, or none is waited for any more."""
        # Shielded: the end of one wait would cancel the future that all others wait for.
        await asyncio.shield(self.subscribed)

    @property
    def closed(self) -> bool:
        """Whether nothing plays what it is given any more."""
        return self._over.is_set()

    @property
    def heard_s(self) -> float:
        """How much of the open segment has left the audio source."""
        return max(0.0, self._source_pushed_duration - self._audio_source.queued_duration)

    async def wait_for_subscriber(self) -> None:
        """Return once a participant is subscribed to the track, or none can be any more."""
        waits = [
            asyncio.ensure_future(self._first_subscription()),
            asyncio.ensure_future(self._over.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _first_subscription(self) -> None:
        await (await asyncio.shield(self._published)).wait_for_subscription()

    async def withdraw(self) -> None:
        """Unpublish, and close; any number of times."""
        self._over.set()
        await asyncio.gather(self._life, return_exceptions=True)

    def flush(self) -> None:
        self._resampler = None
        if not self._over.is_set():
            return super().flush()
        AudioOutput.flush(self)
        self._finish_unheard()

    def _finish_unheard(self) -> None:
        """Finish segments that nothing plays any more: what closed the output drops them."""
        for _ in range(self._pending_playback_count):
            self.on_playback_finished(playback_position=0.0, interrupted=True)

    def _on_published(self, publication: rtc.LocalTrackPublication, *_: object) -> None:
        if publication.name == TRACK_NAME:
            if not self._published.done():
                self._published.set_result(publication)
            # The class above waits for the first subscriber, who may never come.
            asyncio.get_running_loop().call_later(SUBSCRIBER_WAIT_S, self._wait_no_longer)

    def _wait_no_longer(self) -> None:
        """Let speech flow, whether there is a subscriber or not."""
        if not self.subscribed.done():
            self.subscribed.set_result(None)

    def _on_state(self, state: rtc.ConnectionState.ValueType) -> None:
        # `disconnected` may not come where the room goes while it negotiates a track.
        if state == rtc.ConnectionState.CONN_DISCONNECTED:
            self._on_close()

    def _on_close(self, *_: object) -> None:
        self._over.set()

    async def _live(self) -> None:
        publishing = asyncio.create_task(self._publish())
        await self._over.wait()
        self._session.off("close", self._on_close)
        self._room.off("connection_state_changed", self._on_state)
        self._room.off("local_track_published", self._on_published)
        self._wait_no_longer()
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        await self.aclose()
        self._finish_unheard()
        if self._publication is not None and self._room.isconnected():
            unpublishing = self._room.local_participant.unpublish_track(self._publication.sid)
            try:
                await asyncio.wait_for(unpublishing, UNPUBLISH_TIMEOUT_S)
            except Exception as error:
                logger.debug("plain voice: not unpublished", extra={"error": repr(error)})

    async def _publish(self) -> None:
        await self.may_publish.wait()
        try:
            await self.start()
        except Exception as error:
            # Of a room that goes, which is told a moment later, and ends this task.
            await asyncio.sleep(GONE_S)
            logger.error(
                "plain voice: the track could not be published; the agent is mute", exc_info=error
            )
            self._wait_no_longer()
