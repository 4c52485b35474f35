"""Blocks of pixels that are taken from places in a picture."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")

from scipy import ndimage

from livekit_plugins_avatar.tools.portrait.blocks import Blocks, corners
from livekit_plugins_avatar.tools.portrait.graph import Graph

WIDTH, HEIGHT = 20, 12
SIZE = (5, 3)
"""Columns and rows of blocks."""


def taken(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures at random, [3, 12, 20], and what is taken from there for each face, [B, 6, 3, 5];
    faces say by how much all blocks are moved, column and row."""
    pictures = np.random.default_rng(0).integers(0, 256, (3, HEIGHT, WIDTH))
    graph = Graph()
    luma, smooth, rough = (graph.bytes_(each[None, None]) for each in pictures)
    blocks = Blocks(luma, [smooth], [rough], (WIDTH, HEIGHT))
    moved = graph.input("face").reshaped(-1, 2, 1, 1) + corners(graph, 4, 2, *SIZE)
    parts = blocks.taken(moved, SIZE)
    graph.named(graph.joined(parts, 0).turned(1, 0, 2, 3).codes(0), "i420")
    content = graph.model(2, "i420", (6, SIZE[1], SIZE[0]), {})
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return pictures, session.run(None, {"face": faces.astype(np.float32)})[0]


def test_blocks_come_from_between_pixels() -> None:
    """Each pixel of a block, and what is smooth, is interpolated; a batch may move differently."""
    faces = np.array([[0.0, 0.0], [1.25, -0.5], [-3.0, 2.75]])
    (luma, smooth, rough), found = taken(faces)
    row, column = np.mgrid[: SIZE[1], : SIZE[0]] * 2.0
    for (right, down), planes in zip(faces, found, strict=True):
        x, y = column + 4 + right, row + 2 + down
        for plane, (under, beside) in enumerate(np.ndindex(2, 2)):
            at = [y + under, x + beside]
            wanted = ndimage.map_coordinates(luma.astype(float), at, order=1)
            assert np.abs(planes[plane] - wanted).max() <= 0.51
        wanted = ndimage.map_coordinates(smooth.astype(float), [y, x], order=1)
        assert np.abs(planes[4] - wanted).max() <= 0.51
        assert (planes[5] == rough[np.floor(y).astype(int), np.floor(x).astype(int)]).all()


def test_pixels_of_a_block_can_be_given_apart() -> None:
    """Then each is interpolated in a plane of its own."""
    pictures = np.random.default_rng(1).integers(0, 256, (4, HEIGHT, WIDTH))
    graph = Graph()
    blocks = Blocks(
        None, [graph.bytes_(each[None, None]) for each in pictures], [], (WIDTH, HEIGHT)
    )
    moved = graph.input("face").reshaped(-1, 2, 1, 1) + corners(graph, 4, 2, *SIZE)
    (planes,) = blocks.taken(moved, SIZE)
    graph.named(planes.turned(1, 0, 2, 3).codes(0), "i420")
    content = graph.model(2, "i420", (4, SIZE[1], SIZE[0]), {})
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(None, {"face": np.array([[0.25, 1.5]], np.float32)})[0][0]
    row, column = np.mgrid[: SIZE[1], : SIZE[0]] * 2.0
    for plane, picture in zip(found, pictures, strict=True):
        at = [row + 3.5, column + 4.25]
        wanted = ndimage.map_coordinates(picture.astype(float), at, order=1)
        assert np.abs(plane - wanted).max() <= 0.51


def test_stretched_blocks_have_no_steps() -> None:
    """Where blocks come from nearer to each other than they are wide, so do their pixels."""
    slope = np.arange(WIDTH) * 5.0 * np.ones((HEIGHT, 1))
    copies = [np.roll(slope, (-down, -right), (0, 1)) for down, right in np.ndindex(2, 2)]
    graph = Graph()
    blocks = Blocks(None, [graph.bytes_(each[None, None]) for each in copies], [], (WIDTH, HEIGHT))
    moved = graph.input("face").reshaped(-1, 2, 1, 1) + corners(graph, 4, 2, *SIZE)
    squeezed = np.array([0.6, 1.0]).reshape(1, 2, 1, 1)
    narrow = graph.constant(np.full((1, 1, *SIZE[::-1]), squeezed[0, 0, 0, 0] - 1))
    (planes,) = blocks.taken(moved * graph.constant(squeezed), SIZE, narrow)
    graph.named(planes.turned(1, 0, 2, 3).codes(0), "i420")
    content = graph.model(2, "i420", (4, SIZE[1], SIZE[0]), {})
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(None, {"face": np.array([[2.0, 0.0]], np.float32)})[0][0].astype(float)
    row = np.stack([found[0, 1], found[1, 1]], axis=-1).ravel()
    assert np.abs(np.diff(row) - 5 * 0.6).max() <= 1


def test_blocks_from_outside_come_from_the_edge() -> None:
    """Of a place far outside the outermost block is taken, and no row is missed."""
    (luma, _, _), found = taken(np.array([[-500.0, -500.0], [500.0, 500.0]]))
    assert (found[0, :4, 0, 0] == luma[:2, :2].ravel()).all()
    assert (found[1, :4, 0, 0] == luma[-2:, -2:].ravel()).all()
