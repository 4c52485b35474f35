"""Where silence begins and how loud a voice is, learnt from its levels alone.

In flows one level per hop of speech; out flow the level below which a hop is silent, and the
voice's own loudness. Both follow the gain of whatever made the speech, so nothing downstream needs
to know it. Noise and hum become silence; a voice does not, because it never stays the same.
"""

from __future__ import annotations

from collections import deque

FLOOR_DBFS = (-85.0, -50.0)
"""The noise floor is never taken to be below the first, nor above the second before anything was
heard: the vowels of a voice 30 dB down still stand out if they come at once."""

FLOOR_RISE_DB_PER_S = 3.0
"""How fast the floor creeps up from one quiet moment to the next: closures come twice a second
at least, and keep it down."""

ABOVE_FLOOR_DB = 6.0
"""What is less above the floor is silence."""

BELOW_LOUD_DB = 34.0
"""What is further below the voice is silence: breath, the room, an encoder's noise."""

LOUD_FALL_DB_PER_S = 6.0
"""How fast the loudness is forgotten while the voice goes on more softly."""

LOUD_RISE = 0.5
"""Share of the way that the loudness goes up in one hop: a vowel is enough."""

DYNAMICS_DB = 20.0
"""A voice is at least this much above the floor."""

STEADY_S = 0.4
STEADY_DB = 4.0
"""A sound that stays within this range for this long is hum or noise, and becomes the floor."""


class Levels:
    """The floor and the loudness of one voice.

    Args:
        hops_per_s: How many levels are heard in a second.
    """

    def __init__(self, hops_per_s: int) -> None:
        self._floor_rise_db = FLOOR_RISE_DB_PER_S / hops_per_s
        self._loud_fall_db = LOUD_FALL_DB_PER_S / hops_per_s
        self._recent: deque[float] = deque(maxlen=round(STEADY_S * hops_per_s))
        self._floor = FLOOR_DBFS[1]
        self.loud = FLOOR_DBFS[0]
        """The voice's loudness in dBFS."""

    @property
    def silent_below(self) -> float:
        """The level in dBFS below which a hop is silent."""
        return max(self._floor + ABOVE_FLOOR_DB, self.loud - BELOW_LOUD_DB)

    def hear(self, level: float, loudest_near: float) -> None:
        """Learn from one hop.

        Args:
            level: Its level in dBFS.
            loudest_near: The highest level in its surroundings, in dBFS.
        """
        floor = min(level, self._floor + self._floor_rise_db)
        self._recent.append(level)
        if len(self._recent) == self._recent.maxlen:
            highest = max(self._recent)
            if highest - min(self._recent) < STEADY_DB:
                floor = highest
        self._floor = max(floor, FLOOR_DBFS[0])

        if loudest_near > self.loud:
            self.loud += LOUD_RISE * (loudest_near - self.loud)
        elif level > self.silent_below:
            self.loud -= self._loud_fall_db
        self.loud = max(self.loud, self._floor + DYNAMICS_DB)
