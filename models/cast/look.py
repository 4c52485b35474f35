"""What the cast is made of beside skin: knitted cloth with a ribbed neckline, hair, eyes."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.people import materials
from models.personas.anatomy import Points
from models.personas.eyes import PUPIL_SHARE
from models.personas.materials import _arithmetic
from models.personas.nodes import Graph, Value, linear
from models.personas.surface import smoothstep


def knit(colour: str, rib: bool, gauge: float = 1.0, heather: float = 0.3, stripe: str = "") -> Any:
    """Jersey or wool: rows of stitches, a seam at the shoulder, lint; ribs for the neckline.

    Args:
        colour: Of the cloth.
        rib: Whether it is ribbed, as a neckline is.
        gauge: Coarseness of its stitches.
        heather: How much of the cloth is dyed darker and lighter.
        stripe: Colour of its stripes; "" for none.
    """
    graph = Graph("knit")
    times, plus, minus = _arithmetic(graph)
    dye = linear(colour)
    dark = tuple(0.55 * part for part in dye[:3])
    light = tuple(min(1.25 * part + 0.015, 1) for part in dye[:3])
    rest = graph.position("rest")
    place = graph.node("SeparateXYZ", {0: graph.position("layout")})
    lint, broad = graph.noise(rest, 60, 3, 0.6), graph.noise(rest, 2.2, 3)
    fuzz = graph.noise(rest, 150, 2)
    if rib:
        wave = graph.math("SINE", times(place.outputs[0], 6.2832 * 26 / gauge))
        height = plus(times(wave, 0.5), times(fuzz, 0.5))
        shade = times(minus(0.1, wave), 0.5)
    else:
        fine = graph.node(
            "Mapping", {0: rest, 3: (95.0 / gauge, 30.0 / gauge, 95.0 / gauge)}
        ).outputs[0]
        weave = graph.noise(fine, 1.0, 2)
        height = plus(times(weave, 0.8), times(fuzz, 0.5))
        shade = times(minus(0.45, weave), 0.8)
    colour_ = graph.mix(plus(times(lint, heather), times(broad, 0.25)), dye, dark)
    colour_ = graph.mix(times(minus(fuzz, 0.52), 1.5 * heather), colour_, light)
    if stripe:
        height_ = graph.node("SeparateXYZ", {0: rest}).outputs[1]
        wave_ = graph.math("SINE", plus(times(height_, STRIPES_A_DM * 6.2832), broad))
        colour_ = graph.mix(graph.step(wave_, 0.25, 0.45), colour_, linear(stripe))
    colour_ = graph.mix(shade, colour_, dark)
    seam = graph.attribute("seam")
    colour_ = graph.mix(times(seam, 0.55), colour_, tuple(0.35 * part for part in dye[:3]))
    bump = graph.bump(height, 0.55, 0.010 * gauge)
    inputs: dict[str | int, Value] = {
        "Base Color": colour_, "Roughness": 0.92, "Specular IOR Level": 0.12, "Normal": bump,
        "Sheen Weight": 0.18, "Sheen Roughness": 0.45, "Sheen Tint": (*light, 1.0),
    }  # fmt: skip
    return graph.output(graph.node("BsdfPrincipled", inputs).outputs[0])


def plastic(name: str, colour: str) -> Any:
    """Matt plastic, with finger marks that shine unevenly."""
    graph = Graph(name)
    times, plus, _ = _arithmetic(graph)
    marks = graph.noise(graph.position("rest"), 7, 3)
    inputs: dict[str | int, Value] = {
        "Base Color": linear(colour), "Roughness": plus(0.25, times(marks, 0.35)),
        "Specular IOR Level": 0.5,
    }  # fmt: skip
    return graph.output(graph.node("BsdfPrincipled", inputs).outputs[0])


def leather(name: str, colour: str) -> Any:
    """Soft, creased leatherette."""
    graph = Graph(name)
    rest = graph.position("rest")
    bump = graph.bump(graph.noise(rest, 26, 3, 0.6), 0.5, 0.012)
    inputs: dict[str | int, Value] = {
        "Base Color": linear(colour), "Roughness": 0.55, "Specular IOR Level": 0.4, "Normal": bump,
    }  # fmt: skip
    return graph.output(graph.node("BsdfPrincipled", inputs).outputs[0])


def glow(name: str, level: float) -> Any:
    """What shines evenly and takes no light, for masks."""
    graph = Graph(name)
    return graph.output(graph.node("Emission", {0: (1.0, 1.0, 1.0, 1.0), 1: level}).outputs[0])


STRIPES_A_DM = 3.6
"""How many stripes a decimetre of cloth has."""


def hair(name: str, melanin: float, redness: float, grey: float, rough: float = 0.26) -> Any:
    """Hair by what colours it; a share of the strands is white.

    Tips are lighter than roots, and so are some of the streaks.
    """
    graph = Graph(name)
    times, plus, minus = _arithmetic(graph)
    place = graph.node("NewGeometry").outputs["Position"]
    # Blender's third axis is up: streaks are long and thin.
    long = graph.node("Mapping", {0: place, 3: (16.0, 16.0, 3.0)}).outputs[0]
    streaks = minus(graph.noise(long, 1.0, 3, 0.6), 0.5)
    along = graph.node("HairInfo").outputs["Intercept"]
    random = graph.node("HairInfo").outputs["Random"]
    lacks = graph.step(random, 1.02 - grey, 0.98 - grey) if grey < 1 else 0.0
    amount: Value = graph.math("MULTIPLY", lacks, melanin) if grey else melanin
    if grey:
        amount = graph.math("ADD", amount, 0.045)
    amount = times(amount, plus(times(streaks, STREAKED), minus(1.06, times(along, FADED))))
    inputs: dict[str | int, Value] = {
        "Melanin": amount, "Melanin Redness": redness, "Roughness": rough,
        "Radial Roughness": 0.6, "Random Color": 0.65, "Random Roughness": 0.4,
        "Random": random, "Coat": 0.0,
    }  # fmt: skip
    made = graph.node("BsdfHairPrincipled", inputs, model="CHIANG", parametrization="MELANIN")
    return graph.output(made.outputs[0])


STREAKED, FADED = 0.9, 0.22
"""How much pigment differs between streaks of hair, and how much of it a tip has lost."""


def eye(iris: tuple[str, str, str], white: float) -> Any:
    """An eyeball of `materials.eye`; `white` dims its white, which in dark faces would glow."""
    ball = tuple(white * part for part in linear("b8aba2")[:3])
    edge = tuple(white * part for part in linear("8d6058")[:3])
    return materials.eye(
        iris,
        (ball, edge, linear("9c4438")),
        outside_from_to=(0.86, 1.06),
        pupil=0.78 * PUPIL_SHARE,
        lit=0.55,
    )


def smaller_iris(points: Points) -> Points:
    """An eyeball or cornea of radius 1 whose iris has 5.9 mm on ICT's large balls."""
    across = np.hypot(points[:, 0], points[:, 1])
    angle, radius = np.arctan2(across, points[:, 2]), np.linalg.norm(points, axis=1)
    turned = angle * (0.87 + 0.13 * smoothstep(0.45, 1.2, angle))
    out = points * (radius * np.sin(turned) / np.maximum(across, 1e-9))[:, None]
    out[:, 2] = radius * np.cos(turned)
    return np.asarray(out)
