"""Copies the agent's text on its way to the transcript.

Most TTS tell nothing about the words in their audio; the text itself is known before it is spoken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from livekit.agents.voice.io import AgentOutput, TextOutput

from ..log import logger


class TextListener(Protocol):
    """Takes the agent's text, piece by piece: `SpokenText`, `EmotionController`."""

    def push_text(self, text: str) -> None: ...

    def end_text(self) -> None: ...


class TextTap(TextOutput):
    """Stands before a session's transcript output, from `attach` to `detach`.

    Its `listeners` get each piece before it goes on; one that raises is logged and costs nothing
    else. `on_first` is called at the first piece of each text.
    """

    def __init__(self, listeners: Sequence[TextListener], *, on_first: Callable[[], None]) -> None:
        super().__init__(label="Avatar", next_in_chain=None)
        self._listeners = listeners
        self._on_first = on_first
        self._output: AgentOutput | None = None
        self._next: TextOutput | None = None
        self._in_text = False

    @property
    def next_in_chain(self) -> TextOutput | None:
        return self._next

    def attach(self, output: AgentOutput) -> None:
        """Step in before the transcript output, if there is one and the tap is not in yet."""
        if self._next is None and output.transcription is not None:
            self._output, self._next = output, output.transcription
            output.transcription = self

    def mute(self) -> None:
        """Tell the listeners nothing any more."""
        self._listeners = ()

    def detach(self) -> None:
        """Mute, and step out; an output that another has replaced since is left alone. The
        framework then begins a new transcript, so that no text should be under way."""
        self.mute()
        if self._output is not None and self._output.transcription is self:
            self._output.transcription = self._next

    async def capture_text(self, text: str) -> None:
        if not self._in_text and self._listeners:
            self._in_text = True
            self._on_first()
        self._tell(lambda listener: listener.push_text(text))
        if self._next is not None:
            await self._next.capture_text(text)

    def flush(self) -> None:
        self._in_text = False
        self._tell(lambda listener: listener.end_text())
        if self._next is not None:
            self._next.flush()

    def _tell(self, what: Callable[[TextListener], None]) -> None:
        for listener in self._listeners:
            try:
                what(listener)
            except Exception:
                logger.exception("text tap: a listener failed on the text; the transcript goes on")
