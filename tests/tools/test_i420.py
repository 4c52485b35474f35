"""I420 becomes the colours that a browser shows."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.tools.i420 import luma, rgb


def flat(
    y: int, u: int, v: int, *, width: int = 8, height: int = 4
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    chroma = height // 4
    rows = [np.full((height, width), y), np.full((chroma, width), u), np.full((chroma, width), v)]
    return np.concatenate(rows).astype(np.uint8)


@pytest.mark.parametrize(
    ("yuv", "shown"),
    [
        ((16, 128, 128), (0, 0, 0)),
        ((235, 128, 128), (255, 255, 255)),
        ((81, 90, 240), (255, 0, 0)),
        ((145, 54, 34), (0, 255, 0)),
        ((41, 240, 110), (0, 0, 255)),
        ((255, 128, 128), (255, 255, 255)),
    ],
    ids=["black", "white", "red", "green", "blue", "brighter than white"],
)
def test_colour_bars(yuv: tuple[int, int, int], shown: tuple[int, int, int]) -> None:
    """The colour bars of BT.601 keep their colours."""
    picture = rgb(flat(*yuv))
    assert picture.shape == (4, 8, 3)
    assert np.abs(picture.astype(int) - shown).max() <= 1


def test_luma() -> None:
    """Luma is the upper two thirds."""
    assert luma(flat(50, 60, 70)).shape == (4, 8)
    assert (luma(flat(50, 60, 70)) == 50).all()


def test_chroma() -> None:
    """Chroma lies in the middle of four pixels and is linear between."""
    picture = flat(128, 128, 128, width=16, height=8)
    picture[10:12] = np.tile(np.arange(128, 168, 5), (2, 2))  # V rises by 5 from left to right
    red = rgb(picture)[..., 0].astype(float)
    assert (red == red[0]).all()
    steps = np.diff(red[0, 1:-1])
    assert steps.min() > 0
    np.testing.assert_allclose(steps, 1.596 * 5 / 2, atol=1.0)
    assert red[0, 0] == pytest.approx(1.164 * 112, abs=1)
