"""Photographed skin on ICT's head, and where the head is lips, beard, ear or scalp.

The pictures are laid out for MakeHuman's base mesh. They fit ICT's head by landmarks, by nearest
points elsewhere, and by one smooth spline; that is done on the mean head and holds for everyone.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from models.personas.anatomy import Points, base_mesh
from models.personas.surface import smoothstep

from .assets import asset
from .head import FACE_END, LANDMARKS, MOUTH, SKIN_MATERIALS, SOCKETS, Numbers, faces, neutral

SIDE_PX = 2048

PICKS = {
    27: (989, 1706), 30: (989, 1786), 33: (989, 1810), 31: (963, 1802), 35: (1015, 1802),
    32: (975, 1807), 34: (1003, 1807), 48: (948, 1858), 54: (1030, 1858), 51: (989, 1834),
    57: (989, 1893), 50: (979, 1832), 52: (999, 1832), 49: (962, 1840), 53: (1016, 1840),
    59: (961, 1880), 55: (1017, 1880), 58: (975, 1890), 56: (1003, 1890), 60: (953, 1858),
    64: (1025, 1858), 62: (989, 1848), 66: (989, 1876), 61: (975, 1849), 63: (1003, 1849),
    67: (975, 1876), 65: (1003, 1876), 36: (899, 1718), 39: (943, 1719), 42: (1035, 1719),
    45: (1079, 1718), 37: (910, 1709), 38: (928, 1710), 40: (928, 1724), 41: (911, 1724),
    44: (1068, 1709), 43: (1050, 1710), 47: (1050, 1724), 46: (1067, 1724),
}  # fmt: skip
"""Multi-PIE's landmarks in a skin picture turned upright: column and row, in pixels."""

HOLES = ((920, 1716, 34, 11), (1058, 1716, 34, 11), (989, 1864, 46, 20))
"""Eyes and mouth of the pictures, which are filled from around: middle and radii."""

ANCHORS, ANCHOR_NEAR_DM = 260, 0.35
FLATTENED = 0.35
"""How much of the light that is in the pictures is taken out."""

HEAD = np.s_[1280:2048, 320:1660]
"""Rows and columns of the head in a picture turned upright."""


@cache
def layout() -> Points:
    """Where each of ICT's vertices lies in a skin picture, float64 [26719, 2], as shares."""
    mean = neutral()
    mesh = base_mesh()
    body = np.unique(mesh.faces[mesh.body])
    theirs, uv = mesh.vertices[body], mesh.uv[body]
    place = np.stack([SIDE_PX - 1 - (1 - uv[:, 1]) * SIDE_PX, uv[:, 0] * SIDE_PX], axis=1)
    x, y = place.T
    head = (y > 1290) & (x > 330) & (x < 1650) & (theirs[:, 1] > 5.9)
    theirs, place = theirs[head], place[head]
    ids = [LANDMARKS[number] for number in PICKS]
    picks = np.array(list(PICKS.values()), float)
    near = cKDTree(place).query(picks)[1]
    # Two landmarks may share a vertex, and a spline needs places that differ.
    apart = 1e-4 * np.random.default_rng(0).normal(size=(len(near), 3))
    onto = RBFInterpolator(theirs[near] + apart, mean[ids], kernel="linear", smoothing=1e-3)
    moved = onto(theirs)
    used = np.unique(faces(*SKIN_MATERIALS))
    used = used[used < MOUTH[0]]
    anchors = used[_spread(mean[used], ANCHORS)]
    eyes = mean[[LANDMARKS[number] for number in (37, 40, 44, 47)]]
    free = (cKDTree(mean[ids]).query(mean[anchors])[0] > 0.10) & (
        cKDTree(eyes).query(mean[anchors])[0] > 0.17
    )
    anchors = anchors[free]
    distance, nearest = cKDTree(moved).query(mean[anchors], k=4)
    weight = 1 / (distance + 1e-3)
    guess = (place[nearest] * weight[..., None]).sum(axis=1) / weight.sum(axis=1, keepdims=True)
    good = distance[:, 0] < ANCHOR_NEAR_DM
    spline = RBFInterpolator(
        np.concatenate([mean[ids], mean[anchors[good]]]),
        np.concatenate([picks, guess[good]]),
        smoothing=np.r_[np.full(len(ids), 1e-4), np.full(good.sum(), 0.03)],
        neighbors=80,
    )
    out = np.full((len(mean), 2), 989.0)
    out[used] = spline(mean[used])
    return np.stack([out[:, 1] / SIDE_PX, 1 - (SIDE_PX - 1 - out[:, 0]) / SIDE_PX], axis=1)


def _spread(points: Points, count: int) -> list[int]:
    """Points far from each other: each is the one furthest from those before."""
    chosen = [int(np.argmax(points[:, 2]))]
    left = np.full(len(points), np.inf)
    while len(chosen) < count:
        left = np.minimum(left, np.linalg.norm(points - points[chosen[-1]], axis=1))
        chosen.append(int(np.argmax(left)))
    return chosen


