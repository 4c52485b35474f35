"""A estimate: what a text makes one feel, and how much.

In flows nothing; out flow the words by which readers, markup and the conversation agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Side = Literal["heard", "spoken"]
"""Whether the agent hears it or says it. To be told "I was fired" and to say "you are useless" are
not felt alike by the two sides."""


@dataclass(frozen=True, slots=True)
class EmotionEstimate:
    """What a text makes one feel.

    Args:
        emotion: One of `face.emotions.EMOTIONS`.
        strength: How much, in [0, 1].
    """

    emotion: str
    strength: float


NEUTRAL = EmotionEstimate("neutral", 0.0)
"""Nothing that would show."""


class EmotionClassifier(Protocol):
    """Somebody who is asked what a text makes one feel, and takes a while."""

    async def read(self, text: str, side: Side) -> EmotionEstimate:
        """What `text` makes one feel who hears or says it; may raise whatever it likes."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
