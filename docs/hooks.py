"""Points links that leave `docs/` at the repository, for the site: they are files of a checkout."""

from __future__ import annotations

import os
import re

OUTSIDE = re.compile(r"\]\(\.\./([^)]+)\)")


def on_page_markdown(markdown: str, **_: object) -> str:
    """Make links to files beside `docs/` absolute, or plain text where PROJECT_URL is not set."""
    project = os.environ.get("PROJECT_URL", "")
    if project:
        return OUTSIDE.sub(rf"]({project}/blob/main/\1)", markdown)
    return re.sub(r"\[([^\]]+)\]\(\.\./[^)]+\)", r"\1", markdown)
