"""What the processes of one worker tell each other, and the worker's load made of it.

A job may be a process of its own, and the framework's channel to it carries nothing of ours. So
each job writes how late its frames are into a folder, and reads there whether the worker drains.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from livekit.agents.utils import hw

from ..telemetry import AvatarStats

FRESH_S = 5.0
"""What a job has written longer ago counts no more: it is gone."""

LEAVE_EVERY_S, ALL_LEFT_S = 3.0, 30.0
"""The time from one job that leaves to the next, and for all of them at most."""

LATE_SHARE = 0.15
"""A worker that misses or yields this share of its frames is full."""

ROOM_CORES = 0.4
"""What a room takes until it is seen in the processor's load: one whose face speaks takes 0.3
(docs/measurements.md), and each has to start."""

SEEN_S = 10.0
"""A room that is so old shows in the averaged load."""

BUSY_SHARE = 0.8
"""The share of the processors that is used where the worker is full."""

AVERAGED = 8
"""Readings of the processor's load that are averaged, two a second."""


class Board:
    """A folder of one worker; each job has a file in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls) -> Board:
        """A new one, removed when this process ends."""
        folder = Path(tempfile.mkdtemp(prefix="livekit-avatar-worker-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return cls(folder)

    @property
    def draining(self) -> bool:
        """Whether the worker takes no more rooms."""
        return (self.folder / "draining").exists()

    @draining.setter
    def draining(self, value: bool) -> None:
        if value and not self.draining:
            with suppress(OSError):
                (self.folder / "draining").touch()

    def report(self, job: str, before: AvatarStats, now: AvatarStats) -> None:
        """Say what a job has counted: since the last report, and since its start."""
        shown = now.frames_shown - before.frames_shown
        late = now.frames_missed + now.frames_skipped
        late -= before.frames_missed + before.frames_skipped
        with suppress(OSError):
            said = {"shown": shown, "late": late, "stats": asdict(now)}
            path = self._path(job)
            path.with_suffix(".new").write_text(json.dumps(said))
            path.with_suffix(".new").replace(path)

    def clear(self, job: str) -> None:
        """A job is over."""
        self._path(job).unlink(missing_ok=True)

    def reports(self) -> dict[str, dict[str, Any]]:
        """What each job that lives has reported last."""
        reports = {}
        for path in self.folder.glob("job-*.json"):
            with suppress(OSError, ValueError):
                if time.time() - path.stat().st_mtime < FRESH_S:
                    reports[path.stem.removeprefix("job-")] = json.loads(path.read_text())
        return reports

    def leaves_after_s(self, job: str) -> float:
        """How long a job of a worker that drains waits before it leaves: the face that follows each
        takes a core while it starts."""
        jobs = sorted({*self.reports(), job})
        return jobs.index(job) * min(LEAVE_EVERY_S, ALL_LEFT_S / len(jobs))

    def late_share(self) -> float:
        """The share of all jobs' frames that were not in time, in [0, 1]."""
        reports = self.reports().values()
        late = sum(each["late"] for each in reports)
        return late / (late + sum(each["shown"] for each in reports)) if late > 0 else 0.0

    def _path(self, job: str) -> Path:
        return self.folder / f"job-{job}.json"


class Load:
    """The load of a worker: 1 where it is full, by what saturates first.

    That is the processors, with the rooms that are too young to be seen in their average; the
    frames that are late; or the number of rooms, where it is limited.
    """

    def __init__(self, board: Board, *, rooms: int | None) -> None:
        self._board = board
        self._rooms = rooms
        self._cpu = hw.get_cpu_monitor()
        self._busy: deque[float] = deque(maxlen=AVERAGED)
        self._late: deque[float] = deque(maxlen=AVERAGED)
        self._jobs = 0
        self.last = 0.0
        """The load as it was told last."""
        self._young: deque[float] = deque()
        """When each room came that is not seen in the average."""

    def now(self, jobs: int) -> float:
        """The load with so many rooms; called twice a second, and before each job."""
        at_s = time.monotonic()
        self._young.extend([at_s] * max(0, jobs - self._jobs))
        while self._young and (at_s - self._young[0] > SEEN_S or len(self._young) > jobs):
            self._young.popleft()
        self._jobs = jobs
        self._busy.append(self._cpu.cpu_percent(interval=0.05))
        self._late.append(self._board.late_share())
        coming = len(self._young) * ROOM_CORES / max(1.0, self._cpu.cpu_count())
        busy = (sum(self._busy) / len(self._busy) + coming) / BUSY_SHARE
        late = sum(self._late) / len(self._late) / LATE_SHARE if jobs else 0.0
        taken = jobs / self._rooms if self._rooms else 0.0
        self.last = min(1.0, max(busy, late, taken))
        return self.last
