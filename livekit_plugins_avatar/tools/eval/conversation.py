"""A conversation of ten minutes as events, with the truth beside them.

Takes a length, a number of people and a seed. People and agent take turns as people do: gaps of
some tenths of a second, answers that take a moment, tools that take seconds, interruptions, side
talk, coughs. Nothing here knows how the face reacts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from math import exp
from random import Random

from ...gaze.controller import GazeController
from ...speech.visemes import VISEMES, VisemeEvent
from ...timeline import samples

PEOPLE = ("anna", "ben", "cleo")

VISEME_SAMPLES = samples(0.11)
"""Of the agent's speech: nine visemes a second, as in 4 to 5 syllables."""

Report = Callable[[GazeController, int], None]
"""Reports to the gaze controller what happens at a sample."""


@dataclass(frozen=True, slots=True)
class Span:
    """What holds for some time.

    Args:
        start_s: When it begins.
        end_s: When it ends.
        state: "speaking", "listening", "thinking" or "idle", of the agent.
        partner: Whom a polite person would look at.
    """

    start_s: float
    end_s: float
    state: str
    partner: str


@dataclass
class Script:
    """A conversation.

    Args:
        people: Who takes part besides the agent; the agent hears the first.
        length_s: How long it takes.
        reports: What is reported, and when, in order once it is complete.
        spans: What is true.
        first_words_s: When answers begin to be heard, after thinking.
        speakers: When a new speaker begins while no other speaks, and who.
        coughs_s: When a person coughs into another's speech, and who.
        turn_ends_s: When the agent's turns end.
    """

    people: tuple[str, ...]
    length_s: float = 0.0
    reports: list[tuple[float, Report]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    first_words_s: list[float] = field(default_factory=list)
    speakers: list[tuple[float, str]] = field(default_factory=list)
    coughs_s: list[tuple[float, str]] = field(default_factory=list)
    turn_ends_s: list[float] = field(default_factory=list)

    def visemes(self, start: int, end: int) -> Sequence[VisemeEvent]:
        """What the agent's mouth does, as `face.Visemes`."""
        cuts = {start, end}
        for span in self._speech(start, end):
            first, last = max(start, samples(span.start_s)), min(end, samples(span.end_s))
            viseme_edge = -(-first // VISEME_SAMPLES) * VISEME_SAMPLES
            cuts |= {first, last, *range(viseme_edge, last, VISEME_SAMPLES)}
        edges = sorted(cut for cut in cuts if start <= cut <= end)
        return [self._viseme(a, b) for a, b in pairwise(edges)]

    def _speech(self, start: int, end: int) -> list[Span]:
        speech = self.spans[self._index(start) : self._index(end) + 1]
        return [span for span in speech if span.state == "speaking"]

    def _index(self, sample: int) -> int:
        return max(0, bisect_right(self._starts, sample) - 1)

    @cached_property
    def _starts(self) -> list[int]:
        """The first sample of each span of a complete script."""
        return [samples(span.start_s) for span in self.spans]

    def _viseme(self, start: int, end: int) -> VisemeEvent:
        if self.spans[self._index(start)].state != "speaking":
            return VisemeEvent("sil", start, end - start, 0.0)
        viseme, intensity = _spoken(start // VISEME_SAMPLES)
        return VisemeEvent(viseme, start, end - start, intensity)


@lru_cache(maxsize=64)
def _spoken(number: int) -> tuple[str, float]:
    """The viseme and intensity of the number-th stretch of `VISEME_SAMPLES`, where it is spoken."""
    chance = Random(f"viseme/{number}")
    viseme = VISEMES[1 + chance.randrange(len(VISEMES) - 1)]
    return viseme, chance.uniform(0.2, 1.0)


def script(people: int, *, minutes: float, seed: int, coughs: bool = True) -> Script:
    """Write a conversation; the same arguments give the same one.

    Args:
        people: 1 to 3.
        minutes: About how long; it ends with a turn.
        seed: What makes it this one.
        coughs: Whether people cough. Without, all else is the same.
    """
    chance = Random(f"conversation/{people}/{seed}")
    return _Writer(PEOPLE[:people], chance, coughs).write(60.0 * minutes)


class _Writer:
    """Goes through a conversation once."""

    def __init__(self, people: tuple[str, ...], chance: Random, coughs: bool) -> None:
        self.script = Script(people)
        self.chance = chance
        self.coughs = coughs
        self.now_s = 0.0
        self.loud: frozenset[str] = frozenset()
        self.looked_at = ""

    def write(self, length_s: float) -> Script:
        for identity in self.script.people:
            self._enter(identity)
        host = self.script.people[0]
        self._report(0.0, lambda gaze, n: gaze.linked_participant(n, host))
        self._state(0.0, "listening")
        while self.now_s < length_s:
            if len(self.script.people) > 1 and self.chance.random() < 0.45:
                self._side_talk()
            elif self.chance.random() < 0.1:
                self._nothing()
            else:
                self._exchange()
        self.script.length_s = self.now_s
        self.script.reports.sort(key=lambda report: report[0])
        return self.script

    def _enter(self, who: str) -> None:
        self._report(0.0, lambda gaze, n: gaze.participant_joined(n, who))

    def _exchange(self) -> None:
        """The first person speaks, the agent thinks and answers, and may be interrupted."""
        self._person_speaks(self.script.people[0], self._length_s(5.0, 1.5, 15.0))
        self._think()
        while self._answer():
            self._person_speaks(self.script.people[0], self._length_s(4.0, 1.5, 9.0), begun=True)
            self._think()

    def _person_speaks(self, who: str, length_s: float, *, begun: bool = False) -> None:
        start_s, end_s = self.now_s, self.now_s + length_s
        if not begun:
            self._begin_to_speak(start_s, who)
        self._cough_into(start_s, end_s, who)
        for pause_s in self._pauses(start_s, end_s):
            self._speakers(pause_s, frozenset())
            self._speakers(pause_s + self.chance.uniform(0.1, 0.25), frozenset({who}))
        self._speakers(end_s, frozenset())
        if who == self.script.people[0]:
            self._report(end_s + 0.3, lambda gaze, n: gaze.user_speaking(n, who, False))
        self._span(end_s, "listening", who)

    def _begin_to_speak(self, start_s: float, who: str) -> None:
        self._speakers(start_s, frozenset({who}))
        if who == self.script.people[0]:
            self._report(start_s, lambda gaze, n: gaze.user_speaking(n, who, True))
        if who != self.looked_at:
            self.script.speakers.append((start_s, who))
            self.looked_at = who

    def _pauses(self, start_s: float, end_s: float) -> list[float]:
        times = [start_s + 1.0]
        while times[-1] < end_s - 1.0:
            times.append(times[-1] + self.chance.uniform(1.0, 4.0))
        return times[1:-1]

    def _cough_into(self, start_s: float, end_s: float, who: str) -> None:
        others = [each for each in self.script.people if each != who]
        if others and end_s - start_s > 2.5 and self.chance.random() < 0.3:
            at_s = start_s + 1.0 + self.chance.uniform(0.3, 0.6) * 0.3
            cough = self.chance.choice(others)
            length_s = self.chance.uniform(0.25, 0.6)
            if self.coughs:
                self._speakers(at_s, frozenset({who, cough}))
                self._speakers(at_s + length_s, frozenset({who}))
            self.script.coughs_s.append((at_s, cough))

    def _side_talk(self) -> None:
        """People talk to each other, and not to the agent."""
        talkers = self.script.people[1:]
        for turn in range(self.chance.randrange(2, 6)):
            who = talkers[turn % len(talkers)]
            self._person_speaks(who, self._length_s(3.0, 1.2, 8.0))
            self._wait(self.chance.uniform(0.1, 0.6), "listening", who)
        self._wait(self.chance.uniform(0.4, 1.5), "listening", self.looked_at)

    def _nothing(self) -> None:
        self._state(self.now_s, "idle")
        self._wait(self.chance.uniform(5.0, 9.0), "idle", self.script.people[0])
        self.looked_at = "" if len(self.script.people) > 1 else self.looked_at
        self._state(self.now_s, "listening")

    def _think(self) -> None:
        host = self.script.people[0]
        self._wait(self.chance.uniform(0.3, 0.6), "listening", host)
        self._state(self.now_s, "thinking")
        length_s = self._length_s(1.6, 0.4, 5.0)
        if self.chance.random() < 0.3:
            call_s, took_s = self.now_s + 0.6 * length_s, self.chance.uniform(1.0, 6.0)
            self._report(call_s, lambda gaze, n: gaze.tool_started(n, "call"))
            self._report(call_s + took_s, lambda gaze, n: gaze.tool_ended(n, "call"))
            length_s = 0.6 * length_s + took_s + self._length_s(0.8, 0.4, 2.0)
        self._span(self.now_s + length_s, "thinking", host)
        self.script.first_words_s.append(self.now_s)
        self._words_come()

    def _words_come(self) -> None:
        """Text runs ahead of its sound as a TTS is slow to start; sound of what is played."""
        first_s = self.now_s
        lead_s = min(1.0, max(0.1, 0.3 * exp(self.chance.gauss(0.0, 0.5))))
        if self.chance.random() < 0.97:
            self._report(first_s - lead_s, lambda gaze, n: gaze.speech_expected(n))
        self._report(first_s - 0.02, lambda gaze, n: gaze.speech_expected(n))
        self._state(first_s + 0.02, "speaking")

    def _answer(self) -> bool:
        """The agent speaks; returns whether it was interrupted."""
        host = self.looked_at = self.script.people[0]
        start_s, length_s = self.now_s, self._length_s(9.0, 2.5, 25.0)
        end_s = start_s + length_s
        # A TTS is faster than real time.
        known_s, end = start_s + 0.35 * length_s, samples(end_s)
        if self.chance.random() < 0.15:
            cut_s = start_s + self.chance.uniform(0.4, 0.9) * length_s
            self._report(min(known_s, cut_s), lambda gaze, n: gaze.turn_end_planned(n, end))
            self._begin_to_speak(cut_s, host)
            self._report(cut_s + 0.5, lambda gaze, n: gaze.turn_end_planned(n, None))
            self._state(cut_s + 0.55, "listening")
            self._span(cut_s + 0.5, "speaking", host)
            return True
        self._report(known_s, lambda gaze, n: gaze.turn_end_planned(n, end))
        if len(self.script.people) > 1 and self.chance.random() < 0.4:
            self._talk_into(start_s, end_s)
        self._span(end_s, "speaking", host)
        self._state(end_s + 0.03, "listening")
        self.script.turn_ends_s.append(end_s)
        self.looked_at = host
        self._wait(self.chance.uniform(0.1, 0.9), "listening", host)
        return False

    def _talk_into(self, start_s: float, end_s: float) -> None:
        """A person says something to a neighbour while the agent speaks."""
        who = self.script.people[-1]
        at_s = start_s + 0.3 * (end_s - start_s)
        self._speakers(at_s, frozenset({who}))
        self._speakers(at_s + 0.4 * (end_s - start_s), frozenset())

    def _wait(self, length_s: float, state: str, partner: str) -> None:
        self._span(self.now_s + length_s, state, partner)

    def _span(self, end_s: float, state: str, partner: str) -> None:
        self.script.spans.append(Span(self.now_s, end_s, state, partner))
        self.now_s = end_s

    def _state(self, at_s: float, state: str) -> None:
        self._report(at_s, lambda gaze, n: gaze.agent_state(n, state))

    def _speakers(self, at_s: float, who: frozenset[str]) -> None:
        self._report(at_s, lambda gaze, n: gaze.active_speakers(n, who))

    def _report(self, at_s: float, report: Report) -> None:
        self.script.reports.append((at_s, report))

    def _length_s(self, mean_s: float, least_s: float, most_s: float) -> float:
        """Log-normal, as lengths of turns are."""
        return min(most_s, max(least_s, mean_s * exp(self.chance.gauss(-0.18, 0.6))))
