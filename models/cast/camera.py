"""What a laptop's camera makes of light: glare, a tone curve, noise, sharpening, JPEG.

`python -m models.cast.camera IN.exr OUT.png [STOPS]`: linear light in, a picture out.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

Picture = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera.

    Args:
        exposure: In stops.
        white: Gains of red, green and blue.
        glare: Share of the light that its lens scatters.
        blur: Of the lens, px at 1024.
        contrast: Of the S-curve.
        saturation: Of the colours.
        noise: In steps of 255, in the shadows.
        sharpen: Of the edges.
        vignette: Loss in the corners.
        quality: Of the JPEG.
        shoulder: Light at which the tone curve reaches white, about.
    """

    exposure: float = 0.0
    white: tuple[float, float, float] = (1.03, 1.0, 0.96)
    glare: float = 0.05
    blur: float = 0.9
    contrast: float = 0.22
    saturation: float = 1.06
    noise: float = 2.4
    sharpen: float = 0.55
    vignette: float = 0.14
    quality: int = 88
    shoulder: float = 2.6

    def __call__(self, light: Picture, side_px: int = 1024, seed: int = 1) -> Image.Image:
        """A picture of linear light.

        Args:
            light: float64 [H, W, 3], as high as wide.
            side_px: Side of the picture.
            seed: Of the noise.
        """
        seen = self._lens(light)
        if side_px != len(seen):
            planes = [
                Image.fromarray(seen[..., k].astype(np.float32)).resize(
                    (side_px, side_px), Image.Resampling.BOX
                )
                for k in range(3)
            ]
            seen = np.stack([np.asarray(p, float) for p in planes], -1)
        shown = self._sensor(self._curve(seen), seed)
        made = Image.fromarray((np.clip(shown, 0, 1) * 255).round().astype(np.uint8))
        kept = io.BytesIO()
        made.save(kept, "JPEG", quality=self.quality, subsampling=2)
        return Image.open(kept).convert("RGB")

    def _lens(self, light: Picture) -> Picture:
        """Glare, colours out of focus, dark corners."""
        scale = light.shape[0] / 1024
        light = np.maximum(light, 0) * 2.0**self.exposure * np.array(self.white)
        wide = (
            sum(
                gaussian_filter(np.minimum(light, 8), (s * scale, s * scale, 0))
                for s in (12, 50, 150)
            )
            / 3
        )
        light = (1 - self.glare) * light + self.glare * wide
        # Red and blue are focused a little beside green.
        light = np.stack(
            [
                gaussian_filter(light[..., k], scale * self.blur * b)
                for k, b in enumerate((1.1, 1.0, 1.3))
            ],
            -1,
        )
        height, width = light.shape[:2]
        y, x = np.mgrid[0:height, 0:width]
        r2 = ((x - width * 0.5) / (width / 2)) ** 2 + ((y - height * 0.5) / (height / 2)) ** 2
        return np.asarray(light * (1 - self.vignette * np.clip(r2, 0, 2) / 2 * 1.6)[..., None])

    def _sensor(self, shown: Picture, seed: int) -> Picture:
        """Noise and sharpening."""
        chance = np.random.default_rng(seed)
        luma = shown @ [0.299, 0.587, 0.114]
        # A sensor's noise, as it is left by a camera's own smoothing: blotches more than grain.
        fine = gaussian_filter(chance.normal(size=luma.shape), 0.7)
        blot = gaussian_filter(chance.normal(size=luma.shape), 1.8)
        tint = gaussian_filter(chance.normal(size=shown.shape), (2.6, 2.6, 0))
        amount = self.noise / 255 * (0.35 + 0.9 * np.clip(1 - luma, 0, 1) ** 1.5)
        noise = (0.75 * fine / fine.std() + 0.5 * blot / blot.std())[
            ..., None
        ] + 0.8 * tint / tint.std()
        shown = shown + amount[..., None] * noise
        luma = shown @ [0.299, 0.587, 0.114]
        edge = luma - gaussian_filter(luma, 1.1 * len(shown) / 768)
        return np.asarray(shown + (self.sharpen * np.clip(edge, -0.06, 0.06))[..., None])

    def _curve(self, light: Picture) -> Picture:
        soft = light * (1 + light / self.shoulder**2) / (1 + 0.55 * light)
        shown = np.clip(soft, 0, 1.2) ** (1 / 2.2)
        shown = np.clip(shown, 0, 1)
        shown = shown + self.contrast * (shown * shown * (3 - 2 * shown) - shown)
        luma = (shown @ [0.299, 0.587, 0.114])[..., None]
        return np.asarray(luma + self.saturation * (shown - luma))


def read(path: str) -> Picture:
    """An EXR in linear light, float64 [H, W, 3]."""
    import bpy

    image = bpy.data.images.load(path)
    width, height = image.size
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(height, width, -1)[::-1, :, :3].astype(float)


if __name__ == "__main__":
    import sys

    light_ = read(sys.argv[1])
    stops = float(sys.argv[3]) if sys.argv[3:] else 0.0
    Camera(exposure=stops)(light_, len(light_)).save(sys.argv[2])
