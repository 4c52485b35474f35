"""What a cheap camera in a dim room makes of light: glare, a mosaic, noise, its own smoothing.

`python -m models.cast.camera IN.exr OUT.png [STOPS] [--camera NAME]`: linear light in, a picture
out. Sizes are shares of the picture's side or pixels of the sensor, so that pictures of any size
come out alike.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import convolve, gaussian_filter, map_coordinates, shift

Picture = NDArray[np.float64]
LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera.

    Args:
        exposure: In stops.
        white: Gains of red, green and blue; a webcam is seldom right.
        relief: How much it lifts detail of the size of a fold, and half as much that of a pore.
        glare: Share of the light that its lens scatters.
        veil: Light of a window beside the picture that lies over it, in the middle of the veil.
        veil_at, veil_wide: Where (right, down) and how far it reaches, shares of the side.
        vignette: Loss in the corners.
        barrel: How far it bends straight lines at the edge, as a share of the side.
        sensor_px: Side of what the sensor sees, px.
        blur: Of the lens, px of the sensor.
        shake: Way of the hand or head while it is exposed, px of the sensor (right, down).
        shot, read: Noise that grows with light, and that does not.
        clips: Light at which the sensor is full.
        contrast, saturation: Of the picture.
        smooth: How far its noise reduction smears light, and colours (px of the sensor).
        sharpen: Of the edges, with a halo.
        quality: Of the JPEG.
    """

    exposure: float = 0.0
    white: tuple[float, float, float] = (0.92, 1.0, 1.10)
    relief: float = 0.5
    glare: float = 0.08
    veil: float = 0.35
    veil_at: tuple[float, float] = (1.1, 0.2)
    veil_wide: float = 0.5
    vignette: float = 0.25
    barrel: float = 0.03
    sensor_px: int = 280
    blur: float = 0.8
    shake: tuple[float, float] = (1.1, 0.4)
    shot: float = 0.03
    read: float = 0.012
    clips: float = 1.5
    contrast: float = 0.35
    saturation: float = 0.95
    smooth: tuple[float, float] = (0.5, 2.5)
    sharpen: float = 1.4
    quality: int = 62

    def __call__(self, light: Picture, side_px: int = 1024, seed: int = 1) -> Image.Image:
        """A picture of linear light.

        Args:
            light: float64 [H, W, 3], as high as wide.
            side_px: Side of the picture.
            seed: Of the noise.
        """
        seen = self._sensed(self._lens(np.maximum(light, 0.0)), seed)
        shown = self._processed(seen)
        return kept(shown, self.quality, side_px)

    def _lens(self, light: Picture) -> Picture:
        """Light on the sensor: relief, glare, bent lines, a window's veil, dark corners."""
        side = len(light)
        light = _relieved(light, self.relief) * 2.0**self.exposure * np.array(self.white)
        light = scattered(light, self.glare, (0.014, 0.06, 0.18), most=12)
        y, x = np.mgrid[0:side, 0:side] / (side / 2) - 1
        far2 = x * x + y * y
        bent = 1 - self.barrel + 0.9 * self.barrel * far2
        planes = []
        for k, wide in enumerate(COLOURS_WIDE):
            place = [(axis * bent * wide + 1) * side / 2 for axis in (y, x)]
            planes.append(map_coordinates(light[..., k], place, order=1, mode="nearest"))
        light = np.stack(planes, -1)
        right, down = self.veil_at
        away2 = ((x + 1) / 2 - right) ** 2 + ((y + 1) / 2 - down) ** 2
        veil = self.veil * np.exp(-away2 / (2 * self.veil_wide**2))
        light = light + veil[..., None] * DAYLIGHT
        return np.asarray(light * (1 - self.vignette * np.clip(far2, 0, 2) / 2)[..., None])

    def _sensed(self, light: Picture, seed: int) -> Picture:
        """What a sensor under a mosaic of colours tells, with its noise."""
        chance, size = np.random.default_rng(seed), self.sensor_px
        light = resized(light, size)
        light = gaussian_filter(light, (self.blur, self.blur, 0))
        right, down = self.shake
        if right or down:
            steps = np.linspace(-0.5, 0.5, 9)
            moved = [shift(light, (t * down, t * right, 0), order=1, mode="nearest") for t in steps]
            light = np.mean(moved, axis=0)
        y, x = np.mgrid[0:size, 0:size]
        which = y % 2 + x % 2
        gain = GAINS[which]
        raw = np.take_along_axis(light, which[..., None], 2)[..., 0] / gain
        deviation = np.sqrt(np.maximum(raw, 0) * self.shot**2 + self.read**2)
        raw = np.clip((raw + deviation * chance.normal(size=raw.shape)) * gain, 0, self.clips)
        near = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4.0
        planes = [
            convolve(raw * (which == k), near, mode="mirror")
            / convolve((which == k).astype(float), near, mode="mirror")
            for k in range(3)
        ]
        return np.stack(planes, -1)

    def _processed(self, seen: Picture) -> Picture:
        """Tone curve, noise reduction, sharpening."""
        part = seen / self.clips
        shown = (part * 2.9 / (1 + 1.9 * part)).clip(0, 1) ** (1 / 1.75)
        shown = 0.015 + 0.985 * shown
        shown = shown + self.contrast * (shown * shown * (3 - 2 * shown) - shown)
        luma = shown @ LUMA
        colour = shown - luma[..., None]
        for deviation, reach in ((0.045, 2.0), (0.03, 1.5)):
            flat = _bilateral(luma, deviation * self.smooth[0], reach) if self.smooth[0] else luma
            luma = 0.1 * luma + 0.9 * flat
        edge = luma - gaussian_filter(luma, 1.0)
        edge = np.sign(edge) * np.maximum(np.abs(edge) - 0.004, 0)
        luma = luma + self.sharpen * np.clip(edge, -0.09, 0.09)
        colour = gaussian_filter(colour, (self.smooth[1], self.smooth[1], 0))
        return np.asarray(luma[..., None] + self.saturation * colour)


