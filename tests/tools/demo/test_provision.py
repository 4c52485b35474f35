"""What the demo needs is found where it is, and missed with a remedy where it is not."""

from __future__ import annotations

import os
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


def test_everything_fetched_lies_in_one_folder_of_the_users_cache(tmp_path: Path) -> None:
    assert cache.folder("bin") == tmp_path / "cache" / "livekit-avatar" / "bin"


def test_a_server_on_path_is_preferred_to_one_that_was_built(empty_machine: Path) -> None:
    assert server_binary.find() is None
    built = put(cache.folder("bin") / f"livekit-server-{server_binary.VERSION}")
    assert server_binary.find() == built
    installed = put(empty_machine / "livekit-server")
    assert server_binary.find() == installed


def test_go_builds_the_server_into_the_cache_once_and_leaves_no_workshop(
    empty_machine: Path, tmp_path: Path
) -> None:
    count = tmp_path / "builds"
    put(
        empty_machine / "go",
        f'/bin/mkdir -p "$GOBIN"; echo "$@" >> {count}; echo made > "$GOBIN/server"',
    )
    built = server_binary.provide()
    assert built.read_text() == "made\n" and built.parent == cache.folder("bin")
    assert server_binary.provide() == built
    assert count.read_text() == f"install {server_binary.MODULE}@{server_binary.VERSION}\n"
    assert sorted(p.name for p in cache.folder().iterdir()) == ["bin"]


def test_a_build_that_fails_names_the_part_and_the_remedy_and_shows_why(
    empty_machine: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    put(empty_machine / "go", "echo module not found; exit 3")
    with pytest.raises(cache.Missing, match=r"the LiveKit server is missing: `go` ended with 3"):
        server_binary.provide()
    assert "module not found" in capfd.readouterr().err


def test_without_uv_and_pip_nothing_can_be_fetched_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(cache.Missing, match=r"neither uv nor pip.*Install uv"):
        packages.installed("a-package==1", part="a part", remedy="Get it.")


def test_a_browser_is_found_by_any_of_its_names(empty_machine: Path) -> None:
    chrome = put(empty_machine / "google-chrome")
    assert browser.find() == chrome
    chromium = put(empty_machine / "chromium")
    assert browser.find() == chromium


def test_without_a_browser_and_the_right_to_install_one_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
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


def test_a_built_page_is_taken_until_its_sources_change(checkout: Path) -> None:
    assert page.find() == checkout / "built"
    later_s = (checkout / "built/index.html").stat().st_mtime + 10
    os.utime(checkout / "web/src/page.ts", (later_s, later_s))
    assert page.find() is None


def test_an_installed_page_needs_no_sources(checkout: Path, tmp_path: Path) -> None:
    page.SOURCES.rename(tmp_path / "elsewhere")
    assert page.find() == page.BUILT


def test_without_page_and_sources_the_remedy_is_to_reinstall(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(page, "SOURCES", tmp_path / "none")
    monkeypatch.setattr(page, "BUILT", tmp_path / "none")
    with pytest.raises(cache.Missing, match=r"the demo's page is missing.*Reinstall"):
        page.provide()


def test_a_missing_module_is_answered_with_the_extra_that_brings_it() -> None:
    with (
        pytest.raises(
            MissingExtra, match=r"the demo needs the module no_such_module.*avatar\[demo\]'"
        ),
        needs("demo", "the demo"),
    ):
        __import__("no_such_module")


def test_an_error_inside_a_module_that_is_there_stays_what_it_is() -> None:
    with pytest.raises(ImportError, match="cannot import name"), needs("demo", "the demo"):
        raise ImportError("cannot import name 'x' from 'y'")
