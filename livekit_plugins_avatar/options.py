"""What a user may choose: one frozen dataclass, checked when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from .face.style import STYLES, Style, StyleName

Provider = Literal["auto", "tensorrt", "cuda", "cpu"]

Aspect = Literal["square", "wide"]

DEFAULT_PERSONA = "man"

VIDEO_DELAY_S = 0.058
"""How long after its sample has left the audio source a frame is captured.

A browser plays sound later than it shows a picture: the sound waits longer in the jitter buffer
and then in the audio device; by how much longer depends on the line and on the receiver.
Calibrated in Chromium: with 45 ms the median of picture minus sound is nearest to zero on a line
without jitter (`livekit-avatar eval sync`), but over the lines of `eval call` it lies between -30
and +3 ms: 13 ms more put the middle of that at zero.
"""


BITS_PER_PIXEL_S = 1.15
"""What the video track may take for each pixel: 301 kbit/s for 512x512, at which the face arrives
with a PSNR of 47.5 dB (at 450 kbit/s 48.7 dB; above 40 nobody sees a difference). An encoder takes
all that it is given: here 1.6 packets for a frame, at 450 kbit/s 2.0, and a frame is late whenever
one of them is lost. A whole picture gets seven times a picture's share, 11 kB: three, for people
who ask at once, pass a line of 1 Mbit/s one after the other. At 223 kbit/s (46.6 dB, 1.2 packets)
a picture that comes after a pause waits for its turn for more than a tenth of a second."""

LEAST_BITRATE_BPS, MOST_BITRATE_BPS = 100_000, 1_500_000
"""However small the picture: an encoder that has less leaves frames out. However large: what is
added to a face is still background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AvatarOptions:
    """How an avatar looks and behaves.

    Args:
        persona: A built-in persona's name, or the path of a persona file.
        frame: What of the persona is shown: "square", or "wide": the same picture in the middle of
            a 16:9 one, for meeting tiles. Not every persona has it.
        provider: Where the persona runs: "tensorrt", "cuda", "cpu", or "auto", the first of those
            that works here.
        render_threads: CPU threads that drawing may take, 1 to 16. One leaves the voice pipeline
            its cores.
        frames_ahead: How many frames are drawn ahead of the playhead, 1 to 30: how long a stall
            of the renderer nobody sees, against how much is drawn twice when plans change.
        video_delay_s: How long after its sample left the audio source a frame is captured, 0 to
            0.5 s. The default suits browsers; `livekit-avatar eval sync` measures it.
        video_bitrate_bps: The most that the video track may take, 100 kbit/s to 20 Mbit/s; None is
            what a face of the picture's size needs, 301 kbit/s for 512x512.
        style: How lively the face is: "off" (still and polite, and still blinks and breathes),
            "calm", "natural" or "lively", or a `Style` of your own.
        seed: What makes this face's blinks and glances its own, 0 to 2^32 - 1; the same seed gives
            the same.

    Raises:
        ValueError: An option is out of range; the message names it and the range.
    """

    persona: str | Path = DEFAULT_PERSONA
    frame: Aspect = "square"
    provider: Provider = "auto"
    render_threads: int = 1
    frames_ahead: int = 6
    video_delay_s: float = VIDEO_DELAY_S
    video_bitrate_bps: int | None = None
    style: StyleName | Style = "natural"
    seed: int = 0

    @property
    def resolved_style(self) -> Style:
        """The style's factors."""
        return self.style if isinstance(self.style, Style) else STYLES[self.style]

    def bitrate_bps(self, size: tuple[int, int]) -> int:
        """The most that the video track may take for pictures of this width and height."""
        if self.video_bitrate_bps is not None:
            return self.video_bitrate_bps
        wanted_bps = round(BITS_PER_PIXEL_S * size[0] * size[1])
        return min(MOST_BITRATE_BPS, max(LEAST_BITRATE_BPS, wanted_bps))

    def __post_init__(self) -> None:
        self._check_name("frame", get_args(Aspect))
        self._check_name("provider", get_args(Provider))
        if not isinstance(self.style, Style):
            self._check_name("style", get_args(StyleName))
        self._check("render_threads", 1, 16)
        self._check("frames_ahead", 1, 30)
        self._check("video_delay_s", 0.0, 0.5)
        if self.video_bitrate_bps is not None:
            self._check("video_bitrate_bps", LEAST_BITRATE_BPS, 20_000_000)
        self._check("seed", 0, 2**32 - 1)

    def _check_name(self, name: str, known: Sequence[str]) -> None:
        if getattr(self, name) not in known:
            names = ", ".join(map(repr, known))
            raise ValueError(f"{name} is one of {names}, got {getattr(self, name)!r}")

    def _check(self, name: str, least: float, most: float) -> None:
        value: Any = getattr(self, name)
        if not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"{name} lies between {least} and {most}, got {value!r}")
