"""Interrupted speech resumes at a pause."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.resume_point import (
    BLOCK_SAMPLES,
    LEAD_IN_SAMPLES,
    LOOK_BACK_SAMPLES,
    pause_before,
)
from livekit_plugins_avatar.timeline import samples


def spoken(*parts: tuple[float, float]) -> NDArray[np.int16]:
    """Noise of those lengths in seconds and levels."""
    chance = np.random.default_rng(0)
    return np.concatenate(
        [chance.normal(0, level, samples(length_s)).astype(np.int16) for length_s, level in parts]
    )


def test_the_last_pause_is_found() -> None:
    """Speech resumes at the end of the last pause."""
    pcm = spoken((0.5, 3000), (0.2, 10), (0.4, 3000), (0.15, 10), (0.3, 3000))
    word = len(pcm) - samples(0.3)
    assert abs(pause_before(pcm, from_start=True) - (word - LEAD_IN_SAMPLES)) <= BLOCK_SAMPLES


def test_a_closure_is_no_pause() -> None:
    """The closure of a stop within a word is no pause."""
    pcm = spoken((0.5, 3000), (0.2, 10), (0.3, 3000), (0.07, 10), (0.3, 3000))
    word = samples(0.7)
    assert abs(pause_before(pcm, from_start=True) - (word - LEAD_IN_SAMPLES)) <= BLOCK_SAMPLES


def test_a_cut_in_a_pause() -> None:
    """Speech that was cut in a pause resumes in it."""
    pcm = spoken((0.5, 3000), (0.4, 10))
    assert pause_before(pcm, from_start=True) >= len(pcm) - LEAD_IN_SAMPLES - BLOCK_SAMPLES


def test_a_beginning_serves_as_a_pause() -> None:
    """Without a pause, speech resumes at its beginning if that is near."""
    pcm = spoken((2.0, 3000))
    assert pause_before(pcm, from_start=True) == 0


def test_the_quietest_moment_serves_as_a_pause() -> None:
    """Without a pause or a beginning, speech resumes where it is quietest."""
    pcm = spoken((2.5, 3000), (0.05, 500), (2.0, 3000))
    at = pause_before(pcm, from_start=False)
    assert samples(2.5) - BLOCK_SAMPLES <= at <= samples(2.55)


@pytest.mark.parametrize("length", [0, 1, 479, 480, 10 * 48_000])
def test_the_resume_point_is_in_range(length: int) -> None:
    """Speech resumes neither too far back nor beyond the cut."""
    pcm = np.full(length, 1000, np.int16)
    for from_start in (False, True):
        at = pause_before(pcm, from_start=from_start)
        assert max(0, length - LOOK_BACK_SAMPLES) <= at <= length


def test_silence_is_a_pause() -> None:
    """Silence is a pause to its last sample."""
    assert pause_before(np.zeros(samples(1.0), np.int16), from_start=False) >= samples(0.9)
