"""A picture is read from a telephone's file as from any other, upright."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.tools.portrait import picture

HEIC = Path(__file__).parent / "data/man.heic"
"""The built-in man at rest, 512 x 512, stored lying on his side as a telephone does."""


def test_a_telephone_s_file(man: NDArray[np.uint8]) -> None:
    """It is read, upright."""
    pytest.importorskip("pi_heif")
    pixels = picture.read(HEIC).pixels
    assert np.abs(pixels.astype(int) - man).mean() < 4.0


def test_a_telephone_s_file_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused with the remedy."""
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(picture.PictureError, match="a HEIC file: pip install pi-heif"):
        picture.read(HEIC)
