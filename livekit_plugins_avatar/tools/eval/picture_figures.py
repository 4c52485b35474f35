"""Figures of one persona for `eval picture`: what was ordered, and what the landmark nets see.

Openings are percent of the eyes' distance. The face is what its outline encloses at rest; the face
box is what the landmarks span, and a little around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ...face.mouth_shapes import CONTACTS, MOUTH_AXES, MOUTH_SHAPES
from ...face.state import FaceState
from ...render.onnx_renderer import OnnxRenderer
from ...render.renderer import Renderer
from ...timeline import Timed
from ..i420 import LUMA_OF_RGB, rgb
from ..portrait.judge import Judge, Seen, look
from ..portrait.landmarks import MESH, OVAL
from ..portrait.sheet import both
from .picture_subjects import RGB, Shot, Subject, SubjectError
from .picture_truth import LEAST_DB, against, kind
from .similarity import psnr_db

Figures = dict[str, float]

BOX_MARGIN = 0.04
BLOCK_PX = 32
BLOCK_TEXTURE = 200.0
"""A block's motion can be told from this much contrast on: mean square of its slopes."""


def _mouth(shape: Mapping[str, float]) -> dict[str, float]:
    return {name: weight for axis, weight in shape.items() for name in MOUTH_AXES[axis]}


def _pressed(jaw: float) -> dict[str, float]:
    """Lips that meet for p, b and m over a jaw that is open as far."""
    return {**_mouth(CONTACTS["PP"].shape), "jawOpen": jaw, "mouthClose": jaw}


def _turn(name: str, degrees: float) -> dict[str, float]:
    return {name: float(np.radians(degrees))}


JAWS = {"jaw_03": 0.3, "jaw_07": 0.7}
PRESSED = {"closure": MOUTH_SHAPES["PP"].shape["jaw"], "closure_jaw_03": 0.3}
GAZES = {"gaze_left": -20.0, "gaze_right": 20.0}
YAWS = {"yaw_left": -8.0, "yaw_right": 8.0}
PITCHES = {"pitch_down": -6.0, "pitch_up": 6.0}
VOWELS = ("aa", "E", "I", "O", "U")

FACES: Mapping[str, FaceState] = {
    name: FaceState.of(**face)
    for name, face in {
        "rest": {},
        **{name: {"jawOpen": jaw} for name, jaw in JAWS.items()},
        **{name: _pressed(jaw) for name, jaw in PRESSED.items()},
        **{vowel: _mouth(MOUTH_SHAPES[vowel].shape) for vowel in VOWELS},
        "smile": {**both("mouthSmile", 0.7), **both("cheekSquint", 0.4)},
        "blink_half": both("eyeBlink", 0.5),
        "blink": both("eyeBlink", 1.0),
        **{name: _turn("gazeYaw", angle) for name, angle in GAZES.items()},
        **{name: _turn("headYaw", angle) for name, angle in YAWS.items()},
        **{name: _turn("headPitch", angle) for name, angle in PITCHES.items()},
    }.items()
}
"""What is ordered; mouths are those of the package's own visemes."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must keep.

    Args:
        least, most: Limits, both allowed.
    """

    least: float = -np.inf
    most: float = np.inf

    def kept(self, value: float) -> bool:
        """Whether a figure keeps to it; NaN does not."""
        return bool(self.least <= value <= self.most)


BOUNDS: Mapping[str, Bound] = {
    "rest_psnr_db": Bound(least=40),
    "rest_moved_px": Bound(most=0.1),
    "rest_changed_levels": Bound(most=0),
    "closure_pct": Bound(most=1),
    "blink_pct": Bound(most=2),
    **{f"{name}_deg": Bound(14, 26) for name in GAZES},
    **{f"{name}_deg": Bound(6.5, 9.5) for name in YAWS},
    **{f"{name}_deg": Bound(4.5, 7.5) for name in PITCHES},
}
"""By figure; angles count in the direction that was ordered."""


def broken(figures: Figures, truth: Mapping[str, Shot]) -> list[str]:
    """The figures that leave their bounds, by name."""
    bounds = dict(BOUNDS)
    for name, shot in truth.items():
        least = LEAST_DB.get(kind(shot.face))
        if least is not None:
            bounds[f"truth_{name}_psnr_db"] = Bound(least=least)
    return [
        name for name, bound in bounds.items() if name in figures and not bound.kept(figures[name])
    ]


