"""The check of a GPU runs to its end on a CPU, and its yardsticks measure."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.tools.gpu import check
from livekit_plugins_avatar.tools.gpu.measure import SAME_DB, psnr_db, random_faces
from livekit_plugins_avatar.tools.gpu.report import Report

ROOT = Path(__file__).parents[3]
CHECK = ROOT / "livekit_plugins_avatar" / "tools" / "gpu"

SHORT = ["--batches", "1,2", "--rooms", "2", "--repeat-s", "0.02"]


def test_psnr() -> None:
    """A difference of one level everywhere is 48.1 dB, none is `SAME_DB`."""
    one = np.zeros((2, 6, 4), np.uint8)
    other = one.copy()
    other[1] = 1
    assert psnr_db(one, other) == pytest.approx([SAME_DB, 48.13], abs=0.01)


def test_shapes_that_differ() -> None:
    """Pictures of different sizes do not compare."""
    with pytest.raises(ValueError, match="do not compare"):
        psnr_db(np.zeros((1, 6, 4), np.uint8), np.zeros((1, 6, 8), np.uint8))


def test_faces_are_drawable() -> None:
    """Random faces begin at rest, are the same each time, and blendshapes stay in [0, 1]."""
    persona = Persona.load("man")
    faces = random_faces(persona, 8)
    shapes = [column for column, name in enumerate(persona.parameters) if name[:4] != "head"]
    assert np.array_equal(faces, random_faces(persona, 8))
    assert faces[0] == pytest.approx(persona.neutral)
    assert np.abs(faces[:, shapes]).max() <= 1
    assert len(np.unique(faces, axis=0)) == 8


def test_failed_section_keeps_figures(tmp_path: Path) -> None:
    """An error in one section is written down beside the figures of the others."""
    report = Report(tmp_path / "figures.json", 100)
    report.section("good", lambda: report.put({"answer": 42}))
    report.section("bad", lambda: [][1])
    report.section("unneeded", lambda: [][1], optional=True)
    written = json.loads((tmp_path / "figures.json").read_text())
    assert written["answer"] == 42
    assert len(written["failures"]) == len(written["findings"]) == 1


def test_ends_on_a_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_persona: Callable[..., Path]
) -> None:
    """Without a GPU the check says so, measures the CPU, writes the figures and succeeds."""
    monkeypatch.setattr(check, "find_card", lambda: None)
    path = tmp_path / "figures.json"
    persona = str(write_persona(size=(64, 64)))
    assert check.main([*SHORT, "--persona", persona, "--json", str(path)]) == 0
    written = json.loads(path.read_text())
    assert any("no GPU was found" in finding for finding in written["findings"])
    assert written["cpu_batch_1_frames_per_s"] > 0
    assert written["cpu_batch_2_psnr_min_db"] > check.AGREE_DB
    assert written["threads_psnr_min_db"] > check.AGREE_DB
    assert written["rooms"] >= 0
    assert written["shared_2_frames_per_s"] > 0


def test_starts_without_livekit() -> None:
    """The command imports neither LiveKit nor telemetry."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['livekit', 'opentelemetry'])); "
        "import runpy; sys.argv[1:] = ['--help']; "
        f"runpy.run_path({str(CHECK)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--json" in done.stdout
