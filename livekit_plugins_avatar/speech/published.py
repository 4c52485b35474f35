"""Maps visemes from speech time to published time."""

from __future__ import annotations

from ..audio.placement import Placement
from ..audio.segment import REMEMBERED_SAMPLES
from ..timeline import samples
from .schedule import VisemeSchedule
from .visemes import VisemeEvent

KEPT_SAMPLES = samples(2.0) + REMEMBERED_SAMPLES
"""How much of the schedule is kept before the frame being drawn: frames may be drawn again, and
speech that was lost on the way may be replayed."""


class PublishedVisemes:
    """What the mouth does on the published timeline; `face.Face` calls it for each frame.

    Events that no frame can show any more are dropped from the schedule.
    """

    def __init__(self, schedule: VisemeSchedule, placement: Placement) -> None:
        self._schedule = schedule
        self._placement = placement

    def __call__(self, start: int, end: int) -> list[VisemeEvent]:
        """The events from `start` to `end`, without gaps; where there is no speech, `sil`."""
        runs = self._placement.runs(start, end)
        if runs:
            self._schedule.forget(runs[0].speech - KEPT_SAMPLES)
        return self._schedule.placed(runs, start, end)
