"""One worker that an agent has asked for, and what it has said."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from .heartbeat import Heartbeat
from .job import FaceJob
from .link import Link
from .neighbour import Neighbour, watch
from .protocol import Kind
from .voice import RemoteVoice


@dataclass(eq=False, slots=True)
class Worker:
    """One worker that was asked for, and what it has said."""

    job: FaceJob
    link: Link
    voice: RemoteVoice
    heart: Heartbeat
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False
    leaving: bool = False
    subscribed: bool = False
    device: str = ""
    face: bool = False
    faults: int = 0
    resync: bool = False
    """Whether messages were lost or refused."""
    greeted_s: float = 0.0
    heard_s: float = 0.0
    """When it was heard of last."""
    neighbour: Neighbour | None = None
    """Its process, where the kernel tells this one of its end."""

    @property
    def near(self) -> bool:
        """Whether its end is told by the kernel."""
        return self.neighbour is not None

    def is_process(self, name: str, on_end: Callable[[], None]) -> None:
        """Note of which process it is; `on_end` is called at its end, where that is told."""
        if self.neighbour is None:
            self.neighbour = watch(name, on_end)
            self.heart.near = self.near

    def part(self) -> None:
        """Say goodbye to it."""
        self.voice.stop()
        self.link.send(Kind.BYE)

    async def aclose(self) -> None:
        """Hear and watch it no more."""
        if self.neighbour is not None:
            self.neighbour.close()
        await self.link.aclose()


def new_identity() -> str:
    """An identity that no participant has."""
    return f"avatar-{uuid.uuid4().hex[:12]}"
