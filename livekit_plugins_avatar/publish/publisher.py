"""Publishes one avatar into a room: the conductor, its tracks, and what watches their link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from livekit import rtc
from livekit.agents.utils import hw

from ..audio.playback_events import PlaybackEvent
from ..audio.playout import Playout
from ..render.turns import Turns
from ..timeline import Clock, SystemClock
from .conductor import Conductor
from .connectivity import Connectivity
from .keyframes import KeyframeRequests
from .link_monitor import LinkMonitor, LinkWatcher
from .room_events import keep_to
from .sources import QUEUE_SAMPLES, Sources
from .tracks import Tracks, Video

DRAIN_S = 0.25
"""Receivers hold so much sound at most, as a rule, and drop it with its track."""


@cache
def turns_of_process() -> Turns:
    """The turns of all faces of this process."""
    return Turns(SystemClock(), cores=max(1, int(hw.get_cpu_monitor().cpu_count())))


class Publisher:
    """Used on the room's event loop; `on_events` is called on the conductor's thread."""

    def __init__(
        self,
        playout: Playout,
        *,
        clock: Clock,
        on_events: Callable[[Sequence[tuple[PlaybackEvent, float]]], None],
    ) -> None:
        self._playout = playout
        self._clock = clock
        self.conductor = Conductor(
            playout,
            clock=clock,
            queue_samples=QUEUE_SAMPLES,
            on_events=on_events,
            on_late=turns_of_process().voice_late,
            has_viewer=lambda: self.has_viewer,
        )
        self.tracks: Tracks | None = None
        self.hidden = False
        """Whether the video is muted, or will be once it is published."""
        self.samples_replayed = 0
        """Samples of speech that no participant had heard and that were played again."""
        self._connectivity: Connectivity | None = None
        self._link_monitor: LinkMonitor | None = None

    @property
    def has_video(self) -> bool:
        """Whether the video is published."""
        return self.tracks is not None and self.tracks.video is not None

    @property
    def has_viewer(self) -> bool:
        """Whether the video has a viewer, or may have one; see `LinkReading.video_active`."""
        if self.hidden:
            return False
        if self._link_monitor is None:
            return True
        watched = self.tracks is None or self.tracks.video_watched
        return watched and self._link_monitor.reading.video_active

    @property
    def reconnections(self) -> int:
        """How often the room was lost and came back."""
        return self._connectivity.reconnections if self._connectivity is not None else 0

    def hide(self, hidden: bool) -> None:
        """Mute the video or unmute it, now or once it is published; any number of times.

        Muted rather than unpublished: a recorder keeps its track, clients know what to show of a
        camera that is off, and a frame is back at a viewer without a negotiation.
        """
        # First no frame is captured any more: the SDK sends black ones of a muted track.
        self.hidden = hidden
        if self.tracks is not None:
            self.tracks.mute_video(hidden)

    async def start(self, room: rtc.Room, video: Video | None) -> None:
        """Start the conductor and publish what it feeds; may be cancelled before `aclose`.

        Without a `video` the voice is published alone. Raises a ConnectionError if the room was
        disconnected.
        """
        keep_to(room)
        size = video.size if video is not None else None
        sources = await self.conductor.start(lambda: Sources(size))
        self.tracks = Tracks(room)
        self.tracks.mute_video(self.hidden)
        await self.tracks.publish(sources, video)
        self._watch_link(room, self.tracks, sources, video)

    def _watch_link(
        self, room: rtc.Room, tracks: Tracks, sources: Sources, video: Video | None
    ) -> None:
        self._connectivity = Connectivity(
            voice_sid=lambda: tracks.audio.sid if tracks.audio is not None else None,
            playhead=lambda: self.conductor.playhead,
            clock=self._clock,
            on_lost=self._playout.link_down,
            on_regained=self._on_regained,
        )
        watchers: list[LinkWatcher] = [self._connectivity]
        if video is not None and not video.constant_size:
            request = sources.request_keyframe
            watchers.append(KeyframeRequests(request=request, clock=self._clock))
        self._link_monitor = LinkMonitor(
            room, lambda: tracks.read_link(self._clock.wall_s()), watchers, clock=self._clock
        )
        self._link_monitor.start()

    def _on_regained(self) -> None:
        self.samples_replayed += self._playout.link_up()

    async def wait_for_subscriber(self) -> None:
        """Return once a participant is subscribed to the audio, or none can be any more."""
        if self.tracks is not None:
            await self.tracks.wait_for_subscriber()

    async def drain(self) -> None:
        """Wait until receivers have played what has left; not in a room that is gone."""
        if self.tracks is not None:
            await self.tracks.linger(DRAIN_S)

    def stop(self) -> None:
        """End the conductor's thread; from any thread, any number of times."""
        self.conductor.close()

    async def aclose(self) -> None:
        """Stop, and unpublish the tracks."""
        if self._link_monitor is not None:
            await self._link_monitor.aclose()
        if self.tracks is not None:
            await self.tracks.aclose()
