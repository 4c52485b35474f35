"""Gives a voice agent a face: the public API of an avatar, and its lifecycle."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import MutableMapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession, JobContext, get_job_context
from livekit.agents.voice import avatar as agents_avatar

from .agent.audio_output import is_running
from .agent.conversation import LocalConversation
from .agent.gaze_overrides import GazeOverrides
from .agent.room import AvatarError, connect
from .emotion.estimate import EmotionClassifier
from .emotion.tags import emotion_named
from .face.status import AvatarStatus
from .face.style import Style, StyleName
from .log import logger
from .options import DEFAULT_PERSONA, VIDEO_DELAY_S, Options
from .pipeline import Pipeline
from .publish.tracks import VideoCodec
from .remote.avatar import RemoteAvatar
from .render.background import Background
from .render.framing import Resolution
from .render.persona import Aspect, Device, PersonaError
from .render.renderer import Renderer
from .speech.recognizer import Recognizer
from .telemetry import AvatarStats


class AvatarSession(GazeOverrides, agents_avatar.AvatarSession[str]):
    """A face for one agent session. Use it on the agent's event loop.

    Args:
        persona: "man", "woman", "filmed-man", "caller", "sketch", or the path of a persona file.
        aspect: "square"; "wide": 16:9, for meeting tiles, which not every persona has; "portrait":
            9:16, for telephones, cut out of the square picture.
        resolution: "360p", "480p", "720p" or "1080p", the shorter side; None: as it is drawn.
            More pixels than are drawn (512 lines by the built-in faces) are not sharper.
        fps: Frames a second, 10 to 60, a divisor of 48,000 as 15, 20, 24, 25, 30, 50; None: 30, of
            which all built-in faces are. A face takes the less of the processor the fewer they are.
        mark: A text in the upper left corner, 1 to 24 of A to Z, 0 to 9, space and - . : ', as "AI"
            (Art. 50 of the EU's AI Act asks for a disclosure), or a name; None: no mark.
        background: What is behind the face: a colour as "#202830", the path of a picture (JPEG,
            PNG, WebP, BMP or TIFF), or "blur": its own, out of focus; None: its own. It is for
            "man", "woman", "filmed-man", "caller", and faces that `livekit-avatar persona` has made
            of a picture.
        style: How lively the face is: "off" (still and polite; it blinks and breathes), "calm",
            "natural", "lively", or a `Style` of your own.
        device: What renders: "tensorrt", "cuda", "cpu", or "auto", the first that works here.
        video_codec: "vp8", "h264", "vp9" or "av1".
        video_bitrate_bps: The most that the video may take, 100 kbit/s to 20 Mbit/s; None is what
            a face of its size needs, 301 kbit/s for 512x512.
        constant_size: Whether the picture keeps one size throughout, for a recorder that takes no
            other. By default its last four rows come and go when a keyframe is requested, for which
            LiveKit's SDK has no other way. Without, a browser that lacks a packet may show a still
            picture for three seconds.
        video_delay_s: Seconds between a sample's leaving the audio source and the capture of its
            frame, 0 to 0.5. The default suits browsers; `livekit-avatar eval sync` measures it.
        frames_ahead: Frames rendered ahead of the playhead, 1 to 30; None: those of 0.2 s. More
            hide longer stalls of the renderer; fewer are rendered again when plans change.
        render_threads: CPU threads for rendering, 1 to 16. One leaves the voice its cores.
        shared_renderer: Whether one process renders for all jobs of this user; None: on a GPU.
        seed: Of blinks and glances, 0 to 2^32 - 1; the same seed gives the same.
        renderer: Renders instead of the persona; fits `Renderer`. The avatar closes it.
        recognizer: Turns speech into visemes instead of the built-in recogniser.
        emotion_classifier: Classifies the emotion of what is said and heard, besides the built-in
            lexicon; see `emotion.classifiers`. The avatar closes it.
        face_store: The path of a folder or a mapping of strings, where the face is saved: a process
            that takes this one's place within a minute goes on with it.
        worker: Name of the workers (`livekit-avatar worker`) one of which draws the face and
            publishes it with the voice, as a participant of its own; None: this process does.
            What of the other arguments runs there, as a renderer, is then left out here.

    Raises:
        PersonaError: There is no such persona, or it cannot be before another background.
        TypeError: An argument is of the wrong kind.
        ValueError: An argument is out of range; the message names it and the range.
    """

    def __init__(
        self,
        persona: str | Path = DEFAULT_PERSONA,
        *,
        aspect: Aspect = "square",
        resolution: Resolution | None = None,
        fps: int | None = None,
        mark: str | None = None,
        background: Background | None = None,
        style: StyleName | Style = "natural",
        device: Device = "auto",
        video_codec: VideoCodec = "vp8",
        video_bitrate_bps: int | None = None,
        constant_size: bool = False,
        video_delay_s: float = VIDEO_DELAY_S,
        frames_ahead: int | None = None,
        render_threads: int = 1,
        shared_renderer: bool | None = None,
        seed: int = 0,
        renderer: Renderer | None = None,
        recognizer: Recognizer | None = None,
        emotion_classifier: EmotionClassifier | None = None,
        face_store: MutableMapping[str, str] | str | Path | None = None,
        worker: str | None = None,
    ) -> None:
        given = dict(locals())
        super().__init__()
        options = Options(**{each.name: given[each.name] for each in fields(Options)})
        self._pipeline: Pipeline | RemoteAvatar = (
            Pipeline(options) if worker is None else RemoteAvatar(worker, options)
        )
        self._gaze, self._now = self._pipeline.gaze, self._pipeline.now
        self._hidden = False
        self._identity = ""
        self._claimed: AgentSession[Any] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._faceless = asyncio.Event()
        """Set once it is known that no face will join."""

    @property
    def avatar_identity(self) -> str:
        """Of the participant whose tracks voice and face are: the agent, or a worker."""
        remote = self._pipeline
        return remote.identity if isinstance(remote, RemoteAvatar) else self._identity

    @property
    def provider(self) -> str:
        """The name under which the framework files this avatar's metrics."""
        return "livekit-plugins-avatar"

    @property
    def device(self) -> str | None:
        """Where the persona is rendered now: "tensorrt", "cuda" or "cpu"; None before `start`, and
        for a renderer of your own that has no `device`."""
        return self._pipeline.device

    @property
    def stats(self) -> AvatarStats:
        """Counts since the start; OpenTelemetry instruments have them too."""
        return self._pipeline.stats

    @property
    def status(self) -> AvatarStatus:
        """What the face that viewers see now does, and why."""
        return self._pipeline.status

    def express(self, emotion: str, strength: float = 1.0) -> None:
        """Show an emotion from now on; it fades by itself within some seconds.

        Args:
            emotion: "warm", "concern", "interest", "hurt" (taken aback), "focus" or "neutral"; or a
                name that other avatars have, as "happiness" or "skeptical": the nearest is shown.
            strength: In [0, 1].

        Raises:
            ValueError: There is no such emotion, or the strength is out of range.
            TypeError: The strength is no number.
        """
        if isinstance(strength, bool) or not isinstance(strength, int | float):
            raise TypeError(f"strength is a number from 0 to 1, got {strength!r}")
        self._pipeline.express(self._pipeline.now(), emotion_named(emotion), strength)

    async def use(
        self, persona: str | Path | None = None, *, style: StyleName | Style | None = None
    ) -> None:
        """Go on with another persona or in another style, in mid-speech too.

        The voice is not touched. The persona is opened meanwhile, and its file is not needed any
        more on return; the faces fade into each other within 0.13 s, the styles within 0.3 s.

        Args:
            persona, style: As of the constructor; None keeps what is.

        Raises:
            AvatarError: There is no face to exchange: before the start, after the end.
            TypeError, ValueError: As the constructor; or the persona has another size or fps.
        """
        changes = {"persona": persona, "style": style}
        try:
            await self._pipeline.use(**{k: v for k, v in changes.items() if v is not None})
        except RuntimeError as error:
            raise AvatarError(str(error)) from error

    @property
    def hidden(self) -> bool:
        """Whether the face is hidden."""
        return self._hidden

    def hide(self) -> None:
        """Hide the face until `show`: its track is muted, and nothing is drawn or encoded.

        The voice is not touched, and `use`, gaze and expressions work meanwhile. Viewers see what
        their client shows of a camera that is off, and recordings go on. Any number of times, and
        at any moment: a face that is hidden before `start` joins hidden.
        """
        self._hidden = True
        self._pipeline.hide(True)

    def show(self) -> None:
        """Show the face again after `hide`; viewers see it within 0.3 s."""
        self._hidden = False
        self._pipeline.hide(False)

    async def start(self, agent_session: AgentSession[Any], room: rtc.Room) -> None:
        """Take over the agent's audio output, and publish voice and face.

        Args:
            agent_session: Not yet started.
            room: Connected, or that of the running job, which is then connected here.

        Raises:
            AvatarError: Called twice, after `session.start`, for a session that has an avatar,
                with a room that is not connected, or closed meanwhile; or publishing failed.
            PersonaError: The persona file does not fit, or lacks the aspect that is asked for.
            TypeError: One of the two is another object.
        """
        if not hasattr(agent_session, "output"):
            raise TypeError(f"agent_session is an AgentSession, got {agent_session!r}")
        if not hasattr(room, "isconnected"):
            raise TypeError(f"room is a livekit.rtc.Room, got {room!r}")
        self._check_order(agent_session)
        job = get_job_context(required=False)
        if job is not None and job.is_fake_job():
            logger.warning(
                "avatar: the console has no room to show a face in; run the agent with `dev` or "
                "`start` to see it"
            )
            self._faceless.set()
            return
        self._claimed = agent_session
        _taken.add(agent_session)
        try:
            await self._start(agent_session, room, job)
        except BaseException as error:
            closed_meanwhile = self._closing is not None
            await self.aclose()
            if closed_meanwhile:
                raise AvatarError("the avatar was closed while it started") from None
            if isinstance(error, Exception) and not isinstance(error, PersonaError | AvatarError):
                raise AvatarError(f"the avatar could not start: {error}") from error
            raise
        # A worker may still come.
        if isinstance(self._pipeline, Pipeline) and not self._pipeline.has_face:
            self._faceless.set()

    async def _start(
        self, agent_session: AgentSession[Any], room: rtc.Room, job: JobContext | None
    ) -> None:
        await connect(room, job)
        if self._closing is not None:
            raise asyncio.CancelledError
        self._identity = room.local_participant.identity
        # First, as the base class expects: it times how long the face takes to join.
        await super().start(agent_session, room)
        await self._pipeline.start(LocalConversation(agent_session, room), room)

    def _check_order(self, agent_session: AgentSession[Any]) -> None:
        if self._claimed is not None or self._closing is not None:
            raise AvatarError(
                "this avatar was started or closed before; make one AvatarSession per agent session"
            )
        if is_running(agent_session):
            raise AvatarError(
                "the agent session is running and has published its voice already; call "
                "`await face.start(session, room=ctx.room)` before `session.start`"
            )
        if agent_session in _taken:
            raise AvatarError(
                "this agent session has an avatar already: `await other.aclose()` that one first"
            )

    async def wait_for_join(self, *, timeout: float | None = 30.0) -> None:
        """Wait until the face is published.

        Raises:
            AvatarError: The face could not be rendered or published, the avatar was closed, or this
                is the console.
            asyncio.TimeoutError: Neither happened within `timeout` seconds.
        """
        joined = asyncio.ensure_future(super().wait_for_join(timeout=timeout))
        faceless = asyncio.ensure_future(self._faceless.wait())
        try:
            await asyncio.wait({joined, faceless}, return_when=asyncio.FIRST_COMPLETED)
            if faceless.done():
                raise AvatarError(
                    "the avatar has no face to wait for: it was closed, or the face could not be "
                    "rendered or published (the log says why)"
                )
            joined.result()
        finally:
            for waiting in (joined, faceless):
                waiting.cancel()
            await asyncio.gather(joined, faceless, return_exceptions=True)

    async def aclose(self) -> None:
        """Close everything; the agent speaks on over a plain track, which it publishes if need be.

        What is being said pauses for half a second and goes on there. The agent has no face
        after this, on this session: `hide` and `show` are for a pause.

        Works before, during and after `start`, and any number of times: all callers wait for the
        same end, and one that is cancelled leaves the closing to the others. The agent stays in
        the room: its tracks go, its participant does not.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="avatar-close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._faceless.set()
        await self._pipeline.aclose()
        if self._claimed is not None:
            _taken.discard(self._claimed)
        # With a room the base class removes the participant, and that is the agent.
        self._room = None
        await super().aclose()


_taken: weakref.WeakSet[AgentSession[Any]] = weakref.WeakSet()
"""The agent sessions that have an avatar, or one that starts."""
