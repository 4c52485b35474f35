"""AvatarSession: what a user starts, and what joins the parts.

Before `session.start`, `await avatar.start(session, room=ctx.room)` puts the sink where the
framework looks for its audio output and publishes voice and face as tracks of the agent; from then
on the face follows what the agent says and does. Should the face fail, the voice goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession, JobContext, get_job_context
from livekit.agents.voice import avatar as agents_avatar
from livekit.agents.voice.io import AgentOutput, AudioOutput

from . import telemetry
from .agent.events import AgentEvents
from .audio.playback_events import PlaybackEvent
from .audio.playout import Playout
from .audio.sink import AudioSink, TimedText
from .emotion.controller import EmotionController
from .emotion.estimate import EmotionClassifier
from .face.articulation import REACH_AFTER_SAMPLES
from .face.face import Face
from .face.status import AvatarStatus
from .face.store import KEEP_EVERY_S, FaceMemory
from .gaze.controller import GazeController
from .log import logger
from .options import AvatarOptions
from .publish.conductor import Conductor
from .publish.connectivity import Connectivity
from .publish.keyframes import KeyframeRequests
from .publish.link_monitor import LinkMonitor, LinkWatcher
from .publish.sources import QUEUE_SAMPLES, Sources
from .publish.tracks import Tracks
from .render.persona import PersonaError, load_persona
from .render.prerenderer import Prerenderer, frame_period
from .render.renderer import Renderer
from .speech.published import PublishedVisemes
from .speech.recognizer import Recognizer, built_in
from .speech.schedule import VisemeSchedule
from .speech.text.spoken_text import SpokenText
from .speech.worker import RecognitionWorker
from .timeline import Clock, SystemClock, samples, seconds

LEAD_FRAMES = 2
"""A frame is redrawn before it is due if it is due no sooner than this: one is being drawn, and one
is being shown."""


class AvatarSession(agents_avatar.AvatarSession[str]):
    """A face for an agent.

    Args:
        options: How it looks and behaves.
        renderer: What draws the face: any object that fits `Renderer`, instead of the persona in
            `options`. The avatar closes it.
        recognizer: What turns speech into visemes, instead of the built-in one.
        classifier: A service that is asked what a text makes one feel, besides the built-in
            lexicon: `emotion.classifiers` has two, which need a key. The avatar closes it.
        memory: Where to keep what the face looks like, so that a process which takes the place of
            this one within a minute goes on with it: the path of a file, or any mapping of
            strings. Without it nothing is kept.

    Raises:
        TypeError: `renderer` lacks something that a renderer must have.
        ValueError: `renderer` wants an impossible frame rate or size.
    """

    def __init__(
        self,
        options: AvatarOptions | None = None,
        *,
        renderer: Renderer | None = None,
        recognizer: Recognizer | None = None,
        classifier: EmotionClassifier | None = None,
        memory: MutableMapping[str, str] | str | Path | None = None,
    ) -> None:
        super().__init__()
        if renderer is not None:
            _check_renderer(renderer)
        self._options = options or AvatarOptions()
        self._renderer = renderer
        self._clock: Clock = SystemClock()
        self._playout = Playout()
        self._schedule = VisemeSchedule()
        self._face = Face(
            PublishedVisemes(self._schedule, self._playout),
            seed=self._options.seed,
            style=self._options.resolved_style,
        )
        self._gaze_controller = GazeController(
            self._face, seed=self._options.seed, on_change=self._redraw
        )
        self._worker = RecognitionWorker(
            recognizer or built_in(),
            self._schedule,
            self._on_heard,
            lambda: self._playout.speech_position,
        )
        self._conductor = Conductor(
            self._playout, clock=self._clock, queue_samples=QUEUE_SAMPLES, on_events=self._on_events
        )
        self._emotion_controller = EmotionController(
            express=self._express,
            nod=self._nod,
            now=self._now,
            placement=self._playout,
            visemes=self._schedule.between,
            word_start=lambda index: None,
            clock=self._clock,
            classifier=classifier,
        )
        self._text = _Text(SpokenText(self._worker.expect), self._emotion_controller)
        self._watch = AgentEvents(
            self._gaze_controller,
            self._emotion_controller,
            now=self._now,
            turn_end=lambda: self._playout.turn_end,
        )
        self._store = memory
        self._tasks: list[asyncio.Task[None]] = []
        self._connectivity: Connectivity | None = None
        self._link_monitor: LinkMonitor | None = None
        self._samples_replayed = 0
        self._prerenderer: Prerenderer | None = None
        self._tracks: Tracks | None = None
        self._sink: AudioSink | None = None
        self._session: AgentSession[Any] | None = None
        self._previous_output: AudioOutput | None = None
        self._identity = ""
        self._started = False
        self._closed = False
        self._faceless = asyncio.Event()
        """Set once it is known that no face will join."""

    @property
    def avatar_identity(self) -> str:
        """The agent's own identity: voice and face are tracks of the agent."""
        return self._identity

    @property
    def provider(self) -> str:
        """The name under which the framework files this avatar's metrics."""
        return "livekit-plugins-avatar"

    @property
    def stats(self) -> dict[str, int]:
        """Counts since the start, by name: see `telemetry.COUNTS`."""
        counts = asdict(self._conductor.stats)
        counts["samples_replayed"] = self._samples_replayed
        counts["reconnections"] = self._connectivity.reconnections if self._connectivity else 0
        if self._prerenderer is not None:
            counts["frames_late"] = self._prerenderer.late
            counts["render_failures"] = self._prerenderer.failures
        return counts

    @property
    def status(self) -> AvatarStatus:
        """Why the face that is seen now looks as it does."""
        delay = samples(self._options.video_delay_s)
        return self._face.status(max(0, self._conductor.playhead - delay))

    def look_at(
        self,
        identity: str | None = None,
        *,
        yaw_rad: float | None = None,
        pitch_rad: float | None = None,
    ) -> None:
        """Look at somebody or somewhere until told otherwise; without arguments, nowhere special.

        The eyes go there at once and the head follows; blinks, breath and speech go on. Call it on
        the agent's event loop.

        Args:
            identity: A participant in the room, or "camera".
            yaw_rad: Instead: to the right of the picture, -0.45 to 0.45 rad from the camera.
            pitch_rad: And upwards, -0.25 to 0.25 rad from the camera.

        Raises:
            ValueError: Nobody in the room has this identity, a direction is out of range, or both
                are given.
        """
        self._gaze_controller.look_at(
            self._now(), self._gaze_controller.target(identity, yaw_rad, pitch_rad)
        )

    def place(self, identity: str, *, yaw_rad: float | None, pitch_rad: float = 0.0) -> None:
        """Say where somebody sits, for when the face turns to them; None leaves it to the avatar.

        Without it, one person is where the camera is, and several sit side by side in stable seats
        (`seats.SEATS_DEG`). Call it on the agent's event loop, whether they are there yet or not.

        Args:
            identity: Of a participant.
            yaw_rad: To the right of the picture, -0.45 to 0.45 rad from the camera.
            pitch_rad: Upwards, -0.25 to 0.25 rad from the camera.

        Raises:
            ValueError: The direction is out of range.
        """
        self._gaze_controller.place(self._now(), identity, yaw_rad, pitch_rad)

    @property
    def queues_s(self) -> dict[str, float]:
        """What waits between the stages, in seconds of media: see `telemetry.QUEUES`."""
        return {
            "speech": seconds(self._playout.buffered),
            "hearing": seconds(self._worker.waiting),
            "frames": self._prerenderer.ready_s if self._prerenderer is not None else 0.0,
            "source": seconds(self._conductor.held),
        }

    @property
    def frame_cost_s(self) -> float:
        """How long drawing a frame takes at present; 0 before the first."""
        return self._prerenderer.frame_cost_s if self._prerenderer is not None else 0.0

    async def start(self, agent_session: AgentSession[Any], room: rtc.Room) -> None:
        """Take over the agent's audio output and publish voice and face.

        Args:
            agent_session: The session, not yet started.
            room: The job's room. A room that is not connected yet is connected here, if it is
                that of the running job.

        Raises:
            RuntimeError: Called twice, or after `session.start`, or with a room that is not
                connected and not the job's.
            PersonaError: The persona file does not fit, or lacks the frame that the options ask
                for; the message says what is wrong with it.
        """
        self._check_order(agent_session)
        job = get_job_context(required=False)
        if job is not None and job.is_fake_job():
            logger.warning(
                "the console has no room to show a face in: the avatar steps aside; "
                "run the agent with `dev` or `start` to see it"
            )
            return
        await _connect(room, job)
        self._started = True
        self._identity = room.local_participant.identity
        # First, as the base class expects: it times how long the face takes to join.
        await super().start(agent_session, room)
        try:
            await self._start(agent_session, room)
        except BaseException:
            await self.aclose()
            raise
        if self._tracks is None or self._tracks.video is None:
            self._faceless.set()

    async def wait_for_join(self, *, timeout: float | None = 30.0) -> None:
        """Wait until the face is published.

        Raises:
            RuntimeError: The face could not be drawn or published, or the avatar was closed.
            asyncio.TimeoutError: Neither happened within `timeout` seconds.
        """
        joined = asyncio.ensure_future(super().wait_for_join(timeout=timeout))
        faceless = asyncio.ensure_future(self._faceless.wait())
        try:
            await asyncio.wait({joined, faceless}, return_when=asyncio.FIRST_COMPLETED)
            if faceless.done():
                raise RuntimeError(
                    "the avatar has no face to wait for: it was closed, or the face could not be "
                    "drawn or published (the log says why)"
                )
            joined.result()
        finally:
            for waiting in (joined, faceless):
                waiting.cancel()
            await asyncio.gather(joined, faceless, return_exceptions=True)

    def _check_order(self, agent_session: AgentSession[Any]) -> None:
        if self._started or self._closed:
            raise RuntimeError(
                "this avatar was started or closed before; make one AvatarSession per agent session"
            )
        if _is_running(agent_session):
            raise RuntimeError(
                "the agent session is running and has published its voice already; call "
                "`await face.start(session, room=ctx.room)` before `session.start`"
            )

    async def _start(self, agent_session: AgentSession[Any], room: rtc.Room) -> None:
        memory = FaceMemory(self._store, room.name) if self._store is not None else None
        if memory is not None:
            face = await asyncio.to_thread(memory.recall, self._clock.wall_s())
            if face is not None:
                self._face.remember(face)
        renderer = await self._open_renderer()
        size = None
        if renderer is not None:
            size = renderer.size
            self._raise_face(renderer)
        self._worker.start()
        sources = await self._conductor.start(lambda: Sources(size))
        self._tracks = Tracks(room)
        await self._tracks.publish(
            sources,
            fps=renderer.fps if renderer is not None else 0,
            bitrate_bps=self._options.bitrate_bps(size) if size is not None else 0,
        )
        self._watch_link(room, self._tracks, sources)
        if memory is not None:
            self._tasks.append(asyncio.create_task(self._remember(memory, self._tracks)))
        self._sink = AudioSink(
            self._playout,
            self._worker,
            clock=self._clock,
            wait_for_subscriber=self._tracks.wait_for_subscriber,
            segments=self._text,
            on_planned_speech=self._watch.planned_speech,
        )
        self._session = agent_session
        self._previous_output = _tail(agent_session.output.audio)
        agent_session.output.replace_audio_tail(self._sink)
        self._watch.attach(agent_session, room, self._text, self._sink)
        telemetry.measure(self, {"room": room.name})

    async def _open_renderer(self) -> Renderer | None:
        """The renderer, or None where it cannot run here: then the voice goes on alone."""
        if self._renderer is not None:
            return self._renderer

        def open_persona() -> Renderer:
            # Here, so that importing the package loads nothing that may touch a GPU.
            from .render.onnx_renderer import OnnxRenderer

            return OnnxRenderer(
                load_persona(self._options.persona),
                provider=self._options.provider,
                threads=self._options.render_threads,
                frame=self._options.frame,
            )

        try:
            return await asyncio.to_thread(open_persona)
        except PersonaError:
            raise
        except Exception:
            logger.exception("the face cannot be drawn here: the voice goes on without it")
            return None

    def _raise_face(self, renderer: Renderer) -> None:
        period = frame_period(renderer.fps)
        self._prerenderer = Prerenderer(
            renderer,
            self._face.at,
            clock=self._clock,
            frames=self._options.frames_ahead,
            period=period,
        )
        self._conductor.attach_frames(
            self._prerenderer,
            period=period,
            delay=samples(self._options.video_delay_s),
            reach=REACH_AFTER_SAMPLES,
        )
        self._prerenderer.start()

    def express(self, emotion: str, strength: float = 1.0) -> None:
        """Let the face feel something from now on; it fades by itself within some seconds.

        Call it on the agent's event loop. Before `start` and after `aclose` nobody sees it.

        Args:
            emotion: "warm", "concern", "interest", "hurt" (taken aback), "focus" or "neutral".
            strength: How much of it, in [0, 1].

        Raises:
            ValueError: A emotion that there is not, or a strength out of range.
        """
        self._express(self._now(), emotion, strength)

    def _express(self, sample: int, emotion: str, strength: float) -> None:
        self._face.express(sample, emotion, strength)
        self._redraw(sample)

    def _nod(self, sample: int) -> None:
        self._face.nod(sample)
        self._redraw(sample)

    async def aclose(self) -> None:
        """Give the session its old audio output back and let go of everything.

        Works before `start` and any number of times. The agent stays in the room: its own tracks
        go, its participant does not.
        """
        if self._closed:
            return
        self._closed = True
        self._faceless.set()
        self._watch.close()
        if self._session is not None:
            telemetry.forget(self)
            self._give_output_back(self._session.output)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._link_monitor is not None:
            await self._link_monitor.aclose()
        if self._tracks is not None:
            await self._tracks.aclose()
        await self._emotion_controller.aclose()
        await asyncio.to_thread(self._stop_threads)
        if self._sink is not None:
            self._sink.close()
        # With a room the base class removes the participant, and that is the agent.
        self._room = None
        await super().aclose()

    def _stop_threads(self) -> None:
        self._conductor.close()
        self._worker.close()
        if self._prerenderer is not None:
            if not self._prerenderer.close():
                logger.warning("the renderer still hangs; its thread is left behind")
        elif self._renderer is not None:
            self._renderer.close()

    def _give_output_back(self, output: AgentOutput) -> None:
        if output.audio is self._sink:
            output.audio = self._previous_output
        elif self._previous_output is not None and _tail(output.audio) is self._sink:
            output.replace_audio_tail(self._previous_output)

    def _on_heard(self, speech: int) -> None:
        """New events are known from this speech sample on; on the listener's thread."""
        published = self._playout.published_at(speech)
        if published is not None and self._prerenderer is not None:
            self._prerenderer.invalidate(published - REACH_AFTER_SAMPLES)

    def _now(self) -> int:
        """The first sample whose frame can still be another one."""
        if self._prerenderer is None:
            return self._conductor.playhead
        lead = LEAD_FRAMES * self._prerenderer.period - samples(self._options.video_delay_s)
        return max(0, self._conductor.playhead + lead)

    def _redraw(self, sample: int) -> None:
        if self._prerenderer is not None:
            self._prerenderer.invalidate(sample)

    def _watch_link(self, room: rtc.Room, tracks: Tracks, sources: Sources) -> None:
        self._connectivity = Connectivity(
            room,
            voice_sid=lambda: tracks.audio.sid if tracks.audio is not None else None,
            playhead=lambda: self._conductor.playhead,
            clock=self._clock,
            on_lost=self._playout.link_down,
            on_regained=self._on_regained,
        )
        watchers: list[LinkWatcher] = [self._connectivity]
        if sources.video is not None:
            request = sources.request_keyframe
            watchers.append(KeyframeRequests(room, request=request, clock=self._clock))
        self._link_monitor = LinkMonitor(
            lambda: tracks.read_link(self._clock.wall_s()), watchers, clock=self._clock
        )
        self._link_monitor.start()

    def _on_regained(self) -> None:
        self._samples_replayed += self._playout.link_up()

    async def _remember(self, memory: FaceMemory, tracks: Tracks) -> None:
        """Wake once somebody looks, then write the face down again and again."""
        await tracks.wait_for_subscriber()
        sample = self._playout.published
        self._face.wake(sample)
        self._redraw(sample)
        while True:
            face = self._face.at(self._conductor.playhead)
            await asyncio.to_thread(memory.keep, face, self._clock.wall_s())
            await self._clock.sleep(KEEP_EVERY_S)

    def _on_events(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        """What was played; on the conductor's thread."""
        if self._sink is not None:
            self._sink.deliver(events)


class _Text:
    """Passes what is known of text and segments on to recognition and emotion."""

    def __init__(self, spoken: SpokenText, emotions: EmotionController) -> None:
        self._spoken, self._emotions = spoken, emotions
        self.segment_cleared = spoken.segment_cleared
        self.timed_text: Callable[[Sequence[TimedText]], None] = spoken.timed_text

    def expect_text(self, text: str) -> None:
        self._emotions.push_text(text)
        self._spoken.push_text(text)

    def end_text(self) -> None:
        self._emotions.end_text()
        self._spoken.end_text()

    def segment_started(self, start: int) -> None:
        self._emotions.segment_started(start)
        self._spoken.segment_started(start)

    def segment_ended(self, end: int) -> None:
        self._emotions.segment_ended(end)
        self._spoken.segment_ended(end)


def _check_renderer(renderer: Renderer) -> None:
    if not isinstance(renderer, Renderer):
        raise TypeError(
            f"a renderer has size, fps, render(moments) and close(), "
            f"{type(renderer).__name__} does not; see livekit_plugins_avatar.render.renderer"
        )
    frame_period(renderer.fps)
    width, height = renderer.size
    if width < 2 or height < 4 or width % 2 or height % 4:
        raise ValueError(
            f"a renderer's width is even and its height a multiple of 4, got {width}x{height}"
        )


async def _connect(room: rtc.Room, job: JobContext | None) -> None:
    """Make sure that the room is connected; the job's own room is connected here if need be."""
    if room.isconnected():
        return
    if job is None or job.room is not room:
        raise RuntimeError(
            "the avatar publishes into a connected room and this one is not: "
            "`await room.connect(url, token)` before `await face.start(session, room=room)`"
        )
    await job.connect()


def _is_running(agent_session: AgentSession[Any]) -> bool:
    try:
        return agent_session.current_agent is not None
    except RuntimeError:
        return False


def _tail(output: AudioOutput | None) -> AudioOutput | None:
    """The last output of a chain, where the sound is played."""
    while output is not None and output.next_in_chain is not None:
        output = output.next_in_chain
    return output
