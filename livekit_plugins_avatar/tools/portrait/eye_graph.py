"""Eyes in the graph: eyeballs that turn, and lids that go with them.

Pictures are [K, planes, B, H, W], of both eyes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...face.state import INDEX, PARAMETERS
from .eyes import Eyeball
from .graph import Tensor
from .motion import EYE_PITCH_RAD
from .planes import pictures
from .sampling import Floats
from .sharpness import moved_whole
from .window import Window

EYE_YAW_RAD = 0.52
"""Turn of an eye at weight 1 of eyeLookOut, as the built-in personas turn them."""

SHINE_SHARE, LUMA_SPAN = 0.5, 219 / 255
"""How far a reflection goes with the iris: a cornea is rounder than an eye. Luma of video has this
share of a picture's."""

BLINK_SAG = 0.10
"""An eye that blinks rolls down so far at half of it, and back, in halves of its width."""

STILL_PX = 1.5
"""An iris that has moved less than this shows the picture's own eye, in part."""

EYES = ("Right", "Left")


def eyeballs(
    face: Tensor, eyes: Sequence[Eyeball], windows: Sequence[Window], blink: Tensor
) -> tuple[Tensor, Tensor]:
    """Eyeballs, [2, 3, B, H, W], and the luma of what they reflect besides, [2, 1, B, H, W].

    Args:
        face: The input, [B, P].
        eyes, windows: Both eyes, and where they are drawn.
        blink: How far each is shut, [2, 1, B, 1, 1].
    """
    graph = face.graph

    def cut(name: str) -> Floats:
        parts = zip(windows, eyes, strict=True)
        return np.stack([w.of(getattr(eye, name), eye.left, eye.top) for w, eye in parts])

    side = windows[0].width
    white, seen = (
        pictures(graph, cut(name)).reshaped(2, 3, 1, side, side) for name in ("white", "seen")
    )
    iris = [pictures(graph, cut("iris")), graph.half(cut("cover")[:, None])]
    sprite = graph.joined(iris, 1).reshaped(2, 4, 1, side, side)
    gone = blink * (1.0 - blink) * 4.0
    turned = _turned(face, eyes)
    shift = turned + _down(gone, [eye.half * BLINK_SAG for eye in eyes])
    moved, cover = moved_whole(sprite, shift, side).split(3, 1, axis=1)
    cover = cover.clip(0, 1)
    luma, chroma = (white + (moved - white) * cover).split(1, 2, axis=1)
    shine = graph.codes(cut("shine")[:, None] * LUMA_SPAN).reshaped(2, 1, 1, side, side)
    carried = turned * SHINE_SHARE + _down(blink, [eye.shine_px * 2 for eye in eyes])
    shine = moved_whole(shine, carried, side)
    ball = graph.joined([luma, chroma], 1)
    across, down = shift.split(1, 1, axis=0)
    away = (across * across + down * down + 1e-9).apply("Sqrt") * (1 / STILL_PX)
    still = (1.0 - away).clip(0, 1).reshaped(2, 1, -1, 1, 1)
    own = graph.half(cut("opening")[:, None, None]) * still
    return ball + (seen - ball) * own, shine * (1.0 - own)


def _down(share: Tensor, pixels: Sequence[float]) -> Tensor:
    """A shift down by a share of so many pixels for each eye, [2, 2, 1, B, 1, 1]."""
    table = np.zeros((2, 2, 1, 1, 1, 1))
    table[1, :, 0, 0, 0, 0] = pixels
    return share * share.graph.constant(table)


def _turned(face: Tensor, eyes: Sequence[Eyeball]) -> Tensor:
    """How far each iris has moved to the right and down, in pixels, [2, 2, 1, B, 1, 1]: by
    direction, by eye."""
    matrix = np.zeros((len(PARAMETERS), 2, 2))
    for k, name in enumerate(EYES):
        outwards = 1.0 if name == "Left" else -1.0
        matrix[INDEX["gazeYaw"], 0, k] = matrix[INDEX["gazePitch"], 1, k] = 1.0
        matrix[INDEX[f"eyeLookOut{name}"], 0, k] = outwards * EYE_YAW_RAD
        matrix[INDEX[f"eyeLookIn{name}"], 0, k] = -outwards * EYE_YAW_RAD
        matrix[INDEX[f"eyeLookUp{name}"], 1, k] = EYE_PITCH_RAD
        matrix[INDEX[f"eyeLookDown{name}"], 1, k] = -EYE_PITCH_RAD
    angles = face @ face.graph.constant(matrix.reshape(-1, 4))
    pixels = np.array([[eye.turn_px for eye in eyes], [-eye.turn_px for eye in eyes]])
    shift = angles.apply("Sin") * face.graph.constant(pixels.reshape(1, 4))
    return shift.turned(1, 0).reshaped(2, 2, 1, -1, 1, 1)


def with_lids(face: Tensor, units: Tensor, names: Sequence[str]) -> Tensor:
    """Weights of the named units, [B, units]: upper lids follow the gaze up and down, as far as
    they do not blink."""
    follow, blink = np.zeros((2, len(PARAMETERS), len(names)))
    for k, name in enumerate(names):
        if name.startswith(("eyeLookUp", "eyeLookDown")):
            up = 1.0 if name.startswith("eyeLookUp") else -1.0
            follow[INDEX["gazePitch"], k] = up / EYE_PITCH_RAD
            blink[INDEX["eyeBlink" + ("Left" if name.endswith("Left") else "Right")], k] = 1.0
    gaze, shut = ((face @ face.graph.constant(each)).clip(0, 1) for each in (follow, blink))
    return (units + gaze) * (1.0 - shut)
