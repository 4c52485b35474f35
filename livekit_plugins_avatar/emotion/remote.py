"""A second opinion: a service that is asked what a text makes one feel, and may be late.

In flow texts; out flow estimates, to whoever asked, or nothing. The lexicon has answered by then,
so that nothing waits for this: a question takes a place among a few in flight or is not asked at
all, an answer that takes too long is dropped, and a failure is said once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..log import logger
from .estimate import EmotionClassifier, EmotionEstimate, Side

TIMEOUT_S = 2.0
"""Beyond this nobody would know what an answer in the face is to."""

IN_FLIGHT = 4
"""Questions at a time. Full: what comes is not asked. More would mean a service too slow to use."""

LEAST_WORDS = 2
"""One word says nothing that the lexicon does not know."""


class RemoteClassifier:
    """Asks a classifier, off the way of everything else; belongs to one event loop.

    Args:
        classifier: Who is asked; closed with this.
        timeout_s: How long an answer may take.
    """

    def __init__(self, classifier: EmotionClassifier, *, timeout_s: float = TIMEOUT_S) -> None:
        self._classifier = classifier
        self._timeout_s = timeout_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._said = False

    def ask(self, text: str, side: Side, then: Callable[[EmotionEstimate], None]) -> None:
        """Ask what `text` makes one feel; `then` is called with the answer, if one comes in time.

        Never raises, never waits.
        """
        if len(self._tasks) >= IN_FLIGHT or len(text.split()) < LEAST_WORDS:
            return
        task = asyncio.get_running_loop().create_task(self._ask(text, side, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, text: str, side: Side, then: Callable[[EmotionEstimate], None]) -> None:
        try:
            then(await asyncio.wait_for(self._classifier.read(text, side), self._timeout_s))
            self._said = False
        except asyncio.TimeoutError:
            self._say(f"did not answer within {self._timeout_s:g} s")
        except Exception as error:
            self._say(f"failed: {type(error).__name__}: {error}")

    def _say(self, what: str) -> None:
        if not self._said:
            self._said = True
            logger.warning(
                "%s %s: the face goes by its own lexicon until it answers again",
                type(self._classifier).__name__,
                what,
            )

    async def aclose(self) -> None:
        """Drop what is in flight and close the classifier."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self._classifier.aclose()
        except Exception:
            logger.exception("%s could not be closed", type(self._classifier).__name__)
