"""Decides what situation the face is in, sample by sample.

Inputs are the agent's state, the participant in focus, running tools, planned speech and its end,
interruptions, and overrides by the caller; the output is one timeline of situations. Each input
holds from a known sample on and may be planned ahead; what is planned may be replaced until its
sample has come. Situations before the sample of a change stay as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..face.situation import AGENT_STATES, AT_START, Focus, Situation, Target
from ..timeline import Timeline, samples
from .aside import AWAY, aside

ENDING_SAMPLES = samples(0.9)
"""Speakers look up before their last words, a sign that the other may speak (Kendon 1967)."""

EXPECTED_SAMPLES = samples(2.5)
"""How long the face waits for expected words. Text precedes its sound by some tenths of a second; a
face that waits longer than this stares."""

INTERRUPTED_SAMPLES = samples(1.5)
"""How long an interruption holds the eyes: about a first clause, from which the agent learns what
the interruption is about."""

SLOW_TOOL_SAMPLES = samples(0.4)
"""A tool that answers sooner leaves the face unchanged: gaps between human turns are about 200 ms,
and start to mean something from twice that on."""

_KEPT = 64


class Attention:
    """Keeps `situations`, the timeline that `Face` reads.

    One thread calls the methods, any thread reads the timeline. Samples are on the published
    timeline. Each method returns whether it changed the situations.
    """

    def __init__(self) -> None:
        self.situations: Timeline[Situation] = Timeline(AT_START, limit=_KEPT)
        self._agent: Timeline[str] = Timeline(AT_START.agent, limit=_KEPT)
        self._focus: Timeline[Focus] = Timeline(Focus(), limit=_KEPT)
        self._tool_runs: Timeline[bool] = Timeline(False, limit=_KEPT)
        self._expected: Timeline[bool] = Timeline(False, limit=_KEPT)
        self._ending: Timeline[bool] = Timeline(False, limit=_KEPT)
        self._interrupted: Timeline[bool] = Timeline(False, limit=_KEPT)
        self._override: Timeline[Target | None] = Timeline(None, limit=_KEPT)

    def agent_speaks(self, sample: int) -> bool:
        """Whether the agent is speaking at `sample`."""
        return self._agent.at(sample) == "speaking"

    def set_agent_state(self, sample: int, state: str) -> bool:
        """Set the agent's state from `sample` on; an unknown state counts as "idle"."""
        known = state if state in AGENT_STATES else "idle"
        if known != self._agent.at(sample):
            self._expected.set(sample, False)
            self._ending.set(sample, False)
        self._agent.set(sample, known)
        return self._update(sample)

    def set_focus(self, sample: int, plan: Sequence[tuple[int, Focus]]) -> bool:
        """Replace the focus from `sample` on by `plan`, in order, which begins at `sample`."""
        self._focus.plan(sample, plan)
        return self._update(sample)

    def set_tool_running(self, sample: int, running: bool) -> bool:
        """Set whether a tool runs from `sample` on."""
        self._tool_runs.set(sample, False)
        if running:
            self._tool_runs.set(sample + SLOW_TOOL_SAMPLES, True)
        return self._update(sample)

    def expect_speech(self, sample: int) -> bool:
        """Look like someone about to speak from `sample` on, until words come or take too long."""
        self._expected.plan(sample, [(sample, True), (sample + EXPECTED_SAMPLES, False)])
        self._ending.set(sample, False)
        return self._update(sample)

    def plan_turn_end(self, sample: int, end: int | None) -> bool:
        """Set the end of the agent's turn, as known at `sample`; None for an unknown end."""
        self._ending.set(sample, False)
        if end is not None:
            self._ending.set(max(sample, end - ENDING_SAMPLES), True)
        return self._update(sample)

    def interrupt(self, sample: int) -> bool:
        """Let the user interrupt the agent at `sample`."""
        self._interrupted.plan(sample, [(sample, True), (sample + INTERRUPTED_SAMPLES, False)])
        return self._update(sample)

    def override(self, sample: int, target: Target | None) -> bool:
        """Look at `target` from `sample` on, whatever happens; `AWAY` is anywhere off the
        participants, None ends it."""
        self._override.set(sample, target)
        return self._update(sample)

    def _update(self, sample: int) -> bool:
        """Derive the situations from `sample` on; returns whether they differ from before."""
        inputs: tuple[Timeline[Any], ...] = (
            self._agent,
            self._focus,
            self._tool_runs,
            self._expected,
            self._ending,
            self._interrupted,
            self._override,
        )
        later = {start for each in inputs for start, _ in each if start > sample}
        earlier = [situation for start, situation in self.situations if start < sample]
        last = earlier[-1] if earlier else None
        entries: list[tuple[int, Situation]] = []
        for start in sorted({sample, *later}):
            situation = self._situation(start)
            if situation != last:
                entries.append((start, situation))
                last = situation
        if entries == [entry for entry in self.situations if entry[0] >= sample]:
            return False
        self.situations.plan(sample, entries)
        return True

    def _situation(self, sample: int) -> Situation:
        """The situation that the inputs amount to; the first case that applies."""
        agent, focus = self._agent.at(sample), self._focus.at(sample)
        override = self._override.at(sample)
        if agent != "speaking" and self._expected.at(sample):
            agent = "speaking"
        elif agent != "speaking" and self._tool_runs.at(sample) and not focus.speaking:
            agent = "thinking"
        state, target = agent, focus.target
        if override == AWAY:
            state, target = "aside", aside(focus)
        elif override is not None:
            state, target = "override", override
        elif self._interrupted.at(sample):
            state = "interrupted"
        elif agent == "speaking" and self._ending.at(sample):
            state = "ending"
        elif agent in ("listening", "idle") and focus.overheard:
            state = "overhearing"
        return Situation(state, agent, target, focus.others)
