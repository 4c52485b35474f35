"""A face is compared with the truth in the same place."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from PIL import Image

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.timeline import Timed
from livekit_plugins_avatar.tools.i420 import rgb

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
judging = import_module("livekit_plugins_avatar.tools.portrait.judge")
evaluation = import_module("livekit_plugins_avatar.tools.eval.picture_figures")
truths = import_module("livekit_plugins_avatar.tools.eval.picture_truth")


@pytest.fixture(scope="module")
def draw() -> Iterator[Any]:
    renderer = OnnxRenderer(Persona.load("sketch"), device="cpu", exact=True)
    yield lambda face: rgb(np.asarray(renderer.render([Timed(0, 1, face)]))[0])
    renderer.close()


@pytest.fixture(scope="module")
def rest(draw: Any) -> Any:
    return judging.look(draw(FaceState.of()))


def _figures(draw: Any, rest: Any, face: FaceState, truth: Any) -> dict[str, float]:
    box, judge = evaluation.face_box(rest, (512, 512)), judging.Judge(rest, (512, 512))
    read: dict[str, float] = truths.against(judge, box, draw(face), face, truth)
    return read


def test_a_turned_head_is_laid_over_the_truth(draw: Any, rest: Any) -> None:
    """A truth that turns about another neck lies elsewhere; it is the same face."""
    face = FaceState.of(headYaw=0.1)
    image = Image.fromarray(draw(face))
    there = image.transform(image.size, Image.Transform.AFFINE, (1, 0, -5, 0, 1, 3))
    figures = _figures(draw, rest, face, np.asarray(there))
    assert figures["laid_over_px"] == pytest.approx(np.hypot(5, 3), abs=0.3)
    assert figures["psnr_db"] > figures["as_ordered_psnr_db"] + 5


def test_a_blink_is_compared_where_it_is(draw: Any, rest: Any) -> None:
    """What is no turn is not moved, however far it lies from the truth."""
    face = FaceState.of(eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
    there = Image.fromarray(draw(face)).transform(
        (512, 512), Image.Transform.AFFINE, (1, 0, -5, 0, 1, 3)
    )
    figures = _figures(draw, rest, face, np.asarray(there))
    assert figures["psnr_db"] < 30
    assert "laid_over_px" not in figures


@pytest.mark.parametrize("scale", [0.9, 1.2])
def test_laying_over_shifts_and_scales_but_does_not_turn(scale: float) -> None:
    points = np.array([[100.0, 100], [200, 100], [100, 220], [180, 200]])
    blank = np.zeros((256, 256, 3), np.uint8)
    wanted = (points - 150) * scale + 140
    assert np.allclose(truths.laid_over(blank, points, wanted)[1], wanted)
    turned = (points - 150) @ [[0.5, 0.87], [-0.87, 0.5]] + 150
    assert np.linalg.norm(truths.laid_over(blank, points, turned)[1] - turned) > 50


def test_a_picture_goes_where_its_landmarks_go() -> None:
    """A spot that is a landmark lies where the landmark does."""
    picture = np.zeros((128, 128, 3), np.uint8)
    picture[50, 40] = 255
    points = np.array([[40.0, 50], [90, 50], [40, 100]])
    wanted = points * 1.1 + [-3, 4]
    laid, moved, _ = truths.laid_over(picture, points, wanted)
    row, column = np.unravel_index(laid[..., 0].argmax(), (128, 128))
    assert np.abs(moved[0] - [column, row]).max() <= 0.6


@pytest.mark.parametrize(
    ("face", "kind"),
    [
        ({"jawOpen": 0.2, "mouthSmileLeft": 0.2}, "vowel"),
        ({"mouthSmileLeft": 0.7}, "smile"),
        ({"eyeBlinkLeft": 1.0}, "blink"),
        ({"headYaw": 0.1}, "yaw"),
        ({"headPitch": 0.1}, "other"),
        ({}, "other"),
    ],
)
def test_a_face_of_the_truth_is_held_to_what_it_shows(face: dict[str, float], kind: str) -> None:
    assert truths.kind(FaceState.of(**face)) == kind
