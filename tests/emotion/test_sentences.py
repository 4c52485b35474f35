"""What is about to be said: sentences, tags, and where each begins."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_plugins_avatar.emotion.sentences import Cue, SentenceReader, length_of
from livekit_plugins_avatar.emotion.tags import LABELS, TAG, estimate_of, estimate_of_label
from livekit_plugins_avatar.face.emotions import EMOTIONS

EXPR = '<expr type="expression" label="{}"/>'


def cues_of(*pieces: str) -> list[Cue]:
    text = SentenceReader()
    return [cue for piece in pieces for cue in text.push(piece)] + text.flush()


def emotions(*pieces: str) -> list[str]:
    return [cue.estimate.emotion for cue in cues_of(*pieces)]


def test_each_sentence_has_a_feeling_and_a_place() -> None:
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
def test_streamed_text_reads_as_whole_text_does(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(TEXT)]
    pieces = [TEXT[a:b] for a, b in pairwise(edges)]
    assert cues_of(*pieces) == cues_of(TEXT)


def test_a_sentence_is_known_as_soon_as_the_next_begins() -> None:
    text = SentenceReader()
    assert text.push("Great news.") == []
    assert [cue.text for cue in text.push(" You")] == ["Great news."]
    assert [cue.text for cue in text.flush()] == ["You"]


def test_a_tag_wins_over_the_words_until_the_next_tag() -> None:
    said = f"{EXPR.format('calm')} My dog died. I am sad. {EXPR.format('cheerful')} Two, three."
    assert emotions(said) == ["neutral", "neutral", "warm"]
    assert [cue.tagged for cue in cues_of(said)] == [True, True, True]
    assert emotions("My dog died.") == ["concern"]


def test_a_tag_in_the_middle_begins_a_part_of_its_own() -> None:
    cues = cues_of(f"Well, {EXPR.format('surprised')} that is new.")
    assert [(cue.text, cue.estimate.emotion) for cue in cues] == [
        ("Well,", "neutral"),
        ("that is new.", "interest"),
    ]


def test_markup_takes_no_time() -> None:
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
        ("[happy](https://example.com)", "no match"),
    ],
)
def test_the_dialects_of_markup_are_known(tag: str, emotion: str | None) -> None:
    match = TAG.fullmatch(tag)
    if emotion == "no match":
        assert not TAG.search(tag)
        return
    assert match is not None
    estimate = estimate_of(match)
    assert (estimate.emotion if estimate else None) == emotion


def test_every_label_is_a_feeling_with_a_reason() -> None:
    for row in LABELS:
        assert row.emotion in EMOTIONS
        assert 0.0 <= row.strength <= 1.0
        assert row.reason
    stems = [stem for row in LABELS for stem in row.stems.split()]
    assert len(stems) == len(set(stems))


def test_a_label_is_matched_by_the_beginnings_of_its_words() -> None:
    assert estimate_of_label("like a pirate") is None
    assert estimate_of_label("HAPPILY") is not None


def test_half_a_tag_is_waited_for_and_what_never_closes_is_text() -> None:
    text = SentenceReader()
    assert text.push("Hello there. <expr type=") != []
    assert text.push('"expression" label="sad"/> We closed') == []
    (cue,) = text.flush()
    assert (cue.text, cue.estimate.emotion) == ("We closed", "concern")
    (lone,) = cues_of("Seven < nine, and so on")
    assert lone.text == "Seven < nine, and so on"
