"""Asks an NVIDIA card for its name and its memory."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from .report import Figure

QUERY = ("name", "driver_version", "memory.total", "memory.used")

ERRORS = (OSError, subprocess.SubprocessError, ValueError, IndexError)
"""Of a machine without a card, a driver or an answer."""


@dataclass(frozen=True, slots=True)
class Card:
    """The first card that `nvidia-smi` tells of.

    Args:
        name: Of the card.
        driver: Its version.
        memory_mib: All it has.
    """

    name: str
    driver: str
    memory_mib: int

    def figures(self) -> dict[str, Figure]:
        """What it is."""
        return {
            "gpu": self.name,
            "gpu_driver": self.driver,
            "gpu_memory_mib": self.memory_mib,
        }

    def used_mib(self) -> int | None:
        """Memory in use by all processes: one in a container does not see its own share."""
        try:
            return int(_asked()[3])
        except ERRORS:
            return None


def find_card() -> Card | None:
    """The first card, or None where there is none or no driver."""
    try:
        name, driver, total, _ = _asked()
        return Card(name, driver, int(total))
    except ERRORS:
        return None


def _asked() -> list[str]:
    command = ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    return [field.strip() for field in done.stdout.splitlines()[0].split(",")]
