"""Asks an emotion classifier without waiting for it, and with limits on what that may cost.

The lexicon has answered by the time a classifier does, so nothing waits for this. Texts and
requests are bounded, late answers are dropped, failures are logged once per outage, and closing
takes about a second at most, whatever the classifier does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ..log import logger
from .estimate import EmotionClassifier, EmotionEstimate, Side

TIMEOUT_S = 2.0
"""Later than this, a viewer could not tell what an expression answers."""

CLOSE_TIMEOUT_S = 0.5
"""The classifier may take this long to close before it is cancelled."""

CANCEL_EVERY_S = 0.1
CANCEL_TRIES = 3
"""How often tasks that do not end are cancelled, and how long each time they may take to end."""

IN_FLIGHT = 4
"""Requests at a time. Full: the text is not classified. A service that needs more is too slow."""

MIN_WORDS = 2
"""A classifier tells no more about a single word than the lexicon does."""

MAX_CHARACTERS = 1_000
"""Of a longer text, the end is classified: a minute of speech."""


class RemoteClassifier:
    """Asks one classifier, which it closes too; belongs to one event loop."""

    def __init__(self, classifier: EmotionClassifier, *, timeout_s: float = TIMEOUT_S) -> None:
        self._classifier = classifier
        self._name = type(classifier).__name__
        self._timeout_s = timeout_s
        self._tasks: set[asyncio.Task[None]] = set()
        """Requests that have not ended, late ones included, and the closing."""
        self._failing = False

    def ask(self, text: str, side: Side, then: Callable[[EmotionEstimate], None]) -> None:
        """Call `then` with the estimate of `text`, if it arrives in time. Never raises or waits."""
        text = text[-MAX_CHARACTERS:]
        if len(self._tasks) >= IN_FLIGHT or len(text.split()) < MIN_WORDS:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout_s
        request = self._start(self._classify(text, side, then, deadline))
        timer = loop.call_at(deadline, self._give_up, request)
        request.add_done_callback(lambda _: timer.cancel())

    async def aclose(self) -> None:
        """Drop what is in flight and close the classifier; cancel what does not end by itself."""
        await self._cancel()
        await asyncio.wait({self._start(self._close())}, timeout=CLOSE_TIMEOUT_S)
        await self._cancel()
        if self._tasks:
            logger.warning(
                "emotion: %s does not end when it is cancelled; closing goes on without it",
                self._name,
                extra={"classifier": self._name, "tasks": len(self._tasks)},
            )

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _cancel(self) -> None:
        for _ in range(CANCEL_TRIES):
            tasks = set(self._tasks)
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=CANCEL_EVERY_S)

    async def _classify(
        self, text: str, side: Side, then: Callable[[EmotionEstimate], None], deadline: float
    ) -> None:
        try:
            estimate = await self._classifier.classify(text, side)
            if not isinstance(estimate, EmotionEstimate):
                raise TypeError(f"an answer is an EmotionEstimate, got {estimate!r:.100}")
        except Exception as error:
            self._report(f"failed: {type(error).__name__}: {error}")
        else:
            # A request may answer although it was cancelled.
            if asyncio.get_running_loop().time() < deadline:
                self._failing = False
                then(estimate)

    def _give_up(self, request: asyncio.Task[None]) -> None:
        request.cancel()
        self._report(f"did not answer within {self._timeout_s:g} s")

    async def _close(self) -> None:
        try:
            await self._classifier.aclose()
        except Exception:
            logger.exception(
                "emotion: %s could not be closed", self._name, extra={"classifier": self._name}
            )

    def _report(self, what: str) -> None:
        if not self._failing:
            self._failing = True
            logger.warning(
                "emotion: %s %s; the face uses its built-in lexicon until it answers again",
                self._name,
                what,
                extra={"classifier": self._name},
            )
