"""Writing shader graphs as expressions.

Takes Blender's node types by name; gives sockets that can be put into further nodes. A value
is a socket, a number or a colour; this is the only module that knows how nodes are wired.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

Value = Any
"""A node's socket, a number, or a colour as three or four numbers."""


def linear(colour: str) -> tuple[float, float, float, float]:
    """Linear light with alpha 1, from sRGB as six hexadecimal digits."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    light = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return (light[0], light[1], light[2], 1.0)


class Graph:
    """A new material's graph.

    Args:
        name: Of the material.
    """

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self._tree = self.material.node_tree
        self._tree.nodes.clear()

    def node(self, kind: str, inputs: dict[str | int, Value] | None = None, **settings: Any) -> Any:
        """A node of Blender type `ShaderNode<kind>`, its inputs set by name or number."""
        made = self._tree.nodes.new(f"ShaderNode{kind}")
        for name, value in settings.items():
            setattr(made, name, value)
        for key, value in (inputs or {}).items():
            self._plug(value, made.inputs[key])
        return made

    def _plug(self, value: Value, socket: Any) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self._tree.links.new(value, socket)
        elif isinstance(value, Sequence) and len(value) == 3 and socket.type == "RGBA":
            socket.default_value = (*value, 1.0)
        else:
            socket.default_value = value

    def output(self, shader: Value) -> Any:
        """End the graph in a surface; returns the material."""
        self.node("OutputMaterial", {"Surface": shader})
        return self.material

    def attribute(self, name: str) -> Value:
        """A number per vertex."""
        return self.node("Attribute", attribute_name=name).outputs["Fac"]

    def position(self, name: str) -> Value:
        """A vector per vertex."""
        return self.node("Attribute", attribute_name=name).outputs["Vector"]

    def math(self, operation: str, *values: Value, clamp: bool = False) -> Value:
        """Arithmetic on numbers."""
        inputs: dict[str | int, Value] = dict(enumerate(values))
        return self.node("Math", inputs, operation=operation, use_clamp=clamp).outputs[0]

    def mix(self, share: Value, first: Value, second: Value, blend: str = "MIX") -> Value:
        """Colour `first`, and `second` where share is 1."""
        # A colour mix keeps its sockets at these places among those of the other data types.
        inputs: dict[str | int, Value] = {0: share, 6: first, 7: second}
        made = self.node("Mix", inputs, data_type="RGBA", blend_type=blend)
        return made.outputs[2]

    def noise(self, where: Value, frequency: float, detail: float = 3, rough: float = 0.5) -> Value:
        """Smooth noise around 0.5."""
        return self.node(
            "TexNoise",
            {"Vector": where, "Scale": frequency, "Detail": detail, "Roughness": rough},
        ).outputs[0]

    def cells(self, where: Value, frequency: float) -> Value:
        """Distance from the nearest of many scattered points, in cells."""
        return self.node("TexVoronoi", {"Vector": where, "Scale": frequency}).outputs["Distance"]

    def ramp(self, value: Value, stops: Sequence[tuple[float, Value]]) -> Value:
        """A colour between stops."""
        made = self.node("ValToRGB", {0: value})
        elements = made.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (place, colour) in zip(elements, stops, strict=True):
            element.position, element.color = place, colour
        return made.outputs[0]

    def step(self, value: Value, start: float, end: float) -> Value:
        """0 below start, 1 above end, smooth between."""
        inputs: dict[str | int, Value] = {0: value, 1: start, 2: end}
        return self.node("MapRange", inputs, interpolation_type="SMOOTHSTEP").outputs[0]

    def bump(self, height: Value, strength: float, distance: float) -> Value:
        """A normal bent by a height."""
        return self.node(
            "Bump", {"Height": height, "Strength": strength, "Distance": distance}
        ).outputs[0]
