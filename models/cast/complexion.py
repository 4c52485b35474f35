"""Skin as a material: a photograph of 250 pixels, and the blood, pores and moles that it lacks.

Tints are factors of the skin's mean colour, so that they suit light and dark skin alike. Numbers
were chosen by eye.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.people.head import Numbers
from models.people.materials import INSIDE
from models.personas.materials import _arithmetic
from models.personas.nodes import Graph, Value, linear


@dataclass(frozen=True, slots=True)
class Complexion:
    """One person's skin.

    Args:
        mean: Its mean colour in linear light, [3].
        beard: How dark a shaved beard shows.
        flushed: How red cheeks, nose and ears are.
        scalp: How dark the skin under hair is.
        lips: How much of the lips' own colour they show.
        freckled: How many freckles nose and cheeks have, in [0, 1].
    """

    mean: Numbers
    beard: float
    flushed: float
    scalp: float
    lips: float
    freckled: float = 0.0

    def tint(self, red: float, green: float, blue: float) -> tuple[float, float, float]:
        """The mean colour times some factors."""
        r, g, b = (float(min(m * f, 1)) for m, f in zip(self.mean, (red, green, blue), strict=True))
        return r, g, b


def skin(colours: Any, relief: Any, own: Complexion) -> Any:
    """The material of a skin.

    Args:
        colours, relief: Blender's images, laid out as `models.people.skin`.
        own: What differs between people.
    """
    graph = Graph("skin")
    times, plus, minus = _arithmetic(graph)
    rest, mask = graph.position("rest"), graph.attribute
    place = graph.position("layout")
    photo = graph.node("TexImage", {0: place}, image=colours, interpolation="Cubic").outputs[0]
    fine = graph.node("TexImage", {0: place}, image=relief, interpolation="Cubic").outputs[0]
    patches, grain = graph.noise(rest, 20, 4, 0.65), graph.noise(rest, 170, 2, 0.6)
    creases, hollows = _relief(graph)
    colour = graph.mix(mask("photographed"), own.tint(1.0, 0.96, 0.94), photo)
    colour = _mottled(graph, own, colour, patches, grain)
    colour = _flushed(graph, own, colour, patches)
    colour = graph.mix(times(creases, 0.5), colour, own.tint(0.62, 0.42, 0.38))
    colour, lines = _painted(graph, own, colour)
    sober: dict[str | int, Value] = {"Saturation": 0.92, "Fac": 1.0, "Color": colour}
    pores = graph.cells(rest, 85)
    rough = plus(0.40, times(minus(patches, 0.30), 0.55))
    rough = plus(rough, times(minus(0.55, pores), 0.30))
    rough = minus(rough, times(mask("oil"), 0.08))
    rough = minus(rough, plus(times(mask("lips"), 0.14), times(mask("cavity"), 0.2)))
    height = plus(times(pores, plus(0.5, times(mask("flush"), 0.7))), times(fine, 1.1))
    height = plus(height, times(graph.noise(rest, 60, 4, 0.7), 1.1))
    height = plus(height, times(hollows, 1.4))
    height = plus(height, times(minus(1.0, creases), 1.6))
    height = plus(times(lines, mask("lips"), 2.2), height)
    bent = graph.bump(height, 0.75, 0.011)
    # Oil lies on skin in patches, and shines where it lies.
    wet = times(minus(graph.noise(rest, 34, 4, 0.7), 0.36), plus(0.16, times(mask("oil"), 1.1)))
    inputs: dict[str | int, Value] = {
        "Base Color": graph.node("HueSaturation", sober).outputs[0],
        "Roughness": rough,
        "Normal": bent,
        "Specular IOR Level": 0.42,
        "Coat Weight": times(wet, minus(1.0, times(mask("beard"), 0.5 * (own.beard > 0)))),
        "Coat Roughness": 0.30,
        "Coat IOR": 1.4,
        "Coat Normal": bent,
        "Subsurface Weight": 1.0,
        "Subsurface Radius": (1.0, 0.36, 0.18),
        "Subsurface Scale": SCATTERED_DM,
    }
    made = graph.node("BsdfPrincipled", inputs, subsurface_method="BURLEY")
    return graph.output(made.outputs[0])


SCATTERED_DM = 0.0055
"""How far red light travels in skin: further, and a face is wax."""


def _relief(graph: Graph) -> tuple[Any, Any]:
    """Fine lines of forehead and lids, in [0, 1], and the uneven ground that skin lies on."""
    times = _arithmetic(graph)[0]
    rest, mask = graph.position("rest"), graph.attribute
    stretched = graph.node("Mapping", {0: rest, 3: (2.6, 21.0, 2.6)}).outputs[0]
    along = graph.noise(stretched, 1.0, 3, 0.6)
    furrows = times(graph.step(along, 0.56, 0.66), mask("creased"))
    crow = graph.node("Mapping", {0: rest, 3: (6.0, 42.0, 6.0)}).outputs[0]
    small = times(graph.step(graph.noise(crow, 1.0, 3, 0.6), 0.52, 0.66), mask("socket"))
    return graph.math("MAXIMUM", furrows, times(small, 0.5)), graph.noise(rest, 11, 3, 0.6)


def _mottled(graph: Graph, own: Complexion, colour: Any, patches: Any, grain: Any) -> Any:
    """Patches, pores and their rims."""
    times, _, minus = _arithmetic(graph)
    rest, tint = graph.position("rest"), own.tint
    broad = times(minus(graph.noise(rest, 5, 3), 0.40), 1.4)
    colour = graph.mix(broad, colour, tint(0.88, 0.54, 0.56))
    colour = graph.mix(times(minus(patches, 0.46), 1.3), colour, tint(0.74, 0.52, 0.46))
    pale = times(minus(graph.noise(rest, 9, 3), 0.52), 1.3)
    colour = graph.mix(pale, colour, tint(1.14, 1.12, 0.98))
    colour = graph.mix(times(minus(grain, 0.5), 1.3), colour, tint(0.42, 0.23, 0.20))
    return graph.mix(times(minus(0.5, grain), 0.5), colour, tint(1.3, 1.4, 1.5))


def _flushed(graph: Graph, own: Complexion, colour: Any, patches: Any) -> Any:
    """Blood, shadows around the eyes and beside the nose, moles and spots."""
    times, plus, _ = _arithmetic(graph)
    rest, mask, tint = graph.position("rest"), graph.attribute, own.tint
    blood = times(mask("flush"), plus(0.12, times(patches, 0.65)), own.flushed)
    colour = graph.mix(blood, colour, tint(0.88, 0.42, 0.42))
    colour = graph.mix(times(mask("ears"), 0.45 * own.flushed), colour, tint(0.95, 0.48, 0.46))
    colour = graph.mix(times(mask("socket"), 0.34), colour, tint(0.58, 0.42, 0.44))
    colour = graph.mix(
        times(mask("bag"), plus(0.2, times(patches, 0.5))), colour, tint(0.5, 0.33, 0.36)
    )
    colour = graph.mix(times(mask("fold"), 0.34), colour, tint(0.66, 0.40, 0.38))
    moles = times(graph.step(graph.cells(rest, 3.7), 0.040, 0.018), 0.7)
    colour = graph.mix(moles, colour, tint(0.28, 0.20, 0.18))
    if own.freckled:
        dots = graph.step(graph.cells(rest, 19), 0.30, 0.16)
        some = graph.step(graph.noise(rest, 9, 3), 0.62 - 0.25 * own.freckled, 0.72)
        share = times(dots, some, plus(0.25, mask("flush")))
        colour = graph.mix(times(share, 0.8 * own.freckled), colour, tint(0.56, 0.40, 0.32))
    spots = times(graph.step(graph.cells(rest, 6.1), 0.10, 0.03), 0.30)
    return graph.mix(spots, colour, tint(0.85, 0.40, 0.38))


def _painted(graph: Graph, own: Complexion, colour: Any) -> tuple[Any, Any]:
    """A shaved beard, lips, skin under hair and the mouth's inside; and the lips' creases."""
    times, plus, minus = _arithmetic(graph)
    rest, mask, tint = graph.position("rest"), graph.attribute, own.tint
    if own.beard:
        dots = graph.step(graph.cells(rest, 75), 0.30, 0.12)
        shadow = times(mask("beard"), plus(0.6, times(dots, 0.4)), own.beard)
        colour = graph.mix(shadow, colour, tint(0.52, 0.53, 0.57))
    creases = graph.node("Mapping", {0: rest, 3: (60.0, 9.0, 9.0)}).outputs[0]
    lines = graph.noise(creases, 1.0, 3)
    pale, dark = tint(0.72, 0.38, 0.40), tint(0.42, 0.2, 0.23)
    lips = graph.mix(times(minus(lines, 0.38), 1.5), pale, dark)
    colour = graph.mix(times(mask("lips"), own.lips), colour, lips)
    dim = graph.mix(0.5, tint(0.30, 0.26, 0.25), (0.02, 0.016, 0.014))
    colour = graph.mix(times(mask("scalp"), own.scalp), colour, dim)
    colour = graph.mix(times(mask("brow"), 0.13), colour, dim)
    return graph.mix(mask("cavity"), colour, linear(INSIDE)), lines
