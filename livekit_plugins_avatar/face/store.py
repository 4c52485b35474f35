"""The face's memory: what it looked like when the process ended, for the one that takes its place.

In flows a FaceState now and then, out flows the last one, if it is not too old. Where it is kept is
the user's choice: a file, or any mapping of strings (a dict, a client of a store). Through a
reconnect nothing needs to be remembered, because the face does not live in the connection.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from ..log import logger
from .state import FaceState

KEEP_EVERY_S = 1.0
"""How often the face is written down: within a second a head moves by less than a blend hides."""

LONGEST_AGE_S = 60.0
"""A face older than this is not gone on with: whoever saw it has been looking at something else."""


class FileStore(MutableMapping[str, str]):
    """A mapping that is one JSON file; a write replaces it whole or not at all.

    Args:
        path: The file; it is made with the first write.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def _read(self) -> dict[str, str]:
        try:
            stored = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        if not isinstance(stored, dict):
            raise ValueError(f"{self._path} holds no JSON object: move it out of the way")
        return stored

    def _write(self, stored: dict[str, str]) -> None:
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        new.write_text(json.dumps(stored))
        new.replace(self._path)

    def __getitem__(self, key: str) -> str:
        return self._read()[key]

    def __setitem__(self, key: str, value: str) -> None:
        self._write(self._read() | {key: value})

    def __delitem__(self, key: str) -> None:
        stored = self._read()
        del stored[key]
        self._write(stored)

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


class FaceMemory:
    """One face in a store. What the store does wrong is logged once, and costs nothing else.

    Args:
        store: Where faces are kept; may be shared between faces.
        key: This one's place in it.
    """

    def __init__(self, store: MutableMapping[str, str] | str | Path, key: str) -> None:
        self._store = FileStore(store) if isinstance(store, str | Path) else store
        self._key = key
        self._said = False

    def recall(self, wall_s: float) -> FaceState | None:
        """The face that was kept last, unless it is older than `LONGEST_AGE_S` at `wall_s`."""
        try:
            kept = json.loads(self._store[self._key])
            if not 0 <= wall_s - float(kept["at_s"]) <= LONGEST_AGE_S:
                return None
            return FaceState.from_dict(kept["face"])
        except KeyError:
            return None
        except Exception:
            self._say("the face that was remembered cannot be read: a fresh one begins")
            return None

    def keep(self, face: FaceState, wall_s: float) -> None:
        """Remember `face` as it is at `wall_s`."""
        try:
            self._store[self._key] = json.dumps({"at_s": wall_s, "face": face.as_dict()})
        except Exception:
            self._say("the face cannot be remembered: should the process end, it begins afresh")

    def _say(self, text: str) -> None:
        if not self._said:
            self._said = True
            logger.exception(text)
