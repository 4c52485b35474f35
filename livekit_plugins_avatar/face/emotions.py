"""What emotions look like, and how each comes and goes.

Emotions begin at samples of the published timeline, each with a strength; the result is an offset
to every parameter of the face. An emotion starts from wherever the one before it had got to, so
nothing pops however closely they follow each other. No emotion opens the mouth, and none is anger:
an agent that is insulted keeps its countenance.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians

import numpy as np
from numpy.typing import NDArray

from ..timeline import Timeline, samples
from .agent_state import POSTURE_SAMPLES
from .easing import ease
from .offsets import Offset, offset_table
from .situation import recent
from .state import ARKIT_BLENDSHAPES


@dataclass(frozen=True, slots=True)
class Envelope:
    """How one emotion comes and goes.

    Args:
        emotion: Its name.
        onset_s: From its first sign to its height, 0.2 to 0.5 s.
        hold_s: How long it stays at its height.
        decay_s: How long it takes to fade.
        reason: Why these figures.
    """

    emotion: str
    onset_s: float
    hold_s: float
    decay_s: float
    reason: str


ENVELOPES = (
    Envelope("neutral", 0.50, 0.0, 0.5, "Back to rest as fast as the slowest emotion comes."),
    Envelope(
        "warm", 0.45, 1.2, 2.6,
        "Smiles of enjoyment last from half a second to four (Frank, Ekman and Friesen 1993), and "
        "come in about half a second; posed ones come faster (Schmidt et al. 2006).",
    ),
    Envelope(
        "concern", 0.50, 2.5, 4.0,
        "Sympathy outlasts the sentence that it answers; gone after a second, it looks insincere.",
    ),
    Envelope("interest", 0.35, 1.0, 1.6, "Brows go up with a question and are down by its answer."),
    Envelope(
        "hurt", 0.35, 1.3, 3.0,
        "Being taken aback is as quick as can be without a twitch; composure returns within five "
        "seconds.",
    ),
    Envelope("focus", 0.50, 2.0, 2.0, "Attention to detail lasts as long as the detail."),
)  # fmt: skip
"""All emotions. Expressions of emotion usually last half a second to four (Ekman 2003); onsets of
200-500 ms look natural, shorter ones like a twitch."""

EMOTIONS = tuple(envelope.emotion for envelope in ENVELOPES)
"""The names of the emotions."""


OFFSETS = (
    Offset("warm", "mouthSmileLeft", 0.27, "AU 12, the smile: seen at once, and short of a grin."),
    Offset("warm", "mouthSmileRight", 0.24, "No face is the same on both sides."),
    Offset("warm", "cheekSquintLeft", 0.20, "AU 6: without it a smile looks posed."),
    Offset("warm", "cheekSquintRight", 0.19, "As on the left."),
    Offset("warm", "eyeSquintLeft", 0.08, "Raised cheeks narrow the eyes."),
    Offset("warm", "eyeSquintRight", 0.08, "As on the left."),
    Offset("warm", "browOuterUpLeft", 0.05, "An open face: greetings lift the brows."),
    Offset("warm", "browOuterUpRight", 0.06, "As on the left."),
    Offset("warm", "headPitch", radians(0.8), "Joy lifts the head."),
    Offset("concern", "browInnerUp", 0.50, "AU 1, the brow of sympathy and grief."),
    Offset("concern", "browDownLeft", 0.10, "A little of AU 4 draws the brows together."),
    Offset("concern", "browDownRight", 0.09, "As on the left."),
    Offset("concern", "mouthPressLeft", 0.10, "AU 24: lips that hold back cheer."),
    Offset("concern", "mouthPressRight", 0.08, "As on the left."),
    Offset("concern", "mouthFrownLeft", 0.22, "AU 15: the corners sink a little."),
    Offset("concern", "mouthFrownRight", 0.23, "As on the left."),
    Offset("concern", "mouthSmileLeft", -0.15, "At bad news the resting smile goes."),
    Offset("concern", "mouthSmileRight", -0.13, "As on the left."),
    Offset("concern", "cheekSquintLeft", -0.05, "The smile leaves the eyes too."),
    Offset("concern", "cheekSquintRight", -0.05, "As on the left."),
    Offset("concern", "headRoll", radians(2.2), "A tilted head is gentle."),
    Offset("concern", "headPitch", radians(-1.0), "It sinks a little."),
    Offset("concern", "headZ", 0.006, "It comes nearer."),
    Offset("interest", "browInnerUp", 0.20, "AU 1 and 2 together: brows up, a question."),
    Offset("interest", "browOuterUpLeft", 0.26, "As the inner brow."),
    Offset("interest", "browOuterUpRight", 0.23, "As the inner brow."),
    Offset("interest", "headRoll", radians(-1.8), "A tilt, the other way than in concern."),
    Offset("interest", "headZ", 0.005, "Interest leans in."),
    Offset("hurt", "browInnerUp", 0.38, "Taken aback: the brows go up."),
    Offset("hurt", "browOuterUpLeft", 0.10, "They rise less outside than in the middle."),
    Offset("hurt", "browOuterUpRight", 0.09, "As on the left."),
    Offset("hurt", "browDownLeft", 0.06, "Little of AU 4: more would be anger."),
    Offset("hurt", "browDownRight", 0.06, "As on the left."),
    Offset("hurt", "mouthPressLeft", 0.14, "Lips pressed: a reply held back."),
    Offset("hurt", "mouthPressRight", 0.12, "As on the left."),
    Offset("hurt", "mouthFrownLeft", 0.14, "The corners sink: regret."),
    Offset("hurt", "mouthFrownRight", 0.15, "As on the left."),
    Offset("hurt", "mouthSmileLeft", -0.15, "A smile at an insult mocks it."),
    Offset("hurt", "mouthSmileRight", -0.13, "As on the left."),
    Offset("hurt", "cheekSquintLeft", -0.05, "The eyes do not smile either."),
    Offset("hurt", "cheekSquintRight", -0.05, "As on the left."),
    Offset("hurt", "headPitch", radians(-0.8), "The chin goes in."),
    Offset("hurt", "headZ", -0.010, "The head goes back."),
    Offset("focus", "browDownLeft", 0.10, "A little of AU 4: effort."),
    Offset("focus", "browDownRight", 0.10, "As on the left."),
    Offset("focus", "eyeSquintLeft", 0.08, "Looking closely narrows the eyes."),
    Offset("focus", "eyeSquintRight", 0.08, "As on the left."),
    Offset("focus", "mouthSmileLeft", -0.05, "Effort takes some of the smile."),
    Offset("focus", "mouthSmileRight", -0.04, "As on the left."),
    Offset("focus", "headZ", 0.004, "Nearer to what it studies."),
)
"""What each emotion of strength 1 adds to the face at rest. Smile and frown follow valence
(Cacioppo et al. 1986): only warmth has the smile; concern and hurt have the frown, and focus a
little of its brow, as effort does. The sizes are chosen by eye on the sketch persona: recognisable
beside the face at rest, and not remarked on in conversation."""

STRONGEST = 1.0
"""The greatest strength of an emotion."""

NAMED_FROM = 0.2
"""The weight from which `AvatarStatus` names an emotion."""

_KEPT = 32
"""How many emotions are kept: within the longest, this is four a second."""

_FEATURES, _POSTURE = np.hsplit(offset_table(OFFSETS, EMOTIONS), [len(ARKIT_BLENDSHAPES)])
_ONSETS = [samples(envelope.onset_s) for envelope in ENVELOPES]
_ENDS = [
    (samples(envelope.onset_s + envelope.hold_s), samples(envelope.decay_s))
    for envelope in ENVELOPES
]


class Emotions:
    """The emotions of one face over time; one thread sets, any thread reads."""

    def __init__(self) -> None:
        self._timeline: Timeline[tuple[int, float]] = Timeline((0, 0.0), limit=_KEPT)

    def set(self, sample: int, emotion: str, strength: float) -> None:
        """Let an emotion begin at `sample`; those set for later are dropped.

        Args:
            sample: On the published timeline.
            emotion: One of `EMOTIONS`.
            strength: In [0, 1].

        Raises:
            ValueError: An unknown emotion, or a strength out of range.
        """
        if emotion not in EMOTIONS:
            known = ", ".join(map(repr, EMOTIONS))
            raise ValueError(f"an emotion is one of {known}, got {emotion!r}")
        if not 0.0 <= strength <= STRONGEST:
            raise ValueError(f"strength lies between 0 and {STRONGEST}, got {strength!r}")
        self._timeline.set(sample, (EMOTIONS.index(emotion), strength))

    def at(self, sample: int) -> NDArray[np.float64]:
        """The offsets at `sample`, float64 [60], one per name in `PARAMETERS`."""
        features = self.mix(sample) @ _FEATURES
        # The head is heavier than skin.
        return np.concatenate([features, self.mix(sample, POSTURE_SAMPLES) @ _POSTURE])

    def name(self, sample: int) -> str:
        """The strongest emotion at `sample`; "neutral" where none is strong."""
        weights = self.mix(sample)
        most = int(weights.argmax())
        return EMOTIONS[most] if weights[most] >= NAMED_FROM else "neutral"

    def mix(self, sample: int, onset: int = 0) -> NDArray[np.float64]:
        """How much of each emotion is in the face at `sample`.

        Args:
            sample: On the published timeline.
            onset: Samples from an emotion's first sign to its height; 0 for its own.

        Returns:
            float64 [6], one per name in `EMOTIONS`, in [0, 1].
        """
        weights = np.zeros(len(EMOTIONS))
        for since, (emotion, strength) in recent(self._timeline, sample):
            arrived = ease((sample - since) / (onset or _ONSETS[emotion]))
            end, decay = _ENDS[emotion]
            weights *= 1.0 - arrived
            weights[emotion] += arrived * strength * (1.0 - ease((sample - since - end) / decay))
        return weights
