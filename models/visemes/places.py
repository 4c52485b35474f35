"""Where the steps find and leave things: one work folder, `AVATAR_VISEMES_WORK` or `build/visemes`.

Takes the environment; gives paths. Everything below the work folder can be made again.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

WORK = Path(os.environ.get("AVATAR_VISEMES_WORK", "build/visemes"))
SOURCES = WORK / "sources"
"""What is not ours: models of voices."""

CORPUS = WORK / "corpus"
"""A folder per source: speech, text, phones."""

RUNS = WORK / "runs"
"""Checkpoints of trainings."""

STOP = Path(os.environ.get("AVATAR_VISEMES_STOP", WORK / "STOP"))
"""While this file exists long steps rest, so that others can measure times."""


def pause() -> None:
    """Rest while `STOP` exists."""
    while STOP.exists():
        time.sleep(1)


def dictionary() -> Path:
    """CMU's dictionary of pronunciations, as the aligner brings it."""
    from pocketsphinx import get_model_path

    return Path(get_model_path("en-us/cmudict-en-us.dict"))
