"""The text of what the agent says, listened in to before it is spoken.

In flows text from the language model, on its way to whoever shows it; out flows the same text, and
a copy for the avatar. Most TTS say nothing about the words in their sound; the text itself is known
early all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from livekit.agents.voice.io import AgentOutput, TextOutput

from ..log import logger


class TextTap(TextOutput):
    """A text output that lets somebody read along.

    Args:
        next_in_chain: Where the text goes on to.
        on_text: Called with each piece, before it goes on.
        on_end: Called when a text is complete.
    """

    def __init__(
        self,
        next_in_chain: TextOutput,
        *,
        on_text: Callable[[str], None],
        on_end: Callable[[], None],
    ) -> None:
        super().__init__(label="Avatar", next_in_chain=next_in_chain)
        self._next = next_in_chain
        self._on_text = on_text
        self._on_end = on_end

    async def capture_text(self, text: str) -> None:
        """Pass a piece of text on, whatever the avatar makes of it."""
        try:
            self._on_text(text)
        except Exception:
            logger.exception("the avatar could not read along: the text goes on without it")
        await self._next.capture_text(text)

    def flush(self) -> None:
        """The text is complete."""
        self._on_end()
        self._next.flush()

    def attach(self, output: AgentOutput) -> None:
        """Stand before what shows the text; while nothing is said, or a transcript breaks off."""
        output.transcription = self

    def detach(self, output: AgentOutput) -> None:
        """Step out again; nothing happens where somebody else stands there by now."""
        if output.transcription is self:
            output.transcription = self._next