@cache
def picture(name: str) -> tuple[Image.Image, Image.Image, Numbers]:
    """A skin: its colours, its fine relief in grey, and its mean colour in linear light, [3]."""
    with Image.open(asset(f"skins/{name}.png")) as opened:
        upright = np.rot90(np.asarray(opened.convert("RGB")) / 255.0, -1)[HEAD]
    light = np.where(upright <= 0.04045, upright / 12.92, ((upright + 0.055) / 1.055) ** 2.4)
    row, column = np.mgrid[HEAD]
    hole = np.zeros(row.shape)
    for x, y, wide, high in HOLES:
        inside = 1.6 - 1.6 * np.hypot((column - x) / wide, (row - y) / high)
        hole = np.maximum(hole, np.clip(1.5 * np.clip(inside, 0, 1), 0, 1))
    known = 1 - np.clip(1.4 * hole, 0, 1)
    around = gaussian_filter(light * known[..., None], (14, 14, 0))
    around /= np.maximum(gaussian_filter(known, 14), 1e-3)[..., None]
    light = light * (1 - hole[..., None]) + around * hole[..., None]
    skin = (row > 1500) & (row < 1960) & (column > 700) & (column < 1280)
    mean = np.median(light[skin], axis=0)
    luma = light @ [0.2126, 0.7152, 0.0722]
    broad = gaussian_filter(luma, 45, truncate=2.5) / (mean @ [0.2126, 0.7152, 0.0722])
    light = light / np.clip(broad, 0.5, 1.5)[..., None] ** FLATTENED
    relief = 0.5 + 1.6 * (luma / np.maximum(gaussian_filter(luma, 5), 1e-3) - 1)
    light = np.clip(light, 0, 1)
    shown = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return _image(shown), _image(relief), mean


def _image(upright: Numbers) -> Image.Image:
    whole = np.full((SIDE_PX, SIDE_PX, *upright.shape[2:]), 0.5)
    whole[HEAD] = upright
    values = np.rot90(whole, 1).clip(0, 1) * 255
    return Image.fromarray(np.ascontiguousarray(values.round().astype(np.uint8)))


@cache
def masks() -> dict[str, Numbers]:
    """How much each of ICT's vertices is of a kind, float64 [26719] in [0, 1], by the kind."""
    mean = neutral()
    x, y, z = mean.T
    marks = mean[list(LANDMARKS)]
    index = np.arange(len(mean))
    front = index < FACE_END
    lips = _inside(mean[:, :2], marks[48:60, :2]) & (z > 0.93) & front
    inside = np.any([(index >= low) & (index < high) for low, high in (MOUTH, SOCKETS)], axis=0)
    ears = smoothstep(0.72, 0.76, np.abs(x) - 0.10 * np.clip(z, 0, 1)) * (z < 0.25)
    ears = ears * (y > -0.35) * (y < 0.62)
    nose = np.exp(-((x / 0.16) ** 2 + ((y - 0.12) / 0.22) ** 2)) * (z > 0.9)
    forehead = np.exp(-((x / 0.45) ** 2 + ((y - 0.75) / 0.25) ** 2)) * (z > 0.5)
    cheek = np.exp(-(((np.abs(x) - 0.42) / 0.20) ** 2 + ((y + 0.02) / 0.20) ** 2)) * (z > 0.3)
    photographed = smoothstep(-1.05, -0.72, y - 0.25 * (z - 0.6)) * smoothstep(1.22, 0.95, y)
    photographed *= smoothstep(-0.35, 0.10, z + 0.3 * np.maximum(y - 0.7, 0)) * (1 - 0.8 * ears)
    return {
        "lips": _soft(lips, 0.014),
        "cavity": _soft(inside, 0.02),
        "ears": _soft(ears, 0.05),
        "beard": _soft(_beard(x, y, z), 0.06),
        "photographed": _soft(photographed, 0.08),
        "flush": np.clip(nose + 0.8 * cheek, 0, 1),
        "oil": np.clip(nose + forehead, 0, 1),
    }


def _beard(x: Numbers, y: Numbers, z: Numbers) -> Numbers:
    chin = smoothstep(-0.10, -0.22, y) * smoothstep(0.0, 0.25, z) * smoothstep(-1.05, -0.85, y)
    moustache = np.exp(-((x / 0.28) ** 2 + ((y + 0.19) / 0.06) ** 2)) * (z > 0.8)
    jaw = smoothstep(0.30, -0.15, y - 1.1 * (np.abs(x) - 0.55)) * (np.abs(x) > 0.4)
    jaw = jaw * smoothstep(0.0, 0.3, z) * smoothstep(-1.0, -0.8, y)
    beard = np.clip(np.maximum(np.maximum(chin, moustache), 0.8 * jaw), 0, 1)
    below_lip = np.exp(-((x / 0.10) ** 2 + ((y + 0.50) / 0.03) ** 2))
    hollow = np.exp(-(((np.abs(x) - 0.40) / 0.17) ** 2 + ((y + 0.12) / 0.16) ** 2))
    beard = beard * smoothstep(-0.98, -0.80, y) * (1 - 0.9 * below_lip) * (1 - 0.5 * hollow)
    return np.asarray(beard)


def _soft(values: Numbers, reach: float) -> Numbers:
    """Values smoothed over neighbours on the skin within about `reach`."""
    mean = neutral()
    used = np.unique(faces(*SKIN_MATERIALS))
    distance, near = cKDTree(mean[used]).query(mean[used], k=16)
    weight = np.exp(-((distance / reach) ** 2))
    out = np.zeros(len(mean))
    kept = np.asarray(values, float)[used]
    out[used] = (kept[near] * weight).sum(axis=1) / weight.sum(axis=1)
    return out


def _inside(points: Points, polygon: Points) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether points of a plane lie in a polygon, by counting the edges on one side."""
    x, y = points.T
    inside = np.zeros(len(points), bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1 + 1e-12) + x1)
    return inside
