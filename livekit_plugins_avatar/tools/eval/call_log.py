"""What the publisher of a call noted, in wall-clock time.

A `Log` is plain data: one process hands it to another, and `call_figures` compares it with what a
viewer saw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .readings import Readings


class Clap(NamedTuple):
    """A beep that was published.

    Args:
        at_s: When it left, about.
        frame_s: How far from its beginning the frame begins that is the first to show it: a flash
            can only begin where a frame does, up to half a frame early or late.
    """

    at_s: float
    frame_s: float


class Stretch(NamedTuple):
    """Speech that was published without a gap.

    Args:
        at_s: When it began to leave.
        length_s: How long it is.
        turn: Of which turn, from 0.
    """

    at_s: float
    length_s: float
    turn: int

    @property
    def end_s(self) -> float:
        """When it had left."""
        return self.at_s + self.length_s


class Gap(NamedTuple):
    """Silence where speech belongs.

    Args:
        at_s: When it began, or was noticed.
        length_s: How long it was.
    """

    at_s: float
    length_s: float


class Happened(NamedTuple):
    """A fault that came about, from when to when."""

    what: str
    at_s: float
    end_s: float


class FaceJump(NamedTuple):
    """The face moved further than a face can from one frame to the next.

    Args:
        at_s: When.
        parameter: Which of the face's parameters moved.
        moved: How far, in its own unit.
    """

    at_s: float
    parameter: str
    moved: float


@dataclass(slots=True)
class Log:
    """One publisher's call.

    Args:
        claps: In order.
        runs: In order.
        happened: The faults, in the order in which they ended.
        source_gaps: Silences within a turn because the TTS delivered nothing.
        track_gaps: Silences within a turn because the publisher passed nothing on.
        turns: How many were taken.
        interrupted: How many of them another participant interrupted.
        stuck: Turns whose end was never reported.
        face_jumps: In order; None where there is no face.
        stats: What the avatar counted.
        sent: What the picture's sender counted, by the wall's clock; nothing of a publisher that
            does not tell.
    """

    claps: list[Clap] = field(default_factory=list)
    runs: list[Stretch] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    source_gaps: list[Gap] = field(default_factory=list)
    track_gaps: list[Gap] = field(default_factory=list)
    turns: int = 0
    interrupted: int = 0
    stuck: int = 0
    face_jumps: list[FaceJump] | None = None
    stats: dict[str, int] = field(default_factory=dict)
    sent: Readings = field(default_factory=Readings)

    def sound(self, at_s: float, length_s: float) -> None:
        """Note speech of the present turn that leaves at `at_s`, or goes on where it ended."""
        last = self.runs[-1] if self.runs else None
        if last is not None and last.turn == self.turns and at_s - last.end_s < SAME_RUN_S:
            self.runs[-1] = last._replace(length_s=last.length_s + length_s)
        else:
            self.runs.append(Stretch(at_s, length_s, self.turns))


SAME_RUN_S = 0.005
"""Speech that leaves this soon after the last of it had left goes on: less than a tick of audio."""
