"""Turns visemes into mouth shapes that run into each other, as a mouth's do.

Every event has an influence of bounded length around it (its lead and decay). At each moment each
part of the mouth takes the mean of the shapes that reach it, weighted by how strongly each holds
that part; contacts of the lips are laid on top, so that they are reached. The mouth never jumps
from sample to sample, and cutting an event into equal ones changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

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

_AXES = tuple(MOUTH_AXES)
_JAW = _AXES.index("jaw")
_MOUTH_CLOSE = INDEX["mouthClose"]


def _by_axis(values: Mapping[str, float], default: float = 0.0) -> Vector:
    return np.array([values.get(axis, default) for axis in _AXES])


def _by_part(values: Mapping[str, float]) -> Vector:
    return _by_axis({axis: values.get(part, 1.0) for part in PARTS for axis in PARTS[part]})


_SHAPE = np.array([_by_axis(MOUTH_SHAPES[viseme].shape) for viseme in VISEMES])
_HOLDS = np.array([_by_part(MOUTH_SHAPES[viseme].holds) for viseme in VISEMES])
_LEAD = np.array([samples(MOUTH_SHAPES[viseme].lead_s) for viseme in VISEMES])
_REACH = _LEAD + np.array([samples(MOUTH_SHAPES[viseme].decay_s) for viseme in VISEMES])
_QUIET = _by_part(QUIET)

_BLENDSHAPE = np.array([INDEX[name] for names in MOUTH_AXES.values() for name in names])
_AXIS_OF_BLENDSHAPE = np.repeat(
    np.arange(len(_AXES)), [len(names) for names in MOUTH_AXES.values()]
)


def _risen(x: Vector) -> Vector:
    """0 before 0, 1 after 1, and between them the integral of a raised cosine: no corner."""
    x = np.minimum(np.maximum(x, 0.0), 1.0)
    return x - np.sin(2 * np.pi * x) / (2 * np.pi)


def _influence(edges: Vector, lead: Vector | int, reach: Vector | int) -> Vector:
    """The influence of events on a moment, in [0, 1]: how much of each lies within its window.

    Equal events laid end to end have the influence of one.

    Args:
        edges: float64 [2, N], starts and ends in samples, relative to the moment.
        lead: How far ahead of the moment the window reaches, in samples.
        reach: Length of the window, in samples.
    """
    started, ended = _risen((lead - edges) / reach)
    influence: Vector = started - ended
    return influence


class _ContactArrays:
    """A contact as arrays."""

    def __init__(self, viseme: str, contact: Contact) -> None:
        self.viseme = VISEME_INDEX[viseme]
        self.meet = contact.meet
        self.touched = np.array([axis in contact.shape for axis in _AXES], np.float64)
        self.shape = _by_axis(contact.shape)
        self._lead = samples(contact.lead_s)
        self._reach = self._lead + samples(contact.decay_s)
        half = samples(CONTACT_REACHED_S) / 2
        self._full = float(_influence(np.array([-half, half]), self._lead, self._reach))

    def strength(self, edges: Vector) -> float:
        """How much the lips touch, in [0, 1], for the events of this contact."""
        part = float(_influence(edges, self._lead, self._reach).sum()) / self._full
        part = min(part, 1.0)
        return part * part * (3 - 2 * part)


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
    visemes = np.array([VISEME_INDEX[event.viseme] for event in near])
    edges = np.array([[e.start for e in near], [e.end for e in near]], np.float64) - sample
    intensity = np.array([[event.intensity] for event in near])
    weight = _influence(edges, _LEAD[visemes], _REACH[visemes])[:, None] * _HOLDS[visemes]
    effort = _QUIET + (1 - _QUIET) * intensity
    mouth = (weight * effort * _SHAPE[visemes]).sum(axis=0) / weight.sum(axis=0)

    meet = 0.0
    for contact in _CONTACTS:
        spoken = visemes == contact.viseme
        if spoken.any():
            strength = contact.strength(edges[:, spoken])
            mouth += strength * contact.touched * (contact.shape - mouth)
            meet += strength * (contact.meet - meet)

    weights = np.zeros(len(ARKIT_BLENDSHAPES), np.float32)
    weights[_BLENDSHAPE] = mouth[_AXIS_OF_BLENDSHAPE]
    weights[_MOUTH_CLOSE] = meet * mouth[_JAW]
    return weights


def _within_reach(events: Sequence[VisemeEvent], sample: int) -> list[VisemeEvent]:
    """The events that reach the mouth at `sample`, checked to be complete."""
    first, last = sample - REACH_BEFORE_SAMPLES, sample + REACH_AFTER_SAMPLES
    near = [event for event in events if event.end > first and event.start < last]
    gap = any(event.end != after.start for event, after in pairwise(near))
    if gap or not near or near[0].start > first or near[-1].end < last:
        raise ValueError(
            f"the mouth at sample {sample} needs events without gaps from {first} to {last}, got "
            f"{near}; VisemeSchedule.placed hands them out, with `sil` where nothing is spoken"
        )
    return near
