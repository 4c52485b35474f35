"""Eyes and brows.

Takes gaze, lids and brows; gives two painted windows. An eye is drawn once, for the side of
the picture where "outwards" is to the right, and mirrored for the other. The iris keeps its one
flat colour wherever it goes, so that a reader of pixels can find it.
"""

from __future__ import annotations

from . import colour
from .brush import Arch, disc, edge, line, spot, strictly
from .canvas import Surface, Window
from .graph import Tensor
from .pose import FACE, Controls, Pose

AT_U_PX, AT_V_PX = 42.0, 0.0
"""The middle of each eye in the resting drawing."""
HALF_PX = 27.0
"""Half the width of the opening."""
TILT_PX = 2.5
"""The outer corner lies higher than the middle by this, the inner one lower."""
UPPER_PX, LOWER_PX, SHUT_PX = -13.0, 9.5, 6.5
"""Height of the lids' middles at rest, and where they meet when shut."""
IRIS_PX, PUPIL_PX, RING_PX = 12.5, 5.6, 2.2
BALL_U_PX, BALL_V_PX = 24.0, 19.0
"""How far the iris travels per unit of the sine of the gaze: an eyeball of 24 px, whose lids
make up and down look smaller."""
LOOK_RAD = 0.6
"""Gaze for a weight of 1 of the eyeLook shapes: 34 degrees, about what ARKit's mean."""
BROW_V_PX = -35.0
BROW_HALF_PX = 32.0


