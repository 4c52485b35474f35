"""Unfolds a text into states that follow one another in time.

Between two words lies a junction: silence, or sound that the text does not know. A word may be
said in several ways, or left out::

    junction 0               word 0             junction 1             word 1
    (silence, acoustic) -> P -> P -> A -> ... -> (silence, acoustic) -> ...
           \\__________________ left out ________________/

A phone is a chain of states, as many as it lasts hops at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..hops import HOP_SAMPLES
from ..phones import phone_row
from ..text.dictionary import MOST_WAYS, Phones
from ..text.pronunciation import Word
from ..visemes import VISEME_INDEX
from .costs import (
    ACOUSTIC,
    ACOUSTIC_COST,
    ACOUSTIC_ENTRY_COST,
    ACOUSTIC_HOP,
    ANY_SOUND,
    DROPPED_COST,
    GAP_COST,
    LEFT_OUT_COST,
    PAUSE_COST,
    RARE_WAY_COST,
    SILENCE,
    Floats,
    Ints,
)

SHORTEST_HOPS = 3
"""How long a sound lasts at least: speech recognisers have long made do with 30 ms."""

ANY_SOUND_HOPS = 2
"""How long a sound without a shape lasts at least."""

DROPPABLE = frozenset(("T", "D", "HH", "AH", "IH", "ER", "R", "N", "L", "Y", "G", "K", "V", "DH"))
"""Phones that fluent speech swallows (Johnson 2004 counts them); never those that shut the lips."""

JUNCTION_STATES = 2
"""Silence and sound unknown to the text: the first states of each junction."""

NEVER = -np.inf

_STATE = np.dtype(
    [
        ("sound", np.int64),  # the column of a hop's costs
        ("shows", np.int64),  # a viseme, or ACOUSTIC
        ("stay", np.float32),  # what staying adds to a path's score
        ("step", np.float32),  # the same for following on the state before
        ("drop", np.float32),  # and on the state `drops` before, a phone being swallowed
        ("drops", np.int64),
        ("enter", np.float32),  # and for coming from the junction `enters`
        ("enters", np.int64),
        ("at_hop", np.float32),  # when it is expected to be entered, or NaN
    ]
)
_Row = tuple[int, int, float, float, float, int, float, int, float]


class Graph:
    """The states of all words so far; grows at its end."""

    def __init__(self) -> None:
        self.states: NDArray[np.void] = np.array(_junction(0), _STATE)
        """All states; see `_STATE`."""
        self.junction_starts: Ints = np.zeros(1, np.int64)
        """The first state of each junction; after it come the ways to say the word behind it."""
        self.into: Ints = _into(0, [])
        """The states that lead into each junction; -1 where there are no more."""
        self.left_out: Floats = np.zeros(1, np.float32)
        """What it costs to leave out all words before each junction."""

    @property
    def words(self) -> int:
        """How many words there are."""
        return len(self.junction_starts) - 1

    def add(self, words: Sequence[Word]) -> None:
        """Append words, which start in samples of the stream."""
        first, count = self.words, len(self.states)
        states: list[NDArray[np.void]] = [self.states]
        into, left_out = [self.into], [self.left_out[-1]]
        starts: list[int] = []
        for junction, word in enumerate(words, start=first):
            rows: list[_Row] = []
            ends: list[int] = []
            at_hop = np.nan if word.start is None else word.start / HOP_SAMPLES
            ways = word.ways
            for rank, way in enumerate(ways or ((),)):
                rows += _way(way, junction, RARE_WAY_COST * rank, at_hop)
                ends.append(count + len(rows) - 1)
            starts.append(count + len(rows))
            rows += _junction(junction + 1)
            # Word by word: for all at once, NumPy would let no other thread in.
            states.append(np.array(rows, _STATE))
            count += len(rows)
            into.append(_into(starts[-1], ends))
            left_out.append(left_out[-1] + np.float32(LEFT_OUT_COST if ways else ACOUSTIC_COST))
        self.states = np.concatenate(states)
        self.junction_starts = np.concatenate((self.junction_starts, starts))
        self.into = np.concatenate(into)
        self.left_out = np.concatenate((self.left_out, left_out[1:]))
        for junction, word in enumerate(words, start=first):
            if junction and not word.pause:
                self.states["enter"][self.junction_starts[junction]] = -GAP_COST

    def word_at(self, states: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """The word that each state belongs to, or the one behind its junction; and whether it
        lies within the word."""
        words = np.searchsorted(self.junction_starts, states, side="right") - 1
        return words, states - self.junction_starts[words] >= JUNCTION_STATES

    def junction_after(self, state: int) -> int:
        """The junction that a state leads into."""
        word, within = self.word_at(np.array([state]))
        return int(word[0]) + int(within[0])


class Window:
    """The part of a graph that is searched, from one word to another, ready for arithmetic.

    States are counted from its first one, junctions from its first word's.
    """

    def __init__(self, graph: Graph, first_word: int, last_word: int) -> None:
        self.first_word, self.last_word = first_word, last_word
        self.first = int(graph.junction_starts[first_word])
        end = int(graph.junction_starts[last_word]) + JUNCTION_STATES
        states = graph.states[self.first : end]
        here = np.arange(len(states))
        self.rows = np.arange(last_word + 1 - first_word)
        self.sound = states["sound"].copy()
        self.stay = states["stay"].copy()
        self.step = states["step"].copy()
        self.step[0] = NEVER
        self.before = np.maximum(here - 1, 0)
        self.drop = states["drop"].copy()
        self.dropped = np.maximum(here - states["drops"], 0)
        self.enter = states["enter"].copy()
        self.junction = np.maximum(states["enters"] - first_word, 0)
        self.at_hop = states["at_hop"].copy()
        self.timed = bool(np.isfinite(self.at_hop).any())
        into = graph.into[first_word : last_word + 1] - self.first
        self.into = np.maximum(into, 0)
        self.inside = np.where(into >= 0, 0, NEVER).astype(np.float32)
        self.left_out = graph.left_out[first_word : last_word + 1]


def _junction(number: int) -> list[_Row]:
    """Silence, as after a last word, and sound that the text does not know."""
    return [
        (SILENCE, SILENCE, 0, NEVER, NEVER, 0, -PAUSE_COST, number, np.nan),
        (ACOUSTIC_HOP, ACOUSTIC, 0, NEVER, NEVER, 0, -ACOUSTIC_ENTRY_COST, number, np.nan),
    ]


def _into(start: int, word_ends: Sequence[int]) -> Ints:
    """The states that lead into the junction that begins at `start`, [1, states]."""
    into = np.full((1, MOST_WAYS + JUNCTION_STATES), -1)
    into[0, : len(word_ends) + JUNCTION_STATES] = [start, start + 1, *word_ends]
    return into


def _way(phones: Phones, junction: int, cost: float, at_hop: float) -> list[_Row]:
    """The states of one way to say a word."""
    rows: list[_Row] = []
    droppable_hops = 0
    for unit in _units(phones):
        for hop in range(unit.hops):
            first, last = hop == 0, hop == unit.hops - 1
            begins, drops = not rows, droppable_hops if first else 0
            rows.append(
                (
                    unit.sounds,
                    unit.shows,
                    0 if last else NEVER,
                    NEVER if begins else 0,
                    -DROPPED_COST if drops else NEVER,
                    drops,
                    -cost if begins else NEVER,
                    junction if begins else -1,
                    at_hop if begins else np.nan,
                )
            )
        # What follows may come right after what lies before a unit that is swallowed.
        droppable_hops = unit.hops + 1 if unit.droppable and len(rows) > unit.hops else 0
    return rows


class _Unit(NamedTuple):
    """A viseme of a word: what it sounds like, shows, lasts at least, and whether it may be
    swallowed."""

    sounds: int
    shows: int
    hops: int
    droppable: bool


def _units(phones: Phones) -> list[_Unit]:
    """The visemes of a word; a single acoustic one where no pronunciation is known."""
    units: list[_Unit] = []
    for phone in reversed(phones):
        visemes = phone_row(phone).visemes
        droppable = phone in DROPPABLE
        for viseme in reversed(visemes):
            index = VISEME_INDEX[viseme]
            if not units or units[-1].shows != index:
                units.append(_Unit(index, index, SHORTEST_HOPS, droppable and len(visemes) == 1))
        if not visemes and units:
            # It shows the vowel that follows.
            units.append(_Unit(ANY_SOUND, units[-1].shows, ANY_SOUND_HOPS, True))
    return units[::-1] or [_Unit(ACOUSTIC_HOP, ACOUSTIC, ANY_SOUND_HOPS, False)]
