"""A persona is drawn part by part: parts that look as they did are not drawn again."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import onnx
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render import parted_model
from livekit_plugins_avatar.render.cut import Cutter
from livekit_plugins_avatar.render.frame_priority import VISIBLE_CHANGE
from livekit_plugins_avatar.render.model import Faces
from livekit_plugins_avatar.render.onnx_file import OnnxFileError, TensorInfo
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.parted_model import SEEN, Drawn, PartedModel
from livekit_plugins_avatar.render.parts import Part, parts_of
from livekit_plugins_avatar.render.persona import Persona, PersonaError
from livekit_plugins_avatar.render.session import OnnxSession, Values
from livekit_plugins_avatar.timeline import Timed

from .whole import drawn_whole, psnr_db

HEAD, EYES, MOUTH = range(3)
CHANGED = [
    {"headYaw": 0.2, "headY": 0.01},
    {"headYaw": 0.2, "headY": 0.01, "jawOpen": 0.7, "tongueOut": 0.5},
    {"headYaw": 0.2, "headY": 0.01, "jawOpen": 0.7, "gazeYaw": 0.3, "browInnerUp": 1.0},
    {"headPitch": -0.2, "jawOpen": 0.7, "gazeYaw": 0.3, "browInnerUp": 1.0},
]
"""Faces that follow each other; of each two in a row some parts are alike."""


@pytest.fixture(scope="module")
def man() -> Persona:
    return Persona.load("man")


class Opened(OnnxSession):
    """A session that counts its runs, and fails at some."""

    def __init__(self, persona: Persona, threads: int, content: bytes) -> None:
        super().__init__(persona, threads, content)
        self.runs = 0
        self.failing = False

    def bound(self, values: Values) -> Callable[[], None]:
        """A run that is counted."""
        run = super().bound(values)

        def counted() -> None:
            if self.failing:
                raise RuntimeError("no memory")
            self.runs += 1
            run()

        return counted


@pytest.fixture(scope="module")
def model(man: Persona) -> PartedModel:
    return PartedModel(man, 1, Opened)


@pytest.fixture
def parts(model: PartedModel) -> list[Opened]:
    """The sessions of the parts, none of which has run yet."""
    opened = [session for session in model.parts if isinstance(session, Opened)]
    for each in opened:
        each.runs, each.failing = 0, False
    return opened


def face(**parameters: float) -> Faces:
    return FaceState.of(**parameters).values[None]


@pytest.mark.parametrize("name", ["man", "woman"])
def test_same_pictures(name: str) -> None:
    """A viewer sees what the whole file draws, square and wide, when parts change and when not."""
    persona = Persona.load(name)
    parted, drawn = PartedModel(persona, 1), Drawn()
    faces = np.concatenate([face(**changes) for changes in CHANGED])
    for output in ("i420", "i420_wide"):
        for row, whole in zip(faces, drawn_whole(persona, output, faces), strict=True):
            picture = parted.draw(output, row[None], drawn)[0]
            assert np.abs(picture - parted.draw(output, row[None])[0].astype(int)).max() <= 1
            assert psnr_db(picture, whole) > 45


def test_only_what_changes(model: PartedModel, parts: list[Opened]) -> None:
    """A part is drawn when one of its parameters changes."""
    drawn = Drawn()
    for changes in CHANGED:
        model.draw("i420", face(**changes), drawn)
    assert [parts[part].runs for part in (HEAD, EYES, MOUTH)] == [2, 2, 3]


def test_viewers(model: PartedModel, parts: list[Opened]) -> None:
    """What one viewer has seen is not what another sees."""
    first, second = Drawn(), Drawn()
    model.draw("i420", face(jawOpen=0.5), first)
    other = model.draw("i420", face(), second)
    again = model.draw("i420", face(jawOpen=0.5), first)
    assert [parts[part].runs for part in (HEAD, EYES, MOUTH)] == [2, 2, 2]
    assert (other != again).any()


def test_rows(model: PartedModel) -> None:
    """Faces drawn together are drawn one after the other."""
    faces = np.concatenate([face(**changes) for changes in CHANGED])
    together = model.draw("i420", faces, Drawn())
    for picture, row in zip(together, faces, strict=True):
        assert np.abs(picture - model.draw("i420", row[None])[0].astype(int)).max() <= 1


def test_slow_head(model: PartedModel, parts: list[Opened]) -> None:
    """A head that turns slowly is drawn in few pictures, and never far from where it is."""
    drawn, step = Drawn(), 0.0005
    for count in range(40):
        turned = face(headYaw=0.1 + count * step)
        picture = model.draw("i420", turned, drawn)
        exact = model.draw("i420", turned)
        assert np.abs(picture.astype(int) - exact).mean() < 0.5
    assert 40 + 4 <= parts[HEAD].runs <= 40 + 40 / 3


def test_within_what_is_seen(man: Persona, model: PartedModel) -> None:
    """Each part is drawn for parameters that differ from the asked by no more than is let pass."""
    drawn, chance = Drawn(), np.random.default_rng(1)
    asked = face()[0]
    for _ in range(50):
        asked = asked + chance.normal(0, 1, 60).astype(np.float32) * VISIBLE_CHANGE
        model.draw("i420", asked[None], drawn)
        then = drawn.view(model)._then
        for declared, part in zip(man.parts, then, strict=True):
            columns = list(declared.columns)
            limit = SEEN * VISIBLE_CHANGE[columns] * 1.001
            assert (np.abs(part[columns] - asked[columns]) <= limit).all()


def test_failure(model: PartedModel, parts: list[Opened]) -> None:
    """A part that could not be drawn is drawn with the next picture."""
    drawn = Drawn()
    before = model.draw("i420", face(), drawn)
    parts[HEAD].failing = True
    with pytest.raises(RuntimeError, match="no memory"):
        model.draw("i420", face(headYaw=0.3), drawn)
    parts[HEAD].failing = False
    assert (model.draw("i420", face(), drawn) == before).all()


def test_too_large(man: Persona, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each viewer keeps has a limit."""
    monkeypatch.setattr(parted_model, "MOST_BYTES", 1 << 20)
    with pytest.raises(PersonaError, match="MiB: each viewer keeps them"):
        PartedModel(man, 1)


