"""Text of the language model and of the TTS becomes words to expect."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_plugins_avatar.audio.speech import TimedText
from livekit_plugins_avatar.speech.text.pronunciation import Word
from livekit_plugins_avatar.speech.text.spoken_text import SpokenText
from livekit_plugins_avatar.timeline import samples


class Worker:
    """Notes what it is to expect."""

    def __init__(self) -> None:
        self.told: list[tuple[list[str], bool]] = []
        self.words: list[Word] = []

    def expect(self, words: Sequence[Word], *, fresh: bool = False) -> None:
        if words or fresh:
            self.told.append(([word.text for word in words], fresh))
        self.words += words


def timed(*pieces: TimedText, start: int = 0) -> list[Word]:
    """The words of a segment whose TTS sent these pieces."""
    worker = Worker()
    text = SpokenText(worker.expect)
    text.segment_started(start)
    for piece in pieces:
        text.timed_text([piece])
    text.segment_ended(start + samples(10.0))
    return worker.words


def spoken(*pieces: TimedText) -> list[tuple[str, int | None]]:
    return [(word.text, word.start) for word in timed(*pieces)]


def at(time_s: float) -> int:
    return samples(time_s)


def test_text_of_the_tts_is_timed_on_the_speech_timeline() -> None:
    """A word starts as long after its segment as the TTS says."""
    assert timed(TimedText("Hello, ", 0.1), TimedText("you", 0.5), start=at(0.5)) == [
        Word("Hello", start=at(0.6)),
        Word("you", pause=True, start=at(1.0)),
    ]


@pytest.mark.parametrize("pieces", [("Hello ", "there", " you"), ("Hello", "there.", "You")])
def test_words_with_and_without_blanks(pieces: Sequence[str]) -> None:
    """Each piece of several letters is a word, with its time."""
    words = spoken(*(TimedText(piece, 0.4 * n) for n, piece in enumerate(pieces)))
    assert [(text.lower(), start) for text, start in words] == [
        ("hello", 0),
        ("there", at(0.4)),
        ("you", at(0.8)),
    ]


def test_letters_are_joined_to_words() -> None:
    """A word has the time of its first letter."""
    letters = [TimedText(letter, 0.1 * n) for n, letter in enumerate("Hi, it's me")]
    assert spoken(*letters) == [("Hi", 0), ("it's", at(0.4)), ("me", at(0.9))]


def test_a_sentence_has_the_time_of_its_first_word() -> None:
    """Words after the first of a piece have no time."""
    assert spoken(TimedText("One two. ", 2.0), TimedText("Three.", 4.0)) == [
        ("One", at(2.0)),
        ("two", None),
        ("Three", at(4.0)),
    ]


def test_a_piece_without_a_time_hides_the_time_before_it() -> None:
    """A word does not take the time of an earlier piece."""
    assert spoken(TimedText("(", 1.0), TimedText("well"), TimedText("")) == [("well", None)]


def test_markup_in_pieces_is_not_said() -> None:
    """A tag that is cut in two is left out as a whole one is."""
    assert spoken(TimedText("Well <bre", 0.0), TimedText("ak time='1s'/> done", 1.0)) == [
        ("Well", 0),
        ("done", at(1.0)),
    ]


def test_a_cleared_segment_is_forgotten() -> None:
    """A word left over from an interruption is not expected in the next segment."""
    worker = Worker()
    text = SpokenText(worker.expect)
    text.segment_started(0)
    text.timed_text([TimedText("Never", 0.0)])
    text.segment_cleared()
    text.segment_started(samples(1.0))
    text.timed_text([TimedText("Well ", 0.0)])
    assert [word.text for word in worker.words] == ["Well"]


def test_text_of_the_model_comes_before_that_of_the_tts() -> None:
    """Where the language model gave the text, the TTS's is ignored, for that segment alone."""
    worker = Worker()
    text = SpokenText(worker.expect)
    for piece in ("Hel", "lo the", "re"):
        text.push_text(piece)
    text.end_text()
    text.segment_started(0)
    text.timed_text([TimedText("Hello there", 0.0)])
    text.segment_ended(samples(1.0))
    assert worker.told == [([], True), (["Hello"], False), (["there"], False)]

    worker.words.clear()
    text.segment_started(samples(1.0))
    text.timed_text([TimedText("Well yes", 0.0)])
    text.segment_ended(samples(2.0))
    assert [word.text for word in worker.words] == ["Well", "yes"]


@given(st.text("ab c.'", max_size=40), st.lists(st.integers(1, 6), max_size=20))
def test_pieces_leave_no_trace(text: str, cuts: list[int]) -> None:
    """The language model's text has the same words however it is cut."""
    cut, whole = Worker(), Worker()
    streamed = SpokenText(cut.expect)
    at = 0
    for count in [*cuts, len(text)]:
        streamed.push_text(text[at : at + count])
        at += count
    streamed.end_text()
    at_once = SpokenText(whole.expect)
    at_once.push_text(text)
    at_once.end_text()
    assert cut.words == whole.words
