"""Emotions: what the face shows of what is said and heard.

In flow emotions, each at a sample of the published audio and of some strength; out flow offsets to
every parameter of the face. A table says how fast each comes and goes, another what it looks like.
A emotion that follows another starts from wherever that one had got to, so nothing pops however
fast they follow. What is felt at a moment depends on the moment and what is known by then, and on
nothing else. No emotion opens the mouth, and none is anger: an agent that is insulted keeps its
countenance.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians

import numpy as np
from numpy.typing import NDArray

from ..timeline import Timeline, samples
from .agent_state import POSTURE_SAMPLES
from .easing import ease
from .state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS


@dataclass(frozen=True, slots=True)
class Course:
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


COURSES = (
    Course("neutral", 0.50, 0.0, 0.5, "Back to rest as fast as the slowest emotion comes."),
    Course(
        "warm", 0.45, 1.2, 2.6,
        "Smiles of enjoyment last from half a second to four (Frank, Ekman and Friesen 1993), and "
        "come in about half a second; posed ones come faster (Schmidt et al. 2006).",
    ),
    Course(
        "concern", 0.50, 2.5, 4.0,
        "Sympathy that is gone after a second was none: it outlasts the sentence it answers.",
    ),
    Course("interest", 0.35, 1.0, 1.6, "Brows go up with a question and are down by its answer."),
    Course(
        "hurt", 0.35, 1.3, 3.0,
        "To be taken aback is quick, about the fastest that is no twitch, and composure is back "
        "within five seconds.",
    ),
    Course("focus", 0.50, 2.0, 2.0, "Attention to detail lasts as long as the detail."),
)  # fmt: skip
"""Every emotion there is. Expressions of emotion last from half a second to four as a rule (Ekman
2003); onsets of 200-500 ms look natural, shorter ones like a twitch."""

EMOTIONS = tuple(course.emotion for course in COURSES)
"""The names of the emotions."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one emotion of strength 1 adds to one parameter.

    Args:
        emotion: One of `EMOTIONS`.
        parameter: One of `PARAMETERS`.
        value: A weight, radians or metres, as FaceState has it.
        reason: Why it is there. AU is an action unit of FACS (Ekman and Friesen 1978).
    """

    emotion: str
    parameter: str
    value: float
    reason: str


PARTS = (
    Part("warm", "mouthSmileLeft", 0.27, "AU 12, the smile: seen at once, and short of a grin."),
    Part("warm", "mouthSmileRight", 0.24, "No face is the same on both sides."),
    Part("warm", "cheekSquintLeft", 0.20, "AU 6: without it a smile is for the photographer."),
    Part("warm", "cheekSquintRight", 0.19, "As on the left."),
    Part("warm", "eyeSquintLeft", 0.08, "Raised cheeks narrow the eyes."),
    Part("warm", "eyeSquintRight", 0.08, "As on the left."),
    Part("warm", "browOuterUpLeft", 0.05, "An open face: greetings lift the brows."),
    Part("warm", "browOuterUpRight", 0.06, "As on the left."),
    Part("warm", "headPitch", radians(0.8), "Joy lifts the head."),
    Part("concern", "browInnerUp", 0.50, "AU 1, the brow of sympathy and grief."),
    Part("concern", "browDownLeft", 0.10, "A little of AU 4 draws the brows together."),
    Part("concern", "browDownRight", 0.09, "As on the left."),
    Part("concern", "mouthPressLeft", 0.10, "AU 24: lips that hold back cheer."),
    Part("concern", "mouthPressRight", 0.08, "As on the left."),
    Part("concern", "mouthFrownLeft", 0.22, "AU 15: the corners sink a little."),
    Part("concern", "mouthFrownRight", 0.23, "As on the left."),
    Part("concern", "mouthSmileLeft", -0.15, "Nobody smiles at bad news: the resting smile goes."),
    Part("concern", "mouthSmileRight", -0.13, "As on the left."),
    Part("concern", "cheekSquintLeft", -0.05, "It goes from the eyes too."),
    Part("concern", "cheekSquintRight", -0.05, "As on the left."),
    Part("concern", "headRoll", radians(2.2), "A tilted head is gentle."),
    Part("concern", "headPitch", radians(-1.0), "It sinks a little."),
    Part("concern", "headZ", 0.006, "And comes nearer."),
    Part("interest", "browInnerUp", 0.20, "AU 1 and 2 together: brows up, a question."),
    Part("interest", "browOuterUpLeft", 0.26, "As the inner brow."),
    Part("interest", "browOuterUpRight", 0.23, "As the inner brow."),
    Part("interest", "headRoll", radians(-1.8), "A tilt, the other way than in concern."),
    Part("interest", "headZ", 0.005, "Interest leans in."),
    Part("hurt", "browInnerUp", 0.38, "Taken aback: the brows go up,"),
    Part("hurt", "browOuterUpLeft", 0.10, "more in the middle than outside."),
    Part("hurt", "browOuterUpRight", 0.09, "As on the left."),
    Part("hurt", "browDownLeft", 0.06, "Little of AU 4: more would be anger."),
    Part("hurt", "browDownRight", 0.06, "As on the left."),
    Part("hurt", "mouthPressLeft", 0.14, "Lips pressed: it is swallowed."),
    Part("hurt", "mouthPressRight", 0.12, "As on the left."),
    Part("hurt", "mouthFrownLeft", 0.14, "The corners sink: regret."),
    Part("hurt", "mouthFrownRight", 0.15, "As on the left."),
    Part("hurt", "mouthSmileLeft", -0.15, "A smile at an insult mocks it."),
    Part("hurt", "mouthSmileRight", -0.13, "As on the left."),
    Part("hurt", "cheekSquintLeft", -0.05, "The eyes do not smile either."),
    Part("hurt", "cheekSquintRight", -0.05, "As on the left."),
    Part("hurt", "headPitch", radians(-0.8), "The chin goes in,"),
    Part("hurt", "headZ", -0.010, "and the head back."),
    Part("focus", "browDownLeft", 0.10, "A little of AU 4: effort."),
    Part("focus", "browDownRight", 0.10, "As on the left."),
    Part("focus", "eyeSquintLeft", 0.08, "Looking closely narrows the eyes."),
    Part("focus", "eyeSquintRight", 0.08, "As on the left."),
    Part("focus", "mouthSmileLeft", -0.05, "Effort takes some of the smile."),
    Part("focus", "mouthSmileRight", -0.04, "As on the left."),
    Part("focus", "headZ", 0.004, "Nearer to what it looks at."),
)
"""What each emotion looks like on top of the face at rest. Smile and frown are the two muscles
whose sign follows valence (Cacioppo et al. 1986): only warmth has the first; concern and hurt have
the second, and focus a little of its brow, as effort does. The sizes are chosen by eye on the
sketch persona: readable beside the face at rest by somebody who was not told, and not remarked on
by somebody who only talks."""

STRONGEST = 1.0
"""The most of a emotion that is shown, before the face's own strength."""

