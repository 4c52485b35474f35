"""Alignment: where in the sound each word of a known text lies.

In flow the words of an utterance, up front or as they come to be known, and what a recogniser makes
of the sound, hop by hop; out flows for every hop the viseme that the text asks for there, or
`ACOUSTIC` where the text has nothing to say: before it begins, where it does not fit, where it says
what nobody can know (a figure may be read in many ways). The sound may be said differently from the
text, and the text may be another one altogether: each hop that is left to the ear costs a little,
so a text is followed only for as long as the sound bears it out; and what is found is judged once
more over some seconds, because one word fits many a sound.

It is a search for the best path (Viterbi) through a graph that a text unfolds into::

    junction 0           word 0             junction 1         word 1
    (silence, ear) -> P -> P -> A -> ...  -> (silence, ear) -> ...
           \\______________ left out ____________/

A phone is a chain of states, as many as it lasts hops at least; each word may be said in several
ways, left out, or followed by silence. Times that come with words make a path cheaper that begins
them near those times; times that are wrong cost every path the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...timeline import SAMPLE_RATE
from ..hops import HOP_SAMPLES
from ..phones import phone_row
from ..text.dictionary import MOST_WAYS, Phones
from ..text.pronunciation import Word
from ..visemes import VISEME_INDEX, VISEMES

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Vector = NDArray[np.float64]

ACOUSTIC = -1
"""Where the text is silent: the recogniser's own answer holds."""

SILENCE = VISEME_INDEX["sil"]

_ANYTHING = len(VISEMES)
_EAR = len(VISEMES) + 1
"""Columns behind the visemes' own in what a hop costs: a sound without a shape, and leaving it to
the ear."""

# Costs are in nats: differences of log-probabilities.

EAR_COST = 1.1
"""Of each hop that is left to the ear. Speech that follows the text lies below it on average, and
speech that does not above."""

EAR_ENTRY_COST = 12.0
"""Of leaving the text: a word that the recogniser hears badly does not suffice."""

TRUSTED_COST = 0.66
JUDGED_HOPS = 250
JUDGED_FROM_HOPS = 30
"""The most that a text may cost on average, all that it leaves out or interrupts included, to be
believed: judged over some seconds to either side, and from so many hops of speech on. One word fits
many a sound; ten do not. Texts that are said cost 0.25 and hardly ever 0.7, others 0.95."""

WORST_COST = 5.0
"""The most that a hop may speak against a viseme: one that is surely misheard decides nothing."""

CLOSED_FAVOUR = 1.5
"""Added to the log-probability of closed lips: a closure is as silent as any stop before or after
it, and the one that viewers miss. Where a text asks for one, 1.5 meets 99 of 100 and makes one hop
in ten of those shown too many; 0.5 meets 98 and one in thirty."""

ANYTHING_COST = 1.6
"""Of a hop of a sound that has no shape of its own: more than the ear, or a text with many an h
would fit everything."""

SHORTEST_HOPS = 3
"""How long a sound lasts at least: speech recognisers have long made do with 30 ms."""

ANYTHING_HOPS = 2
"""How long such a sound lasts at least."""

PAUSE_COST = 1.0
GAP_COST = 5.0
"""Of silence between words, with and without punctuation that invites it."""

LEFT_OUT_COST = 14.0
"""Of a word that is not said."""

RARE_WAY_COST = 0.5
"""Of each way to say a word that comes before another in the dictionary."""

DROPPED_COST = 5.0
"""Of a phone that is swallowed."""

DROPPABLE = frozenset(("T", "D", "HH", "AH", "IH", "ER", "R", "N", "L", "Y", "G", "K", "V", "DH"))
"""Phones that fluent speech swallows (Johnson 2004 counts them); never those that shut the lips."""

TIMED_S = 0.15
TIMING_COST_PER_S = 10.0
TIMING_WORST_COST = 4.0
"""How far off a word may begin for nothing, what each further second costs, and how much at most:
less than a word is worth, so that wrong times cannot move one."""

HOPS_PER_S = SAMPLE_RATE // HOP_SAMPLES

