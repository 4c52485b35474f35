"""What personas draw is judged by the nets that find faces."""

from __future__ import annotations

import json
from importlib import import_module
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
from livekit_plugins_avatar.tools.i420 import rgb

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
command = import_module("livekit_plugins_avatar.tools.eval.picture")
evaluation = import_module("livekit_plugins_avatar.tools.eval.picture_figures")
sources = import_module("livekit_plugins_avatar.tools.eval.picture_subjects")

AA = FaceState.of(jawOpen=0.5)


def _drawn(face: FaceState) -> Any:
    renderer = OnnxRenderer(Persona.load("sketch"), device="cpu")
    try:
        return rgb(np.asarray(renderer.render([Timed(0, 1, face)]))[0])
    finally:
        renderer.close()


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    """Of the sketch, whose own pictures are given as what it was made of and as truth."""
    rest, open_ = _drawn(FaceState.of()), _drawn(AA)
    truth = {"aa": sources.Shot(AA, open_), "closed": sources.Shot(AA, rest)}
    subject = sources.Subject("sketch", Persona.load("sketch"), rest, truth)
    read: dict[str, float] = evaluation.measure(subject)
    return read


def test_what_is_ordered_is_seen(figures: dict[str, float]) -> None:
    """Jaws open by degrees, pressed lips meet, gazes go their way, a head turns the right way."""
    assert figures["closure_pct"] < 1 < figures["jaw_03_lips_pct"] < figures["jaw_07_lips_pct"]
    assert figures["blink_pct"] < figures["blink_half_pct"] < figures["rest_lids_pct"]
    assert figures["U_width_pct"] < 90 < 105 < figures["smile_width_pct"]
    assert min(figures["gaze_left_deg"], figures["gaze_right_deg"]) > 14
    assert max(figures["gaze_left_deg"], figures["gaze_right_deg"]) < 30
    assert min(figures["yaw_left_deg"], figures["pitch_up_deg"]) > 1


def test_a_persona_is_like_itself(figures: dict[str, float]) -> None:
    """At rest it is the picture, nothing moves, and the truth of a face is met exactly."""
    assert (figures["rest_psnr_db"], figures["rest_moved_px"]) == (100, 0)
    assert figures["rest_changed_levels"] == 0
    assert (figures["truth_aa_psnr_db"], figures["truth_aa_points_off_pct"]) == (100, 0)


def test_another_face_than_the_truth_is_seen(figures: dict[str, float]) -> None:
    """Where the truth has its mouth shut, PSNR drops, and the nets tell by how much it differs."""
    assert figures["truth_closed_psnr_db"] < 30
    assert figures["truth_closed_drawn_lips_pct"] > figures["truth_closed_true_lips_pct"] + 10


def test_figures_out_of_bounds_are_named() -> None:
    """Bounds hold on both sides, also where no face was found, and for the truth."""
    read = {
        "closure_pct": 1.01,
        "blink_pct": 2.0,
        "yaw_left_deg": 9.6,
        "gaze_left_deg": float("nan"),
    }
    truth = {"aa": sources.Shot(AA, np.zeros((8, 8, 3), np.uint8))}
    read["truth_aa_psnr_db"] = 29.9
    assert evaluation.broken(read, truth) == [
        "closure_pct", "gaze_left_deg", "yaw_left_deg", "truth_aa_psnr_db",
    ]  # fmt: skip
    assert evaluation.broken({"closure_pct": 1.0}, {}) == []


@pytest.mark.parametrize("shift", [0.0, 0.25, 1.0])
def test_motion_is_told_to_a_tenth_of_a_pixel(shift: float) -> None:
    """A picture that is shifted has moved as far, in its block that moved most."""
    x, y = np.meshgrid(np.arange(96.0), np.arange(96.0))

    def picture(x: Any) -> Any:
        grey = 128 + 50 * np.sin(x / 5) * np.cos(y / 6)
        return np.repeat(grey[..., None], 3, axis=2).round().astype(np.uint8)

    whole = np.ones(x.shape, bool)
    moved = evaluation.moved_px(picture(x - shift), picture(x), whole)
    assert moved == pytest.approx(shift, abs=0.06)
    assert evaluation.moved_px(picture(x - shift), picture(x), ~whole) == 0


def test_a_folder_holds_pictures_personas_and_people(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.onnx", "notes.txt", "person/truth.json", "empty/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = sources.found(["man", str(tmp_path), str(tmp_path / "person")])
    assert found == ["man", *(tmp_path / n for n in ("a.onnx", "b.PNG", "person", "person"))]


@pytest.mark.parametrize(("place", "sentence"), [("empty", "no picture"), ("gone", "no folder")])
def test_a_place_with_nothing_to_judge_says_so(
    tmp_path: Path, place: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert cli.main(["eval", "picture", str(tmp_path / place)]) == 1
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "told", ["", "[1]", '{"aa": {"earWiggle": 1}}', '{"aa": {"jawOpen": "x"}}']
)
def test_truth_that_does_not_fit_is_named(tmp_path: Path, told: str) -> None:
    (tmp_path / "truth.json").write_text(told)
    with pytest.raises(sources.SubjectError, match=r"truth\.json does not fit"):
        sources.subject(tmp_path, tmp_path)


def test_a_person_is_framed_as_the_persona_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pictures are cut and scaled as the neutral one is."""
    content = Persona.load("sketch").content
    made = sources.portrait.PersonaFile(content, ())
    monkeypatch.setattr(sources.portrait, "make", lambda *_, **__: made)
    person = tmp_path / "she"
    person.mkdir()
    for name, face in (("neutral", FaceState.of()), ("aa", AA)):
        Image.fromarray(_drawn(face)).save(person / f"{name}.png")
    (person / "truth.json").write_text(json.dumps({"neutral": {}, "aa": {"jawOpen": 0.5}}))
    subject = sources.subject(person, tmp_path)
    assert (subject.name, subject.truth["aa"].face["jawOpen"]) == ("she", 0.5)
    assert subject.picture.shape == subject.truth["aa"].picture.shape == (512, 512, 3)
    same = subject.truth["neutral"].picture == subject.picture
    assert same.all()


def test_what_is_refused_is_named_and_nothing_judged_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words.png").write_text("no picture")
    assert cli.main(["eval", "picture", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "words.png is no picture" in shown.err
    assert "not judged" in shown.out


def test_the_command_gives_flat_figures_and_fails_out_of_bounds(
    monkeypatch: pytest.MonkeyPatch,
    figures: dict[str, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """JSON has a number by persona and figure, the extremes, and which are out of bounds."""
    good = {"closure_pct": 0.5, "blink_pct": 1.0}
    monkeypatch.setattr(command, "measure", lambda subject: {**good})
    assert cli.main(["eval", "picture", "man", "sketch", "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert (read["man.closure_pct"], read["most_blink_pct"], read["personas"]) == (0.5, 1.0, 2)
    monkeypatch.setattr(command, "measure", lambda subject: figures)
    assert cli.main(["eval", "picture", "sketch"]) == 1
    shown = capsys.readouterr().out
    assert "out of bounds: sketch." in shown and "sketch.yaw_left_deg" in shown
