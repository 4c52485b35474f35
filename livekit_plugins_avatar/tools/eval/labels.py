"""Speech with labels: recordings, and beside each a file that says where each phone lies.

A label file is named like its recording and ends in `.json`; it holds a list of
`{"phone", "start", "end"}`, in seconds, with phones of ARPAbet or TIMIT. The text is in
`index.json`, a list of `{"file", "text"}`, or beside the recording in a file that ends in `.txt`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...speech.phones import phone_row
from ...speech.visemes import VISEME_INDEX

Labels = NDArray[np.int64]

HOPS_PER_S = 100
UNSEEN = -1
"""A hop whose phone shows nothing of its own: it is not scored."""

INDEX = "index.json"


class LabelError(ValueError):
    """There is nothing to score; the message says what is missing, and where."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording with labels.

    Args:
        path: The file of sound.
        labels: The file of its labels.
        text: What is said; None where it is unknown.
    """

    path: Path
    labels: Path
    text: str | None


def recordings(folder: Path) -> list[Recording]:
    """The recordings with labels in a folder, by name.

    Raises:
        LabelError: There are none.
    """
    texts = _texts(folder)
    found = []
    for labels in sorted(folder.glob("*.json")):
        sounds = [
            path
            for path in sorted(folder.glob(f"{_escaped(labels.stem)}.*"))
            if path.suffix not in (".json", ".txt")
        ]
        if labels.name != INDEX and sounds:
            found.append(Recording(sounds[0], labels, texts.get(labels.stem)))
    if not found:
        raise LabelError(
            f"{folder} holds no recording with labels: put name.json with the phones beside"
            " name.wav"
        )
    return found


def visemes(recording: Recording, hops: int) -> Labels:
    """What is labelled, hop by hop: indices of `VISEMES`, or `UNSEEN`; silence beyond the labels.

    Raises:
        LabelError: The file is no list of phones with times, or has an unknown phone.
    """
    try:
        phones = json.loads(recording.labels.read_text())
        return _visemes(phones, hops)
    except (ValueError, KeyError, TypeError) as error:
        raise LabelError(f"{recording.labels} is no list of phones with times: {error}") from error


def _visemes(phones: Sequence[dict[str, Any]], hops: int) -> Labels:
    labels = np.full(hops, VISEME_INDEX["sil"])
    for phone in phones:
        row = phone_row(phone["phone"])
        start, length = phone["start"], phone["end"] - phone["start"]
        if not row.visemes:
            labels[_hops(start, start + length)] = UNSEEN
        for viseme, share in zip(row.visemes, row.shares, strict=False):
            end = start + share * length
            labels[_hops(start, end)] = VISEME_INDEX[viseme]
            start = end
    return labels


def _hops(start_s: float, end_s: float) -> slice:
    return slice(round(start_s * HOPS_PER_S), round(end_s * HOPS_PER_S))


def _texts(folder: Path) -> dict[str, str]:
    texts = {path.stem: path.read_text() for path in folder.glob("*.txt")}
    if (folder / INDEX).exists():
        rows = json.loads((folder / INDEX).read_text())
        texts |= {row["file"]: row["text"] for row in rows if "text" in row}
    return texts


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
