"""Where the landmarks of the face mesh lie on the skin.

The built-in people are bodies of the same data, seen by a known camera: their landmarks are found
in their resting pictures, and each is traced back to the triangle of the skin under it. What the
two people say is averaged on the average body.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.timeline import Timed
from livekit_plugins_avatar.tools import i420
from livekit_plugins_avatar.tools.portrait import landmarks
from livekit_plugins_avatar.tools.portrait.landmarks import EYES, LIPS, MESH

from ..personas import anatomy, expression
from ..personas.anatomy import Indices, Points
from ..personas.figure import Figure
from ..personas.person import PEOPLE, Person

NEAR = 40
"""Triangles that are looked at for each landmark, nearest first."""

PARTNERS_DM = 0.08
"""Landmarks that mirror each other lie within this."""

SOCKET_DM = 0.06
"""Skin around the eyes that is seen lies this far in front of the eyes' centres."""


class Correspondence:
    """The point of the skin under each landmark.

    Args:
        mean: The average body, float64 [N, 3].
        used: Which of its points the rig has.
        triangles: int64 [T, 3] of those.

    Attributes:
        corners: int64 [468, 3], points of the rig.
        weights: float64 [468, 3], which add up to 1.
    """

    def __init__(self, mean: Points, used: Indices, triangles: Indices) -> None:
        self._triangles = triangles
        skin = mean[used]
        self._allowed = _allowed(used, triangles, skin)
        places = []
        for person in PEOPLE.values():
            corners, weights = self._traced(person, used)
            places.append(np.einsum("nkc,nk->nc", skin[corners], weights))
        print("landmarks: people differ by", _spread(places), "dm (median, most)")
        even = _symmetrical(np.mean(places, axis=0))
        self.corners, self.weights = self._nearest(even, skin)

    def _traced(self, person: Person, used: Indices) -> tuple[Indices, Points]:
        """Trace the landmarks of one person's picture back to triangles."""
        figure = Figure(person)
        seen = figure.camera.project(_resting(person)[used])
        picture = _picture(person.name)
        found = landmarks.landmarks(picture, landmarks.faces(picture)[0])
        # The camera counts from the corner of the first pixel, landmarks from its middle.
        points = found.points[:MESH, :2] + 0.5
        a, b, c = (seen[self._triangles[:, k]] for k in range(3))
        ab, ac = (b - a)[:, :2], (c - a)[:, :2]
        area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
        front = np.flatnonzero(area > 1e-9) if np.median(area) > 0 else np.flatnonzero(area < -1e-9)
        depth = seen[self._triangles, 2].mean(axis=1)
        tree = cKDTree(((a + b + c) / 3)[front, :2])
        corners, weights = np.zeros((MESH, 3), np.int64), np.zeros((MESH, 3))
        for index, point in enumerate(points):
            near = front[tree.query(point, NEAR)[1]]
            near = near[self._allowed[index][near]] if self._allowed[index][near].any() else near
            share = _weights_in(point, a[near, :2], b[near, :2], c[near, :2])
            spot = np.einsum("nk,nkc->nc", share, seen[self._triangles[near]][..., :2])
            off = np.linalg.norm(spot - point, axis=1)
            visible = off < off.min() + 0.3
            chosen = np.flatnonzero(visible)[np.argmin(depth[near][visible])]
            corners[index], weights[index] = self._triangles[near[chosen]], share[chosen]
        return corners, weights

    def _nearest(self, places: Points, skin: Points) -> tuple[Indices, Points]:
        """The nearest point of the skin to each place."""
        tree = cKDTree(skin[self._triangles].mean(axis=1))
        corners, weights = np.zeros((MESH, 3), np.int64), np.zeros((MESH, 3))
        for index, place in enumerate(places):
            near = tree.query(place, NEAR)[1]
            allowed = self._allowed[index][near]
            near = near[allowed] if allowed.any() else near
            share = _weights_in(place, *(skin[self._triangles[near, k]] for k in range(3)))
            spot = np.einsum("nk,nkc->nc", share, skin[self._triangles[near]])
            chosen = int(np.argmin(np.linalg.norm(spot - place, axis=1)))
            corners[index], weights[index] = self._triangles[near[chosen]], share[chosen]
        return corners, weights


def _weights_in(point: Points, a: Points, b: Points, c: Points) -> Points:
    """Barycentric weights of a point in triangles, kept within them, [T, 3]."""
    ab, ac, ap = b - a, c - a, point - a
    d00, d01, d11 = ((x * y).sum(axis=1) for x, y in ((ab, ab), (ab, ac), (ac, ac)))
    d20, d21 = (ap * ab).sum(axis=1), (ap * ac).sum(axis=1)
    scale = np.maximum(d00 * d11 - d01 * d01, 1e-14)
    v, w = (d11 * d20 - d01 * d21) / scale, (d00 * d21 - d01 * d20) / scale
    share = np.stack([1 - v - w, v, w], axis=1).clip(0, None)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _symmetrical(places: Points) -> Points:
    """Landmarks of an even face: each is averaged with the mirror image of its partner."""
    mirrored = places * [-1.0, 1.0, 1.0]
    apart, partner = cKDTree(places).query(mirrored)
    close = apart < PARTNERS_DM
    even: Points = places.copy()
    even[close] = (places[close] + mirrored[partner[close]]) / 2
    return even


def _allowed(used: Indices, triangles: Indices, skin: Points) -> NDArray[np.bool_]:
    """Which triangles a landmark may lie on, bool [468, T]: its own lip, its own lid."""
    allowed = np.ones((MESH, len(triangles)), bool)
    jaw = np.linalg.norm(anatomy.face_unit("jawOpen")[used], axis=1)
    low = jaw[triangles].mean(axis=1) > 0.5 * np.quantile(jaw, 0.98)
    for index in LIPS[0][1:-1]:
        allowed[index] = ~low
    for index in LIPS[1][1:-1]:
        allowed[index] = low
    for side, (upper, lower, _) in EYES.items():
        down = -anatomy.face_unit(f"eyeBlink{side}")[used, 1]
        lid = down[triangles].mean(axis=1) > 0.2 * down.max()
        # Skin behind the ball is in the data, and never seen.
        outside = skin[triangles, 2].mean(axis=1) > SOCKET_DM
        for index in upper:
            allowed[index] = (lid | (index in (upper[0], upper[-1]))) & outside
        for index in lower[1:-1]:
            allowed[index] = ~lid & outside
    return allowed


def _resting(person: Person) -> Points:
    """A person's body with the friendly face that the resting picture shows."""
    body: Points = anatomy.base_mesh().vertices.copy()
    for name, weight in person.targets.items():
        pair = [name.replace("/lr-", f"/{side}-") for side in "lr"] if "/lr-" in name else [name]
        for single in pair:
            body += weight * anatomy.target(single)
    for name, weight in expression.weights(FaceState.of(), person.rest).items():
        body += weight * anatomy.face_unit(name)
    return body


def _picture(name: str) -> NDArray[np.uint8]:
    renderer = OnnxRenderer(Persona.load(name), device="cpu")
    try:
        frames = renderer.render([Timed(0, 1, FaceState.of())])
        return i420.rgb(np.asarray(frames)[0])
    finally:
        renderer.close()


def _spread(places: list[Points]) -> str:
    apart = np.linalg.norm(places[0] - places[1], axis=1)
    return f"{np.median(apart):.3f} {apart.max():.3f}"
