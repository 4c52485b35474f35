"""RGB into the planes of video."""

from __future__ import annotations

import numpy as np
import pytest

from models.personas.i420 import planes
from models.sketch.colour import rgb


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 40, 90), (20, 180, 240)])
def test_a_flat_picture_has_the_codes_that_the_sketch_uses(colour: tuple[int, int, int]) -> None:
    luma, chroma = planes(np.full((4, 6, 3), colour, np.uint8))
    wanted = rgb(*colour)
    assert luma.shape == (4, 6)
    assert chroma.shape == (2, 2, 3)
    assert np.allclose(luma * 255, wanted.y, atol=0.01)
    assert np.allclose(chroma[0] * 255, wanted.u, atol=0.01)
    assert np.allclose(chroma[1] * 255, wanted.v, atol=0.01)


def test_chroma_is_the_mean_of_its_four_pixels() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0] = (255, 0, 0)
    _, chroma = planes(picture)
    red, black = rgb(255, 0, 0), rgb(0, 0, 0)
    assert np.allclose(chroma[1] * 255, (red.v + 3 * black.v) / 4, atol=0.01)
