"""What the face shows while the agent listens, thinks and speaks.

Agent states, emotions, stressed vowels and nods add offsets to the parameters of the face. They
never open the mouth, and give way where articulation closes or rounds the lips.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import radians

import numpy as np
from numpy.typing import NDArray

from ..speech.visemes import VisemeEvent
from ..timeline import samples
from .easing import bump
from .emotions import Emotions
from .nods import Nods
from .offsets import Offset, OffsetTable, both
from .random_events import draws
from .situation import AGENT_STATES
from .state import ARKIT_BLENDSHAPES, INDEX, columns

OFFSETS = (
    *both("any", "mouthSmile", 0.13, 0.11, "A relaxed mouth reads as sullen; this reads as kind."),
    *both("any", "cheekSquint", 0.05, 0.05, "A smile that reaches the eyes (Duchenne)."),
    *both("any", "eyeSquint", 0.03, 0.03, "Wide open eyes stare."),
    Offset("listening", "browInnerUp", 0.07, "Brows a little up: go on, I hear you."),
    *both("listening", "browOuterUp", 0.05, 0.06, "As the inner brow."),
    Offset("listening", "headRoll", radians(1.5), "A tilted head shows attention."),
    Offset("listening", "headPitch", radians(-0.8), "Leaning in lowers the chin."),
    Offset("listening", "headZ", 0.006, "Listeners lean in."),
    Offset("thinking", "browInnerUp", 0.10, "Looking up takes the brows along."),
    Offset("thinking", "browOuterUpLeft", 0.12, "One brow up: considering."),
    Offset("thinking", "browDownRight", 0.06, "The other stays down: no surprise."),
    *both("thinking", "mouthPress", 0.12, 0.08, "Lips pressed: the turn is kept."),
    *both("thinking", "mouthSmile", -0.05, -0.05, "Effort takes some of the smile."),
    *both("thinking", "eyeSquint", 0.03, 0.03, "Effort narrows the eyes."),
    Offset("thinking", "headRoll", radians(-1.5), "Tilted the other way than when listening."),
    Offset("thinking", "headPitch", radians(1.2), "The head goes up with the look."),
    Offset("thinking", "headZ", -0.004, "People lean back to think."),
    *both("speaking", "mouthSmile", -0.04, -0.03, "The lips are needed for speech."),
    Offset("speaking", "browInnerUp", 0.03, "Speakers address: brows off their rest."),
)
"""What each agent state adds to "any", the warm face at rest. The sizes are chosen by eye: each is
visible beside the others and unnoticed alone."""

ACCENTS = (
    Offset("stress", "browInnerUp", 0.16, "Brows rise with pitch accents."),
    *both("stress", "browOuterUp", 0.14, 0.15, "As the inner brow."),
    Offset("stress", "headPitch", radians(-1.2), "The head beats time with a small nod."),
)
"""What a stressed vowel of full intensity adds at its height."""

STRESSABLE = frozenset({"aa", "E", "I", "O", "U"})
"""Stress falls on vowels."""

ACCENT_FROM, ACCENT_FULL = 0.55, 0.9
"""Intensity from which a vowel may carry an accent, and at which the accent is full."""

ACCENT_SHARE = 0.35
"""The share of stressed vowels that is accented: brows that rise on each look mechanical."""

ACCENT_RISE_SAMPLES = samples(0.16)
ACCENT_FALL_SAMPLES = samples(0.40)
ACCENT_SAMPLES = ACCENT_RISE_SAMPLES + ACCENT_FALL_SAMPLES
"""A brow rises faster than it falls. An accent begins with its vowel, not before, so that it does
not depend on visemes that may still be revised."""

GIVES_WAY_AT = {
    "mouthClose": 0.2,
    "mouthPressLeft": 0.25,
    "mouthPressRight": 0.25,
    "mouthRollLower": 0.5,
    "mouthRollUpper": 0.5,
    "mouthPucker": 0.7,
    "mouthFunnel": 0.7,
}
"""The axes that close, turn in and round the lips, and the weight of each at which expression
leaves the mouth to articulation: that of a full p, f, u and o."""

_ON_MOUTH = np.zeros(len(ARKIT_BLENDSHAPES))
_ON_MOUTH[columns("mouthClose", "mouthUpperUpRight")] = 1.0
_CLOSERS = [INDEX[name] for name in GIVES_WAY_AT]
_FULLY_CLOSED = np.array(list(GIVES_WAY_AT.values()))

_TABLE = OffsetTable(OFFSETS, AGENT_STATES)
_ACCENT = OffsetTable(ACCENTS, ("stress",)).at([1.0], [1.0])
_HEAD_PITCH = INDEX["headPitch"]

STRONGEST = 1.5
"""The greatest strength: a warm smile is then about half of what a mouth can show."""


class Expression:
    """The expression of one face; the same seed accents the same words.

    `strength`, in [0, `STRONGEST`], is a factor of emotions, nods and accents. At 0 only the agent
    states show, as a still, polite face.
    """

    def __init__(self, seed: int, strength: float = 1.0) -> None:
        if not 0.0 <= strength <= STRONGEST:
            raise ValueError(f"strength lies between 0 and {STRONGEST}, got {strength!r}")
        self._strength = strength
        self.emotions = Emotions()
        self.nods = Nods(seed)
        self._accented = draws("accent", seed, lambda chance: chance.random() < ACCENT_SHARE)

    def name(self, sample: int) -> str:
        """The emotion at `sample`."""
        return self.emotions.name(sample) if self._strength else "neutral"

    def at(
        self,
        features: Sequence[float],
        posture: Sequence[float],
        events: Sequence[VisemeEvent],
        sample: int,
    ) -> NDArray[np.float64]:
        """The offsets at `sample`, float64 [60], one per name in `PARAMETERS`.

        `features` and `posture` are the weights of the agent states there, from `agent_state.mix`;
        `events` are at least those in [`sample` - `ACCENT_SAMPLES`, `sample`].
        """
        content = self.emotions.at(sample) + _ACCENT * self.emphasis(events, sample)
        content[_HEAD_PITCH] += self.nods.pitch_rad(sample)
        return _TABLE.at(features, posture) + self._strength * content

    def emphasis(self, events: Sequence[VisemeEvent], sample: int) -> float:
        """How strong the accent at `sample` is, in [0, 1]."""
        accents = [
            _accent(event, sample - event.start)
            for event in events
            if event.viseme in STRESSABLE
            and event.intensity > ACCENT_FROM
            and 0 < sample - event.start < ACCENT_SAMPLES
            and self._accented(event.start)
        ]
        return max(accents, default=0.0)


def _accent(event: VisemeEvent, age: int) -> float:
    """The height of the accent on an accented vowel, `age` samples after its start."""
    stress = (event.intensity - ACCENT_FROM) / (ACCENT_FULL - ACCENT_FROM)
    return min(1.0, stress) * bump(age, ACCENT_RISE_SAMPLES, ACCENT_FALL_SAMPLES)


def blend(articulation: NDArray[np.float32], offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adds the blendshapes of `Expression.at` to those of `articulation.mouth_at`.

    All are [52], the result in [0, 1]. On the mouth's axes the offsets fade as the lips close.
    """
    closing = min(1.0, float((articulation[_CLOSERS] / _FULLY_CLOSED).max()))
    weights = articulation + (1.0 - closing * _ON_MOUTH) * offsets
    return weights.clip(0.0, 1.0)
