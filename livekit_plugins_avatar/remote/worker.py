"""A LiveKit agent worker whose jobs are faces: each joins a room on behalf of an agent."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from livekit.agents import AgentServer, AutoSubscribe, JobContext, JobProcess, JobRequest
from livekit.agents.job import JobExecutorType
from livekit.agents.worker import WorkerPermissions
from livekit.protocol import models

from ..agent.participants import ON_BEHALF
from ..log import logger
from ..options import DEFAULT_PERSONA, Options
from ..pipeline import Pipeline
from ..render.background import is_picture
from ..render.persona import BUILT_IN, Device
from .board import Board, Load
from .job import FaceJob, style_of
from .listener import AgentsMemory, RemoteConversation
from .metrics import WorkerMetrics
from .protocol import ProtocolError
from .sdk_logs import keep_out

LONELY_S = 30.0
"""A worker leaves a room that its agent has left for so long: an agent that restarts asks anew."""

LEFT_S = 90.0
"""A worker that leaves is let go by its agent within this, or else goes by itself."""

POLL_S = 0.25
REPORT_S = 1.0
"""How often a job writes on the board."""

FULL_LOAD = 0.7
"""What a worker that is full tells the server, which gives no job to one whose load is not below
its `agents.target_load`: 0.7 unless it is set. LiveKit Cloud has no other threshold."""

WATCH_LOOPS = "LIVEKIT_AGENTS_LOOP_BLOCK_WARN_MS"
"""The framework watches the event loop of each job for code that blocks it, which wakes two threads
fifty times a second. No code of users runs in the jobs of this worker: it does so only if told."""

GRANTS = WorkerPermissions(
    can_publish=True,
    can_subscribe=False,
    can_publish_data=True,
    can_update_metadata=False,
    can_publish_sources=[models.TrackSource.MICROPHONE, models.TrackSource.CAMERA],
)
"""Voice and face out, messages both ways; it hears and sees no participant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """What a worker decides, whatever agents ask.

    Args:
        name: For which it is dispatched.
        personas: Names that agents may ask for, and the file of each; built-in ones are always
            there.
        device, render_threads, shared_renderer: As of `AvatarSession`.
        rooms: The most at once; None: what the processors take.
        renderer: Makes a renderer for each job instead of the persona; for measurements.
    """

    name: str
    personas: Mapping[str, str] = field(default_factory=dict)
    device: Device = "auto"
    render_threads: int = 1
    shared_renderer: bool | None = None
    rooms: int | None = None
    renderer: Any = None

    def options(self, asked: Mapping[str, Any]) -> Options:
        """The options of a job; raises a ProtocolError, TypeError or ValueError."""
        wanted = dict(asked)
        name = wanted.get("persona", DEFAULT_PERSONA)
        if name not in self.personas and name not in BUILT_IN:
            known = ", ".join(map(repr, [*BUILT_IN, *self.personas]))
            raise ProtocolError(f"this worker has no persona {str(name)[:80]!r}; it has {known}")
        wanted["persona"] = self.personas.get(name, name)
        background = wanted.get("background")
        if isinstance(background, str) and is_picture(background):
            raise ProtocolError("a dispatch's background is a colour or 'blur'")
        wanted["style"] = style_of(wanted.get("style", "natural"))
        return Options(
            **wanted,
            device=self.device,
            render_threads=self.render_threads,
            shared_renderer=self.shared_renderer,
            renderer=self.renderer() if self.renderer is not None else None,
        )

    def pipeline(self, job: FaceJob, memory: AgentsMemory) -> Pipeline:
        """The stages of the face of a job; raises as `options`."""
        return Pipeline(replace(self.options(job.options), face_store=memory))


