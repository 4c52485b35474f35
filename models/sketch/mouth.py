"""The mouth and the nose above it.

Takes jaw, lips and tongue; gives one painted window. Upper teeth stay with the skull, lower
teeth and tongue go with the jaw, lips go their own way: that is what makes an f, an l and an open
vowel look different. The dark of the mouth is one flat colour, so that a reader of pixels can
measure the opening.
"""

from __future__ import annotations

from . import colour
from .brush import Arch, disc, edge, line, oval, spot, strictly, stroke
from .canvas import Surface, Window
from .graph import Tensor
from .pose import FACE, Controls, Pose

AT_V_PX = 77.0
"""Height of the resting seam below the eyes."""
HALF_PX = 33.0
"""Half the resting width."""
DROP_PX = 38.0
"""How far the lower lip falls for a jaw that is wide open."""
NOSE_V_PX = 44.0
"""Height of the nose's tip below the eyes."""
NOSE_DEPTH_PX = 15.0
"""How far its tip stands out before the face."""


class Mouth:
    """Lips, teeth, tongue; nose."""

    def __init__(self, head: Surface, controls: Controls, pose: Pose) -> None:
        self.control = controls
        self.pose = pose
        self.head = head

    def paint(self) -> None:
        self.window = self._window(0.0, 48.0, rows=10, columns=16)
        self._folds()
        self._nose()
        self.window.lay()
        self.window = self._window(0.0, 94.0, rows=14, columns=18)
        self._shape()
        self._lips()
        self._inside()
        self._tongue_out()
        self._seam()
        self.window.lay()

    def _window(self, u_px: float, v_px: float, *, rows: int, columns: int) -> Window:
        """A window around a point of the resting drawing, with `u` and `v` for its pixels."""
        window = Window(
            self.head, self.pose.in_picture(u_px, v_px, FACE), rows=rows, columns=columns
        )
        self.u, self.v = window.spread(*self.pose.at_rest(*window.nodes(), FACE))
        return window

    def _folds(self) -> None:
        """What smiling and sneering draw between nose and mouth, and a dimple."""
        for sign, side in ((1.0, "Left"), (-1.0, "Right")):
            u, v = self.u * sign, self.v
            strength = self.control.mix(
                **{f"mouthSmile{side}": 0.5, f"noseSneer{side}": 0.45, f"cheekSquint{side}": 0.3,
                   f"mouthDimple{side}": 0.2}
            ).unit()  # fmt: skip
            away, along = stroke(u, v, (25.0, 44.0), (47.0, 70.0))
            soft = (1.0 - away * (1 / 5.0)).relu()
            ends = along * (1.0 - along) * 4.0 + 0.1
            self.window.paint((soft * ends * strength * 0.75).unit(), colour.CREASE)

    def _nose(self) -> None:
        window = self.window
        # The tip stands out, so it travels further than the face behind it.
        base_u = self.u - self.pose.yaw * NOSE_DEPTH_PX
        v = self.v - NOSE_V_PX + self.pose.pitch * NOSE_DEPTH_PX
        window.paint(spot(base_u, v, 2.0, 9.0, 25.0, 9.0) * 0.6, colour.SKIN_SHADE)
        window.paint(spot(base_u, v, -2.5, -5.0, 10.0, 9.0) * 0.75, colour.SKIN_LIGHT)
        for sign, side in ((1.0, "Left"), (-1.0, "Right")):
            sneer = self.control[f"noseSneer{side}"]
            u = base_u * sign
            raised = v + sneer * 4.5
            wing = disc(u, raised, sneer * 1.5 + 12.0, 0.5, 8.0)
            outwards = ((u - 13.5) * (1 / 5.0)).unit() * ((raised + 6.0) * (1 / 6.0)).unit()
            window.paint(line(wing, 0.6) * outwards * 0.55, colour.CREASE)
            nostril = oval(u - raised * 0.35, raised, sneer * 1.0 + 8.2, 5.2, 4.6, 1.9)
            window.paint(edge(nostril) * 0.9, colour.NOSTRIL)
            away, along = stroke(u, v, (8.0, -26.0), (15.0, -18.0))
            wrinkle = (1.6 - away).unit() * (1.0 - along * 0.5)
            window.paint(wrinkle * sneer * 0.6, colour.CREASE)

    def _shape(self) -> None:
        """The four arches of the lips, from the controls."""
        mix = self.control.mix
        sealed = mix(mouthClose=1.0, mouthPressLeft=0.5, mouthPressRight=0.5).unit()
        parted = 1.0 - sealed
        jaw = (self.control["jawOpen"] - self.control["mouthClose"]).relu()
        round_ = mix(mouthPucker=1.0, mouthFunnel=0.85).clip(0.0, 1.15)
        rolled = self.control["mouthRollLower"]
        tucked = rolled * (1.0 - self.control["mouthRollUpper"]) * parted
        tongue = self.control["tongueOut"]
        self.jaw = jaw
        self.tongue = tongue
        self.parted = parted

        narrow = round_ * -0.43 - jaw * 0.16 + 1.0
        corner_drop = jaw * 7.0 + round_ * (jaw * 9.0 + 2.0)
        corners = []
        for side in ("Left", "Right"):
            wide = mix(
                **{f"mouthSmile{side}": 10.0, f"mouthStretch{side}": 8.5,
                   f"mouthDimple{side}": 4.0, f"mouthFrown{side}": -1.0,
                   f"mouthPress{side}": 1.0}
            )  # fmt: skip
            high = mix(
                **{f"mouthSmile{side}": -12.0, f"mouthFrown{side}": 10.0,
                   f"mouthStretch{side}": 2.5, f"mouthDimple{side}": -2.5,
                   f"noseSneer{side}": -1.0}
            )  # fmt: skip
            corners.append(((wide + HALF_PX) * narrow, high + corner_drop - 3.8))
        (left_px, left_v), (right_px, right_v) = corners
        half = (left_px + right_px) * 0.5
        shift = mix(mouthLeft=12.0, mouthRight=-12.0, jawLeft=4.0, jawRight=-4.0)
        self.middle_u = shift + (left_px - right_px) * 0.5
        self.half = half
        self.free_t = (self.u - self.middle_u) / half
        self.t = self.free_t.clip(-1.0, 1.0)
        self.down = self.v - AT_V_PX

        # Left is at t = 1. Everything that opens is shared between its two sides.
        up_left, up_right = (
            mix(**{f"mouthUpperUp{side}": 8.5, f"noseSneer{side}": 2.5}) for side in SIDES
        )
        low_left, low_right = (mix(**{f"mouthLowerDown{side}": 10.0}) for side in SIDES)
        funnel = self.control["mouthFunnel"]
        upper = (
            (up_left + up_right) * 0.5 + funnel * 5.0 + jaw * 4.0 + tucked * 6.5 + tongue * 2.0
        ) * parted
        upper_tilt = (up_left - up_right) * 0.5 * parted
        lower = (
            (low_left + low_right) * 0.5 + funnel * 6.0 + self.control["mouthPucker"] * 1.6
            + jaw * DROP_PX + tongue * 5.0 - tucked * 2.0
        ).relu() * parted  # fmt: skip
        lower_tilt = (low_left - low_right) * 0.5 * parted
        seam = mix(mouthShrugLower=-4.0, mouthShrugUpper=-2.5, mouthRollLower=-1.0) + 1.0
        full = round_ * 0.7 + 0.25
        slant = (left_v - right_v) * 0.5
        rest = (left_v + right_v) * 0.5

        self.seam_px = seam
        self.upper_px, self.lower_px = upper, lower
        self.gap = upper + lower
        self.middle = self._arch(
            seam + (lower - upper) * 0.5, (lower_tilt - upper_tilt) * 0.5, full, slant, rest
        )
        self.inner_upper = self._arch(seam - upper, -upper_tilt, full, slant, rest)
        self.inner_lower = self._arch(seam + lower, lower_tilt, full, slant, rest)
        thin = mix(mouthPressLeft=0.17, mouthPressRight=0.17, mouthSmileLeft=0.08,
                   mouthSmileRight=0.08, mouthStretchLeft=0.08, mouthStretchRight=0.08)  # fmt: skip
        above = (
            1.0 - thin + mix(mouthRollUpper=-0.7, mouthShrugUpper=0.2)
            - (up_left + up_right) * 0.012 + round_ * 0.35
        ).maximum(0.12)  # fmt: skip
        beneath = (
            1.0 - thin + mix(mouthRollLower=-0.6, mouthShrugLower=0.3, jawForward=0.2)
            + round_ * 0.2 - jaw * 0.1
        ).maximum(0.12)  # fmt: skip
        self.upper_lip_px = above * 7.5
        self.lower_lip_px = beneath * 10.5
        self.outer_upper = self._arch(
            seam - upper - self.upper_lip_px, -upper_tilt, full * 0.5 - 0.05, slant, rest
        )
        self.outer_lower = self._arch(
            seam + lower + self.lower_lip_px, lower_tilt, full * 0.6 + 0.2, slant, rest
        )

    def _arch(
        self, middle: Tensor, tilt: Tensor, full: Tensor, slant: Tensor, rest: Tensor
    ) -> Tensor:
        """How far below an arch between the corners every pixel is.

        middle * (1 - t^2)(1 + full t^2) + tilt * t (1 - t^2) + corners: rest * t^2 + slant * t^3.
        """
        full_middle = middle * full
        return Arch(
            [middle, tilt, full_middle - middle + rest, slant - tilt, -full_middle], self.half
        ).below(self.t, self.down)

    def _lips(self) -> None:
        window = self.window
        ends = (1.0 - self.free_t.abs()) * self.half + 1.2
        bow = self.upper_lip_px * 0.26 / ((self.u - self.middle_u).square() * (1 / 36.0) + 1.0)
        upper = self.outer_upper - bow
        beneath = self.outer_lower - 6.0
        shadow = spot(self.u, beneath, self.middle_u, 0.0, 27.0, 9.0)
        window.paint(shadow * 0.5, colour.SKIN_SHADE)
        groove = spot(self.u, self.outer_upper + 7.0, self.middle_u, 0.0, 6.0, 9.0)
        window.paint(groove * 0.3, colour.SKIN_SHADE)
        both = ends.minimum(upper, -self.outer_lower)
        coverage = edge(both)
        window.paint(coverage, colour.LIP_UPPER)
        lower = edge(both.minimum(self.middle))
        window.paint(lower, colour.LIP_LOWER)
        middle = self.inner_lower - self.lower_lip_px * 0.46
        gloss = spot(self.u, middle, self.middle_u - 4.0, 0.0, self.half * 0.5, 4.2)
        window.paint(lower * gloss * 0.75, colour.LIP_GLOSS)

    def _inside(self) -> None:
        window = self.window
        ends = (1.0 - self.free_t.abs()) * self.half
        hole = strictly(ends.minimum(self.inner_upper, -self.inner_lower))
        window.paint(hole, colour.INSIDE)
        across = (self.u - self.middle_u) * (1 / 30.0)
        bend = across.square()
        floor = self.jaw * DROP_PX * self.parted
        top = self.down - floor
        slide = self.control.mix(jawLeft=6.0, jawRight=-6.0)
        back = oval(
            self.u, self.down, self.middle_u + slide, floor + 7.0 - self.jaw * 4.0,
            23.0, self.jaw * 11.0 + 5.0,
        )  # fmt: skip
        window.paint(hole * edge(back), colour.TONGUE_SHADE)
        window.paint(hole * edge(back - 3.0), colour.TONGUE)
        lower_teeth = top - 3.5 + bend * 4.0
        window.paint(hole * edge(lower_teeth.minimum(8.5 - lower_teeth)), colour.TEETH)
        upper_teeth = (
            self.control.mix(mouthFunnel=-4.0, mouthPucker=-5.0) + 4.6 - self.down - bend * 5.0
        )
        side = (1.15 - across.abs()) * 30.0
        window.paint(hole * edge(upper_teeth.minimum(side)), colour.TEETH)
        under_lip = (1.0 - self.inner_upper * (1 / 5.0)).unit()
        window.paint(hole * under_lip * 0.28, colour.INSIDE)

    def _tongue_out(self) -> None:
        """The tongue laid over the lower lip."""
        window, out = self.window, self.tongue
        reach = self.lower_px + out * 16.0 - 8.0
        body = oval(self.u, self.down, self.middle_u, reach, 15.0, out * 13.0 + 2.0)
        shown = edge(body.minimum(self.inner_upper - 4.0)) * (out * 4.0).unit()
        window.paint(shown, colour.TONGUE)
        groove = line(self.u - self.middle_u, 0.6) * (1.0 - (self.down - reach) * (1 / 9.0)).unit()
        window.paint(shown * groove * 0.5, colour.TONGUE_SHADE)

    def _seam(self) -> None:
        """The line where closed lips meet, which opening takes away, and the corners."""
        window = self.window
        ends = ((1.04 - self.free_t.abs()) * self.half).unit()
        middle = self.middle
        closed = (1.0 - self.gap * (1 / 5.0)).unit()
        taper = (1.0 - self.t.square() * 0.45) * 1.15
        window.paint(line(middle, taper) * ends * closed * 0.85, colour.SEAM)
        for sign, side in ((1.0, "Left"), (-1.0, "Right")):
            dimple = self.control.mix(
                **{f"mouthDimple{side}": 0.9, f"mouthSmile{side}": 0.55, f"mouthStretch{side}": 0.2}
            ).unit()
            beside = (self.u - self.middle_u) * sign - self.half
            ring = disc(beside, middle, -3.0, 0.0, 6.5)
            near = (beside * (1 / 3.0)).unit()
            window.paint(line(ring, 0.8) * near * dimple * 0.6, colour.CREASE)


SIDES = ("Left", "Right")
