"""A text becomes words, and words become what the mouth shows of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livekit_plugins_avatar.speech.phones import PHONES, phone_row, visemes_of
from livekit_plugins_avatar.speech.text.dictionary import ways_to_say
from livekit_plugins_avatar.speech.text.pronunciation import words_of
from livekit_plugins_avatar.speech.text.spelling import LETTER_NAMES, RULES, read_aloud
from livekit_plugins_avatar.speech.visemes import VISEMES


def shown(word: str) -> list[str]:
    """What the mouth shows of a word, said in the likeliest way."""
    return visemes_of(ways_to_say(word)[0])


def test_every_row_of_phones_has_a_reason_and_shows_visemes_for_its_whole_length() -> None:
    for row in PHONES:
        assert row.reason
        assert set(row.visemes) <= set(VISEMES)
        assert not row.visemes or len(row.shares) == len(row.visemes)
        assert sum(row.shares) == pytest.approx(1)


def test_no_phone_stands_in_two_rows() -> None:
    names = [name for row in PHONES for name in row.phones.split()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("phone", ["pcl", "P", "AA1", "ay", "h#", "ax-h", "SIL"])
def test_phones_are_found_in_any_case_and_with_their_stress(phone: str) -> None:
    assert phone_row(phone).visemes


def test_a_phone_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match="'XQ' is no phone"):
        phone_row("XQ")


def test_every_way_to_say_a_word_is_made_of_known_phones() -> None:
    for rule in RULES:
        assert rule.reason
        assert all(phone_row(phone) for phone in rule.phones.split())
    for phones in LETTER_NAMES.values():
        assert all(phone_row(phone) for phone in phones.split())


@pytest.mark.parametrize(
    ("word", "visemes"),
    [
        ("map", "PP aa PP"),
        ("bump", "PP aa PP"),
        ("five", "FF aa I FF"),
        ("photo", "FF O DD O"),
        ("climbing", "kk nn aa I PP I kk"),
        ("water", "U O DD RR"),
    ],
)
def test_words_of_the_dictionary_show_what_english_speakers_show(word: str, visemes: str) -> None:
    assert shown(word) == visemes.split()


@pytest.mark.parametrize(
    ("word", "lips"),
    [
        ("plimbers", "PP PP"),
        ("zaphobia", "FF PP"),
        ("subvoxel", "PP FF"),
        ("unwhipped", "PP"),
        ("gramble", "PP"),
    ],
)
def test_words_that_no_dictionary_has_close_the_lips_where_they_should(
    word: str, lips: str
) -> None:
    assert [viseme for viseme in shown(word) if viseme in ("PP", "FF")] == lips.split()


def test_a_word_may_be_said_in_more_than_one_way() -> None:
    assert {way[0] for way in ways_to_say("either")} == {"IY", "AY"}


def test_a_known_word_keeps_its_sound_under_an_ending_that_the_dictionary_lacks() -> None:
    assert ways_to_say("throughputs")[0][:3] == ("TH", "R", "UW")
    assert ways_to_say("scheduler's")[0][:4] == ("S", "K", "EH", "JH")


def test_capitals_may_be_an_acronym() -> None:
    assert ways_to_say("TTS") == (("T", "IY", "T", "IY", "EH", "S"),)
    assert len(ways_to_say("AIDS")) == 2


@pytest.mark.parametrize("word", ["42", "3.50", "\u041f\u0440\u0438\u0432\u0435\u0442", "b2b", "'"])
def test_what_may_be_said_in_any_way_has_none(word: str) -> None:
    assert ways_to_say(word) == ()


def test_accents_are_no_obstacle() -> None:
    assert ways_to_say("caf\u00e9") == ways_to_say("cafe")


def test_markup_and_stage_directions_are_not_said() -> None:
    text = "<voice emotion='calm'>Well</voice>, *really* [laughs] yes"
    assert [word.text for word in words_of(text)] == ["Well", "really", "yes"]


def test_punctuation_invites_a_pause_and_a_blank_does_not() -> None:
    words = words_of("So, well-known people - and the rest\u2026 it\u2019s late.")
    pausing = [word.text for word in words if word.pause]
    assert pausing == ["well", "and", "it's"]


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_has_words_without_blanks_that_can_be_said_or_not(text: str) -> None:
    for word in words_of(text):
        assert not re.search(r"\s", word.text)
        assert all(way for way in word.ways)


@given(st.text("abcdefghijklmnopqrstuvwxyz'", max_size=20))
def test_reading_aloud_ends_and_never_makes_up_a_phone(word: str) -> None:
    assert all(phone_row(phone) for phone in read_aloud(word))
