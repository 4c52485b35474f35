"""What an agent asks of a worker: the metadata of a dispatch, made and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ..face.style import Style
from ..options import Options
from .protocol import VERSION, ProtocolError

ASKED = (
    "persona",
    "aspect",
    "resolution",
    "fps",
    "mark",
    "background",
    "style",
    "video_codec",
    "video_bitrate_bps",
    "constant_size",
    "video_delay_s",
    "frames_ahead",
    "seed",
)
"""The options that are the agent's to choose; where and by what it is drawn is the worker's."""

LONGEST_BYTES = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceJob:
    """One face for one agent.

    Args:
        agent: The agent's identity: the only participant that the worker listens to.
        identity: Of the worker's participant; the agent listens only to it.
        options: Of the face, by name; those in `ASKED`.
        face: What a face store holds of the face that is to go on, or None.
    """

    agent: str
    identity: str
    options: Mapping[str, Any] = field(default_factory=dict)
    face: str | None = None

    def to_json(self) -> str:
        """The metadata of a dispatch."""
        return json.dumps({"version": VERSION, **asdict(self)}, separators=(",", ":"))

    @classmethod
    def from_json(cls, metadata: str) -> FaceJob:
        """Read and check the metadata of a dispatch; raises a ProtocolError."""
        if len(metadata) > LONGEST_BYTES:
            raise ProtocolError(f"metadata of {len(metadata):,} characters")
        try:
            said = json.loads(metadata)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or said.get("version") != VERSION:
            raise ProtocolError(
                "the dispatch's metadata is not that of an AvatarSession(worker=...) of protocol "
                f"version {VERSION}: this worker draws faces for agents and joins no room alone"
            )
        agent, identity, face = said.get("agent"), said.get("identity"), said.get("face")
        for name, value in (("agent", agent), ("identity", identity)):
            if not isinstance(value, str) or not 0 < len(value) <= 500:
                raise ProtocolError(f"the dispatch names no {name}")
        if face is not None and not isinstance(face, str):
            raise ProtocolError("the dispatch's face is no text")
        options = said.get("options")
        if not isinstance(options, dict) or not set(options) <= set(ASKED):
            raise ProtocolError(f"the dispatch's options are not among {', '.join(ASKED)}")
        return cls(agent=str(agent), identity=str(identity), options=options, face=face)


def asked(options: Options) -> dict[str, Any]:
    """The options that a worker is asked for."""
    wanted = {name: getattr(options, name) for name in ASKED}
    style = options.style
    return {**wanted, "style": asdict(style) if isinstance(style, Style) else style}


def style_of(value: Any) -> Any:
    """A style as `AvatarSession` takes it: a name, or the factors of a `Style`."""
    if not isinstance(value, dict):
        return value
    known = {each.name for each in fields(Style)}
    if set(value) - known or not all(isinstance(each, int | float) for each in value.values()):
        raise ProtocolError(f"a style has only the numbers {', '.join(sorted(known))}")
    return Style(**value)
