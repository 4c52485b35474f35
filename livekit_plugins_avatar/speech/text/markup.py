"""Scans text for tags, bracketed cues and the ends of sentences, piece by piece.

However a text is cut into pieces, its tags, its sentences and the text between them are the same;
only how many `Text` items a stretch of text takes depends on the pieces. A piece takes time in
proportion to its length, and at most `LONGEST_TAG` characters are kept for the next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST_TAG = 200
"""Characters, brackets included; longer ones are text. Those of speech synthesis take under 100."""

LONGEST_SENTENCE = 1_000
"""A sentence without an end is ended after so many characters, about a minute of speech."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text between tags; empty where all that became known is that a sentence has ended."""

    text: str
    ends_sentence: bool = False
    """Whether a sentence ends after it. The end of the whole text is not marked."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, such as `<break time="1s"/>`, or a cue in brackets, such as `[laughs]`.

    A tag separates words. The text of a Markdown link, `[text](url)`, is not a cue.
    """

    name: str
    """In lower case, with a slash before that of a closing tag; empty for a cue."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Those with quoted values, by name."""
    cue: str | None = None
    """What stands in the brackets; None for a tag."""


# No pattern here can be matched in two ways, so none backtracks.
_PLAIN = re.compile(r"[^<\[]+")
_TAG = re.compile(r"<([/!?]?[a-zA-Z-][^<>]*)>|\[([^\[\]<>]*)\](?!\()")
_UNFINISHED = re.compile(r"<(?:[/!?]?(?:[a-zA-Z-][^<>]*)?)?\Z|\[[^\[\]<>]*\]?\Z")
_NAME = re.compile(r"([/!?]?[\w:-]+)")
_ATTRIBUTE = re.compile(r"(?<![\w:-])([\w:-]+)\s*=\s*([\"'])(.*?)\2", re.DOTALL)

_SENTENCE = re.compile(
    r"(?P<ends>[.!?\u2026]+)|(?P<closes>[\"')\u201d\u2019]+)|(?P<alone>[\n\u3002\uff01\uff1f])"
    r"|(?P<blank>[^\S\n]+)|[^.!?\u2026\"')\u201d\u2019\n\u3002\uff01\uff1f\s]+"
)
"""A full stop ends a sentence once quotes are closed and a blank follows: "3.50" goes on. A line
break, and the full stop of scripts without blanks, end one at once."""


class MarkupScanner:
    """Scans one text after another; belongs to one thread."""

    def __init__(self) -> None:
        self._held = ""
        """What may be the beginning of a tag."""
        self._length = 0
        """Of the sentence so far."""
        self._may_end = False
        """Whether the sentence ends if a blank comes next."""

    def push(self, text: str) -> list[Text | Tag]:
        """Take a piece; returns what is known by now."""
        return self._scan(self._held + text, final=False)

    def flush(self) -> list[Text | Tag]:
        """The text is complete: return what was held back. The next piece begins another text."""
        items = self._scan(self._held, final=True)
        self._length, self._may_end = 0, False
        return items

    def _scan(self, text: str, *, final: bool) -> list[Text | Tag]:
        items: list[Text | Tag] = []
        at = begin = 0
        while at < len(text):
            plain, tag = _PLAIN.match(text, at), _TAG.match(text, at, at + LONGEST_TAG + 1)
            if tag is not None and (
                tag.end() - at > LONGEST_TAG
                # Brackets may be those of a link, as long as nothing follows.
                or not (final or tag[2] is None or tag.end() < len(text))
            ):
                tag = None
            if plain is not None:
                at = plain.end()
            elif tag is not None:
                items += self._sentences(text[begin:at])
                items.append(_tag(tag))
                at = begin = tag.end()
            elif not final and len(text) - at <= LONGEST_TAG and _UNFINISHED.match(text, at):
                break
            else:
                at += 1
        items += self._sentences(text[begin:at])
        self._held = text[at:]
        return items

    def _sentences(self, text: str) -> list[Text | Tag]:
        """Text, cut where sentences end."""
        items: list[Text | Tag] = []
        begin = 0
        for part in _SENTENCE.finditer(text):
            if part["blank"] and self._may_end:
                items += self._sentence(text[begin : part.start()], ends=True)
                begin = part.start()
            elif part["alone"]:
                items += self._sentence(text[begin : part.end()], ends=True)
                begin = part.end()
            self._may_end = bool(part["ends"] or (part["closes"] and self._may_end))
        if begin < len(text):
            items += self._sentence(text[begin:], ends=False)
        return items

    def _sentence(self, text: str, *, ends: bool) -> list[Text | Tag]:
        """A sentence, or a part of one, cut where it is too long."""
        items: list[Text | Tag] = []
        begin = 0
        while self._length + len(text) - begin >= LONGEST_SENTENCE:
            end = begin + LONGEST_SENTENCE - self._length
            items.append(Text(text[begin:end], ends_sentence=True))
            begin, self._length = end, 0
        self._length = 0 if ends else self._length + len(text) - begin
        if ends or begin < len(text):
            items.append(Text(text[begin:], ends))
        return items


def _tag(match: re.Match[str]) -> Tag:
    if match[2] is not None:
        return Tag("", cue=match[2])
    _, name, rest = _NAME.split(match[1], maxsplit=1)
    return Tag(name.lower(), {found[1]: found[3] for found in _ATTRIBUTE.finditer(rest)})
