"""A T-shirt or jumper: cut from the body's own surface, and let fall on it by Blender's cloth.

Lengths are decimetres; the simulation runs in metres, for which Blender's numbers are meant.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from scipy.spatial import cKDTree

from models.people.head import Numbers
from models.personas.anatomy import Indices, Points
from models.personas.subdivision import neighbours, subdivide
from models.personas.surface import normals, smoothstep

from .tailoring import Cut

FRAMES, QUALITY = 30, 4


def drape(
    body: Points, quads: Indices, joint: Points, cut: Cut, solid: list[tuple[Points, Indices]]
) -> tuple[Points, Indices]:
    """Cut the cloth and let it fall; vertices and quads of a fine garment."""
    near = np.all(cut.above(body, joint)[quads] < 0.62, axis=1)
    used, packed = np.unique(quads[near], return_inverse=True)
    packed = packed.reshape(-1, 4)
    mean = neighbours(packed, len(used))
    around = body[used]
    for _ in range(3):
        around = 0.5 * around + 0.5 * np.asarray(mean @ around)
    around = np.maximum(around, -99) + cut.loose * normals(around, packed)
    fine = subdivide(packed, len(used), 2)
    cloth = fine(around)
    above = cut.above(cloth, joint)
    kept = fine.faces[np.any(above[fine.faces] < 0.0, axis=1)]
    used, faces = np.unique(kept, return_inverse=True)
    faces = faces.reshape(-1, 4)
    cloth, above = cloth[used], above[used]
    pinned = smoothstep(-0.05, -0.015, above)
    normal = np.array([0.0, 1.0, cut.tilt]) / np.hypot(1.0, cut.tilt)
    cloth = cloth - np.maximum(above, 0)[:, None] * normal
    # The neckline lies on the skin: it is drawn in from the loose cloth.
    skin = np.concatenate([points for points, _ in solid])
    outwards = np.concatenate([normals(points, faces_) for points, faces_ in solid])
    near_rim = smoothstep(-0.55, 0.0, cut.above(cloth, joint))
    nearest = cKDTree(skin).query(cloth)[1]
    height = np.sum((cloth - skin[nearest]) * outwards[nearest], axis=1)
    cloth -= (near_rim * np.maximum(height - 0.02, 0))[:, None] * outwards[nearest]
    low = cloth[:, 1] < cloth[:, 1].min() + 0.12
    return _fall(cloth, faces, np.maximum(pinned, low), cut, solid), faces


def _fall(
    cloth: Points, faces: Indices, pinned: Numbers, cut: Cut, solid: list[tuple[Points, Indices]]
) -> Points:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, FRAMES

    def mesh(points: Points, rings: Indices) -> Any:
        made = bpy.data.meshes.new("m")
        metres = 0.1 * np.stack([points[:, 0], -points[:, 2], points[:, 1]], 1)
        made.from_pydata(metres.tolist(), [], [tuple(dict.fromkeys(r)) for r in rings.tolist()])
        made.update()
        put = bpy.data.objects.new("o", made)
        scene.collection.objects.link(put)
        return put

    for points, rings in solid:
        bpy.context.view_layer.objects.active = body = mesh(points, rings)
        body.modifiers.new("c", "COLLISION")
        body.collision.thickness_outer, body.collision.cloth_friction = 0.002, 12.0
    shirt = mesh(cloth, faces)
    group = shirt.vertex_groups.new(name="pin")
    for weight in np.unique(np.round(pinned, 2)):
        if weight > 0:
            group.add(
                np.flatnonzero(np.round(pinned, 2) == weight).tolist(), float(weight), "REPLACE"
            )
    made = shirt.modifiers.new("cloth", "CLOTH")
    how = made.settings
    how.quality, how.mass, how.air_damping = QUALITY, 0.25, 2.0
    how.tension_stiffness = how.compression_stiffness = 15.0
    how.shear_stiffness, how.bending_stiffness = 5.0, cut.stiff
    how.vertex_group_mass, how.pin_stiffness = "pin", 1.0
    how.shrink_min = -cut.more
    made.collision_settings.distance_min = 0.003
    made.collision_settings.collision_quality = 2
    made.collision_settings.use_self_collision = False
    made.point_cache.frame_start, made.point_cache.frame_end = 1, FRAMES
    for frame in range(1, FRAMES + 1):
        scene.frame_set(frame)
    seen = shirt.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    flat = np.empty(3 * len(cloth), np.float32)
    seen.vertices.foreach_get("co", flat)
    x, y, z = 10.0 * flat.reshape(-1, 3).T.astype(float)
    return np.stack([x, z, -y], 1)
