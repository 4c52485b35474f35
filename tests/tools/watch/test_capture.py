"""What a viewer's page sends to disk becomes a recording, with frames and sound at their times."""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from livekit_plugins_avatar.timeline import SAMPLE_RATE
from livekit_plugins_avatar.tools.watch import captured
from livekit_plugins_avatar.tools.watch.capture import Capture, frames_of
from livekit_plugins_avatar.tools.watch.others import speaking
from livekit_plugins_avatar.tools.watch.recording import Recording, RecordingError

RATE = 48_000
BLOCK = 480
STEP = 3_000
"""90 kHz: 30 frames a second."""

SHADES = tuple(range(30, 230, 10))


def coded(shades: tuple[int, ...] = SHADES) -> list[tuple[bool, bytes]]:
    """Frames of one shade each, as VP8."""
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width = encoder.height = 64
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 30)
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"}
    packets = []
    for at, shade in enumerate(shades):
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade, np.uint8), "rgb24")
        frame.pts = at
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [(packet.is_keyframe, bytes(packet)) for packet in packets]


class Page:
    """Writes what a page would send."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, Any] = {
            "frames": [],
            "blocks": [],
            "events": [],
            "latency": [20.0],
            "dropped": 0,
        }
        self.sounds: dict[int, bytes] = {}
        self.codecs = {0: "video/VP8"}

    def show(self, frames: list[tuple[bool, bytes]], *, stream: int = 0, rtp: int = 90) -> None:
        """Every frame is received; it is displayed 50 ms after it was due, from 1 s on."""
        with Capture(self.folder) as capture:
            for at, (key, data) in enumerate(frames):
                now = (rtp + STEP * at) % (1 << 32)
                capture.keep_frame(struct.pack("<III", stream, now, key) + data)
                self.rows["frames"].append([1050 + 1e3 * at / 30, -1, at, now, stream])

    def speak(self, sound: list[float], *, track: int = 0, from_ms: float = 1000.0) -> None:
        """Sound that reaches its track from a time on."""
        pcm = np.rint(32_767 * np.array(sound)).astype("<i2")
        for at in range(0, len(pcm), BLOCK):
            due = from_ms + 1e3 * at / RATE
            jitter = 0.4 * (-1) ** (at // BLOCK)
            row = [due + 0.3, 7e5 + due + jitter, BLOCK, -1, 0, RATE, track, 0.1]
            self.rows["blocks"].append(row)
        self.sounds[track] = self.sounds.get(track, b"") + pcm.tobytes()

    def read(self) -> Recording:
        lines = [json.dumps({"stream": n, "codec": each}) for n, each in self.codecs.items()]
        (self.folder / "rows.jsonl").write_text("\n".join([*lines, json.dumps(self.rows)]))
        for track, sound in self.sounds.items():
            (self.folder / f"sound-{track}.s16").write_bytes(sound)
        return captured.read(self.folder, "page")


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(tmp_path)


def shades(recording: Recording) -> list[int]:
    return [round(float(picture.mean())) for picture in recording.frames()]


def test_each_displayed_frame_has_its_picture_and_time(page: Page) -> None:
    page.show(coded())
    page.speak([0.0] * RATE)
    recording = page.read()
    assert np.abs(np.subtract(shades(recording), SHADES)).max() <= 4
    # Sound is heard 20 ms after it reached its track, a picture 50 ms after that.
    np.testing.assert_allclose(
        recording.times_s - recording.sound_began_s, 0.03 + np.arange(len(SHADES)) / 30, atol=1e-3
    )


def test_frames_that_were_displayed_while_the_page_was_busy_are_found(page: Page) -> None:
    page.show(coded())
    page.speak([0.0] * RATE)
    del page.rows["frames"][3:7]
    recording = page.read()
    assert np.abs(np.subtract(shades(recording), SHADES)).max() <= 4
    np.testing.assert_allclose(np.diff(recording.times_s), 1 / 30, atol=1e-3)


def test_frames_that_were_received_and_not_displayed_are_left_out(page: Page) -> None:
    page.show(coded())
    page.speak([0.0] * RATE)
    del page.rows["frames"][3:7]
    for row in page.rows["frames"][3:]:
        row[2] -= 4
    recording = page.read()
    assert len(recording.times_s) == len(SHADES) - 4
    expected = SHADES[:3] + SHADES[7:]
    assert np.abs(np.subtract(shades(recording), expected)).max() <= 4


def test_frames_may_arrive_out_of_order_and_their_timestamps_may_wrap(page: Page) -> None:
    frames = coded()
    page.show(frames, rtp=(1 << 32) - 5 * STEP)
    path = page.folder / "picture.bin"
    kept, content = list(frames_of(page.folder)), path.read_bytes()
    order = [0, 1, 2, 4, 3, *range(5, len(kept))]
    path.write_bytes(
        b"".join(content[kept[n].offset - 16 : kept[n].offset + kept[n].length] for n in order)
    )
    page.speak([0.0] * RATE)
    assert np.abs(np.subtract(shades(page.read()), SHADES)).max() <= 4


def test_a_track_that_is_published_again_goes_on_in_the_same_recording(page: Page) -> None:
    page.codecs[1] = "video/VP8"
    page.show(coded(SHADES[:10]))
    first = page.rows["frames"]
    page.rows["frames"] = []
    page.show(coded(SHADES[10:]), stream=1, rtp=7)
    again = [[row[0] + 400, *row[1:]] for row in page.rows["frames"]]
    page.rows["frames"] = first + again
    page.speak([0.0] * RATE)
    assert np.abs(np.subtract(shades(page.read()), SHADES)).max() <= 4


def test_sound_lies_where_it_was_heard_and_gaps_are_silent(page: Page) -> None:
    page.show(coded())
    click = [0.0] * 4_800
    click[2_400] = 0.9
    page.speak(click)
    page.speak(click, track=1, from_ms=1500.0)
    recording = page.read()
    loud = np.flatnonzero(np.abs(recording.sound) > 0.3) / SAMPLE_RATE
    assert recording.sound_s == pytest.approx(0.6, abs=0.002)
    assert loud.min() == pytest.approx(0.05, abs=0.002)
    assert loud.max() == pytest.approx(0.55, abs=0.002)
    assert not recording.sound[round(0.15 * SAMPLE_RATE) : round(0.45 * SAMPLE_RATE)].any()


def test_events_have_the_clock_of_the_recording(page: Page) -> None:
    page.show(coded())
    page.speak([0.0] * RATE)
    page.rows["events"] = [[10.0, "joined"], [1520.0, "reconnecting"]]
    ((at_s, what),) = page.read().events
    assert what == "reconnecting"
    assert at_s == pytest.approx(0.5, abs=0.002)


def test_another_participant_speaks_while_it_is_loud() -> None:
    levels = [0.0] * 20 + [0.05] * 30 + [0.0] * 20 + [0.05] * 30 + [0.0] * 60 + [0.05] * 5
    rows = [[1000 + 10 * n, 10 * n, BLOCK, RATE, 3, level] for n, level in enumerate(levels)]
    (span,) = speaking(rows, 1.0)
    np.testing.assert_allclose(span, (0.2, 1.0), atol=0.01)


def test_what_is_missing_is_named(page: Page) -> None:
    page.speak([0.0] * RATE)
    with pytest.raises(RecordingError, match="no picture"):
        page.read()
    page.show(coded())
    page.rows["blocks"] = []
    with pytest.raises(RecordingError, match="no sound"):
        page.read()


def test_an_unknown_codec_is_named(page: Page) -> None:
    page.codecs[0] = "video/XYZ"
    page.show(coded())
    page.speak([0.0] * RATE)
    with pytest.raises(RecordingError, match="XYZ"):
        page.read()


def test_a_recording_that_was_cut_off_in_the_middle_is_read_as_far_as_it_goes(page: Page) -> None:
    page.show(coded())
    page.speak([0.0] * RATE)
    path = page.folder / "picture.bin"
    path.write_bytes(path.read_bytes()[:-3])
    assert len(page.read().times_s) == len(SHADES) - 1
