"""Turns visemes into mouth shapes that run into each other, as a mouth's do.

Every event has an influence of bounded length around it (its lead and decay). At each moment each
part of the mouth takes the mean of the shapes that reach it, weighted by how strongly each holds
that part; contacts of the lips are laid on top, so that they are reached. The mouth never jumps
from sample to sample, and cutting an event into equal ones changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import pi, sin

import numpy as np
from numpy.typing import NDArray

from ..speech.visemes import VISEME_INDEX, VISEMES, VisemeEvent
from ..timeline import samples
from .mouth_shapes import (
    CONTACT_REACHED_S,
    CONTACTS,
    MOUTH_AXES,
    MOUTH_SHAPES,
    PARTS,
    QUIET,
    Contact,
    MouthShape,
)
from .state import ARKIT_BLENDSHAPES, INDEX

Vector = NDArray[np.float64]

_ROWS: tuple[MouthShape | Contact, ...] = (*MOUTH_SHAPES.values(), *CONTACTS.values())

REACH_BEFORE_SAMPLES = samples(max(row.decay_s for row in _ROWS))
"""How long before a sample an event may end and still shape the mouth."""

REACH_AFTER_SAMPLES = samples(max(row.lead_s for row in _ROWS))
"""How long after a sample an event may start and already shape the mouth."""

_JAW_OPEN, _MOUTH_CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


def _by_axis(values: Mapping[str, float], default: float = 0.0) -> Vector:
    """The value of each axis at all its blendshapes: float64 [len(ARKIT_BLENDSHAPES)]."""
    weights = np.full(len(ARKIT_BLENDSHAPES), default)
    for axis, value in values.items():
        weights[[INDEX[name] for name in MOUTH_AXES[axis]]] = value
    return weights


def _by_part(values: Mapping[str, float]) -> Vector:
    """As `_by_axis`; 1 where there is no value."""
    return _by_axis({axis: values[part] for part in values for axis in PARTS[part]}, 1.0)


def _risen(x: float) -> float:
    """0 before 0, 1 after 1, and between them the integral of a raised cosine: no corner."""
    if x <= 0.0:
        return 0.0
    return x - sin(2 * pi * x) / (2 * pi) if x < 1.0 else 1.0


class _Window:
    """The time around a moment in which events of one kind have an influence on it."""

    def __init__(self, row: MouthShape | Contact) -> None:
        self._lead = samples(row.lead_s)
        self._length = self._lead + samples(row.decay_s)

    def influence(self, start: int, end: int) -> float:
        """How much of an event lies within the window, in [0, 1].

        Equal events laid end to end have the influence of one. `start` and `end` are in samples,
        relative to the moment.
        """
        lead, length = self._lead, self._length
        return _risen((lead - start) / length) - _risen((lead - end) / length)


class _ContactArrays:
    """A contact as arrays."""

    def __init__(self, viseme: str, contact: Contact) -> None:
        self.viseme = viseme
        self.meet = contact.meet
        self.touched = _by_axis(dict.fromkeys(contact.shape, 1.0))
        self.shape = _by_axis(contact.shape)
        self._window = _Window(contact)
        half = samples(CONTACT_REACHED_S) // 2
        self._full = self._window.influence(-half, half)

    def strength(self, events: Iterable[VisemeEvent], sample: int) -> float:
        """How much the lips touch at `sample`, in [0, 1], for the events of this contact."""
        influences = (
            self._window.influence(event.start - sample, event.end - sample) for event in events
        )
        part = min(1.0, sum(influences) / self._full)
        return part * part * (3 - 2 * part)


_WINDOWS = {viseme: _Window(MOUTH_SHAPES[viseme]) for viseme in VISEMES}
_HOLDS = np.array([_by_part(MOUTH_SHAPES[viseme].holds) for viseme in VISEMES])
_SHAPE = _HOLDS * [_by_axis(MOUTH_SHAPES[viseme].shape) for viseme in VISEMES]
_QUIET = _by_part(QUIET)
_PULL = np.concatenate([_QUIET * _SHAPE, (1 - _QUIET) * _SHAPE])
"""Shapes times holds: the part of each viseme that is left in a whisper, then what effort adds."""

_CONTACTS = tuple(_ContactArrays(viseme, contact) for viseme, contact in CONTACTS.items())


def mouth_at(events: Sequence[VisemeEvent], sample: int) -> NDArray[np.float32]:
    """The mouth at one sample of the published timeline.

    Args:
        events: In order and without gaps, at least from `sample - REACH_BEFORE_SAMPLES` to
            `sample + REACH_AFTER_SAMPLES`; others have no influence.
        sample: The moment.

    Returns:
        Weights in [0, 1], float32 [len(ARKIT_BLENDSHAPES)]; all 0 in silence.

    Raises:
        ValueError: The events leave a gap or do not cover the range.
    """
    near = _within_reach(events, sample)
    spoken = {event.viseme for event in near}
    if spoken == {"sil"}:
        return np.zeros(len(ARKIT_BLENDSHAPES), np.float32)
    influence, effort = [0.0] * len(VISEMES), [0.0] * len(VISEMES)
    for event in near:
        part = _WINDOWS[event.viseme].influence(event.start - sample, event.end - sample)
        influence[VISEME_INDEX[event.viseme]] += part
        effort[VISEME_INDEX[event.viseme]] += part * event.intensity
    mouth: Vector = (np.array(influence + effort) @ _PULL) / (np.array(influence) @ _HOLDS)

    meet = 0.0
    for contact in _CONTACTS:
        if contact.viseme in spoken:
            strength = contact.strength(
                [event for event in near if event.viseme == contact.viseme], sample
            )
            mouth += strength * contact.touched * (contact.shape - mouth)
            meet += strength * (contact.meet - meet)
    mouth[_MOUTH_CLOSE] = meet * mouth[_JAW_OPEN]
    return mouth.astype(np.float32)


def _within_reach(events: Sequence[VisemeEvent], sample: int) -> list[VisemeEvent]:
    """The events that reach the mouth at `sample`, checked to be complete."""
    first, last = sample - REACH_BEFORE_SAMPLES, sample + REACH_AFTER_SAMPLES
    near = [event for event in events if event.end > first and event.start < last]
    starts, ends = [event.start for event in near], [event.end for event in near]
    if not near or starts[0] > first or ends[-1] < last or starts[1:] != ends[:-1]:
        raise ValueError(
            f"the mouth at sample {sample} needs events without gaps from {first} to {last}, got "
            f"{near}; VisemeSchedule.placed hands them out, with `sil` where nothing is spoken"
        )
    return near
