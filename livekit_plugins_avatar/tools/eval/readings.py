"""Statistics that are read repeatedly, and what they did around a moment.

For a stretch of time: the states at its beginning, and by how much the counters grew. A track that
is published again counts from 0, so a counter that falls has begun again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(slots=True)
class Readings:
    """What was read.

    Args:
        states: Names of what is this now and that then.
        counts: Names of what only grows.
        at_s: When they were read, in order, in seconds of the reader's clock.
        values: What they were then: the states, then the counts.
    """

    states: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    at_s: list[float] = field(default_factory=list)
    values: list[tuple[float, ...]] = field(default_factory=list)

    def read(self, at_s: float, values: Sequence[float]) -> None:
        """Add a reading: the states, then the counts."""
        self.at_s.append(at_s)
        self.values.append(tuple(values))

    def around(self, begin_s: float, end_s: float) -> dict[str, float]:
        """Each state as it was at `begin_s`, and by how much each count grew until `end_s`, to the
        readings next to these; what is 0 is left out."""
        first = max(0, bisect_right(self.at_s, begin_s) - 1)
        rows = self.values[first : bisect_left(self.at_s, end_s) + 1]
        if not rows:
            return {}
        grown = dict(zip(self.states, rows[0], strict=False))
        for place, name in enumerate(self.counts, start=len(self.states)):
            grown[name] = sum(
                after[place] - before[place] if after[place] >= before[place] else after[place]
                for before, after in pairwise(rows)
            )
        return {name: value for name, value in grown.items() if value}
