"""`livekit-avatar bench`: measures what the face costs, in rows that compare between commits.

Each row is `{"name", "value", "unit", "spread", "n"}`: the median of n measurements, and as spread
the distance from their 5th to their 95th percentile. A row that could not be measured has a `note`
that says why, and the command then fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ..progress import progress
from . import costs

Floats = NDArray[np.float64]

PAIRS = 25


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `value` and `spread` are None, and `note` says why, where there is none."""

    name: str
    value: float | None
    unit: str
    spread: float | None
    n: int
    note: str = ""

    @classmethod
    def of(cls, name: str, values: Floats, *, percentile: float = 50) -> Row:
        """The median, or another percentile, of float64 [n], n >= 1."""
        low, value, high = np.percentile(values, (5, percentile, 95))
        return cls(name, round(value, 3), UNITS[name], round(high - low, 3), len(values))

    @classmethod
    def missing(cls, name: str, error: Exception) -> Row:
        """A row that `error` kept from being measured."""
        return cls(name, None, UNITS[name], None, 0, f"{type(error).__name__}: {error}")

    def as_dict(self) -> dict[str, str | float | int | None]:
        """Ready for JSON; the note only where there is one."""
        row = asdict(self)
        if not self.note:
            del row["note"]
        return row


UNITS = {
    "frame_render_ms": "ms",
    "render_fps_1_thread": "frames/s",
    "start_to_first_frame_ms": "ms",
    "face_at_us": "us",
    "face_core_share": "cores",
    "recognizer_core_percent": "%",
    "listening_core_percent": "%",
    "listening_text_core_percent": "%",
    "listening_busy_speed": "x real time",
    "recognizer_streams_per_core": "streams",
    "recognizer_40_streams_speed": "x real time",
    "conductor_tick_us": "us",
    "added_first_audio_ms": "ms",
    "added_first_audio_p95_ms": "ms",
    "first_audio_stock_ms": "ms",
    "import_ms": "ms",
    "memory_mb": "MB",
    "persona_memory_mb": "MB",
}


def face_core_share() -> Floats:
    """What a face takes of the processor over the voice of its agent."""
    # Here, because it needs the extras `demo` and `eval`, and most other rows do not.
    from . import face_share

    return asyncio.run(face_share.face_core_share())


COSTS: dict[str, Callable[[], Floats]] = {
    "frame_render_ms": costs.frame_render_ms,
    "render_fps_1_thread": costs.render_fps_1_thread,
    "start_to_first_frame_ms": costs.start_to_first_frame_ms,
    "face_at_us": costs.face_at_us,
    "face_core_share": face_core_share,
    "recognizer_core_percent": costs.recognizer_core_percent,
    "listening_core_percent": costs.listening_core_percent,
    "listening_text_core_percent": costs.listening_text_core_percent,
    "listening_busy_speed": costs.listening_busy_speed,
    "recognizer_streams_per_core": costs.recognizer_streams_per_core,
    "recognizer_40_streams_speed": costs.recognizer_40_streams_speed,
    "conductor_tick_us": costs.conductor_tick_us,
    "import_ms": costs.import_ms,
    "memory_mb": costs.memory_mb,
    "persona_memory_mb": costs.persona_memory_mb,
}

FIRST_AUDIO = "added_first_audio_ms"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--json", action="store_true", help="print a JSON list of rows")
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        choices=[*COSTS, FIRST_AUDIO],
        help="measure this only, may be given more than once: %(choices)s",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when every row could be measured, else 1."""
    with redirect_stdout(sys.stderr):
        names = args.only or [*COSTS, FIRST_AUDIO]
        rows = [row for name in progress(names, "rows", len(names)) for row in measured(name)]
    print(json.dumps([row.as_dict() for row in rows], indent=1) if args.json else table(rows))
    return int(any(row.value is None for row in rows))


def measured(name: str) -> list[Row]:
    """The rows of one measurement."""
    try:
        if name == FIRST_AUDIO:
            return added_first_audio()
        return [Row.of(name, COSTS[name]())]
    except Exception as error:
        return [Row.missing(name, error)]


def added_first_audio() -> list[Row]:
    """How much later a subscriber hears an answer with the face: median, 95th percentile, and
    what it takes without."""
    # Here, because it needs the extras `demo` and `eval`, and the other rows do not.
    from .first_audio import first_audio_s

    stock_s, avatar_s = asyncio.run(first_audio_s(PAIRS))
    added_ms = 1e3 * (avatar_s - stock_s)
    return [
        Row.of(FIRST_AUDIO, added_ms),
        Row.of("added_first_audio_p95_ms", added_ms, percentile=95),
        Row.of("first_audio_stock_ms", 1e3 * stock_s),
    ]


def table(rows: Sequence[Row]) -> str:
    """The rows for a person."""
    lines = [f"{'':28}{'median':>10}{'p95 - p5':>10}{'n':>6}"]
    for row in rows:
        if row.value is None or row.spread is None:
            lines.append(f"{row.name:28}not measured: {row.note}")
        else:
            figures = f"{row.value:>10.2f}{row.spread:>10.2f}{row.n:>6}"
            lines.append(f"{row.name:28}{figures}  {row.unit}")
    return "\n".join(lines)
