"""Says how the picture of a face from one picture is put together: `render/composition.py`."""

from __future__ import annotations

from collections.abc import Sequence

from ...render.composition import Composition, Over, Region
from .blocks import Blocks
from .graph import Tensor
from .planes import BLACK
from .window import WIDER_MOST, Window


def composed(
    figure: Blocks,
    motions: tuple[Tensor, Tensor],
    over: tuple[Tensor, Tensor],
    inner: Window,
    regions: Sequence[Window],
) -> Composition:
    """What a file says of it.

    Args:
        figure: As of `planes.figure_blocks`.
        motions: Where cells of 4 x 4 pixels come from and how light changes them, [B, 3, 128, 128],
            and where the head alone carries them from, [B, 2, 128, 128].
        over: Luma of mouth and eyes, [1, B, h + 1, w + 1], and of its blocks chroma and
            cover, [3, B, h / 2 + 1, w / 2 + 1].
        inner: The window in which these lie.
        regions: Where the figure may be.
    """
    moves, carried = (motion.name for motion in motions)
    _, planes, _ = figure.planes()
    luma, more = (each.name for each in over)
    return Composition(
        motion=moves,
        near=tuple(planes[:4]),
        smooth=tuple(planes[4:]),
        wall_luma="wall_luma",
        wall_chroma="wall_chroma",
        black=BLACK,
        regions=tuple(Region(w.left, w.top, w.width, w.height) for w in regions),
        narrower=WIDER_MOST,
        sharpened=True,
        over=Over(carried, luma, more, inner.left, inner.top),
    )
