"""How movements go from start to end: everything in the face that starts and stops uses `ease`, so
that nothing begins or ends with a jerk."""

from __future__ import annotations


def ease(part: float) -> float:
    """The share of the way done after `part` of the time; 0 before the start, 1 after the end.

    The minimum-jerk profile of hand, head and eye movements (Flash and Hogan 1985): speed and
    acceleration are zero at both ends.
    """
    if part <= 0.0:
        return 0.0
    return part * part * part * (part * (6.0 * part - 15.0) + 10.0) if part < 1.0 else 1.0


def bump(time: float, rise: float, fall: float) -> float:
    """A movement there and back: 1 at `time` = `rise`, 0 up to time 0 and from `rise + fall` on.

    All three are in one unit; `rise` and `fall` are more than 0.
    """
    return ease(time / rise) if time < rise else ease((rise + fall - time) / fall)