class Eye:
    """One eye and the brow above it.

    Args:
        side: "Left" or "Right", the face's own; its left is at the picture's right.
    """

    def __init__(self, head: Surface, controls: Controls, pose: Pose, side: str) -> None:
        self.control = controls
        self.side = side
        self.sign = 1.0 if side == "Left" else -1.0
        self.head = head
        self.pose = pose
        self.window = self._window(AT_U_PX + 3.0, AT_V_PX - 4.0, rows=9, columns=12)

    def _window(self, u_px: float, v_px: float, *, rows: int, columns: int) -> Window:
        """A window around a point of the resting drawing, with `u` and `v` for its pixels."""
        centre = self.pose.in_picture(u_px * self.sign, v_px, FACE)
        window = Window(self.head, centre, rows=rows, columns=columns)
        u, v = window.spread(*self.pose.at_rest(*window.nodes(), FACE))
        self.u = u * self.sign - AT_U_PX
        self.v = v - AT_V_PX
        self.t = (self.u * (1 / HALF_PX)).clip(-1.25, 1.25)
        return window

    def mix(self, **weights: float) -> Tensor:
        """As `Controls.mix`, with this side's name put in place of a trailing underscore."""
        return self.control.mix(
            **{
                name[:-1] + self.side if name.endswith("_") else name: weight
                for name, weight in weights.items()
            }
        )

    def paint(self) -> None:
        self._gaze()
        self._lids()
        self._lid_skin()
        self._ball()
        self._lashes()
        self.window.lay()
        self._brow()

    def _gaze(self) -> None:
        across = self.mix(eyeLookOut_=LOOK_RAD, eyeLookIn_=-LOOK_RAD, gazeYaw=self.sign)
        up = self.mix(eyeLookUp_=LOOK_RAD, eyeLookDown_=-LOOK_RAD, gazePitch=1.0)
        self.iris_u = _travel(across.clip(-0.8, 0.8)) * BALL_U_PX
        self.iris_v = _travel(up.clip(-0.7, 0.7)) * -BALL_V_PX - 1.0

    def _lids(self) -> None:
        shut = self.mix(eyeBlink_=1.0)
        follow = self.iris_v + 1.0
        upper = (
            self.mix(eyeSquint_=3.0, eyeWide_=-5.0, browDown_=1.2, browInnerUp=-0.8)
            + follow * 0.55 + UPPER_PX
        )  # fmt: skip
        lower = (
            self.mix(eyeSquint_=-4.5, eyeWide_=1.8, cheekSquint_=-3.0, mouthSmile_=-1.5)
            + follow.relu() * 0.3 + LOWER_PX
        )  # fmt: skip
        self.shut = shut
        self.upper_px = upper.towards(SHUT_PX, shut)
        lower_px = lower.towards(SHUT_PX, shut)
        self.below_upper = self._lid(self.upper_px, 0.3).below(self.t, self.v)
        self.above_lower = -self._lid(lower_px, 0.1).below(self.t, self.v)
        within = (HALF_PX - self.u.abs()).minimum(self.below_upper, self.above_lower)
        self.opening = strictly(within)

    def _lid(self, height_px: Tensor, fullness: float) -> Arch:
        """A lid that begins and ends in the corners: the fuller, the squarer."""
        return Arch(
            [height_px, -TILT_PX, height_px * (fullness - 1.0), 0.0, height_px * -fullness],
            HALF_PX,
        )

    def _lid_skin(self) -> None:
        """The lid above the eye, and the crease it folds into."""
        crease_px = self.mix(eyeWide_=-2.5, browDown_=2.5, browOuterUp_=-2.0) + (UPPER_PX - 7.0)
        crease = Arch([crease_px, -3.5, 13.0, 0.0, 2.0], HALF_PX).below(self.t, self.v)
        inner = (HALF_PX + 3.0 - self.u.abs()).unit()
        lid = crease.minimum(-self.below_upper)
        self.window.paint(strictly(lid) * inner * 0.55, colour.LID)
        taper = (1.0 - (self.t * 0.9).square()).relu()
        self.window.paint(line(crease, taper * 1.1) * taper * 0.75, colour.CREASE)
        squint = self.mix(eyeSquint_=0.6, cheekSquint_=0.6, mouthSmile_=0.25).unit()
        pouch = line(self.above_lower + 6.0, 1.2) * taper
        self.window.paint(pouch * (squint * 0.6 + 0.12), colour.CREASE)

    def _ball(self) -> None:
        window, u, v = self.window, self.u, self.v
        window.paint(self.opening, colour.EYE_WHITE)
        corner = spot(u, v, -HALF_PX, 2.0, 8.0, 6.0)
        window.paint(self.opening * corner * 0.6, colour.BLUSH)
        iris = disc(u, v, self.iris_u, self.iris_v, IRIS_PX)
        window.paint(self.opening * edge(iris), colour.IRIS_RING)
        window.paint(self.opening * edge(iris - RING_PX), colour.IRIS)
        pupil = iris - (IRIS_PX - PUPIL_PX)
        window.paint(self.opening * edge(pupil), colour.PUPIL)
        shadow = (1.0 - self.below_upper * (1 / 7.5)).unit()
        window.paint(self.opening * shadow * shadow * 0.6, colour.EYE_SHADE)
        # The light is where the lamp is, whichever eye it falls on.
        glint_u = self.iris_u * 0.8 + self.sign * -4.2
        glint = disc(u, v, glint_u, self.iris_v * 0.8 - 4.4, 3.3)
        small = disc(u, v, self.iris_u * 0.8 + self.sign * 4.6, self.iris_v * 0.8 + 4.8, 1.5)
        window.paint(self.opening * edge(glint.maximum(small)), colour.GLINT)

    def _lashes(self) -> None:
        window = self.window
        thick = (self.t + 1.0) * (1.25 - self.t) * 0.6 + 0.8
        band = (thick - (self.below_upper + thick * 0.6).abs()).minimum(
            HALF_PX + 0.5 - self.u.abs()
        )
        window.paint(edge(band), colour.LASH)
        lower = line(self.above_lower + 0.4, 0.5) * (1.0 - self.t.square()).relu()
        window.paint(lower * 0.3, colour.LASH)

    def _brow(self) -> None:
        window = self._window(AT_U_PX + 5.0, AT_V_PX + BROW_V_PX, rows=7, columns=12)
        lower, inner, outer = (
            self.mix(browDown_=5.0, eyeBlink_=0.6, eyeSquint_=1.0),
            self.mix(browInnerUp=-3.2, browDown_=1.5),
            self.mix(browOuterUp_=-3.0, browInnerUp=-0.4),
        )
        raised = self.mix(browInnerUp=-3.0, browOuterUp_=-3.5)
        middle = lower + raised + (BROW_V_PX + AT_V_PX)
        arch = Arch(
            [middle, (outer - inner) - 1.0, (outer + inner) + 4.5, 1.6],
            BROW_HALF_PX,
        )
        inwards = self.mix(browDown_=3.5)
        t = (self.u - 5.0 + inwards) * (1 / BROW_HALF_PX)
        away = arch.below(t.clip(-1.1, 1.1), self.v)
        half = (1.0 - t) * 1.8 + 2.8
        rounded = (1.0 - t.square() * t.square() * t.square()).relu()
        window.paint(strictly(half * rounded - away.abs()), colour.BROW)
        window.lay()


def _travel(angle: Tensor) -> Tensor:
    return angle - angle * angle * angle * (1 / 6)
