"""The package as users get it: from a wheel, an sdist or a checkout, found and silent."""

from __future__ import annotations

import email
import os
import re
import runpy
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from livekit_plugins_avatar.render.persona import BUILT_IN

ROOT = Path(__file__).parents[1]

IMPORT_QUIETLY = """
import logging, sys, threading
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
handlers = list(logging.getLogger().handlers)
from livekit.plugins import avatar
from livekit.agents import Plugin
assert threading.active_count() == 1, threading.enumerate()
assert not [name for name in opened if name.endswith(".onnx")], opened
assert logging.getLogger().handlers == handlers
assert "onnxruntime" not in sys.modules, "a preloaded worker must not load what may touch a GPU"
[plugin] = [each for each in Plugin.registered_plugins if each.package == "livekit.plugins.avatar"]
plugin.download_files()
avatar.AvatarSession()
print(avatar.__file__)
"""

PREWARM = """
from livekit.plugins import avatar
avatar.prewarm(persona="sketch")
"""


def run_python(code: str, *paths: Path, home: Path | None = None) -> str:
    """Run code in a fresh interpreter that finds the package in `paths` first.

    Args:
        code: What is run.
        paths: Where modules are looked for first.
        home: A home directory of its own, of a user whose machine says nothing of telemetry.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    if home is not None:
        told = ("CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "PYTEST_CURRENT_TEST")
        environment = {name: value for name, value in environment.items() if name not in told}
        environment["HOME"] = str(home)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=paths[0] if paths else ROOT.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def test_a_checkout_imports_quietly_and_registers_the_plugin() -> None:
    assert run_python(IMPORT_QUIETLY).startswith(str(ROOT))


def test_onnx_runtime_keeps_nothing_about_the_machine(tmp_path: Path) -> None:
    """It writes an identifier where it is to report to its maker, and waits for that at its end."""
    run_python(PREWARM, ROOT, home=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_wheel_imports_quietly_and_carries_the_personas(built: Path, tmp_path: Path) -> None:
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    assert run_python(IMPORT_QUIETLY, tmp_path).startswith(str(tmp_path))
    for package in ("livekit_plugins_avatar", "livekit/plugins/avatar"):
        assert (tmp_path / package / "py.typed").is_file(), package
    for name in (*BUILT_IN.values(), "emotion/lexicon.txt"):
        assert (tmp_path / "livekit_plugins_avatar/resources" / name).is_file()
    assert not (tmp_path / "livekit/__init__.py").exists(), "livekit is a namespace package"
    assert not (tmp_path / "livekit/plugins/__init__.py").exists()


def test_a_wheel_carries_all_notices_and_little_else(built: Path) -> None:
    """Licence and notices are in it, at most 25 MB, and no test, example or picture of the docs."""
    [wheel] = built.glob("*.whl")
    assert wheel.stat().st_size <= 25_000_000
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith(".dist-info/METADATA")]
        described = email.message_from_bytes(archive.read(metadata))
        [notices] = [name for name in names if name.endswith("licenses/THIRD_PARTY_NOTICES.md")]
        assert b"CARNEGIE MELLON" in archive.read(notices)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    folders = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert folders == {"livekit", "livekit_plugins_avatar"}
    assert described["Description-Content-Type"] == "text/markdown"
    assert "Typing :: Typed" in described.get_all("Classifier", [])


def test_no_way_to_install_it_brings_two_onnx_runtimes(built: Path) -> None:
    """Two overwrite each other's files: the base install has one, and no extra the other."""
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        wanted = email.message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", [])
    names = [Requirement(each).name for each in wanted]
    assert [name for name in names if name.startswith("onnxruntime")] == ["onnxruntime"]


def test_a_release_has_native_code_for_each_machine() -> None:
    """`scripts/build` makes a wheel for each target of `scripts/native.py`, and one for others."""
    targets = runpy.run_path(str(ROOT / "scripts/native.py"))["TARGETS"]
    [built] = re.findall(r"for target in (.*); do", (ROOT / "scripts/build").read_text())
    assert built.split() == [*targets, "none"]


def test_links_of_the_readme_hold_on_the_package_index() -> None:
    """Relative links become addresses of the repository; others stay."""
    path = ROOT / "scripts/metadata.py"
    names = runpy.run_path(str(path))
    text = "![a](docs/hello.webp) [b](docs/index.md#see-it) [c](https://x.org) [d](#top)"
    assert names["with_absolute_links"](text, "https://host/me") == (
        "![a](https://host/me/raw/main/docs/hello.webp) "
        "[b](https://host/me/blob/main/docs/index.md#see-it) [c](https://x.org) [d](#top)"
    )


def test_an_sdist_carries_what_builds_the_wheel(built: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {
        "pyproject.toml",
        "LICENSE",
        "livekit/plugins/avatar/__init__.py",
        "livekit_plugins_avatar/resources/caller.onnx",
        "livekit_plugins_avatar/resources/man.onnx",
        "livekit_plugins_avatar/resources/sketch.onnx",
        "livekit_plugins_avatar/resources/filmed-man.onnx",
        "livekit_plugins_avatar/resources/woman.onnx",
        "web/package.json",
    } <= names


def test_the_worker_downloads_and_preloads_it_like_any_plugin() -> None:
    """`download-files` and the forkserver import plugins by the name that they registered."""
    code = """
from livekit.plugins import avatar
from livekit.agents import Plugin
import importlib
for plugin in Plugin.registered_plugins:
    importlib.import_module(plugin.package)
    plugin.download_files()
print(sorted(plugin.package for plugin in Plugin.registered_plugins))
"""
    assert "livekit.plugins.avatar" in run_python(code)
