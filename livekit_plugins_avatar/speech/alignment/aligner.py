"""Finds a known text in a sound that streams by.

The text may be known up front or word by word, and it may not be what is spoken. Each hop that does
not follow the text costs a little, so a text is followed only for as long as the sound bears it
out; what is found is judged once more over some seconds. Times that come with words make a path
cheaper that begins them near those times; times that are wrong cost every path the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..text.pronunciation import Word
from .costs import ACOUSTIC, Floats, Ints, hop_costs
from .fit import JUDGED_HOPS, borne_out
from .graph import Graph
from .viterbi import CHECKPOINT_HOPS, Search

WORDS_LIMIT = 4_000
"""Words of one sound, more than 20 minutes of it; what follows is not aligned."""

UNKNOWN = -1
"""Instead of the hop in which a word begins."""


class Aligner:
    """Finds a text in a sound that streams by; belongs to one thread.

    Hops before `forget` are settled and take no memory. What comes after may be answered
    differently each time that more is known.
    """

    def __init__(self) -> None:
        self._graph = Graph()
        self._search = Search(self._graph)
        self._past_shown: Ints = np.zeros(0, np.int64)
        self._past_spent = np.zeros(0, np.float64)
        """The path before `begin`, as far as it tells how well the text fits now."""
        self._word_starts: Ints = np.zeros(0, np.int64)

    @property
    def hops(self) -> int:
        """How many hops were pushed."""
        return self._search.hops

    @property
    def words(self) -> int:
        """How many words were given."""
        return self._graph.words

    @property
    def begin(self) -> int:
        """The first hop that is not settled."""
        return self._search.begin

    @property
    def word_starts(self) -> Ints:
        """The hop in which each word begins, as of the last `shown`; `UNKNOWN` where the sound
        does not bear the text out. Never changed in place."""
        return self._word_starts

    def add(self, words: Sequence[Word]) -> bool:
        """Give the words that follow; those hops that may hold them are searched again.

        Args:
            words: They start in samples of the stream. Beyond `WORDS_LIMIT` they are left out.

        Returns:
            Whether hops were searched again: `shown` may give another answer.
        """
        words = words[: max(0, WORDS_LIMIT - self.words)]
        if not words:
            return False
        again = self._search.last_word_begins() if self._search.sees_end else None
        self._graph.add(words)
        if again is not None:
            self._search.search_again(again)
        return again is not None

    def push(self, log_probabilities: Floats) -> None:
        """Take the hops that follow.

        Args:
            log_probabilities: Of each of `VISEMES` in each hop, float32 [hops, 15].
        """
        self._search.push(hop_costs(log_probabilities))

    def forget(self, hop: int) -> None:
        """Settle what lies before `hop`: it need not be answered for any more."""
        hop = min(hop, self.hops) // CHECKPOINT_HOPS * CHECKPOINT_HOPS
        path, spent = self._search.forget(hop)
        shown = self._graph.states["shows"][path]
        self._past_shown = np.concatenate((self._past_shown, shown))[-JUDGED_HOPS:]
        self._past_spent = np.concatenate((self._past_spent, spent))[-JUDGED_HOPS:]

    def shown(self) -> Ints:
        """What the text asks for in each hop from `begin` on: a viseme, or `ACOUSTIC`."""
        if not self._graph.words:
            return np.full(self.hops - self.begin, ACOUSTIC)
        self._search.trace()
        shown = self._graph.states["shows"][self._search.path]
        past = len(self._past_shown)
        trusted = borne_out(
            np.concatenate((self._past_shown, shown)),
            np.concatenate((self._past_spent, self._search.spent)),
        )[past:]
        self._find_starts(trusted)
        return np.where(trusted, shown, ACOUSTIC)

    def _find_starts(self, trusted: NDArray[np.bool_]) -> None:
        """Note where on the path words begin; those that begin before `begin` are settled."""
        starts = np.full(self.words, UNKNOWN)
        known = self._word_starts
        starts[: len(known)] = np.where(known < self.begin, known, UNKNOWN)
        words, inside = self._graph.word_at(self._search.path)
        hops = np.flatnonzero(inside)
        first = np.flatnonzero(np.diff(words[hops], prepend=UNKNOWN))
        begins = hops[first]
        # The word that goes on at `begin` began before it.
        new = trusted[begins] & ((begins > 0) | (self.begin == 0))
        starts[words[hops][first][new]] = self.begin + begins[new]
        self._word_starts = starts
