"""Speech is packed without loss, and what is no packed speech is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest

from livekit_plugins_avatar.remote.packing import (
    FRAME_SAMPLES,
    LENGTH,
    MOST_SAMPLES,
    PackingError,
    pack,
    unpack,
)

MOST_BYTES = 14_900
COUNTS = [0, 1, 15, 16, 4_801, FRAME_SAMPLES, FRAME_SAMPLES + 1, MOST_SAMPLES]


def noise(count: int, level: int = 32_767) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.random.default_rng(count).integers(-level, level, count).astype(np.int16)


def packed(pcm: np.ndarray[tuple[int], np.dtype[np.int16]]) -> bytes:
    return pack(pcm, 1_000_000)[0]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("level", [1, 300, 32_767])
def test_any_speech_comes_back_whole(count: int, level: int) -> None:
    pcm = noise(count, level)
    data, fitting = pack(pcm, 1_000_000)
    assert fitting == count
    assert (unpack(data, count) == pcm).all()


@pytest.mark.parametrize(("level", "frames"), [(32_767, 1), (12, 3), (1, 4)])
def test_as_many_frames_as_fit_are_packed(level: int, frames: int) -> None:
    """Of the loudest noise, one."""
    pcm = noise(MOST_SAMPLES, level)
    data, count = pack(pcm, MOST_BYTES)
    assert (len(data) <= MOST_BYTES, count) == (True, frames * FRAME_SAMPLES)
    assert (unpack(data, count) == pcm[:count]).all()


def test_the_loudest_noise_fits_in_a_message() -> None:
    assert len(packed(noise(FRAME_SAMPLES))) < 14_600


def test_threads_pack_at_the_same_time() -> None:
    """Each gets its own samples back."""
    pieces = [noise(count) for count in range(100, 1_700, 16)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(packed, pieces))
    for pcm, data in zip(pieces, results, strict=True):
        assert (unpack(data, len(pcm)) == pcm).all()


def test_what_is_no_frame_is_refused() -> None:
    whole = packed(noise(99))
    cut = whole[:-1], whole[:1], whole + b"\x00", whole * 2
    for data in (b"", b"\x00", b"fLaC" * 9, bytes(range(200)), whole[2:], *cut):
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
        unpack(LENGTH.pack(packet.size) + bytes(packet), 960)
    with pytest.raises(PackingError, match="1 frames for 7,201 samples"):
        unpack(packed(noise(100)), FRAME_SAMPLES + 1)
