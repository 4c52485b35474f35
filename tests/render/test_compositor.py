"""Native code composes pictures as formulas say, stays within its planes, and may be missing."""

from __future__ import annotations

import ctypes
import itertools
import json
import mmap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.face.limits import HEAD_LIMITS
from livekit_plugins_avatar.face.state import POSE_PARAMETERS, FaceState
from livekit_plugins_avatar.render import compositor, parted_model
from livekit_plugins_avatar.render.composition import (
    Composition,
    Over,
    Plane,
    Region,
    composition_of,
    listed,
)
from livekit_plugins_avatar.render.compositor import CompositionError, Compositor, library
from livekit_plugins_avatar.render.model import Faces
from livekit_plugins_avatar.render.onnx_file import OnnxFileError
from livekit_plugins_avatar.render.parted_model import PartedModel
from livekit_plugins_avatar.render.persona import Persona, PersonaError

from .whole import drawn_whole, psnr_db

PEOPLE = ("man", "woman", "filmed-man", "caller")

COLUMNS, ROWS = 76, 10
"""Blocks of the small picture: its last strip overlaps the one before."""

SIZE = (2 * COLUMNS, 2 * ROWS)
OVER = (6, 8)
"""Rows and columns of what is laid over it."""

Arrays = dict[str, NDArray[Any]]


