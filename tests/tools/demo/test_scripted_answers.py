"""The scripted agent finds the topic of a question, typed or misheard, and answers it."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from livekit_plugins_avatar.tools.demo.scripted_answers import (
    GREETING,
    TOPICS,
    UNKNOWN,
    answer,
    topic,
)

NOW = datetime(2031, 5, 9, 14, 3)

ASKED = [
    ("Tell me a short story", "story"),
    ("tell me a story about how you work", "story"),
    ("How do I add this to my agent?", "add it"),
    ("How can I use it?", "add it"),
    ("What do the three lines look like?", "add it"),
    ("How do you stay in sync?", "sync"),
    ("How do you keep the sound in the picture and sink?", "sync"),
    ("why does your mouth move so well", "sync"),
    ("What happens if I interrupt you?", "interruption"),
    ("Do I need a GPU?", "hardware"),
    ("Can I use my own face?", "own face"),
    ("What does a different avatar need?", "own face"),
    ("Do I need an API key?", "keyless"),
    ("Does this work offline?", "keyless"),
    ("How does it work?", "parts"),
    ("Explain yourself.", "parts"),
    ("What is LiveKit?", "livekit"),
    ("What are you?", "project"),
    ("Hello, what is this?", "project"),
    ("What is this project about?", "project"),
    ("What's your name?", "name"),
    ("Are you a real person?", "real person"),
    ("What time is it?", "time"),
    ("What can you do?", "abilities"),
    ("Help!", "abilities"),
    ("What is the weather like in Lima?", "can't do"),
    ("Sing me a song", "can't do"),
    ("How are you?", "how are you"),
    ("Can you hear me?", "hearing"),
    ("Thank you very much.", "thanks"),
    ("Goodbye", "goodbye"),
    ("Hello there", "greeting"),
    ("Yes please", "yes"),
    ("No.", "no"),
]


@pytest.mark.parametrize(("said", "expected"), ASKED)
def test_topic(said: str, expected: str) -> None:
    """A question raises its topic."""
    found = topic(said)
    assert found is not None and found.name == expected


def test_every_topic() -> None:
    """Every topic of the table can be raised."""
    assert {name for _, name in ASKED} == {t.name for t in TOPICS}


def test_greeting() -> None:
    """It greets before the visitor has spoken."""
    assert answer([], NOW) == GREETING


def test_topic_raised_again() -> None:
    """A topic raised again gets its next answer, and then the first again."""
    stories = next(t for t in TOPICS if t.name == "story").answers
    said = ["A story please", "thanks", "another story", "another", "one more"]
    assert answer(said[:1], NOW) == stories[0]
    assert answer(said[:3], NOW) == stories[1]
    assert answer(said[:4], NOW) == stories[0]
    assert answer(said, NOW) == stories[1]


def test_time() -> None:
    """It answers with the time that it is given."""
    assert "14:03" in answer(["What time is it?"], NOW)
    assert "Friday, 9 May" in answer(["What time is it?"], NOW)


def test_unknown() -> None:
    """A text of no topic gets a different reply each time."""
    said = ["xyzzy", "plugh", "quux"]
    assert [answer(said[:n], NOW) for n in (1, 2, 3)] == list(UNKNOWN)


def test_no_words() -> None:
    """A message without words is asked for again."""
    assert "again" in answer(["..."], NOW)


@pytest.mark.parametrize("name", [t.name for t in TOPICS])
def test_spoken(name: str) -> None:
    """Answers have no symbols, which a voice would spell out, and all but stories are short."""
    for text in next(t for t in TOPICS if t.name == name).answers:
        assert re.fullmatch(r"[\w\s.,;:!?'{}]+", text), text
        assert len(text.split()) <= (140 if name == "story" else 60)