WORDS_BEHIND = 12
WORDS_AHEAD = 24
"""The part of a text that is searched, around the word that is being said: enough to catch up
after a sentence was left out."""

LOOKED_AT_AGAIN_HOPS = 300
"""What was heard this long before the words that it says came is not looked at again: work for each
word stays bounded."""

KEPT_EVERY_HOPS = 10
"""How often the state of the search is kept, to go back to when words come late."""


_NEVER = -np.inf

JUNCTION_STATES = 2
"""Silence and the ear, the first states of each junction."""

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
"""One hop's worth of a graph."""

States = NDArray[np.void]
_Row = tuple[int, int, float, float, float, int, float, int, float]


class _Graph:
    """The states of all words so far; grows at its end."""

    def __init__(self) -> None:
        self.states: States = np.zeros(0, _STATE)
        self.junction_starts: list[int] = []
        """The first state of each junction; after it come the ways to say the word behind it."""
        self.into = np.zeros((0, MOST_WAYS + JUNCTION_STATES), np.int64)
        """The states that lead into each junction; -1 where there are no more."""
        self.left_out = np.zeros(1, np.float32)
        """What it costs to leave out all words before each junction."""
        self._append(self._open_junction(0, 0), [])

    @property
    def words(self) -> int:
        """How many words there are."""
        return len(self.junction_starts) - 1

    def add(self, words: Sequence[Word]) -> None:
        """Append words."""
        for word in words:
            junction = self.words
            if junction and not word.pause:
                self.states["enter"][self.junction_starts[-1]] = -GAP_COST
            rows: list[_Row] = []
            ends: list[int] = []
            at_hop = np.nan if word.start is None else word.start / HOP_SAMPLES
            ways = word.ways
            for rank, way in enumerate(ways or ((),)):
                rows += _way(way, junction, RARE_WAY_COST * rank, at_hop)
                ends.append(len(self.states) + len(rows) - 1)
            cost = LEFT_OUT_COST if ways else EAR_COST
            self.left_out = np.append(self.left_out, self.left_out[-1] + np.float32(cost))
            self._append(rows + self._open_junction(junction + 1, len(rows)), ends)

    def junction_after(self, state: int) -> int:
        """The junction that a state leads into."""
        junction = bisect_right(self.junction_starts, state) - 1
        within = state - self.junction_starts[junction] < JUNCTION_STATES
        return junction if within else junction + 1

    def _open_junction(self, junction: int, after: int) -> list[_Row]:
        """Silence, as after a last word, and the ear; so many states after the last one."""
        self.junction_starts.append(len(self.states) + after)
        return [
            (SILENCE, SILENCE, 0, _NEVER, _NEVER, 0, -PAUSE_COST, junction, np.nan),
            (_EAR, ACOUSTIC, 0, _NEVER, _NEVER, 0, -EAR_ENTRY_COST, junction, np.nan),
        ]

    def _append(self, rows: list[_Row], word_ends: list[int]) -> None:
        self.states = np.concatenate((self.states, np.array(rows, _STATE)))
        start = self.junction_starts[-1]
        into = np.full((1, self.into.shape[1]), -1)
        into[0, : len(word_ends) + JUNCTION_STATES] = [start, start + 1, *word_ends]
        self.into = np.concatenate((self.into, into))


class _Part:
    """The part of a graph that is searched, from one word to another, ready for arithmetic.

    States are counted from its first one, junctions from its first word's.
    """

    def __init__(self, graph: _Graph, first_word: int, last_word: int) -> None:
        self.first_word = first_word
        self.first = graph.junction_starts[first_word]
        states = graph.states[self.first : graph.junction_starts[last_word] + JUNCTION_STATES]
        here = np.arange(len(states))
        self.rows = np.arange(last_word + 1 - first_word)
        self.sound = states["sound"].copy()
        self.stay = states["stay"].copy()
        self.step = states["step"].copy()
        self.step[0] = _NEVER
        self.before = np.maximum(here - 1, 0)
        self.drop = states["drop"].copy()
        self.dropped = np.maximum(here - states["drops"], 0)
        self.enter = states["enter"].copy()
        self.junction = np.maximum(states["enters"] - first_word, 0)
        self.at_hop = states["at_hop"].copy()
        self.timed = bool(np.isfinite(self.at_hop).any())
        into = graph.into[first_word : last_word + 1] - self.first
        self.into = np.maximum(into, 0)
        self.inside = np.where(into >= 0, 0, _NEVER).astype(np.float32)
        self.left_out = graph.left_out[first_word : last_word + 1]


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
                    0 if last else _NEVER,
                    _NEVER if begins else 0,
                    -DROPPED_COST if drops else _NEVER,
                    drops,
                    -cost if begins else _NEVER,
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
    """The visemes of a word; a single one for the ear where nobody knows how it is said."""
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
            units.append(_Unit(_ANYTHING, units[-1].shows, ANYTHING_HOPS, True))
    return units[::-1] or [_Unit(_EAR, ACOUSTIC, ANYTHING_HOPS, False)]


