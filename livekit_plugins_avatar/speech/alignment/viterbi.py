"""Searches for the best path of a sound through a text (Viterbi), hop by hop.

Words may be added while the search goes on. A part of the text around the word that is being spoken
is searched, and states of the search are kept to go back to, so that a hop and a word take bounded
time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..text.pronunciation import Word
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
    """How the search went on at one hop, in the words from `first_word` on."""

    first_word: int
    choice: NDArray[np.uint8]  # the way into each state
    origin: Ints  # the state from which each junction had been reached


class _Front(NamedTuple):
    """How far the search has come, in the words from `first_word` to `last_word`."""

    first_word: int
    last_word: int
    score: Floats  # of the best path to each state
    junctions: Floats  # of the best path to each junction
    origin: Ints  # the state from which that path reached the junction


class Search:
    """Searches one text in one sound; belongs to one thread."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.begin = 0
        """The first hop that is not forgotten."""
        self._costs: deque[Floats] = deque()
        """Of the hops since `begin`."""
        self._steps: deque[_Step] = deque()
        """Of those that have been searched: all, once there are words."""
        self._checkpoints: deque[tuple[int, _Front]] = deque()
        """The search as it was before some hops."""
        self.path: Ints = np.zeros(0, np.int64)
        """The states of the best path from `begin` on, when it was last traced."""
        self.spent: NDArray[np.float64] = np.zeros(0, np.float64)
        """What it spent on each hop."""
        self._window = Window(self.graph, 0, 0)
        nothing = np.full(JUNCTION_STATES, -np.inf, np.float32)
        self._front = _Front(0, 0, nothing, np.zeros(1, np.float32), np.full(1, -1))

    @property
    def hops(self) -> int:
        """How many hops were pushed."""
        return self.begin + len(self._costs)

    def push(self, costs: Floats) -> None:
        """Search the hops that follow, once there are words; see `costs.hop_costs`."""
        self._costs.extend(costs)
        self._search_on()

    def add(self, words: Sequence[Word]) -> bool:
        """Give the words that follow; returns whether hops were searched again for them."""
        seen = self._front.last_word == self.graph.words
        again = self._last_word_begins() if seen else 0
        self.graph.add(words)
        if not seen:
            return False
        # From the last checkpoint at or before the hop, or the first one.
        while len(self._checkpoints) > 1 and self._checkpoints[-1][0] > again:
            self._checkpoints.pop()
        if self._checkpoints:
            searched, self._front = self._checkpoints.pop()
            while self._searched > searched:
                self._steps.pop()
            self.path, self.spent = self.path[: len(self._steps)], self.spent[: len(self._steps)]
        self._search_on()
        return True

    def forget(self, hop: int) -> tuple[Ints, NDArray[np.float64]]:
        """Forget what lies before `hop`, a multiple of `CHECKPOINT_HOPS`, at most `hops`; returns
        the path there, and what it spent."""
        while self.begin < hop:
            self._costs.popleft()
            if self._steps:
                self._steps.popleft()
            self.begin += 1
        while self._checkpoints and self._checkpoints[0][0] < self.begin:
            self._checkpoints.popleft()
        count = max(0, len(self.path) - len(self._steps))
        forgotten = self.path[:count], self.spent[:count]
        self.path, self.spent = self.path[count:], self.spent[count:]
        return forgotten

    def trace(self) -> None:
        """Follow the best path that ends now back to where it meets the last one traced."""
        if not self._steps:
            return
        sounds = self.graph.states["sound"]
        state = self._best
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

    def _last_word_begins(self) -> int:
        """The hop in which the best path enters its last word: another one may fit better."""
        self.trace()
        begin = max(0, len(self.path) - SEARCHED_AGAIN_HOPS)
        words, inside = self.graph.word_at(self.path[begin:])
        if inside.any():
            begin += int(np.searchsorted(words, words[inside][-1]))
        return self.begin + begin

    @property
    def _searched(self) -> int:
        """The hop that the search has got to."""
        return self.begin + len(self._steps)

    @property
    def _best(self) -> int:
        """The state in which the best path ends."""
        front = self._front
        return int(self.graph.junction_starts[front.first_word] + front.score.argmax())

    def _back(self, index: int, state: int) -> tuple[int, float]:
        """The state before the one that the best path is in at a step, and the cost of the way."""
        graph, step = self.graph, self._steps[index]
        choice = step.choice[state - graph.junction_starts[step.first_word]]
        if choice != _ENTER:
            drops = choice == _DROP
            back = int(graph.states["drops"][state]) if drops else int(choice == _STEP)
            return state - back, DROPPED_COST if drops else 0.0
        cost = -float(graph.states["enter"][state])
        if not index:
            return state, cost
        junction = int(graph.states["enters"][state])
        origin = int(step.origin[junction - step.first_word])
        word, within = graph.word_at(np.array(origin))
        left_out = graph.left_out[junction] - graph.left_out[word + within]
        return origin, cost + float(left_out)

    def _search_on(self) -> None:
        if self.graph.words:
            for costs in list(islice(self._costs, len(self._steps), None)):
                self._advance(costs)

    def _advance(self, costs: Floats) -> None:
        """Search one hop further."""
        hop = self._searched
        if hop % CHECKPOINT_HOPS == 0 or not self._checkpoints:
            self._move_window()
            self._checkpoints.append((hop, self._front))
        window, before = self._window, self._front
        entered = before.junctions[window.junction] + window.enter
        if window.timed:
            entered -= timing_costs(window.at_hop, hop)
        score = before.score + window.stay
        choice = np.full(len(score), _STAY, np.uint8)
        # `argmax` would let other threads in at every hop, and wait for its next turn each time.
        for way, reached in (
            (_STEP, before.score[window.before] + window.step),
            (_DROP, before.score[window.dropped] + window.drop),
            (_ENTER, entered),
        ):
            better = reached > score
            score = np.where(better, reached, score)
            choice = np.where(better, np.uint8(way), choice)
        score = score - costs[window.sound]
        junctions, origin = self._reached(score)
        self._front = before._replace(score=score, junctions=junctions, origin=origin)
        self._steps.append(_Step(before.first_word, choice, before.origin))

    def _reached(self, score: Floats) -> tuple[Floats, Ints]:
        """What each junction is reached with, and from where; words between may be left out."""
        window = self._window
        scores = score[window.into]
        best = scores.argmax(axis=1)
        reached = scores[window.rows, best] + window.left_out
        furthest = np.maximum.accumulate(reached)
        source = np.maximum.accumulate(np.where(reached >= furthest, window.rows, 0))
        return furthest - window.left_out, window.first + window.into[source, best[source]]

    def _move_window(self) -> None:
        """Move the part of the text that is searched along with the best path."""
        graph, starts, old = self.graph, self.graph.junction_starts, self._front
        best = self._best if self._steps else starts[old.first_word]
        word = int(np.searchsorted(starts, best, side="right")) - 1
        first = max(old.first_word, word - WORDS_BEHIND)
        last = min(graph.words, max(old.last_word, word + WORDS_AHEAD))
        score = np.full(starts[last] + JUNCTION_STATES - starts[first], -np.inf, np.float32)
        kept = old.score[starts[first] - starts[old.first_word] :]
        score[: len(kept)] = kept
        # Words that have come into sight may be reached by leaving out those before.
        known = old.junctions[first - old.first_word :]
        beyond = graph.left_out[first : last + 1]
        in_sight = known[-1] + beyond[len(known) - 1] - beyond[len(known) :]
        junctions = np.concatenate((known, in_sight))
        origin = np.pad(old.origin[first - old.first_word :], (0, len(in_sight)), mode="edge")
        self._front = _Front(first, last, score, junctions, origin)
        self._window = Window(graph, first, last)
