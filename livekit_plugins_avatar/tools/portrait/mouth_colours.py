"""Colours of what a mouth shows, out of the picture: its teeth are as white as its eyes, its depth
as dark as its nostrils."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..i420 import LUMA_OF_RGB
from .eyes import Eyeball
from .landmarks import Landmarks
from .sampling import Floats, blurred, sampled
from .slits import Slit

SKIN_AT = (205, 425, 200, 50, 280)
"""Landmarks of cheeks and chin; the three brightest say how bright the light is."""

LIPS_AT = (84, 17, 314, 85, 315, 16, 0, 37, 267)
"""Landmarks on the lips."""

NOSE_AT = (1, 0, 129, 358)
"""Landmarks above, below, left and right of the nostrils."""

WARMTH = 0.35
"""How much of the skin's hue the light brings along."""

WHITE_MOST = 0.5
"""Where red and blue of the eyes' white lie further apart than this share of its luma, it says
nothing about teeth."""

OF_SKIN, OF_EYE, TOOTH_MOST = 0.5, 0.62, 220.0
"""Shares of the luma of lit skin and of the eyes that make that of teeth, and the most of it."""

HUE_OF_EYE, HUE_OF_SKIN, OF_SKIN_ALONE = 0.6, 0.35, 0.6
"""Powers of both hues in that of teeth, more yellow than eyes, and of the skin's alone where the
eyes say nothing."""

HOLLOW, HOLLOW_OF_SKIN = 0.45, (0.04, 0.2)
"""Luma of the throat as a share of the darkest place's, and its bounds as shares of the skin's."""

GUM, TONGUE = (0.80, 0.50, 0.48), (0.88, 0.42, 0.40)
FLESH_OF_LIPS = 0.6
"""Colours as shares of the lit skin's luma, and how much of the lips' hue they have."""


@dataclass(frozen=True, slots=True)
class Colours:
    """RGB, 0 to 255, [3] each.

    Args:
        tooth, gum, tongue: In full light.
        dark: Where no light comes.
    """

    tooth: Floats
    gum: Floats
    tongue: Floats
    dark: Floats

    def of(self, part: str) -> Floats:
        """The colour of a part of the rig, in full light."""
        if part.endswith("teeth"):
            return self.tooth
        return self.tongue if part == "tongue" else self.gum


def colours_of(
    picture: Floats, face: Landmarks, slit: Slit, eyes: Mapping[str, Eyeball]
) -> Colours:
    """Look at skin, lips, eyes, nostrils and the line between the lips."""
    skin = lit_skin(picture, face)
    luma = float(skin @ LUMA_OF_RGB)
    warm = skin / luma
    lips = np.median(sampled(blurred(picture, 1.0), face.points[list(LIPS_AT), :2]), axis=0)
    hue = lips / max(float(lips @ LUMA_OF_RGB), 1.0)

    def flesh(own: tuple[float, float, float]) -> Floats:
        grey = float(np.array(own) @ LUMA_OF_RGB)
        shares = own + (hue * grey - own) * FLESH_OF_LIPS
        return np.asarray(shares * warm**WARMTH * luma)

    return Colours(
        _tooth(luma, warm, eyes), flesh(GUM), flesh(TONGUE), _dark(picture, face, slit, luma)
    )


def lit_skin(picture: Floats, face: Landmarks) -> Floats:
    """The colour of skin in full light, [3]."""
    spots = sampled(blurred(picture, 6.0), face.points[list(SKIN_AT), :2])
    return np.asarray(spots[np.argsort(spots.sum(axis=1))[-3:]].mean(axis=0))


def _tooth(luma: float, warm: Floats, eyes: Mapping[str, Eyeball]) -> Floats:
    whites = [np.median(eye.white[eye.opening > 0.9], axis=0) for eye in eyes.values()]
    white = max(whites, key=lambda each: float(each @ LUMA_OF_RGB))
    bright = float(white @ LUMA_OF_RGB)
    hue = white / max(bright, 1.0)
    if hue.max() - hue.min() > WHITE_MOST:
        return np.asarray(warm**OF_SKIN_ALONE * luma)
    hue = hue**HUE_OF_EYE * warm**HUE_OF_SKIN
    return np.asarray(hue * min(OF_SKIN * luma + OF_EYE * bright, TOOTH_MOST))


def _dark(picture: Floats, face: Landmarks, slit: Slit, luma: float) -> Floats:
    top, bottom, left, right = (
        int(face.points[number, axis]) for number, axis in zip(NOSE_AT, (1, 1, 0, 0), strict=True)
    )
    soft = blurred(picture, 0.7)
    nose = soft[top:bottom, left:right].reshape(-1, 3)
    line = sampled(soft, slit.at(slit.t, slit.upper))
    darkest = []
    for seen in (nose, line):
        order = np.argsort(seen @ LUMA_OF_RGB)
        darkest.append(seen[order[: max(len(order) // 40, 1)]].mean(axis=0))
    colour = min(darkest, key=lambda each: float(each @ LUMA_OF_RGB))
    own = max(float(colour @ LUMA_OF_RGB), 1.0)
    least, most = (share * luma for share in HOLLOW_OF_SKIN)
    return np.asarray(colour / own * np.clip(HOLLOW * own, least, most))
