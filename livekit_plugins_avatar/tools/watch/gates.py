"""Gates: from when on a figure of an analysis is noticed, by which source, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal

from .scores.blinks import FEWEST_PER_MIN, MOST_PER_MIN
from .scores.closures import NOTICED
from .scores.sync import EARLY_MS, LATE_MS
from .scores.turns import BARGE_IN_MS, RESPONSE_MS

Verdict = Literal["good", "noticeable", "bad", "unknown"]

ACCEPTABLE_EARLY_MS, ACCEPTABLE_LATE_MS = -185.0, 90.0
"""ITU-R BT.1359-1: sound late by 185 ms and sound early by 90 ms are still acceptable."""

SURE = 0.2
"""A score of less confidence is not judged."""

BT_1359 = "ITU-R BT.1359-1: sound early is noticed from 45 ms, sound late from 125 ms"
OURS = "a first value of this project, not from a study"


@dataclass(frozen=True, slots=True)
class Gate:
    """The judgement of one figure.

    Args:
        figure: Its name in `Analysis.figures`.
        score: The score that it belongs to, whose confidence counts.
        title: What it is, for a reader who knows no term of the field.
        unit: Of the figure as it is shown.
        good: From and to which value no viewer notices.
        bearable: From and to which value viewers notice it and go on; beyond, it is bad.
        source: Where both come from.
        well: In words, when it is good.
        ill: In words, when it is not.
        scale: What is shown, by what the figure is.
    """

    figure: str
    score: str
    title: str
    unit: str
    good: tuple[float, float]
    bearable: tuple[float, float]
    source: str
    well: str
    ill: str
    scale: float = 1.0

    def verdict(self, figures: Mapping[str, float | None]) -> Verdict:
        """Of these figures; "unknown" where there was too little to measure."""
        value = figures.get(self.figure)
        if value is None or (figures.get(f"{self.score}_confidence") or 0.0) < SURE:
            return "unknown"
        if self.good[0] <= value <= self.good[1]:
            return "good"
        return "noticeable" if self.bearable[0] <= value <= self.bearable[1] else "bad"


GATES = (
    Gate(
        "sync_median_ms",
        "sync",
        "Lips and voice together",
        "ms",
        (EARLY_MS, LATE_MS),
        (ACCEPTABLE_EARLY_MS, ACCEPTABLE_LATE_MS),
        BT_1359,
        "Lips and voice belong together.",
        "Lips and voice are visibly apart.",
    ),
    Gate(
        "sync_drift_ms_per_min",
        "sync",
        "Lips and voice stay together",
        "ms a minute",
        (-4.5, 4.5),
        (-9.0, 9.0),
        "after ten minutes still below the 45 ms of ITU-R BT.1359-1",
        "The offset stays what it is.",
        "The offset grows: a long call ends out of step.",
    ),
    Gate(
        "closures_hit_share",
        "closures",
        "Lips close on p, b and m",
        "%",
        (NOTICED, 1.0),
        (0.6, 1.0),
        OURS,
        "The lips close where they must.",
        "The lips stay open where a person closes them: it looks like mumbling.",
        100.0,
    ),
    Gate(
        "silence_mouth_moving_share",
        "silence",
        "Mouth rests in silence",
        "% of silence",
        (0.0, 0.05),
        (0.0, 0.2),
        OURS,
        "The mouth is still when nothing is said.",
        "The mouth moves although nothing is said.",
        100.0,
    ),
    Gate(
        "glitches_per_min",
        "smoothness",
        "Movement without jolts",
        "a minute",
        (0.0, 1.0),
        (0.0, 6.0),
        OURS,
        "The head moves smoothly.",
        "The head jolts.",
    ),
    Gate(
        "event_jumps",
        "continuity",
        "The face goes on after a reconnection",
        "jumps",
        (0.0, 0.0),
        (0.0, 1.0),
        OURS,
        "The face goes on where it was.",
        "The face snaps to another pose when the connection is made again.",
    ),
    Gate(
        "gaze_wander_share",
        "gaze",
        "Eyes rest and jump, as people's do",
        "% of the time",
        (0.0, 0.15),
        (0.0, 0.4),
        OURS,
        "The eyes hold what they look at.",
        "The eyes drift: it looks absent.",
        100.0,
    ),
    Gate(
        "blinks_per_min",
        "blinks",
        "Blinks",
        "a minute",
        (FEWEST_PER_MIN, MOST_PER_MIN),
        (1.0, 60.0),
        "Bentivoglio 1997 (4.5 while reading), Doughty 2001 (to 32.5 in conversation)",
        "It blinks as people do.",
        "It blinks too seldom or too often: staring, or nervous.",
    ),
    Gate(
        "frozen_body_per_min",
        "motion",
        "The whole head is alive",
        "a minute",
        (0.0, 0.5),
        (0.0, 4.0),
        OURS,
        "All of the head moves while it speaks.",
        "The mouth moves in a head that stands still.",
    ),
    Gate(
        "freezes_per_min",
        "pacing",
        "The picture does not freeze",
        "a minute",
        (0.0, 0.5),
        (0.0, 3.0),
        "what counts as a freeze: W3C webrtc-stats; how often: " + OURS,
        "The picture flows.",
        "The picture stands still at times.",
    ),
    Gate(
        "response_median_ms",
        "turns",
        "Answers in time",
        "ms",
        (-inf, RESPONSE_MS),
        (-inf, 4000.0),
        "people take 200 ms (Levinson 2015); over 4 s spoils it (CUI 2025)",
        "It answers soon.",
        "It takes long to answer.",
    ),
    Gate(
        "barge_in_median_ms",
        "turns",
        "Stops when interrupted",
        "ms",
        (-inf, BARGE_IN_MS),
        (-inf, 1500.0),
        OURS,
        "It stops when a person speaks.",
        "It talks on over the person.",
    ),
)


def verdicts(figures: Mapping[str, float | None]) -> dict[str, Verdict]:
    """The verdict of each gate, by the name of its figure."""
    return {gate.figure: gate.verdict(figures) for gate in GATES}


def failed(figures: Mapping[str, float | None]) -> list[str]:
    """The figures that viewers notice."""
    return [name for name, verdict in verdicts(figures).items() if verdict in ("noticeable", "bad")]
