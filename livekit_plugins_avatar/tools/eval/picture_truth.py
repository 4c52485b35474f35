"""A drawn face against the truth, for `eval picture`: how like its pixels are, and what nets see.

About which point of the neck a head turns cannot be told from one picture. So turned heads are laid
over the truth's before pixels are compared.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...face.state import FaceState
from ..portrait.judge import Judge, look
from ..portrait.landmarks import MESH
from .picture_subjects import RGB
from .similarity import psnr_db

Box = tuple[slice, slice]

LEAST_DB: Mapping[str, float] = {"vowel": 30.0, "smile": 31.0, "blink": 31.0, "yaw": 27.0}
"""PSNR against the truth, by what a face shows."""

POSE = ("headYaw", "headPitch", "headRoll")


def kind(face: FaceState) -> str:
    """What a face of the truth shows: a key of `LEAST_DB`, or "other"."""
    shown = {name for name, value in face.as_dict().items() if value}
    if shown & set(POSE):
        return "yaw" if shown == {"headYaw"} else "other"
    if "jawOpen" in shown:
        return "vowel"
    if "mouthSmileLeft" in shown:
        return "smile"
    return "blink" if "eyeBlinkLeft" in shown else "other"


def against(judge: Judge, box: Box, ordered: RGB, face: FaceState, truth: RGB) -> dict[str, float]:
    """Figures of one face: PSNR in the face box, and what the nets see of both.

    Args:
        judge: Of the persona at rest.
        box: The face box at rest, rows and columns.
        ordered: What the persona draws, uint8 [H, W, 3].
        face: What both show.
        truth: uint8 [H, W, 3], of the size that is drawn.
    """
    drawn, real = look(ordered), look(truth)
    figures = {"psnr_db": psnr_db(ordered[box], truth[box])}
    if drawn is None or real is None:
        return figures
    for side, seen in (("drawn", drawn), ("true", real)):
        pitch, yaw, _ = judge.turn_deg(seen)
        figures[f"{side}_lips_pct"] = 100 * seen.lips
        figures[f"{side}_width_pct"] = 100 * seen.width
        figures[f"{side}_lids_pct"] = 100 * seen.lids
        figures[f"{side}_gaze_deg"] = float(judge.gaze_deg(seen)[0])
        figures[f"{side}_yaw_deg"], figures[f"{side}_pitch_deg"] = float(yaw), float(pitch)
    points = drawn.face.points[:MESH, :2]
    if any(face[name] for name in POSE):
        figures["as_ordered_psnr_db"] = figures["psnr_db"]
        shown, points, moved = laid_over(ordered, points, real.face.points[:MESH, :2])
        figures["psnr_db"], figures["laid_over_px"] = psnr_db(shown[box], truth[box]), moved
    apart = np.linalg.norm(points - real.face.points[:MESH, :2], axis=1)
    figures["points_off_pct"] = 100 * float(apart.mean()) / real.face.eyes_px
    return figures


def laid_over(
    shown: RGB, points: NDArray[np.float64], truth: NDArray[np.float64]
) -> tuple[RGB, NDArray[np.float64], float]:
    """A picture shifted and scaled, but not turned, so that its landmarks come nearest to others.

    Args:
        shown: uint8 [H, W, 3].
        points: Its landmarks, [N, 2].
        truth: Where they should be, [N, 2].

    Returns:
        The picture, its landmarks there, and how far they were moved on average, in pixels.
    """
    mean, there = points.mean(axis=0), truth.mean(axis=0)
    apart = points - mean
    scale = float((apart * (truth - there)).sum() / (apart**2).sum())
    moved = apart * scale + there
    # Where each pixel comes from, with the middle of the first at (0.5, 0.5).
    left, top = mean + 0.5 - (there + 0.5) / scale
    data = (1 / scale, 0.0, float(left), 0.0, 1 / scale, float(top))
    image = Image.fromarray(shown)
    size, affine = image.size, Image.Transform.AFFINE
    laid = image.transform(size, affine, data, resample=Image.Resampling.BICUBIC)
    return np.asarray(laid), moved, float(np.linalg.norm(moved - points, axis=1).mean())
