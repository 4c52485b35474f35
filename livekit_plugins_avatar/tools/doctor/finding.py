"""What the doctor finds: one sentence about one thing, and the remedy where it is not well."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["ok", "note", "problem"]
"""Well; missing, and needed for some uses only; or what keeps an avatar from working."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the report.

    Args:
        part: What was looked at, as a noun.
        state: How it is.
        found: What was found there.
        remedy: What the reader can do; empty where all is well.
    """

    part: str
    state: State
    found: str
    remedy: str = ""

    @property
    def text(self) -> str:
        """One line, or two with a remedy."""
        line = f"{self.state:<9}{self.part:<24}{self.found}"
        return f"{line}\n{'':<33}-> {self.remedy}" if self.remedy else line

    def as_dict(self) -> dict[str, str]:
        """Ready for JSON."""
        return asdict(self)


def ok(part: str, found: str) -> Finding:
    """All is well."""
    return Finding(part, "ok", found)


def note(part: str, found: str, remedy: str) -> Finding:
    """Only some uses need it."""
    return Finding(part, "note", found, remedy)


def problem(part: str, found: str, remedy: str) -> Finding:
    """An avatar does not work so."""
    return Finding(part, "problem", found, remedy)
