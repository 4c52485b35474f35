"""Avatars that are used and closed at the wrong time leave nothing behind."""

from __future__ import annotations

from .places import Place, Simulated
from .stress import stress


async def test_scenes_in_a_simulated_room() -> None:
    """`python -m tests.lifecycle N --real` plays more of them, on a server."""

    async def make(viewer: bool) -> Place:
        return Simulated(viewer=viewer)

    for result in await stress(make, 2):
        assert not result.failures, result
        assert max(result.close_s) < 2.5
