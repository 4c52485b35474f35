"""Copies the agent's text on its way to the transcript.

Most TTS tell nothing about the words in their audio; the text itself is known before it is spoken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from livekit.agents.voice.io import AgentOutput, TextOutput

from ..log import logger


class TextListener(Protocol):
    """Takes the agent's text: `SpokenText`, `EmotionController`."""

    def push_text(self, text: str) -> None:
        """Take the next piece."""
        ...

    def end_text(self) -> None:
        """The text is complete."""
        ...


class TextTap:
    """Stands before a session's transcript output, from `attach` to `detach`.

    Args:
        listeners: Get each piece before it goes on. One that raises is logged and costs nothing
            else.
        on_first: Called at the first piece of each text.
    """

    def __init__(self, listeners: Sequence[TextListener], *, on_first: Callable[[], None]) -> None:
        self._listeners = listeners
        self._on_first = on_first
        self._output: AgentOutput | None = None
        self._tap: _TappedOutput | None = None
        self._in_text = False

    def attach(self, output: AgentOutput) -> None:
        """Step in before the transcript output, if there is one and the tap is not in yet."""
        if self._tap is None and output.transcription is not None:
            self._output = output
            self._tap = output.transcription = _TappedOutput(self, output.transcription)

    def detach(self) -> None:
        """Step out again; an output that another has replaced since is left alone."""
        if self._output is not None and self._tap is not None:
            if self._output.transcription is self._tap:
                self._output.transcription = self._tap.next_output
            self._listeners = ()

    def push_text(self, text: str) -> None:
        """Pass a piece of text to the listeners."""
        if not self._in_text and self._listeners:
            self._in_text = True
            self._on_first()
        for listener in self._listeners:
            self._guard(lambda listener=listener: listener.push_text(text))  # type: ignore[misc]

    def end_text(self) -> None:
        """Tell the listeners that the text is complete."""
        self._in_text = False
        for listener in self._listeners:
            self._guard(listener.end_text)

    def _guard(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception:
            logger.exception("text tap: a listener failed on the text; the transcript goes on")


class _TappedOutput(TextOutput):
    """Tells the tap of each piece of text, and passes it on unchanged."""

    def __init__(self, tap: TextTap, next_output: TextOutput) -> None:
        super().__init__(label="Avatar", next_in_chain=next_output)
        self._tap = tap
        self.next_output = next_output

    async def capture_text(self, text: str) -> None:
        self._tap.push_text(text)
        await self.next_output.capture_text(text)

    def flush(self) -> None:
        self._tap.end_text()
        self.next_output.flush()
