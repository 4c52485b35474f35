"""The inside of a mouth in the graph: what follows the jaw, and the skull's teeth over it.

Pictures are [1, planes, B, H, W].
"""

from __future__ import annotations

import numpy as np

from ...face.state import INDEX, PARAMETERS
from ...render.i420 import OFFSET, yuv
from .graph import Tensor
from .mouth import Inside
from .planes import fetched, pictures
from .sampling import Floats
from .window import Window

MOVING = 12.0
"""Weights of a mouth's units add up to the inverse of this, and its inside is drawn anew."""

BEHIND, BEHIND_MOST = {"mouthPucker": 1.0, "mouthFunnel": 1.0}, 1.0
"""How far teeth vanish above the edge of an upper lip that reaches forward, as a share of what is
seen of them, by the weights of these, and at most."""

BEHIND_DARK = 0.35
"""How dark what is left of them gets."""

EDGE_PX = 1.5
"""Their edge is so wide: as sharp as that of a drawn tooth."""


def at_rest(face: Tensor, back: Tensor, picture: Floats) -> Tensor:
    """The inside of a mouth that hardly moves is the picture's, RGB [H, W, 3]."""
    graph = face.graph
    moving = [name.startswith(("jaw", "mouth", "tongue", "cheek")) for name in PARAMETERS]
    table = graph.constant(np.array(moving, np.float32)[:, None] * MOVING)
    still = (1.0 - face @ table).clip(0, 1).reshaped(1, 1, -1, 1, 1)
    seen = pictures(graph, picture[None])
    return back + (seen.reshaped(1, 3, 1, *picture.shape[:2]) - back) * still


def drawn_inside(face: Tensor, mouth: Inside, window: Window, jaw: Tensor) -> Tensor:
    """What a mouth shows, [1, 3, B, H, W]; `jaw` is the weight of the field jawOpen, [B, 1]."""
    graph = face.graph
    lower = mouth.lower
    throat = yuv(mouth.dark[None, None])[..., 0, 0] - OFFSET
    dark = graph.constant(throat.reshape(1, 3, 1, 1, 1))
    sprite = graph.joined(
        [pictures(graph, _alone(lower)[None]), graph.half(lower[None, None, ..., 3])], 1
    )
    places = _places(face, mouth, window, jaw)
    shape = (1, 4, -1, window.height, window.width)
    moved, cover = fetched(sprite, places).reshaped(*shape).split(3, 1, axis=1)
    picture = dark + (moved - dark) * cover
    upper = window.of(mouth.upper if mouth.own is None else mouth.own, mouth.left, mouth.top)
    over = pictures(graph, _alone(upper)[None]).reshaped(1, 3, 1, window.height, window.width)
    cover = graph.half(upper[None, None, None, ..., 3])
    if mouth.own is None:
        table = np.zeros((len(PARAMETERS), 1))
        for name, weight in BEHIND.items():
            table[INDEX[name]] = weight
        behind = (face @ graph.constant(table)).clip(0, BEHIND_MOST).reshaped(1, 1, -1, 1, 1)
        share = window.of(mouth.height_share, mouth.left, mouth.top)
        rise = float(np.abs(np.diff(share, axis=0)).max()) * EDGE_PX
        height = graph.half(share[None, None, None])
        hidden = graph.half(window.of(mouth.hidden, mouth.left, mouth.top)[None, None, None])
        cover = cover * ((height - behind * hidden) * (1 / rise) + 1.0).clip(0, 1)
        over = over * (1.0 - behind * BEHIND_DARK)
    return picture + (over - picture) * cover


def _places(face: Tensor, mouth: Inside, window: Window, jaw: Tensor) -> Tensor:
    """Places in the lower sprite, [1, B * H, W, 2]: an affine map that follows the jaw."""
    graph = face.graph
    shut, wide = mouth.jaw
    left, right = (face.columns([INDEX[name]]) for name in ("jawLeft", "jawRight"))
    aside = np.zeros((2, 3))
    aside[:, 2] = mouth.side_px
    size = np.array([mouth.width, mouth.height])
    start = shut + np.array([[0, 0, 0.5], [0, 0, 0.5]])
    steps = np.stack([start * 2 / size[:, None], (wide - shut) * 2 / size[:, None]])
    steps[0, :, 2] -= 1
    side = aside * 2 / size[:, None]
    factors = graph.joined([jaw, left - right], 1)
    table = np.stack([steps[1].T.ravel(), -side.T.ravel()])
    matrix = factors @ graph.constant(table) + graph.constant(steps[0].T.reshape(1, 6))
    x = np.arange(window.left, window.right) - mouth.left
    y = np.arange(window.top, window.bottom) - mouth.top
    across, down = np.zeros((1, 1, len(x), 3)), np.zeros((1, len(y), 1, 3))
    across[..., 0], across[..., 2], down[..., 1] = x[:, None].T, 1, y[:, None]
    points = (graph.constant(across) + graph.constant(down)).reshaped(1, -1, 3)
    return (points @ matrix.reshaped(-1, 3, 2)).reshaped(1, -1, window.width, 2)


def _alone(sprite: Floats) -> Floats:
    """Colours of a sprite without its coverage, gone on where nothing is covered."""
    cover = sprite[..., 3:]
    mean = sprite[..., :3].sum(axis=(0, 1)) / max(float(cover.sum()), 1e-6)
    return np.where(cover > 0.02, sprite[..., :3] / np.maximum(cover, 0.02), mean)
