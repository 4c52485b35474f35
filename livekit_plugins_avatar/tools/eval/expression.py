"""`livekit-avatar eval expression`: measures whether the face shows what a line calls for.

For each half of the lines in `lines`: the share whose valence is shown with the right sign, the
share of lists of numbers at which the face keeps still, and how long an expression takes to appear.
Each line goes through the same `Listening` or `CueTiming` as in a room. The smile and the frown are
compared with the same face at the same moments without the line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ...audio.placement import FixedPlacement, Run
from ...emotion.cue_timing import CueTiming
from ...emotion.listening import Listening
from ...emotion.sentences import SentenceReader
from ...face.face import Face
from ...face.state import INDEX
from ...gaze.attention import Attention
from ...speech.phones import phone_row
from ...speech.text.pronunciation import words_of
from ...speech.visemes import VisemeEvent
from ...timeline import samples, seconds
from ..progress import progress
from .lines import LINES, VALENCE, Half, Kind, Line

BEFORE_S = 2.0
"""The face lives for so long before a line."""

LOOKED_AT_S = 3.0
"""How long it is looked at from the moment that the line is known, or begins to be said."""

STEP_SAMPLES = samples(1 / 60)
PHONE_SAMPLES = samples(0.085)
"""How long a phone lasts where a line is said: 12 a second, as people speak."""

SEEN = 0.04
"""A mean change of smile or frown below this passes unnoticed: a third of the smile at rest."""

RAISED = 0.05
"""A mean rise of the outer brows from which a face asks."""

ONSET_FROM, ONSET_TO = 0.05, 0.95
"""An onset is the time between these shares of the height, which is how long it is seen to take."""

AXES: Mapping[str, float] = {
    "mouthSmileLeft": 0.5,
    "mouthSmileRight": 0.5,
    "browDownLeft": -0.5,
    "browDownRight": -0.5,
    "mouthFrownLeft": -0.5,
    "mouthFrownRight": -0.5,
}
"""Valence as the face has it: the smile less the frown of brows and mouth, after the two muscles
that electromyography reads it from (zygomaticus and corrugator, Cacioppo et al. 1986)."""

_COLUMNS = [INDEX[name] for name in AXES]
_WEIGHTS = np.array(list(AXES.values()))
_BROWS = [INDEX["browOuterUpLeft"], INDEX["browOuterUpRight"]]

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a face made of a line.

    Args:
        line: The line.
        valence: The mean change of smile less frown.
        brows: The mean change of the outer brows.
        onset_ms: How long the valence took to come; None where nothing is seen.
    """

    line: Line
    valence: float
    brows: float
    onset_ms: float | None

    @property
    def sign(self) -> int:
        """-1, 0 where nothing is seen, or 1."""
        return 0 if abs(self.valence) < SEEN else int(np.sign(self.valence))

    @property
    def agrees(self) -> bool:
        """Whether it is what the line calls for: for a question, brows that ask besides."""
        asks = self.line.kind != "question" or self.brows >= RAISED
        return self.sign == VALENCE[self.line.kind] and asks

    @property
    def still(self) -> bool:
        """Whether nothing is seen at all."""
        return not self.sign and abs(self.brows) < RAISED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--wrong", action="store_true", help="also name the lines of the half dev")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; always 0."""
    lines = progress(LINES, "lines", len(LINES))
    shown = [show(line, seed) for seed, line in enumerate(lines)]
    figures = figured(shown)
    print(json.dumps(figures) if args.json else table(figures))
    if args.wrong:
        for each in shown:
            if each.line.half == "dev" and not each.agrees:
                print(f"{each.line.kind:10}{each.valence:+.2f} {each.brows:+.2f} {each.line.text}")
    return 0


def show(line: Line, seed: int) -> Shown:
    """Put one line to a face, and look."""
    start = samples(BEFORE_S)
    events = _mouth(line.text, start) if line.side == "spoken" else []
    attention = Attention()
    attention.set_agent_state(0, "listening")
    if line.side == "spoken":
        attention.set_agent_state(start, "speaking")
    told, untold = (
        Face(lambda a, b: _between(events, a, b), attention.situations, seed=seed) for _ in range(2)
    )
    if line.side == "heard":
        estimate = Listening().hear(start, line.text, final=True)
        if estimate.strength:
            told.express(start, estimate.emotion, estimate.strength)
    else:
        _say(told, line.text, start, events)
    times = range(start, start + samples(LOOKED_AT_S), STEP_SAMPLES)
    change = np.array([told.at(t).values - untold.at(t).values for t in times])
    valence: NDArray[np.float64] = change[:, _COLUMNS] @ _WEIGHTS
    return Shown(
        line,
        float(valence.mean()),
        float(change[:, _BROWS].mean()),
        _onset_ms(change),
    )


