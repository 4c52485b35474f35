"""Has the synthetic voices speak: `python -m models.visemes.synthesise VOICE MINUTES`.

Takes the sources of a voice and sentences; gives, below the work folder, `corpus/VOICE/*.flac`
with the sentence and the speaker in a `.json` beside each. Started again, it goes on where it
stopped; the same numbers give the same corpus.
"""

from __future__ import annotations

import argparse
import json
import random

import soundfile

from .places import CORPUS, SOURCES, dictionary, pause
from .prompts import ours, read
from .voices import STORED_HZ, Flite, Kokoro, Piper, Voice

OURS_SHARE = 0.4
"""Share of our own sentences; the others are prose, whose words are as common as words are."""


def voice_of(name: str) -> Voice:
    """The voice, opened."""
    if name == "kokoro":
        return Kokoro(SOURCES)
    if name == "piper":
        return Piper(next(SOURCES.glob("piper/*.onnx")))
    return Flite()


def synthesise(name: str, minutes: float) -> None:
    """Speak until there are so many minutes."""
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(name)
    prose = read(path.read_text() for path in sorted((CORPUS / "real").glob("*.txt")))
    chance.shuffle(prose)
    words = [line.split()[0] for line in dictionary().read_text().splitlines()]
    own = ours(words, chance)
    voice: Voice | None = None
    spoken_s = 0.0
    number = 0
    while spoken_s < 60 * minutes:
        mine = chance.random() < OURS_SHARE
        text = next(own) if mine else prose[number % len(prose)]
        manner = random.Random(f"{name} {number}")
        target = folder / f"{number:05d}.flac"
        number += 1
        if not target.exists():
            pause()
            voice = voice or voice_of(name)
            sound, speaker = voice.say(text, manner)
            said = {"text": text, "speaker": speaker}
            target.with_suffix(".json").write_text(json.dumps(said))
            soundfile.write(target, sound, STORED_HZ, subtype="PCM_16")
        spoken_s += soundfile.info(target).duration


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("voice", choices=("kokoro", "piper", "flite"))
    parser.add_argument("minutes", type=float)
    arguments = parser.parse_args()
    synthesise(arguments.voice, arguments.minutes)
