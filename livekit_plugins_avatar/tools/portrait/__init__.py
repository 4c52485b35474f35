"""Personas from one picture: a photograph or a painting of a face becomes a persona file.

::

    from livekit_plugins_avatar.tools import portrait

    made = portrait.make("me.jpg", right="This is a picture of myself.")
    avatar.AvatarSession(made.save("me.onnx"))

It needs the extra `portrait`, and seconds of a processor: run it off the event loop
(`asyncio.to_thread`), and not in a process that is in a call.
"""

from .persona_file import Behind, PersonaFile, make
from .picture import PictureError

__all__ = ["Behind", "PersonaFile", "PictureError", "make"]
