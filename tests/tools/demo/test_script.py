"""The scripted language model behaves as LiveKit expects of any other."""

from __future__ import annotations

from livekit.agents import llm

from livekit_plugins_avatar.tools.demo import script
from livekit_plugins_avatar.tools.demo.answers import GREETING, TOPICS


async def streamed(*said: str) -> list[str]:
    """The chunks of the answer to what was said."""
    chat = llm.ChatContext.empty()
    chat.add_message(role="system", content="Tell me a story")
    for text in said:
        chat.add_message(role="user", content=text)
        chat.add_message(role="assistant", content="What is LiveKit?")
    async with script.LLM().chat(chat_ctx=chat) as stream:
        return [chunk.delta.content or "" async for chunk in stream if chunk.delta]


async def test_it_greets_and_takes_no_orders_from_a_system_message() -> None:
    assert "".join(await streamed()) == GREETING


async def test_it_answers_what_the_visitor_said_last_and_not_what_it_said_itself() -> None:
    thanks = next(t for t in TOPICS if t.name == "thanks")
    assert "".join(await streamed("How do you stay in sync?", "Thanks!")) == thanks.answers[0]


async def test_the_answer_comes_a_word_at_a_time() -> None:
    chunks = await streamed("Tell me a story")
    assert len(chunks) > 50
    assert all(len(chunk.split()) == 1 for chunk in chunks)
