"""A face for any LiveKit voice agent.

::

    from livekit.plugins import avatar

    face = avatar.AvatarSession()
    await face.start(session, room=ctx.room)   # before session.start

Importing registers the plugin: no model is opened, no thread started. It also keeps ONNX Runtime
from reporting its use to its maker, unless the environment says otherwise.
"""

import os
from pathlib import Path

# Read once, as ONNX Runtime is imported. From 1.29 on it keeps an identifier of the machine, and a
# process that ends waits for its last report: for 10 s and more where a firewall drops it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from livekit.agents import JobProcess, Plugin

from .agent.room import AvatarError
from .emotion.estimate import EmotionClassifier, EmotionEstimate
from .face.state import FaceState
from .face.status import AvatarStatus
from .face.style import Style, StyleName
from .log import logger
from .options import DEFAULT_PERSONA
from .publish.tracks import VideoCodec
from .render.background import Background
from .render.framing import Resolution
from .render.persona import Aspect, Device, PersonaError
from .render.renderer import Frames, Moment, Renderer
from .session import AvatarSession
from .speech.recognizer import Recognizer, RecognizerStream
from .speech.visemes import VisemeEvent
from .telemetry import AvatarStats
from .version import __version__

__all__ = [
    "Aspect",
    "AvatarError",
    "AvatarSession",
    "AvatarStats",
    "AvatarStatus",
    "Background",
    "Device",
    "EmotionClassifier",
    "EmotionEstimate",
    "FaceState",
    "Frames",
    "Moment",
    "PersonaError",
    "Recognizer",
    "RecognizerStream",
    "Renderer",
    "Resolution",
    "Style",
    "StyleName",
    "VideoCodec",
    "VisemeEvent",
    "__version__",
    "prewarm",
]


def prewarm(
    proc: JobProcess | None = None,
    *,
    persona: str | Path = DEFAULT_PERSONA,
    device: Device = "auto",
    aspect: Aspect = "square",
    background: Background | None = None,
    render_threads: int = 1,
    shared_renderer: bool | None = None,
) -> None:
    """Load the models before a job arrives; all avatars of this process then share them.

    It fits `AgentServer.setup_fnc`: `server.setup_fnc = avatar.prewarm`.

    Args:
        proc: The process, as the framework passes it; not used.
        persona, device, aspect, background, render_threads, shared_renderer: As for
            `AvatarSession`.

    Raises:
        PersonaError: There is no such persona, or its file does not fit.
    """
    # Imported here, so that importing the package loads nothing that may touch a GPU.
    from .render.opening import warm
    from .speech.recognizer import built_in

    built_in()
    warm(
        persona,
        device=device,
        threads=render_threads,
        aspect=aspect,
        background=background,
        shared=shared_renderer,
    )


Plugin.register_plugin(
    Plugin("livekit.plugins.avatar", __version__, "livekit.plugins.avatar", logger)
)
