"""The floor: who speaks, and who of them gets the eyes.

In flow, each at a sample of the published audio, who comes and goes, who speaks, and whom the agent
talks with; out flows a plan: from when on the face is with whom, as far ahead as it is known. A
turn to a new speaker is planned the moment they begin, for the time that people take to react; if
they fall silent before it has come, they only coughed, and the plan is dropped. Nothing here waits
or reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from ..face.target import CAMERA
from ..timeline import Timeline, samples
from .attention import Focus
from .seats import Seats

REACTION_S = (0.15, 0.27)
"""A saccade starts about 200 ms after its cause, and never the same twice; to this come some 70 ms
until a frame is drawn and shown. Whoever falls silent before is not looked at."""

TAKEN_SAMPLES = samples(0.7)
"""While somebody has the floor, another must speak for this long to get a look: a cough takes 0.3
to 0.5 s, and so does a "yes" (backchannels, Ward and Tsukahara 2000)."""

GLANCE_SAMPLES = samples(1.2)
"""An agent who speaks gives somebody else who talks a look of this length, and goes on with whom it
talks to: the length of a look away."""

RETURN_SAMPLES = samples(2.0)
"""When nobody has spoken for this long the eyes go back to whom the agent talks with."""

FLICKER_SAMPLES = samples(0.3)
"""A pause within speech that is no end of it: servers report speakers by loudness, and words have
gaps."""

GONE_SAMPLES = samples(1.5)
"""Whoever leaves is missed only after this long: a reconnect drops everybody and adds them again
within a fraction of it."""

_KEPT = 64


class TurnTaking:
    """Who is there, who speaks, who is looked at.

    Args:
        seats: Where people sit.
        seed: Makes reaction times; the same events give the same plan.
    """

    def __init__(self, seats: Seats, *, seed: int = 0) -> None:
        self._seats = seats
        self._seed = seed
        self._there: dict[str, int | None] = {}
        """Who is there, and when they will be missed if they are leaving."""
        self._speaking: dict[str, int] = {}
        """Who speaks, and since when."""
        self._paused: dict[str, tuple[int, int]] = {}
        """Who stopped: since when they spoke, and when they stopped."""
        self._looks: Timeline[str | None] = Timeline(None, limit=_KEPT)
        self._partner: str | None = None
        self._last: str | None = None
        self._agent_speaks = False
        self._free_since = 0

    def enter(self, sample: int, identity: str) -> None:
        """Somebody comes, or comes back."""
        self._seats.take(identity, self._there)
        self._there[identity] = None
        self._replan(sample)

    def leave(self, sample: int, identity: str) -> None:
        """Somebody leaves."""
        if identity in self._there:
            self._there[identity] = sample + GONE_SAMPLES
            self.speak(sample, [each for each in self._speaking if each != identity])

    def speak(self, sample: int, identities: Iterable[str]) -> None:
        """These speak now, and nobody else; whoever is not a person who is here does not count."""
        now = {each for each in identities if each in self._there}
        for identity in [each for each in self._speaking if each not in now]:
            self._paused[identity] = (self._speaking.pop(identity), sample)
            if identity == self._looks.at(sample):
                self._free_since = sample
                self._last = self._last if self._agent_speaks else identity
        for identity in sorted(now - set(self._speaking)):
            since, stopped = self._paused.pop(identity, (sample, sample))
            self._speaking[identity] = since if sample - stopped < FLICKER_SAMPLES else sample
        self._replan(sample)

    def talk_with(self, sample: int, identity: str | None) -> None:
        """Whom the agent hears and answers; None where nobody says, then the last who spoke."""
        if identity != self._partner:
            self._partner = identity
            self._replan(sample)

    def agent_speaks(self, sample: int, speaks: bool) -> None:
        """The agent takes the floor, or gives it back."""
        if speaks == self._agent_speaks:
            return
        self._agent_speaks = speaks
        self._free_since = sample
        if speaks:
            self._looks.set(sample, self._addressed())
        self._replan(sample)

    @property
    def people(self) -> tuple[str, ...]:
        """Who is here."""
        return tuple(self._there)

    def plan(self, sample: int) -> list[tuple[int, Focus]]:
        """Whom the face is with at `sample`, and what is planned after it, in order."""
        turns = {start for start, _ in self._looks if start > sample}
        missed = {due for due in self._there.values() if due is not None and due > sample}
        return [(start, self._focus(start)) for start in sorted({sample, *turns, *missed})]

    def _focus(self, sample: int) -> Focus:
        here = [who for who, due in self._there.items() if due is None or sample < due]
        if len(here) < 2:
            placed = [self._seats.target(who) for who in here if self._seats.is_placed(who)]
            speaking = any(who in self._speaking for who in here)
            return Focus(placed[0] if placed else CAMERA, speaking=speaking)
        who = self._looks.at(sample)
        if who not in here:
            who = self._addressed() if self._addressed() in here else None
        others = sorted(
            (self._seats.target(each) for each in here if each != who),
            key=lambda target: (target.yaw_rad, target.name),
        )
        if who is None:
            return Focus(CAMERA, tuple(others))
        speaks = who in self._speaking
        overheard = speaks and self._partner is not None and who != self._partner
        return Focus(self._seats.target(who), tuple(others), speaks, overheard)

    def _addressed(self) -> str | None:
        return self._partner if self._partner in self._there else self._last

    def _replan(self, sample: int) -> None:
        for gone in [who for who, due in self._there.items() if due is not None and due <= sample]:
            del self._there[gone]
            self._paused.pop(gone, None)
        who, addressed = self._looks.at(sample), self._addressed()
        if who in self._speaking and not self._agent_speaks:
            self._last = who
        plan = [(sample, who)]
        new = self._newcomer(who, addressed)
        if new is not None:
            turn = self._turn(new, who)
            if not self._agent_speaks or new == addressed:
                plan.append((max(sample, turn), new))
            elif turn + GLANCE_SAMPLES > sample:
                plan += [(max(sample, turn), new), (turn + GLANCE_SAMPLES, addressed)]
        elif self._agent_speaks and who != addressed and who in self._speaking:
            glance_over = self._speaking[who] + TAKEN_SAMPLES + GLANCE_SAMPLES
            plan.append((max(sample, glance_over), addressed))
        elif not self._speaking and who != addressed and addressed in self._there:
            plan.append((max(sample, self._free_since + RETURN_SAMPLES), addressed))
        self._looks.plan(sample, plan)

    def _newcomer(self, who: str | None, addressed: str | None) -> str | None:
        """Who speaks and should be turned to, if anybody."""
        rivals = [each for each in self._speaking if each != who]
        if addressed in rivals:
            return addressed
        if who in self._speaking or not rivals:
            return None
        return min(rivals, key=lambda each: (self._speaking[each], each))

    def _turn(self, new: str, who: str | None) -> int:
        """When a newcomer is turned to."""
        since = self._speaking[new]
        interrupts = self._agent_speaks and new == self._addressed()
        if (self._agent_speaks or who in self._speaking) and not interrupts:
            return since + TAKEN_SAMPLES
        chance = Random(f"floor/{self._seed}/{since}/{new}")
        return max(since, self._free_since) + samples(chance.uniform(*REACTION_S))
