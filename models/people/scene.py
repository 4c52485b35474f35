"""A person in Blender: what it is made of, its light, its camera, and its pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from models.personas import anatomy, clothes, eyes
from models.personas.anatomy import Indices, Points
from models.personas.figure import _identity
from models.personas.materials import _film
from models.personas.person import MAN, Clothes

from . import hairs, materials, room, skin
from .head import BALL_RADIUS, Head, Numbers, faces, lash_cards, neck_share, turned
from .people import Person

LEVELS = 1
"""How often the skin's faces are split: a pixel then covers about one."""

SENSOR_MM = 36.0
BOUNCES = 3
POSE = ("headYaw", "headPitch", "gazeYaw", "gazePitch")
EYE_DM = 0.12
"""Radius of a real eyeball; ICT's are larger."""

EYES_DOWN = 0.43
"""Height of the eyes in the picture, from above."""

SHOWN_ABOVE_DM = -0.25
"""Skin this far below the collar is left out: it would show where the cloth is tight."""


def _theirs(points: Points) -> Points:
    """Blender's axes: z up, y away from the camera."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


def _flat(points: Points) -> Any:
    return np.ascontiguousarray(_theirs(points), np.float32).ravel()


def _put(name: str, data: Any) -> Any:
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    return made


def _mesh(name: str, points: Points, quads: Indices, material: Any) -> Any:
    mesh = bpy.data.meshes.new(name)
    rings = [tuple(dict.fromkeys(quad)) for quad in quads.tolist()]
    mesh.from_pydata(_theirs(points).tolist(), [], rings)
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))
    _attribute(mesh, "rest", points)
    mesh.materials.append(material)
    mesh.update()
    return _put(name, mesh)


def _attribute(mesh: Any, name: str, values: Numbers) -> None:
    vector = values.ndim == 2
    made = mesh.attributes.new(name, "FLOAT_VECTOR" if vector else "FLOAT", "POINT")
    flat = np.ascontiguousarray(values, np.float32).ravel()
    made.data.foreach_set("vector" if vector else "value", flat)


def _curves(name: str, strands: hairs.Strands, material: Any) -> Any:
    points, radii = strands
    data = bpy.data.hair_curves.new(name)
    data.add_curves([points.shape[1]] * len(points))
    radius = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    thick = np.broadcast_to(radii, points.shape[:2])
    radius.data.foreach_set("value", np.ascontiguousarray(thick, np.float32).ravel())
    data.position_data.foreach_set("vector", _flat(points))
    data.materials.append(material)
    return _put(name, data)


def _lamp(
    name: str, face: Points, at: tuple[float, ...], side: float, power: float,
    colour: tuple[float, float, float],
) -> None:  # fmt: skip
    """A square light that stands `at` from a face and shines on it."""
    lamp = bpy.data.lights.new(name, "AREA")
    lamp.size, lamp.energy, lamp.color = side, power, colour
    made = _put(name, lamp)
    place = Vector(_theirs(face + at))
    made.location = place
    to = Vector(_theirs(face)) - place
    made.rotation_euler = to.to_track_quat("-Z", "Y").to_euler()


def looking(to: Points, radius: float, yaw: float, pitch: float) -> Points:
    """The rotation of an eyeball that looks along `to`, and aside by some angles.

    Args:
        to: From the eyeball to the camera, dm, float64 [3].
        radius: Of the eyeball, dm.
        yaw, pitch: Radians.
    """
    # A larger ball turns less for the iris to go as far as a real one's.
    yaw, pitch = (np.arcsin(np.sin(angle) * EYE_DM / radius) for angle in (yaw, pitch))
    yaw = yaw + np.arctan2(to[0], to[2])
    pitch = pitch + np.arctan2(to[1], np.hypot(to[0], to[2]))
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    across = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(across @ np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]]))


class Scene:
    """One person, ready to be rendered.

    Args:
        person: Who.
        samples: Paths a pixel.
        side_px: Side of the picture.
    """

    def __init__(self, person: Person, samples: int, side_px: int) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.person, self.side_px = person, side_px
        self._head = Head(person.seed, LEVELS)
        self._rest = self._head.expressed(person.rest)
        self._skin = self._head.skin(self._rest)
        self._masks = {name: self._head.on_skin(mask) for name, mask in skin.masks().items()}
        self._hairs: list[tuple[Any, Points, bool]] = []
        self._turn = (0.0, 0.0)
        self._build()
        self._engine(samples)

    # What is there.

    def _build(self) -> None:
        person, head = self.person, self._head
        above = self._dress()
        quads = head.faces[np.any(above(self._skin)[head.faces] > SHOWN_ABOVE_DM, axis=1)]
        colours, relief, mean = skin.picture(person.skin)
        bald = np.zeros(len(self._skin))
        style = hairs.STYLES.get(person.hair)
        ears = self._masks["ears"]
        scalp = bald if style is None else hairs.cover(style, head, self._skin, ears)
        material = materials.skin(_loaded(colours), _loaded(relief, False), mean, person)
        self._face = _mesh("skin", self._skin, quads, material)
        for name, mask in {**self._masks, "scalp": scalp}.items():
            _attribute(self._face.data, name, mask)
        uv = head.on_skin(skin.layout())
        _attribute(self._face.data, "layout", np.c_[uv, np.zeros(len(uv))])
        self._inside()
        self._balls()
        self._cards = lash_cards()
        lashes = hairs.lashes(self._rest, self._cards, person.lashes)
        self._lashes = _curves("lashes", lashes, materials.plain("lash", "19110d", 0.5))
        self._grow(style, ears)
        self._light()
        self._camera()

    def _grow(self, style: Any, ears: Numbers) -> None:
        person, head = self.person, self._head
        dark = materials.hair("brow", max(0.35, 0.95 * person.melanin), person.redness, 0.5)
        strands = [("brows", hairs.brows(head, self._skin, person.brow), dark, True)]
        if person.beard_dm:
            mask = self._masks["beard"] ** 1.5 * (1 - self._masks["lips"]) + 1e-9
            grown = hairs.beard(self._skin, head.faces, mask, person.beard_dm)
            strands.append(("beard", grown, dark, True))
        if style is not None:
            grown = hairs.grow(style, head, self._skin, ears, person.seed)
            tint = materials.hair("hair", person.melanin, person.redness, 0.32)
            strands.append(("hair", grown, tint, False))
        for name, grown, material, rides in strands:
            self._hairs.append((_curves(name, grown, material), grown[0], rides))

    def _inside(self) -> None:
        """Teeth, gums and tongue, and the wet line of the lids."""
        parts = (
            ("M_Teeth", materials.plain("teeth", "d8ccb4", 0.18)),
            ("M_GumsTongue", materials.plain("gums", "a0504c", 0.32)),
            ("M_LacrimalFluid", _film("tear", 0.08, 1.4)),
        )
        self._parts = []
        for name, material in parts:
            used, packed = np.unique(faces(name), return_inverse=True)
            made = _mesh(name, self._rest[used], packed.reshape(-1, 4), material)
            self._parts.append((made, used))

    def _balls(self) -> None:
        iris = materials.eye(self.person.iris)
        film = _film("cornea", 0.03, 1.5)
        self._eyes = []
        for centre, size in self._head.sockets.values():
            for (points, quads), material in ((eyes.eyeball(), iris), (eyes.cornea(), film)):
                made = _mesh("eye", points, quads, material)
                self._eyes.append((made, points, centre, size * BALL_RADIUS))

    def _dress(self) -> Any:
        """A jersey on a body that stands where the neck is; gives heights above its collar."""
        mesh = anatomy.base_mesh()
        body = _identity(mesh, MAN)
        eye = np.mean([body[mesh.groups[f"helper-{s}-eye"]].mean(axis=0) for s in "lr"], axis=0)
        mine = np.mean([centre for centre, _ in self._head.sockets.values()], axis=0)
        shift = mine - eye + [0.0, 0.02, 0.10]
        joint = mesh.centre("joint-neck", body)
        cut = clothes.collar_cut(joint, Clothes(self.person.cloth, 0.0))
        quads = mesh.faces[mesh.body]
        seen = np.all(body[quads][:, :, 1] > eye[1] - 4.2, axis=1)
        used, packed = np.unique(quads[seen], return_inverse=True)
        garment = clothes.tailor(body[used], packed.reshape(-1, 4), cut)
        material = materials.cloth(self.person.cloth)
        for name, (points, rings) in (("cloth", garment.cloth), ("collar", garment.collar)):
            _mesh(name, points + shift, rings, material)
        return lambda points: cut.above(points - shift)

    def _light(self) -> None:
        light = self.person.light
        nose = self._head.landmarks[30] * [0, 1, 1] - [0, 0, 0.3]
        for name, at, size, power, colour in (
            ("key", light.key_at, light.key_dm, light.key_w, (1, 0.96, 0.90)),
            ("fill", (6.0, 1.0, 9.0), 5.0, light.fill_w, (0.86, 0.93, 1)),
            ("rim", (5.5, 5.0, -6.5), 3.0, light.rim_w, (1, 0.94, 0.86)),
        ):
            _lamp(name, nose, at, size, power, colour)
        room.surround(light.room)

    def _camera(self) -> None:
        person, marks = self.person, self._head.landmarks
        chin, crown = marks[8, 1], self._skin[:, 1].max()
        middle = np.array([0.0, marks[36:48, 1].mean(), marks[36:48, 2].mean()])
        lens = bpy.data.cameras.new("camera")
        lens.sensor_fit, lens.sensor_height = "VERTICAL", SENSOR_MM
        self._focal = person.head_share * person.distance_dm / (crown - chin)
        lens.lens, lens.shift_y = SENSOR_MM * self._focal, EYES_DOWN - 0.5
        made = _put("camera", lens)
        self._eye = middle + np.array([0.0, 0.0, person.distance_dm])
        made.location = Vector(_theirs(self._eye))
        made.rotation_euler = (np.pi / 2, 0, 0)
        bpy.context.scene.camera = made
        room.hang(person.wall, self._eye, self._focal, EYES_DOWN)

    def _engine(self, samples: int) -> None:
        scene = bpy.context.scene
        render, cycles, view = scene.render, scene.cycles, scene.view_settings
        render.engine = "CYCLES"
        render.threads_mode, render.threads = "FIXED", 1
        render.use_persistent_data = True
        render.resolution_x = render.resolution_y = self.side_px
        render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGB"
        render.dither_intensity = 0
        cycles.device, cycles.samples, cycles.seed = "CPU", samples, 0
        cycles.use_adaptive_sampling = False
        cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        cycles.denoising_prefilter = "FAST"
        cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = BOUNCES, 2, 1
        cycles.transmission_bounces, cycles.transparent_max_bounces = 2, 8
        cycles.sample_clamp_indirect, cycles.blur_glossy = 3, 0.5
        cycles.caustics_reflective = cycles.caustics_refractive = False
        view.view_transform, view.look = "AgX", "AgX - Medium High Contrast"
        view.exposure = self.person.light.exposure

    # What it does.

    def show(self, face: Mapping[str, float]) -> None:
        """Move everything to a face; a weight goes from how the person rests to its full extent."""
        weights = dict(self.person.rest)
        for name, weight in face.items():
            if name not in POSE:
                weights[name] = weights.get(name, 0.0) * (1 - weight) + weight
        yaw, pitch, *gaze = (face.get(name, 0.0) for name in POSE)
        moved = self._head.expressed(weights)
        surface = self._head.skin(moved)
        self._now = turned(surface, neck_share(surface), pitch, yaw)
        _move(self._face, self._now)
        for made, used in self._parts:
            _move(made, turned(moved[used], 1.0, pitch, yaw))
        for made, ball, centre, radius in self._eyes:
            look = looking(self._eye - centre, radius, *gaze)
            _move(made, turned(centre + radius * (ball @ look.T), 1.0, pitch, yaw))
        lashes, _ = hairs.lashes(moved, self._cards, self.person.lashes)
        _comb(self._lashes, self._whole(lashes, pitch, yaw))
        for made, strands, rides in self._hairs:
            # Hair that has not moved is not built again: that takes longer than the picture.
            if rides or (pitch, yaw) != self._turn:
                there = hairs.riding(strands, self._skin, surface) if rides else strands
                _comb(made, self._whole(there, pitch, yaw))
        self._turn = (pitch, yaw)

    def _whole(self, strands: Points, pitch: float, yaw: float) -> Points:
        """Strands turned as their roots are."""
        share = np.repeat(neck_share(strands[:, 0]), strands.shape[1])
        return turned(strands.reshape(-1, 3), share, pitch, yaw).reshape(strands.shape)

    def places(self) -> Points:
        """Where the face's skin is in the picture now, as shares from the lower left, [N, 2]."""
        front = self._now[self._masks["photographed"] > 0.5] - self._eye
        shares = self._focal * front[:, :2] / -front[:, 2:]
        return np.asarray(shares + np.array([0.5, 1 - EYES_DOWN]))

    def render(self, path: Path, box: tuple[float, float, float, float] | None = None) -> None:
        """Render into a PNG; a box (left, right, bottom, top) as shares renders that part alone."""
        render = bpy.context.scene.render
        render.use_border = render.use_crop_to_border = box is not None
        if box is not None:
            (
                render.border_min_x, render.border_max_x, render.border_min_y, render.border_max_y,
            ) = box  # fmt: skip
        render.filepath = str(path)
        bpy.ops.render.render(write_still=True)


def _loaded(image: Any, colour: bool = True) -> Any:
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        image.save(file.name)
        loaded = bpy.data.images.load(file.name)
        loaded.pack()
    if not colour:
        loaded.colorspace_settings.name = "Non-Color"
    return loaded


def _move(made: Any, points: Points) -> None:
    made.data.vertices.foreach_set("co", _flat(points))
    made.data.update()


def _comb(made: Any, strands: Points) -> None:
    made.data.position_data.foreach_set("vector", _flat(strands))
    made.data.update_tag()
