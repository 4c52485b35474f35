"""Faces are saved where the user says; a store that fails costs only the saved face."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.face.store import LONGEST_AGE_S, FaceStore, FileStore

FACE = FaceState.of(jawOpen=0.25, headYaw=-0.1)


@pytest.mark.parametrize("kind", ["folder", "mapping"])
def test_a_face_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    """Each key has a face of its own, whatever the room is called."""
    store: Any = tmp_path / "new" / "faces" if kind == "folder" else {}
    for key in ("room", "../Room/\N{SNOWMAN}" + "x" * 300):
        FaceStore(store, key).save(FACE, 100.0)
        loaded = FaceStore(store, key).load(101.0)
        assert loaded is not None
        assert np.array_equal(loaded.values, FACE.values)
    assert FaceStore(store, "another room").load(101.0) is None


@pytest.mark.parametrize("age_s", [LONGEST_AGE_S + 1, -5.0])
def test_a_face_that_is_too_old_or_from_the_future_is_not_loaded(age_s: float) -> None:
    """Viewers have been looking at something else since, or a clock is wrong."""
    store = FaceStore({}, "room")
    store.save(FACE, 1000.0)
    assert store.load(1000.0 + age_s) is None


def test_four_rooms_write_to_one_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No write of 1,200 fails or is lost, no reader sees half a face, no file is left behind."""

    def write(room: int) -> None:
        store = FaceStore(tmp_path, str(room))
        for number in range(300):
            store.save(FaceState.of(jawOpen=number / 300), float(number))
            loaded = store.load(float(number))
            assert loaded is not None and loaded["jawOpen"] == pytest.approx(number / 300)

    with ThreadPoolExecutor(4) as rooms:
        list(rooms.map(write, range(4)))
    assert not caplog.records
    assert len(list(tmp_path.iterdir())) == 4


def test_old_files_are_pruned_with_the_first_save(tmp_path: Path) -> None:
    """Faces that are too old to load go, as do the remains of killed writers; others stay."""
    FaceStore(tmp_path, "old").save(FACE, 0.0)
    (tmp_path / "face-killed.tmp").write_text("{")
    (tmp_path / "notes.json").write_text("mine")
    for path in tmp_path.iterdir():
        os.utime(path, (1000.0, 1000.0))
    FaceStore(tmp_path, "recent").save(FACE, 1000.0)
    FaceStore(tmp_path, "new").save(FACE, 1001.0 + LONGEST_AGE_S)
    assert {path.name for path in tmp_path.iterdir() if "notes" in path.name} == {"notes.json"}
    assert len(list(tmp_path.glob("face-*"))) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "7",
        '{"at_s": 1}',
        '{"at_s": "now", "face": {}}',
        '{"at_s": 1, "face": {"nose": 1}}',
        '{"at_s": 1, "face": {"jawOpen": NaN}}',
        '{"at_s": 1, "face": {"jawOpen": 1e400}}',
        '{"at_s": 1, "face": {"jawOpen": "wide"}}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_a_corrupt_file_is_reported_once_and_replaced(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The face starts fresh, and the next save makes the file whole."""
    store = FaceStore(tmp_path, "room")
    store.save(FACE, 1.0)
    (path,) = tmp_path.iterdir()
    path.write_bytes(text.encode(errors="surrogateescape"))
    assert store.load(1.0) is None
    assert len(caplog.records) == 1
    store.save(FACE, 2.0)
    assert store.load(2.0) is not None
    assert len(caplog.records) == 1


def test_a_face_that_is_not_finite_is_not_saved(caplog: pytest.LogCaptureFixture) -> None:
    """The last good face stays."""
    store = FaceStore({}, "room")
    store.save(FACE, 1.0)
    store.save(FaceState.of(headYaw=float("inf")), 2.0)
    loaded = store.load(2.0)
    assert loaded is not None and loaded["headYaw"] == FACE["headYaw"]
    assert "cannot be saved" in caplog.text


def test_a_store_that_fails_is_reported_once_per_outage(caplog: pytest.LogCaptureFixture) -> None:
    """Five saves into a broken connection are one log line; the next outage is another."""

    class Database(dict[str, str]):
        up = False

        def __setitem__(self, key: str, value: str) -> None:
            if not self.up:
                raise ConnectionError("no route")
            super().__setitem__(key, value)

    database = Database()
    store = FaceStore(cast(MutableMapping[str, str], database), "room")
    with caplog.at_level(logging.ERROR):
        for outages in (1, 2):
            for second in range(5):
                store.save(FACE, float(second))
            assert len(caplog.records) == outages
            database.up = True
            store.save(FACE, 9.0)
            database.up = False


def test_a_path_that_is_no_folder_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the path, and the face lives on unsaved."""
    path = tmp_path / "faces.json"
    path.write_text("{}")
    FaceStore(path, "room").save(FACE, 1.0)
    assert "faces.json" in caplog.text
    assert path.read_text() == "{}"


def test_a_saved_face_is_plain_json(tmp_path: Path) -> None:
    """Other programs can read it."""
    FileStore(tmp_path)["room"] = "{}"
    FaceStore(tmp_path, "room").save(FACE, 5.0)
    saved = json.loads(FileStore(tmp_path)["room"])
    assert saved["at_s"] == 5.0 and saved["face"]["jawOpen"] == 0.25
