"""One of the cast in Blender, at rest: what it is made of, and its picture in linear light."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
from scipy.spatial import cKDTree

from models.people import hairs, materials, skin
from models.people.head import (
    BALL_RADIUS,
    Head,
    Numbers,
    faces,
    lash_cards,
)
from models.people.scene import _attribute, _curves, _loaded, _mesh, _move, looking
from models.personas import eyes
from models.personas.anatomy import Points
from models.personas.materials import _film
from models.personas.subdivision import subdivide
from models.personas.surface import normals, smoothstep

from . import complexion, fine, look, pose, studio
from .band import band
from .cast import Member
from .cut import CUTS, Cut, cover
from .grow import grow
from .headphones import Worn, put_on
from .headwear import Knitted, knit_cap, lint
from .skin import more_masks, soften, toned

LEVELS = 2

SCALPS = {"thin": 0.35, "buzz": 0.55, "crop": 0.8, "close": 0.95}
"""How dark the skin under thin hair is."""


class Scene:
    """One of the cast, ready to be rendered.

    Args:
        member: Who.
        cloth: Folder of the simulated garments.
        levels: How often the skin's faces are split.
        density: Share of the hairs that are grown.
    """

    def __init__(
        self, member: Member, cloth: Path, levels: int = LEVELS, density: float = 1.0
    ) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.member, self._density = member, density
        self._head = Head(member.seed, levels)
        soften(self._head)
        self._rest = self._head.expressed(member.rest)
        self._skin = self._head.skin(self._rest)
        self._masks = {name: self._head.on_skin(mask) for name, mask in skin.masks().items()}
        self._masks |= {name: self._head.on_skin(mask) for name, mask in more_masks().items()}
        self._garment = np.load(cloth / f"{member.name}.npz")
        self._build()
        marks = self._stood(self._pose(self._head.landmarks))
        studio.light(member.light, self._head.landmarks[30] * [0, 1, 1] - [0, 0, 0.3])
        studio.look(member, marks, float(self._posed[:, 1].max()))

    def _pose(self, points: Points) -> Points:
        return pose.posed(points, self.member)

    def _stood(self, points: Points) -> Points:
        return pose.stood(points, self.member)

    def _build(self) -> None:
        member, head = self.member, self._head
        name, changes = member.hair
        cut = replace(CUTS[name], **dict(changes))
        cut = replace(cut, strands=int(cut.strands * self._density))
        ears = self._masks["ears"]
        colours, relief, mean = skin.picture(member.skin)
        scalp = cover(cut, head, self._skin, ears)
        own = complexion.Complexion(
            mean * member.tone,
            member.shadow,
            member.flushed,
            scalp=SCALPS.get(name, 0.75),
            lips=member.lips if member.lips is not None else 0.66 if member.female else 0.42,
            freckled=member.freckled,
        )
        made = complexion.skin(_loaded(toned(colours, member.tone)), _loaded(relief, False), own)
        above = member.tailoring.above(self._skin, self._garment["joint"])
        quads = head.faces[np.all(above[head.faces] > -0.75, axis=1)]
        worn = None
        if member.cap:
            middle = float(head.landmarks[36:48, 1].mean())
            worn = knit_cap(member.cap, self._skin, middle, ears)
        self._covered = worn.covered if worn else np.zeros(len(self._skin))
        bare = worn.skin if worn else self._skin
        if member.headphones:
            phones = put_on(member.headphones, bare, ears)
            bare, self._covered = phones.skin, np.maximum(self._covered, phones.covered)
            self._hang(phones, member.headphones.colour, member.headphones.pad)
        posed = self._pose(bare)
        posed = self._beneath(posed)
        # Under the neckline's band the skin gives way, so that none shows through the cloth.
        under = 0.05 * smoothstep(0.06, -0.04, above)[:, None]
        posed = posed - under * normals(posed, head.faces)
        face = _mesh("skin", self._skin, quads, made)
        _move(face, self._stood(posed))
        for name_, mask in {**self._masks, "scalp": scalp}.items():
            _attribute(face.data, name_, mask)
        uv = head.on_skin(skin.layout())
        _attribute(face.data, "layout", np.c_[uv, np.zeros(len(uv))])
        self._posed = posed
        self._inside()
        self._balls()
        self._hairs(cut, ears)
        self._dress()
        if worn and member.cap:
            self._wear(worn, member.cap.colour)

    def _wear(self, worn: Knitted, colour: str) -> None:
        made = _mesh("cap", worn.points, worn.quads, look.knit(colour, False, 1.6, 0.9))
        _move(made, self._stood(self._pose(worn.points)))
        _attribute(made.data, "layout", worn.layout)
        _attribute(made.data, "seam", np.zeros(len(worn.points)))
        points, radii = lint(worn, int(9000 * self._density))
        wool = materials.plain("wool", colour, 0.9)
        _curves("lint", (self._stood(self._pose(points)), radii), wool)

    def _hang(self, phones: Worn, colour: str, pad: str) -> None:
        shell, leather = look.plastic("shell", colour), look.leather("pad", pad)
        for parts, material in ((phones.hard, shell), (phones.soft, leather)):
            for part in parts:
                made = _mesh("headphones", part.points, part.quads, material)
                _move(made, self._stood(self._pose(part.points)))

    def _beneath(self, skin_: Points) -> Points:
        """Skin that would show through the cloth, moved under it."""
        coarse, quads = (
            self._garment["cloth"].astype(float),
            self._garment["faces"].astype(np.int64),
        )
        out = normals(coarse, quads)
        low = np.flatnonzero(skin_[:, 1] < -0.9)
        moved = skin_.copy()
        for _ in range(2):
            distance, nearest = cKDTree(coarse).query(moved[low])
            height = np.sum((moved[low] - coarse[nearest]) * out[nearest], axis=1)
            deep = smoothstep(
                -0.10, -0.22, self.member.tailoring.above(self._skin[low], self._garment["joint"])
            )
            push = np.where(distance < 0.45, np.maximum(height + 0.05, 0), 0) * deep
            moved[low] -= push[:, None] * out[nearest]
        return np.asarray(moved)

    def _hairs(self, cut: Cut, ears: Numbers) -> None:
        member, head = self.member, self._head
        tint = look.hair("hair", member.melanin, member.redness, member.grey)
        dark = look.hair(
            "brow", max(0.4, 0.95 * member.melanin), member.redness, 0.5 * member.grey, 0.5
        )
        grown = {"hair": (grow(cut, head, self._skin, ears, member.seed), tint)}
        grown["brows"] = (
            fine.brows(
                head,
                self._skin,
                member.brow,
                member.brow_up,
                member.brow_arch,
                int(560 * member.brow_count),
            ),
            dark,
        )
        if member.beard_dm:
            ahead = 0.25 + 0.75 * smoothstep(0.25, 0.85, self._skin[:, 2])
            mask = ahead * self._masks["beard"] ** 1.4 * (1 - self._masks["lips"]) + 1e-9
            beard = fine.stubble(head, self._skin, mask, member.beard_dm)
            grown["beard"] = (beard, tint if member.grey else dark)
        strands, thick = hairs.lashes(self._rest, lash_cards(), member.lashes)
        grown["lashes"] = ((strands, 0.8 * thick), materials.plain("lash", "1c130e", 0.5))
        fuzz = np.clip(1 - self._masks["lips"] - self._masks["cavity"], 0, 1) * (
            self._skin[:, 1] > -1.0
        )
        pale = look.hair("fuzz", 0.12 * member.melanin, 0.3, 0.0, 0.5)
        grown["fuzz"] = (fine.vellus(head, self._skin, fuzz), pale)
        nearest = cKDTree(self._skin)
        for name, ((points, radii), material) in grown.items():
            bare = self._covered[nearest.query(points[:, 0])[1]] < 0.5
            if not bare.any():
                continue
            radii = np.broadcast_to(radii, points.shape[:2])[bare]
            _curves(name, (self._stood(self._pose(points[bare])), radii), material)

    def _inside(self) -> None:
        parts = (
            ("M_Teeth", materials.plain("teeth", "d8ccb4", 0.18)),
            ("M_GumsTongue", materials.plain("gums", "a0504c", 0.32)),
            ("M_LacrimalFluid", _film("tear", 0.08, 1.4)),
        )
        for name, material in parts:
            used, packed = np.unique(faces(name), return_inverse=True)
            _mesh(name, self._stood(self._pose(self._rest[used])), packed.reshape(-1, 4), material)

    def _balls(self) -> None:
        member = self.member
        iris, film = (
            look.eye(member.iris, 0.45 if member.melanin > 0.94 else 0.85),
            _film("cornea", 0.02, 1.42),
        )
        marks = self._stood(self._pose(self._head.landmarks))
        camera = studio.stand(member, marks)
        for centre, size in self._head.sockets.values():
            radius = size * BALL_RADIUS
            middle = self._stood(self._pose(centre[None]))[0]
            turn = looking(camera - middle, radius, *np.radians(member.gaze))
            for (points, quads), material in ((eyes.eyeball(), iris), (eyes.cornea(), film)):
                made = _mesh("eye", points, quads, material)
                _move(made, middle + radius * (look.smaller_iris(points) @ turn.T))

    def _dress(self) -> None:
        member, kept = self.member, self._garment
        coarse, quads = kept["cloth"].astype(float), kept["faces"].astype(np.int64)
        joint = kept["joint"]
        split = subdivide(quads, len(coarse), 1)
        cloth = split(coarse)
        ring, rings, place = band(
            coarse, quads, joint, member.tailoring, self._pose(self._skin), self._head.faces
        )
        made = _mesh(
            "cloth",
            cloth,
            split.faces,
            look.knit(member.cloth, False, member.gauge, stripe=member.stripe),
        )
        _move(made, self._stood(cloth))
        top = self._shoulder_line(cloth)
        _attribute(made.data, "seam", top)
        collar = _mesh("band", ring, rings, look.knit(member.cloth, True, member.gauge))
        _move(collar, self._stood(ring))
        _attribute(collar.data, "layout", place)
        _attribute(collar.data, "seam", smoothstep(0.012, 0.0, np.abs(place[:, 1] - 0.004)))

    def _shoulder_line(self, cloth: Points) -> Numbers:
        """The seam along the shoulder: a line over its ridge, a little to the front."""
        joint = self._garment["joint"]
        far = np.abs(cloth[:, 2] - (joint[2] + 0.12 + 0.05 * np.abs(cloth[:, 0])))
        return np.asarray(
            smoothstep(0.022, 0.006, far)
            * (cloth[:, 1] > joint[1] - 1.2)
            * (np.abs(cloth[:, 0]) > 0.5)
        )

    def render(self, path: Path, size_px: tuple[int, int], effort: studio.Effort) -> None:
        """Render an EXR in linear light.

        Args:
            path: Of the file.
            size_px: Width and height of the picture.
            effort: How long.
        """
        studio.engine(size_px, effort)
        _write(path)

    def render_skin(self, path: Path, size_px: tuple[int, int]) -> None:
        """Render an EXR of where skin is seen: 1 there, and 0 where hair, cloth or nothing is.
        What is in the scene loses its materials.

        Args:
            path: Of the file.
            size_px: Width and height of the picture.
        """
        white, black = (look.glow(name, level) for name, level in (("seen", 1.0), ("hidden", 0.0)))
        for thing in bpy.data.objects:
            if thing.type in ("MESH", "CURVES"):
                thing.data.materials.clear()
                thing.data.materials.append(white if thing.name == "skin" else black)
        studio.engine(size_px, studio.Effort(MASK_SAMPLES))
        _write(path)


MASK_SAMPLES = 8


def _write(path: Path) -> None:
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
