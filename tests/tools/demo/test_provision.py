"""The demo's parts are found or installed; a part that cannot be had is named with a remedy."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from livekit_plugins_avatar.tools.demo import browser, cache, packages, page, server_binary
from livekit_plugins_avatar.tools.demo.extras import MissingExtra, needs


@pytest.fixture(autouse=True)
def empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine whose cache and PATH are empty; the folder that is its PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(programs))
    return programs


def put(program: Path, script: str = "exit 0") -> Path:
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_cache_folder(tmp_path: Path) -> None:
    """Everything fetched lies in one folder of the user's cache."""
    assert cache.folder("bin") == tmp_path / "cache" / "livekit-avatar" / "bin"


def test_server_on_path(empty_machine: Path) -> None:
    """A server on PATH is preferred to one that was built."""
    assert server_binary.find() is None
    built = put(cache.folder("bin") / f"livekit-server-{server_binary.VERSION}")
    assert server_binary.find() == built
    installed = put(empty_machine / "livekit-server")
    assert server_binary.find() == installed


def test_build(empty_machine: Path, tmp_path: Path) -> None:
    """Go builds the server into the cache once, and the build folder goes."""
    count = tmp_path / "builds"
    put(
        empty_machine / "go",
        f'/bin/mkdir -p "$GOBIN"; echo "$@" >> {count}; echo made > "$GOBIN/server"',
    )
    built = server_binary.provide()
    assert built.read_text() == "made\n" and built.parent == cache.folder("bin")
    assert server_binary.provide() == built
    assert count.read_text() == f"install {server_binary.MODULE}@{server_binary.VERSION}\n"
    given_up_s = time.monotonic() + 30.0
    while [p.name for p in cache.folder().iterdir()] != ["bin"]:
        assert time.monotonic() < given_up_s, list(cache.folder().iterdir())
        time.sleep(0.05)


def test_failed_build(empty_machine: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A failed build names the part and shows the compiler's output."""
    put(empty_machine / "go", "echo module not found; exit 3")
    with pytest.raises(cache.Missing, match=r"the LiveKit server is missing: `go` ended with 3"):
        server_binary.provide()
    assert "module not found" in capfd.readouterr().err


def test_no_installer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without uv and pip the remedy is to install uv."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(cache.Missing, match=r"neither uv nor pip.*Install uv"):
        packages.installed("a-package==1", part="a part", remedy="Get it.")


def test_browser_on_path(empty_machine: Path) -> None:
    """A browser is found by any of its names."""
    chrome = put(empty_machine / "google-chrome")
    assert browser.find() == chrome
    chromium = put(empty_machine / "chromium")
    assert browser.find() == chromium


def test_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser and the right to install one the remedy is named."""
    monkeypatch.setattr(browser, "APPLICATIONS", ())
    with pytest.raises(cache.Missing, match=r"a browser is missing.*apt-get install chromium"):
        browser.provide()


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout with sources of the page, and the page built from them."""
    monkeypatch.setattr(page, "SOURCES", tmp_path / "web")
    monkeypatch.setattr(page, "BUILT", tmp_path / "built")
    for name in ("web/package.json", "web/src/page.ts", "built/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def test_built_page(checkout: Path) -> None:
    """A built page is used until its sources change."""
    assert page.find() == checkout / "built"
    later_s = (checkout / "built/index.html").stat().st_mtime + 10
    os.utime(checkout / "web/src/page.ts", (later_s, later_s))
    assert page.find() is None


def test_installed_page(checkout: Path, tmp_path: Path) -> None:
    """An installed page needs no sources."""
    page.SOURCES.rename(tmp_path / "elsewhere")
    assert page.find() == page.BUILT


def test_no_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without page and sources the remedy is to reinstall."""
    monkeypatch.setattr(page, "SOURCES", tmp_path / "none")
    monkeypatch.setattr(page, "BUILT", tmp_path / "none")
    with pytest.raises(cache.Missing, match=r"the demo's page is missing.*Reinstall"):
        page.provide()


def test_missing_module() -> None:
    """A missing module names the extra that brings it."""
    with (
        pytest.raises(
            MissingExtra, match=r"the demo needs the module no_such_module.*avatar\[demo\]'"
        ),
        needs("demo", "the demo"),
    ):
        __import__("no_such_module")


def test_other_import_error() -> None:
    """An import error inside a module that is there stays as it is."""
    with pytest.raises(ImportError, match="cannot import name"), needs("demo", "the demo"):
        raise ImportError("cannot import name 'x' from 'y'")
