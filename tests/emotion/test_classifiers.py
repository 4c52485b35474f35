"""The services' own clients, talking to a server that speaks as theirs do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import deepgram
import openai
import pytest
from aiohttp import web
from deepgram.environment import DeepgramClientEnvironment

from livekit_plugins_avatar.emotion.classifiers import (
    OPENAI_MODEL,
    DeepgramClassifier,
    OpenAIClassifier,
)
from livekit_plugins_avatar.emotion.estimate import NEUTRAL, EmotionEstimate
from livekit_plugins_avatar.emotion.remote import RemoteClassifier


@dataclass
class Service:
    """A server on this machine, and what it was asked."""

    url: str
    paths: list[str] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)


@asynccontextmanager
async def serving(status: int, answer: object) -> AsyncIterator[Service]:
    service = Service("")

    async def handle(request: web.Request) -> web.Response:
        service.paths.append(request.path)
        service.queries.append(dict(request.query))
        service.headers.append({name.lower(): value for name, value in request.headers.items()})
        service.bodies.append(await request.json())
        return web.json_response(answer, status=status)

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()


def sentiment(score: float) -> object:
    """What Deepgram answers to a text of one segment."""
    name = "neutral" if abs(score) < 1 / 3 else "positive" if score > 0 else "negative"
    return {
        "metadata": {
            "metadata": {
                "request_id": "d04af392-db11-4c1d-83e1-20e34f0b8999",
                "created": "2024-11-18T23:47:44.674Z",
                "language": "en",
                "sentiment_info": {
                    "model_uuid": "80ab3179-d113-4254-bd6b-4a2f96498695",
                    "input_tokens": 10,
                    "output_tokens": 10,
                },
            }
        },
        "results": {
            "sentiments": {
                "segments": [
                    {
                        "text": "a text",
                        "start_word": 0,
                        "end_word": 1,
                        "sentiment": name,
                        "sentiment_score": score,
                    }
                ],
                "average": {"sentiment": name, "sentiment_score": score},
            }
        },
    }


def completion(content: str) -> object:
    """What OpenAI's chat completions answer."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_741_569_952,
        "model": OPENAI_MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
    }


def deepgram_at(url: str) -> DeepgramClassifier:
    there = DeepgramClientEnvironment(base=url, production=url, agent=url, agent_rest=url)
    return DeepgramClassifier(client=deepgram.AsyncDeepgramClient(api_key="key", environment=there))


def openai_at(url: str) -> OpenAIClassifier:
    return OpenAIClassifier(client=openai.AsyncOpenAI(api_key="key", base_url=url, max_retries=0))


@pytest.mark.parametrize(
    ("text", "score", "estimate"),
    [
        ("we had to put the cat down", -0.8, EmotionEstimate("concern", 0.8)),
        ("it went better than anybody thought", 0.7, EmotionEstimate("warm", 0.7)),
        ("the cat is on the mat", 0.1, NEUTRAL),
        ("what time is it?", 0.0, EmotionEstimate("interest", 0.8)),
        ("you are stupid", -0.9, EmotionEstimate("hurt", 1.0)),
    ],
)
async def test_deepgram_is_asked_for_the_sentiment_of_the_text(
    text: str, score: float, estimate: EmotionEstimate
) -> None:
    async with serving(200, sentiment(score)) as service:
        classifier = deepgram_at(service.url)
        assert await classifier.classify(text, "heard") == estimate
        await classifier.aclose()
    assert service.paths == ["/v1/read"]
    assert service.queries == [{"sentiment": "true", "language": "en"}]
    assert service.bodies == [{"text": text}]
    assert service.headers[0]["authorization"].lower() == "token key"


async def test_a_model_is_asked_for_a_reading_in_a_schema() -> None:
    async with serving(200, completion('{"emotion": "concern", "strength": 0.7}')) as service:
        classifier = openai_at(service.url)
        assert await classifier.classify("we put the cat down", "heard") == EmotionEstimate(
            "concern", 0.7
        )
        await classifier.aclose()
    assert service.paths == ["/chat/completions"]
    (body,) = service.bodies
    assert body["model"] == OPENAI_MODEL
    assert body["messages"][1] == {"role": "user", "content": "we put the cat down"}
    assert "listener" in body["messages"][0]["content"]
    schema = body["response_format"]["json_schema"]["schema"]
    assert "concern" in schema["properties"]["emotion"]["enum"]


@pytest.mark.parametrize(
    "content", ["", "warm", "{}", '{"emotion": "smug", "strength": 1}', '{"emotion": "warm"}', "[]"]
)
async def test_an_answer_that_is_no_reading_is_named(content: str) -> None:
    async with serving(200, completion(content)) as service:
        with pytest.raises(ValueError, match="answered no estimate"):
            await openai_at(service.url).classify("a text", "spoken")


@pytest.mark.parametrize("reader_at", [deepgram_at, openai_at])
async def test_a_service_that_refuses_is_asked_once_each_time_and_that_is_said_once(
    reader_at: Callable[[str], DeepgramClassifier | OpenAIClassifier],
    caplog: pytest.LogCaptureFixture,
) -> None:
    refusal = {"err_code": "INVALID_AUTH", "error": {"message": "no such key", "code": "no"}}
    async with serving(401, refusal) as service:
        opinion = RemoteClassifier(reader_at(service.url))
        got: list[EmotionEstimate] = []
        for _ in range(2):
            opinion.ask("a text", "heard", got.append)
            for task in list(opinion._tasks):
                await task
        await opinion.aclose()
    assert got == []
    assert len(service.paths) == 2
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len([each for each in warnings if "failed" in each.getMessage()]) == 1


async def test_a_service_that_fails_is_not_asked_again_behind_the_back() -> None:
    async with serving(503, {"error": "overloaded"}) as service:
        for classifier in (deepgram_at(service.url), openai_at(service.url)):
            with pytest.raises(Exception, match=r"503|overloaded"):
                await classifier.classify("a text", "heard")
    assert len(service.paths) == 2


@pytest.mark.parametrize(
    ("classifier", "variable"),
    [(DeepgramClassifier, "DEEPGRAM_API_KEY"), (OpenAIClassifier, "OPENAI_API_KEY")],
)
async def test_without_a_key_the_remedy_is_named_and_with_one_it_opens_and_closes(
    classifier: type[DeepgramClassifier] | type[OpenAIClassifier],
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ValueError, match=f"set {variable}"):
        classifier()
    monkeypatch.setenv(variable, "key")
    await classifier().aclose()
