"""Measures calm and robustness: `python -m models.visemes.calm [--model FILE] [--music FOLDER]`.

In flow sounds in which nobody speaks, made here or recorded, and the held-out speakers as heard
over bad lines; out flows, a line each, the share of hops in which the mouth is not at rest, and how
well speech is still told. None of these sounds was trained on.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.random import Generator, default_rng
from scipy.signal import resample_poly

from livekit_plugins_avatar.speech.recognizer import OnnxRecognizer
from livekit_plugins_avatar.timeline import SAMPLE_RATE

from .augment import (
    Sound,
    Wave,
    at_pace,
    band,
    clicking,
    coloured,
    humming,
    in_room,
    playing,
    sixteen_bit,
    whispered,
)
from .dataset import HELD_OUT, HOPS_PER_S
from .evaluate import labelled, recognised, sampled, score
from .voices import STORED_HZ

LENGTH_S = 20
SEED = 20_000
LEVEL_RMS = 0.1
NOT_SPEECH: Mapping[str, Callable[[int, Generator], Wave]] = {
    "silence": lambda length, chance: np.zeros(length),
    "dither": lambda length, chance: 1e-4 * chance.normal(size=length),
    "noise": coloured,
    "hum": humming,
    "notes": playing,
    "clicks": clicking,
}

MADE_EACH = 5

LINES: Mapping[str, Callable[[Wave, Generator], Wave]] = {
    "as recorded": lambda wave, chance: wave,
    "-30 dB": lambda wave, chance: wave / 31.6,
    "+12 dB, clipped": lambda wave, chance: np.clip(4 * wave, -1, 1),
    "telephone": lambda wave, chance: band(wave, 300, 3400),
    "8 kHz": lambda wave, chance: band(wave, 0, 3800),
    "in a room": in_room,
    "noise 20 dB": lambda wave, chance: with_noise(wave, 20, chance),
    "noise 10 dB": lambda wave, chance: with_noise(wave, 10, chance),
    "noise 0 dB": lambda wave, chance: with_noise(wave, 0, chance),
    "whispered": whispered,
}


def with_noise(wave: Wave, above_db: float, chance: Generator) -> Wave:
    """Speech so far above coloured noise."""
    noise = coloured(len(wave), chance)
    return np.asarray(wave + noise * np.std(wave) / np.std(noise) * 10 ** (-above_db / 20))


def published(wave: Wave) -> Sound:
    """A sound at `STORED_HZ` as the room would carry it."""
    return np.asarray(resample_poly(sixteen_bit(wave), SAMPLE_RATE // STORED_HZ, 1), np.float32)


def restless(recognizer: OnnxRecognizer, wave: Wave) -> float:
    """The share of hops in which the mouth is not at rest."""
    hops = len(wave) * HOPS_PER_S // STORED_HZ
    return float(np.mean(sampled(recognised(recognizer, published(wave)), hops) > 0))


def main(recognizer: OnnxRecognizer, music: Path | None) -> None:
    """Print the figures."""
    for name, make in NOT_SPEECH.items():
        shares = []
        for seed in range(SEED, SEED + MADE_EACH):
            wave = make(LENGTH_S * STORED_HZ, default_rng(seed))
            wave = wave if name in ("silence", "dither") else wave / np.std(wave) * LEVEL_RMS
            shares.append(restless(recognizer, wave))
        print(f"{name}: {np.mean(shares):.4f} at most {max(shares):.4f}", flush=True)
    for path in sorted(music.iterdir()) if music else ():
        wave, hz = soundfile.read(path)
        mono = wave if wave.ndim == 1 else wave.mean(axis=1)
        heard = at_pace(mono[: 60 * hz], hz / STORED_HZ)
        print(f"{path.stem}: {restless(recognizer, heard):.4f}", flush=True)
    for name, change in LINES.items():
        chance = default_rng(SEED)
        said, seen = [], []
        for path in sorted(HELD_OUT.glob("*.flac")):
            wave, _ = soundfile.read(path)
            hops = len(wave) * HOPS_PER_S // STORED_HZ
            heard = published(change(wave, chance))
            said.append(labelled(path.with_suffix(".json"), hops))
            seen.append(sampled(recognised(recognizer, heard), hops))
        print(f"{name}: {str(score(said, seen)).split('|')[0]}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--music", type=Path)
    arguments = parser.parse_args()
    main(OnnxRecognizer(arguments.model), arguments.music)
