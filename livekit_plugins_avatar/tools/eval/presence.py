"""`livekit-avatar eval presence`: measures where the face looks, when, and how it moves.

Two scripts of ten minutes, one with one person and one with three, go through the same
`GazeController` as a call. The result is one flat object: shares of time, lengths, delays, rates
and speeds, with units in their names. Times are those of a viewer: an event takes effect with the
first frame that can still be redrawn, and a frame is shown `VIDEO_DELAY_S` after its sample.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...face.face import Face
from ...face.limits import GAZE_LIMIT_RAD, HEAD_LIMITS
from ...face.state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS
from ...face.status import AT_TARGET_DEG
from ...face.style import STYLES, Style
from ...gaze.attention import Attention
from ...gaze.controller import GazeController
from ...gaze.seats import SEATS_DEG
from ...options import VIDEO_DELAY_S
from ...pipeline import LEAD_FRAMES
from ...timeline import SAMPLE_RATE, samples
from ..progress import reported
from .conversation import PEOPLE, Script, script
from .recordings import FINE_SAMPLES, FaceRecording, Floats, Mask, looking, saccades

FPS = 30
FRAME = SAMPLE_RATE // FPS

STAMP_S = LEAD_FRAMES / FPS - VIDEO_DELAY_S
"""How far ahead of the playhead a report takes effect, as in a session."""

LEAST_SACCADE_DEG = 2.0
"""Smaller ones are fixational."""

MAIN_SEQUENCE_S = (0.020, 0.0022), (0.030, 0.0027)
"""Length at no size and per degree: the shortest and the longest that are published
(human-factors: 20-30 ms + 2.2-2.7 ms per degree)."""

PEAK_OVER_MEAN = (1.5, 1.8)
"""Peak over mean velocity: 1.65 in people (Harwood et al. 1999), and what is said around it."""

JUMP_SHARE = 0.05
"""An axis that moves by this share of its range within a millisecond has jumped: a saccade takes
0.02 at most, and so does a closing lid."""

BODY_WINDOW = FPS // 2
"""Frames in 500 ms."""

FROZEN_DEG, FROZEN_MM = 1e-3, 1e-3
"""A body that moves less than both within 500 ms is a picture of one."""

CLOSE_LOOK = samples(0.2)
"""How much around a jump is looked at finely: a head's width of frames on either side."""

FINE_MOST = 250
"""Jumps of each script that are looked at finely: enough for every figure, and a few seconds."""

REDIRECT_FROM_DEG = 1.0
REDIRECT_MOST_S = 1.5
"""A look has set off for a person when it has come nearer by this; after that long it has not."""

STATES = ("speaking", "listening", "thinking", "idle")

HEAD = [INDEX[name] for name in ("headYaw", "headPitch", "headRoll", "headX", "headY", "headZ")]
SLOW = [
    INDEX[name]
    for name in ARKIT_BLENDSHAPES
    if name.startswith(("brow", "cheek", "eyeSquint", "noseSneer"))
]
"""What neither speech nor gaze nor blinks move."""

RANGE = np.ones(len(PARAMETERS))
RANGE[HEAD] = 2 * np.array(HEAD_LIMITS)
RANGE[[INDEX["gazeYaw"], INDEX["gazePitch"]]] = 2 * GAZE_LIMIT_RAD
"""From one end of each axis to the other."""