def test_renderer(man: Persona, model: PartedModel) -> None:
    """A renderer goes on from what it drew last."""
    renderer = OnnxRenderer(man, device="cpu")
    for changes in CHANGED:
        drawn = renderer.render([Timed(0, 1600, FaceState.of(**changes))])
        assert np.abs(drawn - model.draw("i420", face(**changes)).astype(int)).max() <= 1
    renderer.close()


def test_exact_renderer(man: Persona) -> None:
    """A renderer for measurements draws a change that is not seen."""
    faces = [FaceState.of(headYaw=yaw) for yaw in (0.1, 0.101)]
    for exact in (False, True):
        renderer = OnnxRenderer(man, device="cpu", exact=exact)
        first, second = (renderer.render([Timed(0, 1600, face)]) for face in faces)
        assert (first != second).any() == exact
        renderer.close()


def test_cut(man: Persona) -> None:
    """What is cut out is a file of its own, which computes the value from what it is given."""
    given = [TensorInfo("face", 1, (1, 60)), TensorInfo("i420", 2, (1, 768, 512))]
    wide = Cutter(man.content).cut(given, ["i420_wide"])
    found = onnx.load_from_string(wide)
    assert [value.name for value in found.graph.input] == ["face", "i420"]
    assert len(found.graph.node) < 40
    assert len(wide) < 1_000_000


def test_cut_unknown(man: Persona) -> None:
    """A value that the file has not got is named."""
    with pytest.raises(OnnxFileError, match="has no value 'nowhere': export it again"):
        Cutter(man.content).cut([], ["nowhere"])


@pytest.mark.parametrize(
    "listed",
    [
        "[",
        "{}",
        "[1]",
        json.dumps([{"parameters": ["jawOpen"]}]),
        json.dumps([{"parameters": ["tail"], "values": ["n1"]}]),
        json.dumps([{"parameters": [], "values": ["n1"]}]),
        json.dumps([{"parameters": ["jawOpen"], "values": []}]),
        json.dumps([{"parameters": ["jawOpen"], "values": ["n1", "n1"]}]),
        json.dumps([{"parameters": ["jawOpen"], "values": [1]}]),
        json.dumps([{"parameters": ["jawOpen"], "values": ["n1"]}] * 17),
        "[" * 100_000,
    ],
)
def test_parts_refused(listed: str) -> None:
    """Parts that are none are refused with the remedy."""
    with pytest.raises(OnnxFileError, match="has a `parts` that is no JSON list"):
        parts_of({"parts": listed}, ["jawOpen", "headYaw"])


def test_parts() -> None:
    """A file lists its parts by the names of parameters, or has none."""
    listed = [{"parameters": ["headYaw"], "values": ["n1", "n2"]}]
    assert parts_of({"parts": json.dumps(listed)}, ["jawOpen", "headYaw"]) == (
        Part((1,), ("n1", "n2")),
    )
    assert parts_of({}, ["jawOpen"]) == ()
