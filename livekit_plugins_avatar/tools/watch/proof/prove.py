"""Makes clips with faults of known size, and counts which `watch` finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ...sound import spoken
from ..analysis import Analysis, scored
from ..heard import hear
from ..recording import Recording
from ..scores.score import Seen
from ..signals import Motion, joined
from ..tracker import Tracker
from . import shifts
from .clip import Clip, Drawing, clip_of, coded, recorded
from .faults import FAULTS, Fault, Faulty, places_found
from .memory import Memory
from .texts import TEXTS

PERSONAS = ("man", "sketch")


@dataclass(slots=True)
class Counts:
    """What was found of one fault.

    Args:
        cases: Clips with the fault.
        found: Those in which enough of its places were told.
        places: The share of places told, in each.
        alarms: Clean clips in which it was told.
    """

    cases: int = 0
    found: int = 0
    places: list[float] = field(default_factory=list)
    alarms: int = 0


@dataclass(slots=True)
class Proof:
    """What was found in all clips.

    Args:
        faults: By the name of the fault.
        clean: What was seen of the clean clips, by persona.
    """

    faults: dict[str, Counts] = field(
        default_factory=lambda: {fault.name: Counts() for fault in FAULTS}
    )
    clean: dict[str, list[Seen]] = field(
        default_factory=lambda: {persona: [] for persona in PERSONAS}
    )


def prove(cases: int, first_seed: int, *, through_codec: bool) -> Iterator[Proof]:
    """Go through the cases; gives what is known by now after each."""
    proof = Proof()
    for number in range(cases):
        persona = PERSONAS[number % len(PERSONAS)]
        text = TEXTS[number // len(PERSONAS) % len(TEXTS)]
        with closing(Drawing(persona)) as drawing:
            clip = clip_of(spoken(text), text, seed=first_seed + number, fps=drawing.fps)
            chance = np.random.default_rng(first_seed + number)
            _prove_clip(proof, persona, clip, drawing, chance, through_codec)
        yield proof


def _prove_clip(
    proof: Proof,
    persona: str,
    clip: Clip,
    drawing: Drawing,
    chance: np.random.Generator,
    through_codec: bool,
) -> None:
    memory = Memory()
    clean = _analysis(clip, drawing, None, Faulty(clip.faces, []), memory, through_codec)
    proof.clean[persona].append(Seen(clean.recording, clean.signals, clean.heard))
    for fault in FAULTS:
        made = fault.faces(clip, chance)
        told = _analysis(clip, drawing, fault, made, memory, through_codec)
        counts = proof.faults[fault.name]
        share = places_found(fault, made, told)
        counts.cases += 1
        counts.places.append(share)
        counts.found += share >= fault.needed
        # The same event of the connection, with nothing wrong in the picture.
        same = _with_events(clean, made)
        counts.alarms += any(moment.what == fault.what for moment in same.moments)


def _analysis(
    clip: Clip,
    drawing: Drawing,
    fault: Fault | None,
    made: Faulty,
    memory: Memory,
    through_codec: bool,
) -> Analysis:
    pictures = drawing.pictures(made.faces)
    if fault is not None and fault.pictures is not None:
        pictures = fault.pictures(pictures, made, clip)
    if not through_codec:
        recording = recorded(clip, pictures, "clip")
        return _watched(recording, made, memory)
    with TemporaryDirectory() as folder:
        return _watched(coded(clip, pictures, Path(folder) / "clip.webm"), made, memory)


def _watched(recording: Recording, made: Faulty, memory: Memory) -> Analysis:
    tracker, motion = Tracker(memory), Motion()
    rows = []
    for picture, at_s in zip(recording.frames(), recording.times_s, strict=False):
        seen = tracker.push(picture)
        rows.append((seen, motion.push(picture, at_s, None if seen is None else seen[0])))
    signals = joined(recording.times_s[: len(rows)], rows)
    return scored(_of(recording, made), signals, hear(recording))


def _of(recording: Recording, made: Faulty) -> Recording:
    return Recording(
        recording.name,
        recording.sound,
        recording.sound_began_s,
        recording.times_s,
        recording.frames,
        events=made.events,
    )


def _with_events(clean: Analysis, made: Faulty) -> Analysis:
    return scored(_of(clean.recording, made), clean.signals, clean.heard)


DRIFT_RUNS = 10


def sync_figures(clips: Sequence[Seen], seed: int) -> dict[str, float]:
    """How offsets and drift are recovered of clean clips."""
    errors = np.array([shifts.offset_errors_ms(clip) for clip in clips])
    offsets = np.array(shifts.OFFSETS_MS)
    large = np.abs(offsets) >= shifts.SIGN_FROM_MS
    if not np.isfinite(errors).any():
        return {"offset_told_share": 0.0}
    told = np.isfinite(errors[:, large])
    right = (np.sign(errors + offsets) == np.sign(offsets))[:, large][told]
    by_offset = np.nanmedian(errors, axis=0)
    plain, drifting = [], []
    for number in range(DRIFT_RUNS):
        whole = shifts.joined(clips, np.random.default_rng(seed + number))
        way = (-1) ** number * shifts.DRIFT_MS_PER_MIN
        plain.append(shifts.drift_ms_per_min(whole, 0.0))
        drifting.append(shifts.drift_ms_per_min(whole, way) - way)
    limit = shifts.DRIFTS_MS_PER_MIN
    # Where no drift is told (NaN), none is found.
    found = np.abs(drifting) < shifts.DRIFT_MS_PER_MIN - limit
    return {
        "offset_median_error_ms": float(np.nanmedian(errors)),
        "offset_median_error_lowest_ms": float(by_offset.min()),
        "offset_median_error_highest_ms": float(by_offset.max()),
        "offset_error_p5_ms": float(np.nanpercentile(errors, 5)),
        "offset_error_p95_ms": float(np.nanpercentile(errors, 95)),
        "offset_told_share": float(np.isfinite(errors).mean()),
        "offset_sign_right_share": float(right.mean()),
        "drift_found_share": float(found.mean()),
        "drift_false_alarm_share": float((np.abs(plain) > limit).mean()),
        "drift_error_largest_ms_per_min": float(np.abs([*plain, *drifting]).max()),
    }