Figures = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--minutes", type=float, default=10.0, help="of each script (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of script and face (%(default)s)")
    parser.add_argument("--style", choices=list(STYLES), default="natural", help="(%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when it could measure, 2 when asked for the impossible."""
    if not 0.5 <= args.minutes <= 600 or args.seed < 0:
        print("eval presence: --minutes is 0.5 to 600 and --seed at least 0", file=sys.stderr)
        return 2
    with reported(f"two conversations of {args.minutes:g} minutes"):
        figures = measure(args.minutes, seed=args.seed, style=STYLES[args.style])
    figures["style"] = args.style
    print(json.dumps(figures) if args.json else table(figures))
    return 0


def table(figures: Figures) -> str:
    """The figures for a person."""
    return "\n".join(f"{name:52}{value}" for name, value in figures.items())


def measure(minutes: float, *, seed: int, style: Style) -> Figures:
    """All figures of both scripts."""
    one = Run(script(1, minutes=minutes, seed=seed), seed, style)
    three = Run(script(3, minutes=minutes, seed=seed), seed, style)
    figures: Figures = {"minutes": round((one.script.length_s + three.script.length_s) / 60, 2)}
    figures |= shares(one, "camera") | shares(three, "person_attended")
    figures |= looks(one)
    figures |= gaze_back([one, three]) | turn_ends([one, three])
    figures |= redirects(three)
    figures |= coughs(three, Run(script(3, minutes=minutes, seed=seed, coughs=False), seed, style))
    figures |= blinks([one, three])
    figures |= main_sequence([one, three])
    figures |= motion([one, three])
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in figures.items()
    }


class Run:
    """One script as one face met it, and what that face showed.

    Every frame is taken while the face knows what is known by then, as in a call. Where the eyes
    have jumped, the last frames are looked at every millisecond.

    Args:
        script: What happens.
        seed: The face's.
        style: The face's.
    """

    def __init__(self, script: Script, seed: int, style: Style) -> None:
        self.script = script
        self.fine: list[FaceRecording] = []
        """Stretches of every millisecond, around large jumps of the eyes."""
        self.seams: list[Floats] = []
        """What changes from the sample before a report to the first after it, float64 [60]."""
        attention = Attention()
        self._face = Face(script.visemes, attention.situations, seed=seed, style=style)
        self._gaze_controller = GazeController(attention, seed=seed)
        self._reports = [(samples(at_s + STAMP_S), report) for at_s, report in script.reports]
        self._told = 0
        frames = range(0, samples(script.length_s), FRAME)
        self.recording = FaceRecording(
            np.array(frames, np.int64), np.array([self._frame(n) for n in frames])
        )
        starts = np.array([samples(span.start_s) for span in script.spans])
        self._span_of = np.searchsorted(starts, self.recording.at, side="right") - 1
        self.looks = self.recording.off_deg(self._targets()) < AT_TARGET_DEG
        """Frames in which the eyes are on whom a polite person would look at."""

    def _frame(self, sample: int) -> NDArray[np.float32]:
        while self._told < len(self._reports) and self._reports[self._told][0] <= sample:
            stamp, report = self._reports[self._told]
            before = self._face.at(stamp - 1).values
            report(self._gaze_controller, stamp)
            self.seams.append(np.abs(self._face.at(stamp).values - before).astype(np.float64))
            self._told += 1
        if len(self.fine) < FINE_MOST and sample > CLOSE_LOOK:
            self._look_closely(sample)
        return self._face.at(sample).values

    def _look_closely(self, sample: int) -> None:
        """Once the middle of the last frames is a jump, look at them finely."""
        if self.fine and sample - CLOSE_LOOK < self.fine[-1].at[-1]:
            return
        middle = sample - CLOSE_LOOK // 2
        pair = FaceRecording.of(self._face.at, (middle - FRAME, middle))
        if np.hypot(*np.diff(pair.world_deg, axis=0)[0]) > LEAST_SACCADE_DEG / 2:
            self.fine.append(
                FaceRecording.of(self._face.at, range(sample - CLOSE_LOOK, sample, FINE_SAMPLES))
            )

    def _targets(self) -> Floats:
        """Where the partner of each frame sits, float64 [N, 2] in radians."""
        if len(self.script.people) == 1:
            return np.zeros((len(self.recording.at), 2))
        partners = [PEOPLE.index(span.partner) for span in self.script.spans]
        yaw = np.radians(SEATS_DEG)[np.array(partners)[self._span_of]]
        return np.stack([yaw, np.zeros_like(yaw)], axis=1)

    def during(self, state: str) -> Mask:
        """The frames of a state."""
        states = np.array([span.state for span in self.script.spans])
        within: Mask = states[self._span_of] == state
        return within

    def frame_at(self, at_s: float) -> int:
        """The first frame that is seen with, or after, what happens at `at_s`."""
        return min(len(self.recording.at) - 1, int(np.ceil(at_s * FPS)))


def shares(run: Run, target: str) -> Figures:
    """The share of time that the eyes are on the target, by state."""
    people = "one" if len(run.script.people) == 1 else "three"
    return {
        f"{people}_{state}_at_{target}_share": float(run.looks[run.during(state)].mean())
        for state in STATES
        if run.during(state).any()
    }


def looks(run: Run) -> Figures:
    """How long looks at the camera and away last, by state, cut off ones left out."""
    figures: Figures = {}
    for state in ("speaking", "listening", "thinking"):
        within = run.during(state)
        for name, mask in (("hold", run.looks & within), ("away", ~run.looks & within)):
            # Looks that the state's own beginning or end cuts off say nothing of their length.
            lengths = _whole(mask, within) / FPS
            figures[f"{state}_{name}_s_mean"] = float(lengths.mean()) if len(lengths) else None
    return figures


def _whole(mask: Mask, within: Mask) -> Floats:
    edges = np.diff(np.concatenate(([0], mask.astype(int), [0])))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    inside = [
        end - start
        for start, end in zip(starts, ends, strict=True)
        if start > 0 and end < len(mask) and within[start - 1] and within[end]
    ]
    return np.array(inside, np.float64)


def gaze_back(runs: Sequence[Run]) -> Figures:
    """In how many turns the eyes are on the partner when the first word after thinking is heard."""
    met = [
        bool(run.looks[max(0, run.frame_at(at_s) - 1)])
        for run in runs
        for at_s in run.script.first_words_s
    ]
    return {"turns": len(met), "gaze_back_before_first_word_share": float(np.mean(met))}


def turn_ends(runs: Sequence[Run]) -> Figures:
    """In how many turns the eyes are on the partner as the last word ends."""
    met = [
        bool(run.looks[run.frame_at(at_s - 0.1)]) for run in runs for at_s in run.script.turn_ends_s
    ]
    return {"gaze_at_turn_end_share": float(np.mean(met))}


def redirects(run: Run) -> Figures:
    """How soon the eyes set off for a new speaker."""
    delays = []
    for at_s, who in run.script.speakers:
        window = slice(run.frame_at(at_s), run.frame_at(at_s + REDIRECT_MOST_S))
        off = run.recording.off_deg(_seat_rad(who))[window]
        if len(off) and off[0] > AT_TARGET_DEG:
            coming = np.flatnonzero(off < off[0] - REDIRECT_FROM_DEG)
            delays.append(coming[0] / FPS + VIDEO_DELAY_S if len(coming) else np.inf)
    p50, p95 = np.percentile(delays, (50, 95)) if delays else (np.nan, np.nan)
    return {
        "redirects": len(delays),
        "redirect_latency_ms_p50": float(1e3 * p50),
        "redirect_latency_ms_p95": float(1e3 * p95),
    }


def coughs(run: Run, without: Run) -> Figures:
    """How often a cough into another's speech draws the eyes.

    Args:
        run: With coughs.
        without: The same conversation without coughs.
    """
    drawn = []
    for at_s, who in run.script.coughs_s:
        window = slice(run.frame_at(at_s), run.frame_at(at_s + REDIRECT_MOST_S))
        there, else_there = (
            looking(each.recording, _seat_rad(who))[window].sum() for each in (run, without)
        )
        drawn.append(there > else_there)
    return {"coughs": len(drawn), "coughs_looked_at_share": float(np.mean(drawn or [False]))}


def _seat_rad(who: str) -> Floats:
    return np.array([np.radians(SEATS_DEG[PEOPLE.index(who)]), 0.0])


def blinks(runs: Sequence[Run]) -> Figures:
    """Blinks a minute, by state."""
    figures: Figures = {}
    for state in STATES:
        frames = count = 0
        for run in runs:
            within = run.during(state)
            frames += int(within.sum())
            shut = np.round(run.recording.blinks_s() * FPS).astype(int)
            count += int(within[shut].sum())
        figures[f"{state}_blinks_per_min"] = 60.0 * FPS * count / frames if frames else None
    return figures


def main_sequence(runs: Sequence[Run]) -> Figures:
    """How fast saccades of which size are, against those of people."""
    found = [
        each
        for run in runs
        for fine in run.fine
        for each in saccades(fine)
        if each.size_deg >= LEAST_SACCADE_DEG
    ]
    if len(found) < 3:
        return {"saccades": len(found)}
    size = np.array([each.size_deg for each in found])
    peak = np.array([each.peak_deg_per_s for each in found])
    (short_s, short_per_deg_s), (long_s, long_per_deg_s) = MAIN_SEQUENCE_S
    slowest = PEAK_OVER_MEAN[0] * size / (long_s + long_per_deg_s * size)
    fastest = PEAK_OVER_MEAN[1] * size / (short_s + short_per_deg_s * size)
    slope, intercept = np.polyfit(np.log(size), np.log(peak), 1)
    return {
        "saccades": len(found),
        "saccade_size_deg_p50": float(np.median(size)),
        "saccade_size_deg_max": float(size.max()),
        "saccade_peak_velocity_exponent": float(slope),
        "saccade_peak_velocity_at_10_deg_deg_per_s": float(np.exp(intercept) * 10.0**slope),
        "saccade_peak_over_main_sequence_p50": float(np.median(peak / np.sqrt(slowest * fastest))),
        "saccade_on_main_sequence_share": float(((peak >= slowest) & (peak <= fastest)).mean()),
    }


def motion(runs: Sequence[Run]) -> Figures:
    """What moves when nothing should jump, and whether anything ever stands still."""
    values = [run.recording.values for run in runs]
    steps = np.max([np.abs(np.diff(each, axis=0)).max(axis=0) for each in values], axis=0)
    fine = [np.abs(np.diff(each.values, axis=0)).max(axis=0) for run in runs for each in run.fine]
    seams = [each for run in runs for each in run.seams]
    still_deg, still_mm = zip(*(_least_motion(each) for each in values), strict=True)
    frozen = sum(_frozen(each) for each in values)
    limits = np.max([np.abs(each[:, HEAD]).max(axis=0) for each in values], axis=0) / HEAD_LIMITS
    return {
        "step_per_frame_head_deg_max": float(np.degrees(steps[HEAD[:3]]).max()),
        "step_per_frame_head_mm_max": float(1e3 * steps[HEAD[3:]].max()),
        "step_per_frame_brow_and_cheek_max": float(steps[SLOW].max()),
        "step_per_ms_share_of_range_max": float((np.max(fine, axis=0) / RANGE).max()),
        "step_at_report_share_of_range_max": float((np.max(seams, axis=0) / RANGE).max()),
        "jumps": int(sum((each / RANGE > JUMP_SHARE).any() for each in (*fine, *seams))),
        "body_motion_least_deg_in_500_ms": float(min(still_deg)),
        "body_motion_least_mm_in_500_ms": float(min(still_mm)),
        "body_frozen_500_ms_windows": frozen,
        "head_share_of_limit_max": float(limits.max()),
    }


def _least_motion(values: Floats) -> tuple[float, float]:
    deg, mm = _motion(values)
    return float(deg.min()), float(mm.min())


def _frozen(values: Floats) -> int:
    deg, mm = _motion(values)
    return int(((deg < FROZEN_DEG) & (mm < FROZEN_MM)).sum())


def _motion(values: Floats) -> tuple[Floats, Floats]:
    """How far the head turns and moves within each 500 ms, in degrees and mm: float64 [N]."""
    windows = np.lib.stride_tricks.sliding_window_view(values[:, HEAD], BODY_WINDOW, axis=0)
    spread = np.ptp(windows, axis=2)
    return np.degrees(spread[:, :3].max(axis=1)), 1e3 * spread[:, 3:].max(axis=1)
