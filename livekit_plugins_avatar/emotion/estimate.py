"""Defines emotion estimates, and the protocol of the classifiers that make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..face.emotions import EMOTIONS

Side = Literal["heard", "spoken"]
"""Whether the agent hears a text or says it: "you are useless" moves the two sides differently."""


@dataclass(frozen=True, slots=True)
class EmotionEstimate:
    """The emotion of a text, as a face would show it.

    Args:
        emotion: One of `face.emotions.EMOTIONS`.
        strength: How much of it, in [0, 1].

    Raises:
        ValueError: The emotion is unknown, or the strength is out of range.
    """

    emotion: str
    strength: float

    def __post_init__(self) -> None:
        if self.emotion not in EMOTIONS:
            raise ValueError(f"an emotion is one of {', '.join(EMOTIONS)}, got {self.emotion!r}")
        if not 0.0 <= self.strength <= 1.0:
            raise ValueError(f"strength lies between 0 and 1, got {self.strength!r}")


NEUTRAL = EmotionEstimate("neutral", 0.0)
"""The estimate of a text that calls for no expression."""


class EmotionClassifier(Protocol):
    """Classifies the emotion of a text; may be slow."""

    async def classify(self, text: str, side: Side) -> EmotionEstimate:
        """Estimate the emotion of `text` for the agent that hears or says it; may raise."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
