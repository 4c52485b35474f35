"""Names the extra of the package that brings a missing module.

Without it a user of the base install gets a traceback about a module they never asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

PACKAGE = "livekit-plugins-avatar"


class MissingExtra(RuntimeError):
    """Something needs an extra of the package that is not installed."""


@contextmanager
def needs(extra: str, what: str) -> Iterator[None]:
    """Turn a failed import in the block into `MissingExtra`.

    Args:
        extra: Name of the extra that brings the modules.
        what: What needs it, as the subject of a sentence: "the demo".
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"{what} needs the module {error.name}, which is not installed: "
            f"pip install '{PACKAGE}[{extra}]'"
        ) from error
