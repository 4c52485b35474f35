"""The figure: one person, in any face.

Takes a person and FaceStates; gives the positions of every part that can be seen, always in
the same order: skin, eyes, mouth, brows, lashes, hair and clothes. Pure arithmetic: the same face
gives the same positions, with or without a renderer at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, FaceState

from . import anatomy, brows, clothes, expression, eyes, hair, teeth
from .anatomy import Indices, Points
from .camera import Camera
from .correctives import Correctives
from .expression import BY_ANGLE, SIDES, Eye
from .eyes import Socket
from .lids import Lids, opening_rims
from .person import Person
from .pose import Neck, Shares
from .subdivision import neighbours, subdivide
from .surface import scatter, smoothstep

CUT_BELOW_EYES_DM = 3.9
"""What lies lower is below the picture."""

ARM_LOWERED_RAD = 0.70
"""The body is modelled with its arms held out; people in a call let them hang."""

SUBDIVISIONS = 2
"""Levels of the skin: quads of 1 mm at lips and lids."""

NECK_ROUND_DM = 1.0
"""Skin of the shoulders further out than this is always under cloth."""

SOFTENING_ROUNDS = 6
"""How often cheeks' displacements are averaged with their neighbours'."""

SKIN_POINTS, CLOTH_POINTS, HAIR_POINTS = 22_000, 6_000, 8_000
"""How many points of each part motion is learnt from."""


HEAD_SHARE = 0.9
"""Skin that takes this share of the head's turning belongs to the head, the rest to the neck."""


@dataclass(frozen=True, slots=True)
class Part:
    """A mesh.

    Args:
        rest: float64 [N, 3], positions at rest.
        faces: int64 [F, 4].
        attributes: Values per vertex by name, float64 [N].
    """

    rest: Points
    faces: Indices
    attributes: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hairs:
    """A set of hairs.

    Args:
        points: How many points each hair has.
        radius: float64 [hairs, points], dm.
    """

    points: int
    radius: Points