class _Step(NamedTuple):
    """How the search came to where it was at one hop; states from `first`, junctions likewise."""

    first: int
    choice: NDArray[np.uint8]
    first_junction: int
    origin: Ints
    """The state from which each junction was reached at this hop."""


_STAY, _STEP, _DROP, _ENTER = range(4)


class _Kept(NamedTuple):
    """The search as it was before a hop."""

    hop: int
    first_word: int
    last_word: int
    score: Floats
    junctions: Floats
    origin: Ints


class Aligner:
    """Finds a text in a sound that streams by; belongs to one thread.

    Hops before `forget` are settled and take no memory. What comes after may be answered
    differently each time that more is known.
    """

    def __init__(self) -> None:
        self._graph = _Graph()
        self._waiting: deque[Floats] = deque()
        """What was heard since `_begin`, as long as there are no words."""
        self._costs: deque[Floats] = deque()
        """Of the hops since `_begin`, once there are."""
        self._steps: deque[_Step] = deque()
        self._begin = 0
        self._kept: deque[_Kept] = deque()
        self._traced: Ints = np.zeros(0, np.int64)
        """The states of the best path when it was last asked for."""
        self._spent: Vector = np.zeros(0, np.float64)
        """What it spent on each hop."""
        self._past_shown: Ints = np.zeros(0, np.int64)
        self._past_spent: Vector = np.zeros(0, np.float64)
        """The same before `_begin`, as far as it tells how well the text fits now."""
        self._first_word = 0
        self._last_word = 0
        self._part = _Part(self._graph, 0, 0)
        self._score: Floats = np.zeros(0, np.float32)
        self._junctions: Floats = np.zeros(0, np.float32)
        self._origin: Ints = np.zeros(0, np.int64)
        self._restart()

    @property
    def hops(self) -> int:
        """How many hops were heard."""
        return self._begin + len(self._costs) + len(self._waiting)

    @property
    def words(self) -> int:
        """How many words were given."""
        return self._graph.words

    @property
    def begin(self) -> int:
        """The first hop that is not settled."""
        return self._begin

    def add(self, words: Sequence[Word]) -> None:
        """Give the words that follow; those hops that may hold them are looked at again."""
        if not words:
            return
        if self._waiting:
            self._costs.extend(_costs_of(np.stack(self._waiting)))
            self._waiting.clear()
        again = self._last_word_begins()
        self._graph.add(words)
        self._rewind(again)
        for costs in list(self._costs)[self._searched - self._begin :]:
            self._advance(costs)

    def push(self, log_probabilities: Floats) -> None:
        """Hear what follows.

        Args:
            log_probabilities: Of each of `VISEMES` in each hop, float32 [hops, 15].
        """
        if not self._graph.words:
            self._waiting.extend(log_probabilities)
            return
        for costs in _costs_of(log_probabilities):
            self._costs.append(costs)
            self._advance(costs)

    def forget(self, hop: int) -> None:
        """Settle what lies before `hop`: it need not be answered for any more."""
        hop = min(hop, self.hops) // KEPT_EVERY_HOPS * KEPT_EVERY_HOPS
        while self._begin < hop:
            (self._costs or self._waiting).popleft()
            if self._steps:
                self._steps.popleft()
            self._begin += 1
        settled = max(0, len(self._traced) - len(self._steps))
        shown = self._graph.states["shows"][self._traced[:settled]]
        self._past_shown = np.concatenate((self._past_shown, shown))[-JUDGED_HOPS:]
        self._past_spent = np.concatenate((self._past_spent, self._spent[:settled]))[-JUDGED_HOPS:]
        self._traced, self._spent = self._traced[settled:], self._spent[settled:]
        while self._kept and self._kept[0].hop < self._begin:
            self._kept.popleft()

    def shown(self) -> Ints:
        """What the text asks for in each hop from `begin` on: a viseme, or `ACOUSTIC`."""
        if not self._graph.words:
            return np.full(len(self._waiting), ACOUSTIC)
        self._trace()
        shown = self._graph.states["shows"][self._traced]
        borne_out = _borne_out(
            np.concatenate((self._past_shown, shown)),
            np.concatenate((self._past_spent, self._spent)),
        )
        return np.where(borne_out[len(self._past_shown) :], shown, ACOUSTIC)

    @property
    def _searched(self) -> int:
        """The hop that the search has got to."""
        return self._begin + len(self._steps)

    def _restart(self) -> None:
        """Begin to search at `_begin`, before the first word."""
        self._steps.clear()
        self._kept.clear()
        self._traced, self._spent = self._traced[:0], self._spent[:0]
        self._first_word = self._last_word = 0
        self._score = np.full(2, -np.inf, np.float32)
        self._junctions = np.zeros(1, np.float32)
        self._origin = np.full(1, -1)

    def _trace(self) -> None:
        """Follow the best path that ends now back to where it meets the last one traced."""
        if not self._steps:
            return
        state = self._graph.junction_starts[self._first_word] + int(self._score.argmax())
        tail: list[int] = []
        spent: list[float] = []
        index = len(self._steps)
        while index and not (index <= len(self._traced) and self._traced[index - 1] == state):
            index -= 1
            before, cost = self._back(index, state)
            tail.append(state)
            spent.append(cost + float(self._costs[index][self._graph.states["sound"][state]]))
            state = before
        self._traced = np.concatenate((self._traced[:index], np.array(tail[::-1], np.int64)))
        self._spent = np.concatenate((self._spent[:index], np.array(spent[::-1], np.float64)))

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

    def _last_word_begins(self) -> int:
        """The hop in which the best path enters the last word it has: it may not have been that."""
        self._trace()
        begin = max(0, len(self._traced) - LOOKED_AT_AGAIN_HOPS)
        starts = np.array(self._graph.junction_starts)
        states = self._traced[begin:]
        words = np.searchsorted(starts, states, side="right") - 1
        said = np.flatnonzero(states - starts[words] >= JUNCTION_STATES)
        if not len(said):
            return self._begin + begin
        before = np.flatnonzero(words[: said[-1]] != words[said[-1]])
        return self._begin + begin + (int(before[-1]) + 1 if len(before) else 0)

    def _rewind(self, hop: int) -> None:
        """Go back to a moment at or before `hop` whose state was kept."""
        while len(self._kept) > 1 and self._kept[-1].hop > hop:
            self._kept.pop()
        if not self._kept:
            self._restart()
            return
        kept = self._kept.pop()
        while self._searched > kept.hop:
            self._steps.pop()
        self._traced = self._traced[: len(self._steps)]
        self._spent = self._spent[: len(self._steps)]
        self._first_word, self._last_word = kept.first_word, kept.last_word
        self._score, self._junctions, self._origin = kept.score, kept.junctions, kept.origin

    def _advance(self, costs: Floats) -> None:
        """Search one hop further."""
        hop = self._searched
        if hop % KEPT_EVERY_HOPS == 0 or not self._kept:
            self._look_around()
            self._keep(hop)
        part = self._part
        entered = self._junctions[part.junction] + part.enter
        if part.timed:
            late_s = np.abs(part.at_hop - hop) / HOPS_PER_S - TIMED_S
            entered -= np.nan_to_num(np.clip(late_s * TIMING_COST_PER_S, 0, TIMING_WORST_COST))
        score = self._score + part.stay
        choice = np.full(len(score), _STAY, np.uint8)
        # `argmax` would let other threads in at every hop, and wait for its next turn each time.
        for way, reached in (
            (_STEP, self._score[part.before] + part.step),
            (_DROP, self._score[part.dropped] + part.drop),
            (_ENTER, entered),
        ):
            better = reached > score
            score = np.where(better, reached, score)
            choice = np.where(better, np.uint8(way), choice)
        self._score = score - costs[part.sound]
        self._meet(part)
        self._steps.append(_Step(part.first, choice, part.first_word, self._origin))

    def _meet(self, part: _Part) -> None:
        """What each junction is reached with, and from where; words between may be left out."""
        scores = self._score[part.into] + part.inside
        best = scores.argmax(axis=1)
        reached = scores[part.rows, best] + part.left_out
        furthest = np.maximum.accumulate(reached)
        source = np.maximum.accumulate(np.where(reached >= furthest, part.rows, 0))
        self._junctions = furthest - part.left_out
        self._origin = part.first + part.into[source, best[source]]

    def _look_around(self) -> None:
        """Move the part of the text that is searched along with the best path."""
        graph = self._graph
        best = graph.junction_starts[self._first_word] + (
            int(self._score.argmax()) if self._steps else 0
        )
        word = int(np.searchsorted(graph.junction_starts, best, side="right")) - 1
        first = max(self._first_word, word - WORDS_BEHIND)
        last = min(graph.words, max(self._last_word, word + WORDS_AHEAD))
        begin, end = graph.junction_starts[first], graph.junction_starts[last] + JUNCTION_STATES
        old = graph.junction_starts[self._first_word]
        score = np.full(end - begin, -np.inf, np.float32)
        kept = self._score[begin - old :]
        score[: len(kept)] = kept
        self._score = score
        count = last - first + 1
        junctions = np.full(count, -np.inf, np.float32)
        origin = np.full(count, -1)
        known = self._junctions[first - self._first_word :]
        junctions[: len(known)] = known
        origin[: len(known)] = self._origin[first - self._first_word :]
        # Words that have come into sight may be reached by leaving out those before.
        beyond = graph.left_out[first : last + 1]
        junctions[len(known) :] = known[-1] + beyond[len(known) - 1] - beyond[len(known) :]
        origin[len(known) :] = origin[len(known) - 1]
        self._first_word, self._last_word = first, last
        self._junctions, self._origin = junctions, origin
        self._part = _Part(graph, first, last)
        if self._steps:
            self._steps[-1] = self._steps[-1]._replace(first_junction=first, origin=origin)

    def _keep(self, hop: int) -> None:
        self._kept.append(
            _Kept(
                hop, self._first_word, self._last_word, self._score, self._junctions, self._origin
            )
        )


