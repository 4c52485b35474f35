"""The shape of the package: small files, short functions, imports without circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1] / "livekit_plugins_avatar"
PACKAGE = ROOT.name

ROOT_FILES = 8
FILE_LINES = 350
FUNCTION_LINES = 50


def product_files() -> list[Path]:
    """The package's files without its tools."""
    return [file for file in sorted(ROOT.rglob("*.py")) if "tools" not in file.parts]


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file with their lengths in lines, docstrings included."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


@pytest.fixture(scope="module")
def imports() -> list[tuple[str, str]]:
    """Which module imports which, within the package."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    return [
        (importer, imported)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    ]


def circle(edges: list[tuple[str, str]]) -> list[str]:
    """The nodes that lie on a circle, or between two; empty where there is none."""
    left = set(edges)
    while True:
        sources, targets = {a for a, _ in left}, {b for _, b in left}
        kept = {(a, b) for a, b in left if a in targets and b in sources}
        if kept == left:
            return sorted({a for a, _ in left})
        left = kept


def siblings(importer: str, imported: str) -> tuple[str, tuple[str, str]]:
    """The folder that holds both modules, and what of it needs what."""
    first, second = importer.split("."), imported.split(".")
    depth = next(
        (at for at, (one, other) in enumerate(zip(first, second, strict=False)) if one != other),
        min(len(first), len(second)),
    )
    own = [[*parts, "__init__"][depth] for parts in (first, second)]
    return ".".join(first[:depth]), (own[0], own[1])


def test_the_root_is_small() -> None:
    """The package's root has few files, so that a newcomer sees the rooms."""
    assert len(list(ROOT.glob("*.py"))) <= ROOT_FILES


def test_product_files_are_short() -> None:
    """No file of the product is longer than a few screens."""
    lengths = {file: len(file.read_text().splitlines()) for file in product_files()}
    assert not {str(file): length for file, length in lengths.items() if length > FILE_LINES}


def test_functions_fit_the_eye() -> None:
    """No function of the package is longer than a screen."""
    assert not [
        f"{file.relative_to(ROOT)}: {name} has {length} lines"
        for file in sorted(ROOT.rglob("*.py"))
        for name, length in functions(file)
        if length > FUNCTION_LINES
    ]


def test_files_import_without_circles(imports: list[tuple[str, str]]) -> None:
    """No file needs itself by way of others."""
    assert not circle(imports)


def test_folders_import_without_circles(imports: list[tuple[str, str]]) -> None:
    """Within each folder, no file or folder needs another that needs it."""
    within: dict[str, list[tuple[str, str]]] = {}
    for importer, imported in imports:
        folder, needs = siblings(importer, imported)
        within.setdefault(folder, []).append(needs)
    assert not {folder: found for folder, edges in within.items() if (found := circle(edges))}
