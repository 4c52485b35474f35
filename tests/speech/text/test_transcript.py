"""Pieces of text become words with times, whatever a provider makes its pieces of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_plugins_avatar.speech.text.transcript import Piece, Transcript


def words(pieces: list[Piece]) -> list[tuple[str, float | None]]:
    """The words of a segment, without the punctuation before them."""
    transcript = Transcript()
    out = [word for piece in pieces for word in transcript.push([piece])]
    return [(word.text.strip(" .,!?"), word.at_s) for word in out + transcript.flush()]


def test_words_with_blanks_keep_their_times() -> None:
    assert words([Piece("Hello ", 0.1), Piece("there", 0.5), Piece(" you", 0.9)]) == [
        ("Hello", 0.1),
        ("there", 0.5),
        ("you", 0.9),
    ]


def test_words_without_blanks_are_still_words() -> None:
    assert words([Piece("Hello", 0.1), Piece("there.", 0.5), Piece("You", 0.9)]) == [
        ("Hello", 0.1),
        ("there", 0.5),
        ("You", 0.9),
    ]


def test_pieces_that_are_cut_from_a_text_are_put_together_as_they_were() -> None:
    transcript = Transcript(exact=True)
    assert transcript.push([Piece("Hel"), Piece("lo th"), Piece("ere")]) == [Piece("Hello")]
    assert transcript.flush() == [Piece(" there")]


def test_letters_are_put_together() -> None:
    letters = [Piece(letter, 0.1 * n) for n, letter in enumerate("Hi, it's me")]
    assert words(letters) == [
        ("Hi", 0.0),
        ("it's", pytest.approx(0.4)),
        ("me", pytest.approx(0.9)),
    ]


def test_a_sentence_has_the_time_of_its_first_word() -> None:
    assert words([Piece("One two. ", 2.0), Piece("Three.", 4.0)]) == [
        ("One", 2.0),
        ("two", None),
        ("Three", 4.0),
    ]


def test_punctuation_goes_with_the_word_after_it() -> None:
    transcript = Transcript()
    assert transcript.push([Piece("So, ")]) == [Piece("So")]
    assert transcript.push([Piece("yes ")]) == [Piece(", yes")]


def test_a_word_is_not_handed_out_before_it_is_complete() -> None:
    transcript = Transcript()
    assert transcript.push([Piece("Hel", 0.0)]) == []
    assert transcript.push([Piece("l", 0.1), Piece("o", 0.1)]) == []
    assert transcript.push([Piece(" ", 0.2)]) == [Piece("Hello", 0.0)]


def test_markup_is_not_said_even_in_pieces() -> None:
    assert words([Piece("Well <bre"), Piece("ak time='1s'/> done")]) == [
        ("Well", None),
        ("done", None),
    ]


def test_a_flush_begins_another_segment() -> None:
    transcript = Transcript()
    transcript.push([Piece("One", 0.0)])
    assert transcript.flush() == [Piece("One", 0.0)]
    assert transcript.flush() == []
    transcript.push([Piece("Two", 0.0)])
    assert transcript.flush() == [Piece("Two", 0.0)]


@given(st.text("ab c.", max_size=40), st.lists(st.integers(1, 6), max_size=20))
def test_letters_and_whole_texts_have_the_same_words(text: str, cuts: list[int]) -> None:
    pieces, at = [], 0
    for cut in [*cuts, len(text)]:
        # A piece of one letter goes on with the word before it, as letters do.
        pieces += [Piece(letter) for letter in text[at : at + cut]]
        at += cut
    assert [word for word, _ in words(pieces)] == [word for word, _ in words([Piece(text)])]
