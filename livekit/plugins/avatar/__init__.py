"""`livekit_plugins_avatar` under the name where LiveKit users look for plugins."""

from livekit_plugins_avatar import *  # noqa: F403
from livekit_plugins_avatar import __all__ as __all__
from livekit_plugins_avatar import __version__ as __version__
