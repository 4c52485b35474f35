"""One worker that an agent has asked for, and what it has said."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field

from .heartbeat import Heartbeat
from .job import FaceJob
from .link import Link
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


def new_identity() -> str:
    """An identity that no participant has."""
    return f"avatar-{uuid.uuid4().hex[:12]}"
