"""Pictures are cropped by rows to make the encoder send a keyframe."""

from __future__ import annotations

import numpy as np

from livekit_plugins_avatar.publish.video_source import planes


def test_a_cropped_picture_lacks_its_last_rows_in_all_three_planes() -> None:
    """Two rows of luma are one row of each chroma plane."""
    luma = np.arange(64, dtype=np.uint8).reshape(8, 8)
    chroma = np.arange(100, 132, dtype=np.uint8).reshape(2, 4, 4)
    picture = np.concatenate([luma, chroma.reshape(4, 8)])
    expected = luma[:6].tobytes() + chroma[0, :3].tobytes() + chroma[1, :3].tobytes()
    memory = picture.tobytes()
    parts = planes(8, 8, 6)
    assert b"".join(memory[start : start + size] for start, _, size in parts) == expected
    assert [stride for _, stride, _ in parts] == [8, 4, 4]


def test_a_whole_picture_is_captured_as_it_lies() -> None:
    """Nothing is left out of it."""
    assert planes(8, 4, 4) == [(0, 8, 32), (32, 4, 8), (40, 4, 8)]
