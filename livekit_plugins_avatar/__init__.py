"""A face for any LiveKit voice agent.

::

    from livekit.plugins import avatar

    face = avatar.AvatarSession()
    await face.start(session, room=ctx.room)   # before session.start

The same names are found under `livekit.plugins.avatar` and here. Importing registers the plugin
and does nothing else: no model is opened, no thread started, no device touched.
"""

from livekit.agents import Plugin

from .face.state import FaceState
from .face.status import AvatarStatus
from .face.style import Style
from .log import logger
from .options import AvatarOptions
from .render.persona import PersonaError
from .render.renderer import Moment, Renderer
from .session import AvatarSession
from .version import __version__

__all__ = [
    "AvatarOptions",
    "AvatarSession",
    "AvatarStatus",
    "FaceState",
    "Moment",
    "PersonaError",
    "Renderer",
    "Style",
    "__version__",
]


class AvatarPlugin(Plugin):
    """What the framework knows of this package."""

    def __init__(self) -> None:
        super().__init__("livekit.plugins.avatar", __version__, "livekit.plugins.avatar", logger)


Plugin.register_plugin(AvatarPlugin())
