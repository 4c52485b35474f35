"""A language model without a key: streams the answers of `scripted_answers` word by word.

It calls no tools and follows no instructions.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, llm, utils
from livekit.agents.types import NOT_GIVEN, NotGivenOr

from .scripted_answers import answer


class LLM(llm.LLM[None]):
    """The scripted answers as LiveKit's language model."""

    @property
    def model(self) -> str:
        return "script"

    @property
    def provider(self) -> str:
        return "local"

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> llm.LLMStream:
        return _Answer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Answer(llm.LLMStream):
    async def _run(self) -> None:
        user_texts = [
            message.text_content or ""
            for message in self._chat_ctx.messages()
            if message.role == "user"
        ]
        request = utils.shortuuid()
        for word in words(answer(user_texts, datetime.now())):
            delta = llm.ChoiceDelta(role="assistant", content=word)
            self._event_ch.send_nowait(llm.ChatChunk(id=request, delta=delta))
            # Yields to the loop, so that speech begins on the first sentence.
            await asyncio.sleep(0)


def words(text: str) -> Iterator[str]:
    """The words of `text`, each with the space after it; joined they are `text`."""
    return (match[0] for match in re.finditer(r"\S+\s*|^\s+", text))
