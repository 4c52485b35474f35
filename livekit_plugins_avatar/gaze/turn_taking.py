"""Decides which participant has the turn, and so the face's eyes.

A look at a new speaker is planned when the speaker begins, for a human reaction time later, and
dropped if the speaker falls silent before that, as after a cough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from random import Random

from ..face.situation import CAMERA, Focus
from ..timeline import Timeline, samples
from .seats import Seats

REACTION_S = (0.15, 0.27)
"""Least and greatest time from a cause to the look: a saccade starts about 200 ms after its cause,
varying each time, and the frame takes some 70 ms more to be drawn and shown."""

TAKEN_SAMPLES = samples(0.7)
"""How long a participant must speak into another's turn to get a look. A cough, or a backchannel
such as "yes", takes 0.3 to 0.5 s (Ward and Tsukahara 2000)."""

GLANCE_SAMPLES = samples(1.2)
"""How long a speaking agent glances at another participant who talks: as long as a look away."""

RETURN_SAMPLES = samples(2.0)
"""After this much silence the eyes return to the participant whom the agent answers."""

FLICKER_SAMPLES = samples(0.3)
"""A shorter pause does not end speech: servers report speakers by loudness, and words have gaps."""

GONE_SAMPLES = samples(1.5)
"""How long a participant who left keeps the focus: a reconnect, which drops all, is quicker."""

_KEPT = 64


class TurnTaking:
    """Follows one conversation; the same events, and the same `seed`, give the same plan."""

    def __init__(self, seats: Seats, agent_speaks: Callable[[int], bool], *, seed: int = 0) -> None:
        self._seats = seats
        self._agent_speaks = agent_speaks
        self._seed = seed
        self._present: dict[str, int | None] = {}  # when those who are leaving will be gone
        self._loud: frozenset[str] = frozenset()  # as the server reports
        self._user: str | None = None  # whom the agent hears speak
        self._speaking: dict[str, int] = {}  # since when
        self._paused: dict[str, tuple[int, int]] = {}  # from when to when they spoke
        self._looks: Timeline[str | None] = Timeline(None, limit=_KEPT)
        self._partner: str | None = None  # whom the agent answers
        self._last: str | None = None  # who spoke last
        self._free_since = 0  # when the last turn ended

    @property
    def participants(self) -> tuple[str, ...]:
        """The identities of those present."""
        return tuple(self._present)

    def participant_joined(self, sample: int, identity: str) -> None:
        """A participant joins, or joins again."""
        self._seats.take(identity, self._present)
        self._present[identity] = None
        self._replan(sample)

    def participant_left(self, sample: int, identity: str) -> None:
        """A participant leaves."""
        if identity in self._present:
            self._present[identity] = sample + GONE_SAMPLES
            self._speak(sample, self._speaking.keys() - {identity})

    def active_speakers(self, sample: int, identities: Iterable[str]) -> None:
        """Exactly these are loud now."""
        self._loud = frozenset(identities)
        self._speak(sample, {*self._loud, self._user})

    def user_speaking(self, sample: int, identity: str | None, speaking: bool) -> None:
        """The agent hears its user begin or stop to speak."""
        self.linked_participant(sample, identity)
        self._user = identity if speaking else None
        self._speak(sample, {*self._loud, self._user})

    def linked_participant(self, sample: int, identity: str | None) -> None:
        """The agent answers this participant; None if unknown, then the last who spoke."""
        if identity != self._partner:
            self._partner = identity
            self._replan(sample)

    def agent_turn_changed(self, sample: int) -> None:
        """The agent takes the turn or gives it up: `agent_speaks` has changed at `sample`."""
        self._free_since = sample
        if self._agent_speaks(sample):
            self._looks.set(sample, self._addressed())
        self._replan(sample)

    def plan(self, sample: int) -> list[tuple[int, Focus]]:
        """The focus at `sample`, and those planned after it, in order."""
        turns = {start for start, _ in self._looks.entries if start > sample}
        gone = {due for due in self._present.values() if due is not None and due > sample}
        return [(start, self._focus(start)) for start in sorted({sample, *turns, *gone})]

    def _speak(self, sample: int, identities: Collection[str | None]) -> None:
        """Exactly these of the participants speak now."""
        now = {each for each in self._present if each in identities}
        for identity in self._speaking.keys() - now:
            self._paused[identity] = (self._speaking.pop(identity), sample)
            if identity == self._looks.at(sample):
                self._free_since = sample
                self._last = self._last if self._agent_speaks(sample) else identity
        for identity in sorted(now - set(self._speaking)):
            since, stopped = self._paused.pop(identity, (sample, sample))
            self._speaking[identity] = since if sample - stopped < FLICKER_SAMPLES else sample
        self._replan(sample)

    def _here(self, sample: int) -> list[str]:
        return [who for who, due in self._present.items() if due is None or sample < due]

    def _focus(self, sample: int) -> Focus:
        here = self._here(sample)
        if not here:
            return Focus()
        if len(here) == 1:
            return Focus(self._seats.target(*here, alone=True), speaking=here[0] in self._speaking)
        looked_at, addressed = self._looks.at(sample), self._addressed()
        who = looked_at if looked_at in here else addressed if addressed in here else None
        seats = [self._seats.target(each) for each in here if each != who]
        others = tuple(sorted(seats, key=lambda seat: (seat.yaw_rad, seat.name)))
        if who is None:
            return Focus(CAMERA, others)
        speaks = who in self._speaking
        overheard = speaks and self._partner is not None and who != self._partner
        return Focus(self._seats.target(who), others, speaks, overheard)

    def _addressed(self) -> str | None:
        """The participant whom the agent talks to."""
        return self._partner if self._partner in self._present else self._last

    def _replan(self, sample: int) -> None:
        """Plan the looks from `sample` on."""
        for who in self._present.keys() - set(self._here(sample)):
            del self._present[who]
            self._paused.pop(who, None)
        looked_at, addressed = self._looks.at(sample), self._addressed()
        agent_speaks = self._agent_speaks(sample)
        if looked_at in self._speaking and not agent_speaks:
            self._last = looked_at
        plan = [(sample, looked_at)]
        new = self._newcomer(looked_at, addressed)
        if new is not None:
            turn = self._turn(sample, new, looked_at)
            if not agent_speaks or new == addressed:
                plan.append((max(sample, turn), new))
            elif turn + GLANCE_SAMPLES > sample:
                plan += [(max(sample, turn), new), (turn + GLANCE_SAMPLES, addressed)]
        elif agent_speaks and looked_at != addressed and looked_at in self._speaking:
            glance_over = self._speaking[looked_at] + TAKEN_SAMPLES + GLANCE_SAMPLES
            plan.append((max(sample, glance_over), addressed))
        elif not self._speaking and looked_at != addressed and addressed in self._present:
            plan.append((max(sample, self._free_since + RETURN_SAMPLES), addressed))
        self._looks.plan(sample, plan)

    def _newcomer(self, looked_at: str | None, addressed: str | None) -> str | None:
        """The speaker to turn to, or None."""
        rivals = [each for each in self._speaking if each != looked_at]
        if addressed in rivals:
            return addressed
        if looked_at in self._speaking:
            return None
        return min(rivals, key=lambda each: (self._speaking[each], each), default=None)

    def _turn(self, sample: int, new: str, looked_at: str | None) -> int:
        """When to turn to a new speaker."""
        since, agent_speaks = self._speaking[new], self._agent_speaks(sample)
        interrupts = agent_speaks and new == self._addressed()
        if (agent_speaks or looked_at in self._speaking) and not interrupts:
            return since + TAKEN_SAMPLES
        chance = Random(f"floor/{self._seed}/{since}/{new}")
        return max(since, self._free_since) + samples(chance.uniform(*REACTION_S))
