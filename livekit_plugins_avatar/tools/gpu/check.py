"""Checks a GPU: do CUDA and TensorRT start, do they draw what the CPU draws, and how fast.

In flows a persona; out flow figures, printed and written as flat JSON, and an exit status: 1 where
something is wrong, 0 where nothing is or where there is no GPU and the CPU has drawn.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ...face.state import FaceState
from ...log import logger
from ...render.engine import Model
from ...render.onnx_renderer import OnnxRenderer
from ...render.persona import BUILT_IN, load_persona
from ...render.providers import BATCHES
from ...render.renderer import Frames
from ...timeline import Timed
from .encoding import encode_ms
from .nvidia import Card, find_card
from .profile import profile, profiled
from .report import Figure, Report, say
from .rig import Rig, luma, moving_faces, psnr_db, random_faces, timed_ms
from .variants import try_all

AGREE_DB = 45.0
"""Above it nobody can tell two pictures apart."""

VARIANT_BATCH = 32


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    args = _parsed(argv)
    if args.profile:
        print(json.dumps(profile(args.persona, args.profile, args.batches[0])))
        return 0
    report = Report(args.json, args.seconds)
    try:
        Check(args, report).run()
    finally:
        report.put({"total_s": report.elapsed_s})
        report.write()
    for failure in report.failures:
        say(f"FAILED: {failure}")
    return int(bool(report.failures))


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/gpu-check", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures here")
    parser.add_argument("--persona", default="man", help=f"{', '.join(BUILT_IN)}, or a file")
    parser.add_argument("--seconds", type=float, default=200, help="then skip what is optional")
    parser.add_argument("--batches", type=_numbers, default=[1, 8, 32, 64], metavar="1,8,...")
    parser.add_argument("--pictures", type=int, default=64, help="how many are compared")
    parser.add_argument("--repeat-s", type=float, default=1.0, help="time for one figure")
    parser.add_argument("--profile", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


@contextmanager
def overheard() -> Iterator[list[str]]:
    """What the package's log says meanwhile."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    ear = Ear(logging.WARNING)
    logger.addHandler(ear)
    try:
        yield said
    finally:
        logger.removeHandler(ear)


