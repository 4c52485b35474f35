"""Keeps the log of LiveKit's SDK out of Python, in the processes of a worker.

The SDK of livekit 1.1.21 writes every line, down to those of its network libraries, hands each to
Python, and leaves most of them out there: a tenth of what a room costs. Its own logger writes the
warnings to standard error instead. It can go once the SDK takes a level.
"""

from __future__ import annotations

import os

from livekit.rtc import _ffi_client, version

from ..log import logger

LEVEL = "RUST_LOG"
"""Of the SDK's own logger; read once."""


def keep_out() -> None:
    """Let the SDK write its own log, from `RUST_LOG` on; before the first room, or later."""
    os.environ.setdefault(LEVEL, "warn")
    try:
        _ffi_client.FfiClient.instance._ffi_lib.livekit_ffi_initialize(
            _ffi_client.ffi_event_callback, False, b"python", version.__version__.encode()
        )
    except AttributeError as error:
        logger.debug("worker: the SDK's log goes on as before", extra={"error": repr(error)})
