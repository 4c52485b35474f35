"""A persona is held against pictures of what it should show."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.timeline import Timed
from livekit_plugins_avatar.tools import cli
from livekit_plugins_avatar.tools.eval import persona as evaluation
from livekit_plugins_avatar.tools.eval.truth import TruthError, load_truth
from livekit_plugins_avatar.tools.i420 import rgb

STATES: list[dict[str, Any]] = [
    {"file": "mouth-0.png", "region": "mouth", "box": [180, 270, 152, 112], "face": {"jawOpen": 1}},
    {"file": "mouth-1.png", "region": "mouth", "box": [180, 270, 152, 112], "face": {}},
    {"file": "eyes-0.png", "region": "eyes", "box": [176, 200, 160, 80], "face": {"gazeYaw": 0.2}},
    {"file": "whole-0.png", "region": "whole", "box": [0, 0, 512, 512], "face": {"headYaw": 0.1}},
]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """What the sketch draws, as truth."""
    renderer = OnnxRenderer(Persona.load("sketch"), device="cpu")
    for state in STATES:
        x, y, width, height = state["box"]
        (drawn,) = renderer.render([Timed(0, 1, FaceState.from_dict(state["face"]))])
        picture = rgb(drawn)[y : y + height, x : x + width]
        Image.fromarray(picture).save(tmp_path / state["file"])
    (tmp_path / "states.json").write_text(json.dumps(STATES))
    return tmp_path


def figures(truth: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    words = ["eval", "persona", "sketch", "--truth", str(truth), "--no-sweep", "--json"]
    assert cli.main(words) == 0
    read: dict[str, Any] = json.loads(capsys.readouterr().out)
    return read


def test_a_persona_is_like_itself(truth: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = figures(truth, capsys)
    assert read["psnr_db"] == read["psnr_mouth_db"] == read["psnr_eyes_db"] == 100.0
    assert (read["ssim"], read["states"]) == (1.0, 4)
    assert read["file_mb"] == pytest.approx(0.27, abs=0.01)


def test_a_wrong_picture_counts_in_its_region_and_is_named(
    truth: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = np.asarray(Image.open(truth / "mouth-1.png")).astype(int)
    Image.fromarray((picture + 1).clip(0, 255).astype(np.uint8)).save(truth / "mouth-1.png")
    read = figures(truth, capsys)
    assert read["psnr_db"] == read["psnr_eyes_db"] == 100.0
    assert read["psnr_mouth_db"] == pytest.approx((100 + 48.13) / 2, abs=0.2)
    assert read["mouth"]["worst_file"] == "mouth-1.png"
    assert read["mouth"]["worst_db"] == pytest.approx(48.13, abs=0.2)
    assert read["mouth"]["states"] == 2


def test_a_region_without_states_has_no_figure(
    truth: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (truth / "states.json").write_text(json.dumps(STATES[:1]))
    read = figures(truth, capsys)
    assert (read["psnr_db"], read["psnr_eyes_db"], read["ssim"]) == (None, None, None)
    assert read["psnr_mouth_db"] == 100.0


def test_without_json_the_same_figures_are_lines(
    truth: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["eval", "persona", "sketch", "--truth", str(truth), "--no-sweep"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (lines["psnr_mouth_db"], lines["states"]) == ("100.0", "4")


def test_evenness_names_the_worst_axes(write_persona: Callable[..., Path]) -> None:
    path = write_persona(size=(64, 64))
    read = evaluation.evenness(
        OnnxRenderer(Persona.load(path), device="cpu"), ["headYaw", "jawOpen"]
    )
    # A flat picture that the jaw makes brighter by 100 levels in 90 steps: by one, or by two.
    assert (read["sweep_worst_axis"], read["sweep_step_ratio"], read["sweeps"]) == ("jawOpen", 2, 1)


def test_a_persona_whose_truth_is_elsewhere_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", "persona", "sketch"]) == 1
    said = capsys.readouterr().err
    assert "models/personas/sketch/truth" in said and "--truth" in said


def test_a_persona_of_another_size_is_refused(
    truth: Path, write_persona: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["eval", "persona", str(write_persona()), "--truth", str(truth)]) == 1
    assert "the truth is of 512x512 pixels, the persona draws 8x4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("", "cannot be read"),
        ("[]", "no list of states"),
        ([STATES[0] | {"region": "nose"}], "state 0 of .* is of the region 'nose'"),
        ([STATES[0] | {"box": [400, 0, 152, 112]}], "leaves the 512x512 frame"),
        ([STATES[0] | {"box": [1, 2, 3]}], "does not fit"),
        ([STATES[0] | {"face": {"earWiggle": 1}}], "does not fit .*earWiggle"),
        ([{"file": "mouth-0.png"}], "does not fit .*region"),
    ],
)
def test_truth_that_does_not_fit_is_named(
    tmp_path: Path, wrong: str | list[dict[str, Any]], sentence: str
) -> None:
    text = wrong if isinstance(wrong, str) else json.dumps(wrong)
    (tmp_path / "states.json").write_text(text)
    with pytest.raises(TruthError, match=sentence):
        load_truth(tmp_path)


@pytest.mark.parametrize("wrong", ["gone", "text", "small"])
def test_a_picture_that_does_not_fit_is_named(truth: Path, wrong: str) -> None:
    path = truth / "mouth-0.png"
    if wrong == "gone":
        path.unlink()
    elif wrong == "text":
        path.write_text("no picture")
    else:
        Image.new("RGB", (8, 8)).save(path)
    state = load_truth(truth)[0]
    with pytest.raises(TruthError, match=r"mouth-0\.png (is no picture|has 8x8 pixels, its box)"):
        state.picture()
