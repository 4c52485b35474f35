"""Makes `resources/pronunciations.txt.z`: how 125,000 English words are said.

Takes the CMU Pronouncing Dictionary as the package `pocketsphinx` carries it; gives one
compressed text, always with the same words in it. Run `python -m models.pronunciations.make` from
the root of the repository, with `pocketsphinx==5.1.1` installed.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

DICTIONARY = "model/en-us/cmudict-en-us.dict"
OUT = Path("livekit_plugins_avatar/resources/pronunciations.txt.z")

PHONES = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W"
    " Y Z ZH"
).split()

WORD = re.compile(r"[a-z']+")
VARIANT = re.compile(r"\(\d+\)$")


def main() -> None:
    """Write the file and say what it is."""
    spec = find_spec("pocketsphinx")
    if spec is None or spec.origin is None:
        raise SystemExit("the dictionary comes with pocketsphinx: pip install pocketsphinx==5.1.1")
    source = Path(spec.origin).parent / DICTIONARY
    text = compiled(source.read_text().splitlines()).encode()
    OUT.write_bytes(zlib.compress(text, 9))
    print(f"{OUT}: {len(text):,} bytes unpacked, SHA-256 {hashlib.sha256(text).hexdigest()}")


def compiled(lines: Iterable[str]) -> str:
    """The dictionary as one text.

    The first line names the phones; each of the others is a word and its pronunciations, a letter
    for each phone: A for the first of the first line, and so on.
    """
    letters = {phone: chr(ord("A") + index) for index, phone in enumerate(PHONES)}
    words: dict[str, list[str]] = {}
    for line in lines:
        name, *phones = line.split()
        word = VARIANT.sub("", name)
        said = "".join(letters[phone] for phone in phones)
        if WORD.fullmatch(word) and said not in words.setdefault(word, []):
            words[word].append(said)
    rows = [f"{word} {' '.join(ways)}" for word, ways in sorted(words.items()) if ways]
    return "\n".join([" ".join(PHONES), *rows, ""])


if __name__ == "__main__":
    main()
