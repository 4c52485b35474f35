"""A renderer that stalls and dies where its script says, and draws otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.renderer import Frames, Moment, Renderer
from livekit_plugins_avatar.timeline import Timed, samples
from livekit_plugins_avatar.tools.eval.faults.renderer import (
    FaultyRenderer,
    RendererDied,
    RendererFaults,
)
from livekit_plugins_avatar.tools.eval.faults.script import Fault, each

REST = FaceState.of()


class Grey:
    size = (4, 4)
    fps = 30
    closed = False

    def render(self, moments: Sequence[Moment]) -> Frames:
        return np.zeros((len(moments), 6, 4), np.uint8)

    def close(self) -> None:
        self.closed = True


def at(*media_s: float) -> list[Moment]:
    return [Timed(samples(each_s), 1600, REST) for each_s in media_s]


def test_a_stall_comes_once_even_if_its_frame_is_asked_for_again() -> None:
    faults = RendererFaults(each("stall", every_s=3.0, length_s=0.4, until_s=20.0))
    assert [faults.stall_s(media_s) for media_s in (0.0, 2.96, 3.0, 3.04, 3.0, 5.9, 6.2)] == [
        0.0, 0.0, 0.4, 0.0, 0.0, 0.0, 0.4,
    ]  # fmt: skip


def test_of_stalls_that_come_due_together_the_longest_counts() -> None:
    faults = RendererFaults((Fault(1.0, "stall", 5.0), Fault(2.0, "stall", 0.08)))
    assert [faults.stall_s(media_s) for media_s in (6.0, 7.0)] == [5.0, 0.0]


def test_it_stalls_dies_and_draws_again_in_media_time_from_where_the_script_begins() -> None:
    paused: list[float] = []
    inner = Grey()
    renderer = FaultyRenderer(
        inner, (Fault(1.0, "stall", 0.08), Fault(2.0, "death", 0.5)), pause=paused.append
    )
    renderer.origin = samples(10.0)
    assert len(renderer.render(at(1.0, 2.1, 10.9))) == 3 and not paused
    renderer.render(at(11.0))
    assert paused == [0.08] and renderer.stalls == 1
    for media_s in (12.0, 12.4):
        with pytest.raises(RendererDied, match=f"dead at {media_s - 10:.2f} s"):
            renderer.render(at(media_s))
    assert renderer.deaths == 2
    assert len(renderer.render(at(12.5))) == 1
    renderer.close()
    assert inner.closed


def test_it_is_a_renderer() -> None:
    assert isinstance(FaultyRenderer(Grey(), ()), Renderer)
