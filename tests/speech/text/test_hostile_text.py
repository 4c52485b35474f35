"""Text that attacks: work stays linear, memory bounded, and nothing raises."""

from __future__ import annotations

import pickle
import random
from collections.abc import Sequence
from time import process_time, thread_time

import pytest

from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.text.pronunciation import Word, WordReader, words_of
from livekit_plugins_avatar.speech.text.spoken_text import SpokenText
from livekit_plugins_avatar.speech.worker import RecognitionWorker
from livekit_plugins_avatar.timeline import samples

from ..mishearing import TEXT, Mishearing, speech, work_off

LENGTH = 16_384
PIECES = (1, 4, 400)

UNITS = {
    "dots": ".",
    "dots and blanks": ". ",
    "tags": "<b>",
    "opened tags": "<b",
    "one unfinished tag": "\u2039aaa",
    "brackets": "[",
    "brackets in tags": "<a[",
    "angle brackets": "<",
    "cues": "[a]",
    "attributes": '<a b="',
    "double quotes": '"',
    "apostrophes": "'",
    "apostrophes in words": "a'",
    "digits": "7",
    "decimals": "7.",
    "one letter": "a",
    "one-letter words": "a ",
    "words of consonants": "xkqzjvwpbm ",
    "ends without blanks": "a.\u201d",
    "emoji": "\U0001f600",
    "joined emoji": "\U0001f468\u200d\U0001f469\u200d",
    "combining marks": "e\u0301\u0323",
    "right-to-left": "\u202e\u05e9\u05dc\u05d5\u05dd ",
    "zero-width": "\u200b\u200c\u200d\ufeff",
    "newlines": "\n",
    "blanks": " ",
    "dashes": " -",
    "ideographic full stops": "\u3002",
    "underscores": "_",
    "nulls": "\x00",
}


def hostile(unit: str, length: int = LENGTH) -> str:
    text = (unit * length)[:length]
    return f"<{text[:-1]}" if unit == "\u2039aaa" else text


def read(text: str, piece: int, reader: WordReader | None = None) -> list[Word]:
    reader = reader or WordReader()
    words: list[Word] = []
    for start in range(0, len(text), piece):
        words += reader.push(text[start : start + piece])
    return words + reader.flush()


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_pieces_leave_no_trace(unit: str) -> None:
    """A hostile text has the same words in pieces of 1, 4 and 400 as in one."""
    whole = words_of(hostile(unit))
    for piece in PIECES:
        assert read(hostile(unit), piece) == whole


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_work_is_linear(unit: str) -> None:
    """Sixteen times the text costs far less than the 256 times of work that grows with its square,
    and 16 kB never cost a second."""

    def cost_s(length: int) -> float:
        began = thread_time()
        read(hostile(unit, length), 4)
        return thread_time() - began

    # The least of some tries: other processes disturb each of them.
    part = min(cost_s(LENGTH // 16) for _ in range(5))
    whole = min(cost_s(LENGTH) for _ in range(2))
    assert whole < 64 * part
    assert whole < 1.0


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_little_is_kept(unit: str) -> None:
    """However much has been read, a reader keeps less than 4 kB."""
    reader = WordReader()
    for start in range(0, LENGTH, 40):
        reader.begin_piece(start)
        reader.push(hostile(unit)[start : start + 40])
        assert len(pickle.dumps(reader)) < 4_000


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_words_are_bounded(unit: str) -> None:
    """No word is endless, and each has a few ways to be said, or none."""
    for word in set(words_of(hostile(unit))):
        assert len(word.text) < 500
        assert all(word.ways) and len(word.ways) <= 4


def test_no_text_raises() -> None:
    """500 texts of hostile parts are read, and what they say can be looked up."""
    chance = random.Random(1)
    parts = [*UNITS.values(), "hello", "3.50", "</", "/>", "](", "\ud800", "\U0010ffff", "\u0130"]
    told: list[Word] = []

    def expect(words: Sequence[Word], *, fresh: bool = False) -> None:
        told.extend(words)

    for _ in range(500):
        spoken = SpokenText(expect)
        for _ in range(chance.randrange(1, 20)):
            spoken.push_text(chance.choice(parts) * chance.randrange(1, 30))
        spoken.end_text()
    assert len(told) > 500
    assert all(way for word in told for way in word.ways)


@pytest.mark.parametrize("unit", ["a ", "xkqzjvwpbm ", ".", "7 "])
def test_the_worker_stays_quick(unit: str) -> None:
    """16 kB of hostile text in pieces of four take seconds of work beside 4 s of speech."""
    recognizer, sound = Mishearing(), speech(TEXT)[: samples(4.0)]
    worker = RecognitionWorker(recognizer, VisemeSchedule())
    spoken = SpokenText(worker.expect)
    worker.push_audio(0, sound)
    for start in range(0, LENGTH, 4):
        spoken.push_text(hostile(unit)[start : start + 4])
    spoken.end_text()
    worker.end_segment()
    began = process_time()
    work_off(worker, recognizer)
    assert process_time() - began < 5.0
