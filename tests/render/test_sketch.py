"""The sketch shows every axis, where a reader of pixels looks for it."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, PARAMETERS, FaceState
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.timeline import Timed

ROOT = Path(__file__).parents[2]
SIZE_PX = 512
# Left, top, right and bottom in pixels, for a head at rest; see models/sketch/CARD.md.
MOUTH = (206, 296, 306, 388)
PICTURE_LEFT_EYE = (186, 216, 244, 264)
PICTURE_RIGHT_EYE = (268, 216, 326, 264)
PICTURE_LEFT_BROW = (186, 186, 246, 218)
PICTURE_RIGHT_BROW = (266, 186, 326, 218)
# Y, U and V of the flat colours.
INSIDE = (49, 124, 152)
IRIS = (110, 125, 104)
BROW = (67, 119, 144)
TEETH = (226, 124, 130)
TONGUE = (132, 115, 177)

Box = tuple[int, int, int, int]
Frame = NDArray[np.uint8]
Draw = Callable[..., Frame]
SWEEP = 11
MAX_STEP = 2.0
"""Largest step of a sweep against the mean one; a shape that pops makes one of ten times it."""


@pytest.fixture(scope="module")
def draw() -> Draw:
    renderer = OnnxRenderer(Persona.load("sketch"), device="cpu")

    def drawn(**parameters: float) -> Frame:
        frame: Frame = renderer.render([Timed(0, 1600, FaceState.of(**parameters))])[0]
        return frame

    return drawn


def both(name: str, value: float) -> dict[str, float]:
    return {f"{name}Left": value, f"{name}Right": value}


def luma(frame: Frame, box: Box) -> NDArray[np.float64]:
    left, top, right, bottom = box
    return frame[top:bottom, left:right].astype(np.float64)


def where(frame: Frame, colour: tuple[int, int, int], box: Box) -> NDArray[np.intp]:
    """x and y of the pixels in a box that have a flat colour, [n, 2]."""
    quarter = SIZE_PX // 4
    planes = [frame[:SIZE_PX].astype(int)]
    for start in (SIZE_PX, SIZE_PX + quarter):
        half = frame[start : start + quarter].reshape(SIZE_PX // 2, SIZE_PX // 2)
        planes.append(half.repeat(2, 0).repeat(2, 1).astype(int))
    near = np.all([abs(plane - c) <= 10 for plane, c in zip(planes, colour, strict=True)], axis=0)
    left, top, right, bottom = box
    y, x = np.nonzero(near[top:bottom, left:right])
    return np.stack([x + left, y + top], axis=1)


def test_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is what its recipe makes."""
    monkeypatch.syspath_prepend(str(ROOT))
    make: Any = importlib.import_module("models.sketch.make")
    file = Persona.load("sketch").path.read_bytes()
    digest = hashlib.sha256(file).hexdigest()
    assert hashlib.sha256(make.build()).hexdigest() == digest
    card = (ROOT / "models" / "sketch" / "CARD.md").read_text()
    assert digest in card
    assert f"{len(file):,} bytes" in card
    assert len(file) <= 300_000


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(draw: Draw, name: str) -> None:
    """Every parameter changes the picture."""
    # A closed mouth has nothing to close.
    others = {"jawOpen": 0.4} if name == "mouthClose" else {}
    full = 1.0 if name in ARKIT_BLENDSHAPES else 0.05
    still, moved = draw(**others), draw(**others, **{name: full})
    changed = abs(still.astype(int) - moved) > 8
    assert changed.sum() > 100


@pytest.mark.parametrize("name", PARAMETERS)
def test_smooth(draw: Draw, name: str) -> None:
    """No parameter makes the picture jump."""
    others = {"jawOpen": 1.0} if name == "mouthClose" else {}
    full = 1.0 if name in ARKIT_BLENDSHAPES else 0.05
    shares = np.linspace(0.0, full, SWEEP)
    frames = np.stack([draw(**others, **{name: share}) for share in shares]).astype(np.int16)
    steps = abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
    assert steps.max() < MAX_STEP * steps.mean()


@pytest.mark.parametrize("name", ["jawOpen", "headYaw", "gazePitch", "mouthPucker"])
def test_range(draw: Draw, name: str) -> None:
    """A parameter out of its range is held at its end."""
    np.testing.assert_array_equal(draw(**{name: 5.0}), draw(**{name: 50.0}))


def test_jaw_opens(draw: Draw) -> None:
    """A jaw that opens uncovers ever more of the dark of the mouth."""
    areas = [len(where(draw(jawOpen=jaw), INSIDE, MOUTH)) for jaw in (0.0, 0.3, 0.5, 0.7, 1.0)]
    assert areas[0] < 20
    assert np.all(np.diff(areas) > 80)


def test_chin(draw: Draw) -> None:
    """A jaw that opens takes the chin down."""
    below_chin = (246, 368, 266, 384)
    still, opened = luma(draw(), below_chin), luma(draw(jawOpen=1.0), below_chin)
    assert abs(still - opened).mean() > 5


@pytest.mark.parametrize("jaw", [0.1, 0.3, 0.6])
def test_mouth_close(draw: Draw, jaw: float) -> None:
    """mouthClose seals the lips of an open jaw."""
    sealed = draw(jawOpen=jaw, mouthClose=jaw)
    assert len(where(sealed, TEETH, MOUTH)) == 0
    assert len(where(sealed, INSIDE, MOUTH)) <= len(where(draw(), INSIDE, MOUTH)) + 10


