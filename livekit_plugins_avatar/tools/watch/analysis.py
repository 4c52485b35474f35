"""Tells of a recording what its viewers saw: signals, scores over time, and figures."""

from __future__ import annotations

from dataclasses import dataclass

from .recording import Recording


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a recording shows.

    Args:
        recording: What was looked at.
    """

    recording: Recording

    def figures(self) -> dict[str, float | None]:
        """The figures, flat, with units in their names; None where something is not to be told."""
        return {
            "seconds": round(self.recording.seconds, 3),
            "sound_s": round(self.recording.sound_s, 3),
            "frames_per_s": round(self.recording.frames_per_s, 2),
        }


def analyse(recording: Recording) -> Analysis:
    """Look at a recording; takes less time than it lasts."""
    return Analysis(recording)
