"""Decides what situation the face is in, sample by sample.

Each input holds from a known sample on and may be planned ahead; what is planned may be replaced
until its sample has come. Situations before the sample of a change stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import radians
from typing import Any

from ..face.situation import AGENT_STATES, AT_START, AWAY, CAMERA, Focus, Situation, Target
from ..timeline import Timeline, samples

ENDING_SAMPLES = samples(0.9)
"""Speakers look up before their last words, a sign that the other may speak (Kendon 1967)."""

EXPECTED_SAMPLES = samples(2.5)
"""How long the face waits for expected words, mostly some tenths of a second; more is a stare."""

INTERRUPTED_SAMPLES = samples(1.5)
"""How long an interruption holds the eyes: about a first clause, which says what it is about."""

SLOW_TOOL_SAMPLES = samples(0.4)
"""A tool that answers sooner leaves the face unchanged: so short a gap means nothing in talk."""

ASIDES_DEG = ((14.0, -6.0), (-14.0, -6.0), (0.0, -13.0), (24.0, -6.0), (-24.0, -6.0))
"""Yaw and pitch of the asides, the preferred first: to a side and a little down, as people look who
attend to something else and are polite about it; lowered eyes do not stare past the partner."""

CLEAR_DEG = 10.0
"""An aside lies at least this far from each participant, where that is possible: three times the
angle at which a look still meets the eye, so that its small shifts meet no eye either."""

_KEPT = 64


class Attention:
    """Keeps `situations`, the timeline that `Face` reads on any thread; set from one thread.

    `on_change` is called with the first sample at which the face differs from before.
    """

    def __init__(self, on_change: Callable[[int], None] = lambda sample: None) -> None:
        self._on_change = on_change
        self.situations = Timeline(AT_START, limit=_KEPT)
        self._agent = Timeline(AT_START.agent, limit=_KEPT)
        self._focus = Timeline(Focus(), limit=_KEPT)
        self._tool_runs = Timeline(False, limit=_KEPT)
        self._expected = Timeline(False, limit=_KEPT)
        self._ending = Timeline(False, limit=_KEPT)
        self._interrupted = Timeline(False, limit=_KEPT)
        self._override: Timeline[Target | None] = Timeline(None, limit=_KEPT)
        self._inputs: tuple[Timeline[Any], ...] = (
            self._agent, self._focus, self._tool_runs, self._expected, self._ending,
            self._interrupted, self._override,
        )  # fmt: skip

    def agent_speaks(self, sample: int) -> bool:
        """Whether the agent is speaking at `sample`."""
        return self._agent.at(sample) == "speaking"

    def set_agent_state(self, sample: int, state: str) -> None:
        """Set the agent's state from `sample` on; an unknown state counts as "idle"."""
        state = state if state in AGENT_STATES else "idle"
        if state != self._agent.at(sample):
            self._expected.set(sample, False)
            self._ending.set(sample, False)
        self._agent.set(sample, state)
        self._update(sample)

    def set_focus(self, sample: int, plan: Sequence[tuple[int, Focus]]) -> None:
        """Replace the focus from `sample` on by `plan`, in order, which begins at `sample`."""
        self._focus.plan(sample, plan)
        self._update(sample)

    def set_tool_running(self, sample: int, running: bool) -> None:
        """Set whether a tool runs from `sample` on."""
        self._tool_runs.set(sample, False)
        if running:
            self._tool_runs.set(sample + SLOW_TOOL_SAMPLES, True)
        self._update(sample)

    def expect_speech(self, sample: int) -> None:
        """Look like someone about to speak from `sample` on, until words come or take too long."""
        self._expected.plan(sample, [(sample, True), (sample + EXPECTED_SAMPLES, False)])
        self._ending.set(sample, False)
        self._update(sample)

    def plan_turn_end(self, sample: int, end: int | None) -> None:
        """Set the end of the agent's turn, as known at `sample`; None for an unknown end."""
        self._ending.set(sample, False)
        if end is not None:
            self._ending.set(max(sample, end - ENDING_SAMPLES), True)
        self._update(sample)

    def interrupt(self, sample: int) -> None:
        """Let the user interrupt the agent at `sample`."""
        self._interrupted.plan(sample, [(sample, True), (sample + INTERRUPTED_SAMPLES, False)])
        self._update(sample)

    def override(self, sample: int, target: Target | None) -> None:
        """Look at `target`, which may be `AWAY`, from `sample` on; None ends it."""
        self._override.set(sample, target)
        self._update(sample)

    def _update(self, sample: int) -> None:
        """Derive the situations from `sample` on."""
        later = {start for each in self._inputs for start, _ in each.entries if start > sample}
        entries = [entry for entry in self.situations.entries if entry[0] < sample]
        kept = len(entries)
        for start in sorted({sample, *later}):
            situation = self._situation(start)
            if not entries or situation != entries[-1][1]:
                entries.append((start, situation))
        if tuple(entries) != self.situations.entries:
            self.situations.plan(sample, entries[kept:])
            self._on_change(sample)

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
            state, target = "aside", _aside(focus)
        elif override is not None:
            state, target = "override", override
        elif self._interrupted.at(sample):
            state = "interrupted"
        elif agent == "speaking" and self._ending.at(sample):
            state = "ending"
        elif agent in ("listening", "idle") and focus.overheard:
            state = "overhearing"
        return Situation(state, agent, target, focus.others)


def _aside(focus: Focus) -> Target:
    """The first of `ASIDES_DEG` that is clear of all participants, or else the clearest."""
    people = (CAMERA, focus.target, *focus.others)
    asides = [replace(AWAY, yaw_rad=radians(yaw), pitch_rad=radians(p)) for yaw, p in ASIDES_DEG]

    def clear_deg(target: Target) -> float:
        off_deg = (each.off_deg(target.yaw_rad, target.pitch_rad) for each in people)
        return min(CLEAR_DEG, *off_deg)

    return max(asides, key=clear_deg)
