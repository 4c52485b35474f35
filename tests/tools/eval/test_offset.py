"""What the eval of sync says of invented recordings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livekit_plugins_avatar.tools.eval.offset import (
    Figures,
    Published,
    Recording,
    beeps,
    flashes,
    measure,
    pair,
    pooled,
)

BLOCK_S = 0.01
FRAME_S = 0.04
BEEP_S = 0.12
LATENCY_S = 0.032
BLACK, DARK, BRIGHT = 16.0, 62.0, 255.0
PUBLISHED = Published(np.array([2.0, 3.0, 4.12, 5.2, 6.4, 7.44]), 9.0)


def recording(
    published: Published = PUBLISHED,
    *,
    offset_s: float = 0.0,
    start_s: float = 100.0,
    flash_s: np.ndarray | None = None,
) -> Recording:
    """A perfect viewer: every frame begins on the grid of the first flash, `offset_s` late."""
    flash = published.beeps_s if flash_s is None else flash_s
    frame = np.arange(0.0, published.length_s, FRAME_S)
    bright = [bool(np.any((at >= flash - 1e-6) & (at < flash + BEEP_S - 1e-6))) for at in frame]
    block = np.arange(-0.5, published.length_s + 0.5, BLOCK_S)
    into = [np.min(np.abs(published.beeps_s - at)) for at in block]
    quiet = (block < -1e-6) | (block > published.length_s - 1e-6)
    return Recording(
        shown_s=start_s + frame + LATENCY_S + offset_s,
        luma=np.where(bright, BRIGHT, DARK),
        presented=np.arange(1.0, len(frame) + 1),
        reached_s=start_s + block,
        length_s=np.full(len(block), BLOCK_S),
        onset_s=np.where(np.array(into) < 1e-6, 0.0, np.nan),
        gap_s=np.where(quiet, BLOCK_S, 0.0),
        output_latency_s=LATENCY_S,
        concealed_s=0.0,
    )


@pytest.mark.parametrize("offset_s", [-0.3, -0.045, 0.0, 0.02, 0.12])
def test_a_known_offset_is_the_offset_that_is_measured(offset_s: float) -> None:
    figures = measure(recording(offset_s=offset_s), PUBLISHED)
    assert figures.n == len(PUBLISHED.beeps_s)
    assert figures.median_ms == pytest.approx(1e3 * offset_s, abs=0.01)
    assert figures.p95_abs_ms == pytest.approx(1e3 * abs(offset_s), abs=0.01)
    assert figures.lost_audio_ms == 0.0
    assert figures.longer_ms == pytest.approx(0.0, abs=10.1)
    assert figures.fps == pytest.approx(25.0)


def test_percentiles_tell_a_late_tail_from_an_early_one() -> None:
    seen = recording(flash_s=PUBLISHED.beeps_s + np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.2]))
    figures = measure(seen, PUBLISHED)
    assert figures.median_ms == pytest.approx(0.0, abs=0.01)
    assert figures.p5_ms == pytest.approx(0.0, abs=0.01)
    assert figures.p95_ms == pytest.approx(150.0, abs=0.01)


def test_a_flash_that_was_never_shown_is_counted_and_pairs_with_no_other_beep() -> None:
    figures = measure(recording(flash_s=np.delete(PUBLISHED.beeps_s, 2)), PUBLISHED)
    assert (figures.n, figures.missing_flashes) == (5, 1)
    assert figures.median_ms == pytest.approx(0.0, abs=0.01)
    assert figures.p95_abs_ms == pytest.approx(0.0, abs=0.01)


def test_a_beep_that_was_never_heard_is_counted_and_leaves_its_flash_alone() -> None:
    whole = recording()
    heard = np.flatnonzero(~np.isnan(whole.onset_s))
    onset_s = whole.onset_s.copy()
    onset_s[heard[3]] = np.nan
    figures = measure(replace(whole, onset_s=onset_s), PUBLISHED)
    assert (figures.n, figures.missing_beeps, figures.missing_flashes) == (5, 1, 0)
    assert figures.p95_abs_ms == pytest.approx(0.0, abs=0.01)


def test_silence_in_the_middle_is_lost_sound_and_silence_around_it_is_not() -> None:
    whole = recording()
    gap_s = whole.gap_s.copy()
    gap_s[300:312] = BLOCK_S
    assert measure(replace(whole, gap_s=gap_s), PUBLISHED).lost_audio_ms == pytest.approx(120.0)


def test_sound_that_the_receiver_made_up_is_lost_sound() -> None:
    figures = measure(replace(recording(), concealed_s=0.025), PUBLISHED)
    assert figures.lost_audio_ms == pytest.approx(25.0)


def test_sound_that_was_cut_out_is_lost_even_though_no_gap_is_heard() -> None:
    whole = recording()
    kept = np.r_[0:300, 320 : len(whole.reached_s)]
    cut = replace(
        whole,
        reached_s=whole.reached_s[: len(kept)],
        length_s=whole.length_s[kept],
        onset_s=whole.onset_s[kept],
        gap_s=whole.gap_s[kept],
    )
    figures = measure(cut, PUBLISHED)
    assert figures.lost_audio_ms == pytest.approx(200.0, abs=0.01)
    assert figures.longer_ms == pytest.approx(-200.0, abs=10.1)


def test_a_stream_that_was_held_up_is_longer_by_that_much() -> None:
    whole = recording()
    held = whole.reached_s + np.where(np.arange(len(whole.reached_s)) > 400, 0.4, 0.0)
    figures = measure(replace(whole, reached_s=held), PUBLISHED)
    assert figures.longer_ms == pytest.approx(400.0, abs=10.1)


def test_the_black_of_an_empty_track_is_no_dark_frame() -> None:
    whole = recording()
    luma = whole.luma.copy()
    luma[luma == DARK] = BLACK
    flash_s, _ = flashes(replace(whole, luma=luma))
    assert len(flash_s) == 0


def test_a_flash_whose_first_frame_the_recorder_missed_is_not_timed() -> None:
    whole = recording()
    first = int(np.flatnonzero(whole.luma == BRIGHT)[0])
    keep = np.delete(np.arange(len(whole.luma)), first)
    seen = replace(
        whole,
        shown_s=whole.shown_s[keep],
        luma=whole.luma[keep],
        presented=whole.presented[keep],
    )
    figures = measure(seen, PUBLISHED)
    assert (figures.n, figures.untimed_flashes) == (5, 1)
    assert figures.p95_abs_ms == pytest.approx(0.0, abs=0.01)


def test_a_beep_is_heard_when_its_first_sample_leaves_the_loudspeaker() -> None:
    whole = recording()
    later = replace(whole, onset_s=whole.onset_s + 0.004)
    expected = 100.0 + PUBLISHED.beeps_s + 0.004 + LATENCY_S
    np.testing.assert_allclose(beeps(later), expected, atol=1e-9)


def test_nothing_seen_gives_no_offset_instead_of_an_error() -> None:
    whole = recording()
    figures = measure(replace(whole, luma=np.full_like(whole.luma, DARK)), PUBLISHED)
    assert (figures.n, figures.median_ms, figures.missing_flashes) == (0, None, 6)
    assert figures.as_dict()["p95_abs_ms"] is None


def test_nothing_pairs_beyond_reach_and_one_beep_pairs_once() -> None:
    pairs = pair(np.array([1.0, 1.3, 9.0]), np.array([1.1, 5.0]))
    assert (pairs.flashes.tolist(), pairs.beeps.tolist()) == ([0], [0])


def test_frames_that_begin_after_the_beeps_are_not_late() -> None:
    """What is known of how they lie to each other is taken off."""
    seen = recording(offset_s=0.015)
    figures = measure(seen, replace(PUBLISHED, lag_s=0.015))
    assert measure(seen, PUBLISHED).median_ms == pytest.approx(15.0)
    assert figures.median_ms == pytest.approx(0.0, abs=1e-6)


def test_runs_are_pooled_by_their_claps() -> None:
    """Percentiles are of all claps, not means of percentiles; what was lost is added up."""
    first = measure(recording(), PUBLISHED)
    lost = {"lost_audio_ms": 20.0, "missing_flashes": 1, "sound_buffer_ms": 30.0}

    def run(offsets_ms: list[float], fps: float) -> Figures:
        offsets = {"n": len(offsets_ms), "offsets_ms": tuple(offsets_ms)}
        return replace(first, fps=fps, **lost, **offsets)  # type: ignore[arg-type]

    both = pooled([run([0.0] * 30, 25.0), run([10.0] * 10, 24.0)])
    assert (both.p5_ms, both.median_ms, both.p95_ms, both.n) == (0.0, 0.0, 10.0, 40)
    assert (both.lost_audio_ms, both.missing_flashes, both.fps) == (40.0, 2, 24.5)
    assert both.sound_buffer_ms == 30.0 and "offsets_ms" not in both.as_dict()
    assert pooled([run([], 0.0)]).p95_ms is None