class Figure:
    """One person, ready to take any face.

    Args:
        person: Who.

    Raises:
        AnatomyMissingError: The body's data is not installed.
    """

    def __init__(self, person: Person) -> None:
        self.person = person
        mesh = anatomy.base_mesh()
        body = _identity(mesh, person)
        joint = mesh.centre("joint-neck", body)
        eye_level = np.mean([body[mesh.groups[f"helper-{s}-eye"]].mean(axis=0) for s in "lr"], 0)
        chin, crown = _chin_and_crown(mesh, body)
        self.camera = Camera.framing(eye_level, crown - chin)
        self._neck = Neck(joint)
        self.sockets = {side: Socket.of(mesh, body, side, self.camera.position) for side in SIDES}
        self._bind_skin(mesh, body, float(eye_level[1]))
        self._pace_lids()
        self._still = self._expressed(FaceState.of())
        self._head = hair.Head(
            float(eye_level[1]), crown, float(self._ears_z()), self._mask("ears", 8.0)
        )
        self._dress()
        self._grow()
        self._sample()

    # -- what the figure is made of -----------------------------------------------------------

    def _bind_skin(self, mesh: anatomy.BaseMesh, body: Points, eyes_y: float) -> None:
        faces = mesh.faces[mesh.body]
        seen = np.all(body[faces][:, :, 1] > eyes_y - CUT_BELOW_EYES_DM, axis=1)
        kept = np.unique(faces[seen])
        inside = [mesh.groups[f"helper-{name}"] for name in ("lower-teeth", "tongue")]
        self._used: Indices = np.concatenate([kept, *inside])
        self._coarse = body[self._used]
        packed = np.full(len(body), -1)
        packed[self._used] = np.arange(len(self._used))
        self._jaw = packed[inside[0]]
        coarse_faces = packed[faces[seen]]
        self._body_faces = coarse_faces
        units = [name for name in ARKIT_BLENDSHAPES if name not in BY_ANGLE]
        self._units = units
        moves = np.stack([anatomy.face_unit(name)[self._used] for name in units])
        soften = self._softening(coarse_faces)
        self._moves = np.stack([soften(move) for move in moves])
        fine = subdivide(coarse_faces, len(self._used), SUBDIVISIONS)
        tongue_faces = packed[mesh.faces[np.all(np.isin(mesh.faces, inside[1]), axis=1)]]
        tongue = subdivide(tongue_faces, len(self._used), SUBDIVISIONS)
        self._cut = clothes.collar_cut(self._neck.joint, self.person.clothes)
        # Skin that clothes hide is not drawn; a margin stays under the collar.
        rest = fine(self._coarse)
        from_neck = np.hypot(rest[:, 0], rest[:, 2] - self._neck.joint[2])
        bare = (self._cut.above(rest) > -0.45) & (
            (from_neck < NECK_ROUND_DM) | (rest[:, 1] > self._neck.joint[1] - 0.05)
        )
        shown = fine.faces[np.all(bare[fine.faces], axis=1)]
        self._skin_rows, skin_faces = np.unique(shown, return_inverse=True)
        self._skin_faces = skin_faces.reshape(-1, 4)
        self._to_skin = fine.matrix[self._skin_rows]
        self._tongue_rows, faces_ = np.unique(tongue.faces, return_inverse=True)
        self._tongue_faces = faces_.reshape(-1, 4)
        self._to_tongue = tongue.matrix[self._tongue_rows]
        self._lids = {side: Lids(self.sockets[side], side, self._used) for side in SIDES}
        self._near_ball = {
            side: self._lids[side].near_ball(self._to_skin @ self._coarse) for side in SIDES
        }
        self._arches = {
            name: teeth.build_arch(mesh, body, name == "upper") for name in ("upper", "lower")
        }
        self._correctives = Correctives(
            self._coarse, self._used, teeth.edge(self._arches["upper"].teeth[0])
        )

    def _softening(self, faces: Indices) -> Callable[[Points], Points]:
        """Irons out the creases that some units leave in cheeks, lips and lids untouched."""
        lips = anatomy.mask("lips", 3.0)[self._used] > 0.3
        from_lips, _ = cKDTree(self._coarse[lips]).query(self._coarse)
        from_eyes = np.min(
            [np.linalg.norm(self._coarse - s.centre, axis=1) for s in self.sockets.values()], 0
        )
        cheek = smoothstep(0.05, 0.16, from_lips) * smoothstep(0.24, 0.40, from_eyes)
        cheek[self._jaw.min() :] = 0.0
        spread = neighbours(faces, len(self._coarse))

        def soften(move: Points) -> Points:
            for _ in range(SOFTENING_ROUNDS):
                move = move + 0.7 * cheek[:, None] * (spread @ move - move)
            return move

        return soften

    def _dress(self) -> None:
        self._garment = clothes.tailor(self._coarse, self._body_faces, self._cut)

    def _grow(self) -> None:
        skin, faces = self._still["skin"], self._skin_faces
        pair = (self.sockets["Left"], self.sockets["Right"])
        self._brows = brows.Brows.grow(skin, faces, pair, self.person.hair)
        self._lashes = {
            side: brows.Lashes.grow(
                skin, self._lid_margins(side, skin), self.sockets[side],
                self.person.hair, seed,
            )
            for side, seed in zip(SIDES, (11, 12), strict=True)
        }  # fmt: skip
        self._tears = {
            side: brows.Tear(self._lid_margins(side, skin)[1], self.sockets[side]) for side in SIDES
        }
        self.style = hair.STYLES[self.person.hair.style]
        self._hair = hair.grow(self.style, self._head, skin, faces, seed=21)
        ball, cornea = eyes.eyeball(), eyes.cornea()
        self.meshes: dict[str, Part] = {
            "skin": Part(skin, faces, self._skin_attributes(skin)),
            "tongue": Part(self._still["tongue"], self._tongue_faces),
            "cloth": Part(*self._garment.cloth),
            "collar": Part(*self._garment.collar),
        }
        for side in SIDES:
            self.meshes[f"eye{side}"] = Part(*ball)
            self.meshes[f"cornea{side}"] = Part(*cornea)
        for name, arch in self._arches.items():
            self.meshes[f"{name}Teeth"] = Part(*arch.teeth)
            self.meshes[f"{name}Gum"] = Part(*arch.gum)
        brow = np.array([0.0009, 0.0011, 0.0010, 0.0007, 0.0003])
        lash = np.linspace(0.0014, 0.0003, brows.LASH_POINTS)
        self.hairs: dict[str, Hairs] = {
            "hair": Hairs(self.style.points, self._hair.radius),
            "brows": Hairs(len(brow), np.tile(brow, (len(self._brows.length), 1))),
        }
        for side in SIDES:
            count = len(self._lashes[side].length)
            wet = np.full((1, brows.TEAR_POINTS), brows.TEAR_RADIUS_DM)
            self.hairs[f"tear{side}"] = Hairs(brows.TEAR_POINTS, wet)
            self.hairs[f"lashes{side}"] = Hairs(len(lash), np.tile(lash, (count, 1)))
        rest = self._unposed(FaceState.of())
        rigid = ("eye", "cornea", "upper", "lower", "tongue", "lashes", "tear")
        self._shares: dict[str, Shares] = {
            name: self._neck.shares(points, self.camera, name.startswith(rigid))
            for name, points in rest.items()
        }
        # Cloth lies on the shoulders: it takes no part in the head's turning.
        for name in ("cloth", "collar"):
            shares = self._shares[name]
            self._shares[name] = Shares(0 * shares.turn, shares.shift)

    def _skin_attributes(self, skin: Points) -> dict[str, NDArray[np.float64]]:
        cavity = self._mask("cavity", 2.0)
        return {
            "lips": self._mask("lips", 3.0) * (1 - cavity),
            "cavity": cavity,
            "lids": self._mask("lids", 6.0),
            "ears": self._mask("ears", 8.0),
            "scalp": hair.cover(self.style, self._head, skin),
            "brow": _closeness(skin, self._brows.binding(skin), 0.045),
            **self._correctives.regions(skin, self.sockets["Left"]),
        }

    def _mask(self, name: str, blur_px: float) -> NDArray[np.float64]:
        painted = np.zeros(len(self._used))
        painted[: len(self._used)] = anatomy.mask(name, blur_px)[self._used]
        return np.asarray(self._to_skin @ painted)

    def _ears_z(self) -> float:
        ears = self._mask("ears", 8.0) > 0.5
        return float(self._still["skin"][ears, 2].mean())

    def _lid_margins(self, side: str, skin: Points) -> tuple[Indices, Indices]:
        """Chains of fine vertices along the upper and the lower margin, from nose to temple."""
        if self.person.hair.lashes_even:
            return opening_rims(skin, self.sockets[side])
        mesh, chains = anatomy.base_mesh(), []
        tree = cKDTree(skin)
        for number in ("2", "1"):
            strip = self._identity_body[mesh.groups[f"helper-{side[0].lower()}-eyelashes-{number}"]]
            distance, nearest = tree.query(strip)
            close = nearest[distance < np.quantile(distance, 0.28)]
            order = np.argsort(np.abs(skin[close, 0]))
            chains.append(np.array(list(dict.fromkeys(close[order].tolist()))))
        return chains[0], chains[1]

    # -- what a face does to it ---------------------------------------------------------------

    def _shaped(self, weight: Mapping[str, float]) -> Points:
        """The coarse body with face units and correctives, eyes open."""
        moved = np.tensordot([weight[name] for name in self._units], self._moves, axes=1)
        return self._correctives.mouth(self._coarse + moved, weight)

    def _pace_lids(self) -> None:
        for side in SIDES:
            upper, lower = self._lid_middles(side)

            def opening(
                blink: float, way: float, side: str = side, upper: int = upper, lower: int = lower
            ) -> float:
                face = FaceState.of(**{f"eyeBlink{side}": blink})
                coarse = self._shaped(expression.weights(face, self.person.rest))
                lids = self._lids[side](coarse, expression.eye(face, side), way)
                return float(lids[upper, 1] - lids[lower, 1])

            self._lids[side].calibrate(opening)

    def _expressed(self, face: FaceState) -> dict[str, Points]:
        """Skin, tongue and jaw before the head is posed."""
        weight = expression.weights(face, self.person.rest)
        coarse = self._shaped(weight)
        looks = {side: expression.eye(face, side) for side in SIDES}
        for side in SIDES:
            coarse = self._lids[side](coarse, looks[side])
        skin = np.asarray(self._to_skin @ coarse)
        skin = self._correctives.folds(skin, weight, self._skin_faces)
        for side in SIDES:
            skin = self._lids[side].clear_of_ball(skin, looks[side], self._near_ball[side])
        return {
            "skin": skin,
            "tongue": np.asarray(self._to_tongue @ coarse),
            "jaw": coarse[self._jaw],
        }

    def _lid_middles(self, side: str) -> tuple[int, int]:
        """Coarse vertices in the middle of the upper and lower margin."""
        mesh, found = anatomy.base_mesh(), []
        lid = np.abs(anatomy.face_unit(f"eyeBlink{side}")[self._used]).sum(axis=1) > 1e-4
        lid[self._jaw] = False
        candidates = np.flatnonzero(lid)
        for number in ("2", "1"):
            strip = self._identity_body[mesh.groups[f"helper-{side[0].lower()}-eyelashes-{number}"]]
            distance, nearest = cKDTree(self._coarse[candidates]).query(strip)
            margin = candidates[nearest[distance < np.quantile(distance, 0.28)]]
            middle = np.abs(self._coarse[margin, 0] - self.sockets[side].centre[0])
            found.append(int(margin[np.argmin(middle)]))
        return found[0], found[1]

    def _unposed(self, face: FaceState) -> dict[str, Points]:
        body = self._expressed(face)
        skin = body["skin"]
        parts = {"skin": skin, "tongue": body["tongue"]}
        turn, shift = teeth.rigid_fit(self._coarse[self._jaw], body["jaw"])
        for name in ("upperTeeth", "upperGum"):
            parts[name] = self.meshes[name].rest
        for name in ("lowerTeeth", "lowerGum"):
            parts[name] = self.meshes[name].rest @ turn.T + shift
        for side in SIDES:
            look: Eye = expression.eye(face, side)
            for kind in ("eye", "cornea"):
                parts[f"{kind}{side}"] = self.sockets[side].place(
                    self.meshes[f"{kind}{side}"].rest, look
                )
            parts[f"tear{side}"] = self._tears[side].points(skin).reshape(-1, 3)
            parts[f"lashes{side}"] = self._lashes[side].points(skin).reshape(-1, 3)
        parts["cloth"], parts["collar"] = self._garment.cloth[0], self._garment.collar[0]
        parts["brows"] = self._brows.points(skin).reshape(-1, 3)
        parts["hair"] = self._hair.points(skin).reshape(-1, 3)
        return parts

    def deform(self, face: FaceState) -> Mapping[str, Points]:
        """Where everything is in a face.

        Args:
            face: What to show.

        Returns:
            Vertices per part of `meshes` and points per part of `hairs` (hair by hair, root
            first), each float64 [N, 3], dm.
        """
        return {
            name: self._neck.move(points, self._shares[name], face)
            for name, points in self._unposed(face).items()
        }

    def _sample(self) -> None:
        rest = self.deform(FaceState.of())
        depth = self.camera.project(rest["skin"])[:, 2]
        skin = self.meshes["skin"]
        # The face changes most where it is small: eyes and mouth are seen densely.
        dense = 1.0 + 5.0 * np.clip(
            skin.attributes["lips"] + skin.attributes["lids"] + skin.attributes["brow"], 0, 1
        )
        behind = depth > np.median(depth) + 1.0
        self._skin_sample = scatter(
            rest["skin"], skin.faces, np.where(behind, 0.05, dense), SKIN_POINTS, seed=41
        )
        chance = np.random.default_rng(42)
        self._picked = {
            name: np.sort(chance.choice(len(rest[name]), min(count, len(rest[name])),
                                        replace=False))
            for name, count in (
                ("cloth", CLOTH_POINTS), ("collar", 800), ("hair", HAIR_POINTS),
                ("brows", 1_500), ("lashesLeft", 300), ("lashesRight", 300),
                ("upperTeeth", 500), ("lowerTeeth", 500), ("tongue", 500),
            )
        }  # fmt: skip

    def points(self, face: FaceState) -> Points:
        """Points that cover everything that moves but the eyeballs, float64 [N, 3], dm.

        The same point of the same part has the same row in every face; motion of the picture
        follows from two faces without rendering either.
        """
        parts = self.deform(face)
        picked = [parts[name][rows] for name, rows in self._picked.items()]
        return np.concatenate([self._skin_sample(parts["skin"]), *picked])

    def head(self, face: FaceState) -> Points:
        """Points of the head and its hair, without the neck, float64 [N, 3], dm."""
        parts = self.deform(face)
        turning = self._shares["skin"].turn > HEAD_SHARE
        return np.concatenate([parts["skin"][turning], parts["hair"]])

    @property
    def _identity_body(self) -> Points:
        return _identity(anatomy.base_mesh(), self.person)


