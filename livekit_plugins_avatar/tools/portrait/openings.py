"""Mouth and eyes in the graph: skin above and below a slit, laid over what is inside.

Around a slit skin is stretched most, so every pixel is looked for by itself there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...face.state import INDEX
from .canvas import SIDE_PX
from .eyes import Eyeball
from .graph import Tensor
from .motion import STEP, Motion
from .mouth import Inside
from .planes import Fetcher, Places, Planes, places_of
from .sampling import Floats

OVERLAP_PX = 1.0
"""Lips and lids reach half a pixel over the line between them, or it would show."""

MARGIN = 6
"""Nodes around a slit's window from which skin may come."""

EYE_YAW_RAD, EYE_PITCH_RAD = 0.52, 0.40
"""Turn of an eye at weight 1 of eyeLookOut and eyeLookUp, as the built-in personas turn them."""

STILL_PX = 1.5
"""An iris that has moved less than this shows the picture's own eye, in part."""

LID_SHADOW, LID_SHADOW_PX = 0.4, 2.5
LIP_SHADOW, LIP_SHADOW_PX = 0.4, 5.0
"""How dark it is under an upper lid or lip, and how far the shadow reaches."""

LASH = 0.5
"""Lashes of closing lids become a line, darker by this share."""


@dataclass(frozen=True, slots=True)
class Skin:
    """Skin that has been moved, at the nodes of a window of the picture.

    Args:
        motion: Displacements to where the nodes come from, [B, 2, rows, columns], pixels.
        left, top: The first node.
        gain: Light, at full size, [B, 1, H, W].
    """

    motion: Tensor
    left: int
    top: int
    gain: Tensor


@dataclass(frozen=True, slots=True)
class Window:
    """A window in nodes: left, top, right and bottom."""

    left: int
    top: int
    right: int
    bottom: int

    def pixels(self, left: int, top: int) -> tuple[int, int, int, int]:
        """Top, bottom, left and right in pixels, counted from a node."""
        return (
            (self.top - top) * STEP,
            (self.bottom - top) * STEP,
            (self.left - left) * STEP,
            (self.right - left) * STEP,
        )

    def within(self, box: tuple[int, int, int, int], margin: int = 0) -> Window:
        """With a margin, kept within a box."""
        return Window(
            max(self.left - margin, box[0]),
            max(self.top - margin, box[1]),
            min(self.right + margin, box[2]),
            min(self.bottom + margin, box[3]),
        )


@dataclass(frozen=True, slots=True)
class Side:
    """What lies above or below a slit, in a window.

    Args:
        planes: Its skin.
        distance: How far each pixel lies in it, [B, 1, H, W], pixels.
        places: Where each pixel comes from, from -1 to 1 across the picture, [B, H, W, 2].
    """

    planes: Planes
    distance: Tensor
    places: Tensor


