"""Checks the arguments of an avatar, all of them before anything is opened."""

from __future__ import annotations

import math
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from .emotion.estimate import EmotionClassifier
from .face.style import STYLES, Style, StyleName
from .publish.tracks import Video, VideoCodec
from .render.background import Background, check, check_persona, is_picture, with_background
from .render.framing import Resolution, framed
from .render.mark import checked
from .render.persona import BUILT_IN, Aspect, Device, Persona, PersonaError
from .render.prerenderer import frame_period
from .render.rate import AtRate
from .render.renderer import Renderer
from .speech.recognizer import Recognizer

DEFAULT_PERSONA = "man"

VIDEO_DELAY_S = 0.058
"""A browser plays sound later than it shows video: sound waits longer in the jitter buffer and then
in the audio device. 45 ms cancels the median difference in Chromium on a link without jitter
(`livekit-avatar eval sync`); over the links of `eval call` 13 ms more do."""

AHEAD_S = 0.2
"""So much of the face is drawn ahead, which hides stalls of the renderer that are as long."""

BITS_PER_PIXEL_S = 1.15
"""301 kbit/s for 512x512, a PSNR of 47.5 dB. More bits are more packets, any of which, if lost,
makes a frame late. Less, and a keyframe after a pause waits in the pacer for more than 0.1 s."""

