"""Tells of a recording what its viewers saw: signals, scores over time, and figures."""

from __future__ import annotations

from dataclasses import dataclass

from .heard import Heard, hear
from .recording import Recording
from .scores import (
    blinks,
    closures,
    continuity,
    gaze,
    motion,
    pacing,
    silence,
    smoothness,
    sync,
    turns,
)
from .scores.score import Moment, Score, Seen
from .signals import Signals, signals_of

DIGITS = 4


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a recording shows.

    Args:
        recording: What was watched.
        signals: What the face and the picture do in each frame.
        heard: What the sound says.
        scores: By name.
    """

    recording: Recording
    signals: Signals
    heard: Heard
    scores: dict[str, Score]

    def figures(self) -> dict[str, float | None]:
        """The figures, flat, with units in their names; None where something cannot be told.

        Each score has a confidence in [0, 1] beside its figures.
        """
        found: dict[str, float | None] = {
            "seconds": self.recording.seconds,
            "sound_s": self.recording.sound_s,
            "speech_s": self.heard.speech_s,
            "face_share": self.signals.face_share,
        }
        for name, score in self.scores.items():
            found |= {**score.figures, f"{name}_confidence": score.confidence}
        return {
            name: None if value is None else round(float(value), DIGITS)
            for name, value in found.items()
        }

    @property
    def moments(self) -> list[Moment]:
        """What a viewer may notice, the worst first."""
        every = [moment for score in self.scores.values() for moment in score.moments]
        return sorted(every, key=lambda moment: -moment.severity)


def analyse(recording: Recording) -> Analysis:
    """Watch a recording; takes less time than it lasts."""
    return scored(recording, signals_of(recording), hear(recording))


def scored(recording: Recording, signals: Signals, heard: Heard) -> Analysis:
    """Score what was seen and heard."""
    seen = Seen(recording, signals, heard)
    found = [sync.score(seen)]
    found.append(closures.score(seen, found[0].figures["sync_median_ms"]))
    for each in (silence, smoothness, continuity, gaze, blinks, motion, pacing, turns):
        found.append(each.score(seen))
    return Analysis(recording, signals, heard, {score.name: score for score in found})
