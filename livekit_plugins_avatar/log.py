"""The package's logger; applications decide where it goes."""

import logging

logger = logging.getLogger("livekit.plugins.avatar")
