"""Measures a recogniser: `python -m models.visemes.evaluate [FOLDER] [--model FILE]`.

In flow recordings with labels, by default the held-out ones, and a model; the sound goes through
all that a product does with it, from samples at 48 kHz to events, which are then asked what the
mouth does in the middle of every 10 ms. Out flow figures. Choices are made on the held-out
speakers; other folders are for reporting only.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from livekit_plugins_avatar.speech.recognizer import OnnxRecognizer
from livekit_plugins_avatar.speech.visemes import VISEME_INDEX, VISEMES, VisemeEvent
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples

from .dataset import HELD_OUT, HOPS_PER_S
from .phones import UNKNOWN, seen_in

Labels = NDArray[np.int64]

NEAR_HOPS = 4
"""A closure counts as met within 40 ms."""

CHUNK_SAMPLES = samples(0.02)


@dataclass(frozen=True, slots=True)
class Score:
    """How well labels were met; shares from 0 to 1."""

    accuracy: float
    accuracy_in_speech: float
    macro_f1: float
    closure_recall: float
    closure_precision: float
    f1: tuple[float, ...]

    def __str__(self) -> str:
        classes = " ".join(f"{name} {f1:.2f}" for name, f1 in zip(VISEMES, self.f1, strict=True))
        return (
            f"all {self.accuracy:.3f} speech {self.accuracy_in_speech:.3f} "
            f"F1 {self.macro_f1:.3f} PP recall {self.closure_recall:.3f} "
            f"precision {self.closure_precision:.3f} | {classes}"
        )


def score(said: Sequence[Labels], seen: Sequence[Labels]) -> Score:
    """Compare what was said with what is seen, recording by recording."""
    closures = VISEME_INDEX["PP"]
    near = [
        (_near(one == closures), _near(other == closures))
        for one, other in zip(said, seen, strict=True)
    ]
    true, found = np.concatenate(said), np.concatenate(seen)
    near_true = np.concatenate([one for one, _ in near])
    near_found = np.concatenate([other for _, other in near])
    known = true != UNKNOWN
    spoken = true > 0
    f1 = tuple(_f1(true[known] == c, found[known] == c) for c in range(len(VISEMES)))
    return Score(
        accuracy=float(np.mean(true[known] == found[known])),
        accuracy_in_speech=float(np.mean(true[spoken] == found[spoken])),
        macro_f1=float(np.mean(f1)),
        closure_recall=float(near_found[true == closures].mean()),
        closure_precision=float(near_true[found == closures].mean()),
        f1=f1,
    )


def _f1(said: NDArray[np.bool_], seen: NDArray[np.bool_]) -> float:
    return 2 * int((said & seen).sum()) / max(1, int(said.sum()) + int(seen.sum()))


def _near(hops: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.convolve(hops, np.ones(2 * NEAR_HOPS + 1), "same") > 0


def published(path: Path) -> NDArray[np.float32]:
    """A recording as the room would carry it."""
    sound, hz = soundfile.read(path, dtype="float32")
    divisor = np.gcd(hz, SAMPLE_RATE)
    return np.asarray(resample_poly(sound, SAMPLE_RATE // divisor, hz // divisor), np.float32)


def recognised(recognizer: OnnxRecognizer, sound: NDArray[np.float32]) -> list[VisemeEvent]:
    """Its events, heard as a call would deliver it."""
    stream = recognizer.stream()
    events: list[VisemeEvent] = []
    for first in range(0, len(sound), CHUNK_SAMPLES):
        events += stream.push_audio(sound[first : first + CHUNK_SAMPLES])
    return events + stream.flush()


def sampled(events: Iterable[VisemeEvent], hops: int) -> Labels:
    """The viseme in the middle of each hop."""
    seen = np.zeros(hops, np.int64)
    hop = SAMPLE_RATE // HOPS_PER_S
    for event in events:
        first = -(-(event.start - hop // 2) // hop)
        last = -(-(event.end - hop // 2) // hop)
        seen[first:last] = VISEME_INDEX[event.viseme]
    return seen


def labelled(path: Path, hops: int) -> Labels:
    """The viseme of each hop: a number each, or phones with their moments."""
    written = json.loads(path.read_text())
    said = np.zeros(hops, np.int64)
    if isinstance(written[0], int):
        said[: len(written)] = written[:hops]
        return said
    for one in written:
        for viseme, from_s, to_s in seen_in(one["phone"], one["start"], one["end"]):
            said[round(from_s * HOPS_PER_S) : round(to_s * HOPS_PER_S)] = viseme
    return said


def evaluate(folder: Path, recognizer: OnnxRecognizer) -> dict[str, tuple[Labels, Labels]]:
    """What was said and what is seen in each recording of a folder."""
    both = {}
    for path in sorted(folder.glob("*.flac")):
        sound = published(path)
        hops = len(sound) * HOPS_PER_S // SAMPLE_RATE
        seen = sampled(recognised(recognizer, sound), hops)
        both[path.stem] = labelled(path.with_suffix(".json"), hops), seen
    return both


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=HELD_OUT)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--without", default="no such recording", help="leave these names out")
    arguments = parser.parse_args()
    pairs = evaluate(arguments.folder, OnnxRecognizer(arguments.model))
    kept = [pair for name, pair in pairs.items() if arguments.without not in name]
    print(score([said for said, _ in kept], [seen for _, seen in kept]))
