"""SentenceReader and tags: the cues of a text, however it arrives."""

from __future__ import annotations

from itertools import pairwise
from time import thread_time
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_plugins_avatar.emotion import lexicon
from livekit_plugins_avatar.emotion.sentences import Cue, SentenceReader, length_of
from livekit_plugins_avatar.emotion.tags import estimate_of, estimate_of_label
from livekit_plugins_avatar.emotion.word_groups import word_groups
from livekit_plugins_avatar.face.emotions import EMOTIONS
from livekit_plugins_avatar.speech.text.markup import MarkupScanner, Tag, Text
from livekit_plugins_avatar.speech.text.pronunciation import words_of

EXPR = '<expr type="expression" label="{}"/>'

HOSTILE = (
    ".", "!?", "<", "<b>", "</", "<a b='", "\u2039aaa", "aaa", "[", "[[]", "[a](", "a. ", "\n", " ",
    "not good but ", "you idiot ", "so ", "\u2026)", "1.", "\ufdfa", "<sad>", "[laughs]",
    "\U0001f600", "\u3002",
)  # fmt: skip
"""What language models that degenerate repeat, and what makes a careless scanner backtrack."""

HOSTILE_LENGTH = 16_000
CPU_LIMIT_S = 1.0
"""For one hostile text, which a voice takes a quarter of an hour to say."""


def cues_of(*pieces: str) -> list[Cue]:
    text = SentenceReader()
    return [cue for piece in pieces for cue in text.push(piece)] + text.flush()


def emotions(*pieces: str) -> list[str]:
    return [cue.estimate.emotion for cue in cues_of(*pieces)]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_texts(unit: str) -> None:
    """A hostile text takes bounded time and gives the same cues in pieces as whole."""
    text = (unit * HOSTILE_LENGTH)[:HOSTILE_LENGTH]
    began = thread_time()
    whole = cues_of(text)
    assert thread_time() - began < CPU_LIMIT_S
    for size in (1, 4, 400):
        began = thread_time()
        streamed = cues_of(*(text[at : at + size] for at in range(0, len(text), size)))
        assert thread_time() - began < CPU_LIMIT_S
        assert streamed == whole


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("side", ["heard", "spoken"])
def test_hostile_texts_in_the_lexicon(unit: str, side: Literal["heard", "spoken"]) -> None:
    """The lexicon reads no more than the end of a long text."""
    text = (unit * HOSTILE_LENGTH)[:HOSTILE_LENGTH]
    began = thread_time()
    estimate = lexicon.classify(text, side)
    assert thread_time() - began < CPU_LIMIT_S / 10
    assert estimate == lexicon.classify(text[-lexicon.LONGEST_TEXT :], side)


@pytest.mark.parametrize("unit", HOSTILE)
def test_words_are_counted_as_the_worker_counts(unit: str) -> None:
    """A cue's word index is the number of words that the recognition worker has before it."""
    text = f"One two. {(unit * 200)[:200]} Three's {EXPR.format('sad')} four. Five six."
    last = cues_of(text)[-1]
    assert last.word + len(words_of(last.text)) == len(words_of(text))


def test_cues() -> None:
    """Each sentence has an emotion and a place."""
    cues = cues_of("I'm sorry to hear that. It costs 3.50. Shall I send it?")
    assert [cue.text for cue in cues] == [
        "I'm sorry to hear that.",
        "It costs 3.50.",
        "Shall I send it?",
    ]
    assert [cue.estimate.emotion for cue in cues] == ["concern", "neutral", "interest"]
    assert [cue.at for cue in cues] == [
        0,
        length_of(cues[0].text),
        length_of(cues[0].text) + length_of(cues[1].text),
    ]


TEXT = (
    f"Hello! {EXPR.format('sad')} We lost. [laughs] It was fun, 3.50 of it.\nSee [1] and "
    '<emotion value="happy"/>go. Really? 5 < 7. \u3053\u3093\u306b\u3061\u306f\u3002'
)


@given(st.lists(st.integers(1, len(TEXT) - 1), max_size=12))
def test_streamed_equals_whole(cuts: list[int]) -> None:
    """However a text is cut, its cues are the same."""
    edges = [0, *sorted(cuts), len(TEXT)]
    pieces = [TEXT[a:b] for a, b in pairwise(edges)]
    assert cues_of(*pieces) == cues_of(TEXT)


