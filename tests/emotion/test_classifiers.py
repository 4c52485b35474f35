"""The classifiers: Deepgram's client against a local server, and a language model of any plugin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import deepgram
import pytest
from aiohttp import web
from deepgram.environment import DeepgramClientEnvironment
from livekit.agents import APIConnectionError, APIConnectOptions, llm

from livekit_plugins_avatar.emotion.classifiers import (
    MAX_ANSWER,
    DeepgramClassifier,
    LLMClassifier,
)
from livekit_plugins_avatar.emotion.estimate import NEUTRAL, EmotionEstimate, Side


class Model(llm.LLM[Any]):
    """A language model that answers with given pieces, or fails."""

    def __init__(self, *pieces: str, error: Exception | None = None) -> None:
        super().__init__()
        self.pieces = pieces
        self.error = error
        self.asked: list[llm.ChatContext] = []
        self.sent = 0
        self.closed = 0

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = APIConnectOptions(),  # noqa: B008
        **kwargs: Any,
    ) -> llm.LLMStream:
        self.asked.append(chat_ctx)
        return ModelStream(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)

    async def aclose(self) -> None:
        self.closed += 1


class ModelStream(llm.LLMStream):
    """Streams the pieces of a `Model`."""

    async def _run(self) -> None:
        model = self._llm
        assert isinstance(model, Model)
        self._event_ch.send_nowait(llm.ChatChunk(id="1"))
        for piece in model.pieces:
            delta = llm.ChoiceDelta(role="assistant", content=piece)
            self._event_ch.send_nowait(llm.ChatChunk(id="1", delta=delta))
            model.sent += 1
            await asyncio.sleep(0)
        if model.error is not None:
            raise model.error


@dataclass
class Service:
    """A server on this machine, and what it was asked."""

    url: str
    paths: list[str] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    def classifier(self) -> DeepgramClassifier:
        there = DeepgramClientEnvironment(
            base=self.url, production=self.url, agent=self.url, agent_rest=self.url
        )
        return DeepgramClassifier(
            client=deepgram.AsyncDeepgramClient(api_key="key", environment=there)
        )


@asynccontextmanager
async def deepgram_service(status: int, answer: object) -> AsyncIterator[Service]:
    service = Service("")

    async def handle(request: web.Request) -> web.Response:
        service.paths.append(request.path)
        service.queries.append(dict(request.query))
        service.keys.append(request.headers["Authorization"].lower())
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
    """Deepgram's answer to a text of one segment."""
    name = "neutral" if abs(score) < 1 / 3 else "positive" if score > 0 else "negative"
    average = {"sentiment": name, "sentiment_score": score}
    segment = {"text": "a text", "start_word": 0, "end_word": 1, **average}
    model = "80ab3179-d113-4254-bd6b-4a2f96498695"
    return {
        "metadata": {
            "metadata": {
                "request_id": "d04af392-db11-4c1d-83e1-20e34f0b8999",
                "created": "2024-11-18T23:47:44.674Z",
                "language": "en",
                "sentiment_info": {"model_uuid": model, "input_tokens": 10, "output_tokens": 10},
            }
        },
        "results": {"sentiments": {"segments": [segment], "average": average}},
    }


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
async def test_deepgram(text: str, score: float, estimate: EmotionEstimate) -> None:
    """Deepgram is asked for the sentiment of a text, and the lexicon for insults and questions."""
    async with deepgram_service(200, sentiment(score)) as service:
        classifier = service.classifier()
        assert await classifier.classify(text, "heard") == estimate
        await classifier.aclose()
    assert service.paths == ["/v1/read"]
    assert service.queries == [{"sentiment": "true", "language": "en"}]
    assert service.bodies == [{"text": text}]
    assert service.keys == ["token key"]


async def test_deepgram_is_not_asked_twice() -> None:
    """The SDK's own retries are off: an answer to a second try would be late."""
    async with deepgram_service(503, {"error": "overloaded"}) as service:
        with pytest.raises(Exception, match=r"503|overloaded"):
            await service.classifier().classify("a text", "heard")
    assert len(service.paths) == 1


async def test_deepgram_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key the error names the variable; with one it opens and closes."""
    monkeypatch.delenv("DEEPGRAM_API_KEY", raising=False)
    with pytest.raises(ValueError, match="set DEEPGRAM_API_KEY"):
        DeepgramClassifier()
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key")
    await DeepgramClassifier().aclose()


@pytest.mark.parametrize(("side", "role"), [("heard", "listener"), ("spoken", "speaker")])
async def test_language_model(side: Side, role: str) -> None:
    """A language model is asked for one JSON object, about the text of the user message."""
    model = Model('{"emotion": "con', 'cern", "strength"', ": 0.7}")
    estimate = await LLMClassifier(model).classify("we put the cat down", side)
    assert estimate == EmotionEstimate("concern", 0.7)
    (context,) = model.asked
    system, user = context.messages()
    assert system.role == "system" and role in (system.text_content or "")
    assert user.role == "user" and user.text_content == "we put the cat down"


@pytest.mark.parametrize(
    ("answer", "estimate"),
    [
        ('```json\n{"emotion": "warm", "strength": 1}\n```', EmotionEstimate("warm", 1.0)),
        (' {"strength": 0.5, "emotion": "hurt"}\n', EmotionEstimate("hurt", 0.5)),
        ('{"emotion": "neutral", "strength": 0.9}', NEUTRAL),
    ],
)
async def test_right_answers(answer: str, estimate: EmotionEstimate) -> None:
    """A fence around the object and the order of its fields do not matter."""
    assert await LLMClassifier(Model(answer)).classify("a text", "heard") == estimate


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "warm",
        "{}",
        "[]",
        "null",
        '{"emotion": "smug", "strength": 1}',
        '{"emotion": "warm"}',
        '{"emotion": ["warm"], "strength": 1}',
        '{"emotion": "warm", "strength": "1"}',
        '{"emotion": "warm", "strength": true}',
        '{"emotion": "warm", "strength": NaN}',
        '{"emotion": "warm", "strength": 1.5}',
        '{"emotion": "warm", "strength": 1' + "0" * 100 + "}",
        '{"emotion": "warm", "strength": 1, "why": "so"}',
        'Sure! {"emotion": "warm", "strength": 1}',
        '{"emotion": "warm", "strength": 1}' * 2,
        '{"emotion": "warm", "strength": 1}' + " " * MAX_ANSWER,
        "{" * MAX_ANSWER,
    ],
)
async def test_wrong_answers(answer: str) -> None:
    """An answer that is not one estimate is an error that quotes it."""
    with pytest.raises(ValueError, match="answered no estimate"):
        await LLMClassifier(Model(answer)).classify("a text", "spoken")


async def test_endless_answer() -> None:
    """A model that goes on and on is stopped."""
    model = Model(*["la "] * 10_000)
    with pytest.raises(ValueError, match="answered no estimate"):
        await LLMClassifier(model).classify("a text", "spoken")
    assert model.sent < 2 * MAX_ANSWER


async def test_language_model_fails() -> None:
    """An error of the plugin reaches the caller after one try."""
    model = Model(error=APIConnectionError("no way there"))
    with pytest.raises(APIConnectionError):
        await LLMClassifier(model).classify("a text", "spoken")
    assert len(model.asked) == 1


@pytest.mark.parametrize("close_llm", [False, True])
async def test_owner_of_the_language_model(close_llm: bool) -> None:
    """The language model is closed only if the classifier was told to."""
    model = Model()
    await LLMClassifier(model, close_llm=close_llm).aclose()
    assert model.closed == close_llm
