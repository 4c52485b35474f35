"""Names the extra of the package that brings a missing module, and fetches it under `uvx`.

Without it a user of the base install gets a traceback about a module they never asked for.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

PACKAGE = "livekit-plugins-avatar"

FETCHED = "LIVEKIT_AVATAR_FETCHED"
"""Environment variable: the extras for which `uvx` was asked again, so that each is asked for once.
"""


class MissingExtra(RuntimeError):
    """Something needs an extra of the package that is not installed."""

    def __init__(self, extra: str, message: str) -> None:
        super().__init__(message)
        self.extra = extra


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
            extra,
            f"{what} needs the module {error.name}, which is not installed: "
            f"pip install '{PACKAGE}[{extra}]'",
        ) from error


def run_again_with(extra: str, command: Sequence[str]) -> None:
    """Under `uvx`, run this command again with an extra, and those that it has been run again with;
    elsewhere, or the second time, return.

    `uvx` makes an environment for one command, which nothing can be installed into.
    """
    uv = os.environ.get("UV")
    fetched = [each for each in os.environ.get(FETCHED, "").split(",") if each]
    if not uv or "archive-v0" not in Path(sys.prefix).parts or extra in fetched:
        return
    extras = ",".join([*fetched, extra])
    print(f"  fetching what this command needs ({PACKAGE}[{extras}]) ...", file=sys.stderr)
    source = f"{PACKAGE}[{extras}]{_origin()}"
    words = [uv, "tool", "run", "--from", source, "livekit-avatar", *command]
    os.execve(uv, words, {**os.environ, FETCHED: extras})


def _origin() -> str:
    """Where this package was installed from: the address of a wheel, or the index."""
    installed = metadata.distribution(PACKAGE)
    address = installed.read_text("direct_url.json")
    return f" @ {json.loads(address)['url']}" if address else f"=={installed.version}"