class Check:
    """The sections, in order.

    Args:
        args: From the command line.
        report: Where everything goes.
    """

    def __init__(self, args: argparse.Namespace, report: Report) -> None:
        self._args = args
        self._report = report
        self._persona = load_persona(args.persona)
        self._card: Card | None = None
        self._drawn_on = ["cpu"]
        """Where pictures can be drawn here: the CPU, then CUDA if it has started."""

    def run(self) -> None:
        """All sections."""
        args, section = self._args, self._report.section
        section("environment", self._environment)
        section("start", self._start)
        section("agreement", self._agreement)
        section("speed", self._speed)
        section("rooms", self._rooms)
        section("node placement", self._placement, optional=True)
        section("variants", partial(self._variants, args.repeat_s / 2), optional=True)

    def _environment(self) -> None:
        self._card = find_card()
        if self._card is None:
            self._report.find("no GPU was found: everything is measured on the CPU")
        else:
            self._report.put(self._card.figures())
        self._report.put(
            {
                "onnxruntime": onnxruntime.__version__,
                "onnxruntime_providers": " ".join(onnxruntime.get_available_providers()),
                "cpu_cores": cores(),
                "python": platform.python_version(),
                "numpy": np.__version__,
                "persona": self._persona.name,
            }
        )
        self._memory("before_open")

    def _memory(self, when: str) -> None:
        if self._card is not None:
            self._report.put({f"gpu_memory_{when}_mib": self._card.used_mib()})

    def _start(self) -> None:
        for provider in ("cpu", "cuda", "tensorrt"):
            with overheard() as said:
                began_s = time.perf_counter()
                renderer = OnnxRenderer(self._persona, provider=provider)
                first_s = time.perf_counter() - began_s
            used = renderer.provider
            self._report.put({f"{provider}_start_s": first_s, f"{provider}_drawn_on": used})
            renderer.render([Timed(0, 1600, FaceState.of(jawOpen=0.3))])
            self._memory(f"after_{provider}_open")
            for line in said:
                self._report.find(f"{provider}: {line}")
            if provider == "cuda" and used == "cuda":
                self._drawn_on.append("cuda")
        if self._card is not None and "cuda" not in self._drawn_on:
            self._report.fail("a GPU is here, and CUDA could not be started on it")

    def _agreement(self) -> None:
        faces = random_faces(self._persona, self._args.pictures)
        truth = Model(self._persona, "cpu", 1).draw("i420", faces)
        self._report.put({"cpu_pictures_mean_luma": float(luma(truth).mean())})
        for provider in self._drawn_on[1:]:
            frames = Model(self._persona, provider, 1).draw("i420", faces)
            self._compare(provider, frames, truth)

    def _compare(self, provider: str, frames: Frames, truth: Frames) -> None:
        whole_db, luma_db = psnr_db(frames, truth), psnr_db(luma(frames), luma(truth))
        apart = np.abs(frames.astype(np.int16) - truth)
        self._report.put(
            {
                f"{provider}_psnr_min_db": float(whole_db.min()),
                f"{provider}_psnr_median_db": float(np.median(whole_db)),
                f"{provider}_psnr_luma_min_db": float(luma_db.min()),
                f"{provider}_psnr_luma_median_db": float(np.median(luma_db)),
                f"{provider}_most_levels_apart": int(apart.max()),
                f"{provider}_samples_apart_percent": float(100 * (apart > 0).mean()),
            }
        )
        least_db = min(whole_db.min(), luma_db.min())
        if least_db < AGREE_DB:
            self._report.fail(
                f"{provider} draws other pictures than the CPU: PSNR {least_db:.1f} dB, and "
                f"{AGREE_DB:.0f} dB are wanted"
            )

    def _speed(self) -> None:
        say(f"  {'':10}{'batch':>6}{'ms':>10}{'p95 ms':>10}{'frames/s':>10}{'no copy ms':>12}")
        for provider in self._drawn_on:
            rig = self._rig(provider)
            # Where a GPU is checked, the CPU is there to compare with: a shorter look is enough.
            part = 1.0 if provider == self._drawn_on[-1] else 0.3
            for count in self._args.batches:
                self._report.figures |= self._speed_at(rig, provider, count, part)
            self._memory(f"after_{provider}_batch_{max(self._args.batches)}")

    def _rig(self, provider: str) -> Rig:
        model: Any = Model(self._persona, provider, 1)
        # Its session itself: the model would cut a large batch into several.
        return Rig(model._session, "cpu" if provider == "cpu" else "cuda", self._persona.size)

    def _speed_at(self, rig: Rig, provider: str, count: int, part: float) -> dict[str, Figure]:
        faces = random_faces(self._persona, count, seed=count)
        budget_s = self._args.repeat_s * part
        run_ms = timed_ms(partial(rig.copied, faces), budget_s)
        kept_ms = float(np.median(timed_ms(partial(rig.kept, faces), budget_s)))
        median_ms, p95_ms = map(float, np.percentile(run_ms, (50, 95)))
        rate = 1e3 * count / median_ms
        row = f"{median_ms:>10.2f}{p95_ms:>10.2f}{rate:>10.1f}{kept_ms:>12.2f}"
        say(f"  {provider:10}{count:>6}{row}")
        return {
            f"{provider}_batch_{count}_ms": median_ms,
            f"{provider}_batch_{count}_p95_ms": p95_ms,
            f"{provider}_batch_{count}_frames_per_s": rate,
            f"{provider}_batch_{count}_no_copy_ms": kept_ms,
            f"{provider}_batch_{count}_copy_percent": 100 * (1 - kept_ms / median_ms),
        }

    def _rooms(self) -> None:
        report, provider = self._report, self._drawn_on[-1]
        count = max(each for each in self._args.batches if each <= BATCHES[provider])
        rate = report.figures[f"{provider}_batch_{count}_frames_per_s"]
        assert isinstance(rate, float)
        drawn = Model(self._persona, provider, 1).draw("i420", moving_faces(self._persona, 30))
        cost_ms, source = encode_ms(drawn)
        fps = self._persona.fps
        by_drawing, by_encoding = rate / fps, cores() * 1e3 / (cost_ms * fps)
        if provider == "cpu":
            # Drawing and encoding share the cores.
            both_ms = 1e3 / rate + cost_ms
            rooms = cores() * 1e3 / (both_ms * fps)
        else:
            rooms = min(by_drawing, by_encoding)
        report.put(
            {
                "encode_ms": cost_ms,
                "encode_source": source,
                "rooms_by_drawing": by_drawing,
                "rooms_by_encoding": by_encoding,
                "rooms": int(rooms),
            }
        )

    def _placement(self) -> None:
        provider = self._drawn_on[-1]
        for count in sorted({1, min(VARIANT_BATCH, max(self._args.batches))}):
            self._report.put(profiled(self._args.persona, provider, count, 60))

    def _variants(self, budget_s: float) -> None:
        faces = random_faces(self._persona, min(VARIANT_BATCH, max(self._args.batches)))
        truth = Model(self._persona, "cpu", 1).draw("i420", faces)
        try_all(self._report, self._persona, self._drawn_on[-1], faces, truth, budget_s)


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0))
