"""Recordings are read with the times that their container gives."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from livekit_plugins_avatar.timeline import SAMPLE_RATE
from livekit_plugins_avatar.tools.watch.recording import RecordingError, open_file

SIZE = 64
CLICK_S = 0.5


def film(path: Path, times_s: list[float], *, codecs: tuple[str, str], rate: int) -> None:
    """Frames at these times, each brighter than the one before, and a click at `CLICK_S`."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codecs[0], 50)
        video.width = video.height = SIZE
        video.pix_fmt = "yuv420p"
        audio = container.add_stream(codecs[1], rate, layout="mono")
        for number, at_s in enumerate(times_s):
            picture = np.full((SIZE, SIZE, 3), 20 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(1000 * at_s), Fraction(1, 1000)
            container.mux(video.encode(frame))
        sound = np.zeros((1, rate), np.float32)
        sound[0, round(CLICK_S * rate) :][: rate // 100] = 0.9
        for start in range(0, rate, 960):
            heard = av.AudioFrame.from_ndarray(sound[:, start : start + 960], "flt", "mono")
            heard.sample_rate, heard.pts = rate, start
            heard.time_base = Fraction(1, rate)
            container.mux(audio.encode(heard))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


@pytest.mark.parametrize(
    ("name", "codecs"), [("film.mp4", ("libx264", "aac")), ("film.webm", ("libvpx", "libopus"))]
)
def test_times_are_those_of_the_container(
    name: str, codecs: tuple[str, str], tmp_path: Path
) -> None:
    """Frames of varying length keep their times, and a click is heard where it was."""
    times_s = [0.0, 0.04, 0.08, 0.2, 0.5, 0.54, 0.9]
    film(tmp_path / name, times_s, codecs=codecs, rate=48_000)
    recording = open_file(tmp_path / name)
    np.testing.assert_allclose(recording.times_s, times_s, atol=2e-3)
    brightness = [float(picture.mean()) for picture in recording.frames()]
    assert len(brightness) == len(times_s)
    assert brightness == sorted(brightness)
    loud = np.flatnonzero(np.abs(recording.sound) > 0.3)[0]
    assert recording.sound_began_s + loud / SAMPLE_RATE == pytest.approx(CLICK_S, abs=2e-3)


def test_a_file_that_is_no_film_is_named(tmp_path: Path) -> None:
    """The message has the file."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no film")
    with pytest.raises(RecordingError, match=r"film\.mp4"):
        open_file(path)
