"""Asks the LiveKit server for a worker, and sends one away that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from livekit import api, rtc
from livekit.agents import get_job_context

from ..log import logger
from .job import FaceJob

ASK_S = 3.0
"""How long the server may take for an answer."""

T = TypeVar("T")


class Dispatcher(Protocol):
    """Dispatches workers to one room."""

    async def dispatch(self, job: FaceJob) -> None:
        """Ask for a worker; raises where the server refuses or does not answer."""

    async def taken(self, job: FaceJob) -> bool:
        """Whether a worker took a dispatch; raises as `dispatch`."""

    async def remove(self, job: FaceJob) -> None:
        """Take back a dispatch and remove its worker; raises nothing."""

    async def aclose(self) -> None: ...


class ServerDispatcher:
    """Dispatches workers of a name through the server's API.

    The key is that of the running job, or of the environment (`LIVEKIT_URL`, `LIVEKIT_API_KEY`,
    `LIVEKIT_API_SECRET`).
    """

    def __init__(self, worker: str, room: rtc.Room) -> None:
        self._worker = worker
        self._room = room
        job = get_job_context(required=False)
        self._own = job is None
        """Whether the client is this dispatcher's, to be closed."""
        self._api: api.LiveKitAPI = job.api if job is not None else _client()
        self._ids: dict[str, str] = {}

    async def dispatch(self, job: FaceJob) -> None:
        request = api.CreateAgentDispatchRequest(
            agent_name=self._worker, room=self._room.name, metadata=job.to_json()
        )
        made = await _in_time(self._api.agent_dispatch.create_dispatch(request))
        self._ids[job.identity] = made.id

    async def taken(self, job: FaceJob) -> bool:
        dispatches = self._api.agent_dispatch
        found = await _in_time(dispatches.get_dispatch(self._ids[job.identity], self._room.name))
        return found is not None and len(found.state.jobs) > 0

    async def remove(self, job: FaceJob) -> None:
        dispatched = self._ids.pop(job.identity, None)
        one = api.RoomParticipantIdentity(room=self._room.name, identity=job.identity)
        calls: list[Awaitable[Any]] = [self._api.room.remove_participant(one)]
        if dispatched is not None:
            calls.append(self._api.agent_dispatch.delete_dispatch(dispatched, self._room.name))
        for result in await asyncio.gather(*map(_in_time, calls), return_exceptions=True):
            if isinstance(result, BaseException):
                logger.debug("remote: a worker was not removed", extra={"error": repr(result)})

    async def aclose(self) -> None:
        if self._own:
            with suppress(Exception):
                await self._api.aclose()  # type: ignore[no-untyped-call, unused-ignore]


def _client() -> api.LiveKitAPI:
    try:
        return api.LiveKitAPI()
    except ValueError as error:
        raise RuntimeError(
            f"a worker is dispatched by the server's API: {error} (outside a job, set "
            "LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET)"
        ) from error


async def _in_time(call: Awaitable[T]) -> T:
    return await asyncio.wait_for(call, ASK_S)
