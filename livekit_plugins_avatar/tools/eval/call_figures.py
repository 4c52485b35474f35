"""Compares what a viewer of a call received with what was published.

Takes a viewer's recording, the publisher's log and the times of faults; gives offsets, lost sound
and frozen pictures, each with its cause where there is one. All times are wall-clock times, which
publisher and viewers share on one machine. Nothing here reads a clock, a page or a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from .call_log import Clap, Happened, Log, Stretch
from .faults.script import Script
from .offset import Floats, Pairs, Recording, beeps, flashes, pair, to_a_tenth

FREEZE_S = 0.5
"""A picture that stands still for longer is a freeze (the call's promise)."""

HEARD_WITHIN_S = 1.2
"""A beep is heard this long after it left at most, and claps are further apart than it could be
mistaken by: the worst buffers of a bad line."""

EARLIER_S = 0.1
"""The publisher dates what it sends to a tenth of a second."""

EDGE_S = 0.04
"""A turn's tone comes up and dies away in codec and jitter buffer: less than this is not lost."""

AFTER_S = 0.6
"""What a turn leaves in a receiver's buffers is heard within this time."""

NOTICED_STALL_S = 0.2
"""Frames are drawn 0.24 s ahead: no viewer sees a shorter stall of the renderer."""

BACK_S = 1.0
"""A renderer that comes back is seen within this time (the call's promise), and a line too: the
receiver asks for a whole picture and gets it."""

LINE_DOWN_PACKETS, AROUND_S = 15, 0.25
"""A picture that stands still while so many packets of sound are lost, 20 ms each, has lost its
link, whatever the script says: for that long nothing got through, and sound waits for no picture.
Counted from a reading before it to one after it."""

OUTAGES, RECONNECTIONS = ("link_down", "reconnect"), ("resume", "reconnect")


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which something was wrong."""

    begin_s: float
    end_s: float

    def meets(self, begin_s: float, end_s: float) -> bool:
        """Whether it has a moment in common with [begin_s, end_s]."""
        return self.begin_s <= end_s and begin_s <= self.end_s


Cause = Literal["outage", "renderer", "none"]


class Freeze(NamedTuple):
    """A picture that stood still: since when, for how long, and what was wrong then."""

    at_s: float
    length_s: float
    cause: Cause


@dataclass(frozen=True, slots=True)
class Seen:
    """What one viewer got; offsets are picture minus sound, positive for a late picture.

    Args:
        offset_median_ms, offset_p5_ms, offset_p95_ms: Of all claps that were timed, whatever went
            wrong then; None where there was none.
        claps_count: How many these are.
        missing_flashes_count: Beeps that were heard and whose flash was not seen.
        missing_beeps_count: Beeps that were published, while the line held, and not heard.
        delay_ms: From leaving the publisher to the loudspeaker, median.
        lost_audio_ms: Speech that was published in turns in which the line held and was not
            heard: silence, and what was cut out to catch up.
        lost_audio_outage_ms: The same in the turns in which the connection was lost.
        made_up_ms: Sound that the receiver made up while the line held.
        made_up_outage_ms: The same while it did not.
        freezes_count: Pictures that stood still for over half a second, with line and renderer
            well.
        freezes_longest_ms: The longest of them.
        freezes_renderer_count: The same while the renderer was stalled or dead.
        freezes_renderer_longest_ms: The longest of them.
        freezes_outage_count: The same while the connection was lost.
        freezes_outage_longest_ms: The longest of them.
        shown_fps: Pictures shown in a second.
        sound_buffer_ms, picture_buffer_ms: Mean time in the receiver's jitter buffers.
    """

    offset_median_ms: float | None
    offset_p5_ms: float | None
    offset_p95_ms: float | None
    claps_count: int
    missing_flashes_count: int
    missing_beeps_count: int
    delay_ms: float | None
    lost_audio_ms: float
    lost_audio_outage_ms: float
    made_up_ms: float
    made_up_outage_ms: float
    freezes_count: int
    freezes_longest_ms: float
    freezes_renderer_count: int
    freezes_renderer_longest_ms: float
    freezes_outage_count: int
    freezes_outage_longest_ms: float
    shown_fps: float
    sound_buffer_ms: float
    picture_buffer_ms: float

    def as_dict(self) -> dict[str, float | int | None]:
        """Ready for JSON, figures to a tenth."""
        return to_a_tenth(asdict(self))


def outages(happened: Iterable[Happened]) -> list[Window]:
    """When the line carried nothing, until what was lost meanwhile is made good."""
    return _away(happened, OUTAGES)


def reconnections(happened: Iterable[Happened]) -> list[Window]:
    """When the room was away, and came back."""
    return _away(happened, RECONNECTIONS)


def _away(happened: Iterable[Happened], kinds: Sequence[str]) -> list[Window]:
    return [Window(each.at_s, each.end_s + BACK_S) for each in happened if each.what in kinds]


def bad_moments(script: Script, began_s: float) -> list[Window]:
    """When the renderer could not draw, and its reserve did not hide it."""
    return [
        Window(began_s + fault.at_s, began_s + fault.at_s + fault.length_s + BACK_S)
        for fault in script
        if fault.what == "death" or (fault.what == "stall" and fault.length_s > NOTICED_STALL_S)
    ]


def seen(recording: Recording, log: Log, *, lost: list[Window], undrawn: list[Window]) -> Seen:
    """Every figure of one viewer.

    Args:
        recording: Of the whole call.
        log: What was published.
        lost: When the connection was.
        undrawn: When the renderer was not well.
    """
    heard_s = beeps(recording) + recording.origin_s
    published = _published(heard_s, log.claps)
    offset_s = offsets(recording, log)
    p5, median, p95 = _percentiles(1e3 * offset_s[:, 1], (5, 50, 95))
    delays_s = [
        at_s - clap.at_s for at_s, clap in zip(heard_s, published, strict=True) if clap is not None
    ]
    due = [clap for clap in log.claps if _whole(clap, log.runs)]
    heard = {clap for clap in published if clap is not None}
    unheard = [clap for clap in due if clap not in heard]
    lost_s = lost_sound_s(recording, log.runs, lost)
    still = {cause: list[float]() for cause in get_args(Cause)}
    for freeze in freezes(recording, log, lost=lost, undrawn=undrawn):
        still[freeze.cause].append(freeze.length_s)
    return Seen(
        offset_median_ms=median,
        offset_p5_ms=p5,
        offset_p95_ms=p95,
        claps_count=len(offset_s),
        missing_flashes_count=len(heard_s) - len(_pairs(recording).beeps),
        missing_beeps_count=sum(
            not _meet(lost, clap.at_s, clap.at_s + HEARD_WITHIN_S) for clap in unheard
        ),
        delay_ms=1e3 * float(np.median(delays_s)) if delays_s else None,
        lost_audio_ms=1e3 * lost_s[0],
        lost_audio_outage_ms=1e3 * lost_s[1],
        made_up_ms=1e3 * _made_up_s(recording, lost, outside=True),
        made_up_outage_ms=1e3 * _made_up_s(recording, lost, outside=False),
        freezes_count=len(still["none"]),
        freezes_longest_ms=1e3 * max(still["none"], default=0.0),
        freezes_renderer_count=len(still["renderer"]),
        freezes_renderer_longest_ms=1e3 * max(still["renderer"], default=0.0),
        freezes_outage_count=len(still["outage"]),
        freezes_outage_longest_ms=1e3 * max(still["outage"], default=0.0),
        shown_fps=_rate(recording),
        sound_buffer_ms=1e3 * recording.sound_buffer_s,
        picture_buffer_ms=1e3 * recording.picture_buffer_s,
    )


def offsets(recording: Recording, log: Log) -> Floats:
    """Of every clap that was timed: when it was heard, by the wall's clock, and by how much its
    picture was late, in seconds, float64 [K, 2]."""
    (flash_s, timed), beep_s = flashes(recording), beeps(recording)
    pairs = _pairs(recording)
    published = _published(beep_s + recording.origin_s, log.claps)
    frame_s = np.array([0.0 if clap is None else clap.frame_s for clap in published])
    late_s = flash_s[pairs.flashes] - beep_s[pairs.beeps] - frame_s[pairs.beeps]
    heard_s = beep_s[pairs.beeps] + recording.origin_s
    return np.stack([heard_s, late_s], axis=1)[timed[pairs.flashes]]


def _pairs(recording: Recording) -> Pairs:
    return pair(flashes(recording)[0], beeps(recording))


def freezes(
    recording: Recording, log: Log, *, lost: list[Window], undrawn: list[Window]
) -> list[Freeze]:
    """Where the picture stood still, from the first word to the last."""
    if not log.runs:
        return []
    shown_s = recording.shown_s + recording.origin_s
    still: list[Freeze] = []
    for index in np.flatnonzero(np.diff(shown_s) > FREEZE_S):
        begin_s, end_s = float(shown_s[index]), float(shown_s[index + 1])
        if end_s < log.runs[0].at_s or begin_s > log.runs[-1].end_s:
            continue
        why = cause(begin_s, end_s, lost, undrawn)
        if why == "none" and _sound_lost(recording, begin_s, end_s) >= LINE_DOWN_PACKETS:
            why = "outage"
        still.append(Freeze(begin_s, end_s - begin_s, why))
    return still


def _sound_lost(recording: Recording, begin_s: float, end_s: float) -> float:
    """How many packets of sound a viewer lost in this time."""
    origin_s = recording.origin_s
    counted = recording.heard.around(begin_s - AROUND_S - origin_s, end_s + AROUND_S - origin_s)
    return counted.get("packetsLost", 0.0)


def cause(begin_s: float, end_s: float, lost: list[Window], undrawn: list[Window]) -> Cause:
    """What was wrong from `begin_s` to `end_s`."""
    if _meet(lost, begin_s, end_s):
        return "outage"
    return "renderer" if _meet(undrawn, begin_s, end_s) else "none"


def lost_sound_s(
    recording: Recording, runs: Sequence[Stretch], lost: list[Window]
) -> tuple[float, float]:
    """Published and not heard, in turns in which the line held and in those in which not."""
    at_s = recording.reached_s + recording.origin_s
    tone_s = recording.length_s - recording.gap_s
    missing_s = [0.0, 0.0]
    for turn in sorted({run.turn for run in runs}):
        own = [run for run in runs if run.turn == turn]
        begin_s, end_s = own[0].at_s - EARLIER_S, own[-1].end_s + AFTER_S
        heard_s = float(tone_s[(at_s >= begin_s) & (at_s < end_s)].sum())
        short_s = sum(run.length_s for run in own) - heard_s
        if short_s > EDGE_S:
            missing_s[_meet(lost, begin_s, end_s)] += short_s
    return missing_s[0], missing_s[1]


def _made_up_s(recording: Recording, lost: list[Window], *, outside: bool) -> float:
    return sum(
        float(made_up_s)
        for at_s, made_up_s in recording.made_up_s
        if _meet(lost, at_s + recording.origin_s, at_s + recording.origin_s) != outside
    )


def _published(heard_s: Floats, claps: Sequence[Clap]) -> list[Clap | None]:
    """For each beep that was heard, by the wall's clock, the clap that it is."""
    found: list[Clap | None] = []
    for at_s in heard_s:
        before = [clap for clap in claps if -EARLIER_S <= at_s - clap.at_s <= HEARD_WITHIN_S]
        found.append(before[-1] if before else None)
    return found


def _whole(clap: Clap, runs: Sequence[Stretch]) -> bool:
    """Whether it was published and not cut off at once."""
    return any(run.at_s <= clap.at_s <= run.end_s - 2 * EARLIER_S for run in runs)


def _meet(windows: Iterable[Window], begin_s: float, end_s: float) -> bool:
    return any(window.meets(begin_s, end_s) for window in windows)


def _percentiles(values: NDArray[np.float64], percents: tuple[int, ...]) -> list[float | None]:
    if not len(values):
        return [None] * len(percents)
    return [float(value) for value in np.percentile(values, percents)]


def _rate(recording: Recording) -> float:
    if len(recording.shown_s) < 2:
        return 0.0
    # A track that is published anew is counted anew.
    shown = np.diff(recording.presented).clip(min=0).sum()
    return float(shown / (recording.shown_s[-1] - recording.shown_s[0]))
