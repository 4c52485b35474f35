"""A film has its pictures and its sound, each at its time."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples
from livekit_plugins_avatar.tools.film.movie import MovieError, write
from livekit_plugins_avatar.tools.i420 import luma
from livekit_plugins_avatar.tools.sound import read

FPS = 25


def pictures(levels: list[int]) -> list[NDArray[np.uint8]]:
    """Grey ones of 64x64."""
    frames = [np.full((96, 64), 128, np.uint8) for _ in levels]
    for frame, level in zip(frames, levels, strict=True):
        luma(frame)[:] = level
    return frames


def noise(length_s: float) -> Pcm:
    """Bursts of noise, unlike any shift of themselves."""
    chance = np.random.default_rng(5)
    smooth = np.convolve(chance.normal(size=samples(length_s)), np.hanning(48), "same")
    pcm: Pcm = np.rint(8000 * smooth / np.abs(smooth).max()).astype(np.int16)
    return pcm


def shown(path: Path) -> list[tuple[float, int]]:
    """When each picture is shown, in seconds, and how bright it is."""
    with av.open(str(path)) as container:
        return [
            (float(frame.pts * frame.time_base), round(float(luma(frame.to_ndarray()).mean())))
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def test_pictures(tmp_path: Path) -> None:
    """Every picture is shown at its time."""
    levels = [30, 200, 30, 90, 150, 210, 60, 60, 120, 180]
    path = tmp_path / "film.mp4"
    write(path, pictures(levels), noise(0.4), size=(64, 64), fps=FPS)
    seen = shown(path)
    assert [time_s for time_s, _ in seen] == pytest.approx([n / FPS for n in range(10)])
    assert [level for _, level in seen] == pytest.approx(levels, abs=2)


def test_sound(tmp_path: Path) -> None:
    """The sound has its time, and silence follows until the last picture."""
    sound, path = noise(0.93), tmp_path / "film.mp4"
    write(path, pictures([100] * 25), sound, size=(64, 64), fps=FPS)
    heard = read(path).astype(float)
    assert len(heard) == pytest.approx(SAMPLE_RATE, abs=1024)
    lags = range(-480, 481, 4)
    middle = slice(10_000, 40_000)
    scores = [np.corrcoef(heard[10_000 + lag : 40_000 + lag], sound[middle])[0, 1] for lag in lags]
    assert abs(lags[int(np.argmax(scores))]) <= 8
    assert max(scores) > 0.9
    assert np.abs(heard[samples(0.96) :]).max() < 300


def test_colours(tmp_path: Path) -> None:
    """The file names its colour space."""
    path = tmp_path / "film.mp4"
    write(path, pictures([100]), noise(0.04), size=(64, 64), fps=FPS)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_range, context.pix_fmt) == (6, 1, "yuv420p")


def test_same_file(tmp_path: Path) -> None:
    """The same film gives the same file."""
    for name in ("one.mp4", "two.mp4"):
        write(tmp_path / name, pictures([30, 90, 200]), noise(0.12), size=(64, 64), fps=FPS)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


@pytest.mark.parametrize("name", ["film.xyz", "nowhere/film.mp4", "film.webm"])
def test_wrong_name(tmp_path: Path, name: str) -> None:
    """A name that no film can have is refused."""
    with pytest.raises(MovieError, match=r"cannot be written.*use a name like film\.mp4"):
        write(tmp_path / name, pictures([30]), noise(0.04), size=(64, 64), fps=FPS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_full_disk(tmp_path: Path) -> None:
    """A full disk is named."""
    path = tmp_path / "film.mp4"
    path.symlink_to("/dev/full")
    with pytest.raises(
        MovieError, match=r"film\.mp4 (breaks off|cannot be written).*No space left"
    ):
        write(path, pictures([30, 60] * 50), noise(4.0), size=(64, 64), fps=FPS)
