"""Shifts picture against sound by known amounts, and joins clips to long recordings.

What the nets see and the recogniser hears does not depend on when it is shown: only times change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from ..heard import Heard
from ..scores import sync
from ..scores.score import Seen
from ..signals import Signals

Floats = NDArray[np.float64]

OFFSETS_MS = tuple(range(-200, 201, 20))
SIGN_FROM_MS = 40
DRIFT_MS_PER_MIN = 5.0

DRIFTS_MS_PER_MIN = 2.5
"""A drift is told from here on: half of the injected one."""

LONG_S = 300.0


def offset_errors_ms(seen: Seen) -> Floats:
    """What is measured less what was injected, for each of `OFFSETS_MS`; NaN where nothing is."""
    return np.array([_measured_ms(shifted(seen, ms / 1e3)) - ms for ms in OFFSETS_MS])


def _measured_ms(seen: Seen) -> float:
    found = sync.score(seen).figures["sync_median_ms"]
    return np.nan if found is None else float(found)


def drift_ms_per_min(seen: Seen, injected: float) -> float:
    """The drift that is measured where so much was injected."""
    start_s = float(seen.signals.times_s[0])
    late_s = (seen.signals.times_s - start_s) / 60 * injected / 1e3
    found = sync.score(_at(seen, seen.signals.times_s + late_s)).figures["sync_drift_ms_per_min"]
    return np.nan if found is None else float(found)


def shifted(seen: Seen, late_s: float) -> Seen:
    """The picture so much later than it was."""
    return _at(seen, seen.signals.times_s + late_s)


def _at(seen: Seen, times_s: Floats) -> Seen:
    recording = replace(seen.recording, times_s=times_s)
    return Seen(recording, replace(seen.signals, times_s=times_s), seen.heard)


def joined(clips: Sequence[Seen], chance: np.random.Generator, seconds: float = LONG_S) -> Seen:
    """Clips one after the other, in an order of chance, until they are so long."""
    heard, signals, begin_s = [], [], 0.0
    while begin_s < seconds:
        for at in chance.permutation(len(clips)).tolist():
            clip = clips[at]
            heard.append(_heard_at(clip.heard, begin_s - float(clip.signals.times_s[0])))
            times_s = clip.signals.times_s - clip.signals.times_s[0] + begin_s
            signals.append(replace(clip.signals, times_s=times_s))
            begin_s = float(times_s[-1]) + 0.1
    whole = Signals(
        *(
            np.concatenate([getattr(part, each.name) for part in signals])
            for each in fields(Signals)
        )
    )
    recording = replace(clips[0].recording, name="joined", times_s=whole.times_s)
    return Seen(recording, whole, _heard_joined(heard))


def _heard_at(heard: Heard, late_s: float) -> Heard:
    return replace(
        heard,
        times_s=heard.times_s + late_s,
        speech=tuple((a + late_s, b + late_s) for a, b in heard.speech),
        closures=tuple((a + late_s, b + late_s) for a, b in heard.closures),
    )


def _heard_joined(parts: Sequence[Heard]) -> Heard:
    """Parts in order; hops that overlap the part before are left out."""
    kept, last_s = [], -np.inf
    for part in parts:
        kept.append(part.times_s > last_s)
        last_s = float(part.times_s[-1])
    return Heard(
        np.concatenate([part.times_s[keep] for part, keep in zip(parts, kept, strict=True)]),
        np.concatenate([part.likely[keep] for part, keep in zip(parts, kept, strict=True)]),
        np.concatenate([part.opening[keep] for part, keep in zip(parts, kept, strict=True)]),
        np.concatenate([part.level_db[keep] for part, keep in zip(parts, kept, strict=True)]),
        tuple(span for part in parts for span in part.speech),
        tuple(span for part in parts for span in part.closures),
    )
