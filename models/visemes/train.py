"""Trains the net: `python -m models.visemes.train RUN STEPS [--from RUN]`.

Takes the datasets; gives `runs/RUN.pt` with the net, a running average of it (which is what
is exported: it is steadier than any single step), and all that is needed to go on. Started again,
it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from torch.nn import functional

from livekit_plugins_avatar.speech.features import BANDS
from livekit_plugins_avatar.speech.visemes import VISEMES

from .dataset import DATASET
from .net import DELAY_HOPS, Net
from .phones import UNKNOWN
from .places import RUNS, pause

SHARES: Mapping[str, float] = {
    "real": 0.52,
    "kokoro": 0.22,
    "piper": 0.09,
    "flite": 0.03,
    "negatives": 0.06,
    "music": 0.08,
}
"""How much of what is learnt comes from each source: people first, then what products play."""

BATCH = 32
CHUNK_HOPS = 400
SETTLING_HOPS = 12
"""A piece that begins in mid-word is not asked about before so many hops."""

LEARNING_RATE = 2e-3
WARM_UP_STEPS = 100
LAST_RATE_SHARE = 0.01
WEIGHT_DECAY = 1e-2
CLASS_POWER = 0.35
"""Rare visemes count more, by this power of how rare they are."""

SMOOTHING = 0.05
PHONES_WEIGHT = 0.3
AVERAGE_KEEPS = 0.997
SAVE_EVERY_STEPS = 100

WARP = (0.9, 1.11)
"""Bands shifted in proportion: other vocal tracts."""

DRAWL_CHANCE = 0.12
DRAWL = (0.35, 0.85)
"""Speakers draw out a vowel at times: a held vowel is no hum."""

EQ_NEPERS = 0.6
GAIN_NEPERS = 0.5
MASK_BANDS = 6


@dataclass(frozen=True, slots=True)
class Source:
    """The takes of one source, one after the other."""

    rows: NDArray[np.float16]
    visemes: NDArray[np.int8]
    phones: NDArray[np.int8]
    begins: NDArray[np.int64]
    lengths: NDArray[np.int64]


def load() -> dict[str, Source]:
    """All sources that there are."""
    sources = {}
    for name in SHARES:
        path = DATASET / f"{name}.npz"
        if path.exists():
            with np.load(path) as file:
                lengths = file["lengths"]
                sources[name] = Source(
                    file["rows"],
                    file["visemes"],
                    file["phones"],
                    np.cumsum(lengths) - lengths,
                    lengths,
                )
    return sources


class Chunks:
    """Pieces of the sources, in the shares that they are to have."""

    def __init__(self, sources: Mapping[str, Source], chance: Generator) -> None:
        self._sources = list(sources.values())
        shares = np.array([SHARES[name] for name in sources])
        self._shares = shares / shares.sum()
        self._odds = [source.lengths / source.lengths.sum() for source in self._sources]
        self._chance = chance

    def batch(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Rows [BATCH, hops, BANDS], and the visemes and phones to answer, delayed."""
        rows = np.zeros((BATCH, CHUNK_HOPS, BANDS), np.float32)
        visemes = np.full((BATCH, CHUNK_HOPS + DELAY_HOPS), UNKNOWN, np.int64)
        phones = np.full((BATCH, CHUNK_HOPS + DELAY_HOPS), UNKNOWN, np.int64)
        for number in range(BATCH):
            at = 0
            while at < CHUNK_HOPS:
                source = self._chance.choice(len(self._sources), p=self._shares)
                at += self._piece(source, rows[number], visemes[number], phones[number], at)
            rows[number] = self._varied(rows[number])
        answers = (torch.from_numpy(all_hops[:, :CHUNK_HOPS]) for all_hops in (visemes, phones))
        return torch.from_numpy(rows), *answers

    def _piece(
        self,
        number: int,
        rows: NDArray[np.float32],
        visemes: NDArray[np.int64],
        phones: NDArray[np.int64],
        at: int,
    ) -> int:
        source, chance = self._sources[number], self._chance
        take = chance.choice(len(source.lengths), p=self._odds[number])
        length = int(source.lengths[take])
        skipped = int(chance.integers(0, max(1, length - 60)))
        # Every third from its beginning: an utterance begins cold in a call, too.
        skipped *= int(chance.random() < 0.67)
        pace = chance.uniform(*DRAWL) if chance.random() < DRAWL_CHANCE else 1.0
        taken = min(int((length - skipped) / pace), CHUNK_HOPS - at)
        taken_from = int(source.begins[take]) + skipped + (np.arange(taken) * pace).astype(int)
        rows[at : at + taken] = source.rows[taken_from]
        late = at + DELAY_HOPS
        settled = SETTLING_HOPS if skipped else 0
        asked = slice(late + settled, late + taken)
        visemes[asked] = source.visemes[taken_from[settled:]]
        phones[asked] = source.phones[taken_from[settled:]]
        return taken

    def _varied(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Another vocal tract, another microphone, another distance."""
        chance = self._chance
        at = np.clip(
            np.arange(BANDS) * chance.uniform(*WARP) + chance.uniform(-0.7, 0.7), 0, BANDS - 1
        )
        below = at.astype(int)
        share = (at - below).astype(np.float32)
        above = np.minimum(below + 1, BANDS - 1)
        warped: NDArray[np.float32] = rows[:, below] * (1 - share) + rows[:, above] * share
        shape = np.interp(
            np.arange(BANDS), np.linspace(0, BANDS - 1, 5), chance.normal(0, EQ_NEPERS, 5)
        )
        warped += (shape + chance.normal(0, GAIN_NEPERS)).astype(np.float32)
        if chance.random() < 0.3:
            first = int(chance.integers(0, BANDS - MASK_BANDS))
            masked = slice(first, first + int(chance.integers(1, MASK_BANDS)))
            warped[:, masked] = warped.mean()
        return warped


def class_weights(sources: Mapping[str, Source]) -> torch.Tensor:
    """How much each viseme counts."""
    count = np.zeros(len(VISEMES))
    for name, source in sources.items():
        known = source.visemes[source.visemes != UNKNOWN]
        count += SHARES[name] * np.bincount(known, minlength=len(VISEMES)) / len(known)
    weights = (count.mean() / count) ** CLASS_POWER
    return torch.tensor(weights / (weights * count).sum() * count.sum(), dtype=torch.float32)


def start(sources: Mapping[str, Source]) -> Net:
    """A net that knows what rows look like, and nothing else."""
    net = Net()
    rows = np.concatenate([source.rows[:100_000] for source in sources.values()])
    net.mean[:] = torch.from_numpy(rows.mean(0, dtype=np.float64)).float()
    net.deviation[:] = torch.from_numpy(rows.std(0, dtype=np.float64)).float()
    return net


def loss_of(net: Net, batch: tuple[torch.Tensor, ...], weights: torch.Tensor) -> torch.Tensor:
    """What is to become small."""
    rows, visemes, phones = batch
    seen, sounds = net(rows)
    by_viseme = functional.cross_entropy(
        seen.flatten(0, 1).float(),
        visemes.flatten(),
        weight=weights,
        ignore_index=UNKNOWN,
        label_smoothing=SMOOTHING,
    )
    by_phone = functional.cross_entropy(
        sounds.flatten(0, 1).float(), phones.flatten(), ignore_index=UNKNOWN
    )
    return by_viseme + PHONES_WEIGHT * by_phone


def rate(step: int, steps: int) -> float:
    """The learning rate: up quickly, down along a cosine."""
    down = 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
    return LEARNING_RATE * min(1.0, (step + 1) / WARM_UP_STEPS) * max(LAST_RATE_SHARE, down)


def train(run: str, steps: int, parent: str | None) -> Path:
    """Train until so many steps are done.

    Returns:
        The checkpoint.
    """
    sources = load()
    print({name: round(len(source.rows) / 6000, 1) for name, source in sources.items()}, "min")
    path = RUNS / f"{run}.pt"
    RUNS.mkdir(exist_ok=True)
    net = start(sources)
    optimiser = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    average, done = deepcopy(net), 0
    if path.exists():
        state = torch.load(path, weights_only=True)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        done = int(state["step"])
    elif parent:
        net.load_state_dict(torch.load(RUNS / f"{parent}.pt", weights_only=True)["average"])
        average = deepcopy(net)
    torch.manual_seed(done)
    chunks = Chunks(sources, default_rng(done))
    weights = class_weights(sources)
    smooth, begun = 0.0, time.perf_counter()
    for step in range(done, steps):
        pause()
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps)
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(net, chunks.batch(), weights)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        keeps = min(AVERAGE_KEEPS, (step - done + 1) / (step - done + 10))
        with torch.no_grad():
            for mean, value in zip(average.parameters(), net.parameters(), strict=True):
                mean.lerp_(value, 1 - keeps)
        smooth = loss.item() if step == done else 0.98 * smooth + 0.02 * loss.item()
        if (step + 1) % SAVE_EVERY_STEPS == 0 or step + 1 == steps:
            state = {
                "net": net.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step + 1,
            }
            torch.save(state, path.with_suffix(".part"))
            path.with_suffix(".part").rename(path)
            each = (time.perf_counter() - begun) / (step + 1 - done)
            print(f"{step + 1} loss {smooth:.3f} {each:.2f} s a step", flush=True)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run")
    parser.add_argument("steps", type=int)
    parser.add_argument("--from", dest="parent", help="another run to begin from")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.run, arguments.steps, arguments.parent)
