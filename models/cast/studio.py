"""What one of the cast is lit by, the camera that sees it, and how Cycles renders it."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Vector

from models.people import room
from models.people.people import Light
from models.people.scene import SENSOR_MM, _lamp, _put, _theirs
from models.personas.anatomy import Points

from .cast import Member

EYES_DOWN = 0.44
"""Height of the eyes in the picture, from above, as a share."""

APERTURE_DM = 0.07

WALL_DEGREES, WALL_PX, WALL_SATURATION = 58.0, 512, 0.55
"""A room that one can still name."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a picture is rendered.

    Args:
        samples: Paths a pixel; with `seconds`, at most.
        seconds: Limit of time; 0 for none.
        threads: Threads of the processors.
        denoise: Whether its noise is taken away, and pores with it; a camera's own noise reduction
            follows where it is not.
    """

    samples: int
    seconds: float = 0.0
    threads: int = 2
    denoise: bool = False

    @property
    def thorough(self) -> bool:
        """Whether light bounces often enough for a last picture."""
        return self.seconds > 0 or self.samples > 30


def light(by: Light, face: Points) -> None:
    """Put up three lamps around a face, and the room's own light."""
    side = -np.sign(by.key_at[0])
    _lamp("key", face, by.key_at, by.key_dm, by.key_w, by.key_tint)
    _lamp("fill", face, (6.0 * side, 0.0, 7.0), 4.0, by.fill_w, (0.86, 0.93, 1))
    _lamp("rim", face, (5.5 * side, 5.0, -6.5), 3.0, by.rim_w, (1, 0.94, 0.86))
    turn = room.WINDOW_TURN if by.toward < 0 else 0.25 - by.toward
    # Eyes mirror little but the lamps: a whole room would lie over the iris.
    room.surround(by.room, turn, by.mirrored)


def stand(member: Member, marks: Points) -> Points:
    """Where the camera stands, dm, float64 [3]; `marks` are landmarks of the posed head."""
    height, depth = marks[36:48, 1].mean(), marks[36:48, 2].mean()
    return np.array([0.0, height, depth + member.distance_dm])


def look(member: Member, marks: Points, crown: float) -> None:
    """Put up the camera, and the wall behind a person unless a backdrop comes later.

    Args:
        member: Who is seen.
        marks: Landmarks of the posed head, dm, float64 [68, 3].
        crown: Height of its highest point, dm.
    """
    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit, lens.sensor_height = "VERTICAL", SENSOR_MM
    focal = member.share * member.distance_dm / (crown - marks[8, 1])
    lens.lens = SENSOR_MM * focal
    lens.shift_y = EYES_DOWN - 0.5
    lens.shift_x = -member.aside
    lens.dof.use_dof = True
    lens.dof.focus_distance = member.distance_dm - 0.05
    # Blender's lens is in millimetres of its own unit, here a decimetre.
    lens.dof.aperture_fstop = lens.lens / (APERTURE_DM * 1000.0)
    made = _put("camera", lens)
    eye = stand(member, marks)
    made.location = Vector(_theirs(eye))
    made.rotation_euler = (np.pi / 2, 0, 0)
    bpy.context.scene.camera = made
    if member.backdrop:
        return
    wall = room.Wall(WALL_DEGREES, WALL_PX, member.wall_blur, member.wall_gain, WALL_SATURATION)
    room.hang(member.wall, eye, focal, EYES_DOWN, wall)


def engine(size_px: tuple[int, int], effort: Effort) -> None:
    """Set up Cycles for an EXR of some width and height."""
    scene = bpy.context.scene
    render, cycles = scene.render, scene.cycles
    render.engine = "CYCLES"
    render.threads_mode, render.threads = "FIXED", effort.threads
    render.resolution_x, render.resolution_y = size_px
    render.image_settings.file_format = "OPEN_EXR"
    render.image_settings.color_mode, render.image_settings.color_depth = "RGBA", "16"
    render.film_transparent = True
    render.image_settings.exr_codec = "DWAA"
    cycles.samples, cycles.seed = effort.samples, 0
    cycles.time_limit = effort.seconds
    cycles.use_adaptive_sampling = False
    cycles.use_denoising, cycles.denoiser = effort.denoise, "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "ACCURATE"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = (
        (6, 3, 2) if effort.thorough else (3, 2, 1)
    )
    cycles.transmission_bounces, cycles.transparent_max_bounces = 3, 12
    cycles.sample_clamp_indirect, cycles.blur_glossy = 3, 0.5
    cycles.caustics_reflective = cycles.caustics_refractive = False
