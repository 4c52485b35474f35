"""Tells which published sample leaves the audio source at a time."""

from __future__ import annotations

from collections import deque

from ..timeline import SAMPLE_RATE, samples
from .playout import TICK_SAMPLES


class Playhead:
    """Follows an audio source from the times at which its pushes returned.

    LiveKit's audio source sends 10 ms every 10 ms. If it holds more than its queue size, a push
    waits until it has sent enough: so the end of a wait is a report that exactly `queue` samples
    are left. Between reports the playhead moves in real time. Reports come late at times and never
    early, so the earliest of those looked back on counts.
    """

    WINDOW = 100
    """Reports to look back on: one or two seconds of them."""
    SURE = 0.5
    """A report that is later than this part of a tick does not tell what the source holds. If this
    thread was late, more may have left; if the source was late, as it is as often, it has not."""
    RECENT = 5
    """A report is late compared with the earliest of so many: they share the source's own time."""
    STEADY = 20
    """So many reports in time are a source and a thread that are not late."""
    PATIENCE = 3
    """After so many late reports this thread is taken to be what is late."""
    KNOWN = 5
    """So many reports in a row tell the time of the source's ticks."""
    SOON = 0.1
    """After this part of a tick the source has sent, and there is time to push before it sends
    again."""
    SLACK_SAMPLES = samples(0.001)
    """Lateness of the earliest report that is normal scheduling."""
    SLEW_SAMPLES = samples(0.0002)
    """The most by which a report moves the playhead back: 2 % of 10 ms is invisible."""

    def __init__(self, queue: int) -> None:
        self._queue = queue
        self._pushed = 0
        self._anchor_s = self._anchor = 0.0
        self._reports = 0
        """How many pushes have waited since the source was last empty."""
        self._lateness: deque[float] = deque(maxlen=self.WINDOW)
        self._unsure = 0
        """Late reports in a row."""
        self.underrun = 0
        """How many samples of silence the source inserted because it was empty."""

    def at(self, now_s: float) -> int:
        """The sample that leaves the source at `now_s`; never beyond what was pushed."""
        return min(self._pushed, int(self._moving(now_s)))

    @property
    def origin_s(self) -> float:
        """When sample 0 would have left at the present pace, which is real time."""
        return self._anchor_s - self._anchor / SAMPLE_RATE

    def held(self, now_s: float) -> int:
        """How many samples the source holds at `now_s`."""
        return self._pushed - self.at(now_s)

    @property
    def steady(self) -> bool:
        """Whether none of the last reports came late."""
        recent = list(self._lateness)[-self.STEADY :]
        even = len(recent) == self.STEADY
        return even and max(recent) - min(recent) <= self.SURE * TICK_SAMPLES

    @property
    def sure(self) -> bool:
        """Whether the source has reported often enough since it was last empty."""
        return self._reports >= self.KNOWN

    def next_tick_s(self, now_s: float) -> float:
        """How long it is until the source has just sent again."""
        into = self._moving(now_s) % TICK_SAMPLES
        return ((1 + self.SOON) * TICK_SAMPLES - into) / SAMPLE_RATE

    def unsent_at_rest(self, now_s: float) -> int:
        """How many samples are published that no tick has sent; below 0 where ticks had none."""
        return self._pushed - self._ticked(now_s)

    def rested(self, count: int) -> None:
        """Call where silence that is published is not pushed: the source makes it up."""
        self._pushed += count

    def align(self, first: int, now_s: float) -> None:
        """Call where samples from `first` on are about to be given to an empty source: the next
        tick sends them, also where this thread did not run for some ticks."""
        self._anchor += first - self._ticked(now_s)

    def _ticked(self, now_s: float) -> int:
        """The published sample up to which ticks have sent by now."""
        return int(self._moving(now_s)) // TICK_SAMPLES * TICK_SAMPLES

    def unsent(self, now_s: float) -> int | None:
        """How many samples the source holds right after a push waited; None where unsure."""
        if self._reports < 2:
            return None  # The first one may have been late.
        recent = list(self._lateness)[-self.RECENT :]
        usual = min(recent) if len(recent) == self.RECENT else 0.0
        late_ticks = max(0.0, self._late(now_s) - usual) / TICK_SAMPLES
        self._unsure += 1
        patient = self._unsure <= self.PATIENCE
        if (late_ticks if patient else late_ticks % 1.0) > self.SURE:
            return None
        self._unsure = 0
        return max(0, self._queue - int(late_ticks) * TICK_SAMPLES)

    def before_push(self, now_s: float) -> None:
        """Call before samples are pushed: the source may have become empty."""
        missing = int(self._moving(now_s) - self._pushed)
        if missing >= TICK_SAMPLES or not self._pushed:
            # Until the source reports, it may be up to one tick behind this.
            self.underrun += missing if self._pushed else 0
            self._reports = 0
            self._set(now_s, self._pushed)

    def after_push(self, count: int, now_s: float, waited: bool) -> None:
        """Call when the source has accepted samples; it is exactly full if the push `waited`."""
        self._pushed += count
        late = self._late(now_s)
        if late < 0 or (waited and not self._reports):
            # At least this much has left; and the first report after a start is all there is.
            self._set(now_s, self._pushed - self._queue)
        elif waited:
            self._lateness.append(late)
            if len(self._lateness) == self.WINDOW:
                excess = min(self._lateness) - self.SLACK_SAMPLES
                if excess > 0:
                    self._anchor -= min(excess, self.SLEW_SAMPLES)
        self._reports += waited

    def retracted(self, count: int) -> None:
        """Call when the last `count` samples were taken back from the source."""
        self._pushed -= count

    def _late(self, now_s: float) -> float:
        """How late, in samples, a report at `now_s` is that `queue` samples are left."""
        return self._moving(now_s) - (self._pushed - self._queue)

    def _moving(self, now_s: float) -> float:
        return self._anchor + (now_s - self._anchor_s) * SAMPLE_RATE

    def _set(self, now_s: float, sample: int) -> None:
        self._anchor_s, self._anchor = now_s, float(sample)
        self._lateness.clear()
