"""Builds the stages of one avatar, joins them, and closes them.

Speech goes `audio.speech` -> `audio.playout` -> `publish.conductor` to the audio track, and to
`speech.worker`, whose visemes the `face` reads. Events of the conversation go from `agent` to
`gaze` and `emotion`, which the face reads too. Faces go to `render.prerenderer`, and its frames to
the conductor, which publishes each with its sample of sound.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from livekit import rtc

from . import telemetry
from .agent.conversation import Conversation, Inputs
from .audio.playback_events import PlaybackEvent
from .audio.playout import Playout
from .audio.speech import SpeechInput
from .emotion.controller import EmotionController
from .face.articulation import REACH_AFTER_SAMPLES
from .face.face import Face
from .face.status import AvatarStatus
from .face.store import SAVE_EVERY_S, FaceStore
from .gaze.attention import Attention
from .gaze.controller import GazeController
from .log import logger
from .options import Options
from .publish.publisher import Publisher, turns_of_process
from .publish.tracks import SYNC_GROUP
from .render.persona import PersonaError
from .render.prerenderer import Prerenderer, frame_period
from .render.renderer import Renderer
from .speech.published import PublishedVisemes
from .speech.recognizer import built_in
from .speech.schedule import VisemeSchedule
from .speech.text.spoken_text import SpokenText
from .speech.worker import RecognitionWorker
from .telemetry import AvatarStats
from .timeline import Clock, SystemClock, samples, seconds

LEAD_FRAMES = 2
"""A frame can still be redrawn if it is due no sooner than this: one is being rendered, and one is
being published."""

CLOSE_S = 2.0
"""How long closing waits for what asks the server or a stranger's classifier or store."""


