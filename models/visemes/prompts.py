"""What the synthetic voices say.

Takes a dictionary of pronunciations and what the real speakers of the corpus read; gives
sentences: those of public-domain books as they were read, and our own, which put rare words of
the dictionary where an agent would put its nouns and verbs, so that every sound meets every other.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence

FRAMES = (
    "Hello, this is {A}, how may I help you today?",
    "I am sorry, I did not catch that; did you say {a} or {b}?",
    "Your {a} has been moved from {day} to {day2} at {n} o'clock.",
    "Please hold the line while I look for the {a}.",
    "The {a} and the {b} are both available, but the {c} is not.",
    "That will be {n} pounds and {m} pence.",
    "Would you prefer the {a} by the window, or perhaps a {b}?",
    "My name is {A}, I work with {B} on the {a} team.",
    "Maybe we should move the big brown {a} above the {b}.",
    "Thank you very much, both for the {a} and for your patience.",
    "Oh, that is a good question! Let me think about the {a}.",
    "You should {a} before you {b}, and never {c}.",
    "Why would {A} give {n} {a}s to {B}?",
    "I thought the other thing was {a}, though they both thought it was {b}.",
    "Of course; five fine {a}s for a very fair price.",
    "We usually choose a {a}, a {b}, or a few huge {c}s.",
    "The number is {n}, {m}, {n2}, {m2}.",
    "Could you spell {A} for me, please?",
    "Right now the weather in {A} is {a}, with wind from the {b}.",
    "Yes. No. Well, perhaps {a}.",
    "Do you know how far it is from {A} to {B}?",
    "She said that {a} would soon be {b}, which pleased me.",
    "Put the {a} on top of the {b}, then push the {c} up.",
    "I would love to show you the new {a} room.",
    "{A} bought a pair of {a}s; {B} put them back.",
    "Those three things are neither {a} nor {b}, are they?",
    "If the {a} stops, press the blue button twice and wait for {n} minutes.",
    "My mother's brother made {a} soup for the whole {b}.",
    "Watch the {a} with the sharp edge, it is just for show.",
    "Here is a joke about a {a} and a {b} in {A}.",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NUMBERS = tuple(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand zero half".split()
)

WORD = re.compile(r"[a-z]{3,10}")
SENTENCE_WORDS = (4, 22)
"""Short ones are hardly sentences, long ones are slow to align."""


def ours(words: Sequence[str], chance: random.Random) -> Iterator[str]:
    """Our own sentences, without end.

    Args:
        words: The dictionary's words; rare ones are as likely as common ones.
        chance: Picks.
    """
    usable = [word for word in words if WORD.fullmatch(word)]
    while True:
        word = [chance.choice(usable) for _ in range(5)]
        number = [chance.choice(NUMBERS) for _ in range(4)]
        yield chance.choice(FRAMES).format(
            a=word[0], b=word[1], c=word[2], A=word[3].capitalize(), B=word[4].capitalize(),
            n=number[0], m=number[1], n2=number[2], m2=number[3],
            day=chance.choice(DAYS), day2=chance.choice(DAYS),
        )  # fmt: skip


def read(transcripts: Iterable[str]) -> list[str]:
    """The sentences in what was read, of a length that suits."""
    sentences: list[str] = []
    for transcript in transcripts:
        for sentence in re.split(r"(?<=[.!?])\s+", transcript.strip()):
            plain = re.sub(r"[^A-Za-z ,.!?;:']", " ", sentence)
            if SENTENCE_WORDS[0] <= len(plain.split()) <= SENTENCE_WORDS[1]:
                sentences.append(" ".join(plain.split()))
    return sentences
