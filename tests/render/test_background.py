"""A persona is drawn before another background, and its outline takes nothing of the old one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.options import Options
from livekit_plugins_avatar.render.background import Background, check, with_background
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Aspect, Persona, PersonaError
from livekit_plugins_avatar.timeline import Timed
from livekit_plugins_avatar.tools import i420

FACES = [
    FaceState.of(),
    FaceState.of(headYaw=0.3),
    FaceState.of(headYaw=-0.3, jawOpen=0.5),
    FaceState.of(headPitch=0.25, headRoll=0.15),
]
CORNERS = np.s_[:, :40, :40]


def drawn(persona: Persona, aspect: Aspect = "square") -> NDArray[np.uint8]:
    """The faces, uint8 [4, H * 3 / 2, W]."""
    with closing(OnnxRenderer(persona, device="cpu", aspect=aspect)) as renderer:
        return np.array(renderer.render([Timed(0, 1, face) for face in FACES]))


def written(path: Path, picture: NDArray[np.uint8]) -> Path:
    """A PNG file of a picture, uint8 [H, W, 3]."""
    height, width = picture.shape[:2]
    with av.open(str(path), "w", format="image2pipe") as file:
        stream = file.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
        file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
    return path


def test_the_outline_takes_nothing_of_the_old_wall() -> None:
    """Black and white tell how much of each pixel is the figure, and grey is what they say: so the
    figure's own colours are the same before each, at rest and turned."""
    person = Persona.load("woman")
    black, grey, white = (
        drawn(with_background(person, colour))[:, :512].astype(float)
        for colour in ("#000", "#808080", "#ffffff")
    )
    bare = np.median(grey[CORNERS])
    assert np.ptp(black[CORNERS]) == np.ptp(white[CORNERS]) == 0
    share = (white - black) / (white[0, 0, 0] - black[0, 0, 0])
    assert share.min() > -0.03 and share.max() < 1.03
    inside, outside = (share < 0.01).mean(), (share > 0.99).mean()
    assert inside > 0.4 and outside > 0.4 and inside + outside > 0.95
    off = grey - (black + (bare - black[0, 0, 0]) * share)
    assert np.abs(off).max() < 4


def before(persona: Persona, background: Background = "#00c83c") -> Persona:
    """The persona before a colour."""
    return with_background(persona, background)


def test_a_colour_is_the_colour() -> None:
    """Where no figure is, at both sides of a wide picture, too, and as it is shown."""
    pictures = drawn(with_background(Persona.load("woman"), "#20c040", "wide"), "wide")
    for picture in map(i420.rgb, pictures):
        for part in (picture[:60], picture[:300, :40], picture[:300, -40:]):
            assert np.abs(part.reshape(-1, 3) - np.array([0x20, 0xC0, 0x40])).max() <= 3


def test_blur_keeps_the_light_and_the_face() -> None:
    """The wall is as bright and smoother, and the face is the same to two codes."""
    man = Persona.load("man")
    own, blurred = (drawn(each).astype(float) for each in (man, before(man, "blur")))
    assert np.abs(own - blurred)[:, 180:300, 200:300].max() <= 2
    wall, soft = (each[0, :100, :60] for each in (own, blurred))
    assert abs(wall.mean() - soft.mean()) < 1
    assert np.abs(np.diff(soft, 2)).mean() < np.abs(np.diff(wall, 2)).mean()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("#12", "got '#12'"),
        ("#12345g", "got '#12345g'"),
        ("green", "there is no file of this name, got 'green'"),
        (Path("wall.jpg"), "there is no file of this name, got 'wall.jpg'"),
        (Path(__file__), "cannot be read as one"),
    ],
)
def test_what_is_no_background_is_told_at_construction(wrong: Background, told: str) -> None:
    with pytest.raises(ValueError, match=rf"^background is a colour .*{told}"):
        Options(background=wrong)


def test_a_persona_without_a_matte_is_named_with_the_remedy() -> None:
    with pytest.raises(PersonaError, match=r"sketch .*no other background.*Use 'man'"):
        Options(persona="sketch", background="#fff")


@pytest.mark.parametrize("name", ["net.cover_code", "net.luma_code", "left_chroma"])
def test_a_file_that_lacks_a_part_is_refused(name: str) -> None:
    """A rendered person from whose file a part was taken draws, and has no other background."""
    man = Persona.load("man")
    content = man.content.replace(name.encode(), b"x" * len(name))
    with pytest.raises(PersonaError, match="can have no other background"):
        with_background(Persona.parse(man.path, content), "#fff")


def test_a_cut_picture_is_refused(tmp_path: Path) -> None:
    """The file is read when the option is given, not when the room waits."""
    whole = written(tmp_path / "wall.png", np.zeros((90, 160, 3), np.uint8))
    check(whole)
    whole.write_bytes(whole.read_bytes()[:30])
    with pytest.raises(ValueError, match="cannot be read"):
        check(whole)


def test_dispatches_carry_colours_and_no_files(tmp_path: Path) -> None:
    """A worker's machine has not the agent's files."""
    assert Options(worker="faces", background="#20c040").background == "#20c040"
    with pytest.raises(TypeError, match="background is a colour or 'blur' with worker"):
        Options(worker="faces", background=tmp_path / "wall.png")


@pytest.mark.parametrize("aspect", ["square", "wide"])
def test_a_picture_fills_the_frame(tmp_path: Path, aspect: Aspect) -> None:
    """What is too much of it is cut off evenly; through the figure nothing of it is seen, however
    the head is turned."""
    width = {"square": 512, "wide": 912}[aspect]
    picture = np.zeros((256, 800, 3), np.uint8)
    picture[:] = np.linspace(0, 255, 800)[None, :, None]
    picture[::32, ::16] = 255
    person = Persona.load("woman")
    path = written(tmp_path / "wall.png", picture)
    before = drawn(with_background(person, path, aspect), aspect).astype(float)
    first, last = before[:, 20:40, :16].mean(), before[:, 20:40, -16:].mean()
    seen = 256 * width / 512
    for found, column in ((first, 400 - seen / 2), (last, 400 + seen / 2)):
        assert found == pytest.approx(16 + 219 * column / 800, abs=8)
    plain = drawn(with_background(person, "#808080", aspect), aspect)
    middle = np.s_[:, 180:300, width // 2 - 50 : width // 2 + 50]
    assert np.abs(before[middle] - plain[middle]).max() <= 3
