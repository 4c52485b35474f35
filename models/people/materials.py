"""What people are made of: photographed skin with pores, lips and beard; eyes, hair and cloth.

Textures hang on the surface at rest, so that they move with it. Tints of the skin are factors of
its own mean colour, so that they suit light and dark skin alike. Numbers were chosen by eye.
"""

from __future__ import annotations

from typing import Any

from models.personas.eyes import IRIS_SHARE, PUPIL_SHARE
from models.personas.materials import _arithmetic
from models.personas.nodes import Graph, Value, linear

from .head import Numbers
from .people import Person

SATURATION = 0.9
LIPS = (0.62, 0.30, 0.34)
"""Lips as factors of the skin."""

LIPS_SHARE = 0.45
FLUSHED, PATCHED, PORE, LIT = (
    (0.9, 0.56, 0.6),
    (0.8, 0.6, 0.55),
    (0.45, 0.25, 0.22),
    (1.3, 1.4, 1.5),
)
"""Tints as factors of the skin: blood, freckles, depth of a pore, and its rim."""

SHADOWED = (0.45, 0.50, 0.55)
"""Skin under stubble or under hair, as factors of the skin."""

INSIDE = "a84a48"


def plain(name: str, colour: str, rough: float) -> Any:
    """A material of one colour."""
    graph = Graph(name)
    inputs: dict[str | int, Value] = {
        "Base Color": linear(colour),
        "Roughness": rough,
        "Specular IOR Level": 0.4,
    }
    return graph.output(graph.node("BsdfPrincipled", inputs).outputs[0])


def hair(name: str, melanin: float, redness: float, rough: float) -> Any:
    """Hair by what colours it."""
    graph = Graph(name)
    inputs: dict[str | int, Value] = {
        "Melanin": melanin,
        "Melanin Redness": redness,
        "Roughness": rough,
        "Radial Roughness": 0.55,
        "Random Color": 0.5,
        "Random Roughness": 0.4,
        "Random": graph.node("HairInfo").outputs["Random"],
        "Coat": 0.0,
    }
    made = graph.node("BsdfHairPrincipled", inputs, model="CHIANG", parametrization="MELANIN")
    return graph.output(made.outputs[0])


def cloth(colour: str) -> Any:
    """A knitted jersey."""
    graph = Graph("cloth")
    times, plus, _ = _arithmetic(graph)
    rest, dye = graph.position("rest"), linear(colour)
    worn, fuzz = times(graph.noise(rest, 3, 3), 0.35), graph.noise(rest, 90, 2)
    dark = tuple(0.55 * part for part in dye[:3])
    inputs: dict[str | int, Value] = {
        "Base Color": graph.mix(plus(times(fuzz, 0.4), worn), dye, dark),
        "Roughness": 0.9,
        "Specular IOR Level": 0.15,
        "Normal": graph.bump(fuzz, 0.4, 0.012),
    }
    return graph.output(graph.node("BsdfPrincipled", inputs).outputs[0])


def skin(colours: Any, relief: Any, mean: Numbers, person: Person) -> Any:
    """Skin: its photograph where there is one, its mean colour elsewhere."""
    graph = Graph("skin")
    times, plus, minus = _arithmetic(graph)
    rest, mask = graph.position("rest"), graph.attribute

    def tint(factors: tuple[float, float, float]) -> tuple[float, float, float]:
        red, green, blue = (float(min(m * f, 1)) for m, f in zip(mean, factors, strict=True))
        return red, green, blue

    place = graph.position("layout")
    photo = graph.node("TexImage", {0: place}, image=colours, interpolation="Cubic").outputs[0]
    fine = graph.node("TexImage", {0: place}, image=relief, interpolation="Cubic").outputs[0]
    patches, grain = graph.noise(rest, 22, 3, 0.6), graph.noise(rest, 180, 2, 0.6)
    colour = graph.mix(mask("photographed"), tint((1.0, 1.0, 1.0)), photo)
    colour = graph.mix(times(minus(graph.noise(rest, 6, 2), 0.45), 0.8), colour, tint(FLUSHED))
    colour = graph.mix(times(minus(patches, 0.45), 0.8), colour, tint(PATCHED))
    colour = graph.mix(times(minus(grain, 0.5), 0.9), colour, tint(PORE))
    colour = graph.mix(times(minus(0.5, grain), 0.4), colour, tint(LIT))
    blood = times(mask("flush"), plus(0.08, times(patches, 0.25)))
    colour = graph.mix(blood, colour, tint((0.9, 0.45, 0.5)))
    moles = times(graph.step(graph.cells(rest, 4.2), 0.05, 0.02), 0.6)
    colour = graph.mix(moles, colour, tint((0.3, 0.25, 0.25)))
    if person.beard_dm:
        dots = graph.step(graph.cells(rest, 75), 0.30, 0.12)
        shadow = times(mask("beard"), plus(0.25, times(dots, 0.25)))
        colour = graph.mix(shadow, colour, tint(SHADOWED))
    creases = graph.node("Mapping", {0: rest, 3: (60.0, 9.0, 9.0)}).outputs[0]
    lines = graph.noise(creases, 1.0, 3)
    lips = graph.mix(times(minus(lines, 0.38), 1.5), tint(LIPS), tint((0.35, 0.16, 0.2)))
    colour = graph.mix(times(mask("lips"), LIPS_SHARE), colour, lips)
    colour = graph.mix(times(mask("scalp"), 0.75), colour, tint((0.2, 0.17, 0.16)))
    colour = graph.mix(mask("cavity"), colour, linear(INSIDE))
    sober: dict[str | int, Value] = {"Saturation": SATURATION, "Fac": 1.0, "Color": colour}
    rough = minus(plus(0.43, times(minus(patches, 0.35), 0.4)), times(mask("oil"), 0.09))
    rough = minus(rough, plus(times(mask("lips"), 0.13), times(mask("cavity"), 0.2)))
    height = plus(times(graph.cells(rest, 90), 0.55), times(fine, 0.9))
    height = plus(times(lines, mask("lips"), 2.0), height)
    inputs: dict[str | int, Value] = {
        "Base Color": graph.node("HueSaturation", sober).outputs[0],
        "Roughness": rough,
        "Normal": graph.bump(height, 0.5, 0.009),
        "Specular IOR Level": 0.45,
        "Subsurface Weight": SUBSURFACE,
        "Subsurface Radius": (1.0, 0.38, 0.20),
        "Subsurface Scale": SUBSURFACE_DM,
    }
    made = graph.node("BsdfPrincipled", inputs, subsurface_method="BURLEY")
    return graph.output(made.outputs[0])


