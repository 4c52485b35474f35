"""Adds to a build's metadata the README and the project's addresses.

Where the environment has PROJECT_URL, as in the release workflow, links and pictures of the README
become absolute: the package index has no files beside it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

RELATIVE = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")
PICTURES = (".png", ".webp", ".gif")


def with_absolute_links(markdown: str, project: str) -> str:
    """Point relative links of the README at the repository `project`."""

    def absolute(link: re.Match[str]) -> str:
        mark, text, target = link.groups()
        kind = "raw" if target.endswith(PICTURES) else "blob"
        return f"{mark}[{text}]({project}/{kind}/main/{target})"

    return RELATIVE.sub(absolute, markdown)


class Readme(MetadataHookInterface):
    """Called by hatchling."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add `readme` and `urls`."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        project = os.environ.get("PROJECT_URL", "").rstrip("/")
        metadata["urls"] = {}
        if project:
            text = with_absolute_links(text, project)
            metadata["urls"] = {
                "Homepage": project,
                "Documentation": f"{project}/blob/main/docs/index.md",
                "Changelog": f"{project}/blob/main/CHANGELOG.md",
                "Issues": f"{project}/issues",
            }
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
