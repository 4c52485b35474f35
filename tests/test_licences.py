"""The licences of what the wheel carries, and of all that the base install brings."""

from __future__ import annotations

import re
from email import message_from_string
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]

PERMISSIVE = re.compile(
    r"apache|bsd|\bmit\b|isc|psf|python software foundation|mpl|mozilla public|unlicense"
    r"|public domain|zlib|hpnd|cnri",
    re.IGNORECASE,
)
"""Licences that let users ship a product of their own; MPL-2.0 covers its own files alone."""

COPYLEFT = re.compile(r"\b(a?gpl|lgpl)\b|general public", re.IGNORECASE)


def licence_of(package: Distribution) -> str:
    """What a package's metadata says of its licence."""
    metadata = message_from_string(package.read_text("METADATA") or "")
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    stated = metadata.get("License-Expression") or metadata.get("License") or ""
    return " ".join([stated.partition("\n")[0], *classifiers])


def base_install() -> dict[str, Distribution]:
    """The packages that `pip install livekit-plugins-avatar` brings, by name."""
    found: dict[str, Distribution] = {}
    waiting = [("livekit-plugins-avatar", frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # Wanted on another system, or by an extra.
        found[name] = package
        for text in package.requires or []:
            requirement = Requirement(text)
            marker = requirement.marker
            wanted = marker is None or any(
                marker.evaluate({"extra": extra}) for extra in (extras or {""})
            )
            if wanted and requirement.name not in found:
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return found


def test_the_base_install_is_permissively_licensed() -> None:
    """Every dependency of the base install has a licence that lets users ship what they like."""
    packages = base_install()
    assert len(packages) > 10, "the dependencies were not found"
    for name, package in packages.items():
        licence = licence_of(package)
        assert PERMISSIVE.search(licence), f"{name}: {licence or 'no licence in its metadata'}"
        assert not COPYLEFT.search(licence), f"{name}: {licence}"


def test_notices_name_what_the_wheel_carries() -> None:
    """The dictionary's notice is in the wheel word for word, as its licence asks."""
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text()
    card = (ROOT / "models/pronunciations/CARD.md").read_text()
    licence = card.partition("## Licence of the dictionary")[2].strip()
    assert "Carnegie Mellon" in licence and licence in notices


def test_every_pin_has_a_hash() -> None:
    """What the commands install is verified, file by file."""
    for name in ("constraints.txt", "scripts/uv.txt"):
        pins = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
        assert pins and all("==" in pin and "--hash=sha256:" in pin for pin in pins), name


def test_workflows_pin_actions_and_ask_for_little() -> None:
    """Each action is pinned to a commit, and no workflow has more permissions than it names."""
    workflows = list((ROOT / ".github/workflows").glob("*.yml"))
    assert workflows
    for workflow in workflows:
        text = workflow.read_text()
        assert re.search(r"^permissions:", text, re.MULTILINE), workflow.name
        for used in re.findall(r"uses: (\S+)", text):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"{workflow.name}: {used}"