LEAST_BITRATE_BPS, MOST_BITRATE_BPS = 100_000, 1_500_000
"""An encoder with less drops frames; beyond a certain size what is added is background."""

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".bmp", ".tiff", ".gif")
"""How the names of pictures end: files that are given as a persona by mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The checked arguments of `AvatarSession`, which documents them and what they raise."""

    persona: str | Path = DEFAULT_PERSONA
    aspect: Aspect = "square"
    resolution: Resolution | None = None
    fps: int | None = None
    mark: str | None = None
    background: Background | None = None
    style: StyleName | Style = "natural"
    device: Device = "auto"
    video_codec: VideoCodec = "vp8"
    video_bitrate_bps: int | None = None
    constant_size: bool = False
    video_delay_s: float = VIDEO_DELAY_S
    frames_ahead: int | None = None
    render_threads: int = 1
    shared_renderer: bool | None = None
    seed: int = 0
    renderer: Renderer | None = None
    recognizer: Recognizer | None = None
    emotion_classifier: EmotionClassifier | None = None
    face_store: MutableMapping[str, str] | str | Path | None = None
    worker: str | None = None

    @property
    def resolved_style(self) -> Style:
        """The factors of the style."""
        return self.style if isinstance(self.style, Style) else STYLES[self.style]

    def load_persona(self) -> Persona:
        """The persona, before the background that is asked for."""
        persona = Persona.load(self.persona)
        if self.background is None:
            return persona
        return with_background(persona, self.background, self.aspect)

    def open_renderer(self) -> Renderer:
        """Open the persona; the renderer is the caller's to close."""
        # Imported here, so that importing the package loads nothing that may touch a GPU.
        from .render.opening import open_renderer

        renderer = open_renderer(
            self.load_persona(),
            device=self.device,
            threads=self.render_threads,
            aspect=self.aspect,
            shared=self.shared_renderer,
        )
        return self.framed(renderer)

    def framed(self, renderer: Renderer) -> Renderer:
        """A renderer with the aspect, the resolution, the mark and the rate asked for."""
        mark = checked(self.mark) if self.mark is not None else None
        fitting = framed(renderer, self.aspect, self.resolution, mark)
        return fitting if self.fps is None else AtRate(fitting, self.fps)

    def describe(self, renderer: Renderer | None) -> str:
        """What a renderer draws and where, in one line."""
        if renderer is None:
            return "no face"
        persona = getattr(renderer, "persona", None)
        own = getattr(renderer, "renderer", renderer)
        name = type(own).__name__ if persona is None else persona.name
        (width, height), device = renderer.size, getattr(renderer, "device", "its own device")
        rate = f"{width}x{height}, {renderer.fps} frames a second"
        return f"{name}, {rate}, {self.video_codec}, drawn on {device}"

    def video(self, renderer: Renderer | None) -> Video | None:
        """How a renderer's pictures are published."""
        if renderer is None:
            return None
        bitrate_bps = self.bitrate_bps(renderer.size)
        codec, constant_size = self.video_codec, self.constant_size
        return Video(renderer.size, renderer.fps, bitrate_bps, codec, constant_size)

    def bitrate_bps(self, size: tuple[int, int]) -> int:
        """The most that video of this width and height may take."""
        if self.video_bitrate_bps is not None:
            return self.video_bitrate_bps
        wanted_bps = round(BITS_PER_PIXEL_S * size[0] * size[1])
        return min(MOST_BITRATE_BPS, max(LEAST_BITRATE_BPS, wanted_bps))

    def ahead(self, renderer: Renderer | None) -> int:
        """How many samples a renderer is ahead of the playhead: whole frames; 0 without one."""
        if renderer is None:
            return 0
        frames = self.frames_ahead or max(2, math.ceil(AHEAD_S * renderer.fps))
        return frames * frame_period(renderer.fps)

    def __post_init__(self) -> None:
        self._check_worker()
        self._check_persona()
        self._check_name("aspect", get_args(Aspect))
        if self.resolution is not None:
            self._check_name("resolution", get_args(Resolution))
        if self.mark is not None:
            if not isinstance(self.mark, str):
                raise TypeError(f"mark is a short text or None, got {self.mark!r}")
            checked(self.mark)
        self._check_name("device", get_args(Device))
        self._check_name("video_codec", get_args(VideoCodec))
        if not isinstance(self.style, Style):
            self._check_name("style", get_args(StyleName))
        self._check("render_threads", int, 1, 16)
        if self.frames_ahead is not None:
            self._check("frames_ahead", int, 1, 30)
        self._check("video_delay_s", (int, float), 0.0, 0.5)
        if self.video_bitrate_bps is not None:
            self._check("video_bitrate_bps", int, LEAST_BITRATE_BPS, 20_000_000)
        self._check("seed", int, 0, 2**32 - 1)
        self._check_rate()
        if not isinstance(self.constant_size, bool):
            raise TypeError(f"constant_size is a bool, got {self.constant_size!r}")
        if not isinstance(self.shared_renderer, bool | None):
            raise TypeError(f"shared_renderer is a bool or None, got {self.shared_renderer!r}")
        self._check_renderer()
        self._check_background()
        self._check_has("recognizer", "stream", "lookahead_samples")
        self._check_has("emotion_classifier", "classify", "aclose")
        if not isinstance(self.face_store, str | Path | MutableMapping | None):
            raise TypeError(
                "face_store is a path or a mapping of strings, "
                f"got {type(self.face_store).__name__}"
            )

    def _check_worker(self) -> None:
        if self.worker is None:
            return
        if not isinstance(self.worker, str):
            raise TypeError(f"worker is a name, got {self.worker!r}")
        if not self.worker:
            raise ValueError("worker is the name of the workers to dispatch, got ''")
        here = ("renderer", "recognizer", "emotion_classifier", "face_store", "shared_renderer")
        for name in here:
            if getattr(self, name) is not None:
                raise TypeError(f"{name} runs in the worker's process: leave it out with worker")

    def _check_persona(self) -> None:
        if not isinstance(self.persona, str | Path):
            raise TypeError(
                f"persona is a name or the path of a file, got {type(self.persona).__name__}"
            )
        if self.worker is not None:
            if not isinstance(self.persona, str):
                raise TypeError(f"persona is a name that the worker knows, got {self.persona!r}")
            return
        if self.persona in BUILT_IN:
            return
        path, names = Path(self.persona), ", ".join(map(repr, BUILT_IN))
        if not path.is_file():
            raise PersonaError(
                f"there is no persona file {path}: give the path of an .onnx file or a built-in "
                f"name ({names})"
            )
        if path.suffix.lower() in PICTURE_SUFFIXES:
            raise PersonaError(
                f"{path} is a picture: make a persona of it with `livekit-avatar persona {path} "
                f"-o {path.stem}.onnx`, and give that"
            )

    def _check_rate(self) -> None:
        if self.fps is None:
            return
        self._check("fps", int, 10, 60)
        frame_period(self.fps)
        if self.renderer is not None:
            raise TypeError("fps is for a persona: leave it out with renderer, which has its own")

    def _check_background(self) -> None:
        background = self.background
        if background is None:
            return
        known = isinstance(background, str | Path)
        if self.worker is not None and known and is_picture(background):
            raise TypeError(
                "background is a colour or 'blur' with worker, which has no file of this machine, "
                f"got {background!r}"
            )
        check(background)
        if self.renderer is not None:
            raise TypeError("background is for a persona: leave it out with renderer")
        if self.worker is None:
            check_persona(Persona.load(self.persona))

    def _check_name(self, name: str, known: Sequence[str]) -> None:
        value = getattr(self, name)
        if value not in known:
            error = ValueError if isinstance(value, str) else TypeError
            raise error(f"{name} is one of {', '.join(map(repr, known))}, got {value!r}")

    def _check(self, name: str, kind: Any, least: float, most: float) -> None:
        value: Any = getattr(self, name)
        if not isinstance(value, kind) or isinstance(value, bool):
            what = "a whole number" if kind is int else "a number"
            raise TypeError(f"{name} is {what} between {least} and {most}, got {value!r}")
        if not least <= value <= most:
            raise ValueError(f"{name} lies between {least} and {most}, got {value!r}")

    def _check_has(self, name: str, *members: str) -> None:
        value = getattr(self, name)
        if isinstance(value, type):
            raise TypeError(f"{name} is an object, got the class {value.__name__}: call it")
        missing = [member for member in members if not hasattr(value, member)]
        if value is not None and missing:
            raise TypeError(
                f"{name} needs {', '.join(missing)}, which {type(value).__name__} lacks"
            )

    def _check_renderer(self) -> None:
        self._check_has("renderer", "size", "fps", "render", "close")
        if self.renderer is None:
            return
        size, fps = self.renderer.size, self.renderer.fps
        if not isinstance(fps, int):
            raise TypeError(f"a renderer's fps is a whole number, got {fps!r}")
        pair = isinstance(size, Sequence) and len(size) == 2
        if not pair or not all(isinstance(side, int) for side in size):
            raise TypeError(f"a renderer's size is its width and height in pixels, got {size!r}")
        frame_period(fps)
        width, height = size
        if width < 2 or height < 4 or width % 2 or height % 4:
            raise ValueError(
                f"a renderer's width is even and its height a multiple of 4, got {width}x{height}"
            )
