"""What the camera of a call makes of light: it cleans noise away, sharpens, clips, and packs.

`python -m models.cast.camera IN.exr OUT.png [STOPS]`: linear light in, a picture out. Sizes are
pixels of what the camera tells apart, or shares of the picture's height, so that pictures of any
size come out alike.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

Picture = NDArray[np.float64]
LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera.

    Args:
        exposure: In stops.
        white: Gains of red, green and blue; a webcam is seldom right.
        glare: Share of the light that its lens scatters.
        veil: Light that lies over all of the picture.
        vignette: Loss in the corners.
        px: Height of what it tells apart, px.
        blur: Of the lens, px.
        noise: Of the sensor, for light of 1.
        flat: How large a difference of light its noise reduction takes for noise, in [0, 1].
        left: Share of the noise in light that it leaves, in [0, 1].
        blotches: How strong the patches of colour are that are left where it is dark.
        blotch_px: Their size, px.
        sharpen, halo_px: How much edges are sharpened, and how far their halo reaches, px.
        contrast, saturation: Of the picture.
        black: Lightness of black.
        quality: Of the JPEG: its blocks are those of a call's video.
    """

    exposure: float = 0.0
    white: tuple[float, float, float] = (0.96, 1.0, 1.06)
    glare: float = 0.10
    veil: float = 0.03
    vignette: float = 0.20
    px: int = 300
    blur: float = 0.75
    noise: float = 0.04
    flat: float = 0.035
    left: float = 0.35
    blotches: float = 0.02
    blotch_px: float = 3.0
    sharpen: float = 1.0
    halo_px: float = 1.3
    contrast: float = 0.35
    saturation: float = 0.95
    black: float = 0.02
    quality: int = 38

    def __call__(self, light: Picture, side_px: int = 1024, seed: int = 1) -> Image.Image:
        """A picture of linear light.

        Args:
            light: float64 [H, W, 3].
            side_px: Height of the picture.
            seed: Of the noise.
        """
        chance = np.random.default_rng(seed)
        seen = self._lens(np.maximum(light, 0.0))
        deviation = self.noise * np.sqrt(0.25 * seen + 0.02)
        seen = np.maximum(seen + deviation * chance.normal(size=seen.shape) * NOISIER, 0)
        return kept(self._processed(seen, chance), self.quality, side_px)

    def _lens(self, light: Picture) -> Picture:
        """Light on the sensor: glare, a veil, dark corners, a soft lens."""
        light = light * 2.0**self.exposure * np.array(self.white)
        light = scattered(light, self.glare, GLARE_WIDTHS, most=8) + self.veil
        y, x = (np.arange(n) / (n / 2) - 1 for n in light.shape[:2])
        away = np.clip(x * x + (y * y)[:, None], 0, 2)
        light = light * (1 - self.vignette * away / 2)[..., None]
        return np.asarray(gaussian_filter(resized(light, self.px), (self.blur, self.blur, 0)))

    def _processed(self, seen: Picture, chance: np.random.Generator) -> Picture:
        """Tone curve, noise reduction, sharpening."""
        shown = np.clip(1.06 * (1 - np.exp(-1.25 * seen)), 0, 1) ** (1 / 2.2)
        shown = shown + self.contrast * (shown * shown * (3 - 2 * shown) - shown)
        luma = shown @ LUMA
        colour = gaussian_filter(shown - luma[..., None], (COLOUR_PX, COLOUR_PX, 0))
        flat = luma
        for deviation, reach in ((self.flat, 1.8), (0.6 * self.flat, 1.5)):
            flat = _bilateral(flat, deviation, reach)
        luma = self.left * luma + (1 - self.left) * flat
        dim = (1.2 - luma).clip(0.15, 1)[..., None]
        colour = colour + self.blotches * dim * self._patches(luma.shape, chance)
        edge = luma - gaussian_filter(luma, self.halo_px)
        edge = np.sign(edge) * np.maximum(np.abs(edge) - 0.003, 0)
        luma = luma + self.sharpen * np.clip(edge, -0.10, 0.10)
        shown = luma[..., None] + self.saturation * colour
        return np.asarray(self.black + (1 - self.black) * shown)

    def _patches(self, shape: tuple[int, ...], chance: np.random.Generator) -> Picture:
        """Noise of colours alone, in two sizes, of deviation 1, float64 [H, W, 3]."""
        made = np.zeros((*shape, 3))
        for share, size in ((0.7, self.blotch_px), (1.3, 2.2 * self.blotch_px)):
            made += share * gaussian_filter(chance.normal(size=made.shape), (size, size, 0))
        made = made / made.std()
        return np.asarray(made - (made @ LUMA)[..., None])


