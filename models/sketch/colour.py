"""The sketch's colours, and how they become video.

Takes sRGB triples in 0..255, as a designer writes them; gives Y, U and V as a video carries
them: BT.601, limited range, full chroma range 16..240 around 128.
"""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """A colour as video carries it, each part in 0..255."""

    y: float
    u: float
    v: float


def rgb(red: float, green: float, blue: float) -> Colour:
    """BT.601 limited range, the matrix that every WebRTC receiver assumes for I420."""
    r, g, b = red / 255, green / 255, blue / 255
    return Colour(
        16 + 65.481 * r + 128.553 * g + 24.966 * b,
        128 - 37.797 * r - 74.203 * g + 112.0 * b,
        128 + 112.0 * r - 93.786 * g - 18.214 * b,
    )


# Flat and far apart in hue or lightness where a test reads them back: INSIDE, IRIS, BROW, TEETH.
BACKDROP_LIGHT = rgb(226, 231, 222)
BACKDROP_DARK = rgb(150, 178, 172)
SKIN = rgb(238, 188, 158)
SKIN_LIGHT = rgb(252, 214, 188)
SKIN_SHADE = rgb(201, 134, 112)
BLUSH = rgb(231, 140, 122)
STUBBLE = rgb(172, 122, 102)
HAIR = rgb(74, 44, 40)
HAIR_LIGHT = rgb(146, 90, 66)
HAIR_DARK = rgb(42, 25, 27)
SWEATER = rgb(32, 92, 98)
SWEATER_LIGHT = rgb(58, 128, 130)
SWEATER_DARK = rgb(18, 58, 66)
EYE_WHITE = rgb(250, 246, 242)
EYE_SHADE = rgb(176, 152, 150)
IRIS = rgb(70, 130, 104)
IRIS_RING = rgb(34, 70, 62)
PUPIL = rgb(18, 16, 20)
GLINT = rgb(255, 255, 255)
LASH = rgb(44, 26, 28)
LID = rgb(222, 164, 138)
CREASE = rgb(160, 96, 82)
BROW = rgb(84, 50, 42)
LIP_UPPER = rgb(182, 104, 90)
LIP_LOWER = rgb(208, 136, 117)
LIP_GLOSS = rgb(228, 160, 140)
SEAM = rgb(112, 40, 46)
INSIDE = rgb(76, 20, 30)
TEETH = rgb(248, 244, 236)
TONGUE = rgb(214, 100, 108)
TONGUE_SHADE = rgb(160, 62, 76)
NOSTRIL = rgb(136, 70, 62)
