"""Mouth and eyes in the graph: skin above and below a slit, laid over what is inside.

Around a slit skin is stretched most, so every pixel is looked for by itself there. Pictures are
[K, planes, B, H, W]: the mouth alone, or both eyes together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...face.state import INDEX
from ...render.i420 import YUV_OF_RGB
from .eye_graph import EYES, eyeballs
from .eyes import Eyeball
from .eyes_closed import ShutLids
from .graph import Graph, Tensor
from .motion import STEP
from .mouth import Inside
from .mouth_graph import at_rest, drawn_inside
from .planes import eighths, fetched, finer, pictures, ramps
from .sampling import Floats
from .sharpness import lost, regained
from .window import Window

OVERLAP_PX = 1.0
"""Lips and lids reach half a pixel over the line between them, or it would show."""

EDGE_SOFT = 1.3
"""By so much of a picture's softness their edges get wider."""

MARGIN, EYE_MARGIN = 6, 4
"""Nodes around a mouth's and an eye's window from which skin may come."""

LID_SHADOW, LID_SHADOW_PX = 0.5, 2.5
"""How dark it is under an upper lid, and how far the shadow reaches."""

TEETH_SHADOW, INNER_SHADOW, INNER_SHADOW_PX = 0.3, 0.6, 5.0
"""The same of a lip's shadow on teeth, and on what lies behind them."""

RIM_PX, RIM_OPEN = 3.0, 5.0
"""How wide the dark rim of a lower lip is, and the inverse of the jaw's weight that shows it."""

FOLD_SHADOW, FOLD_SHADOW_PX, FOLD_SHUT = 0.35, 1.8, 0.0
"""The same of lids under their folds, and what is left of it over a lid that is shut, which is no
longer folded."""

FOLD_SOFT = 0.36
"""How much less sharply skin ends at the fold over a lid that is shut: from half way on."""

LASH, LASH_SHUT, LASH_DARK = 0.8, 1.0, 0.05
"""Lashes of closing lids become a line: so far towards the darkest twentieth of the lid's edge; of
lids that are shut."""

EDGE_PX, BARE_SOON = 0.5, 0.03
"""Lids that are shut have no lashes from so far above their edge on; what is darker than skin by
the inverse of this has none of its own colour there."""

SHUT_SLOPE, SHUT_FROM, SHUT_EDGE_PX = 3.0, 0.3, 2.5
"""How soon a lid that comes down shows what another picture has of it; its edge, which is so wide,
from half way on."""

HANG, HANG_SHUT = 0.4, 1.0
"""The same of what hangs from it, before the eye, which is to be seen."""

PALER = 0.35
"""How much of the light that a shadow takes its colour loses, too."""


@dataclass(frozen=True, slots=True)
class Skin:
    """Skin around slits that has been moved, at the nodes of their windows.

    Args:
        above, below: Displacements to where the nodes come from, in nodes, [B, 2, h, w], by slit.
        gain: What light adds, as a share, at the nodes of the windows, [B, 1, h, w], by slit.
        lids: As `above`, of the lids.
    """

    above: Sequence[Tensor]
    below: Sequence[Tensor]
    gain: Sequence[Tensor]
    lids: Sequence[Tensor] = ()


class Side:
    """What lies above or below slits.

    Args:
        planes: Its skin, and how far each pixel lies in it; [K, planes, B, H, W].
        more: How many planes come after these.
    """

    def __init__(self, planes: Tensor, more: int) -> None:
        self.luma, self.chroma, codes, *self.more = planes.split(1, 2, 1, *[1] * more, axis=1)
        self.distance = codes * (1 / 15.9)

    @property
    def cover(self) -> Tensor:
        """How much of each pixel it covers."""
        return self.covering(OVERLAP_PX)

    def covering(self, wide: float) -> Tensor:
        """The same with an edge so many pixels wide."""
        return ((self.distance + wide) * (1 / wide)).clip(0, 1)

    def mix(self, other: Side, share: Tensor, more: Tensor) -> None:
        """Go over to the picture of another one, and to its other planes."""
        self.luma = self.luma + (other.luma - self.luma) * share
        self.chroma = self.chroma + (other.chroma - self.chroma) * share
        pairs = zip(self.more, other.more, strict=True)
        self.more = [one + (two - one) * more for one, two in pairs]

    def planes(self) -> Tensor:
        """Luma and chroma."""
        return self.luma.graph.joined([self.luma, self.chroma], 1)


