"""The room that people sit in: light and background from the HDRI that comes with Blender."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from models.personas.anatomy import Points
from models.personas.nodes import Graph

from .head import Numbers

WINDOW_TURN = 0.275
"""The room is rolled so that its window is where the key light is."""

LAMPS_MOST = 40.0
"""Bulbs are dimmed to this, or they sparkle."""

WALL_MOST = 6.0
WALL_FAR_DM = 24.0


@dataclass(frozen=True, slots=True)
class Wall:
    """How much of the room is seen behind a person, and how clearly.

    Args:
        degrees: Width of what is seen.
        side_px: Side of its picture.
        blur_px: Blur of a camera's shallow depth, in pixels of that picture.
        gain: Its brightness against the room's light.
        saturation: Of its colours.
    """

    degrees: float = 80.0
    side_px: int = 384
    blur_px: float = 7.0
    gain: float = 0.72
    saturation: float = 1.0


FAR_AND_SOFT = Wall()


@cache
def place(name: str = "interior") -> Numbers:
    """All that is around in a place that comes with Blender, in linear light, [H, 2 H, 3]."""
    folder = Path(bpy.utils.resource_path("LOCAL")) / "datafiles" / "studiolights" / "world"
    image = bpy.data.images.load(str(folder / f"{name}.exr"))
    width, height = image.size
    values = np.array(image.pixels[:], np.float32).reshape(height, width, -1)[::-1, :, :3]
    return np.asarray(np.minimum(values, LAMPS_MOST))


def _image(values: Numbers) -> Any:
    height, width = values.shape[:2]
    made = bpy.data.images.new("room", width, height, float_buffer=True)
    made.colorspace_settings.name = "Linear Rec.709"
    rows = np.dstack([values[::-1], np.ones((height, width))])
    made.pixels.foreach_set(np.ascontiguousarray(rows, np.float32).ravel())
    made.pack()
    return made


def surround(strength: float, turn: float = WINDOW_TURN, mirrored: float = 1.0) -> None:
    """Light the scene by the room.

    Args:
        strength: Of its light.
        turn: How far it is rolled, as a share of a full turn; at 0.25 the camera looks where the
            place's picture begins.
        mirrored: Share of that light which is mirrored by what shines.
    """
    values = place()
    values = np.roll(values, int(turn * values.shape[1]), axis=1)
    world = bpy.data.worlds.new("room")
    world.use_nodes = True
    bpy.context.scene.world = world
    tree = world.node_tree
    texture = tree.nodes.new("ShaderNodeTexEnvironment")
    texture.image = _image(values[::2, ::2])
    ground = tree.nodes["Background"]
    tree.links.new(texture.outputs[0], ground.inputs[0])
    ray = tree.nodes.new("ShaderNodeLightPath").outputs["Is Glossy Ray"]
    less = tree.nodes.new("ShaderNodeMath")
    less.operation = "MULTIPLY_ADD"
    tree.links.new(ray, less.inputs[0])
    less.inputs[1].default_value, less.inputs[2].default_value = (mirrored - 1) * strength, strength
    tree.links.new(less.outputs[0], ground.inputs[1])


def hang(
    turn: float, camera: Points, focal: float, eyes_down: float, wall: Wall = FAR_AND_SOFT
) -> None:
    """Hang the room's blurred picture behind a person.

    Args:
        turn: Where in the room the camera looks, as a share of a full turn.
        camera: Where it stands, float64 [3].
        focal: Its focal length as a share of the picture's side.
        eyes_down: Height of its axis in the picture, from above, as a share.
        wall: See there.
    """
    graph = Graph("wall")
    picture = _image(_blurred(turn, wall))
    seen = graph.node("TexImage", image=picture, interpolation="Cubic", extension="EXTEND")
    glow = graph.node("Emission", {0: seen.outputs[0], 1: wall.gain})
    half = 0.55 / focal * WALL_FAR_DM
    middle = camera[1] + (eyes_down - 0.5) / focal * WALL_FAR_DM
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    mesh = bpy.data.meshes.new("wall")
    far = WALL_FAR_DM - camera[2]
    mesh.from_pydata([(x * half, far, middle + y * half) for x, y in corners], [], [(0, 1, 2, 3)])
    uv = mesh.uv_layers.new(name="uv")
    uv.data.foreach_set("uv", [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    mesh.materials.append(graph.output(glow.outputs[0]))
    made = bpy.data.objects.new("wall", mesh)
    bpy.context.scene.collection.objects.link(made)
    made.visible_diffuse = made.visible_glossy = made.visible_shadow = False
    made.visible_transmission = False


def _blurred(turn: float, wall: Wall) -> Numbers:
    values = np.minimum(place(), WALL_MOST)
    height, width = values.shape[:2]
    focal = 0.5 / np.tan(np.radians(wall.degrees / 2))
    steps = (np.arange(wall.side_px) + 0.5) / wall.side_px - 0.5
    x, y = np.meshgrid(steps, -steps)
    longitude = turn + np.arctan2(x, focal) / (2 * np.pi)
    latitude = 0.5 - np.arcsin(y / np.sqrt(x**2 + y**2 + focal**2)) / np.pi
    at = [latitude * height - 0.5, (longitude % 1) * width - 0.5]
    planes = [map_coordinates(values[..., k], at, order=1, mode="grid-wrap") for k in range(3)]
    seen = gaussian_filter(np.stack(planes, axis=-1), (wall.blur_px, wall.blur_px, 0))
    grey = seen.mean(axis=-1, keepdims=True)
    return np.asarray(grey + wall.saturation * (seen - grey))
