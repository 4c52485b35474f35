"""What the eyes do in each situation: how long they hold, how often and where they glance."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .style import Style


@dataclass(frozen=True, slots=True)
class Glances:
    """How the eyes behave in one situation, and why.

    Args:
        first_hold_s: Least length of the look at the target with which the situation begins.
        hold_s: Mean length of a look at the target.
        away_s: Mean length of a look elsewhere.
        size_deg: Least and greatest angle of a look at no one, from the target.
        elevation_deg: Least and greatest direction of it: 0 to the side, 90 straight up.
        at_others: The share of looks elsewhere that go to another participant, if there is one.
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
        factor = style.aversion if self.away_share > 0.5 else style.away
        share = min(MOST_AWAY, self.away_share * factor)
        if not share:
            return None
        least, most = (size_deg * style.glance_size for size_deg in self.size_deg)
        return replace(self, hold_s=self.away_s * (1.0 / share - 1.0), size_deg=(least, most))


MOST_AWAY = 0.9
"""The greatest share of looking away, whatever the style."""

_AT_REST = Glances(
    2.0, 5.0, 1.0, (5.0, 9.0), (-40.0, 20.0), 0.6,
    "No one is talking: neither a stare nor a search; in a group, most looks away go to others.",
)  # fmt: skip

_UNDIVIDED = Glances(
    9.0, 9.0, 0.4, (4.0, 6.0), (-40.0, 0.0), 0.0,
    "Held for a second or so; if it lasts, 0.4 s away after some 9 s (Eyes Alive, listening).",
)  # fmt: skip

GLANCES = {
    "initializing": _AT_REST,
    "idle": _AT_REST,
    "listening": Glances(
        2.0, 6.3, 0.7, (5.0, 8.0), (-40.0, 15.0), 0.5,
        "90 % at the partner: between 75 % (Argyle and Cook) and holds of 7.9 s with 0.43 s away "
        "(Eyes Alive); in groups of four, 88 % at the one listened to (Vertegaal 2001).",
    ),
    "thinking": Glances(
        0.25, 1.1, 3.0, (11.0, 17.0), (25.0, 60.0), 0.0,
        "Below 40 % at the partner: while planning, people look up or aside for some seconds, to "
        "shut out the face before them. An answer within a quarter of a second has no look away.",
    ),
    "speaking": Glances(
        1.5, 3.3, 1.0, (5.0, 11.0), (-35.0, 30.0), 0.6,
        "77 % at the partner (41 % in Argyle and Cook, 77 % in Eyes Alive), in holds of 3.3 s, the "
        "length that people prefer (Binetti et al. 2016). In groups of four, 77 % are at the "
        "person spoken to, the rest mostly at the others (Vertegaal 2001).",
    ),
    "ending": replace(
        _UNDIVIDED,
        reason="Direct gaze at the last words hands the turn over (Kendon 1967; Levinson and "
        "Torreira 2015 for how soon it is taken).",
    ),
    "interrupted": replace(
        _UNDIVIDED,
        reason="Eyes that go to the interrupting person and stay there show that they are heard.",
    ),
    "overhearing": Glances(
        1.5, 4.4, 0.6, (5.0, 8.0), (-40.0, 15.0), 0.7,
        "Others talk to each other: 88 % of the looks are at the speaker, a few at the listener "
        "(Vertegaal 2001).",
    ),
    "override": replace(
        _UNDIVIDED, hold_s=1e9, reason="The caller says where to look, and the eyes stay there."
    ),
    "aside": Glances(
        1.5, 2.6, 1.4, (2.5, 4.5), (-60.0, 30.0), 0.0,
        "The eyes wander among points around an aside, as if attending to something else. None is "
        "at a participant: they lie within 4.5 degrees of the aside, which is 10 from everyone.",
    ),
}  # fmt: skip
"""One row for each `Situation.state`."""
