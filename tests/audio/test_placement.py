"""Speech time is mapped to published time."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.audio.placement import FixedPlacement, Placement, Run
from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.timeline import samples

RUNS = [Run(100, 0, 50), Run(200, 50, 30)]


@pytest.mark.parametrize(
    ("speech", "published"), [(0, 100), (49, 149), (50, 200), (79, 229), (80, None), (-1, None)]
)
def test_a_speech_sample_has_its_place(speech: int, published: int | None) -> None:
    """A speech sample lies as far into its run on both timelines."""
    assert FixedPlacement(RUNS).published_at(speech) == published


def test_runs_are_found_by_overlap() -> None:
    """A range finds the runs that share a sample with it."""
    placement = FixedPlacement(RUNS)
    assert placement.runs(149, 200) == RUNS[:1]
    assert placement.runs(150, 200) == []
    assert placement.runs(0, 1000) == RUNS


def test_a_playout_is_a_placement() -> None:
    """It knows where its speech is published, and will be."""
    playout = Playout()
    placement: Placement = playout
    playout.pull(samples(0.01))
    playout.push_audio(np.ones(samples(0.1), np.int16))
    run = Run(samples(0.01), 0, samples(0.1))
    assert placement.runs(0, samples(1.0)) == [run]
    assert placement.published_at(5) == run.published + 5


def test_the_speech_position_follows_what_is_published() -> None:
    """It stays for as long as a playout lasts, stands in gaps, and goes back when retracted."""
    playout = Playout()
    assert playout.speech_position == 0
    playout.push_audio(np.ones(samples(0.1), np.int16))
    playout.end_segment()
    playout.pull(samples(0.05))
    assert playout.speech_position == samples(0.05)
    playout.retract(samples(0.02))
    assert playout.speech_position == samples(0.03)
    playout.pull(samples(20.0))
    playout.advance(playout.published)
    assert playout.speech_position == samples(0.1)
