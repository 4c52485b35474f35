"""Finds or installs the browser for the check and the browser tests: Chromium or Chrome.

The demo itself needs none: visitors open the page in their own.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import cache

PART = "a browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = (Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),)
DEBIAN_PACKAGE = "chromium"
REMEDY = "Install Chromium or Chrome so that it is on PATH (Debian: apt-get install chromium)."
FLAGS = (
    "--autoplay-policy=no-user-gesture-required",
    "--disable-dev-shm-usage",
    "--use-fake-ui-for-media-stream",
    # ICE candidates carry addresses, not .local names, which nothing resolves here.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
"""Lets a headless browser play sound and use a microphone without a person."""


def flags() -> list[str]:
    """The flags for this user: a browser's sandbox cannot start as root."""
    return [*FLAGS, "--no-sandbox"] if _is_root() else [*FLAGS]


def find() -> Path | None:
    """The browser that is already here, or None."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    return next((path for path in APPLICATIONS if path.exists()), None)


def provide() -> Path:
    """The browser, installed from Debian's packages where this user may do that.

    Raises:
        cache.Missing: There is none and it could not be installed.
    """
    return find() or _install()


def _install() -> Path:
    apt = shutil.which("apt-get")
    if apt is None or not _is_root():
        raise cache.Missing(PART, reason="none is on PATH", remedy=REMEDY)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with cache.step("installing Debian's chromium (about half a minute, once)"):
        cache.run([apt, "-qq", "update"], part=PART, remedy=REMEDY, env=quiet)
        cache.run(
            [apt, "-qq", "install", "--yes", "--no-install-recommends", DEBIAN_PACKAGE],
            part=PART,
            remedy=REMEDY,
            env=quiet,
        )
    found = find()
    if found is None:
        raise cache.Missing(PART, reason=f"{DEBIAN_PACKAGE} brought no program", remedy=REMEDY)
    return found


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
