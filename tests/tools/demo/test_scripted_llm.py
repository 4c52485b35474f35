"""The scripted language model behaves as LiveKit expects of any other."""

from __future__ import annotations

from livekit.agents import llm

from livekit_plugins_avatar.tools.demo import scripted_llm
from livekit_plugins_avatar.tools.demo.scripted_answers import GREETING, TOPICS


async def streamed(*said: str) -> list[str]:
    """The chunks of the answer to the visitor's texts."""
    chat = llm.ChatContext.empty()
    chat.add_message(role="system", content="Tell me a story")
    for text in said:
        chat.add_message(role="user", content=text)
        chat.add_message(role="assistant", content="What is LiveKit?")
    async with scripted_llm.LLM().chat(chat_ctx=chat) as stream:
        return [chunk.delta.content or "" async for chunk in stream if chunk.delta]


async def test_greeting() -> None:
    """It greets, whatever a system message asks."""
    assert "".join(await streamed()) == GREETING


async def test_last_question() -> None:
    """It answers the visitor's last text, and ignores its own."""
    thanks = next(t for t in TOPICS if t.name == "thanks")
    assert "".join(await streamed("How do you stay in sync?", "Thanks!")) == thanks.answers[0]


async def test_stream() -> None:
    """The answer comes word by word."""
    chunks = await streamed("Tell me a story")
    assert len(chunks) > 50
    assert all(len(chunk.split()) == 1 for chunk in chunks)
