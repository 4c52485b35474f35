"""The figure before a camera: Blender's path tracer as a function from face to picture.

Takes a figure and a FaceState; gives a PNG of 512 x 512 pixels, or of a part of it whose
pixels lie exactly where they lie in the whole, or of the wide plate around it. The same face gives
the same picture. Needs the `bpy` package (Blender 5.0).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from livekit_plugins_avatar.face.state import FaceState

from .anatomy import Indices, Points
from .boxes import Box
from .camera import EYES_PX, SIDE_PX, WIDE_PX
from .figure import Figure
from .lights import AMBIENT, AMBIENT_STRENGTH, LIGHTS, aim
from .materials import materials
from .room import room

MATERIAL = {
    "skin": "skin", "tongue": "tongue", "cloth": "cloth", "collar": "cloth",
    "eyeLeft": "eye", "eyeRight": "eye", "corneaLeft": "cornea", "corneaRight": "cornea",
    "upperTeeth": "teeth", "lowerTeeth": "teeth", "upperGum": "gum", "lowerGum": "gum",
    "hair": "hair", "brows": "brows", "lashesLeft": "lashes", "lashesRight": "lashes",
    "tearLeft": "tear", "tearRight": "tear",
}  # fmt: skip
"""Which material each part is made of."""

WALL_AWAY_DM = 22.0
"""Distance of the wall behind the figure."""

WALL_SIZE = 1.5
"""Of the wall relative to what the wide camera sees of it."""


FULL_SAMPLES = 64
"""From here on every pixel gets all samples; below, smooth ones may stop early."""


class Scene:
    """A figure, lit and before the camera. There can be one at a time.

    Args:
        figure: Who is to be seen.
        threads: Cores to render with.
    """

    def __init__(self, figure: Figure, threads: int = 2) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._figure = figure
        self._objects: dict[str, Any] = {}
        made = materials(figure.person)
        for name, part in figure.meshes.items():
            built = _mesh(name, part.rest, part.faces)
            for attribute, values in part.attributes.items():
                _attribute(built, attribute, values)
            _attribute(built, "rest", part.rest)
            built.materials.append(made[MATERIAL[name]])
            self._objects[name] = _placed(name, built)
        for name, hairs in figure.hairs.items():
            built = _curves(name, hairs.points, hairs.radius)
            built.materials.append(made[MATERIAL[name]])
            self._objects[name] = _placed(name, built)
        self._light()
        self._backdrop = self._wall()
        self._camera()
        _engine(threads)
        self.pose(FaceState.of())

    def pose(self, face: FaceState) -> None:
        """Give the figure a face."""
        for name, points in self._figure.deform(face).items():
            data = self._objects[name].data
            flat = _blender(points).astype(np.float32).ravel()
            if isinstance(data, bpy.types.Mesh):
                data.vertices.foreach_set("co", flat)
                data.update()
            else:
                data.position_data.foreach_set("vector", flat)
                data.update_tag()

    def render(self, path: Path, region: Box | None = None, samples: int = 16) -> None:
        """Write what is seen.

        Args:
            path: Of the PNG.
            region: The part of the picture to draw; None draws all of it.
            samples: Paths per pixel at most.
        """
        self._draw(path, SIDE_PX, region, samples)

    def render_wide(self, path: Path, samples: int = 16) -> None:
        """Write the plate of 912 x 512 pixels whose middle 512 columns are the picture."""
        self._draw(path, WIDE_PX, None, samples)

    def render_wall(self, path: Path, samples: int = 16) -> None:
        """Write what is behind the figure."""
        for placed in self._objects.values():
            placed.hide_render = True
        self._draw(path, SIDE_PX, None, samples)
        for placed in self._objects.values():
            placed.hide_render = False

    def render_cover(self, path: Path, samples: int = 16) -> None:
        """Write how much of each pixel the figure covers, as the alpha of the picture."""
        render = bpy.context.scene.render
        self._backdrop.hide_render = render.film_transparent = True
        render.image_settings.color_mode = "RGBA"
        self._draw(path, SIDE_PX, None, samples)
        self._backdrop.hide_render = render.film_transparent = False
        render.image_settings.color_mode = "RGB"

    def _draw(self, path: Path, width: int, region: Box | None, samples: int) -> None:
        scene = bpy.context.scene
        scene.cycles.samples = samples
        # A caller that asks for many samples wants all of them.
        scene.cycles.use_adaptive_sampling = samples < FULL_SAMPLES
        view = scene.render
        view.resolution_x, view.resolution_y, view.resolution_percentage = width, SIDE_PX, 100
        view.use_border = view.use_crop_to_border = region is not None
        if region is not None:
            # Blender counts from the lower edge, in shares of the picture.
            view.border_min_x = region.x / SIDE_PX
            view.border_max_x = (region.x + region.width) / SIDE_PX
            view.border_min_y = 1 - (region.y + region.height) / SIDE_PX
            view.border_max_y = 1 - region.y / SIDE_PX
        view.filepath = str(path)
        bpy.ops.render.render(write_still=True)

    def _light(self) -> None:
        face = aim(self._figure.camera)
        for number, light in enumerate(LIGHTS):
            lamp = bpy.data.lights.new(f"light{number}", "AREA")
            lamp.shape, lamp.size, lamp.size_y = "RECTANGLE", *light.size
            lamp.energy, lamp.color = light.power, light.colour
            placed = _placed(lamp.name, lamp)
            place = Vector(_blender(face + np.array(light.place)))
            placed.location = place
            ahead = Vector(_blender(face)) - place
            placed.rotation_euler = ahead.to_track_quat("-Z", "Y").to_euler()
        world = bpy.data.worlds.new("world")
        world.use_nodes = True
        bpy.context.scene.world = world
        background = world.node_tree.nodes["Background"]
        background.inputs[0].default_value = AMBIENT
        background.inputs[1].default_value = AMBIENT_STRENGTH

    def _wall(self) -> Any:
        """A glowing picture behind the figure that only the camera sees."""
        camera = self._figure.camera
        away = float(camera.position[2]) + WALL_AWAY_DM - 13.0
        half_height = SIDE_PX / 2 / camera.focal_px * away
        half_width = half_height * WIDE_PX / SIDE_PX
        middle = camera.position[1] + (EYES_PX - SIDE_PX / 2) / camera.focal_px * away
        corners = np.array([
            [side * half_width, middle + up * half_height, camera.position[2] - away]
            for side, up in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ])  # fmt: skip
        built = _mesh("wall", corners, np.array([[0, 1, 2, 3]]))
        layer = built.uv_layers.new(name="wall")
        layer.data.foreach_set("uv", [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
        picture = room()
        image = bpy.data.images.new("room", picture.shape[1], picture.shape[0], float_buffer=True)
        image.colorspace_settings.name = "Linear Rec.709"
        opaque = np.dstack([picture[::-1], np.ones(picture.shape[:2], np.float32)])
        image.pixels.foreach_set(opaque.astype(np.float32).ravel())
        from .nodes import Graph

        graph = Graph("wall")
        seen = graph.node("TexImage", image=image, interpolation="Cubic", extension="EXTEND")
        glow = graph.node("Emission", {0: seen.outputs[0], 1: 1.0})
        built.materials.append(graph.output(glow.outputs[0]))
        wall = _placed("wall", built)
        wall.visible_diffuse = wall.visible_glossy = wall.visible_shadow = False
        wall.visible_transmission = wall.visible_volume_scatter = False
        return wall

    def _camera(self) -> None:
        lens = self._figure.camera
        data = bpy.data.cameras.new("camera")
        data.sensor_fit = "VERTICAL"
        data.sensor_height = 36.0
        data.lens = 36.0 * lens.focal_px / SIDE_PX
        # Shift is a share of the fitted side; up in the picture is where the eyes are moved.
        data.shift_y = (EYES_PX - SIDE_PX / 2) / SIDE_PX
        placed = _placed("camera", data)
        placed.location = Vector(_blender(lens.position))
        placed.rotation_euler = (math.pi / 2, 0, 0)
        bpy.context.scene.camera = placed


def _engine(threads: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.use_persistent_data = True
    scene.render.film_transparent = False
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    # Dither depends on the place within a crop; without it crops fit to the last bit.
    scene.render.dither_intensity = 0.0
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.seed = 0
    cycles.use_animated_seed = False
    cycles.adaptive_threshold = 0.04
    cycles.adaptive_min_samples = 8
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "ACCURATE"
    cycles.denoising_quality = "HIGH"
    cycles.max_bounces = 4
    cycles.diffuse_bounces = 2
    cycles.glossy_bounces = 1
    cycles.transmission_bounces = 2
    cycles.transparent_max_bounces = 4
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 3.0
    cycles.blur_glossy = 0.5
    cycles.use_auto_tile = False
    view = scene.view_settings
    view.look = "None"
    view.view_transform = "AgX"
    view.look = "AgX - Medium High Contrast"
    view.exposure = 0.3


def _blender(points: Points) -> Points:
    """The body's axes (x right, y up, z to the camera) as Blender's (z up, y away)."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


def _placed(name: str, data: Any) -> Any:
    placed = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(placed)
    return placed


def _mesh(name: str, vertices: Points, faces: Indices) -> Any:
    built = bpy.data.meshes.new(name)
    rings = [tuple(dict.fromkeys(face)) for face in faces.tolist()]
    built.from_pydata(_blender(vertices).tolist(), [], rings)
    built.polygons.foreach_set("use_smooth", [True] * len(built.polygons))
    built.update()
    return built


def _attribute(built: Any, name: str, values: Points) -> None:
    kind = "FLOAT" if values.ndim == 1 else "FLOAT_VECTOR"
    made = built.attributes.new(name, kind, "POINT")
    made.data.foreach_set(
        "value" if values.ndim == 1 else "vector", values.astype(np.float32).ravel()
    )


def _curves(name: str, points: int, radius: Points) -> Any:
    built = bpy.data.hair_curves.new(name)
    built.add_curves([points] * len(radius))
    width = built.attributes.get("radius") or built.attributes.new("radius", "FLOAT", "POINT")
    width.data.foreach_set("value", radius.astype(np.float32).ravel())
    return built
