"""What the page wrote down becomes a recording; what is missing is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livekit_plugins_avatar.tools.eval.viewer import Viewer, ViewerError, recording_of

RATE = 48_000


def rows(arrival_delays_ms: list[float]) -> dict[str, Any]:
    """A page that got blocks of 10 ms, stamped evenly by another clock, with some delay."""
    blocks = [
        [1_000.0 + 10 * n + delay, 700_000.0 + 10 * n, 480, 96 if n == 2 else -1, 0, RATE, 0, 0.1]
        for n, delay in enumerate(arrival_delays_ms)
    ]
    return {
        "frames": [[1_000.0, 60, 1, 0, 0], [1_040.0, 255, 2, 3_600, 0]],
        "blocks": blocks,
        "sound_stats": [[1_000, 0.0, 0, 480], [1_015, 20.0, 480, 960], [1_030, 50.0, 1_480, 1_440]],
        "picture_stats": [[1_000, 0.0, 0, 0], [1_030, 0.016, 2, 0]],
        "counted": {"picture": ["framesDecoded", "nackCount"], "sound": ["packetsLost"]},
        "picture_counts": [[1_000, 1, 0], [1_250, 7, 2]],
        "sound_counts": [[1_000, 0], [1_250, 3]],
        "latency": [0.0, 32.0, 32.0],
        "origin": 1_000_000.0,
    }


def test_the_delay_of_the_page_in_reading_a_block_is_taken_out() -> None:
    recording = recording_of(rows([0.3, 5.3, 0.2, 11.2, 2.0]))
    expected_s = 1.0002 + 0.01 * np.arange(5)
    np.testing.assert_allclose(recording.reached_s, expected_s, atol=1e-9)


def test_the_place_in_its_block_is_where_a_beep_begins() -> None:
    recording = recording_of(rows([0.0, 0.0, 0.0, 0.0]))
    assert recording.onset_s[2] == pytest.approx(96 / RATE)
    assert np.isnan(np.delete(recording.onset_s, 2)).all()


def test_only_sound_made_up_from_the_first_beep_to_the_end_counts() -> None:
    page = rows([0.0] * 4)
    page["sound_stats"].append([1_100, 90.0, 2_480, 9_999])
    assert recording_of(page).concealed_s == pytest.approx(480 / RATE)


def test_the_time_in_the_jitter_buffers_is_their_mean_since_the_first_beep() -> None:
    recording = recording_of(rows([0.0] * 4))
    assert recording.sound_buffer_s == pytest.approx(0.030)
    assert recording.picture_buffer_s == pytest.approx(0.008)


def test_the_latency_of_an_output_that_has_not_begun_is_left_out() -> None:
    assert recording_of(rows([0.0] * 4)).output_latency_s == pytest.approx(0.032)


def test_a_track_that_is_published_anew_has_timestamps_of_its_own() -> None:
    page = rows([0.0] * 4)
    page["blocks"] += [[1_100.0 + 10 * n, 5.0 + 10 * n, 480, -1, 0, RATE, 1, 0.1] for n in range(3)]
    np.testing.assert_allclose(recording_of(page).reached_s[4:], [1.1, 1.11, 1.12], atol=1e-9)


def test_sound_that_was_made_up_is_dated_and_counted_anew_on_a_new_track() -> None:
    page = rows([0.0] * 4)
    page["sound_stats"].append([1_100, 0.0, 0, 96])
    recording = recording_of(page)
    np.testing.assert_allclose(
        recording.made_up_s, [[1.015, 0.01], [1.03, 0.01], [1.1, 0.0]], atol=1e-9
    )
    assert recording.origin_s == 1_000.0


async def test_a_page_that_was_not_built_is_an_error_that_names_the_remedy(tmp_path: Path) -> None:
    viewer = Viewer("ws://127.0.0.1:1", "token", page_folder=tmp_path, browser_path=tmp_path)
    with pytest.raises(ViewerError, match="npm run build"):
        async with viewer:
            pass


def test_what_the_receivers_count_is_dated() -> None:
    recording = recording_of(rows([0.0] * 4))
    assert recording.seen.around(1.0, 1.25) == {"framesDecoded": 6, "nackCount": 2}
    assert recording.heard.around(1.0, 1.25) == {"packetsLost": 3}
