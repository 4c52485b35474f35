"""stub"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of speech that is published without a gap.

    Args:
        published: Its first sample on the published timeline.
        speech: Its first sample on the speech timeline.
        length: Number of samples.
    """

    published: int
    speech: int
    length: int