def composition(**changes: Any) -> Composition:
    """Of the small picture."""
    said = Composition(
        motion="motion",
        near=tuple(Plane("luma", 0, k % 2, k // 2) for k in range(4)),
        smooth=(*(Plane("smooth", k) for k in range(3)), Plane("smooth", 3)),
        wall_luma="wall_luma",
        wall_chroma="wall_chroma",
        black=16,
        regions=(Region(0, 0, SIZE[0], 8), Region(20, 8, 100, 12)),
        light="light",
        narrower=0.7,
        sharpened=True,
        over=Over("motion", "over_luma", "more", 30, 5),
    )
    return said._replace(**changes)


def values(seed: int = 0) -> Arrays:
    """At random: what never changes, and what does."""
    chance = np.random.default_rng(seed)
    height, width = SIZE[1] + 4, SIZE[0] + 2
    cells = (ROWS // 2, COLUMNS // 2)
    still = {
        "luma": (1, 1, height, width),
        "smooth": (1, 4, height, width),
        "wall_luma": (1, 1, SIZE[1] + 2, SIZE[0]),
        "wall_chroma": (1, 2, SIZE[1] // 2 + 1, SIZE[0] // 2),
    }
    moving = {
        "motion": (1, 3, *cells),
        "light": (3, 1, *cells),
        "over_luma": (1, 1, OVER[0] + 1, OVER[1] + 1),
        "more": (3, 1, OVER[0] // 2 + 1, OVER[1] // 2 + 1),
    }
    made: Arrays = {
        name: chance.integers(0, 256, shape).astype(np.uint8) for name, shape in still.items()
    }
    for name, shape in moving.items():
        made[name] = chance.normal(0, 3, shape).astype(np.float32)
    made["motion"][0, 2] *= 0.05
    made["more"][2] = chance.random(made["more"].shape[2:])
    return made


def composed(said: Composition, given: Arrays) -> NDArray[np.uint8]:
    shapes = {name: given[name].shape for name in said.changing}
    frame = np.empty((1, 3 * ROWS, SIZE[0]), np.uint8)
    Compositor(said, given, shapes, SIZE).bound(given, frame)()
    return frame.reshape(3 * ROWS, SIZE[0])


def test_built() -> None:
    """Where the project is set up, there is native code."""
    assert library() is not None


@pytest.mark.parametrize("name", PEOPLE)
def test_as_the_graph(name: str) -> None:
    """Turned heads and speaking faces are composed as the file's whole graph draws them; a face at
    rest, to the code that rounding makes of a few pixels."""
    persona = Persona.load(name)
    faces = [FaceState.of().values, FaceState.of(jawOpen=0.6, gazeYaw=0.3, tongueOut=0.5).values]
    for side, place in itertools.product((-1, 1), range(6)):
        turned = {POSE_PARAMETERS[place]: side * float(HEAD_LIMITS[place])}
        faces.append(FaceState.of(**turned, mouthSmileLeft=0.5).values)
    asked: Faces = np.stack(faces)
    found = PartedModel(persona, 1).draw("i420", asked)
    for picture, whole in zip(found, drawn_whole(persona, "i420", asked), strict=True):
        assert psnr_db(picture, whole) > 45
    assert psnr_db(found[0], drawn_whole(persona, "i420", asked[:1])[0]) > 75


@pytest.mark.parametrize("name", ["man", "filmed-man"])
def test_without_native_code(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime draws the picture where there is none for the machine."""
    monkeypatch.setattr(parted_model, "native", lambda: None)
    persona, face = Persona.load(name), FaceState.of(jawOpen=0.6, headYaw=0.1).values[None]
    found = PartedModel(persona, 1).draw("i420", face).astype(int)
    assert np.abs(found - drawn_whole(persona, "i420", face)).max() <= 1


def between(planes: NDArray[Any], x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Planes [..., H, W] linearly at places; [..., h, w]."""
    planes = planes.astype(float)
    column = np.clip(x.astype(int), 0, planes.shape[-1] - 2)
    row = np.clip(y.astype(int), 0, planes.shape[-2] - 2)
    right, below = x - column, y - row
    upper = planes[..., row, column] * (1 - right) + planes[..., row, column + 1] * right
    lower = planes[..., row + 1, column] * (1 - right) + planes[..., row + 1, column + 1] * right
    return np.asarray(upper * (1 - below) + lower * below)


def finer(plane: NDArray[Any]) -> NDArray[Any]:
    """Cells as blocks, [h, w] to [2 h, 2 w]."""
    y, x = np.mgrid[: 2 * plane.shape[0], : 2 * plane.shape[1]] / 2 - 0.25
    return between(plane, x.clip(0, plane.shape[1] - 1), y.clip(0, plane.shape[0] - 1))


def lost(across: NDArray[Any], down: NDArray[Any]) -> NDArray[Any]:
    parts = [each - np.floor(each) for each in (across, down)]
    return sum((part * (1 - part) for part in parts), np.zeros_like(across))


def formulas(given: Arrays) -> NDArray[np.float64]:
    """What the small picture is, by its own composition: luma, [2 ROWS, 2 COLUMNS]."""
    across, down, gain = (finer(plane) for plane in given["motion"][0])
    row, column = np.mgrid[:ROWS, :COLUMNS] * 2
    luma, smooth = given["luma"][0], given["smooth"][0]
    edges = ((0, 0), (0, 1), (0, 1))
    x = (column + across).clip(0, luma.shape[2] - 2)
    y = (row + down).clip(0, luma.shape[1] - 2)
    framed = np.pad(across, ((0, 0), (1, 1)), "edge")
    slope = (framed[:, 2:] - framed[:, :-2]) / 4
    half = slope.clip(-0.7, 0) / 2
    even = np.pad(smooth[:, ::2, ::2], edges, "edge")
    _, _, share, there = between(even, x / 2, y / 2)
    cover = share / 255
    blocks = []
    for k in range(4):
        moved = np.pad(luma[0], ((0, 1), (0, 1)), "edge")[k // 2 :, k % 2 :][
            : len(luma[0]), : luma.shape[2]
        ]
        part = np.trunc(x) + (x - np.trunc(x)) + (half if k % 2 else -half)
        # A block's pixels come from beside the same two columns, from further apart.
        first = np.trunc(x).astype(int)
        top = np.trunc(y).astype(int)
        weights = part - first, y - top
        corners = [moved[top + r, first + c].astype(float) for r in (0, 1) for c in (0, 1)]
        upper = corners[0] + (corners[1] - corners[0]) * weights[0]
        lower = corners[2] + (corners[3] - corners[2]) * weights[0]
        own = upper + (lower - upper) * weights[1]
        wall = given["wall_luma"][0, 0, k // 2 :: 2, k % 2 :: 2][:ROWS].astype(float)
        own = (own - 16) * (1 + gain) + 16 + finer(given["light"][0, 0])
        blocks.append(own + (wall - 16 - there) * (1 - cover))
    soft = lost(across, down) * cover + ((0.1 - slope) * 1.5).clip(-1, 0)
    inside, over_x, over_y = np.ones((ROWS, COLUMNS)), column + across - 30, row + down - 5
    for place, side in ((over_x, OVER[1]), (over_y, OVER[0])):
        inside *= (place + 1).clip(0, 1) * (side - place).clip(0, 1)
    at = over_x.clip(0, OVER[1] - 1), over_y.clip(0, OVER[0] - 1)
    whole = between(given["more"][2, 0], *(place / 2 for place in at)) * inside
    for k, own in enumerate(blocks):
        plane = given["over_luma"][0, 0, k // 2 :, k % 2 :][: OVER[0], : OVER[1]]
        blocks[k] = own + (between(plane, *at) * inside - (own - 16)) * whole
    soft += (lost(across, down) - soft) * whole
    return _sharpened(blocks, soft)


def _sharpened(blocks: list[NDArray[Any]], soft: NDArray[Any]) -> NDArray[np.float64]:
    picture = np.empty((2 * ROWS, 2 * COLUMNS))
    for k, own in enumerate(blocks):
        around = np.pad(blocks[3 - k], 1, "edge")
        rows = (slice(0, -2), slice(1, -1)) if k < 2 else (slice(1, -1), slice(2, None))
        columns = (slice(0, -2), slice(1, -1)) if k % 2 == 0 else (slice(1, -1), slice(2, None))
        mean = sum(around[r, c] for r in rows for c in columns) / 4
        most = 6 + 255 * (-soft).clip(0)
        more = ((own - mean) * soft * 0.66).clip(-most, most)
        more[[0, -1]] = 0
        picture[k // 2 :: 2, k % 2 :: 2] = own + more
    return picture.clip(0, 255)


def test_formulas() -> None:
    """Luma is what a plain computation finds, with all that a composition may have."""
    given = values()
    whole = composition(regions=(Region(0, 0, *SIZE),))
    found = composed(whole, given)[: 2 * ROWS]
    assert np.abs(found - formulas(given)).max() <= 0.6


def test_regions() -> None:
    """Outside of its regions a picture is the wall, and inside what it is as a whole."""
    given = values(1)
    whole = composed(composition(regions=(Region(0, 0, *SIZE),), sharpened=False), given)
    found = composed(composition(sharpened=False), given)
    wall = given["wall_luma"][0, 0]
    assert (found[8:20, 122:] == wall[8:20, 122:]).all()
    assert (found[:8] == whole[:8]).all() and (found[8:20, 20:120] == whole[8:20, 20:120]).all()


def _guarded(keep: list[Any]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Copies an array to where no byte after it may be read."""
    libc = ctypes.CDLL(None, use_errno=True)

    def guarded(array: NDArray[Any]) -> NDArray[Any]:
        page = mmap.PAGESIZE
        room = -(-array.nbytes // page) * page
        memory = mmap.mmap(-1, room + page)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        assert libc.mprotect(ctypes.c_void_p(address + room), page, 0) == 0
        copy = np.frombuffer(memory, array.dtype, array.size, room - array.nbytes)
        copy = copy.reshape(array.shape)
        copy[...] = array
        keep.append(memory)
        return copy

    return guarded


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mprotect"), reason="pages cannot be guarded")
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e6, -1e6, 0.0])
def test_stays_within_its_planes(number: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Motion without sense reads nothing beyond what is given: the process would end."""
    keep: list[Any] = []
    guarded = _guarded(keep)
    texels, codes = compositor._texels, compositor._codes
    monkeypatch.setattr(compositor, "_texels", lambda planes: guarded(texels(planes)))
    monkeypatch.setattr(compositor, "_codes", lambda plane: guarded(codes(plane)))
    monkeypatch.setattr(compositor, "_memory", lambda count: guarded(np.zeros(count, np.float32)))
    given = {name: guarded(each) for name, each in values().items()}
    for name in ("motion", "light", "over_luma", "more"):
        given[name].ravel()[::2] = number
    said = composition(regions=(Region(0, 0, *SIZE),))
    frame = guarded(np.zeros((1, 3 * ROWS, SIZE[0]), np.uint8))
    shapes = {name: given[name].shape for name in said.changing}
    Compositor(said, given, shapes, SIZE).bound(given, frame)()


@pytest.mark.parametrize(
    "changes",
    [
        {"regions": (Region(0, 0, SIZE[0] + 2, 8),)},
        {"regions": (Region(0, 0, 0, 8),)},
        {"near": (Plane("luma", 1),) * 4},
        {"near": (Plane("motion", 0), *[Plane("luma", 0)] * 3)},
        {"smooth": (Plane("wall_luma", 0),) * 3},
        {"wall_luma": "smooth"},
        {"wall_chroma": "wall_luma"},
        {"motion": "light"},
        {"light": "motion"},
        {"over": Over("light", "over_luma", "more", 0, 0)},
        {"over": Over("motion", "more", "more", 0, 0)},
        {"over": Over("motion", "over_luma", "motion", 0, 0)},
    ],
)
def test_misfits(changes: dict[str, Any]) -> None:
    """Values of other shapes than a composition needs are refused."""
    with pytest.raises(CompositionError):
        composed(composition(**changes), values())


def test_too_small() -> None:
    """A figure that is smaller than a block and what is beside it is refused."""
    small = {name: np.zeros((1, 4, 2, 2), np.uint8) for name in ("luma", "smooth")}
    with pytest.raises(CompositionError):
        composed(composition(), values() | small)


def test_misfit_of_a_file() -> None:
    """The file is named, and the remedy."""
    man = Persona.load("man")
    assert man.composition is not None
    wrong = man.composition._replace(regions=(Region(0, 0, 600, 2),))
    with pytest.raises(PersonaError, match=r"man\.onnx has a `composition` that does not fit"):
        PartedModel(replace(man, composition=wrong), 1)


def test_told() -> None:
    """A file tells its composition as it was written, or has none."""
    for said in (composition(), composition(light=None, over=None, sharpened=False)):
        assert composition_of({"composition": listed(said)}) == said
    assert composition_of({}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"motion": 1},
        {"motion": ""},
        {"near": [["luma", 0]] * 3},
        {"near": [["luma", -1]] * 4},
        {"near": [["luma", 0, 0, 9000]] * 4},
        {"near": [["luma", 0.5]] * 4},
        {"near": [["luma"]] * 4},
        {"near": None},
        {"smooth": [["smooth", 0]] * 5},
        {"regions": []},
        {"regions": [[0, 0, 3, 2]]},
        {"regions": [[0, 0, 2, 2]] * 65},
        {"black": "16"},
        {"narrower": 2},
        {"narrower": "0"},
        {"sharpened": 1},
        {"over": {"motion": "motion"}},
        {"over": [1]},
        {"tail": 1},
    ],
)
def test_refused(change: dict[str, Any]) -> None:
    """What is no composition is refused with the remedy."""
    text = json.dumps(json.loads(listed(composition())) | change)
    with pytest.raises(OnnxFileError, match="does not say how a picture is composed"):
        composition_of({"composition": text})


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", "1", "[" * 100_000])
def test_no_object(text: str) -> None:
    """Neither is what is no object."""
    with pytest.raises(OnnxFileError, match="does not say how a picture is composed"):
        composition_of({"composition": text})


@pytest.mark.parametrize("sharpened", [False, True])
def test_kept_from_the_last_picture(sharpened: bool) -> None:
    """A frame in which little changes is the one that is composed anew."""
    chance, given = np.random.default_rng(2), values()
    said = composition(sharpened=sharpened, over=Over("over_motion", "over_luma", "more", 30, 5))
    given["over_motion"] = np.zeros_like(given["motion"][:, :2])
    shapes = {name: given[name].shape for name in said.changing}
    frame = np.empty((1, 3 * ROWS, SIZE[0]), np.uint8)
    compose = Compositor(said, given, shapes, SIZE).bound(given, frame)
    for count in range(60):
        for name in ("motion", "light", "over_luma", "over_motion")[: count % 5]:
            number = chance.integers(given[name].size)
            given[name].ravel()[number] += chance.normal(0, 3)
        compose()
        assert (frame.reshape(3 * ROWS, -1) == composed(said, given)).all()
