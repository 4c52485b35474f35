"""Dates what went wrong in a call, with what happened just before.

Lists the claps that were out of sync and the pictures that froze: the time of each, the faults of
the seconds before, and what receivers and sender counted meanwhile. That tells a picture that was
never rendered from one that was queued, lost, or requested in vain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .call_figures import Cause, Window, cause, freezes, offsets
from .call_log import Happened, Log
from .faults.script import Script
from .offset import Recording

STEP_S = 0.045
"""A clap out of step by more is worth a line: the good viewer's percentiles must keep within it."""

BEFORE_S = 8.0
"""Faults this long before a moment are listed: receivers settle within it."""

AROUND_S = 1.0
"""Statistics cover this long before a moment, to its end."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that a viewer saw and should not have.

    Args:
        at_s: When, in seconds from the first word.
        viewer: Whose.
        what: A clap whose picture was late, or early, or a picture that stood still.
        ms: How late (early is negative), or for how long.
        cause: What was wrong just then, as for the figures.
        before: What had happened, each with the seconds since it began.
        seen: What the picture's receiver counted around then; see viewer.ts.
        heard: What the sound's did.
        sender: The sender's statistics; see `sending`.
    """

    at_s: float
    viewer: str
    what: Literal["clap", "freeze"]
    ms: float
    cause: Cause
    before: tuple[str, ...]
    seen: dict[str, float]
    heard: dict[str, float]
    sender: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def moments(
    viewer: str,
    recording: Recording,
    log: Log,
    *,
    lost: list[Window],
    undrawn: list[Window],
) -> list[Moment]:
    """Every one of them of one viewer, in order.

    Args:
        viewer: Whose recording it is.
        recording: Of the whole call.
        log: What was published, and all that happened, `planned` faults included.
        lost: When the connection was.
        undrawn: When the renderer was not well.
    """
    began_s = log.runs[0].at_s if log.runs else 0.0
    happened = sorted(log.happened, key=lambda each: each.at_s)

    def moment(
        what: Literal["clap", "freeze"], at_s: float, end_s: float, ms: float, why: Cause
    ) -> Moment:
        origin_s, begin_s = recording.origin_s, at_s - AROUND_S
        return Moment(
            at_s=round(at_s - began_s, 2),
            viewer=viewer,
            what=what,
            ms=round(ms, 1),
            cause=why,
            before=_before(happened, at_s, end_s),
            seen=_rounded(recording.seen.around(begin_s - origin_s, end_s - origin_s)),
            heard=_rounded(recording.heard.around(begin_s - origin_s, end_s - origin_s)),
            sender=_rounded(log.sent.around(begin_s, end_s)),
        )

    found = [
        moment("clap", at_s, at_s, 1e3 * late_s, cause(at_s, at_s, lost, undrawn))
        for at_s, late_s in offsets(recording, log).tolist()
        if abs(late_s) > STEP_S
    ]
    found += [
        moment("freeze", at_s, at_s + length_s, 1e3 * length_s, why)
        for at_s, length_s, why in freezes(recording, log, lost=lost, undrawn=undrawn)
    ]
    return sorted(found, key=lambda each: each.at_s)


def planned(script: Script, began_s: float) -> list[Happened]:
    """The renderer's faults, which happen inside it: as the script has them."""
    return [
        Happened(fault.what, began_s + fault.at_s, began_s + fault.at_s + fault.length_s)
        for fault in script
        if fault.what in ("stall", "death")
    ]


def _before(happened: Iterable[Happened], at_s: float, end_s: float) -> tuple[str, ...]:
    """The last of each kind, the longest ago first."""
    last = {
        each.what: each for each in happened if each.at_s <= end_s and each.end_s >= at_s - BEFORE_S
    }
    return tuple(
        f"{each.what} {each.end_s - each.at_s:.2g} s, {at_s - each.at_s:.1f} s ago"
        for each in sorted(last.values(), key=lambda each: each.at_s)
    )


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}


def lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The moments for a person, one a line."""
    return [
        f"{row['at_s']:7.1f} s  {row['viewer']:5}{row['what']:7}{row['ms']:+6.0f} ms  "
        + ("" if row["cause"] == "none" else f"[{row['cause']}] ")
        + "; ".join(row["before"])
        for row in rows
    ]
