"""Collects what a check finds: figures for a file, sentences for a person.

The JSON file is written again after every section. A section that fails costs its own figures only.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

Figure = float | int | str | None


def say(line: str = "") -> None:
    """Print a line at once, so that it is seen even where the process is ended."""
    print(line, flush=True)


class Report:
    """The figures so far, what is noteworthy, and what is wrong.

    Args:
        path: Where the figures go; None for nowhere.
        limit_s: After so many seconds optional sections are skipped.
    """

    def __init__(self, path: Path | None, limit_s: float) -> None:
        self.figures: dict[str, Figure] = {}
        self.findings: list[str] = []
        self.failures: list[str] = []
        self._path = path
        self._limit_s = limit_s
        self._began_s = time.perf_counter()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the check began."""
        return time.perf_counter() - self._began_s

    @property
    def late(self) -> bool:
        """Whether the time for optional sections is over."""
        return self.elapsed_s > self._limit_s

    def section(self, title: str, step: Callable[[], None], *, optional: bool = False) -> None:
        """Run one section; an error is a failure, in an optional section a finding."""
        if optional and self.late:
            return self.find(f"{title}: skipped, the time is over")
        began_s = self.elapsed_s
        say(f"== {title}")
        try:
            step()
        except Exception as error:
            traceback.print_exc()
            (self.find if optional else self.fail)(f"{title}: {in_a_line(error)}")
        say(f"== {title}: {self.elapsed_s - began_s:.1f} s")
        self.write()

    def put(self, figures: Mapping[str, Figure]) -> None:
        """Keep figures and print them, one a line."""
        self.figures.update(figures)
        for name, value in figures.items():
            say(f"  {name:<58} {shown(value)}")

    def find(self, sentence: str) -> None:
        """Note a sentence that is no failure."""
        self.findings.append(sentence)
        say(f"  note: {sentence}")

    def fail(self, sentence: str) -> None:
        """Note what is wrong; the command then fails."""
        self.failures.append(sentence)
        say(f"  FAILED: {sentence}")

    def write(self) -> None:
        """Write what there is."""
        if self._path is None:
            return
        said = {"findings": self.findings, "failures": self.failures}
        self._path.write_text(json.dumps({**self.figures, **said}, indent=1) + "\n")


def shown(value: Figure) -> str:
    """A figure for a person."""
    return f"{value:,.3f}" if isinstance(value, float) else str(value)


def in_a_line(error: BaseException) -> str:
    """What an error says, without what follows its first line."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:300]}"
