"""What a film camera makes of light: a soft lens, red haloes, grain, a curve of density, two tints.

Sizes are shares of the picture's height or pixels of the film, so that pictures of any size come
out alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from .camera import GLARE_WIDTHS, Picture, kept, resized, scattered

GREY = 0.18
"""Light of a grey card, which film shows as half its density."""

HALO = ((1.6, 0.7, 0.5), (1.0, 0.0, 0.0))
"""Colours of what the base throws back around lights: near them, and further away."""

HALO_NEAR, HALO_FAR = 0.016, 0.05


@dataclass(frozen=True, slots=True)
class Film:
    """One kind of film behind one lens.

    Args:
        exposure: In stops.
        halation: How much of what is brighter than white is thrown back around it.
        glare: Share of the light that its lens scatters.
        vignette: Loss in the corners.
        px: Height of what the film can tell apart, px.
        blur: Of the lens, px of the film.
        grain: How much it shows, as a share of white, where it shows most.
        grain_px: Size of a grain, px of the film.
        contrast: Steepness of the curve, in [0, 1].
        toe: Lightness of black.
        lights, shadows: Tints of what is bright and of what is dark.
        saturation: Of the picture.
        quality: Of the JPEG.
    """

    exposure: float = 0.0
    halation: float = 0.05
    glare: float = 0.07
    vignette: float = 0.22
    px: int = 400
    blur: float = 0.9
    grain: float = 0.045
    grain_px: float = 0.75
    contrast: float = 0.5
    toe: float = 0.02
    lights: tuple[float, float, float] = (1.05, 1.0, 0.90)
    shadows: tuple[float, float, float] = (0.96, 1.0, 1.04)
    saturation: float = 0.85
    quality: int = 88

    def __call__(self, light: Picture, side_px: int = 1024, seed: int = 1) -> Image.Image:
        """A picture of linear light.

        Args:
            light: float64 [H, W, 3].
            side_px: Height of the picture.
            seed: Of the grain.
        """
        shown = self._developed(self._exposed(np.maximum(light, 0.0)), seed)
        return kept(shown, self.quality, side_px)

    def _exposed(self, light: Picture) -> Picture:
        """Light on the film: haloes, glare, dark corners, a soft lens."""
        side = len(light)
        light = light * 2.0**self.exposure
        hot = np.maximum(light.mean(axis=-1) - 1.0, 0)
        for colour, reach in zip(HALO, (HALO_NEAR, HALO_FAR), strict=True):
            spread = gaussian_filter(hot, reach * side)
            light = light + self.halation * spread[..., None] * np.array(colour)
        light = scattered(light, self.glare, GLARE_WIDTHS, most=8)
        y, x = (np.arange(n) / (n / 2) - 1 for n in light.shape[:2])
        away = np.clip(x * x + (y * y)[:, None], 0, 2)
        light = light * (1 - self.vignette * away / 2)[..., None]
        return np.asarray(gaussian_filter(resized(light, self.px), (self.blur, self.blur, 0)))

    def _developed(self, light: Picture, seed: int) -> Picture:
        """Density, grain, tints."""
        chance = np.random.default_rng(seed)
        stops = np.log2(np.maximum(light, 1e-4) / GREY)
        shown = 1 / (1 + np.exp(-stops * (0.62 + 0.3 * self.contrast)))
        size = light.shape[:2]
        grain = 0.75 * chance.normal(size=(*size, 1)) + 0.45 * chance.normal(size=(*size, 3))
        grain = gaussian_filter(grain, (self.grain_px, self.grain_px, 0))
        # Grain shows in the middle tones, and less where it is bright.
        seen = (4 * shown * (1 - shown)) ** 0.6 * (1 - 0.6 * shown)
        shown = shown + self.grain * seen * grain / grain.std()
        shown = self.toe + (1 - self.toe) * shown
        dark, bright = np.array(self.shadows), np.array(self.lights)
        share = np.clip(1.3 * shown.mean(axis=-1, keepdims=True), 0, 1)
        shown = shown * (dark + (bright - dark) * share)
        mean = shown.mean(axis=-1, keepdims=True)
        return np.asarray(mean + self.saturation * (shown - mean))


STILL = Film()
"""What a still is taken on."""

MOVING = Film(px=420, blur=0.8, grain=0.036, quality=94)
"""For the picture that a persona is made of: its grain moves with the face, or stands still, so it
has four fifths of it."""

MOVING_PX = 1024
"""Height of that picture."""
