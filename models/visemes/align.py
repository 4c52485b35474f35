# IPA is what it looks like.
# ruff: noqa: RUF001
"""Finds when each phone of the corpus is spoken: `python -m models.visemes.align SOURCE...`.

Takes speech and what is said in it; gives, beside each, a `.phones` file with a phone, its
first and its last moment a line. PocketSphinx (BSD) aligns: half of its boundaries are within
10 ms. Words that its dictionary lacks are pronounced by espeak-ng. What cannot be aligned is left
without a `.phones` file, and so out of the training. Started again, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray
from pocketsphinx import Decoder, get_model_path

from .phones import NOISES, PHONES
from .places import CORPUS, dictionary, pause
from .voices import STORED_HZ

FRAMES_PER_S = 100
BEAM = 1e-100
"""Nothing is pruned: the words are known, only the moments are sought."""

SILENCE_S = 0.3
"""Put before and after, so that the aligner has learnt the room before the first word."""

IPA_TO_PHONES = {
    "tʃ": "CH", "dʒ": "JH", "aɪ": "AY", "aʊ": "AW", "ɔɪ": "OY", "eɪ": "EY", "oʊ": "OW",
    "əʊ": "OW", "ɪə": "IY AH", "eə": "EH R", "ʊə": "UH R", "ɜː": "ER", "ɚ": "ER", "ɝ": "ER",
    "iː": "IY", "uː": "UW", "ɑː": "AA", "ɔː": "AO", "əl": "AH L", "p": "P", "b": "B", "t": "T",
    "d": "D", "k": "K", "ɡ": "G", "f": "F", "v": "V", "θ": "TH", "ð": "DH", "s": "S", "z": "Z",
    "ʃ": "SH", "ʒ": "ZH", "h": "HH", "m": "M", "n": "N", "ŋ": "NG", "l": "L", "ɹ": "R", "r": "R",
    "ɾ": "D", "j": "Y", "w": "W", "i": "IY", "u": "UW", "ɪ": "IH", "ᵻ": "IH", "ʊ": "UH",
    "ɛ": "EH", "e": "EH", "æ": "AE", "a": "AA", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "o": "OW",
    "ʌ": "AH", "ə": "AH", "ɐ": "AH", "ɜ": "ER", "x": "K", "ç": "HH",
}  # fmt: skip
"""The longest match counts; what is not here is not spoken."""

_LETTERS = re.compile("|".join(sorted(IPA_TO_PHONES, key=len, reverse=True)))


def pronounced(word: str) -> str:
    """Phones of a word by espeak-ng's rules, spaces between."""
    command = ["espeak-ng", "-q", "--ipa", "-v", "en-us", word]
    ipa = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return " ".join(IPA_TO_PHONES[letters] for letters in _LETTERS.findall(ipa))


class Aligner:
    """Aligns one utterance after the other."""

    def __init__(self) -> None:
        self._decoder = Decoder(
            samprate=STORED_HZ,
            lm=None,
            hmm=get_model_path("en-us/en-us"),
            dict=str(dictionary()),
            bestpath=False,
            loglevel="FATAL",
            beam=BEAM,
            wbeam=BEAM,
            pbeam=BEAM,
        )

    def phones(self, sound: NDArray[np.int16], text: str) -> Iterator[Spoken]:
        """What is spoken, phone by phone.

        Raises:
            RuntimeError: The sound is not of that text.
        """
        words = [self._known(word) for word in re.findall(r"[a-z0-9']+", text.lower())]
        around = np.zeros(round(SILENCE_S * STORED_HZ), np.int16)
        padded = np.concatenate((around, sound, around))
        self._decoder.set_align_text(" ".join(word for word in words if word))
        self._hear(padded)
        self._decoder.set_alignment()
        self._hear(padded)
        last_s = len(sound) / STORED_HZ
        for word in self._decoder.get_alignment():
            for phone in word:
                start_s = phone.start / FRAMES_PER_S - SILENCE_S
                end_s = start_s + phone.duration / FRAMES_PER_S
                start_s, end_s = max(0.0, start_s), min(last_s, end_s)
                if start_s < end_s:
                    name = "SIL" if phone.name in NOISES else phone.name
                    yield Spoken(name, start_s, end_s)

    def _hear(self, sound: NDArray[np.int16]) -> None:
        self._decoder.start_utt()
        self._decoder.process_raw(sound.tobytes(), full_utt=True)
        self._decoder.end_utt()

    def _known(self, word: str) -> str:
        """The word as the dictionary has it, or as it is pronounced; "" if it is not spoken."""
        for spelling in (word, word.strip("'")):
            if self._decoder.lookup_word(spelling) is not None:
                return spelling
        phones = pronounced(word)
        if phones:
            self._decoder.add_word(word, phones, True)
        return word if phones else ""


def said_in(sound: Path) -> str:
    """What is said in a file of the corpus."""
    described = sound.with_suffix(".json")
    if described.exists():
        return str(json.loads(described.read_text())["text"])
    return sound.with_suffix(".txt").read_text()


class Spoken(NamedTuple):
    """A phone with its first moment and the one after its last, in seconds."""

    phone: str
    start: float
    end: float


def phones_in(sound: Path) -> list[Spoken]:
    """The phones of a file of the corpus that has been aligned."""
    lines = sound.with_suffix(".phones").read_text().splitlines()
    return [Spoken(phone, float(start), float(end)) for phone, start, end in map(str.split, lines)]


def align(source: str) -> None:
    """Align what is new in a source."""
    aligner = Aligner()
    done = failed = 0
    for sound in sorted((CORPUS / source).glob("*.flac")):
        target = sound.with_suffix(".phones")
        if target.exists():
            continue
        pause()
        try:
            spoken = list(aligner.phones(soundfile.read(sound, dtype="int16")[0], said_in(sound)))
        except RuntimeError as error:
            print(sound.name, error)
            aligner, failed = Aligner(), failed + 1
            continue
        unknown = {phone for phone, _, _ in spoken} - set(PHONES)
        assert not unknown, f"{sound}: no such phones: {unknown}"
        lines = [f"{phone} {start_s:.2f} {end_s:.2f}\n" for phone, start_s, end_s in spoken]
        target.write_text("".join(lines))
        done += 1
    print(f"{source}: {done} aligned, {failed} failed")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sources", nargs="+")
    for name in parser.parse_args().sources:
        align(name)