_FAVOUR = np.zeros(len(VISEMES), np.float32)
_FAVOUR[VISEME_INDEX["PP"]] = CLOSED_FAVOUR


def _costs_of(log_probabilities: Floats) -> Floats:
    """What each hop speaks against each viseme, against anything, and against the ear."""
    likely = log_probabilities + _FAVOUR
    best = likely.max(axis=1, keepdims=True)
    costs = np.minimum(best - likely, WORST_COST)
    hops = len(costs)
    rest = np.broadcast_to(np.array((ANYTHING_COST, EAR_COST), np.float32), (hops, 2))
    return np.concatenate((costs, rest), axis=1).astype(np.float32)


def _borne_out(shown: Ints, spent: Vector) -> NDArray[np.bool_]:
    """Where the sound bears the text out, judged by all that is said around each hop."""
    spoken = shown != SILENCE
    count = np.concatenate(([0], np.cumsum(spoken)))
    cost = np.concatenate(([0.0], np.cumsum(np.where(spoken, spent, 0.0))))
    hops = np.arange(len(shown))
    first = np.maximum(hops - JUDGED_HOPS, 0)
    last = np.minimum(hops + JUDGED_HOPS + 1, len(shown))
    heard = count[last] - count[first]
    return (heard >= JUDGED_FROM_HOPS) & (cost[last] - cost[first] <= TRUSTED_COST * heard)
