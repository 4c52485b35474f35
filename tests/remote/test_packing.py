"""Speech is packed without loss, and what is no packed speech is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest

from livekit_plugins_avatar.remote.packing import (
    MOST_SAMPLES,
    SHORT_SAMPLES,
    PackingError,
    pack,
    unpack,
)


def noise(count: int, level: int = 32_767) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.random.default_rng(count).integers(-level, level, count).astype(np.int16)


@pytest.mark.parametrize(
    "count", [0, 1, 15, 16, 4_801, SHORT_SAMPLES, SHORT_SAMPLES + 1, MOST_SAMPLES]
)
@pytest.mark.parametrize("level", [1, 300, 32_767])
def test_any_speech_comes_back_whole(count: int, level: int) -> None:
    pcm = noise(count, level)
    assert (unpack(pack(pcm), count) == pcm).all()


def test_the_loudest_noise_fits_in_a_message() -> None:
    assert len(pack(noise(SHORT_SAMPLES))) < 14_600


def test_threads_pack_at_the_same_time() -> None:
    """Each gets its own samples back."""
    pieces = [noise(count) for count in range(100, 1_700, 16)]
    with ThreadPoolExecutor(8) as pool:
        packed = list(pool.map(pack, pieces))
    for pcm, data in zip(pieces, packed, strict=True):
        assert (unpack(data, len(pcm)) == pcm).all()


def test_what_is_no_frame_is_refused() -> None:
    for data in (b"", b"\x00", b"fLaC" * 9, bytes(range(200)), pack(noise(99)) * 2):
        with pytest.raises(PackingError):
            unpack(data, 99)


def test_another_kind_of_sound_is_refused() -> None:
    """Two channels, or fewer samples than are announced."""
    encoder = av.CodecContext.create("flac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    encoder.options = {"frame_size": "960"}
    frame = av.AudioFrame.from_ndarray(noise(1_920).reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate = 48_000
    [packet] = encoder.encode(frame)
    with pytest.raises(PackingError, match="2 channels"):
        unpack(bytes(packet), 960)
    with pytest.raises(PackingError, match="7,200 samples"):
        unpack(pack(noise(100)), MOST_SAMPLES + 1)