def measure(subject: Subject) -> Figures:
    """Draw a persona's faces and look at them.

    Raises:
        SubjectError: No face is found in the persona at rest.
    """
    with closing(OnnxRenderer(subject.persona, device="cpu", exact=True)) as renderer:
        drawn = {name: _draw(renderer, face) for name, face in FACES.items()}
        again = _draw(renderer, FaceState.of())
        rest = look(drawn["rest"])
        if rest is None:
            raise SubjectError("no face is found in what the persona draws at rest")
        judge, box = Judge(rest, renderer.size), face_box(rest, renderer.size)
        figures = _seen(judge, {name: look(picture) for name, picture in drawn.items()})
        figures["rest_changed_levels"] = float(np.abs(drawn["rest"].astype(int) - again).max())
        if subject.picture is not None:
            pair, face = (drawn["rest"], subject.picture), _oval(rest, renderer.size)
            figures["rest_psnr_db"] = psnr_db(*(picture[face] for picture in pair))
            figures["rest_box_psnr_db"] = psnr_db(*(picture[box] for picture in pair))
            figures["rest_moved_px"] = moved_px(*pair, face)
        for name, shot in subject.truth.items():
            seen = against(judge, box, _draw(renderer, shot.face), shot.face, shot.picture)
            figures |= {f"truth_{name}_{figure}": value for figure, value in seen.items()}
    return {name: round(value, 2) for name, value in figures.items()}


def _draw(renderer: Renderer, face: FaceState) -> RGB:
    return rgb(np.asarray(renderer.render([Timed(0, 1, face)]))[0])


def face_box(rest: Seen, size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the face box."""
    points = rest.face.points[:MESH, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = BOX_MARGIN * (high - low)
    left, top = np.maximum(np.floor(low - margin), 0).astype(int)
    right, bottom = np.minimum(np.ceil(high + margin), size).astype(int)
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _oval(rest: Seen, size: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels within the face's outline, [H, W]."""
    mask = Image.new("1", size)
    points = rest.face.points[list(OVAL), :2].round().astype(int)
    ImageDraw.Draw(mask).polygon([(int(x), int(y)) for x, y in points], fill=1)
    return np.asarray(mask)


def _seen(judge: Judge, seen: Mapping[str, Seen | None]) -> Figures:
    """Ordered against seen; NaN where no face is found."""
    rest = seen["rest"]
    assert rest is not None
    figures = {"rest_lips_pct": 100 * rest.lips, "rest_lids_pct": 100 * rest.lids}
    for name in (*JAWS, *PRESSED):
        figures[f"{name}_pct" if name in PRESSED else f"{name}_lips_pct"] = 100 * _lips(seen[name])
    for name in VOWELS:
        now = seen[name]
        figures[f"{name}_lips_pct"] = 100 * _lips(now)
        figures[f"{name}_width_pct"] = 100 * (now.width / rest.width if now else np.nan)
    for name in ("blink_half", "blink"):
        now = seen[name]
        figures[f"{name}_pct"] = 100 * (now.lids if now else np.nan)
    smile = seen["smile"]
    figures["smile_width_pct"] = 100 * (smile.width / rest.width if smile else np.nan)
    for name, angle in {**GAZES, **YAWS, **PITCHES}.items():
        now = seen[name]
        axis = 1 if name in YAWS else 0
        if now is None:
            told = np.nan
        else:
            told = float((judge.gaze_deg(now) if name in GAZES else judge.turn_deg(now))[axis])
        figures[f"{name}_deg"] = told * np.sign(angle)
    still = (*JAWS, *PRESSED, *VOWELS, "smile")
    faces = [seen[name] for name in still]
    figures["identity_moved_pct"] = 100 * max(
        judge.identity_moved(each) if each else np.nan for each in faces
    )
    return figures


def _lips(seen: Seen | None) -> float:
    return seen.lips if seen else float("nan")


def moved_px(shown: RGB, picture: RGB, face: NDArray[np.bool_]) -> float:
    """How far the block that moved most went from one picture to the other, in pixels.

    By the slopes of brightness (Lucas and Kanade 1981), for less than a pixel.

    Args:
        shown, picture: uint8 [H, W, 3].
        face: Where to look: only blocks that lie within count, [H, W].
    """
    before, after = (each @ LUMA_OF_RGB for each in (picture, shown))
    down, right = np.gradient(before)
    most = 0.0
    for top in range(0, before.shape[0] - BLOCK_PX + 1, BLOCK_PX):
        for left in range(0, before.shape[1] - BLOCK_PX + 1, BLOCK_PX):
            block = np.s_[top : top + BLOCK_PX, left : left + BLOCK_PX]
            if not face[block].all():
                continue
            slopes = np.stack([right[block].ravel(), down[block].ravel()], axis=1)
            matrix: NDArray[np.float64] = slopes.T @ slopes
            if np.linalg.eigvalsh(matrix)[0] < BLOCK_TEXTURE * BLOCK_PX:
                continue
            change = (before[block] - after[block]).ravel()
            most = max(most, float(np.linalg.norm(np.linalg.solve(matrix, slopes.T @ change))))
    return most
