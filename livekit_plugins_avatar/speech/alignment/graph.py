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

from ..features import HOP_SAMPLES
from ..phones import phone_row
from ..text.dictionary import MOST_WAYS, Phones
from ..text.pronunciation import Word
from ..visemes import VISEME_INDEX
from . import costs
from .costs import ACOUSTIC, ACOUSTIC_HOP, ANY_SOUND, SILENCE, Floats, Ints

SHORTEST_HOPS, ANY_SOUND_HOPS = 3, 2
"""How long a sound lasts at least, and one without a shape: speech recognisers have long made do
with 30 ms."""

DROPPABLE = frozenset(("T", "D", "HH", "AH", "IH", "ER", "R", "N", "L", "Y", "G", "K", "V", "DH"))
"""Phones that fluent speech swallows (Johnson 2004 counts them); never those that shut the lips."""

JUNCTION_STATES = 2
"""Silence and sound unknown to the text: the first states of each junction."""

NEVER = -np.inf


class _State(NamedTuple):
    """A row of `Graph.states`, and what each way into the state adds to a path's score."""

    sound: int  # the column of a hop's costs
    shows: int  # a viseme, or ACOUSTIC
    stay: float = NEVER
    step: float = NEVER  # from the state before
    drop: float = NEVER  # from the state `drops` before, a phone being swallowed
    drops: int = 0
    enter: float = NEVER  # from the junction `enters`
    enters: int = -1
    at_hop: float = np.nan  # when it is expected to be entered


_WHOLE = ("sound", "shows", "drops", "enters")
_DTYPE = np.dtype([(name, "i8" if name in _WHOLE else "f4") for name in _State._fields])


class Graph:
    """The states of all words so far; grows at its end."""

    def __init__(self) -> None:
        self.states: NDArray[np.void] = np.array(_junction(0), _DTYPE)
        """All states, with the fields of `_State`."""
        self.junction_starts: Ints = np.zeros(1, np.int64)
        """The first state of each junction; after it come the ways to say the word behind it."""
        self.into: Ints = _into(0, [])
        """The states that lead into each junction; its first where there are no more."""
        self.left_out: Floats = np.zeros(1, np.float32)
        """What it costs to leave out all words before each junction."""

    @property
    def words(self) -> int:
        """How many words there are."""
        return len(self.junction_starts) - 1

    def add(self, words: Sequence[Word]) -> None:
        """Append words, which start in samples of the stream."""
        count = len(self.states)
        states: list[NDArray[np.void]] = [self.states]
        into, left_out = [self.into], [self.left_out[-1]]
        starts: list[int] = []
        for junction, word in enumerate(words, start=self.words):
            if junction and not word.pause:
                states[-1]["enter"][-JUNCTION_STATES] = -costs.GAP_COST
            rows: list[_State] = []
            ends: list[int] = []
            at_hop = np.nan if word.start is None else word.start / HOP_SAMPLES
            ways = word.ways
            for rank, way in enumerate(ways or ((),)):
                rows += _way(way, junction, costs.RARE_WAY_COST * rank, at_hop)
                ends.append(count + len(rows) - 1)
            starts.append(count + len(rows))
            rows += _junction(junction + 1)
            # Word by word: for all at once, NumPy would let no other thread in.
            states.append(np.array(rows, _DTYPE))
            count += len(rows)
            into.append(_into(starts[-1], ends))
            left_out.append(
                left_out[-1] + np.float32(costs.LEFT_OUT_COST if ways else costs.ACOUSTIC_COST)
            )
        self.states = np.concatenate(states)
        self.junction_starts = np.concatenate((self.junction_starts, starts))
        self.into = np.concatenate(into)
        self.left_out = np.concatenate((self.left_out, left_out[1:]))

    def word_at(self, states: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """The word that each state belongs to, or the one behind its junction; and whether it
        lies within the word."""
        words = np.searchsorted(self.junction_starts, states, side="right") - 1
        return words, states - self.junction_starts[words] >= JUNCTION_STATES


class Window:
    """The part of a graph that is searched, from one word to another, ready for arithmetic; states
    are counted from its first one, junctions from its first word's."""

    def __init__(self, graph: Graph, first_word: int, last_word: int) -> None:
        self.first = int(graph.junction_starts[first_word])
        end = int(graph.junction_starts[last_word]) + JUNCTION_STATES
        states = graph.states[self.first : end]
        here = np.arange(len(states))
        # Copies lie closer together than the fields of the graph do.
        self.sound, self.stay = states["sound"].copy(), states["stay"].copy()
        self.step, self.before = states["step"].copy(), np.maximum(here - 1, 0)
        self.step[0] = NEVER
        self.drop, self.dropped = states["drop"].copy(), np.maximum(here - states["drops"], 0)
        self.enter = states["enter"].copy()
        self.junction = np.maximum(states["enters"] - first_word, 0)
        self.at_hop = states["at_hop"].copy()
        self.timed = bool(np.isfinite(self.at_hop).any())
        self.rows = np.arange(last_word + 1 - first_word)
        # The first junction is not reached from the word before it.
        self.into = np.maximum(graph.into[first_word : last_word + 1] - self.first, 0)
        self.left_out = graph.left_out[first_word : last_word + 1]


def _junction(number: int) -> list[_State]:
    """Silence, as after a last word, and sound that the text does not know."""
    return [
        _State(SILENCE, SILENCE, stay=0, enter=-costs.PAUSE_COST, enters=number),
        _State(ACOUSTIC_HOP, ACOUSTIC, stay=0, enter=-costs.ACOUSTIC_ENTRY_COST, enters=number),
    ]


def _into(start: int, word_ends: Sequence[int]) -> Ints:
    """The states that lead into the junction that begins at `start`, [1, states]."""
    into = np.full((1, MOST_WAYS + JUNCTION_STATES), start)
    into[0, 1 : len(word_ends) + JUNCTION_STATES] = [start + 1, *word_ends]
    return into


def _way(phones: Phones, junction: int, cost: float, at_hop: float) -> list[_State]:
    """The states of one way to say a word."""
    rows: list[_State] = []
    drops = 0
    for unit in _units(phones):
        chain = [_State(unit.sounds, unit.shows, step=0)] * unit.hops
        if not rows:
            chain[0] = chain[0]._replace(step=NEVER, enter=-cost, enters=junction, at_hop=at_hop)
        elif drops:
            chain[0] = chain[0]._replace(drop=-costs.DROPPED_COST, drops=drops)
        chain[-1] = chain[-1]._replace(stay=0)
        # What follows may come right after what lies before a unit that is swallowed.
        drops = unit.hops + 1 if unit.droppable and rows else 0
        rows += chain
    return rows


class _Unit(NamedTuple):
    """A viseme of a word, with the hops that it lasts at least."""

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