class Pipeline:
    """The stages of one avatar. Used on the agent's event loop.

    What `options` bring along, a renderer and a classifier, is closed with it.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock: Clock = SystemClock()
        self.playout = Playout()
        self.schedule = VisemeSchedule()
        visemes = PublishedVisemes(self.schedule, self.playout)
        attention = Attention(on_change=self._redraw)
        style = options.resolved_style
        self.face = Face(visemes, attention.situations, seed=options.seed, style=style)
        self.gaze = GazeController(attention, seed=options.seed)
        self.publisher = Publisher(self.playout, clock=self.clock, on_events=self._on_events)
        self.emotion = EmotionController(
            express=self.express,
            nod=self._nod,
            now=self.now,
            placement=self.playout,
            visemes=self.schedule.between,
            word_start=lambda n: self._worker.word_start(n) if self._worker else None,
            clock=self.clock,
            classifier=options.emotion_classifier,
        )
        self.renderer = options.framed(options.renderer) if options.renderer else None
        self._prerenderer: Prerenderer | None = None
        self._worker: RecognitionWorker | None = None
        self._conversation: Conversation | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._using = asyncio.Lock()

    @property
    def device(self) -> str | None:
        """Where the persona is rendered, if there is one and its renderer tells."""
        return getattr(self.renderer, "device", None)

    @property
    def status(self) -> AvatarStatus:
        """What the face that viewers see now does, and why."""
        return self.face.status(self.visible)

    @property
    def has_face(self) -> bool:
        """Whether a face is published."""
        return self.publisher.has_video

    def hide(self, hidden: bool) -> None:
        """Hide the face, or show it."""
        self.publisher.hide(hidden)

    def now(self) -> int:
        """The earliest sample whose frame can still be redrawn: the one "now" of gaze and emotion,
        where what they tell the face begins."""
        if self._prerenderer is None:
            return self.playhead
        lead = LEAD_FRAMES * self._prerenderer.period - samples(self.options.video_delay_s)
        return max(0, self.playhead + lead)

    @property
    def visible(self) -> int:
        """The sample whose frame viewers are shown now."""
        return max(0, self.playhead - samples(self.options.video_delay_s))

    @property
    def playhead(self) -> int:
        """The published sample that leaves the audio source now."""
        return self.publisher.conductor.playhead

    @property
    def stats(self) -> AvatarStats:
        """What all stages have counted."""
        stats = replace(
            self.publisher.conductor.stats,
            reconnections=self.publisher.reconnections,
            samples_replayed=self.publisher.samples_replayed,
        )
        return replace(stats, **self._prerenderer.counts) if self._prerenderer else stats

    @property
    def queues_s(self) -> Mapping[str, float]:
        """What waits between the stages, in seconds of media; see `telemetry`."""
        return {
            "speech": seconds(self.playout.buffered),
            "recognition": seconds(self._worker.waiting) if self._worker is not None else 0.0,
            "frames": self._prerenderer.ready_s if self._prerenderer is not None else 0.0,
            "source": seconds(self.publisher.conductor.held),
        }

    @property
    def frame_cost_s(self) -> float:
        """How long rendering a frame takes at present; 0 before the first."""
        return self._prerenderer.frame_cost_s if self._prerenderer is not None else 0.0

    async def start(self, conversation: Conversation, room: rtc.Room) -> None:
        """Open the models, publish, and become part of a conversation; `aclose` cancels."""
        starting = asyncio.create_task(self._start(conversation, room), name="start")
        self._tasks.append(starting)
        await asyncio.shield(starting)

    async def _start(self, conversation: Conversation, room: rtc.Room) -> None:
        options, store = self.options, None
        if options.face_store is not None:
            store = FaceStore(options.face_store, room.name)
            face = await asyncio.to_thread(store.load, self.clock.wall_s())
            if face is not None:
                self.face.restore(face)
        recognizer = options.recognizer
        if recognizer is None:
            recognizer = await asyncio.to_thread(built_in)
        if self.renderer is None:
            self.renderer = await asyncio.to_thread(self._open_renderer)
        rendered = options.ahead(self.renderer)
        # Before the SDK's hook: native code that runs while that shuts down aborts the process.
        atexit.register(self._stop_threads)
        worker = self._worker = RecognitionWorker(
            recognizer,
            self.schedule,
            on_recognized=self._on_recognized,
            position=lambda: self.playout.speech_position,
            ahead=lambda speech: self.playout.ahead_of(speech) - rendered,
        )
        worker.start()
        await self._publish(room, self.renderer)
        if store is not None:
            self._tasks.append(asyncio.create_task(self._save_face(store), name="face store"))
        self._attach(conversation, worker)
        telemetry.measure(self, {"room": room.name})
        drawn = self.renderer if self.publisher.has_video else None
        logger.info("avatar: %s; %s", options.describe(drawn), SYNC_GROUP)

    async def use(self, **changes: Any) -> None:
        """Go on with another `persona`, opened off the loop, or in another `style`."""
        async with self._using:
            options = replace(self.options, **changes)
            if "persona" in changes:
                self.renderer = await self._exchange(options)
            self.options = options
            if "style" in changes:
                sample = self.now()
                self.face.restyle(sample, options.resolved_style)
                self._redraw(sample)

    async def _exchange(self, options: Options) -> Renderer:
        if self._prerenderer is None:
            raise RuntimeError("the avatar shows no face: call `await face.wait_for_join()` first")
        renderer = await asyncio.to_thread(options.open_renderer)
        try:
            self._prerenderer.exchange(renderer)
        except BaseException:
            renderer.close()
            raise
        return renderer

    def _open_renderer(self) -> Renderer | None:
        """The persona's renderer, or None where it cannot run: then the voice goes on alone."""
        try:
            return self.options.open_renderer()
        except PersonaError:
            raise
        except Exception:
            logger.exception("avatar: the face cannot be rendered; the voice goes on without it")
            return None

    async def _publish(self, room: rtc.Room, renderer: Renderer | None) -> None:
        """Publish the voice, and the face where there is a renderer."""
        if renderer is not None:
            self._attach_frames(renderer)
        await self.publisher.start(room, self.options.video(renderer))

    def _attach_frames(self, renderer: Renderer) -> None:
        period = frame_period(renderer.fps)
        frames, turns = self.options.ahead(renderer) // period, turns_of_process()
        self._prerenderer = Prerenderer(
            renderer, self.face.at, clock=self.clock, frames=frames, period=period, turns=turns
        )
        delay = samples(self.options.video_delay_s)
        self.publisher.conductor.attach_frames(
            self._prerenderer, period=period, delay=delay, reach=REACH_AFTER_SAMPLES
        )
        self._prerenderer.start()

    def _attach(self, conversation: Conversation, worker: RecognitionWorker) -> None:
        """Let the conversation speak, and tell what happens in it."""
        spoken = SpokenText(worker.expect)
        speech = SpeechInput(
            self.playout,
            worker,
            segments=(self.emotion, spoken),
            on_planned_speech=self._on_planned_speech,
        )
        self._conversation = conversation
        conversation.attach(
            Inputs(
                speech=speech,
                gaze=self.gaze,
                emotion=self.emotion,
                texts=(self.emotion, spoken),
                now=self.now,
                wait_for_subscriber=self.publisher.wait_for_subscriber,
                heard=lambda: self.playout.heard,
                clock=self.clock,
            )
        )

    async def aclose(self) -> None:
        """Close all stages, each within its limit: the tasks; the conversation, which gets the rest
        of the speech, and that, which fades out; the threads; the classifier and the tracks, which
        ask others."""
        for task in self._tasks:
            task.cancel()
        await _ended(*self._tasks)
        conversation = self._conversation
        if conversation is not None:
            conversation.detach(self.playout.unfinished(), paused=self.playout.paused)
        telemetry.forget(self)
        if self.playout.playing:
            self.playout.clear()
            await self.publisher.drain()
        await asyncio.to_thread(self._stop_threads)
        atexit.unregister(self._stop_threads)
        if conversation is not None:
            conversation.end_speech()
        await _ended(
            asyncio.create_task(self.emotion.aclose(), name="emotion"),
            asyncio.create_task(self.publisher.aclose(), name="tracks"),
        )
        if conversation is not None:
            conversation.released()

    def _stop_threads(self) -> None:
        self.publisher.stop()
        if self._worker is not None:
            self._worker.close()
        if self._prerenderer is not None:
            if not self._prerenderer.close():
                logger.warning("avatar: the renderer still hangs; its thread is left behind")
        elif self.renderer is not None:
            self.renderer.close()

    def express(self, sample: int, emotion: str, strength: float) -> None:
        """Show an emotion from `sample` on."""
        self.face.express(sample, emotion, strength)
        self._redraw(sample)

    def _nod(self, sample: int) -> None:
        self.face.nod(sample)
        self._redraw(sample)

    def _on_planned_speech(self, first: bool) -> None:
        """Speech started (`first`), ended, was cleared, paused or resumed."""
        sample = self.now()
        if first:
            self.gaze.speech_expected(sample)
        self.gaze.turn_end_planned(sample, self.playout.turn_end)

    def _on_recognized(self, speech: int) -> None:
        """Visemes are new from this speech sample on; called on the worker's thread."""
        published = self.playout.published_at(speech)
        if published is not None:
            self._redraw(published - REACH_AFTER_SAMPLES)

    def _redraw(self, sample: int) -> None:
        if self._prerenderer is not None:
            self._prerenderer.invalidate(sample)

    def _on_events(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        """Speech was played; on the conductor's thread."""
        if self._conversation is not None:
            self._conversation.deliver(events)

    async def _save_face(self, store: FaceStore) -> None:
        """Wake the face once a viewer subscribes, then save it again and again."""
        await self.publisher.wait_for_subscriber()
        sample = self.playout.published
        self.face.wake(sample)
        self._redraw(sample)
        while True:
            face = self.face.at(self.playhead)
            await asyncio.to_thread(store.save, face, self.clock.wall_s())
            await self.clock.sleep(SAVE_EVERY_S)


async def _ended(*tasks: asyncio.Task[None]) -> None:
    """Wait for tasks to end; one that does not in time is named and left behind."""
    if not tasks:
        return
    done, left = await asyncio.wait(tasks, timeout=CLOSE_S)
    for task in left:
        task.cancel()
        logger.warning(
            "avatar: a stage did not close in time and is left behind",
            extra={"stage": task.get_name(), "waited_s": CLOSE_S},
        )
    await asyncio.gather(*done, return_exceptions=True)
