"""Finds a known text in a sound that streams by.

The text may be known up front or word by word, and it may not be what is spoken. Each hop that does
not follow the text costs a little, so a text is followed only for as long as the sound bears it
out; what is found is judged once more over some seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..text.pronunciation import Word
from .costs import ACOUSTIC, SILENCE, Floats, Ints, hop_costs
from .viterbi import CHECKPOINT_HOPS, Search

WORDS_LIMIT = 4_000
"""Words of one sound, more than 20 minutes of it; what follows is not aligned."""

UNKNOWN = -1
"""Instead of the hop in which a word begins."""

TRUSTED_COST = 0.66
"""The most that a hop of speech may cost on average, words that were left out included."""

JUDGED_HOPS = 250
JUDGED_FROM_HOPS = 30
"""Judged over so many hops to either side, and from so many hops of speech on: one word fits many a
sound, ten do not."""


class Aligner:
    """Finds a text in a sound; belongs to one thread. What is not settled yet may be answered
    differently each time that more is known."""

    def __init__(self) -> None:
        self._search = Search()
        self._past_shown: Ints = np.zeros(0, np.int64)
        self._past_spent = np.zeros(0, np.float64)
        """The path before `begin`, as far as it tells how well the text fits now."""
        self.word_starts: Ints = np.zeros(0, np.int64)
        """The hop in which each word begins, as of the last `shown`; `UNKNOWN` where the sound does
        not bear the text out. Never changed in place."""

    @property
    def words(self) -> int:
        """How many words were given."""
        return self._search.graph.words

    @property
    def begin(self) -> int:
        """The first hop that is not settled."""
        return self._search.begin

    def add(self, words: Sequence[Word]) -> bool:
        """Give the words that follow, which start in samples of the stream; returns whether hops
        that may hold them were searched again, so that `shown` may give another answer."""
        words = words[: max(0, WORDS_LIMIT - self.words)]
        return bool(words) and self._search.add(words)

    def push(self, log_probabilities: Floats) -> None:
        """Take the hops that follow, float32 [hops, 15] of each of `VISEMES`."""
        self._search.push(hop_costs(log_probabilities))

    def forget(self, hop: int) -> None:
        """Settle what lies before `hop`: it is not answered for any more, and takes no memory."""
        hop = min(hop, self._search.hops) // CHECKPOINT_HOPS * CHECKPOINT_HOPS
        path, spent = self._search.forget(hop)
        shown = self._search.graph.states["shows"][path]
        self._past_shown = np.concatenate((self._past_shown, shown))[-JUDGED_HOPS:]
        self._past_spent = np.concatenate((self._past_spent, spent))[-JUDGED_HOPS:]

    def shown(self) -> Ints:
        """What the text asks for in each hop from `begin` on: a viseme, or `ACOUSTIC`."""
        if not self.words:
            return np.full(self._search.hops - self.begin, ACOUSTIC)
        self._search.trace()
        shown = self._search.graph.states["shows"][self._search.path]
        trusted = borne_out(
            np.concatenate((self._past_shown, shown)),
            np.concatenate((self._past_spent, self._search.spent)),
        )[len(self._past_shown) :]
        self._find_starts(trusted)
        return np.where(trusted, shown, ACOUSTIC)

    def _find_starts(self, trusted: NDArray[np.bool_]) -> None:
        """Note where on the path words begin; those that begin before `begin` are settled."""
        starts = np.full(self.words, UNKNOWN)
        known = self.word_starts
        starts[: len(known)] = np.where(known < self.begin, known, UNKNOWN)
        words, inside = self._search.graph.word_at(self._search.path)
        hops = np.flatnonzero(inside)
        first = np.flatnonzero(np.diff(words[hops], prepend=UNKNOWN))
        begins = hops[first]
        # The word that goes on at `begin` began before it.
        new = trusted[begins] & ((begins > 0) | (self.begin == 0))
        starts[words[hops][first][new]] = self.begin + begins[new]
        self.word_starts = starts


def borne_out(shown: Ints, spent: NDArray[np.float64]) -> NDArray[np.bool_]:
    """In which hops the text is to be believed, given what it asks for and what the best path
    spends."""
    spoken = shown != SILENCE
    count = np.concatenate(([0], np.cumsum(spoken)))
    cost = np.concatenate(([0.0], np.cumsum(np.where(spoken, spent, 0.0))))
    hops = np.arange(len(shown))
    first = np.maximum(hops - JUDGED_HOPS, 0)
    last = np.minimum(hops + JUDGED_HOPS + 1, len(shown))
    judged = count[last] - count[first]
    return (judged >= JUDGED_FROM_HOPS) & (cost[last] - cost[first] <= TRUSTED_COST * judged)
