"""What a face looked like is kept where the user says, and never costs more than the memory."""

from __future__ import annotations

import json
import logging
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.face.store import LONGEST_AGE_S, FaceMemory, FileStore

FACE = FaceState.of(jawOpen=0.25, headYaw=-0.1)


@pytest.mark.parametrize("kind", ["file", "mapping"])
def test_a_face_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    store: Any = tmp_path / "faces.json" if kind == "file" else {}
    FaceMemory(store, "room").keep(FACE, 100.0)
    recalled = FaceMemory(store, "room").recall(101.0)
    assert recalled is not None
    assert np.array_equal(recalled.values, FACE.values)
    assert FaceMemory(store, "another room").recall(101.0) is None


@pytest.mark.parametrize("age_s", [LONGEST_AGE_S + 1, -5.0])
def test_a_face_that_is_too_old_or_from_the_future_is_not_gone_on_with(age_s: float) -> None:
    memory = FaceMemory({}, "room")
    memory.keep(FACE, 1000.0)
    assert memory.recall(1000.0 + age_s) is None


def test_several_faces_share_a_file_and_the_last_look_counts(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "faces.json")
    one, other = FaceMemory(store, "one"), FaceMemory(store, "other")
    one.keep(FaceState.of(), 1.0)
    other.keep(FaceState.of(), 1.0)
    one.keep(FACE, 2.0)
    assert sorted(store) == ["one", "other"] and len(store) == 2
    recalled = one.recall(3.0)
    assert recalled is not None and recalled["jawOpen"] == 0.25
    del store["one"]
    assert one.recall(3.0) is None
    assert [path.name for path in tmp_path.iterdir()] == ["faces.json"], "nothing is left lying"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"room": 7}', '{"room": "{}"}', '{"room": "[1]"}',
             '{"room": "{\\"at_s\\": 1, \\"face\\": {\\"nose\\": 1}}"}'],
)  # fmt: skip
def test_a_file_of_garbage_costs_the_memory_and_no_more(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "faces.json"
    path.write_text(text)
    assert FaceMemory(path, "room").recall(1.0) is None


def test_a_store_that_fails_is_said_to_once(caplog: pytest.LogCaptureFixture) -> None:
    class Down(dict[str, str]):
        def __getitem__(self, key: str) -> str:
            raise ConnectionError("no route")

        def __setitem__(self, key: str, value: str) -> None:
            raise ConnectionError("no route")

    memory = FaceMemory(cast(MutableMapping[str, str], Down()), "room")
    with caplog.at_level(logging.ERROR):
        assert memory.recall(1.0) is None
        for second in range(5):
            memory.keep(FACE, float(second))
    assert len(caplog.records) == 1


def test_what_is_kept_is_plain_json(tmp_path: Path) -> None:
    path = tmp_path / "faces.json"
    FaceMemory(path, "room").keep(FACE, 5.0)
    kept = json.loads(json.loads(path.read_text())["room"])
    assert kept["at_s"] == 5.0 and kept["face"]["jawOpen"] == 0.25
