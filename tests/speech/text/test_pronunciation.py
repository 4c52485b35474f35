"""Words of a text, and what the mouth shows of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livekit_plugins_avatar.speech.phones import PHONES, phone_row
from livekit_plugins_avatar.speech.text.dictionary import ways_to_say
from livekit_plugins_avatar.speech.text.pronunciation import words_of
from livekit_plugins_avatar.speech.text.spelling import LETTER_NAMES, read_aloud, rules
from livekit_plugins_avatar.speech.visemes import VISEMES

from ..mishearing import visemes_of


def shown(word: str) -> list[str]:
    """What the mouth shows of a word, said in the likeliest way."""
    return visemes_of(ways_to_say(word)[0])


def test_rows_of_phones_are_complete() -> None:
    """Each has a reason, and visemes for its whole length."""
    for row in PHONES:
        assert row.reason
        assert set(row.visemes) <= set(VISEMES)
        assert not row.visemes or len(row.shares) == len(row.visemes)
        assert sum(row.shares) == pytest.approx(1)


def test_no_phone_is_in_two_rows() -> None:
    """Each phone has one meaning."""
    names = [name for row in PHONES for name in row.phones.split()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("phone", ["pcl", "P", "AA1", "ay", "h#", "ax-h", "SIL"])
def test_phones_in_any_case(phone: str) -> None:
    """With or without a stress mark."""
    assert phone_row(phone).visemes


def test_an_unknown_phone_is_named() -> None:
    """The error says which."""
    with pytest.raises(ValueError, match="'XQ' is no phone"):
        phone_row("XQ")


def test_rules_use_known_phones() -> None:
    """So do the names of letters."""
    for rule in (rule for same_letter in rules().values() for rule in same_letter):
        assert rule.example
        assert all(phone_row(phone) for phone in rule.phones)
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
def test_words_of_the_dictionary(word: str, visemes: str) -> None:
    """They show what English speakers show."""
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
def test_words_without_an_entry(word: str, lips: str) -> None:
    """They close the lips where they should."""
    assert [viseme for viseme in shown(word) if viseme in ("PP", "FF")] == lips.split()


def test_a_word_may_have_two_ways() -> None:
    """Both are known."""
    assert {way[0] for way in ways_to_say("either")} == {"IY", "AY"}


def test_endings_are_derived() -> None:
    """A known word keeps its sound under an ending."""
    assert ways_to_say("throughputs")[0][:3] == ("TH", "R", "UW")
    assert ways_to_say("scheduler's")[0][:4] == ("S", "K", "EH", "JH")


def test_capitals_may_be_an_acronym() -> None:
    """They are spelt out, or a word."""
    assert ways_to_say("TTS") == (("T", "IY", "T", "IY", "EH", "S"),)
    assert len(ways_to_say("AIDS")) == 2


@pytest.mark.parametrize("word", ["42", "3.50", "\u041f\u0440\u0438\u0432\u0435\u0442", "b2b", "'"])
def test_figures_have_no_way(word: str) -> None:
    """Nor have other scripts."""
    assert ways_to_say(word) == ()


def test_accents_are_ignored() -> None:
    """A word sounds as it does without them."""
    assert ways_to_say("caf\u00e9") == ways_to_say("cafe")


def test_markup_is_not_said() -> None:
    """Nor are stage directions."""
    text = "<voice emotion='calm'>Well</voice>, *really* [laughs] yes"
    assert [word.text for word in words_of(text)] == ["Well", "really", "yes"]


def test_punctuation_invites_a_pause() -> None:
    """A blank does not."""
    words = words_of("So, well-known people - and the rest\u2026 it\u2019s late.")
    pausing = [word.text for word in words if word.pause]
    assert pausing == ["well", "and", "it's"]


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_has_words(text: str) -> None:
    """They have no blanks, and each way has phones."""
    for word in words_of(text):
        assert not re.search(r"\s", word.text)
        assert all(way for way in word.ways)


@given(st.text("abcdefghijklmnopqrstuvwxyz'", max_size=20))
def test_any_letters_are_read_aloud(word: str) -> None:
    """With known phones only."""
    assert all(phone_row(phone) for phone in read_aloud(word))
