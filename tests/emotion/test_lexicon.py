"""The lexicon: what it reads, what turns it around, and what it leaves alone."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.emotion.estimate import NEUTRAL
from livekit_plugins_avatar.emotion.language import ENGLISH, OTHERS, is_english
from livekit_plugins_avatar.emotion.lexicon import classify
from livekit_plugins_avatar.emotion.words import WORDS
from livekit_plugins_avatar.face.emotions import EMOTIONS
from livekit_plugins_avatar.tools.eval.lines import LINES, VALENCE, Line

SIGN = {"warm": 1, "concern": -1, "hurt": -1}


def heard(text: str) -> str:
    return classify(text, "heard").emotion


@pytest.mark.parametrize("line", [line for line in LINES if line.half == "dev"])
def test_the_lines_it_was_written_with_read_as_they_are_meant(line: Line) -> None:
    estimate = classify(line.text, line.side)
    assert SIGN.get(estimate.emotion, 0) == VALENCE[line.kind]
    assert (estimate.emotion == "interest") == (line.kind == "question")


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("That is good.", "warm"),
        ("That is not good.", "concern"),
        ("It never works properly, and I am not happy.", "concern"),
        ("Not only good but wonderful.", "warm"),
        ("That is not bad.", "neutral"),
        ("No, it is broken.", "concern"),
        ("I love it, but it broke.", "concern"),
        ("It broke, but I love the new one.", "warm"),
        ("Great, it broke again.", "neutral"),
        ("I can't wait!", "warm"),
        ("I am feeling better.", "warm"),
        ("No problem.", "warm"),
        ("No, thank you.", "warm"),
    ],
)
def test_negation_and_but_turn_words_around(text: str, emotion: str) -> None:
    assert heard(text) == emotion


def test_intensifiers_and_exclamation_say_more_of_the_same() -> None:
    plain, very, little = (
        classify(text, "heard").strength
        for text in ("That is good.", "That is very good!", "That is rather bad, a little.")
    )
    assert very > plain
    assert little < plain


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("You are so stupid.", "hurt"),
        ("stupid machine", "hurt"),
        ("What an idea, you idiot", "hurt"),
        ("The stupid printer is broken.", "concern"),
        ("My boss is a jerk, can you believe that?", "interest"),
        ("Can you take out the garbage?", "interest"),
        ("You are not stupid.", "neutral"),
        ("Tell me a joke.", "neutral"),
    ],
)
def test_an_insult_is_called_at_whoever_hears_it(text: str, emotion: str) -> None:
    assert heard(text) == emotion


def test_nobody_is_hurt_by_what_they_say_themselves() -> None:
    assert all(classify(line.text, "spoken").emotion != "hurt" for line in LINES)


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("can you open the door", "interest"),
        ("and what about the other one", "interest"),
        ("how much is it", "interest"),
        ("I'm sorry, could you repeat that?", "interest"),
        ("What a day", "neutral"),
        ("how nice of you", "warm"),
        ("Did your father die?", "concern"),
    ],
)
def test_questions_are_known_without_their_mark_too(text: str, emotion: str) -> None:
    assert heard(text) == emotion


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "...",
        "1 2 3",
        "4711",
        "12:30",
        "A1, B2, C3",
        "\u2014",
        "<",
        "0.5 by 12.75",
        "!",
    ],
)
def test_figures_and_signs_are_neutral(text: str) -> None:
    assert classify(text, "heard") == NEUTRAL


@pytest.mark.parametrize(
    "text",
    [
        "Das ist super, die L\u00f6sung ist gut und die Gift-Warnung ist bad.",
        "C'est magnifique, merci beaucoup, je suis happy.",
        "Me gusta mucho, es fantastic y muy terrible.",
        "Non \u00e8 terrible, sono molto contento.",
        "\u0441\u043f\u0430\u0441\u0438\u0431\u043e, wonderful \u044d\u0442\u043e",
        "\u7d20\u6674\u3089\u3057\u3044",
        "Het is niet goed, maar de winner is bekend.",
    ],
)
def test_another_language_is_neutral(text: str) -> None:
    assert not is_english(text)
    assert classify(text, "heard") == NEUTRAL


def test_a_language_that_is_known_is_believed() -> None:
    assert classify("super fantastic", "heard", "en-GB").emotion == "warm"
    assert classify("super fantastic", "heard", "de") == NEUTRAL


@pytest.mark.parametrize("line", LINES)
def test_every_english_line_is_known_as_english(line: Line) -> None:
    assert is_english(line.text)


def test_small_words_belong_to_one_side() -> None:
    assert not ENGLISH & OTHERS


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("\U0001f600", "warm"),
        ("ok \U0001f62d", "concern"),
        ("\u7d20\u6674\u3089\u3057\u3044 \U0001f389", "warm"),
        ("see you :)", "warm"),
        ("\U0001f6aa", "neutral"),
    ],
)
def test_emoji_are_read_in_any_language(text: str, emotion: str) -> None:
    assert heard(text) == emotion


def test_of_several_sentences_the_one_that_moves_most_counts() -> None:
    assert heard("Hello. My father died on Sunday. It is about his account.") == "concern"
    assert heard("My father died. Can you help me?") == "concern"
    assert heard("Good. What time is it?") == "interest"


def test_every_group_has_a_reason_and_no_word_twice() -> None:
    for group in WORDS:
        words = group.words.split(", ")
        assert group.reason
        assert len(words) == len(set(words))
        assert all(word == word.strip().lower() and word for word in words)
        assert all(len(word.split()[0]) > 2 for word in words if word.split()[0].endswith("*"))


def test_readings_are_feelings_that_a_face_has() -> None:
    for line in LINES:
        estimate = classify(line.text, line.side)
        assert estimate.emotion in EMOTIONS
        assert 0.0 <= estimate.strength <= 1.0


def test_a_very_long_text_is_read_from_its_end() -> None:
    assert heard("My dog died. " + "one two three " * 300) == "neutral"
    assert heard("one two three " * 3000 + "my dog died") == "concern"
