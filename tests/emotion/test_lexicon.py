"""The lexicon: the emotions of English texts."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.emotion.estimate import NEUTRAL
from livekit_plugins_avatar.emotion.language import is_english
from livekit_plugins_avatar.emotion.lexicon import PHRASE_WORDS, classify
from livekit_plugins_avatar.emotion.word_groups import word_groups
from livekit_plugins_avatar.face.emotions import EMOTIONS
from livekit_plugins_avatar.tools.eval.lines import LINES, VALENCE, Line

SIGN = {"warm": 1, "concern": -1, "hurt": -1}


def heard(text: str) -> str:
    return classify(text, "heard").emotion


@pytest.mark.parametrize("line", [line for line in LINES if line.half == "dev"])
def test_lines_of_development(line: Line) -> None:
    """The lines that the lexicon was written with get the emotion that is meant."""
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
def test_negation_and_but(text: str, emotion: str) -> None:
    """A "not" reverses words, and a "but" weighs them."""
    assert heard(text) == emotion


def test_intensifiers() -> None:
    """Intensifiers and exclamation marks change the strength."""
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
def test_insults(text: str, emotion: str) -> None:
    """An insult is aimed at the listener; of others it is a complaint."""
    assert heard(text) == emotion


def test_own_words_do_not_hurt() -> None:
    """The agent is not hurt by what it says itself."""
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
def test_questions(text: str, emotion: str) -> None:
    """A question is known without its mark too."""
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
def test_figures_and_signs(text: str) -> None:
    """Figures and signs are neutral."""
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
def test_other_languages(text: str) -> None:
    """Text in another language is neutral."""
    assert not is_english(text)
    assert classify(text, "heard") == NEUTRAL


def test_known_language() -> None:
    """A language tag overrides the guess."""
    assert classify("super fantastic", "heard", "en-GB").emotion == "warm"
    assert classify("super fantastic", "heard", "de") == NEUTRAL


@pytest.mark.parametrize("line", LINES)
def test_english(line: Line) -> None:
    """Each line of the eval is taken for English."""
    assert is_english(line.text)


def test_small_words() -> None:
    """No small word counts twice, and all are written as they are looked up."""
    words = [word for group in word_groups("small_words") for word in group.words]
    assert len(words) == len(set(words)) > 150
    assert all(word.isascii() and word == word.strip().lower() for word in words)
    assert {group.weight for group in word_groups("small_words")} == {1.0, -1.0}


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
def test_emoji(text: str, emotion: str) -> None:
    """Emoji count in any language."""
    assert heard(text) == emotion


def test_several_sentences() -> None:
    """Of several sentences the strongest counts."""
    assert heard("Hello. My father died on Sunday. It is about his account.") == "concern"
    assert heard("My father died. Can you help me?") == "concern"
    assert heard("Good. What time is it?") == "interest"


def test_words() -> None:
    """Each group of words has a reason, and no word twice."""
    groups = word_groups("lexicon")
    assert {group.name for group in groups} == {
        "valence", "courtesy", "apology", "name", "curse", "face", "intensifier"
    }  # fmt: skip
    for group in groups:
        assert group.reason
        assert len(group.words) == len(set(group.words))
        words = group.words if group.name != "face" else ()
        assert all(word == word.strip().lower() and word for word in words)
        assert all(len(word.split(" ")) <= PHRASE_WORDS for word in words)
        starred = [word for word in words if "*" in word]
        assert all(len(word) > 2 and word[:-1].isalpha() and word[-1] == "*" for word in starred)


def test_range() -> None:
    """Estimates are emotions that a face has, of a strength in range."""
    for line in LINES:
        estimate = classify(line.text, line.side)
        assert estimate.emotion in EMOTIONS
        assert 0.0 <= estimate.strength <= 1.0


def test_long_texts() -> None:
    """Of a long text only the end counts."""
    assert heard("My dog died. " + "one two three " * 300) == "neutral"
    assert heard("one two three " * 3000 + "my dog died") == "concern"