class Openings:
    """Writes mouth and eyes.

    Args:
        face: The input, [B, P].
        plate: The picture, RGB [512, 512, 3].
        lids: The same with lids that go on above their folds.
        edges: Distances into what lies above and below the slits, and into the lids, [512, 512]
            each.
        shut: The lids of another picture, if there is one.
    """

    def __init__(
        self,
        face: Tensor,
        plate: Floats,
        lids: Floats,
        edges: tuple[Floats, Floats, Floats],
        shut: ShutLids | None = None,
    ) -> None:
        self.graph: Graph = face.graph
        self.face = face
        self._shut = shut
        self._plates = (plate, plate, lids, *([shut.plate] if shut else []))
        self._edges = (*edges, edges[2])

    def weight(self, *names: str) -> Tensor:
        """A parameter of the face for each slit, [K, 1, B, 1, 1]."""
        columns = self.face.columns([INDEX[name] for name in names])
        return columns.turned(1, 0).reshaped(len(names), 1, -1, 1, 1)

    def mouth(self, inner: Inside, window: Window, skin: Skin, jaw: Tensor) -> Tensor:
        """The mouth, [1, 3, B, H, W]; `jaw` is the weight of the field jawOpen, [B, 1]."""
        (upper, lower), gain = self._sides([window], skin, [])
        rest = None if inner.own is None else [window.of(self._edges[0])]
        back = drawn_inside(self.face, inner, window, jaw)
        over = (inner.upper if inner.own is None else inner.own)[..., 3]
        dark = INNER_SHADOW + (TEETH_SHADOW - INNER_SHADOW) * over
        depth = self.graph.half(window.of(dark, inner.left, inner.top)[None, None, None])
        back = self._shadowed(back, upper.distance, rest, depth, INNER_SHADOW_PX, gain)
        if inner.own is not None:
            back = at_rest(self.face, back, window.of(self._plates[0]))
        wide = OVERLAP_PX + inner.soft_px * EDGE_SOFT
        cover = lower.covering(wide)
        if inner.own is None:
            tuck = (self.weight("mouthRollLower") * 2.0 - 0.3).clip(0, 1)
            bite = self.graph.half(window.of(inner.bite, inner.left, inner.top)[None, None, None])
            cover = cover * (1.0 - tuck * bite)
        rim = (1.0 - lower.distance.apply("Abs") * (1 / RIM_PX)).clip(0, 1)
        opened = (jaw * RIM_OPEN).clip(0, 1).reshaped(1, 1, -1, 1, 1)
        share = self.graph.half(window.of(inner.rim, inner.left, inner.top)[None, None, None])
        lip = self._darkened(lower.luma, lower.chroma, 1.0 - rim * (opened * share))
        return self._layered(back, lip, cover, upper.planes(), upper.covering(wide), gain)

    def eyes(self, eyes: Sequence[Eyeball], windows: Sequence[Window], skin: Skin) -> Tensor:
        """Both eyes, [2, 3, B, H, W]."""
        lashes = [w.of(eye.lashes, eye.left, eye.top) for w, eye in zip(windows, eyes, strict=True)]
        lashes += [w.of(self._shut.lashes) for w in windows] if self._shut else []
        (upper, lower, lid, *other), gain = self._sides(windows, skin, lashes)
        blink = self.weight(*(f"eyeBlink{name}" for name in EYES))
        back, shine = eyeballs(self.face, eyes, windows, blink)
        rest = [window.of(self._edges[2]) for window in windows]
        back = self._shadowed(back, lid.distance, rest, LID_SHADOW, LID_SHADOW_PX, gain)
        shut, late = (blink * 4.0 - 0.4).clip(0, 1), (blink * 2.0 - 1.0).clip(0, 1)

        def inked(closing: float, closed: float) -> Tensor:
            return (shut * closing + late * (closed - closing)) * (1 / 255)

        line = self._lash(eyes, late)
        if other:
            soon = (blink * SHUT_SLOPE - SHUT_FROM).clip(0, 1)
            soon = soon * ((lid.distance - EDGE_PX) * (1 / SHUT_EDGE_PX)).clip(0, 1)
            lid.mix(other[0], soon + late - soon * late, late)
        else:
            self._bare(lid, eyes, windows, late)
        lid.luma = lid.luma + (line - lid.luma) * lid.more[0] * inked(LASH, LASH_SHUT)
        luma, chroma = back.split(1, 2, axis=1)
        shine = shine * (1.0 - late * 2.0).clip(0, 1)
        back = self.graph.joined([(luma + shine).clip(0, 255), chroma], 1)
        luma, chroma = (back + (lower.planes() - back) * lower.cover).split(1, 2, axis=1)
        luma = luma + (line - luma) * lid.more[0] * inked(HANG, HANG_SHUT)
        back = self.graph.joined([luma, chroma], 1)
        rest = [window.of(self._edges[0]) for window in windows]
        light = gain * 0.0 + 1.0
        dark = 1.0 - late * (1 - FOLD_SHUT)
        under = self._shadowed(
            lid.planes(), upper.distance, rest, dark * FOLD_SHADOW, FOLD_SHADOW_PX, light
        )
        fold = (upper.distance * (0.5 - late * FOLD_SOFT) + 0.15).clip(0, 1)
        if self._shut:
            own = np.stack([window.of(self._shut.unfolded) for window in windows])
            fold = fold * (1.0 - self.graph.half(own[:, None, None]) * late)
        return self._layered(back, under, lid.cover, upper.planes(), fold, gain)

    def _bare(
        self, lid: Side, eyes: Sequence[Eyeball], windows: Sequence[Window], late: Tensor
    ) -> None:
        """Take lashes that point upwards, and the lid's dark edge, off lids that are shut."""
        skin = np.stack([w.of(e.skin, e.left, e.top) for w, e in zip(windows, eyes, strict=True)])
        bare = pictures(self.graph, skin).reshaped(2, 3, 1, *skin.shape[1:3])
        luma, chroma = bare.split(1, 2, axis=1)
        darker = (luma - lid.luma).clip(0, 255)
        share = (lid.distance - EDGE_PX).clip(0, 1) * late
        lid.chroma = lid.chroma + (chroma - lid.chroma) * ((darker * BARE_SOON).clip(0, 1) * share)
        lid.luma = lid.luma + darker * share

    def _lash(self, eyes: Sequence[Eyeball], late: Tensor) -> Tensor:
        """Luma of each eye's lashes, [2, 1, 1 or B, 1, 1]."""
        edges = ((eye.seen @ YUV_OF_RGB[0])[eye.lashes > 0.5] for eye in eyes)
        own = np.array([np.quantile(edge, LASH_DARK) for edge in edges]).reshape(2, 1, 1, 1, 1)
        line = self.graph.constant(own)
        if self._shut:
            other = np.array([self._shut.line[side] @ YUV_OF_RGB[0] for side in EYES])
            line = line + late * self.graph.constant(other.reshape(own.shape) - own)
        return line

    def _sides(
        self, windows: Sequence[Window], skin: Skin, lashes: Sequence[Floats]
    ) -> tuple[list[Side], Tensor]:
        """What lies above and below slits, and lids, and the light on it, as a factor."""
        graph, count = self.graph, len(windows)
        width, height = windows[0].width, windows[0].height
        reach = (EYE_MARGIN if lashes else MARGIN) * STEP
        whole = (width + 2 * reach, height + 2 * reach)
        rows = eighths(graph, finer(height // STEP, STEP))
        columns = eighths(graph, finer(width // STEP, STEP).T)
        moving = [*skin.above, *skin.below, *skin.lids, *skin.lids[: len(lashes) - count]]
        motion = rows @ graph.joined(moving, 0) @ columns
        unit = graph.constant((2 * STEP / np.array(whole)).reshape(1, 2, 1, 1))
        ramp = ramps(graph, (reach, reach, width, height), whole)
        places = (motion * unit + ramp).turned(0, 2, 3, 1).reshaped(len(moving), -1, width, 2)
        around = [window.grown(reach) for window in windows]
        source = self._source(around, [np.pad(each, reach) for each in lashes])
        sizes = [count] * (len(moving) // count)
        more = 1 if lashes else 0
        luma, others = fetched(source, places).split(1, 3 + more, axis=1)
        soft = lost(motion * float(STEP)).reshaped(len(moving), 1, -1, width)
        found = graph.joined([regained(luma, soft), others], 1).split(*sizes, axis=0)
        shape = (count, 4 + more, -1, height, width)
        sides = [Side(each.reshaped(*shape), more) for each in found]
        gain = rows @ graph.joined(list(skin.gain), 0) @ columns
        return sides, gain.reshaped(count, 1, -1, height, width) + 1.0

    def _source(self, around: Sequence[Window], lashes: Sequence[Floats]) -> Tensor:
        """What skin comes from: luma, chroma, distance into a side; with lashes the lids come
        third, then another picture's, and lashes last; [2 K, 4, h, w], [3 K or 4 K, 5, h, w]."""
        graph, sides = self.graph, 2 + len(lashes) // len(around)
        own = pictures(graph, np.stack([window.of(self._plates[0]) for window in around]))
        pictures_ = [own, own]
        for plate in self._plates[2:sides]:
            pictures_.append(pictures(graph, np.stack([window.of(plate) for window in around])))
        edges = np.stack([window.of(edge) for edge in self._edges[:sides] for window in around])
        codes = graph.codes(edges[:, None].clip(-8, 8) * 15.9 + 127.5) - 127.5
        planes = [graph.joined(pictures_, 0), codes]
        if lashes:
            each = np.stack([lashes[0] * 0] * (2 * len(around)) + list(lashes))
            planes.append(graph.codes(each[:, None] * 255))
        return graph.joined(planes, 1)

    def _layered(
        self, back: Tensor, lower: Tensor, near: Tensor, upper: Tensor, over: Tensor, gain: Tensor
    ) -> Tensor:
        """What is inside, under the lower side, under the upper side, all in the same light."""
        drawn = back + (lower - back) * near
        luma, chroma = (drawn + (upper - drawn) * over).split(1, 2, axis=1)
        return self.graph.joined([luma * gain, chroma], 1)

    def _shadowed(
        self,
        back: Tensor,
        distance: Tensor,
        rest: Sequence[Floats] | None,
        depth: Tensor | float,
        reach: float,
        gain: Tensor,
    ) -> Tensor:
        """Darken what lies under an edge, by more than it is at rest; the skin's light, in which
        it is not, is taken off."""
        shadow = (distance.clip(-99, 0) * (1 / reach)).apply("Exp")
        if rest is not None:
            still = np.stack(rest)[:, None, None]
            shadow = shadow - self.graph.half(np.exp(np.minimum(still, 0) / reach))
        dark = (1.0 - shadow.clip(0, 1) * depth) / gain
        luma, chroma = back.split(1, 2, axis=1)
        return self._darkened(luma, chroma, dark)

    def _darkened(self, luma: Tensor, chroma: Tensor, share: Tensor) -> Tensor:
        """Less light has less colour, too; in part, for what light is left inside is redder."""
        return self.graph.joined([luma * share, chroma * (share * PALER + (1.0 - PALER))], 1)
