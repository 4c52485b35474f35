"""The metrics of a worker for Prometheus, on the endpoint that livekit-agents has.

They are made of what the jobs have written on the board: the client's own way of summing processes
would leave out the load, and keeps a file for every process that ever was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .board import Board, Load

COUNTS = {
    "frames_shown": "Frames that were there in time.",
    "frames_missed": "Frame times without a frame: the last one stayed.",
    "frames_yielded": "Those of the missed that gave way to the voice and to other faces.",
    "frames_skipped": "Frame times that passed while the publishing thread did not run.",
    "frames_unwatched": "Frame times without a viewer, at which nothing was drawn.",
    "render_failures": "Times that rendering a frame raised.",
    "underrun_samples": "Samples of silence that came in the place of late sound.",
    "reconnections": "Times that a room was lost and came back.",
}
"""The fields of `AvatarStats` that are exported, summed over all rooms since the worker's start."""


class WorkerMetrics(Collector):
    """What `/metrics` tells of one worker besides the framework's own."""

    def __init__(self, board: Board, load: Load) -> None:
        self._board = board
        self._load = load
        self._totals: Counter[str] = Counter()
        self._last: dict[str, dict[str, int]] = {}

    def register(self) -> WorkerMetrics:
        """Export from now on."""
        REGISTRY.register(self)
        return self

    def describe(self) -> list[Metric]:
        """None is promised, so that registering reads nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        reports = self._board.reports()
        for job, report in reports.items():
            stats, before = report["stats"], self._last.get(job, {})
            for name in COUNTS:
                self._totals[name] += max(0, stats[name] - before.get(name, 0))
        self._last = {job: report["stats"] for job, report in reports.items()}
        for name, what in COUNTS.items():
            yield CounterMetricFamily(f"avatar_{name}", what, value=self._totals[name])
        yield GaugeMetricFamily("avatar_rooms", "Faces that are shown now.", value=len(reports))
        yield GaugeMetricFamily(
            "avatar_worker_load", "1 where the worker is full.", value=self._load.last
        )
        draining = int(self._board.draining)
        yield GaugeMetricFamily(
            "avatar_worker_draining", "1 once it takes no more rooms.", value=draining
        )
