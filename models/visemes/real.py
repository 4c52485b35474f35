"""Takes real speech into the corpus: `python -m models.visemes.real FOLDER`.

In flows a folder with LibriSpeech utterances (`SPEAKER-CHAPTER-NUMBER.flac`, CC BY 4.0, from
LibriVox readings in the public domain), a `.txt` with its words beside each; out flow the same
in the corpus.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from .places import CORPUS

LEFT_OUT = frozenset(("61", "1088"))
"""Speakers who are measured on."""


def take(folder: Path) -> None:
    """Copy what has a transcript."""
    target = CORPUS / "real"
    target.mkdir(parents=True, exist_ok=True)
    for sound in sorted(folder.rglob("*.flac")):
        text = sound.with_suffix(".txt")
        if text.exists() and sound.stem.split("-")[0] not in LEFT_OUT:
            shutil.copyfile(sound, target / sound.name)
            shutil.copyfile(text, target / text.name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    take(parser.parse_args().folder)
