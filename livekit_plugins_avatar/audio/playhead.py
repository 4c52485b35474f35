"""The playhead: where the sound is.

In flow the moments at which an audio source accepted samples; out flows, for any moment, the
published sample that leaves the source then. The source's own pace is the clock: nothing is assumed
of it but that it sends 10 ms every 10 ms, and how much it holds when it makes its feeder wait.
"""

from __future__ import annotations

from collections import deque

from ..timeline import SAMPLE_RATE, samples
from .playout import TICK_SAMPLES


class Playhead:
    """Which published sample leaves the audio source now.

    LiveKit's audio source gives the network 10 ms every 10 ms. Holding more than its queue size,
    it accepts the next samples only as it sends: so the end of a wait tells, exactly and again and
    again, that `queue` samples are left. Between two such reports the playhead moves in real time;
    reports arrive late at times and never early, so the earliest of the last second is believed.
    """

    WINDOW = 100
    """Reports to look back on: a second of them."""
    SURE = 0.5
    """The part of a tick, counted from its beginning, within which the next is surely not out, and
    will not be before what the source holds has been replaced."""
    SLACK_SAMPLES = samples(0.001)
    """Lateness of even the best report that is put down to scheduling."""
    SLEW_SAMPLES = samples(0.0002)
    """The most by which a report may move the playhead back: 2 % of 10 ms is seen by nobody."""

    def __init__(self, queue: int) -> None:
        self._queue = queue
        self._pushed = 0
        self._anchor_s = 0.0
        self._anchor = 0.0
        self._reported = False
        """Whether the source has made us wait since it was last empty."""
        self._lateness: deque[float] = deque(maxlen=self.WINDOW)
        self._underrun = 0

    @property
    def underrun(self) -> int:
        """How many samples of silence the audio source had to make up so far."""
        return self._underrun

    def at(self, now_s: float) -> int:
        """The sample that leaves the source at `now_s`; it does not pass what was pushed."""
        return min(self._pushed, int(self._moving(now_s)))

    def held(self, now_s: float) -> int:
        """How many samples the source holds at `now_s`."""
        return self._pushed - self.at(now_s)

    def _moving(self, now_s: float) -> float:
        return self._anchor + (now_s - self._anchor_s) * SAMPLE_RATE

    def before_push(self, now_s: float) -> None:
        """Must be called before samples are handed to the source: it may have run dry."""
        missing = int(self._moving(now_s) - self._pushed)
        if missing >= TICK_SAMPLES or not self._pushed:
            # Until the source reports, it may be up to one tick behind this.
            self._underrun += missing if self._pushed else 0
            self._reported = False
            self._set(now_s, self._pushed)

    def retracted(self, count: int) -> None:
        """Must be called when the last `count` samples were taken back from the source."""
        self._pushed -= count

    def unsent(self, now_s: float) -> int | None:
        """How many samples the source holds right after it made us wait, in whole ticks.

        Returns:
            None where this thread came too late to tell: another tick may be leaving just now.
        """
        if not self._reported:
            return None
        late_ticks = max(0.0, self._moving(now_s) - (self._pushed - self._queue)) / TICK_SAMPLES
        if late_ticks % 1.0 > self.SURE:
            return None
        return max(0, self._queue - int(late_ticks) * TICK_SAMPLES)

    def after_push(self, count: int, now_s: float, waited: bool) -> None:
        """Must be called when the source has accepted `count` samples.

        Args:
            count: Samples accepted.
            now_s: The time of it.
            waited: Whether the source made us wait, so that its queue is exactly full.
        """
        self._pushed += count
        lateness = self._moving(now_s) - (self._pushed - self._queue)
        if lateness < 0 or (waited and not self._reported):
            # It has sent at least this much; and the first report after a start is all there is.
            self._set(now_s, self._pushed - self._queue)
        elif waited:
            self._lateness.append(lateness)
            if len(self._lateness) == self.WINDOW:
                excess = min(self._lateness) - self.SLACK_SAMPLES
                if excess > 0:
                    self._anchor -= min(excess, self.SLEW_SAMPLES)
        self._reported = self._reported or waited

    def _set(self, now_s: float, sample: int) -> None:
        self._anchor_s, self._anchor = now_s, float(sample)
        self._lateness.clear()