SUBSURFACE, SUBSURFACE_DM = 1.0, 0.012
"""How far red light travels in skin."""


WHITE: tuple[Value, Value, Value] = (linear("c4bab2"), linear("a67a70"), linear("b0564a"))
"""Of an eyeball: in the middle, at its edge, in its veins."""


def eye(
    iris: tuple[str, str, str],
    white: tuple[Value, Value, Value] = WHITE,
    outside_from_to: tuple[float, float] = (0.90, 1.07),
    pupil: float = PUPIL_SHARE,
    lit: float = 1.0,
) -> Any:
    """An eyeball: white with veins, iris with fibres and a dark rim, pupil.

    Args:
        iris: From pupil to rim.
        white: See `WHITE`.
        outside_from_to: Where the rim turns white, as shares of the iris.
        pupil: Radius of the pupil as a share of the ball's.
        lit: Factor of the iris's colours.
    """
    graph = Graph("eye")
    times, plus, _ = _arithmetic(graph)
    place = graph.node("SeparateXYZ", {0: graph.position("rest")})
    x, y, z = (place.outputs[axis] for axis in range(3))
    radius = graph.math("SQRT", plus(times(x, x), times(y, y)))
    angle = graph.math("ARCTAN2", y, x)
    around: dict[str | int, Value] = {
        0: times(graph.math("COSINE", angle), 2.2),
        1: times(graph.math("SINE", angle), 2.2),
        2: times(radius, 1.4),
    }
    fibres = graph.noise(graph.node("CombineXYZ", around).outputs[0], 9.0, 5, 0.7)
    wide = IRIS_SHARE - pupil
    across = graph.math("DIVIDE", graph.math("SUBTRACT", radius, pupil), wide)
    wavy = plus(across, times(graph.math("SUBTRACT", fibres, 0.5), 0.7))
    inner, middle, rim = (tuple(lit * part for part in linear(each)[:3]) for each in iris)
    colour = graph.ramp(wavy, [(0.0, (*inner, 1.0)), (0.45, (*middle, 1.0)), (0.95, (*rim, 1.0))])
    colour = graph.mix(times(graph.step(across, 0.60, 0.95), 0.95), colour, linear("0b0807"))
    veins = graph.noise(graph.position("rest"), 5.0, 5, 0.75)
    middle_white, edge, vein = white
    shown = graph.mix(graph.step(radius, IRIS_SHARE, 0.95), middle_white, edge)
    shown = graph.mix(times(graph.step(veins, 0.60, 0.72), 0.4), shown, vein)
    behind = graph.math("LESS_THAN", z, 0.0)
    outside = graph.step(radius, *(IRIS_SHARE * share for share in outside_from_to))
    colour = graph.mix(graph.math("MAXIMUM", outside, behind), colour, shown)
    black = graph.step(radius, pupil * 1.1, pupil * 0.92)
    colour = graph.mix(graph.math("MAXIMUM", black, behind), colour, (0.002, 0.002, 0.002))
    inputs: dict[str | int, Value] = {
        "Base Color": colour,
        "Roughness": 0.45,
        "Specular IOR Level": 0.1,
    }
    return graph.output(graph.node("BsdfPrincipled", inputs).outputs[0])