class Openings:
    """Writes mouth and eyes.

    Args:
        face: The input, [B, P].
        fetch: To fetch with.
        motion: The fields.
        plate: The picture's luma and chroma, for a batch.
        edges: Distances into what lies above and below the slits, [512, 512] each.
        jaw: Weight of the field jawOpen, [B, 1].
    """

    def __init__(
        self,
        face: Tensor,
        fetch: Fetcher,
        motion: Motion,
        plate: Planes,
        edges: tuple[Floats, Floats],
        jaw: Tensor,
    ) -> None:
        self.graph = face.graph
        self.face = face
        self.fetch = fetch
        self._motion = motion
        self._plate = plate
        self._edges = edges
        self._jaw = jaw

    def weight(self, name: str) -> Tensor:
        """One parameter of the face, [B, 1, 1, 1]."""
        return self.face.columns([INDEX[name]]).reshaped(-1, 1, 1, 1)

    def mouth(self, inner: Inside, above: Skin, below: Skin) -> tuple[Planes, Window]:
        """The mouth, and where it lies."""
        window = self.window(inner)
        upper, lower = (self._side(k, window, inner, s) for k, s in ((0, above), (1, below)))
        cut = _cut(window, inner)
        back = self._inside(inner).window(*cut)
        rest = None if inner.own is None else self._at_rest(window)
        back = self._shadowed(back, upper.distance, rest, LIP_SHADOW, LIP_SHADOW_PX)
        cover = _cover(lower.distance)
        if inner.own is None:
            tuck = (self.weight("mouthRollLower") * 2.0 - 0.3).clip(0, 1)
            bite = self.graph.half(inner.bite[None, None]).window(*cut)
            cover = cover * (1.0 - tuck * bite)
        drawn = back.under(lower.planes, cover).under(upper.planes, _cover(upper.distance))
        return drawn, window

    def eye(self, name: str, inner: Eyeball, above: Skin, below: Skin) -> tuple[Planes, Window]:
        """An eye by its side, and where it lies."""
        window = self.window(inner)
        upper, lower = (self._side(k, window, inner, s) for k, s in ((0, above), (1, below)))
        back = self._eyeball(name, inner).window(*_cut(window, inner))
        rest = self._at_rest(window)
        back = self._shadowed(back, upper.distance, rest, LID_SHADOW, LID_SHADOW_PX)
        lid = self._lashed(name, inner, upper)
        drawn = back.under(lower.planes, _cover(lower.distance))
        return drawn.under(lid, _cover(upper.distance)), window

    def window(self, inner: Inside | Eyeball) -> Window:
        """Where a mouth or an eye is drawn."""
        left, top = inner.left // STEP, inner.top // STEP
        width, height = _size(inner)
        whole = Window(left, top, left + width // STEP, top + height // STEP)
        return whole.within(self._motion.box)

    def _side(self, side: int, window: Window, inner: Inside | Eyeball, skin: Skin) -> Side:
        top, bottom, left, right = window.pixels(skin.left, skin.top)
        spread = skin.motion.enlarged(STEP).window(top, bottom, left, right)
        half = skin.motion.enlarged(STEP // 2).window(top // 2, bottom // 2, left // 2, right // 2)
        pixels = (window.left * STEP, window.top * STEP, right - left, bottom - top)
        whole = (SIDE_PX, SIDE_PX)
        places = places_of(spread, pixels, whole, 1)
        luma = self.fetch(self._plate.luma, places)
        chroma = self.fetch(self._plate.chroma, places_of(half, pixels, whole, 2)).channels(0, 2)
        planes = Planes((luma - 16.0) * skin.gain + 16.0, chroma)
        width, height = _size(inner)
        part = self._edges[side][inner.top : inner.top + height, inner.left : inner.left + width]
        codes = self.graph.codes(part[None, None].clip(-8, 8) * 15.9 + 127.5)
        distance = self._looked_up((codes - 127.5) * (1 / 15.9), inner, places)
        return Side(planes, distance, places)

    def _looked_up(self, values: Tensor, inner: Inside | Eyeball, places: Tensor) -> Tensor:
        """A map of the window of a mouth or an eye, at places of the whole picture."""
        size, corner = np.array(_size(inner)), np.array([inner.left, inner.top])
        scale, shift = SIDE_PX / size, (SIDE_PX - 2 * corner) / size - 1
        moved = places * self.graph.constant(scale) + self.graph.constant(shift)
        return self.fetch(self.fetch.batched(values), moved)

    def _at_rest(self, window: Window) -> Floats:
        top, bottom, left, right = window.pixels(0, 0)
        return self._edges[0][top:bottom, left:right]

    def _shadowed(
        self, back: Planes, distance: Tensor, rest: Floats | None, depth: float, reach: float
    ) -> Planes:
        """Darken what lies under an edge, by more than it is at rest."""
        shadow = (distance.clip(-99, 0) * (1 / reach)).apply("Exp")
        if rest is not None:
            shadow = shadow - self.graph.half(np.exp(np.minimum(rest, 0) / reach)[None, None])
        dark = 1.0 - shadow.clip(0, 1) * depth
        return Planes((back.luma - 16.0) * dark + 16.0, back.chroma)

    def _lashed(self, name: str, eye: Eyeball, upper: Side) -> Planes:
        shut = (self.weight(f"eyeBlink{name}") * 2.0 - 0.8).clip(0, 1)
        codes = self.graph.codes(eye.lashes[None, None] * 255) * (LASH / 255)
        dark = 1.0 - self._looked_up(codes, eye, upper.places) * shut
        return Planes((upper.planes.luma - 16.0) * dark + 16.0, upper.planes.chroma)

    def _eyeball(self, side: str, eye: Eyeball) -> Planes:
        graph = self.graph
        outwards = 1.0 if side == "Left" else -1.0
        look = {name: self.weight(f"eyeLook{name}{side}") for name in ("Out", "In", "Up", "Down")}
        yaw = self.weight("gazeYaw") + (look["Out"] - look["In"]) * (outwards * EYE_YAW_RAD)
        pitch = self.weight("gazePitch") + (look["Up"] - look["Down"]) * EYE_PITCH_RAD
        right, down = yaw.apply("Sin") * eye.turn_px, pitch.apply("Sin") * -eye.turn_px
        shift = graph.joined([-right, -down], 1)
        flat = graph.constant(np.zeros((1, 2, eye.side // 4, eye.side // 4)))
        size = (eye.side, eye.side)
        places = Places.moved(flat + shift, 4, (0, 0, *size), size)
        iris, cover = self._sprite_at(eye.iris, eye.cover, places)
        ball = Planes.of(graph, eye.white).under(iris, cover)
        away = (right * right + down * down + 1e-9).apply("Sqrt") * (1 / STILL_PX)
        still = (1.0 - away).clip(0, 1)
        opening = graph.half(eye.opening[None, None])
        return ball.under(Planes.of(graph, eye.seen), opening * still)

    def _inside(self, mouth: Inside) -> Planes:
        graph = self.graph
        dark = np.broadcast_to(mouth.dark, (mouth.height, mouth.width, 3))
        picture = Planes.of(graph, dark)
        places = self._jaw_places(mouth, self._jaw)
        picture = picture.under(*self._sprite_at(_alone(mouth.lower), mouth.lower[..., 3], places))
        upper = mouth.upper if mouth.own is None else mouth.own
        cover = graph.half(upper[None, None, :, :, 3])
        return picture.under(Planes.of(graph, _alone(upper)), cover)

    def _sprite_at(self, colours: Floats, cover: Floats, places: Places) -> tuple[Planes, Tensor]:
        """A picture of the file moved, and how much of each pixel it covers."""
        planes = Planes.of(self.graph, colours)
        covers = self.graph.half(cover[None, None])
        fine = self.fetch.fixed(self.graph.joined([planes.luma, covers], 1), places)
        chroma = self.fetch(self.fetch.batched(planes.chroma), places.blocks)
        return Planes(fine.channels(0, 1), chroma), fine.channels(1, 2)

    def _jaw_places(self, mouth: Inside, jaw: Tensor) -> Places:
        """Places in the lower sprite, an affine map that follows the jaw."""
        graph = self.graph
        shut, wide = mouth.jaw
        left = self.weight("jawLeft") - self.weight("jawRight")
        matrix = graph.constant(shut.reshape(1, 6)) + jaw @ graph.constant(
            (wide - shut).reshape(1, 6)
        )
        matrix = matrix.reshaped(-1, 2, 3)
        x, y = np.meshgrid(np.arange(0, mouth.width, 4) + 1.5, np.arange(0, mouth.height, 4) + 1.5)
        base = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        moved = (matrix @ graph.constant(base[None])).reshaped(-1, 2, *x.shape)
        moved = moved - graph.constant(np.stack([x, y])[None])
        moved = moved - left * graph.constant(mouth.side_px.reshape(1, 2, 1, 1))
        size = (mouth.width, mouth.height)
        return Places.moved(moved, 4, (0, 0, *size), size)


def _size(inner: Inside | Eyeball) -> tuple[int, int]:
    if isinstance(inner, Inside):
        return inner.width, inner.height
    return inner.side, inner.side


def _cut(window: Window, inner: Inside | Eyeball) -> tuple[int, int, int, int]:
    """A window within that of a mouth or an eye, which may reach beyond the moving box."""
    return window.pixels(inner.left // STEP, inner.top // STEP)


def _cover(distance: Tensor) -> Tensor:
    return (distance + OVERLAP_PX).clip(0, 1)


def _alone(sprite: Floats) -> Floats:
    """Colours of a sprite without its coverage, gone on where nothing is covered."""
    cover = sprite[..., 3:]
    mean = sprite[..., :3].sum(axis=(0, 1)) / max(float(cover.sum()), 1e-6)
    return np.where(cover > 0.02, sprite[..., :3] / np.maximum(cover, 0.02), mean)
