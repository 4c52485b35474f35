"""What things are made of.

Takes a person's colours; gives Blender materials. Textures are procedural and hang on the
skin's position at rest, so that pores and freckles move with it. Numbers were chosen by eye, for
the lights of `scene`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .eyes import IRIS_SHARE, PUPIL_SHARE
from .nodes import Graph, Value, linear
from .person import Person

SUBSURFACE_RADIUS = (1.0, 0.35, 0.18)
"""Red light travels furthest in skin."""

SUBSURFACE_DM = 0.022
"""How far red light travels: about 2 mm."""

MUCOSA = linear("b4514e")


def materials(person: Person) -> Mapping[str, Any]:
    """A material per part: skin, eye, cornea, teeth, gum, tongue, cloth, hair, brows, lashes."""
    hair = person.hair
    return {
        "skin": _skin(person),
        "eye": _eye(person),
        "cornea": _film("cornea", 0.04, 1.55),
        "tear": _film("tear", 0.12, 1.38),
        "teeth": _teeth(),
        "gum": _flesh("gum", "b8605c", 0.30),
        "tongue": _tongue(),
        "cloth": _cloth(person.clothes.colour),
        "hair": _hair("hair", hair.melanin, hair.redness, 0.30),
        "brows": _hair("brows", 0.93 * hair.melanin, hair.redness, 0.45),
        "lashes": _lash(),
    }


def _skin(person: Person) -> Any:
    graph, skin = Graph("skin"), person.skin
    rest, mask = graph.position("rest"), graph.attribute
    times, plus, minus = _arithmetic(graph)
    broad = graph.noise(rest, 3.0, 2)
    patches = graph.noise(rest, 13, 4, 0.6)
    fine = graph.noise(rest, 55, 3, 0.6)
    pores = graph.cells(rest, 62)
    base, flush, shade = linear(skin.base), linear(skin.flush), linear(skin.shade)

    colour = graph.mix(times(minus(broad, 0.35), 0.4), base, flush)
    colour = graph.mix(times(minus(patches, 0.28), 0.75), colour, shade)
    colour = graph.mix(times(minus(fine, 0.40), 1.5), colour, shade)
    colour = graph.mix(times(mask("flush"), plus(0.10, times(patches, 0.34))), colour, flush)
    colour = graph.mix(times(mask("ears"), 0.35), colour, flush)
    colour = graph.mix(times(mask("lids"), 0.32), colour, linear("a06450"))
    colour = graph.mix(times(mask("socket"), 0.30), colour, linear("8a5a52"))
    # A few small moles: skin without any is a doll's.
    moles = times(graph.step(graph.cells(rest, 5.5), 0.055, 0.02), 0.55)
    colour = graph.mix(moles, colour, linear("6e4632"))
    if skin.stubble:
        dots = graph.step(graph.cells(rest, 48), 0.34, 0.08)
        shadow = times(mask("beard"), plus(0.34, times(dots, 0.5)), skin.stubble)
        colour = graph.mix(shadow, colour, linear("5f5148"))
    colour = graph.mix(times(mask("brow"), 0.42), colour, linear(person.hair.scalp))
    lips = graph.mix(times(fine, 0.4), linear(skin.lips), linear("8a4744"))
    colour = graph.mix(times(mask("lips"), 0.82), colour, lips)
    colour = graph.mix(times(mask("scalp"), 0.9), colour, linear(person.hair.scalp))
    colour = graph.mix(mask("cavity"), colour, MUCOSA)

    rough = plus(0.44, times(minus(patches, 0.4), 0.4))
    rough = minus(rough, times(mask("oil"), 0.22 * skin.oil))
    rough = minus(rough, times(mask("lips"), 0.14))
    rough = minus(rough, times(mask("cavity"), 0.22))
    height = plus(times(pores, 0.7), times(graph.noise(rest, 42, 4, 0.65), 0.9))
    surface = graph.node(
        "BsdfPrincipled",
        {
            "Base Color": colour,
            "Roughness": rough,
            "Normal": graph.bump(height, 0.20, 0.008),
            # Thin folds of the ear catch light paths and turn blotchy.
            "Subsurface Weight": graph.math("SUBTRACT", 1.0, times(mask("ears"), 0.85)),
            "Subsurface Radius": SUBSURFACE_RADIUS,
            "Subsurface Scale": SUBSURFACE_DM,
            "Specular IOR Level": 0.46,
            "Emission Color": MUCOSA,
            "Emission Strength": times(mask("cavity"), 0.05),
        },
        # A random walk costs half as much again and looks the same at this size.
        subsurface_method="BURLEY",
    )
    return graph.output(surface.outputs[0])


def _arithmetic(graph: Graph) -> tuple[Any, Any, Any]:
    def times(*values: Value) -> Value:
        product = values[0]
        for value in values[1:]:
            product = graph.math("MULTIPLY", product, value)
        return product

    def plus(first: Value, second: Value) -> Value:
        return graph.math("ADD", first, second)

    def minus(first: Value, second: Value) -> Value:
        return graph.math("SUBTRACT", first, second, clamp=True)

    return times, plus, minus


def _eye(person: Person) -> Any:
    graph = Graph("eye")
    times, plus, minus = _arithmetic(graph)
    place = graph.node("SeparateXYZ", {0: graph.position("rest")})
    x, y, z = (place.outputs[k] for k in range(3))
    radius = graph.math("SQRT", plus(times(x, x), times(y, y)))
    angle = graph.math("ARCTAN2", y, x)
    spokes = graph.node(
        "CombineXYZ",
        {
            0: times(graph.math("COSINE", angle), 2.0),
            1: times(graph.math("SINE", angle), 2.0),
            2: times(radius, 1.6),
        },
    ).outputs[0]
    fibres = graph.noise(spokes, 6.0, 5, 0.65)
    across = graph.math(
        "DIVIDE", graph.math("SUBTRACT", radius, PUPIL_SHARE), IRIS_SHARE - PUPIL_SHARE
    )
    wavy = plus(across, times(graph.math("SUBTRACT", fibres, 0.5), 0.6))
    inner, middle, rim = (linear(colour) for colour in person.iris)
    iris = graph.ramp(wavy, [(0.0, inner), (0.5, middle), (0.95, rim)])
    iris = graph.mix(times(minus(fibres, 0.5), 1.5), iris, linear("a88a5c"))
    iris = graph.mix(times(graph.step(across, 0.72, 1.0), 0.8), iris, linear("15110e"))
    veins = graph.noise(graph.position("rest"), 5.0, 4, 0.7)
    white = graph.mix(
        times(graph.step(radius, IRIS_SHARE, 1.0), plus(0.35, times(veins, 0.5))),
        linear("ece6df"), linear("d9ada0"),
    )  # fmt: skip
    behind = graph.math("LESS_THAN", z, 0.0)
    outside = graph.math(
        "MAXIMUM", graph.step(radius, IRIS_SHARE * 0.94, IRIS_SHARE * 1.05), behind
    )
    colour = graph.mix(outside, iris, white)
    pupil = graph.step(radius, PUPIL_SHARE * 0.92, PUPIL_SHARE * 1.12)
    colour = graph.mix(graph.math("MAXIMUM", pupil, behind), (0.003, 0.003, 0.003), colour)
    surface = graph.node(
        "BsdfPrincipled",
        {
            "Base Color": colour,
            "Roughness": 0.4,
            "Specular IOR Level": 0.1,
        },
    )
    return graph.output(surface.outputs[0])


def _film(name: str, roughness: float, index: float) -> Any:
    """Clear and shiny, without refraction: what lies behind keeps its place and its light."""
    graph = Graph(name)
    clear = graph.node("BsdfTransparent").outputs[0]
    shine = graph.node("BsdfGlossy", {"Roughness": roughness}).outputs[0]
    fresnel = graph.node("Fresnel", {0: index}).outputs[0]
    lit = graph.node("LightPath").outputs["Is Camera Ray"]
    share = graph.math("MULTIPLY", fresnel, lit)
    return graph.output(graph.node("MixShader", {0: share, 1: clear, 2: shine}).outputs[0])


def _teeth() -> Any:
    graph = Graph("teeth")
    surface = graph.node(
        "BsdfPrincipled",
        {
            "Base Color": linear("f1e7d6"),
            "Roughness": 0.25,
            "Specular IOR Level": 0.5,
            # Enamel glows from light inside it, which a few bounces cannot bring into a mouth.
            "Emission Color": linear("f3e6d2"),
            "Emission Strength": 0.045,
        },
    )
    return graph.output(surface.outputs[0])


def _flesh(
    name: str,
    colour: str,
    roughness: float,
    normal: Value | None = None,
    graph: Graph | None = None,
) -> Any:
    graph = graph or Graph(name)
    inputs: dict[str | int, Value] = {
        "Base Color": linear(colour),
        "Roughness": roughness,
        "Emission Color": MUCOSA,
        "Emission Strength": 0.03,
    }
    if normal is not None:
        inputs["Normal"] = normal
    return graph.output(graph.node("BsdfPrincipled", inputs).outputs[0])


def _tongue() -> Any:
    graph = Graph("tongue")
    bumps = graph.noise(graph.position("rest"), 60, 3)
    return _flesh("tongue", "b9625e", 0.38, graph.bump(bumps, 0.3, 0.01), graph)


def _cloth(colour: str) -> Any:
    graph = Graph("cloth")
    times, _, _ = _arithmetic(graph)
    rest = graph.position("rest")
    dye = linear(colour)
    worn = times(graph.noise(rest, 2.5, 3), 0.35)
    knit = graph.noise(rest, 62, 2)
    surface = graph.node(
        "BsdfPrincipled",
        {
            "Base Color": graph.mix(worn, dye, tuple(0.55 * part for part in dye[:3])),
            "Roughness": 0.9,
            "Specular IOR Level": 0.15,
            "Normal": graph.bump(knit, 0.45, 0.014),
        },
    )
    return graph.output(surface.outputs[0])


def _hair(name: str, melanin: float, redness: float, roughness: float) -> Any:
    graph = Graph(name)
    chance = graph.node("HairInfo").outputs["Random"]
    surface = graph.node(
        "BsdfHairPrincipled",
        {
            "Melanin": melanin,
            "Melanin Redness": redness,
            "Roughness": roughness,
            "Radial Roughness": 0.45,
            "Random Color": 0.2,
            "Random Roughness": 0.15,
            "Random": chance,
            "Coat": 0.0,
        },
        model="CHIANG",
        parametrization="MELANIN",
    )
    return graph.output(surface.outputs[0])


def _lash() -> Any:
    graph = Graph("lashes")
    surface = graph.node("BsdfPrincipled", {"Base Color": (0.02, 0.013, 0.01), "Roughness": 0.5})
    return graph.output(surface.outputs[0])
