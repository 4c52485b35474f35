"""Turns the corpus into rows and labels: `python -m models.visemes.dataset [TAKES]`.

Takes speech and its phones; gives, for each source, `dataset/SOURCE.npz` with the features
of every recording as it is and of so many varied takes of it, a viseme and a phone for each hop,
and the lengths of the takes. Recordings of held-out speakers go to `dataset/heldout/`, as sound and
labels that `livekit-avatar eval visemes` reads: all choices are made on them. Negatives, where
there is no speech, are made here as well.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import numpy as np
import soundfile
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from scipy.signal import resample_poly

from livekit_plugins_avatar.speech.features import (
    HOP_SAMPLES,
    MARGIN_SAMPLES,
    WINDOW_SAMPLES,
    log_mel,
)
from livekit_plugins_avatar.speech.visemes import VISEME_INDEX
from livekit_plugins_avatar.timeline import SAMPLE_RATE

from .align import phones_in, said_in
from .augment import background, sixteen_bit, varied
from .phones import PHONES, seen_in
from .places import CORPUS, WORK, pause
from .voices import STORED_HZ

DATASET = WORK / "dataset"
HELD_OUT = DATASET / "heldout"
HELD_OUT_ONE_IN = 10
HOPS_PER_S = 100
BLOCK_HOPS = 100
"""Few enough to stay near the processor."""
NEGATIVES = 70
NEGATIVE_S = 12.0
MUSIC_TAKES = 16

Sound = NDArray[np.float32]
Labels = NDArray[np.int8]


def features(sound: Sound) -> NDArray[np.float32]:
    """All hops of a sound at `STORED_HZ`, as the recogniser would see them."""
    published = resample_poly(sound, SAMPLE_RATE // STORED_HZ, 1).astype(np.float32)
    hops = len(published) // HOP_SAMPLES
    padded = np.pad(published, (MARGIN_SAMPLES, WINDOW_SAMPLES))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    blocks = [
        log_mel(windows[first : min(first + BLOCK_HOPS, hops)])
        for first in range(0, hops, BLOCK_HOPS)
    ]
    return np.concatenate(blocks)


def labels(sound: Path, hops: int, pace: float = 1.0) -> tuple[Labels, Labels]:
    """Viseme and phone of each hop, by what is spoken in its middle."""
    visemes = np.full(hops, VISEME_INDEX["sil"], np.int8)
    sounds = np.full(hops, PHONES.index("SIL"), np.int8)
    for phone, start, end in phones_in(sound):
        start_s, end_s = start / pace, end / pace
        first, last = round(start_s * HOPS_PER_S), round(end_s * HOPS_PER_S)
        sounds[first:last] = PHONES.index(phone)
        for viseme, from_s, to_s in seen_in(phone, start_s, end_s):
            visemes[round(from_s * HOPS_PER_S) : round(to_s * HOPS_PER_S)] = viseme
    return visemes, sounds


def held_out(sound: Path) -> bool:
    """Whether the speaker of a real recording is one of those who are held out."""
    speaker = sound.stem.split("-")[0]
    return sound.parent.name == "real" and crc32(speaker.encode()) % HELD_OUT_ONE_IN == 0


Take = tuple[NDArray[np.float16], Labels, Labels]


def takes_of(sound: Path, takes: int, chance: Generator) -> Iterator[Take]:
    """A recording as it is, and varied."""
    recorded, _ = soundfile.read(sound, dtype="float32")
    for take in range(takes + 1):
        heard, pace = (recorded, 1.0) if take == 0 else varied(recorded, chance)
        rows = features(heard)
        visemes, sounds = labels(sound, len(rows), pace)
        yield rows.astype(np.float16), visemes, sounds


def negatives(chance: Generator) -> Iterator[Take]:
    """Sounds without speech, silence first."""
    length = round(NEGATIVE_S * STORED_HZ)
    for number in range(NEGATIVES):
        level = 10 ** (chance.uniform(-50, 10) / 20)
        wave = np.zeros(length) if number < 3 else level * background(length, chance)
        rows = features(sixteen_bit(wave))
        silence = np.zeros(len(rows), np.int8)
        yield rows.astype(np.float16), silence, silence


def music(folder: Path, chance: Generator) -> Iterator[Take]:
    """What was recorded and is not speech, in pieces, each varied again and again."""
    length = round(NEGATIVE_S * STORED_HZ)
    for sound in sorted(folder.glob("*.flac")):
        recorded, _ = soundfile.read(sound, dtype="float32")
        for first in range(0, len(recorded) - STORED_HZ, length):
            for _ in range(MUSIC_TAKES):
                rows = features(varied(recorded[first : first + length], chance)[0])
                silence = np.zeros(len(rows), np.int8)
                yield rows.astype(np.float16), silence, silence


def write(target: Path, takes: Iterator[Take]) -> None:
    """One file of many takes."""
    rows, visemes, sounds = zip(*takes, strict=True)
    lengths = np.array([len(row) for row in rows])
    DATASET.mkdir(exist_ok=True)
    partial = target.with_suffix(".part.npz")
    np.savez(
        partial,
        rows=np.concatenate(rows),
        visemes=np.concatenate(visemes),
        phones=np.concatenate(sounds),
        lengths=lengths,
    )
    partial.rename(target)
    print(target.name, len(lengths), "takes", round(lengths.sum() / 6000, 1), "min", flush=True)


def make(takes: int) -> None:
    """Everything that is not there yet."""
    HELD_OUT.mkdir(parents=True, exist_ok=True)
    for source in sorted(path for path in CORPUS.iterdir() if path.is_dir()):
        target = DATASET / f"{source.name}.npz"
        if target.exists():
            continue
        chance = default_rng(crc32(source.name.encode()))
        recordings = [p.with_suffix(".flac") for p in sorted(source.glob("*.phones"))]
        for sound in filter(held_out, recordings):
            (HELD_OUT / sound.name).write_bytes(sound.read_bytes())
            (HELD_OUT / f"{sound.stem}.txt").write_text(said_in(sound))
            (HELD_OUT / f"{sound.stem}.json").write_text(
                json.dumps([phone._asdict() for phone in phones_in(sound)])
            )

        def of_source(
            recordings: list[Path] = recordings, chance: Generator = chance
        ) -> Iterator[Take]:
            for sound in recordings:
                if not held_out(sound):
                    pause()
                    yield from takes_of(sound, takes, chance)

        write(target, music(source, chance) if source.name == "music" else of_source())
    target = DATASET / "negatives.npz"
    if not target.exists():
        write(target, negatives(default_rng(0)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("takes", type=int, nargs="?", default=3)
    make(parser.parse_args().takes)