def figured(shown: Sequence[Shown]) -> Figures:
    """All figures, flat; shares in [0, 1]."""
    figures: Figures = {"lines": len(shown)}
    for half in get_args(Half):
        of_half = [each for each in shown if each.line.half == half]
        name = half.replace(" ", "_")
        moving = [each for each in of_half if each.line.kind != "numbers"]
        onsets = [each.onset_ms for each in moving if each.onset_ms is not None]
        figures[f"{name}_sign_agreement"] = _share([each.agrees for each in moving])
        figures[f"{name}_neutral_kept"] = _share(
            [each.still for each in of_half if each.line.kind == "numbers"]
        )
        figures[f"{name}_onset_ms_p50"] = round(float(np.median(onsets))) if onsets else None
        figures[f"{name}_onset_ms_min"] = round(min(onsets)) if onsets else None
        figures[f"{name}_onset_ms_max"] = round(max(onsets)) if onsets else None
        for kind in get_args(Kind):
            of_kind = [each.agrees for each in of_half if each.line.kind == kind]
            figures[f"{name}_{kind.replace(' ', '_')}"] = _share(of_kind)
    return figures


def table(figures: Figures) -> str:
    """The figures for a person."""
    return "\n".join(
        f"{name:28}{'-' if value is None else value}" for name, value in figures.items()
    )


def _say(face: Face, text: str, start: int, events: Sequence[VisemeEvent]) -> None:
    """Let the cue_timing put what the text calls for to its moments in speech from `start` on."""
    end = events[-1].end
    cue_timing = CueTiming(
        FixedPlacement([Run(start, start, end - start)]),
        lambda a, b: [event for event in events if event.end > a and event.start < b],
        word_start=lambda index: None,
    )
    spoken = SentenceReader()
    cue_timing.begin_text()
    cue_timing.add(spoken.push(text) + spoken.flush())
    cue_timing.end_text(spoken.length)
    cue_timing.segment_started(start)
    cue_timing.segment_ended(end)
    for now in range(start, end, samples(0.1)):
        for sample, cue in cue_timing.due(now):
            if cue.estimate.strength:
                face.express(sample, cue.estimate.emotion, cue.estimate.strength)


def _mouth(text: str, start: int) -> list[VisemeEvent]:
    """What the mouth does to say a text, phone by phone."""
    visemes = [
        viseme
        for word in words_of(text)
        for phone in (word.ways[0] if word.ways else ("AH", "N"))
        for viseme in phone_row(phone).visemes
    ]
    return [
        VisemeEvent(viseme, start + number * PHONE_SAMPLES, PHONE_SAMPLES, 0.7)
        for number, viseme in enumerate(visemes)
    ]


def _between(events: Sequence[VisemeEvent], start: int, end: int) -> list[VisemeEvent]:
    """The events of a window, with rest where there are none."""
    found: list[VisemeEvent] = []
    at = start
    for event in events:
        first, last = max(event.start, at), min(event.end, end)
        if first >= last:
            continue
        if first > at:
            found.append(VisemeEvent("sil", at, first - at, 0.0))
        found.append(VisemeEvent(event.viseme, first, last - first, event.intensity))
        at = last
    return [*found, VisemeEvent("sil", at, end - at, 0.0)] if at < end else found


def _onset_ms(change: NDArray[np.float32]) -> float | None:
    """How long what changes most takes to come: brows, which no mouth interrupts, where they do."""
    free = [column for name, column in INDEX.items() if name.startswith(("brow", "cheek"))]
    sizes = np.abs(change[:, free])
    axis = sizes[:, sizes.max(axis=0).argmax()]
    height = axis.max()
    if height < SEEN:
        return None
    peak = int(np.flatnonzero(axis >= ONSET_TO * height)[0])
    begin = int(np.flatnonzero(axis[: peak + 1] <= ONSET_FROM * height)[-1])
    return seconds((peak - begin) * STEP_SAMPLES) * 1000


def _share(right: Sequence[bool]) -> float:
    return round(sum(right) / max(1, len(right)), 4)
