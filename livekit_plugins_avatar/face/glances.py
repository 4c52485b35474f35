"""What people's eyes do in each situation: how long they hold, how often and where they glance."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .style import Style


@dataclass(frozen=True, slots=True)
class Glances:
    """How the eyes behave in one situation.

    Args:
        first_hold_s: How long the target is held at least when the situation begins.
        hold_s: Mean length of a look at the target.
        away_s: Mean length of a look elsewhere.
        size_deg: Least and greatest angle of a look into nowhere, from the target.
        elevation_deg: Least and greatest direction of it: 0 to the side, 90 straight up.
        at_others: The share of looks elsewhere that go to another person, where there is one.
        reason: Why these figures.
    """

    first_hold_s: float
    hold_s: float
    away_s: float
    size_deg: tuple[float, float]
    elevation_deg: tuple[float, float]
    at_others: float
    reason: str

    @property
    def away_share(self) -> float:
        """The share of time spent looking elsewhere."""
        return self.away_s / (self.hold_s + self.away_s)

    def styled(self, style: Style) -> Glances | None:
        """The row in a style, or None where the eyes never leave the target."""
        factor = style.aversion if self.averts else style.away
        share = min(MOST_AWAY, self.away_share * factor)
        if not share:
            return None
        least, most = self.size_deg
        return replace(
            self,
            hold_s=self.away_s * (1.0 / share - 1.0),
            size_deg=(least * style.glance_size, most * style.glance_size),
        )

    @property
    def averts(self) -> bool:
        """Whether looking elsewhere is the point: more than half of the time."""
        return self.away_share > 0.5


MOST_AWAY = 0.9
"""No style makes a face look away for more of the time."""

_AT_REST = Glances(
    2.0, 5.0, 1.0, (5.0, 9.0), (-40.0, 20.0), 0.6,
    "Nobody is talking: between listening and speaking, so that it neither stares nor searches. "
    "With others there, the next look is mostly for one of them.",
)  # fmt: skip

_UNDIVIDED = Glances(
    9.0, 9.0, 0.4, (4.0, 6.0), (-40.0, 0.0), 0.0,
    "Held for as long as it lasts, which is a second or so; 8 s with 0.4 s away if it lasts longer "
    "(Eyes Alive, listening).",
)  # fmt: skip

GLANCES = {
    "initializing": _AT_REST,
    "idle": _AT_REST,
    "listening": Glances(
        2.0, 6.3, 0.7, (5.0, 8.0), (-40.0, 15.0), 0.5,
        "90 % at the partner: between 75 % (Argyle and Cook) and 7.9 s of holding to 0.43 s away "
        "(Eyes Alive), for a partner who is a camera. Glances are short and small: it attends. In "
        "a group of four 88 % are at the person listened to (Vertegaal 2001).",
    ),
    "thinking": Glances(
        0.25, 1.1, 3.0, (11.0, 17.0), (25.0, 60.0), 0.0,
        "Below 40 % at the partner: while planning, people look up or aside to shut out the face "
        "before them, for some seconds at a time. It first holds on for a quarter of a second, so "
        "that an answer which comes at once is given without looking away.",
    ),
    "speaking": Glances(
        1.5, 3.3, 1.0, (5.0, 11.0), (-35.0, 30.0), 0.6,
        "77 % at the partner (41 % in Argyle and Cook, 77 % in Eyes Alive), in holds of the "
        "length that people prefer, 3.3 s (Binetti et al. 2016). The first words meet the eyes. In "
        "a group of four 77 % are at the person spoken to, the rest mostly at the others "
        "(Vertegaal 2001).",
    ),
    "ending": replace(
        _UNDIVIDED,
        reason="The last words of a turn meet the eyes: direct gaze hands the turn over (Kendon "
        "1967; Levinson and Torreira 2015 for how soon it is taken).",
    ),
    "interrupted": replace(
        _UNDIVIDED,
        reason="Whoever interrupts wants to be seen to be heard: the eyes go there and stay.",
    ),
    "overhearing": Glances(
        1.5, 4.4, 0.6, (5.0, 8.0), (-40.0, 15.0), 0.7,
        "Others talk to each other: 88 % are with the one who speaks, and now and then one is with "
        "the one who listens (Vertegaal 2001).",
    ),
    "override": replace(
        _UNDIVIDED, hold_s=1e9, reason="The caller says where to look, and the eyes stay there."
    ),
    "aside": Glances(
        1.5, 2.6, 1.4, (2.5, 4.5), (-60.0, 30.0), 0.0,
        "The caller wants no eye contact: the eyes wander among points around an aside, as of "
        "someone who attends to something else. No point is back at a participant: the farthest "
        "is 4.5 degrees from the aside, which is 10 from all of them.",
    ),
}  # fmt: skip
"""One row for each `Situation.state`."""

FIRST_HOLD_SPREAD = 1.6
"""The first look of a situation is longer than the least by a factor of up to this: eyes that leave
each speaker after the same time count."""

HOLD_SIGMA = 0.45
AWAY_SIGMA = 0.4
"""Deviation of the logarithm of the lengths: log-normal, as lengths of looks are. Binetti's people
agree on 3.3 +- 0.7 s; what they do is wider than what they prefer."""

SHORTEST_S = 0.2
"""No look is shorter, the time in which a saccade is prepared."""

SIDE_KEPT = 0.75
"""Chance that the next look away goes to the same side as the last: people have a side."""

SHIFT_S = 0.9
SHIFT_SIGMA = 0.45
SHIFT_LEAST_S = 0.25
"""Between the small shifts within a look: fixational saccades come once or twice a second
(Martinez-Conde et al. 2004), and a saccade is hardly followed by another within a quarter."""

CAMERA_SCATTER_DEG = 0.4
AWAY_SCATTER_DEG = 1.0
SCATTER_LIMIT = 2.0
"""Deviation of these shifts on each axis, cut off at that many deviations: below a degree at a
person, where a look within about three degrees still meets the eye."""
