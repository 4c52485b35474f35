"""Searches for the best path of a sound through a text (Viterbi), hop by hop.

Words may be added while the search goes on. A part of the text around the word that is being spoken
is searched, and states of the search are kept to go back to, so that a hop and a word take bounded
time.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .costs import DROPPED_COST, Floats, Ints, timing_costs
from .graph import JUNCTION_STATES, Graph, Window

WORDS_BEHIND = 12
WORDS_AHEAD = 24
"""The part of a text that is searched, around the word that is being spoken: enough to catch up
after a sentence was left out."""

SEARCHED_AGAIN_HOPS = 300
"""Hops that lie further back when words come are not searched again."""

CHECKPOINT_HOPS = 10
"""How often the state of the search is kept, to go back to when words come late."""

_STAY, _STEP, _DROP, _ENTER = range(4)


class _Step(NamedTuple):
    """How the search came to where it was at one hop; states from `first`, junctions likewise."""

    first: int
    choice: NDArray[np.uint8]
    first_junction: int
    origin: Ints
    """The state from which each junction was reached at this hop."""


class _Checkpoint(NamedTuple):
    """The search as it was before a hop."""

    hop: int
    first_word: int
    last_word: int
    score: Floats
    junctions: Floats
    origin: Ints


class Search:
    """Searches one text in one sound; belongs to one thread."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.begin = 0
        """The first hop that is not forgotten."""
        self._costs: deque[Floats] = deque()
        """Of the hops since `begin`."""
        self._steps: deque[_Step] = deque()
        """Of those that have been searched: all, once there are words."""
        self._checkpoints: deque[_Checkpoint] = deque()
        self.path: Ints = np.zeros(0, np.int64)
        """The states of the best path from `begin` on, when it was last traced."""
        self.spent: NDArray[np.float64] = np.zeros(0, np.float64)
        """What it spent on each hop."""
        self._first_word = self._last_word = 0
        self._window = Window(graph, 0, 0)
        self._score: Floats = np.full(JUNCTION_STATES, -np.inf, np.float32)
        """Of the best path to each state of the window."""
        self._junctions: Floats = np.zeros(1, np.float32)
        self._origin: Ints = np.full(1, -1)

    @property
    def hops(self) -> int:
        """How many hops were pushed."""
        return self.begin + len(self._costs)

    @property
    def sees_end(self) -> bool:
        """Whether words that are added now may change what was found."""
        return self._last_word == self._graph.words

    def push(self, costs: Floats) -> None:
        """Search the hops that follow, once there are words; see `costs.hop_costs`."""
        self._costs.extend(costs)
        self._search_on()

    def search_again(self, hop: int) -> None:
        """Search from `hop`, or a little earlier, on: words have been added."""
        self._rewind(hop)
        self._search_on()

    def forget(self, hop: int) -> tuple[Ints, NDArray[np.float64]]:
        """Forget what lies before `hop`, a multiple of `CHECKPOINT_HOPS`, at most `hops`.

        Returns:
            The path there, and what it spent.
        """
        while self.begin < hop:
            self._costs.popleft()
            if self._steps:
                self._steps.popleft()
            self.begin += 1
        while self._checkpoints and self._checkpoints[0].hop < self.begin:
            self._checkpoints.popleft()
        count = max(0, len(self.path) - len(self._steps))
        forgotten = self.path[:count], self.spent[:count]
        self.path, self.spent = self.path[count:], self.spent[count:]
        return forgotten

    def trace(self) -> None:
        """Follow the best path that ends now back to where it meets the last one traced."""
        if not self._steps:
            return
        sounds = self._graph.states["sound"]
        state = int(self._graph.junction_starts[self._first_word]) + int(self._score.argmax())
        tail: list[int] = []
        spent: list[float] = []
        index = len(self._steps)
        while index and not (index <= len(self.path) and self.path[index - 1] == state):
            index -= 1
            before, cost = self._back(index, state)
            tail.append(state)
            spent.append(cost + float(self._costs[index][sounds[state]]))
            state = before
        self.path = np.concatenate((self.path[:index], np.array(tail[::-1], np.int64)))
        self.spent = np.concatenate((self.spent[:index], np.array(spent[::-1], np.float64)))

    def last_word_begins(self) -> int:
        """The hop in which the best path enters its last word: another one may fit better."""
        self.trace()
        begin = max(0, len(self.path) - SEARCHED_AGAIN_HOPS)
        words, inside = self._graph.word_at(self.path[begin:])
        spoken = np.flatnonzero(inside)
        if not len(spoken):
            return self.begin + begin
        before = np.flatnonzero(words[: spoken[-1]] != words[spoken[-1]])
        return self.begin + begin + (int(before[-1]) + 1 if len(before) else 0)

    @property
    def _searched(self) -> int:
        """The hop that the search has got to."""
        return self.begin + len(self._steps)

    def _back(self, index: int, state: int) -> tuple[int, float]:
        """The state before the one that the best path is in at a step, and the cost of the way."""
        graph, step = self._graph, self._steps[index]
        choice = step.choice[state - step.first]
        if choice == _STEP:
            return state - 1, 0.0
        if choice == _DROP:
            return state - int(graph.states["drops"][state]), DROPPED_COST
        if choice == _STAY:
            return state, 0.0
        cost = -float(graph.states["enter"][state])
        if not index:
            return state, cost
        junction = int(graph.states["enters"][state])
        before = self._steps[index - 1]
        origin = int(before.origin[junction - before.first_junction])
        left_out = graph.left_out[junction] - graph.left_out[graph.junction_after(origin)]
        return origin, cost + float(left_out)

    def _rewind(self, hop: int) -> None:
        """Go back to the last checkpoint at or before `hop`, or to the first one."""
        while len(self._checkpoints) > 1 and self._checkpoints[-1].hop > hop:
            self._checkpoints.pop()
        if not self._checkpoints:
            return
        checkpoint = self._checkpoints.pop()
        while self._searched > checkpoint.hop:
            self._steps.pop()
        self.path, self.spent = self.path[: len(self._steps)], self.spent[: len(self._steps)]
        self._first_word, self._last_word = checkpoint.first_word, checkpoint.last_word
        self._score, self._junctions = checkpoint.score, checkpoint.junctions
        self._origin = checkpoint.origin

    def _search_on(self) -> None:
        if self._graph.words:
            for costs in list(islice(self._costs, len(self._steps), None)):
                self._advance(costs)

    def _advance(self, costs: Floats) -> None:
        """Search one hop further."""
        hop = self._searched
        if hop % CHECKPOINT_HOPS == 0 or not self._checkpoints:
            self._move_window()
            state = self._first_word, self._last_word, self._score, self._junctions, self._origin
            self._checkpoints.append(_Checkpoint(hop, *state))
        window = self._window
        entered = self._junctions[window.junction] + window.enter
        if window.timed:
            entered -= timing_costs(window.at_hop, hop)
        score = self._score + window.stay
        choice = np.full(len(score), _STAY, np.uint8)
        # `argmax` would let other threads in at every hop, and wait for its next turn each time.
        for way, reached in (
            (_STEP, self._score[window.before] + window.step),
            (_DROP, self._score[window.dropped] + window.drop),
            (_ENTER, entered),
        ):
            better = reached > score
            score = np.where(better, reached, score)
            choice = np.where(better, np.uint8(way), choice)
        self._score = score - costs[window.sound]
        self._reach_junctions()
        self._steps.append(_Step(window.first, choice, window.first_word, self._origin))

    def _reach_junctions(self) -> None:
        """What each junction is reached with, and from where; words between may be left out."""
        window = self._window
        scores = self._score[window.into] + window.inside
        best = scores.argmax(axis=1)
        reached = scores[window.rows, best] + window.left_out
        furthest = np.maximum.accumulate(reached)
        source = np.maximum.accumulate(np.where(reached >= furthest, window.rows, 0))
        self._junctions = furthest - window.left_out
        self._origin = window.first + window.into[source, best[source]]

    def _move_window(self) -> None:
        """Move the part of the text that is searched along with the best path."""
        graph, starts = self._graph, self._graph.junction_starts
        best = starts[self._first_word] + (self._score.argmax() if self._steps else 0)
        word = int(np.searchsorted(starts, best, side="right")) - 1
        first = max(self._first_word, word - WORDS_BEHIND)
        last = min(graph.words, max(self._last_word, word + WORDS_AHEAD))
        kept = self._score[starts[first] - starts[self._first_word] :]
        self._score = np.full(starts[last] + JUNCTION_STATES - starts[first], -np.inf, np.float32)
        self._score[: len(kept)] = kept
        known = self._junctions[first - self._first_word :]
        junctions = np.full(last - first + 1, -np.inf, np.float32)
        junctions[: len(known)] = known
        origin = np.full(last - first + 1, -1)
        origin[: len(known)] = self._origin[first - self._first_word :]
        # Words that have come into sight may be reached by leaving out those before.
        beyond = graph.left_out[first : last + 1]
        junctions[len(known) :] = known[-1] + beyond[len(known) - 1] - beyond[len(known) :]
        origin[len(known) :] = origin[len(known) - 1]
        self._first_word, self._last_word = first, last
        self._junctions, self._origin = junctions, origin
        self._window = Window(graph, first, last)
        if self._steps:
            self._steps[-1] = self._steps[-1]._replace(first_junction=first, origin=origin)