def test_latency() -> None:
    """A sentence is known as soon as the next begins."""
    text = SentenceReader()
    assert text.push("Great news.") == []
    assert [cue.text for cue in text.push(" You")] == ["Great news."]
    assert [cue.text for cue in text.flush()] == ["You"]


def test_tags_override_words() -> None:
    """A tag overrides the words until the next tag."""
    said = f"{EXPR.format('calm')} My dog died. I am sad. {EXPR.format('cheerful')} Two, three."
    assert emotions(said) == ["neutral", "neutral", "warm"]
    assert [cue.tagged for cue in cues_of(said)] == [True, True, True]
    assert emotions("My dog died.") == ["concern"]


def test_tag_within_a_sentence() -> None:
    """A tag within a sentence begins another cue."""
    cues = cues_of(f"Well, {EXPR.format('surprised')} that is new.")
    assert [(cue.text, cue.estimate.emotion) for cue in cues] == [
        ("Well,", "neutral"),
        ("that is new.", "interest"),
    ]


def test_markup_is_not_spoken() -> None:
    """Markup has no length."""
    plain, marked = cues_of("One. Two."), cues_of(f"{EXPR.format('happy')} One. Two.")
    assert [cue.at for cue in plain] == [cue.at for cue in marked]


@pytest.mark.parametrize(
    ("tag", "emotion"),
    [
        ('<expr type="expression" label="warm and grounded"/>', "warm"),
        ('<expr type="expression" label="sincere and concerned"/>', "concern"),
        ('<expr type="expression" label="Bright, Playful"/>', "warm"),
        ('<expr type="sound" label="laugh"/>', "warm"),
        ('<expr type="sound" label="sigh"/>', "concern"),
        ('<emotion value="happy"/>', "warm"),
        ("<emotion value='sad'>", "concern"),
        ('<expression value="soft, with genuine care"/>', "concern"),
        ('<mstts:express-as style="cheerful">', "warm"),
        ('<feeling value="happy"/>', "warm"),
        ("<curious>", "interest"),
        ("[laughs]", "warm"),
        ('<expr type="expression" label="angry"/>', "focus"),
        ('<expr type="expression" label="neutral"/>', "neutral"),
        ('<expr type="break" label="1s"/>', None),
        ('<expr type="prosody" label="soft"/>', None),
        ('<break time="1s"/>', None),
        ('<expr type="expression" label="like a pirate"/>', None),
        ("</happy>", None),
        ("[1]", None),
        ("[a cue of more than three words, happy]", None),
        ("[happy](https://example.com)", "no tag"),
    ],
)
def test_dialects_of_markup(tag: str, emotion: str | None) -> None:
    """The tags of several TTS ask for an emotion, or for none."""
    scanner = MarkupScanner()
    items = scanner.push(tag) + scanner.flush()
    if emotion == "no tag":
        assert "".join(item.text for item in items if isinstance(item, Text)) == tag
        return
    (item,) = items
    assert isinstance(item, Tag)
    estimate = estimate_of(item)
    assert (estimate.emotion if estimate else None) == emotion


def test_labels() -> None:
    """Every group of labels has a known emotion and a reason, and no stem stands twice."""
    groups = word_groups("labels")
    for group in groups:
        assert group.name in EMOTIONS
        assert 0.0 <= group.weight <= 1.0
        assert group.reason
    stems = [stem for group in groups for stem in group.words]
    assert len(stems) == len(set(stems)) > 100


def test_label_stems() -> None:
    """A label is matched by the beginnings of its words."""
    assert estimate_of_label("like a pirate") is None
    assert estimate_of_label("HAPPILY") is not None


def test_unfinished_tags() -> None:
    """Half a tag is held back, and one that never ends is text."""
    text = SentenceReader()
    assert text.push("Hello there. <expr type=") != []
    assert text.push('"expression" label="sad"/> We closed') == []
    (cue,) = text.flush()
    assert (cue.text, cue.estimate.emotion) == ("We closed", "concern")
    (lone,) = cues_of("Seven < nine, and so on")
    assert lone.text == "Seven < nine, and so on"