def _identity(mesh: anatomy.BaseMesh, person: Person) -> Points:
    body: Points = mesh.vertices.copy()
    for name, weight in person.targets.items():
        pair = [name.replace("/lr-", f"/{side}-") for side in "lr"] if "/lr-" in name else [name]
        for single in pair:
            body += weight * anatomy.target(single)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        shoulder = mesh.centre(f"joint-{side.lower()}-shoulder", body)
        angle = -sign * ARM_LOWERED_RAD * smoothstep(0.0, 1.0, anatomy.arm_weight(side))
        away = body - shoulder
        cosine, sine = np.cos(angle), np.sin(angle)
        body = body.copy()
        body[:, 0] = shoulder[0] + away[:, 0] * cosine - away[:, 1] * sine
        body[:, 1] = shoulder[1] + away[:, 0] * sine + away[:, 1] * cosine
    return body


def _chin_and_crown(mesh: anatomy.BaseMesh, body: Points) -> tuple[float, float]:
    skin = body[np.unique(mesh.faces[mesh.body])]
    mouth = body[mesh.groups["joint-jaw"]].mean(axis=0)
    chin = skin[
        (np.abs(skin[:, 0]) < 0.06)
        & (np.abs(skin[:, 2] - mouth[2]) < 0.25)
        & (skin[:, 1] < mouth[1] + 0.15)
        & (skin[:, 1] > mouth[1] - 0.5)
    ]
    return float(chin[:, 1].min()), float(skin[:, 1].max())


def _closeness(skin: Points, places: Points, reach: float) -> NDArray[np.float64]:
    distance, _ = cKDTree(places).query(skin)
    return np.asarray(np.clip(1 - distance / reach, 0, 1))
