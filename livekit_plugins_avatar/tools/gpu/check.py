"""Checks a GPU: do CUDA and TensorRT start, do they draw what the CPU draws, and how fast.

Prints figures and writes them as flat JSON. The exit status is 1 where something is wrong, and 0
where nothing is or where there is no GPU and the CPU has drawn.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ...face.state import FaceState
from ...log import logger
from ...render.engine import Engine, engine_for
from ...render.model import GPU, SIZES, Faces, Graph, Model
from ...render.onnx_renderer import OnnxRenderer
from ...render.persona import BUILT_IN, Device, Persona
from ...render.renderer import Frames
from ...timeline import Timed
from .encoding import encode_ms
from .measure import moving_faces, psnr_db, random_faces, timed_ms
from .nvidia import Card, find_card
from .report import Report, say
from .shared import measured

AGREE_DB = 45.0
"""Viewers cannot tell two pictures apart above it."""

ROOM_THREADS = 4
"""Rooms that draw at the same time."""

OUTPUT = "i420"

DEVICES: Sequence[Device] = ("cpu", "cuda", "tensorrt")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    args = _parsed(argv)
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
    parser.add_argument("--seconds", type=float, default=80, help="then skip what is optional")
    parser.add_argument("--batches", type=_numbers, default=[1, 8, 32, 64], metavar="1,8,...")
    parser.add_argument(
        "--rooms", type=_numbers, default=[1, 8, 32, 64, 128, 192, 256], metavar="1,8,..."
    )
    parser.add_argument("--repeat-s", type=float, default=1.0, help="time for one figure")
    return parser.parse_args(argv)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Collect the warnings of the package's log."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    collector = Collector(logging.WARNING)
    logger.addHandler(collector)
    try:
        yield messages
    finally:
        logger.removeHandler(collector)


class Check:
    """The sections, in order.

    Args:
        args: From the command line.
        report: Where everything goes.
    """

    def __init__(self, args: argparse.Namespace, report: Report) -> None:
        self._args = args
        self._report = report
        self._persona = Persona.load(args.persona)
        self._card: Card | None = None
        self._device: Device = "cpu"
        """Where pictures are drawn here: CUDA, once it has started."""
        self._faces = random_faces(self._persona, max(args.batches))
        self._engine: Engine
        """The product's own; kept, so that it is opened once."""
        self._truth: Frames = np.empty(0, np.uint8)
        """What the CPU draws of `_faces`."""

    def run(self) -> None:
        """Run all sections."""
        section = self._report.section
        section("environment", self._environment)
        section("start", self._start)
        section("truth", self._draw_truth)
        section("product", self._product)
        section("threads", self._threads)
        section("rooms", self._rooms)
        section("shared", self._shared, optional=True)
        section("variants", self._variants, optional=True)

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

    def _memory(self, when: str) -> None:
        if self._card is not None:
            self._report.put({f"gpu_memory_{when}_mib": self._card.used_mib()})

    def _start(self) -> None:
        self._memory("before")
        for asked in DEVICES:
            with overheard() as messages:
                began_s = time.perf_counter()
                renderer = OnnxRenderer(self._persona, device=asked)
                first_s = time.perf_counter() - began_s
                renderer.render([Timed(0, 1600, FaceState.of(jawOpen=0.3))])
            used = renderer.device
            self._report.put({f"{asked}_start_s": first_s, f"{asked}_drawn_on": used})
            self._memory(f"after_{asked}")
            for message in messages:
                self._report.find(f"{asked}: {message}")
            if asked == used == "cuda":
                self._device = "cuda"
        if self._card is not None and self._device != "cuda":
            self._report.fail("a GPU is here, and CUDA could not be started on it")

    def _draw_truth(self) -> None:
        model = Model(self._persona, "cpu", 1)
        self._truth = model.draw(OUTPUT, self._faces)
        self._report.put({"cpu_ms": _middle(partial(model.draw, OUTPUT, self._faces[:1]), 0.5)})

    def _product(self) -> None:
        """What the product does, at each batch."""
        self._engine = engine_for(self._persona, self._device, 1)
        columns = "".join(f"{name:>10}" for name in ("first ms", "ms", "p95 ms", "frames/s"))
        say(f"  {'':18}{'batch':>6}{columns}{'dB':>8}")
        for count in self._args.batches:
            self._measure(self._device, count, partial(self._engine.draw, OUTPUT))
            self._memory(f"after_batch_{count}")

    def _measure(self, name: str, count: int, draw: Callable[[Faces], Frames]) -> None:
        faces, truth = self._faces[:count], self._truth[:count]
        began_s = time.perf_counter()
        draw(faces)
        first_ms = 1e3 * (time.perf_counter() - began_s)
        run_ms = timed_ms(partial(draw, faces), self._args.repeat_s)
        # A recorded graph could repeat old pictures: others are drawn in between.
        draw(faces[::-1].copy())
        near_db = psnr_db(draw(faces), truth)
        ms, p95_ms = map(float, np.percentile(run_ms, (50, 95)))
        rate, least_db = 1e3 * count / ms, float(near_db.min())
        times = "".join(f"{figure:>10.2f}" for figure in (first_ms, ms, p95_ms, rate))
        say(f"  {name:18}{count:>6}{times}{least_db:>8.1f}")
        self._report.figures |= {
            f"{name}_batch_{count}_first_ms": first_ms,
            f"{name}_batch_{count}_ms": ms,
            f"{name}_batch_{count}_p95_ms": p95_ms,
            f"{name}_batch_{count}_frames_per_s": rate,
            f"{name}_batch_{count}_psnr_min_db": least_db,
        }
        if least_db < AGREE_DB:
            self._report.fail(
                f"{name} at batch {count} draws other pictures than the CPU: PSNR {least_db:.1f} "
                f"dB, and {AGREE_DB:.0f} dB are wanted"
            )

    def _threads(self) -> None:
        """Rooms draw one picture at a time on threads of their own, from one engine."""
        engine = self._engine

        def draw(room: int) -> tuple[int, float, float]:
            mine = slice(room % len(self._faces), room % len(self._faces) + 1)
            face, truth = self._faces[mine], self._truth[mine]
            began_s = time.perf_counter()
            worst_db = float(psnr_db(engine.draw(OUTPUT, face), truth)[0])
            first_ms = 1e3 * (time.perf_counter() - began_s)
            ends_s, drawn = time.perf_counter() + self._args.repeat_s, 0
            while time.perf_counter() < ends_s:
                frames = engine.draw(OUTPUT, face)
                drawn += 1
            return drawn, first_ms, min(worst_db, float(psnr_db(frames, truth)[0]))

        with overheard() as messages, ThreadPoolExecutor(ROOM_THREADS) as pool:
            drawn, first_ms, worst_db = zip(*pool.map(draw, range(ROOM_THREADS)), strict=True)
        for message in messages:
            self._report.find(f"threads: {message}")
        self._report.put(
            {
                "threads": ROOM_THREADS,
                "threads_first_ms": max(first_ms),
                "threads_frames_per_s": sum(drawn) / self._args.repeat_s,
                "threads_psnr_min_db": min(worst_db),
            }
        )
        self._memory("after_threads")
        if min(worst_db) < AGREE_DB:
            self._report.fail("pictures drawn on several threads are not those of the CPU")

    def _rooms(self) -> None:
        figures = self._report.figures
        count = max(each for each in self._args.batches if each <= SIZES[-1])
        rate: Any = figures[f"{self._device}_batch_{count}_frames_per_s"]
        drawn = self._engine.draw(OUTPUT, moving_faces(self._persona, 30))
        cost_ms, source = encode_ms(drawn)
        fps = self._persona.fps
        by_drawing, by_encoding = rate / fps, cores() * 1e3 / (cost_ms * fps)
        if self._device == "cpu":
            # Drawing and encoding share the cores.
            rooms = cores() * 1e3 / ((1e3 / rate + cost_ms) * fps)
        else:
            rooms = min(by_drawing, by_encoding)
        self._report.put(
            {
                "encode_ms": cost_ms,
                "encode_source": source,
                "rooms_by_drawing": by_drawing,
                "rooms_by_encoding": by_encoding,
                "rooms": int(rooms),
            }
        )

    def _shared(self) -> None:
        """Rooms in many processes that one process draws for."""
        figures = "".join(f"{name:>12}" for name in ("frames/s", "p50 ms", "p95 ms", "dropped %"))
        say(f"  {'rooms':18}{figures}")
        seconds, fps = min(3.0, 10 * self._args.repeat_s), self._persona.fps
        for rooms in self._args.rooms:
            if self._report.late or not self._shared_rooms(f"{rooms}", rooms, seconds, fps):
                break
        self._memory("after_shared")
        if self._device == "cpu":
            return
        self._shared_rooms("8_as_fast_as_can_be", 8, seconds, 0)
        self._shared_rooms("32_as_fast_as_can_be", 32, seconds, 0)
        self._shared_rooms("4_and_killed", 4, 2 * seconds, fps, kill_after_s=seconds / 3)

    def _shared_rooms(self, name: str, rooms: int, seconds: float, fps: int, **how: float) -> bool:
        """Measure so many rooms, and return whether they kept up."""
        figures = measured(self._args.persona, self._device, rooms, seconds, fps, **how)
        columns = ("frames_per_s", "p50_ms", "p95_ms", "dropped_percent")
        say(f"  {name:18}" + "".join(f"{figures[column]:>12.1f}" for column in columns))
        self._report.figures |= {f"shared_{name}_{key}": value for key, value in figures.items()}
        kept_up: Any = figures["dropped_percent"]
        return bool(kept_up < 5)

    def _variants(self) -> None:
        """The way without graphs, and what copying the pictures off the GPU takes."""
        if self._device != "cuda":
            return self._report.find("variants: there is no CUDA to try them on")
        plain = Model(self._persona, "cuda", 1)
        for count in self._args.batches:
            self._measure("cuda_plain", count, partial(plain.draw, OUTPUT))
        for count in SIZES:
            with GPU:
                graph = Graph(self._persona, 1, count)
                ms = _middle(partial(graph.run, self._faces[:count]), self._args.repeat_s / 2)
            self._report.put({f"cuda_graph_batch_{count}_no_copy_ms": ms})


def _middle(call: Callable[[], Any], budget_s: float) -> float:
    return float(np.median(timed_ms(call, budget_s)))


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0))
