"""A persona drawn by ONNX Runtime.

In flow moments, out flow the pictures that the persona's model makes of them, on TensorRT, CUDA or
the CPU, whichever was asked for and works. It takes few threads and none that spin, so that the
voice pipeline beside it keeps its cores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnxruntime as ort

from ..face.state import INDEX
from ..log import logger
from ..options import Provider
from .persona import Persona
from .renderer import Frames, Moment

PROVIDERS: Mapping[Provider, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""ONNX Runtime's names, best first."""


class OnnxRenderer:
    """Draws a persona.

    Args:
        persona: What to draw.
        provider: Where; "auto" takes the first of `PROVIDERS` that works here.
        threads: CPU threads that one frame may take, at least 1.

    Attributes:
        provider: Where it is drawn.
    """

    def __init__(self, persona: Persona, *, provider: Provider = "auto", threads: int = 1) -> None:
        self._persona = persona
        self._columns = np.array([INDEX[name] for name in persona.parameters])
        self._session: ort.InferenceSession | None = None
        self.provider: Provider = "cpu"
        for candidate in self._candidates(provider):
            try:
                self._session = _open(persona, PROVIDERS[candidate], threads)
                self._warm_up()
            except Exception as error:
                if candidate == "cpu":
                    raise
                logger.warning("%s cannot draw the face (%s): trying the next", candidate, error)
                continue
            self.provider = candidate
            break

    def _candidates(self, provider: Provider) -> list[Provider]:
        """What to try, in order; the CPU always comes last, because it always works."""
        here = ort.get_available_providers()
        wanted: list[Provider] = list(PROVIDERS) if provider == "auto" else [provider]
        candidates = [each for each in wanted if PROVIDERS[each] in here]
        if provider not in ("auto", *candidates):
            logger.warning(
                "the face is drawn on the CPU: this ONNX Runtime has no %s; "
                "install livekit-plugins-avatar[gpu]",
                provider,
            )
        return [each for each in candidates if each != "cpu"] + ["cpu"]

    def _warm_up(self) -> None:
        neutral = np.array([self._persona.neutral], np.float32)
        self._run(neutral)

    def _run(self, face: np.ndarray) -> Frames:
        if self._session is None:
            raise RuntimeError("the renderer is closed")
        frames: Frames = self._session.run(["i420"], {"face": face})[0]
        return frames

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._persona.size

    @property
    def fps(self) -> int:
        """Frames a second."""
        return self._persona.fps

    def render(self, moments: Sequence[Moment]) -> Frames:
        """One picture per moment."""
        faces = np.stack([moment.value.values for moment in moments])
        return self._run(faces[:, self._columns])

    def close(self) -> None:
        """Let go of the model; any number of times."""
        self._session = None


def _open(persona: Persona, provider: str, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    session = ort.InferenceSession(persona.path, options, providers=[provider])
    if provider not in session.get_providers():
        raise RuntimeError(f"{provider} did not load")
    return session
