"""Finds a face in a picture: its points, its expression, and which pixels are the person.

The nets are MediaPipe's Face Landmarker v2 and its selfie segmenter, converted to ONNX
(models/portrait/CARD.md), and run by ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from .sampling import Floats, resized, turned_square

SCORED = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168,
    172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276,
    282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380,
    381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466,
    468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)  # fmt: skip
"""The points that the net for expression looks at (MediaPipe, face_blendshapes_graph.cc)."""

SCORES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft",
    "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft",
    "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen",
    "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""What that net gives, in order."""

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The face's outline."""

LIPS = (
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
"""Inner edges of the upper and the lower lip, from the picture's left to its right."""

EYES: Mapping[str, tuple[tuple[int, ...], tuple[int, ...], int]] = {
    "Right": (
        (33, 246, 161, 160, 159, 158, 157, 173, 133),
        (33, 7, 163, 144, 145, 153, 154, 155, 133),
        468,
    ),
    "Left": (
        (362, 398, 384, 385, 386, 387, 388, 466, 263),
        (362, 382, 381, 380, 374, 373, 390, 249, 263),
        473,
    ),
}
"""By the face's own side: upper lid, lower lid, and the middle of the iris, which the four points
of its rim follow."""

BROWS: Mapping[str, tuple[int, ...]] = {
    "Right": (46, 53, 52, 65, 55),
    "Left": (285, 295, 282, 283, 276),
}
"""Lower edges of the brows by the face's own side, from the picture's left to its right."""

IRISES = (468, 473)
OUTER_CORNERS = (33, 263)
CHIN, BETWEEN_EYES = 152, 168
MESH = 468
"""The points before the irises'."""

DETECTOR_PX, MESH_PX, MATTE_PX = 128, 256, 256
"""Sides of the nets' inputs."""

DETECTED = 0.5
"""A face is one from this score on, as MediaPipe has it."""

ROUNDS = 3
"""How often the mesh is found again in its own crop."""


@dataclass(frozen=True, slots=True)
class Box:
    """A face as the detector sees it, in pixels.

    Args:
        score: In [0, 1].
        centre: Of the box, [2].
        side: Its longer side.
        angle_rad: Of the line between the eyes, clockwise.
    """

    score: float
    centre: Floats
    side: float
    angle_rad: float


@dataclass(frozen=True, slots=True)
class Landmarks:
    """A face as the mesh sees it.

    Args:
        points: [478, 3]: x and y in pixels, and depth in the same unit, less being nearer.
        presence: How sure the net is that this is a face, in [0, 1].
        scores: Weight by name of ARKit's blendshapes.
    """

    points: Floats
    presence: float
    scores: Mapping[str, float]

    @property
    def eyes_px(self) -> float:
        """Distance of the irises."""
        first, second = self.points[list(IRISES), :2]
        return float(np.linalg.norm(second - first))


def faces(picture: NDArray[np.uint8]) -> list[Box]:
    """All faces in a picture, uint8 [H, W, 3], the surest first."""
    height, width = picture.shape[:2]
    side = max(height, width)
    small = Image.new("RGB", (DETECTOR_PX, DETECTOR_PX))
    fitted = Image.fromarray(picture)
    fitted.thumbnail((DETECTOR_PX, DETECTOR_PX), Image.Resampling.BILINEAR, reducing_gap=None)
    small.paste(fitted)
    regressed, logits = _run("face-detector", np.asarray(small, np.float32)[None] / 127.5 - 1)
    score = _sigmoid(logits[0, :, 0])
    found: list[Box] = []
    for index in np.argsort(-score):
        if score[index] < DETECTED:
            break
        points = regressed[0, index].reshape(8, 2) / DETECTOR_PX
        points[[0, 2, 3]] += _anchors()[index]
        # The padding is at the right and below, so a point of the square is one of the picture.
        centre, extent = points[0] * side - 0.5, float(points[1].max() * side)
        across = points[3] - points[2]
        if all(np.abs(centre - other.centre).max() > 0.5 * other.side for other in found):
            angle = float(np.arctan2(across[1], across[0]))
            found.append(Box(float(score[index]), centre, extent, angle))
    return found


def landmarks(picture: NDArray[np.uint8], face: Box) -> Landmarks:
    """The points of one face of a picture, uint8 [H, W, 3]."""
    centre, side, angle = face.centre, 1.5 * face.side, face.angle_rad
    for _ in range(ROUNDS):
        square, back = turned_square(picture, centre, side, angle, MESH_PX)
        points, presence = mesh(square, back)
        centre, side, angle = crop_of(points)
    weights = _run("face-blendshapes", points[None, SCORED, :2])[0]
    scores = dict(zip(SCORES, weights.tolist(), strict=True))
    return Landmarks(points, presence, scores)


def mesh(square: Floats, back: Floats) -> tuple[Floats, float]:
    """The points of the face that a square shows.

    Args:
        square: [MESH_PX, MESH_PX, 3] in [0, 255].
        back: [2, 3], from its points to those of the picture that it was cut out of.

    Returns:
        The points as `Landmarks` has them, float64 [478, 3], and how sure the net is that this is
        a face, in [0, 1].
    """
    raw, presence, _ = _run("face-landmarks", square[None] / 255.0)
    points = raw.reshape(-1, 3).astype(np.float64)
    flat = (points[:, :2] - 0.5) @ back[:, :2].T + back[:, 2]
    scale = float(np.hypot(*back[:, 0]))
    return np.column_stack([flat, points[:, 2] * scale]), float(_sigmoid(presence).ravel()[0])


def crop_of(points: Floats) -> tuple[Floats, float, float]:
    """The square in which a face is looked for again: centre [2], side in pixels, and angle in rad
    clockwise."""
    flat = points[:, :2]
    first, second = flat[list(OUTER_CORNERS)]
    angle = float(np.arctan2(*(second - first)[::-1]))
    cosine, sine = np.cos(angle), np.sin(angle)
    upright = np.array([[cosine, sine], [-sine, cosine]])
    turned = flat @ upright.T
    low, high = turned.min(0), turned.max(0)
    return upright.T @ ((low + high) / 2), 1.5 * float((high - low).max()), angle


def matte(picture: NDArray[np.uint8]) -> Floats:
    """How much of each pixel is the person, float32 [H, W] in [0, 1]."""
    height, width = picture.shape[:2]
    small = Image.fromarray(picture).resize((MATTE_PX, MATTE_PX), Image.Resampling.BOX)
    seen = _run("person-matte", np.asarray(small, np.float32)[None] / 255.0)[0]
    return resized(seen[0, :, :, 0], width, height).clip(0, 1)


@cache
def _session(net: str) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    path = resources.files("livekit_plugins_avatar") / "resources" / "portrait" / f"{net}.onnx"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _run(net: str, values: Floats) -> list[Floats]:
    session = _session(net)
    name = session.get_inputs()[0].name
    return list(session.run(None, {name: np.asarray(values, np.float32)}))


@cache
def _anchors() -> Floats:
    """Where the detector's boxes start, [896, 2], as shares of its input."""
    return np.array(
        [
            ((x + 0.5) / cells, (y + 0.5) / cells)
            for cells, each in ((16, 2), (8, 6))
            for y in range(cells)
            for x in range(cells)
            for _ in range(each)
        ]
    )


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -80, 80))))
