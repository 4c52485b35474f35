"""A renderer that stalls and dies by a script, around one that does neither.

The script runs in media time, that of the frames: a faster or slower machine meets the same faults
at the same words.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from ....render.renderer import Frames, Moment, Renderer
from ....timeline import seconds
from ..around import Around
from .script import Fault, only


class RendererFaults:
    """The renderer's faults of a script; asked in media time, once for each picture.

    Args:
        script: Its stalls and deaths count, the rest is left out.
    """

    def __init__(self, script: Iterable[Fault] = ()) -> None:
        script = tuple(script)
        self._stalls = list(only(script, "stall"))
        self._deaths = only(script, "death")

    def stall_s(self, media_s: float) -> float:
        """How much longer the picture for `media_s` takes; a stall comes once.

        Of those that came due together, because nothing was drawn meanwhile, the longest counts.
        """
        due = 0
        while due < len(self._stalls) and self._stalls[due].at_s <= media_s:
            due += 1
        stalls, self._stalls = self._stalls[:due], self._stalls[due:]
        return max((stall.length_s for stall in stalls), default=0.0)

    def dead(self, media_s: float) -> bool:
        """Whether the picture for `media_s` cannot be drawn."""
        return any(death.at_s <= media_s < death.at_s + death.length_s for death in self._deaths)


class RendererDied(RuntimeError):
    """Raised because the script says so."""


class FaultyRenderer(Around):
    """A `Renderer` that fails by a script.

    Args:
        renderer: What draws, when anything does.
        script: Its stalls and deaths happen here.
        pause: How a stall passes its time; a test may pass it on a clock of its own.

    Attributes:
        origin: The published sample at which the script begins.
        stalls: How many pictures took longer.
        deaths: How many times drawing raised.
    """

    def __init__(
        self,
        renderer: Renderer,
        script: Iterable[Fault],
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(renderer)
        self.origin = 0
        self.stalls = 0
        self.deaths = 0
        self._faults = RendererFaults(script)
        self._pause = pause

    def render(self, moments: Sequence[Moment]) -> Frames:
        for moment in moments:
            self._suffer(seconds(moment.start - self.origin))
        return super().render(moments)

    def _suffer(self, media_s: float) -> None:
        stall_s = self._faults.stall_s(media_s)
        if stall_s:
            self.stalls += 1
            self._pause(stall_s)
        if self._faults.dead(media_s):
            self.deaths += 1
            raise RendererDied(f"the renderer is dead at {media_s:.2f} s")
