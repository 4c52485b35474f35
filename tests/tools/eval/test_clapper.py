"""The clapper's sound and pictures belong to the same moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from livekit_plugins_avatar.audio.placement import Run
from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.renderer import Frames, Moment, Renderer
from livekit_plugins_avatar.timeline import SAMPLE_RATE, Timed
from livekit_plugins_avatar.tools.eval.clapper import (
    BEEP_FRAMES,
    FRAME_SAMPLES,
    SIZE,
    Clapper,
    ClapperRenderer,
    spoken_at,
)

REST = FaceState.of()


class Face:
    """Draws one shade."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.size, self.fps, self.closed = size, 25, False

    def render(self, moments: Sequence[Moment]) -> Frames:
        return np.full((len(moments), self.size[1] * 3 // 2, self.size[0]), 99, np.uint8)

    def close(self) -> None:
        self.closed = True


def luma(renderer: ClapperRenderer, start: int) -> int:
    """What the renderer draws where it flashes, for the frame from `start`."""
    (picture,) = renderer.render([Timed(start, FRAME_SAMPLES, REST)])
    assert picture.shape == (SIZE[1] * 3 // 2, SIZE[0])
    return int(picture[SIZE[1] // 2, SIZE[0] * 5 // 8])


def test_beeps_sound_where_the_clapper_says_that_they_do() -> None:
    clapper = Clapper(10.0)
    sound = np.abs(clapper.sound(0, clapper.length).astype(int))
    loud = np.array([clapper.beeps_at(sample) for sample in range(clapper.length)])
    assert sound[~loud].max() < 0.1 * 32_767 < sound[loud].max()
    assert np.count_nonzero(loud) == len(clapper.onsets) * BEEP_FRAMES * FRAME_SAMPLES


def test_sound_in_pieces_is_the_sound_in_one_piece() -> None:
    clapper = Clapper(6.0)
    pieces = [
        clapper.sound(at, min(997, clapper.length - at)) for at in range(0, clapper.length, 997)
    ]
    np.testing.assert_array_equal(np.concatenate(pieces), clapper.sound(0, clapper.length))


def test_the_marker_tone_never_stops() -> None:
    sound = Clapper(5.0).sound(0, 5 * SAMPLE_RATE).reshape(-1, SAMPLE_RATE // 200) / 32_767
    assert np.sqrt(np.mean(sound**2, axis=1)).min() > 0.01


@pytest.mark.parametrize("shift", [0, 480, 12_345])
@pytest.mark.parametrize("grid", [0, 700])
def test_a_frame_is_bright_when_the_speech_published_with_it_beeps(shift: int, grid: int) -> None:
    """Wherever the speech comes to lie, beeps begin with frames once they are aligned."""
    clapper = Clapper(8.0)
    renderer = ClapperRenderer(clapper)
    renderer.runs = lambda _start, _end: [Run(published=shift, speech=0, length=clapper.length)]
    luma(renderer, grid)
    assert renderer.grid == grid
    clapper.align(renderer.grid - shift)
    for onset in clapper.onsets:
        first = onset + shift
        assert first % FRAME_SAMPLES == grid
        lit = [luma(renderer, first + frame * FRAME_SAMPLES) > 128 for frame in range(-1, 4)]
        assert lit == [False, True, True, True, False]


def test_no_speech_is_dark_and_not_black() -> None:
    assert 45 < luma(ClapperRenderer(Clapper(5.0)), 5 * SAMPLE_RATE) < 100


def test_speech_is_found_only_inside_its_runs() -> None:
    runs = [Run(published=100, speech=0, length=50), Run(published=200, speech=50, length=50)]
    assert [spoken_at(runs, at) for at in (99, 100, 149, 150, 210)] == [None, 0, 49, None, 60]


def test_the_clapper_can_stand_in_for_any_renderer() -> None:
    assert isinstance(ClapperRenderer(Clapper(5.0)), Renderer)


def test_a_face_around_the_flashes() -> None:
    """Where a face is given, it is drawn around what flashes, and closed with it."""
    face = Face()
    clapper = Clapper(5.0)
    renderer = ClapperRenderer(clapper, face)
    renderer.runs = lambda start, end: [Run(0, 0, clapper.length)]
    [dark, bright] = renderer.render(
        [Timed(start, FRAME_SAMPLES, REST) for start in (0, clapper.onsets[0])]
    )
    assert dark[0, 0] == bright[0, 0] == 99
    assert int(bright[256, 320]) - int(dark[256, 320]) > 100
    renderer.close()
    assert face.closed


def test_a_face_of_another_size() -> None:
    """A face whose pictures do not lie under the flashes is refused."""
    with pytest.raises(ValueError, match="512"):
        ClapperRenderer(Clapper(5.0), Face(size=(8, 4)))
