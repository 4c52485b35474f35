"""Avatars that are used and closed at the wrong time leave nothing behind."""

from __future__ import annotations

import pytest

from .batches import play_batch
from .places import Place, Simulated
from .scenes import CRASH, SCENES, Scene
from .stress import Result, stress

RUNS = 2


@pytest.mark.parametrize("scene", [scene for scene in SCENES if not scene.forgets], ids=str)
async def test_scenes_in_a_simulated_room(scene: Scene) -> None:
    """`python -m tests.lifecycle N --real` plays more of them, on a server."""

    async def make(viewer: bool) -> Place:
        return Simulated(viewer=viewer)

    result = Result(scene.name)
    await stress(make, scene, range(RUNS), on_event=result.take)
    assert result.ended == RUNS and not result.failures
    assert max(result.close_s, default=0.0) < 2.5


def test_a_process_that_crashes_is_told() -> None:
    """With what each of its runs did, and which run was the last."""
    result = Result("crash")
    begun = play_batch(None, CRASH, [3, 4], 0, result)
    assert begun == 4 and not result.ended
    assert result.crashes == ["SIGSEGV at run 3: say, run 4: say"]
