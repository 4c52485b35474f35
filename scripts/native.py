"""Compiles the native code of a build, `render/*.c`, with the C compiler of Zig's package.

For this machine, or for the one that NATIVE_TARGET names (a key of `TARGETS`, as `scripts/build`
sets it); with "none" the wheel has no native code. An editable install has it beside its source.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("livekit_plugins_avatar/render")
SOURCES = ("compositor.c", "sampler.c")

FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O3", "-g0", "-s", "-shared", "-fPIC"]

# Every 64-bit x86 processor since 2009; the code looks for wider vectors itself. Those of 2009 take
# such vectors in halves, which costs later ones a seventh.
X86 = "-mcpu=x86_64_v2-slow_unaligned_mem_32"


class Target(NamedTuple):
    """A kind of machine: Zig's name, the library's, what more the compiler is told, the wheel's."""

    triple: str
    library: str
    flags: tuple[str, ...]
    tag: str


TARGETS = {
    "linux-x86_64": Target(
        "x86_64-linux-gnu",
        "libnative.so",
        # It calls no library, so that glibc and musl both do.
        (X86, "-nostdlib"),
        "manylinux_2_17_x86_64.musllinux_1_1_x86_64",
    ),
    "linux-aarch64": Target(
        "aarch64-linux-gnu",
        "libnative.so",
        ("-nostdlib",),
        "manylinux_2_17_aarch64.musllinux_1_1_aarch64",
    ),
    "darwin-x86_64": Target(
        "x86_64-macos.11.0", "libnative.dylib", (X86, "-nostdlib"), "macosx_11_0_x86_64"
    ),
    "darwin-arm64": Target(
        "aarch64-macos.11.0", "libnative.dylib", ("-nostdlib",), "macosx_11_0_arm64"
    ),
    "win32-amd64": Target("x86_64-windows-gnu", "libnative.dll", (X86,), "win_amd64"),
}


class Native(BuildHookInterface):  # type: ignore[misc]
    """Called by hatchling."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and put the library into the wheel; a wheel without it is for all machines."""
        here = f"{sys.platform}-{platform.machine().lower()}"
        target = TARGETS.get(os.environ.get("NATIVE_TARGET") or here)
        if target is None or importlib.util.find_spec("ziglang") is None:
            return
        root = Path(self.root)
        if version == "editable":
            compile_for(target, root, root / FOLDER / target.library)
            return
        self._folder = tempfile.TemporaryDirectory()
        library = Path(self._folder.name) / target.library
        compile_for(target, root, library)
        build_data["force_include"][str(library)] = str(FOLDER / target.library)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{target.tag}"


def compile_for(target: Target, root: Path, library: Path) -> None:
    """Compile the library; CalledProcessError, if it does not compile."""
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target.triple]
    sources = [str(root / FOLDER / name) for name in SOURCES]
    subprocess.run([*command, *FLAGS, *target.flags, "-o", str(library), *sources], check=True)
