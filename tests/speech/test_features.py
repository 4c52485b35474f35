"""Features: no trace of chunks, and the values that a phonetician expects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livekit_plugins_avatar.speech.features import (
    BANDS,
    HOP_SAMPLES,
    MARGIN_SAMPLES,
    WINDOW_SAMPLES,
    FeatureStream,
    levels_db,
    log_mel,
)
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples

Sound = NDArray[np.float32]


def noise(length: int, dbfs: float = -20.0) -> Sound:
    wave = np.random.default_rng(7).normal(size=length) * 10 ** (dbfs / 20)
    return wave.astype(np.float32)


def tone(hz: float, length: int = SAMPLE_RATE // 2) -> Sound:
    return np.sin(2 * np.pi * hz * np.arange(length) / SAMPLE_RATE).astype(np.float32)


def rows_of(sound: Sound, chunk: int) -> NDArray[np.float32]:
    stream = FeatureStream()
    starts = range(0, len(sound), chunk)
    return np.concatenate([stream.push_audio(sound[start : start + chunk]) for start in starts])


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5 * SAMPLE_RATE))
def test_chunks_leave_no_trace(chunk: int) -> None:
    """Chunks of any size give the same rows, bit for bit."""
    sound = noise(samples(0.3))
    assert np.array_equal(rows_of(sound, chunk), rows_of(sound, len(sound)))


def test_windows_are_computed_alone() -> None:
    """Many windows at once give what each gives alone."""
    sound = noise(samples(0.5))
    padded = np.pad(sound, (MARGIN_SAMPLES, WINDOW_SAMPLES))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    alone = rows_of(sound, len(sound))
    assert np.allclose(log_mel(windows)[: len(alone)], alone, atol=1e-5)


def test_a_hop_needs_its_window() -> None:
    """A hop is known once its window is complete, and no later."""
    stream = FeatureStream()
    complete = HOP_SAMPLES + MARGIN_SAMPLES
    assert len(stream.push_audio(noise(complete - 1))) == 0
    assert len(stream.push_audio(noise(1))) == 1


def test_a_click_lies_in_its_hop() -> None:
    """It is loudest in the hop that it lies in."""
    sound = np.zeros(samples(0.2), np.float32)
    sound[samples(0.105)] = 1
    assert int(np.argmax(levels_db(rows_of(sound, len(sound))))) == 10


@pytest.mark.parametrize("hz", [250, 1000, 3000, 6000])
def test_a_sine_is_at_0_dbfs(hz: float) -> None:
    """At full scale, and in the band of its pitch."""
    row = rows_of(tone(hz), SAMPLE_RATE)[20]
    assert levels_db(row) == pytest.approx(0, abs=0.1)
    lower = rows_of(tone(hz / 1.5), SAMPLE_RATE)[20]
    assert row.argmax() > lower.argmax()


def test_nothing_above_8_khz_counts() -> None:
    """A tone at 10 kHz is silence."""
    row = rows_of(tone(10_000), SAMPLE_RATE)[20]
    assert levels_db(row) < -70


def test_gain_lifts_all_bands_alike() -> None:
    """By the logarithm of its square."""
    sound = noise(samples(0.2))
    louder = rows_of(sound * np.float32(4), SAMPLE_RATE) - rows_of(sound, SAMPLE_RATE)
    assert np.allclose(louder, np.log(16), atol=1e-3)


def test_silence_is_finite() -> None:
    """Silence has low, finite energies."""
    rows = rows_of(np.zeros(samples(0.1), np.float32), 480)
    assert rows.shape[1] == BANDS
    assert np.isfinite(rows).all()
    assert levels_db(rows[0]) < -80
