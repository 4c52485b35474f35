"""Tags, cues and sentences are found in any text, however it is cut."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_plugins_avatar.speech.text.markup import (
    LONGEST_SENTENCE,
    LONGEST_TAG,
    MarkupScanner,
    Tag,
    Text,
)

LONG = "a" * LONGEST_TAG

Item = str | Tag | None
"""Text, a tag, or the end of a sentence."""


def scanned(pieces: Iterable[str]) -> list[Item]:
    """What is found in a text that comes in pieces, neighbouring texts joined."""
    scanner = MarkupScanner()
    found: list[Item] = []
    for item in [*(item for piece in pieces for item in scanner.push(piece)), *scanner.flush()]:
        if isinstance(item, Tag):
            found.append(item)
            continue
        if item.text:
            last = found.pop() if found and isinstance(found[-1], str) else ""
            assert isinstance(last, str)
            found.append(last + item.text)
        if item.ends_sentence:
            found.append(None)
    return found


@pytest.mark.parametrize(
    ("markup", "tag"),
    [
        ("<happy/>", Tag("happy")),
        ("</Voice>", Tag("/voice")),
        ('<break time="1s" />', Tag("break", {"time": "1s"})),
        ("<expr a='b'  c = 'soft, warm'/>", Tag("expr", {"a": "b", "c": "soft, warm"})),
        ("<mstts:express-as style=\"sad\">", Tag("mstts:express-as", {"style": "sad"})),
        ("<a b=\"it's\" c>", Tag("a", {"b": "it's"})),
        ("<!-- a note -->", Tag("!--")),
        ("[laughs]", Tag("", cue="laughs")),
        ("[]", Tag("", cue="")),
    ],
)  # fmt: skip
def test_a_tag_is_read(markup: str, tag: Tag) -> None:
    """A tag has its name and its attributes, a cue its text."""
    assert scanned([f"a{markup}b"]) == ["a", tag, "b"]


@pytest.mark.parametrize(
    "text",
    ["1 < 2 > 0", "a <", "<", "<>", "<3", "<a", "a [b", "[text](url)", "<a <", "<" + LONG + ">"],
)  # fmt: skip
def test_what_is_no_tag_is_text(text: str) -> None:
    """Comparisons, links, unfinished tags and endless ones are text."""
    assert scanned([text]) == [text]
    assert scanned(text) == [text]


def test_a_tag_may_be_as_long_as_the_limit() -> None:
    """The limit counts both brackets."""
    name = "a" * (LONGEST_TAG - 2)
    assert scanned(f"<{name}>") == [Tag(name)]
    assert scanned(f"[{name}]") == [Tag("", cue=name)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two", ["One.", None, " Two"]),
        ('"One!" Two', ['"One!"', None, " Two"]),
        ("3.50 and e.g", ["3.50 and e.g"]),
        ("What?! No", ["What?!", None, " No"]),
        ("One\nTwo", ["One\n", None, "Two"]),
        ("\u597d\u3002\u597d", ["\u597d\u3002", None, "\u597d"]),
        ("Hm\u2026 [sighs] yes", ["Hm\u2026", None, " ", Tag("", cue="sighs"), " yes"]),
    ],
)
def test_sentences_end_where_a_reader_would_pause(text: str, sentences: list[Item]) -> None:
    """A full stop counts with a blank behind it, a line break at once."""
    assert scanned([text]) == sentences
    assert scanned(text) == sentences


def test_a_sentence_without_an_end_is_ended() -> None:
    """Text without any punctuation is cut at the limit."""
    found = scanned(["a" * (2 * LONGEST_SENTENCE + 1)])
    assert found == ["a" * LONGEST_SENTENCE, None, "a" * LONGEST_SENTENCE, None, "a"]


@given(
    st.text("a<>[]/=\"'(. \n", max_size=60) | st.text(max_size=60),
    st.sets(st.integers(0, 60), max_size=20),
)
def test_pieces_leave_no_trace(text: str, cuts: set[int]) -> None:
    """A text that is cut anywhere gives what the whole text gives, and no text is lost."""
    edges = [0, *sorted(cuts), max(60, len(text))]
    found = scanned([text])
    assert scanned(text[start:end] for start, end in pairwise(edges)) == found
    if not any(isinstance(item, Tag) for item in found):
        assert "".join(item for item in found if isinstance(item, str)) == text


def test_a_flush_begins_another_text() -> None:
    """What was unfinished is handed out as text, and the next text is scanned afresh."""
    scanner = MarkupScanner()
    assert scanner.push("One <b") == [Text("One ")]
    assert scanner.flush() == [Text("<b")]
    assert scanner.flush() == []
    assert scanner.push("Two.") == [Text("Two.")]
    assert scanner.flush() == []
    assert scanner.push(" Three") == [Text(" Three")]
