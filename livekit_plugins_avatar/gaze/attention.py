"""Attention: in what situation the face is, and with whom.

In flow, each from some sample on, the agent's state, who has the floor, tools that run, speech that
is known to come and to end, interruptions, and what the user of the avatar wants looked at; out
flows one timeline of situations. Each of these may be planned ahead of its time, and planned anew
until then: what the face has shown stands, and every situation begins at a known sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..face.agent_state import AGENT_STATES, recent
from ..face.target import CAMERA, Target
from ..timeline import Timeline, samples

ENDING_SAMPLES = samples(0.9)
"""The end of a turn is given with direct gaze: speakers look up before their last words (Kendon
1967), which is a sign that the other may speak."""

EXPECTED_SAMPLES = samples(2.5)
"""Words that do not come within this time are not waited for with open eyes: whoever keeps looking
and says nothing stares. Text runs ahead of its sound by some tenths of a second."""

INTERRUPTED_SAMPLES = samples(1.5)
"""Whoever is interrupted gives the interrupter this long, undivided, to find out what it is about:
about the length of a first clause."""

SLOW_TOOL_SAMPLES = samples(0.4)
"""A tool that answers sooner is not seen; human gaps between turns are about 200 ms, and from twice
that on they mean something."""

_KEPT = 64


@dataclass(frozen=True, slots=True)
class Situation:
    """What the face is in.

    Args:
        state: A row of `glances.GLANCES`: an agent's state, or "ending", "interrupted",
            "overhearing", "told".
        agent: The agent state that it looks like otherwise.
        target: Whom the face is with.
        others: Who else is there.
    """

    state: str
    agent: str
    target: Target
    others: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Focus:
    """Who has the attention.

    Args:
        target: Whom it is on.
        others: Who else is there.
        speaking: Whether it is somebody who speaks now.
        overheard: Whether somebody else than the agent is spoken to.
    """

    target: Target = CAMERA
    others: tuple[Target, ...] = ()
    speaking: bool = False
    overheard: bool = False


ALONE = Focus()
"""With one person, who is where the camera is."""


class Attention:
    """One thread sets, any thread reads; samples lie on the published timeline.

    Whatever sets something returns whether that makes a difference to the situations.
    """

    def __init__(self) -> None:
        self._agent: Timeline[str] = Timeline("initializing", limit=_KEPT)
        self._focus: Timeline[Focus] = Timeline(ALONE, limit=_KEPT)
        self._busy: Timeline[bool] = Timeline(False, limit=_KEPT)
        self._coming: Timeline[bool] = Timeline(False, limit=_KEPT)
        self._ending: Timeline[bool] = Timeline(False, limit=_KEPT)
        self._interrupted: Timeline[bool] = Timeline(False, limit=_KEPT)
        self._told: Timeline[Target | None] = Timeline(None, limit=_KEPT)
        self._situations: Timeline[Situation] = Timeline(self._at(0), limit=_KEPT)

    def set_agent_state(self, sample: int, state: str) -> bool:
        """Let the agent be in `state` from `sample` on; a state nobody knows is "idle"."""
        known = state if state in AGENT_STATES else "idle"
        if known != self._agent.at(sample):
            self._coming.set(sample, False)
            self._ending.set(sample, False)
        self._agent.set(sample, known)
        return self._settle(sample)

    def set_focus(self, sample: int, plan: Sequence[tuple[int, Focus]]) -> bool:
        """Let all that is planned from `sample` on be `plan`, in order, beginning at `sample`."""
        self._focus.plan(sample, plan)
        return self._settle(sample)

    def set_busy(self, sample: int, busy: bool) -> bool:
        """Let a tool run from `sample` on, or none; a quick one is not seen."""
        self._busy.set(sample, False)
        if busy:
            self._busy.set(sample + SLOW_TOOL_SAMPLES, True)
        return self._settle(sample)

    def expect_speech(self, sample: int) -> bool:
        """Words are on their way: from `sample` on the face is that of somebody about to speak."""
        self._coming.plan(sample, [(sample, True), (sample + EXPECTED_SAMPLES, False)])
        self._ending.set(sample, False)
        return self._settle(sample)

    def end_turn(self, sample: int, end: int | None) -> bool:
        """Let the turn end at `end`, as it is known at `sample`; None takes that back."""
        self._ending.set(sample, False)
        if end is not None:
            self._ending.set(max(sample, end - ENDING_SAMPLES), True)
        return self._settle(sample)

    def interrupt(self, sample: int) -> bool:
        """Somebody speaks into what is said."""
        self._interrupted.plan(sample, [(sample, True), (sample + INTERRUPTED_SAMPLES, False)])
        return self._settle(sample)

    def tell(self, sample: int, target: Target | None) -> bool:
        """Look at `target` from `sample` on, whatever happens; None gives the eyes back."""
        self._told.set(sample, target)
        return self._settle(sample)

    def recent(self, sample: int) -> tuple[tuple[int, Situation], ...]:
        """The situations that the face at `sample` can still show: since when, and which.

        As `AgentStates.recent`.
        """
        return recent(self._situations, sample)

    def planned(self, sample: int) -> list[tuple[int, Situation]]:
        """The situation at `sample`, and those that are planned after it."""
        later = [entry for entry in self._situations if entry[0] > sample]
        return [(sample, self._situations.at(sample)), *later]

    def _settle(self, sample: int) -> bool:
        """Draw the consequences of a change at `sample`; returns whether there are any."""
        inputs: tuple[Timeline[str] | Timeline[Focus] | Timeline[bool], ...] = (
            self._agent,
            self._focus,
            self._busy,
            self._coming,
            self._ending,
            self._interrupted,
        )
        later = {start for each in inputs for start, _ in each if start > sample}
        before = None
        for start, situation in self._situations:
            before = situation if start < sample else before
        entries: list[tuple[int, Situation]] = []
        for start in sorted({sample, *later, *(s for s, _ in self._told if s > sample)}):
            situation = self._at(start)
            if situation != before:
                entries.append((start, situation))
                before = situation
        if entries == [entry for entry in self._situations if entry[0] >= sample]:
            return False
        self._situations.plan(sample, entries)
        return True

    def _at(self, sample: int) -> Situation:
        """What to make of it all; the first that applies."""
        agent, focus, told = self._agent.at(sample), self._focus.at(sample), self._told.at(sample)
        if agent != "speaking" and self._coming.at(sample):
            agent = "speaking"
        elif agent != "speaking" and self._busy.at(sample) and not focus.speaking:
            agent = "thinking"
        state, target = agent, focus.target
        if told is not None:
            state, target = "told", told
        elif self._interrupted.at(sample):
            state = "interrupted"
        elif agent == "speaking" and self._ending.at(sample):
            state = "ending"
        elif agent in ("listening", "idle") and focus.overheard:
            state = "overhearing"
        return Situation(state, agent, target, focus.others)