def make_server(
    options: WorkerOptions,
    *,
    host: str = "",
    port: int = 8081,
    prometheus_port: int | None = None,
    drain_timeout_s: int = 600,
    threads: bool = False,
    load_of: Callable[[int], float] | None = None,
    **more: Any,
) -> AgentServer:
    """The worker; `livekit.agents.cli.run_app` runs it.

    Args:
        options: Of the faces.
        host, port: Of the health endpoint: `/` is 200 while the worker lives and is connected.
        prometheus_port: Of `/metrics`; None: none.
        drain_timeout_s: How long rooms may go on once it is told to stop. It asks their agents to
            find another worker, so that it takes seconds as a rule.
        threads: All jobs in one process; as a rule each has its own.
        load_of: The load with so many rooms, 1 where it is full, instead of what saturates; for
            measurements.
        more: Of `AgentServer`.
    """
    os.environ.setdefault(WATCH_LOOPS, "0")
    board = Board.create()
    load = Load(board, rooms=options.rooms)
    if prometheus_port is not None:
        WorkerMetrics(board, load).register()
    server = AgentServer(
        job_executor_type=JobExecutorType.THREAD if threads else JobExecutorType.PROCESS,
        setup_fnc=partial(_prewarm, options),
        load_fnc=partial(_load, load_of or load.now, board),
        load_threshold=FULL_LOAD,
        drain_timeout=drain_timeout_s,
        permissions=GRANTS,
        host=host,
        port=port,
        prometheus_port=prometheus_port,
        **more,
    )
    server.rtc_session(
        partial(_enter, options, board.folder),
        agent_name=options.name,
        on_request=partial(_answer, options),
    )
    return server


def _load(load_of: Callable[[int], float], board: Board, server: AgentServer) -> float:
    board.draining = server.draining
    return FULL_LOAD * load_of(len(server.active_jobs))


def _prewarm(options: WorkerOptions, _: JobProcess) -> None:
    from ..render.opening import warm
    from ..speech.recognizer import built_in

    keep_out()
    built_in()
    if options.renderer is None:
        names = list(options.personas.values()) or [DEFAULT_PERSONA]
        for name in names:
            warm(
                name,
                device=options.device,
                threads=options.render_threads,
                aspect="square",
                shared=options.shared_renderer,
            )


async def _answer(options: WorkerOptions, request: JobRequest) -> None:
    """Accept a job that fits, and join on behalf of its agent."""
    try:
        job = FaceJob.from_json(request.job.metadata)
        options.options(job.options)
    except (ProtocolError, TypeError, ValueError) as error:
        logger.warning(
            "worker: a dispatch is refused: %s", error, extra={"room": request.room.name}
        )
        await request.reject()
        return
    await request.accept(identity=job.identity, attributes={ON_BEHALF: job.agent})


async def _enter(worker: WorkerOptions, folder: Path, ctx: JobContext) -> None:
    """Be the face of one agent until it says goodbye, leaves, or the room ends."""
    job = FaceJob.from_json(ctx.job.metadata)
    over = asyncio.Event()
    await ctx.connect(auto_subscribe=AutoSubscribe.SUBSCRIBE_NONE)
    conversation = RemoteConversation(ctx.room, job.agent, on_over=over.set)
    memory = AgentsMemory(job.face, conversation.keep_face)
    pipeline = worker.pipeline(job, memory)
    conversation.pipeline = pipeline
    try:
        await pipeline.start(conversation, ctx.room)
        await _serve(ctx, job, pipeline, conversation, Board(folder), over)
    except Exception:
        logger.exception("worker: a face could not be shown; its agent finds another worker")
    finally:
        await pipeline.aclose()
        await conversation.aclose()
        Board(folder).clear(job.identity)
        ctx.shutdown("the face is over")


async def _serve(
    ctx: JobContext,
    job: FaceJob,
    pipeline: Pipeline,
    conversation: RemoteConversation,
    board: Board,
    over: asyncio.Event,
) -> None:
    """Return once the job is over; ask the agent to let it go once the worker drains."""
    clock, frames = pipeline.clock, pipeline.stats
    alone_s = drained_s = leaves_s = unreported_s = 0.0
    closed = asyncio.Event()
    ctx.room.on("disconnected", lambda *_: closed.set())
    while not over.is_set() and not closed.is_set() and ctx.room.isconnected():
        await clock.sleep(POLL_S)
        present = job.agent in ctx.room.remote_participants
        alone_s = 0.0 if present else alone_s + POLL_S
        if board.draining:
            leaves_s = leaves_s if drained_s else board.leaves_after_s(job.identity)
            if drained_s - POLL_S < leaves_s <= drained_s:
                conversation.leave()
            drained_s += POLL_S
        if alone_s > LONELY_S or drained_s > leaves_s + LEFT_S:
            logger.info("worker: its agent is gone; the face leaves", extra={"agent": job.agent})
            return
        unreported_s += POLL_S
        if unreported_s >= REPORT_S:
            later = pipeline.stats
            board.report(job.identity, frames, later)
            frames, unreported_s = later, 0.0
