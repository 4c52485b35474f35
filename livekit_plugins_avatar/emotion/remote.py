"""Asks an emotion classifier without waiting for it, and with limits on what that may cost.

The lexicon has answered by the time a classifier does, so nothing waits for this. Texts and
requests are bounded, late answers are dropped, failures are logged once per outage, and closing
takes about a second at most, whatever the classifier does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..log import logger
from .estimate import EmotionClassifier, EmotionEstimate, Side

TIMEOUT_S = 2.0
"""Later than this, a viewer could not tell what an expression answers."""

IN_FLIGHT = 4
"""Requests at a time. Full: the text is not classified. A service that needs more is too slow."""

MIN_WORDS = 2
"""A classifier tells no more about a single word than the lexicon does."""


class RemoteClassifier:
    """Asks one classifier; belongs to one event loop.

    Args:
        classifier: Closed with this.
        timeout_s: How long an answer may take.
    """

    def __init__(self, classifier: EmotionClassifier, *, timeout_s: float = TIMEOUT_S) -> None:
        self._classifier = classifier
        self._timeout_s = timeout_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._failing = False

    def ask(self, text: str, side: Side, then: Callable[[EmotionEstimate], None]) -> None:
        """Call `then` with the estimate of `text`, if it arrives in time. Never raises or waits."""
        if len(self._tasks) >= IN_FLIGHT or len(text.split()) < MIN_WORDS:
            return
        task = asyncio.get_running_loop().create_task(self._ask(text, side, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, text: str, side: Side, then: Callable[[EmotionEstimate], None]) -> None:
        try:
            then(await asyncio.wait_for(self._classifier.classify(text, side), self._timeout_s))
            self._failing = False
        except asyncio.TimeoutError:
            self._report(f"did not answer within {self._timeout_s:g} s")
        except Exception as error:
            self._report(f"failed: {type(error).__name__}: {error}")

    def _report(self, what: str) -> None:
        if not self._failing:
            self._failing = True
            name = type(self._classifier).__name__
            logger.warning(
                "emotion: %s %s; the face uses its built-in lexicon until it answers again",
                name,
                what,
                extra={"classifier": name},
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
