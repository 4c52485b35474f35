"""Speech that was cut off is taken up again where it paused."""

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


def test_it_goes_on_at_the_end_of_the_last_pause() -> None:
    pcm = spoken((0.5, 3000), (0.2, 10), (0.4, 3000), (0.15, 10), (0.3, 3000))
    word = len(pcm) - samples(0.3)
    assert abs(pause_before(pcm, from_start=True) - (word - LEAD_IN_SAMPLES)) <= BLOCK_SAMPLES


def test_a_closure_within_a_word_is_no_pause() -> None:
    pcm = spoken((0.5, 3000), (0.2, 10), (0.3, 3000), (0.07, 10), (0.3, 3000))
    word = samples(0.7)
    assert abs(pause_before(pcm, from_start=True) - (word - LEAD_IN_SAMPLES)) <= BLOCK_SAMPLES


def test_a_cut_in_a_pause_goes_on_in_it() -> None:
    pcm = spoken((0.5, 3000), (0.4, 10))
    assert pause_before(pcm, from_start=True) >= len(pcm) - LEAD_IN_SAMPLES - BLOCK_SAMPLES


def test_without_a_pause_a_beginning_that_is_near_will_do() -> None:
    pcm = spoken((2.0, 3000))
    assert pause_before(pcm, from_start=True) == 0


def test_without_a_pause_or_a_beginning_it_goes_on_where_it_is_quietest() -> None:
    pcm = spoken((2.5, 3000), (0.05, 500), (2.0, 3000))
    at = pause_before(pcm, from_start=False)
    assert samples(2.5) - BLOCK_SAMPLES <= at <= samples(2.55)


@pytest.mark.parametrize("length", [0, 1, 479, 480, 10 * 48_000])
def test_it_never_goes_back_too_far_or_beyond(length: int) -> None:
    pcm = np.full(length, 1000, np.int16)
    for from_start in (False, True):
        at = pause_before(pcm, from_start=from_start)
        assert max(0, length - LOOK_BACK_SAMPLES) <= at <= length


def test_silence_is_a_pause_from_its_first_to_its_last() -> None:
    assert pause_before(np.zeros(samples(1.0), np.int16), from_start=False) >= samples(0.9)
