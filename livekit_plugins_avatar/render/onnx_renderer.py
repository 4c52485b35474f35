"""A persona drawn by ONNX Runtime.

In flow moments; out flow pictures, a whole batch in one run. The provider is chosen once, at the
start: where a GPU cannot be had the CPU draws, and the log says so once. All work is done on the
caller's thread and as many more as `threads` says; none of them spins, because a voice pipeline
shares the processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime

from ..face.state import PARAMETERS
from ..log import logger
from .persona import Persona
from .renderer import Frames, Moment

PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""ONNX Runtime's names for ours, the fastest first."""


class OnnxRenderer:
    """Draws one persona. Fits `Renderer`.

    Args:
        persona: From `load_persona`.
        provider: "tensorrt", "cuda", "cpu", or "auto": the first of them that works here.
        threads: CPU threads for drawing, at least 1.

    Raises:
        ValueError: An unknown provider, or fewer threads than one.
    """

    def __init__(self, persona: Persona, *, provider: str = "auto", threads: int = 1) -> None:
        if threads < 1:
            raise ValueError(f"a renderer needs at least 1 thread, got {threads}")
        self.persona = persona
        self._columns = np.array(persona.columns)
        self._session, self.provider = _open(persona, _candidates(provider), threads)
        # The first run plans memory and wakes the device: nobody should be waiting for it.
        self._draw(np.array([persona.neutral], np.float32))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.persona.size

    @property
    def fps(self) -> int:
        """Frames a second that the persona is made for."""
        return self.persona.fps

    def render(self, moments: Sequence[Moment]) -> Frames:
        """Draw one picture per moment, in order.

        Raises:
            RuntimeError: The renderer has been closed.
        """
        if not moments:
            width, height = self.size
            return np.empty((0, height * 3 // 2, width), np.uint8)
        faces = np.empty((len(moments), len(PARAMETERS)), np.float32)
        for row, moment in zip(faces, moments, strict=True):
            row[:] = moment.value.values
        return self._draw(faces[:, self._columns])

    def close(self) -> None:
        """Let go of the model and its memory; again is no harm."""
        self._session = None

    def _draw(self, faces: np.ndarray[Any, np.dtype[np.float32]]) -> Frames:
        if self._session is None:
            raise RuntimeError("this renderer has been closed: make a new one")
        # Without I/O binding: a picture of 0.4 MB is read by the CPU in any case.
        frames: Frames = self._session.run(["i420"], {"face": faces})[0]
        return frames


def _candidates(provider: str) -> list[str]:
    """What to try, in order; the CPU comes last whatever is asked for."""
    if provider != "auto" and provider not in PROVIDERS:
        names = ", ".join(map(repr, ("auto", *PROVIDERS)))
        raise ValueError(f"there is no provider {provider!r}: use one of {names}")
    built_in = onnxruntime.get_available_providers()
    if provider == "auto":
        return [name for name, theirs in PROVIDERS.items() if theirs in built_in]
    if PROVIDERS[provider] not in built_in:
        logger.warning(
            "the CPU draws: the installed ONNX Runtime is built without %s; "
            "pip install 'livekit-plugins-avatar[gpu]'",
            provider,
        )
        return ["cpu"]
    return [provider] if provider == "cpu" else [provider, "cpu"]


def _open(persona: Persona, candidates: list[str], threads: int) -> tuple[Any, str]:
    """A session and the name of the provider that it runs on."""
    options = _session_options(threads)
    failures: list[str] = []
    for name in candidates:
        try:
            session = onnxruntime.InferenceSession(
                str(persona.path), options, providers=_with_fallbacks(name)
            )
        except Exception as error:
            if name == candidates[-1]:
                raise
            failures.append(f"{name}: {str(error).splitlines()[0]}")
            continue
        # ONNX Runtime may quietly go on without the provider that it was asked for.
        if session.get_providers()[0] == PROVIDERS[name]:
            if failures:
                logger.warning(
                    "the persona %s is drawn on %s, because better was not to be had (%s)",
                    persona.name,
                    name,
                    "; ".join(failures),
                )
            return session, name
        failures.append(f"{name}: ONNX Runtime could not start it")
    raise RuntimeError(f"no provider draws the persona {persona.name} ({'; '.join(failures)})")


def _with_fallbacks(name: str) -> list[str]:
    """A provider, and those that take the nodes which it does not know."""
    built_in = onnxruntime.get_available_providers()
    ordered = list(PROVIDERS)
    return [
        PROVIDERS[other] for other in ordered[ordered.index(name) :] if PROVIDERS[other] in built_in
    ]


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options