def test_p_and_f(draw: Draw) -> None:
    """The lips of a p are shut; those of an f show the upper teeth."""
    p = draw(**both("mouthPress", 0.6), mouthRollLower=0.4, mouthRollUpper=0.4)
    f = draw(**both("mouthUpperUp", 0.3), jawOpen=0.1, mouthRollLower=0.8)
    assert len(where(p, TEETH, MOUTH)) == 0
    assert len(where(f, TEETH, MOUTH)) > 150
    assert len(where(f, INSIDE, MOUTH)) < 40


def test_width(draw: Draw) -> None:
    """Rounding narrows the mouth, and smiling widens it."""

    def width(**parameters: float) -> int:
        # Lips are redder than the skin around them.
        half = draw(**parameters)[SIZE_PX + SIZE_PX // 4 :].reshape(SIZE_PX // 2, SIZE_PX // 2)
        columns = np.nonzero((half[150:178, 98:158] > 158).any(axis=0))[0]
        return int(np.ptp(columns))

    rest = width()
    assert width(mouthPucker=1.0) < 0.7 * rest
    assert width(mouthFunnel=1.0) < 0.75 * rest
    assert width(**both("mouthSmile", 1.0)) > 1.2 * rest


@pytest.mark.parametrize("name", ["mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch"])
def test_left(draw: Draw, name: str) -> None:
    """Left is the face's own left, at the picture's right."""
    change = abs(draw().astype(float) - draw(**{f"{name}Left": 1.0}))[:SIZE_PX]
    assert change[:, 256:].sum() > 2 * change[:, :256].sum()


def test_tongue(draw: Draw) -> None:
    """The tongue comes out over the lower lip."""
    tip = (248, 350, 264, 362)
    assert len(where(draw(jawOpen=0.3), TONGUE, tip)) == 0
    assert len(where(draw(jawOpen=0.3, tongueOut=1.0), TONGUE, tip)) > 40


@pytest.mark.parametrize("eye", [PICTURE_LEFT_EYE, PICTURE_RIGHT_EYE])
def test_gaze(draw: Draw, eye: Box) -> None:
    """Gaze moves the iris as the viewer sees it."""

    def iris(**parameters: float) -> NDArray[np.float64]:
        middle: NDArray[np.float64] = where(draw(**parameters), IRIS, eye).mean(axis=0)
        return middle

    rest = iris()
    assert iris(gazeYaw=0.3)[0] > rest[0] + 5
    assert iris(gazeYaw=-0.3)[0] < rest[0] - 5
    assert iris(gazePitch=0.3)[1] < rest[1] - 2.5
    assert iris(gazePitch=-0.3)[1] > rest[1] + 2


def test_eye_look(draw: Draw) -> None:
    """eyeLook adds to gaze."""

    def iris(box: Box, **parameters: float) -> float:
        return float(where(draw(**parameters), IRIS, box)[:, 0].mean())

    looking = {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5}
    for eye in (PICTURE_LEFT_EYE, PICTURE_RIGHT_EYE):
        assert iris(eye, **looking) > iris(eye) + 4
        assert iris(eye, gazeYaw=-0.3, **looking) == pytest.approx(iris(eye), abs=0.5)


@pytest.mark.parametrize(
    ("name", "shut", "open_"),
    [
        ("eyeBlinkLeft", PICTURE_RIGHT_EYE, PICTURE_LEFT_EYE),
        ("eyeBlinkRight", PICTURE_LEFT_EYE, PICTURE_RIGHT_EYE),
    ],
)
def test_blink(draw: Draw, name: str, shut: Box, open_: Box) -> None:
    """A blink hides the iris of its own eye."""
    frame = draw(**{name: 1.0})
    assert len(where(frame, IRIS, shut)) == 0
    assert len(where(frame, IRIS, open_)) == len(where(draw(), IRIS, open_))


def test_lids(draw: Draw) -> None:
    """Upper lids follow a gaze that falls."""
    # Just under the resting lid: white or iris at rest, lid when looking down.
    under_lid = (206, 230, 222, 234)
    assert luma(draw(gazePitch=-0.5), under_lid).mean() < luma(draw(), under_lid).mean() - 10


def test_brows(draw: Draw) -> None:
    """Brows go up and down."""

    def height(box: Box, **parameters: float) -> float:
        return float(where(draw(**parameters), BROW, box)[:, 1].mean())

    for side, box in (("Left", PICTURE_RIGHT_BROW), ("Right", PICTURE_LEFT_BROW)):
        rest = height(box)
        assert height(box, browInnerUp=1.0) < rest - 3
        assert height(box, **{f"browOuterUp{side}": 1.0}) < rest - 2
        assert height(box, **{f"browDown{side}": 1.0}) > rest + 2


def test_parallax(draw: Draw) -> None:
    """The nose moves further than the eyes when the head turns."""

    def nostrils(**parameters: float) -> float:
        dark = luma(draw(**parameters), (226, 282, 290, 296)) < 120
        return float(np.nonzero(dark)[1].mean())

    def eyes(**parameters: float) -> float:
        frame = draw(**parameters)
        boxes = (PICTURE_LEFT_EYE, PICTURE_RIGHT_EYE)
        return float(np.mean([where(frame, IRIS, box)[:, 0].mean() for box in boxes]))

    nose_px = nostrils(headYaw=0.2) - nostrils()
    eyes_px = eyes(headYaw=0.2) - eyes()
    assert 5 < eyes_px < nose_px