COLOURS_WIDE = (1.0015, 1.0, 0.9985)
"""How much larger a lens draws red and blue than green."""

DAYLIGHT = np.array([0.9, 1.0, 1.15])
"""Colour of a window's light against the room's."""

GAINS = np.array([1.7, 1.0, 1.9])
"""How much less a sensor sees of red and blue: their noise grows by as much."""


def _relieved(light: Picture, amount: float) -> Picture:
    """Light with more contrast in details of 1.2 % and, less, of 0.4 % of the side."""
    if not amount:
        return light
    luma, side = light.mean(axis=-1) + 1e-4, len(light)
    folds = (luma / gaussian_filter(luma, 0.012 * side)) ** amount
    pores = (luma / gaussian_filter(luma, 0.004 * side)) ** (0.6 * amount)
    return np.asarray(light * np.clip(folds * pores, 0.5, 1.8)[..., None])


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


HAZY = Camera(exposure=0.3)
"""A laptop before a bright window: pale and soft."""

DIM = replace(
    HAZY, exposure=-0.3, relief=0.25, veil=0.0, glare=0.16, smooth=(0.8, 2.5), sensor_px=340
)
"""A laptop in a dim room: noise, and no veil."""

WARM = replace(
    HAZY, exposure=0.0, relief=0.35, veil=0.0, glare=0.12, smooth=(0.6, 2.5), sensor_px=340,
    white=(1.10, 1.0, 0.86),
)  # fmt: skip
"""A laptop that takes the window's light for a lamp's."""

CAMERAS: Mapping[str, Camera] = {"hazy": HAZY, "dim": DIM, "warm": WARM}
"""By name."""


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
    parser.add_argument("--camera", choices=CAMERAS, default="hazy")
    args = parser.parse_args()
    light, camera = read(args.light)[..., :3], CAMERAS[args.camera]
    camera = replace(camera, exposure=camera.exposure + args.stops)
    camera(light, len(light)).save(args.picture)


if __name__ == "__main__":
    main()
