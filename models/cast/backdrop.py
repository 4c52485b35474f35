"""A photographed place behind a person, out of focus as behind a fast lens: lights are discs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.signal import fftconvolve

from .camera import Picture

BRIGHTEST = 30.0
"""Lamps of the place are dimmed to this."""

AROUND = 0.15
"""How much more of the place is looked at on each side, so that discs come in from there."""


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Where in a place the camera looks, and how it shows it.

    Args:
        turn: Direction, as a share of a full turn.
        degrees: Height of what is seen.
        disc: Radius of a point of light, as a share of the picture's height.
        gain: Brightness against the person's light.
        saturation: Of its colours.
        mirrored: Whether left and right are changed, so that a window is where the light is.
    """

    turn: float
    degrees: float = 48.0
    disc: float = 0.014
    gain: float = 0.16
    saturation: float = 0.85
    mirrored: bool = False

    def __call__(self, place: Picture, size_px: tuple[int, int]) -> Picture:
        """Linear light, float64 [H, W, 3].

        Args:
            place: All that is around, in linear light, float64 [H, 2 H, 3]: longitude from left
                to right, the sky at the top.
            size_px: Height and width of the picture.
        """
        side_px = size_px[0]
        margin = int(np.ceil(AROUND * side_px))
        place = place[:, ::-1] if self.mirrored else place
        whole = _looked_at(np.minimum(place, BRIGHTEST), self.turn, self.degrees, size_px, margin)
        spread = _disc(self.disc * side_px)
        planes = [fftconvolve(whole[..., k], spread, "same") for k in range(3)]
        seen = np.maximum(np.stack(planes, -1), 0)[margin:-margin, margin:-margin]
        grey = seen.mean(axis=-1, keepdims=True)
        return np.asarray(self.gain * np.maximum(grey + self.saturation * (seen - grey), 0))


def _looked_at(
    place: Picture, turn: float, degrees: float, size: tuple[int, int], margin: int
) -> Picture:
    height, width = place.shape[:2]
    focal = 0.5 / np.tan(np.radians(degrees / 2))
    down, across = ((np.arange(-margin, n + margin) + 0.5 - n / 2) / size[0] for n in size)
    x, y = np.meshgrid(across, -down)
    longitude = turn + np.arctan2(x, focal) / (2 * np.pi)
    latitude = 0.5 - np.arcsin(y / np.sqrt(x**2 + y**2 + focal**2)) / np.pi
    at = [latitude * height - 0.5, (longitude % 1) * width - 0.5]
    planes = [map_coordinates(place[..., k], at, order=1, mode="grid-wrap") for k in range(3)]
    return np.stack(planes, -1)


def _disc(radius: float) -> Picture:
    """What a lens makes of a point: a disc with a brighter rim; its sum is 1."""
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    far = np.hypot(x, y)
    rim = np.clip((far / max(radius, 1e-6) - 0.7) / 0.3, 0, 1)
    made = np.clip(radius + 0.5 - far, 0, 1) * (1 + 0.25 * rim)
    return np.asarray(made / made.sum())
