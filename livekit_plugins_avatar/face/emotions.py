"""What emotions look like, and how each comes and goes.

An emotion starts from wherever the one before it had got to, so nothing pops. None opens the mouth,
and none is anger: an agent that is insulted keeps its countenance.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import radians
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..timeline import Timeline, samples
from .agent_state import POSTURE_SAMPLES
from .easing import ease
from .offsets import Offset, OffsetTable, both
from .situation import recent


class Envelope(NamedTuple):
    """How long an emotion takes from its first sign to its height, stays there, and fades."""

    emotion: str
    onset_s: float
    hold_s: float
    decay_s: float
    reason: str


ENVELOPES = (
    Envelope("neutral", 0.50, 0.0, 0.5, "Back to rest as fast as the slowest emotion comes."),
    Envelope("warm", 0.45, 1.2, 2.6, "Posed smiles come faster (Schmidt et al. 2006)."),
    Envelope("concern", 0.50, 2.5, 4.0, "Gone after a second, sympathy looks insincere."),
    Envelope("interest", 0.35, 1.0, 1.6, "Brows go up with a question and are down by its answer."),
    Envelope("hurt", 0.35, 1.3, 3.0, "As quick as can be without a twitch; composure returns."),
    Envelope("focus", 0.50, 2.0, 2.0, "Attention to detail lasts as long as the detail."),
)
"""All emotions. Expressions of emotion last half a second to four (Frank, Ekman and Friesen 1993;
Ekman 2003); onsets of 200-500 ms look natural, shorter ones like a twitch."""

EMOTIONS = tuple(envelope.emotion for envelope in ENVELOPES)
"""The names of the emotions."""

OFFSETS = (
    *both("warm", "mouthSmile", 0.27, 0.24, "AU 12, the smile: seen at once, and short of a grin."),
    *both("warm", "cheekSquint", 0.20, 0.19, "AU 6: without it a smile looks posed."),
    *both("warm", "eyeSquint", 0.08, 0.08, "Raised cheeks narrow the eyes."),
    *both("warm", "browOuterUp", 0.05, 0.06, "An open face: greetings lift the brows."),
    Offset("warm", "headPitch", radians(0.8), "Joy lifts the head."),
    Offset("concern", "browInnerUp", 0.50, "AU 1, the brow of sympathy and grief."),
    *both("concern", "browDown", 0.10, 0.09, "A little of AU 4 draws the brows together."),
    *both("concern", "mouthPress", 0.10, 0.08, "AU 24: lips that hold back cheer."),
    *both("concern", "mouthFrown", 0.22, 0.23, "AU 15: the corners sink a little."),
    *both("concern", "mouthSmile", -0.15, -0.13, "At bad news the resting smile goes."),
    *both("concern", "cheekSquint", -0.05, -0.05, "The smile leaves the eyes too."),
    Offset("concern", "headRoll", radians(2.2), "A tilted head is gentle."),
    Offset("concern", "headPitch", radians(-1.0), "It sinks a little."),
    Offset("concern", "headZ", 0.006, "It comes nearer."),
    Offset("interest", "browInnerUp", 0.20, "AU 1 and 2 together: brows up, a question."),
    *both("interest", "browOuterUp", 0.26, 0.23, "As the inner brow."),
    Offset("interest", "headRoll", radians(-1.8), "A tilt, the other way than in concern."),
    Offset("interest", "headZ", 0.005, "Interest leans in."),
    Offset("hurt", "browInnerUp", 0.38, "Taken aback: the brows go up."),
    *both("hurt", "browOuterUp", 0.10, 0.09, "They rise less outside than in the middle."),
    *both("hurt", "browDown", 0.06, 0.06, "Little of AU 4: more would be anger."),
    *both("hurt", "mouthPress", 0.14, 0.12, "Lips pressed: a reply held back."),
    *both("hurt", "mouthFrown", 0.14, 0.15, "The corners sink: regret."),
    *both("hurt", "mouthSmile", -0.15, -0.13, "A smile at an insult mocks it."),
    *both("hurt", "cheekSquint", -0.05, -0.05, "The eyes do not smile either."),
    Offset("hurt", "headPitch", radians(-0.8), "The chin goes in."),
    Offset("hurt", "headZ", -0.010, "The head goes back."),
    *both("focus", "browDown", 0.10, 0.10, "A little of AU 4: effort."),
    *both("focus", "eyeSquint", 0.08, 0.08, "Looking closely narrows the eyes."),
    *both("focus", "mouthSmile", -0.05, -0.04, "Effort takes some of the smile."),
    Offset("focus", "headZ", 0.004, "Nearer to what it studies."),
)
"""What each emotion of strength 1 adds to the face at rest. Smile and frown follow valence
(Cacioppo et al. 1986); the sizes, chosen by eye, are seen and not remarked on in conversation."""

NAMED_FROM = 0.2
"""The weight from which `AvatarStatus` names an emotion."""

_KEPT = 32
"""How many emotions are kept: within the longest, this is four a second."""

_TABLE = OffsetTable(OFFSETS, EMOTIONS)
_ONSETS = [samples(each.onset_s) for each in ENVELOPES]
_ENDS = [(samples(each.onset_s + each.hold_s), samples(each.decay_s)) for each in ENVELOPES]

_Change = tuple[int, tuple[int, float]]
"""Since which sample which of `EMOTIONS` has been set, and how strong."""


class Emotions:
    """The emotions of one face over time; one thread sets, any thread reads."""

    def __init__(self) -> None:
        self._timeline: Timeline[tuple[int, float]] = Timeline((0, 0.0), limit=_KEPT)

    def set(self, sample: int, emotion: str, strength: float) -> None:
        """Let an emotion begin at `sample`, as `Face.express`."""
        if emotion not in EMOTIONS:
            known = ", ".join(map(repr, EMOTIONS))
            raise ValueError(f"an emotion is one of {known}, got {emotion!r}")
        if not 0.0 <= strength <= 1.0:
            raise ValueError(f"strength lies between 0 and 1.0, got {strength!r}")
        self._timeline.set(sample, (EMOTIONS.index(emotion), strength))

    def at(self, sample: int) -> NDArray[np.float64]:
        """The offsets at `sample`, float64 [60], one per name in `PARAMETERS`."""
        changes = recent(self._timeline, sample)
        # The head is heavier than skin.
        return _TABLE.at(_mix(changes, sample), _mix(changes, sample, POSTURE_SAMPLES))

    def name(self, sample: int) -> str:
        """The strongest emotion at `sample`; "neutral" where none is strong."""
        weights = _mix(recent(self._timeline, sample), sample)
        most = weights.index(max(weights))
        return EMOTIONS[most] if weights[most] >= NAMED_FROM else "neutral"


def _mix(changes: Sequence[_Change], sample: int, onset: int = 0) -> list[float]:
    """How much of each of `EMOTIONS` is in the face: six weights in [0, 1].

    `changes` are the recent ones. `onset`, if not 0, replaces the time that each takes to its
    height, in samples.
    """
    weights = [0.0] * len(EMOTIONS)
    for since, (emotion, strength) in changes:
        arrived = ease((sample - since) / (onset or _ONSETS[emotion]))
        end, decay = _ENDS[emotion]
        weights = [weight * (1.0 - arrived) for weight in weights]
        weights[emotion] += arrived * strength * (1.0 - ease((sample - since - end) / decay))
    return weights