NOISIER = np.array([1.5, 1.0, 1.8])
"""How much more noise a sensor has in red and blue, of which it sees less."""

GLARE_WIDTHS = (0.01, 0.04, 0.15)
"""How far a lens scatters light, in shares of the height."""

COLOUR_PX = 1.6
"""How far colours are smeared, px."""


def kept(shown: Picture, quality: int, side_px: int) -> Image.Image:
    """A picture in [0, 1], float64 [H, W, 3], as its JPEG shows it at another height."""
    made = Image.fromarray((np.clip(shown, 0, 1) * 255).round().astype(np.uint8))
    file = io.BytesIO()
    made.save(file, "JPEG", quality=quality, subsampling=2)
    decoded = Image.open(file).convert("RGB")
    return decoded.resize((wide(shown, side_px), side_px), Image.Resampling.BICUBIC)


def scattered(light: Picture, share: float, widths: Sequence[float], *, most: float) -> Picture:
    """Light of which a lens scatters a share: so wide, in shares of the height; what is brighter
    than `most` scatters no more."""
    side = len(light)
    spread = [gaussian_filter(np.minimum(light, most), (s * side, s * side, 0)) for s in widths]
    return np.asarray((1 - share) * light + share * sum(spread) / len(spread))


def resized(light: Picture, side: int) -> Picture:
    """The same light of another height, each pixel the mean of what it covers."""
    size = wide(light, side), side
    planes = [
        Image.fromarray(light[..., k].astype(np.float32)).resize(size, Image.Resampling.BOX)
        for k in range(3)
    ]
    return np.stack([np.asarray(plane, float) for plane in planes], -1)


def wide(picture: Picture, height: int) -> int:
    """The width of a picture, [H, W, 3], when it has another height."""
    return int(np.rint(picture.shape[1] * height / picture.shape[0]))


def _bilateral(luma: Picture, deviation: float, reach: float) -> Picture:
    """Smoothing that stops at edges: `deviation` in light, `reach` in px."""
    total, weight = np.zeros_like(luma), np.zeros_like(luma)
    padded = np.pad(luma, 3, mode="reflect")
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            other = padded[3 + dy : 3 + dy + len(luma), 3 + dx : 3 + dx + luma.shape[1]]
            near = np.exp(
                -(dx * dx + dy * dy) / (2 * reach**2) - (other - luma) ** 2 / (2 * deviation**2)
            )
            total, weight = total + near * other, weight + near
    return np.asarray(total / weight)


def read(path: str) -> Picture:
    """An EXR in linear light, float64 [H, W, C]; a fourth channel says how much is covered."""
    import bpy

    image = bpy.data.images.load(path)
    width, height = image.size
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(height, width, -1)[::-1].astype(float)


def main() -> None:
    """Take one picture."""
    from argparse import ArgumentParser

    parser = ArgumentParser(prog="python -m models.cast.camera", description=__doc__)
    parser.add_argument("light", help="EXR in linear light")
    parser.add_argument("picture", help="PNG to write")
    parser.add_argument("stops", type=float, nargs="?", default=0.0, help="exposure")
    args = parser.parse_args()
    light = read(args.light)[..., :3]
    Camera(exposure=args.stops)(light, len(light)).save(args.picture)


if __name__ == "__main__":
    main()
