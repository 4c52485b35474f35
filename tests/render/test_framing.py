"""Pictures are cut, scaled and marked for the frame that is published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.framing import Framed, Resolution, framed, size_of
from livekit_plugins_avatar.render.mark import GLYPHS, LETTERS_MAX, checked
from livekit_plugins_avatar.render.persona import Aspect
from livekit_plugins_avatar.render.renderer import Frames, Moment, Renderer
from livekit_plugins_avatar.timeline import Timed

BEFORE = 64, 48
MOMENTS = [Timed(0, 1600, FaceState.of())]


class Ramp:
    """Draws a picture that is brighter to the right and bluer downwards."""

    fps = 25
    batch = 3
    closed = 0

    def __init__(self, size: tuple[int, int] = BEFORE) -> None:
        self.size = size

    def render(self, moments: Sequence[Moment]) -> Frames:
        width, height = self.size
        luma = np.tile(np.linspace(16, 235, width), (height, 1))
        blue = np.tile(np.linspace(16, 240, height // 2)[:, None], (1, width // 2))
        red = np.full_like(blue, 128)
        picture = np.concatenate([plane.ravel() for plane in (luma, blue, red)])
        whole = np.rint(picture).astype(np.uint8).reshape(1, height * 3 // 2, width)
        frames: Frames = whole.repeat(len(moments), 0)
        return frames

    def close(self) -> None:
        self.closed += 1


def planes(renderer: Renderer) -> tuple[Frames, Frames, Frames]:
    """Y, U and V of its picture."""
    width, height = renderer.size
    [frame] = np.asarray(renderer.render(MOMENTS))
    assert frame.shape == (height * 3 // 2, width) and frame.dtype == np.uint8
    blue, red = frame[height:].reshape(2, height // 2, width // 2)
    return frame[:height], blue, red


@pytest.mark.parametrize("aspect", get_args(Aspect))
@pytest.mark.parametrize("resolution", get_args(Resolution))
def test_sizes(aspect: Aspect, resolution: Resolution) -> None:
    """The shorter side is what the resolution says, and a codec takes every size."""
    width, height = size_of((512, 512), aspect, resolution)
    assert min(width, height) == int(resolution[:-1])
    assert width % 2 == 0 and height % 4 == 0
    ratio = {"square": 1.0, "wide": 16 / 9, "portrait": 9 / 16}[aspect]
    assert width / height == pytest.approx(ratio, rel=0.01)


def test_nothing_is_done_without_need() -> None:
    """As it is drawn and without a mark, pictures do not pass through another step."""
    ramp = Ramp()
    assert framed(ramp, "square", None, None) is ramp
    assert framed(ramp, "wide", None, None) is ramp


def test_what_a_renderer_has_is_passed_on() -> None:
    """Its rate and batch; what it lacks stays missing; closing closes it."""
    ramp = Ramp()
    renderer = Framed(ramp, (32, 24), None)
    assert isinstance(renderer, Renderer)
    assert renderer.fps == 25 and renderer.batch == 3
    assert not hasattr(renderer, "device") and not getattr(renderer, "face_only", False)
    renderer.close()
    assert ramp.closed == 1


@pytest.mark.parametrize("size", [(32, 24), (64, 48), (128, 96), (100, 76)])
def test_scaling_keeps_the_picture(size: tuple[int, int]) -> None:
    """A ramp stays the same ramp, in luma and in colour."""
    luma, blue, red = planes(Framed(Ramp(), size, None))
    assert np.abs(luma[0] - np.linspace(16, 235, size[0])).max() <= 4
    assert np.abs(blue[:, 0] - np.linspace(16, 240, size[1] // 2)).max() <= 10
    assert (red == 128).all()


def test_a_portrait_is_the_middle() -> None:
    """As much is cut from the left as from the right, and nothing is scaled."""
    whole, _, _ = planes(Ramp((512, 512)))
    renderer = framed(Ramp((512, 512)), "portrait", None, None)
    luma, _, _ = planes(renderer)
    assert renderer.size == (288, 512)
    assert np.array_equal(luma, whole[:, 112:400])


def test_more_is_cut_from_below() -> None:
    """A head is nearer to the top of a picture than its shoulders to the bottom."""
    _, blue, _ = planes(Framed(Ramp((64, 96)), (64, 48), None))
    assert 16 < blue[0, 0] and 240 - blue[-1, 0] > 1.5 * (blue[0, 0] - 16)


@pytest.mark.parametrize("height", [360, 480, 720, 1080])
def test_a_mark_is_readable_at_every_size(height: int) -> None:
    """Letters of at least 16 lines stand out from their plate; the rest is untouched."""
    marked, blue, _ = planes(Framed(Ramp(), (height, height), "AI"))
    plain, plain_blue, _ = planes(Framed(Ramp(), (height, height), None))
    rows, columns = np.nonzero(marked != plain)
    assert rows.max() < 0.15 * height and columns.max() < 0.2 * height
    letters = np.nonzero(marked[: rows.max(), : columns.max()] > 200)[0]
    assert np.ptp(letters) + 1 >= max(16, 0.044 * height)
    ground = np.median(marked[rows.min() : rows.max(), columns.min() : columns.max()])
    assert ground < 60
    assert (blue != plain_blue).any() and np.array_equal(blue[-1], plain_blue[-1])


def test_the_longest_mark_fits_the_narrowest_picture() -> None:
    """It is drawn smaller."""
    text = checked("W" * LETTERS_MAX)
    marked, _, _ = planes(Framed(Ramp(), (360, 640), text))
    plain, _, _ = planes(Framed(Ramp(), (360, 640), None))
    assert np.nonzero(marked != plain)[1].max() < 0.75 * 360


def test_letters_differ() -> None:
    """No two letters look alike, but O and 0."""
    drawn = {}
    for letter in GLYPHS:
        if letter not in " 0":
            picture = planes(Framed(Ramp(), (400, 400), f"A{letter}A"))[0]
            drawn[letter] = picture[:60].tobytes()
    assert len(set(drawn.values())) == len(drawn)


def test_what_cannot_be_drawn_is_named() -> None:
    """A mark is capitals, digits and some signs; small letters are drawn as capitals."""
    assert checked(" anna  b. ") == "ANNA B."
    with pytest.raises(ValueError, match="only, got 'É'"):
        checked("René")
    for text in ("", "  ", "A" * (LETTERS_MAX + 1)):
        with pytest.raises(ValueError, match="1 to 24 letters"):
            checked(text)
