"""A drawn face against the truth, for `eval picture`: at the same strength, and in the same place.

A weight of 1 opens the mouth of one rig further than that of another, and where the neck is that a
head turns about cannot be told from one picture. So mouths are drawn as far open and as wide as the
truth's, and turned heads are laid over the truth's, before pixels are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...face.mouth_shapes import MOUTH_AXES
from ...face.state import FaceState
from ..portrait.judge import Judge, Seen, look
from ..portrait.landmarks import MESH
from .similarity import psnr_db

RGB = NDArray[np.uint8]
Box = tuple[slice, slice]

LEAST_DB: Mapping[str, float] = {"vowel": 30.0, "smile": 31.0, "blink": 31.0, "yaw": 27.0}
"""PSNR against the truth, by what a face shows."""

POSE = ("headYaw", "headPitch", "headRoll")

OPENING = tuple(name for axis in ("jaw", "lower", "upper") for name in MOUTH_AXES[axis])
WIDTH = tuple(
    name for axis in ("funnel", "pucker", "stretch", "smile") for name in MOUTH_AXES[axis]
)
"""What opens the mouth, and what makes it narrow or wide."""

STRENGTHS = np.linspace(0.4, 1.6, 9)
"""Shares of its weights at which a face is looked at, to find the one that shows what the truth
does; it lies between them, or at an end."""

ROUNDS = 2
"""Opening and width change each other a little."""


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


def against(
    judge: Judge, box: Box, draw: Callable[[FaceState], RGB], face: FaceState, truth: RGB
) -> dict[str, float]:
    """Figures of one face: PSNR in the face box, and what the nets see of both.

    Args:
        judge: Of the persona at rest.
        box: The face box at rest, rows and columns.
        draw: Draws the persona.
        face: What both show.
        truth: uint8 [H, W, 3], of the size that is drawn.
    """
    ordered, real = draw(face), look(truth)
    figures = {"as_ordered_psnr_db": psnr_db(ordered[box], truth[box])}
    drawn = look(ordered)
    if drawn is None or real is None:
        return figures | {"psnr_db": figures["as_ordered_psnr_db"]}
    for side, seen in (("drawn", drawn), ("true", real)):
        pitch, yaw, _ = judge.turn_deg(seen)
        figures[f"{side}_lips_pct"] = 100 * seen.lips
        figures[f"{side}_width_pct"] = 100 * seen.width
        figures[f"{side}_lids_pct"] = 100 * seen.lids
        figures[f"{side}_gaze_deg"] = float(judge.gaze_deg(seen)[0])
        figures[f"{side}_yaw_deg"], figures[f"{side}_pitch_deg"] = float(yaw), float(pitch)
    shown, points = ordered, drawn.face.points[:MESH, :2]
    if kind(face) in ("vowel", "smile"):
        strengths = matched(draw, face, real)
        shown = draw(_scaled(face, strengths))
        same = look(shown)
        points = points if same is None else same.face.points[:MESH, :2]
        figures["opening_strength"], figures["width_strength"] = strengths
    elif any(face[name] for name in POSE):
        shown, points, moved = laid_over(ordered, points, real.face.points[:MESH, :2])
        figures["laid_over_px"] = moved
    apart = np.linalg.norm(points - real.face.points[:MESH, :2], axis=1)
    figures["psnr_db"] = psnr_db(shown[box], truth[box])
    figures["points_off_pct"] = 100 * float(apart.mean()) / real.face.eyes_px
    return figures


def matched(draw: Callable[[FaceState], RGB], face: FaceState, truth: Seen) -> tuple[float, float]:
    """At which shares of its weights for opening and width a face is seen as open and as wide as
    the truth."""
    opening, width = 1.0, 1.0
    for _ in range(ROUNDS):
        if any(face[name] for name in OPENING):
            tried = [_seen(draw, face, (share, width), "lips") for share in STRENGTHS]
            opening = _where(tried, truth.lips)
        if any(face[name] for name in WIDTH):
            tried = [_seen(draw, face, (opening, share), "width") for share in STRENGTHS]
            width = _where(tried, truth.width)
    return opening, width


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


def _scaled(face: FaceState, strengths: tuple[float, float]) -> FaceState:
    opening, width = strengths
    weights = {
        name: value * (opening if name in OPENING else width if name in WIDTH else 1.0)
        for name, value in face.as_dict().items()
    }
    return FaceState.from_dict({name: min(value, 1.0) for name, value in weights.items()})


def _seen(
    draw: Callable[[FaceState], RGB], face: FaceState, strengths: tuple[float, float], what: str
) -> float:
    seen = look(draw(_scaled(face, strengths)))
    return float("nan") if seen is None else float(getattr(seen, what))


def _where(tried: list[float], wanted: float) -> float:
    """The strength nearest to 1 at which something crosses what is wanted; where nothing does, the
    one that comes nearest."""
    values = np.array(tried) - wanted
    crossings = []
    for k in range(len(values) - 1):
        before, after = values[k], values[k + 1]
        if before * after <= 0 and before != after:
            part = before / (before - after)
            crossings.append(float(STRENGTHS[k] + part * (STRENGTHS[k + 1] - STRENGTHS[k])))
    if crossings:
        return min(crossings, key=lambda share: abs(share - 1))
    if np.isnan(values).all():
        return 1.0
    return float(STRENGTHS[np.nanargmin(np.abs(values))])