NAMED_FROM = 0.2
"""How much of a emotion there must be for the face to be called by its name."""

_KEPT = 32
"""How many emotions are kept: more in the life of the longest would be four a second."""


def _table() -> NDArray[np.float64]:
    table = np.zeros((len(EMOTIONS), len(PARAMETERS)))
    for row in PARTS:
        table[EMOTIONS.index(row.emotion), INDEX[row.parameter]] += row.value
    return table


_FEATURES, _POSTURE = np.hsplit(_table(), [len(ARKIT_BLENDSHAPES)])
_ONSETS = [samples(course.onset_s) for course in COURSES]
_ENDS = [(samples(course.onset_s + course.hold_s), samples(course.decay_s)) for course in COURSES]


class Emotions:
    """What one face feels over time; one thread sets, any thread reads."""

    def __init__(self) -> None:
        self._felt: Timeline[tuple[int, float]] = Timeline((0, 0.0), limit=_KEPT)

    def set(self, sample: int, emotion: str, strength: float) -> None:
        """Let a emotion begin at `sample`; what was known of later ones is dropped.

        Args:
            sample: When, on the published timeline.
            emotion: One of `EMOTIONS`.
            strength: How much of it, in [0, 1].

        Raises:
            ValueError: A emotion that there is not, or a strength out of range.
        """
        if emotion not in EMOTIONS:
            known = ", ".join(map(repr, EMOTIONS))
            raise ValueError(f"a emotion is one of {known}, got {emotion!r}")
        if not 0.0 <= strength <= STRONGEST:
            raise ValueError(f"strength lies between 0 and {STRONGEST}, got {strength!r}")
        self._felt.set(sample, (EMOTIONS.index(emotion), strength))

    def at(self, sample: int) -> NDArray[np.float64]:
        """The offsets at `sample`, float64 [60], one per name in `PARAMETERS`."""
        features = self.mix(sample) @ _FEATURES
        # Weight moves slower than skin.
        return np.concatenate([features, self.mix(sample, POSTURE_SAMPLES) @ _POSTURE])

    def name(self, sample: int) -> str:
        """What is felt most at `sample`; "neutral" where there is little of anything."""
        weights = self.mix(sample)
        most = int(weights.argmax())
        return EMOTIONS[most] if weights[most] >= NAMED_FROM else "neutral"

    def mix(self, sample: int, onset: int = 0) -> NDArray[np.float64]:
        """How much of each emotion is in the face at `sample`.

        Args:
            sample: When, on the published timeline.
            onset: Samples from a emotion's first sign to its height; 0 for its own.

        Returns:
            float64 [6], one per name in `EMOTIONS`, in [0, 1].
        """
        weights = np.zeros(len(EMOTIONS))
        for since, (emotion, strength) in self._felt:
            if since > sample:
                break
            arrived = ease((sample - since) / (onset or _ONSETS[emotion]))
            end, decay = _ENDS[emotion]
            weights *= 1.0 - arrived
            weights[emotion] += arrived * strength * (1.0 - ease((sample - since - end) / decay))
        return weights
