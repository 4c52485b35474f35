"""Saves what a face looks like, so that a process that takes over goes on from there.

A reconnect within one process needs no store, because the face does not live in the connection.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..log import logger
from .state import FaceState

SAVE_EVERY_S = 1.0
"""How often a face is saved: within a second a head moves by less than a blend hides."""

LONGEST_AGE_S = 60.0
"""An older face is not restored: its viewers have been looking at something else since."""


class FileStore:
    """Strings by key, each in a file of its own in one folder, created with the first write.

    A write replaces a file whole or not at all, so any number of threads and processes may share
    the folder without a lock; each key should have one writer at a time.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    def __getitem__(self, key: str) -> str:
        try:
            return self._path(key).read_text()
        except FileNotFoundError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="face-", suffix=".tmp", dir=self._folder)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(value)
            os.replace(name, self._path(key))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def prune(self, before_s: float) -> None:
        """Remove the files that were last written before a time in seconds since the epoch."""
        for path in [*self._folder.glob("face-*.json"), *self._folder.glob("face-*.tmp")]:
            with suppress(FileNotFoundError):  # Another process pruned it, or completed its write.
                if path.stat().st_mtime < before_s:
                    path.unlink()

    def _path(self, key: str) -> Path:
        # Rooms may have names that no file can have.
        return self._folder / f"face-{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


class FaceStore:
    """One face, with a key of its own, in a store: the path of a folder, or any mapping of strings.

    A store that fails is logged once per outage and costs nothing else.
    """

    def __init__(self, store: MutableMapping[str, str] | str | Path, key: str) -> None:
        self._store = FileStore(store) if isinstance(store, str | Path) else store
        self._key = key
        self._saved = False
        self._failing = False

    def load(self, wall_s: float) -> FaceState | None:
        """The face saved last, unless it is older than `LONGEST_AGE_S` at `wall_s`."""
        try:
            try:
                text = self._store[self._key]
            except KeyError:
                return None
            saved = json.loads(text)
            if not 0 <= wall_s - float(saved["at_s"]) <= LONGEST_AGE_S:
                return None
            return _finite(FaceState.from_dict(saved["face"]))
        except Exception as error:
            logger.warning(
                "face store: a saved face cannot be read; a fresh one starts and replaces it",
                extra={"key": self._key, "error": repr(error)},
            )
            return None

    def save(self, face: FaceState, wall_s: float) -> None:
        """Save `face` as it is at `wall_s`; the first save prunes old files of other faces."""
        try:
            self._store[self._key] = json.dumps({"at_s": wall_s, "face": _finite(face).as_dict()})
            if not self._saved and isinstance(self._store, FileStore):
                self._store.prune(wall_s - LONGEST_AGE_S)
            self._saved, self._failing = True, False
        except Exception:
            if not self._failing:
                message = "face store: the face cannot be saved; a new process starts a fresh one"
                logger.exception(message, extra={"key": self._key})
            self._failing = True


def _finite(face: FaceState) -> FaceState:
    if not np.isfinite(face.values).all():
        raise ValueError("a face with values that are not finite")
    return face
