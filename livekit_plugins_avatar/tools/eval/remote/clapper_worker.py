"""A worker whose face is the clapper: its flashes belong to the beeps that an agent sends.

`python -m livekit_plugins_avatar.tools.eval.remote.clapper_worker NAME PORT SECONDS`. It prints
`LAG` and a number for each beep: by how many samples the first bright frame begins after it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ....pipeline import Pipeline
from ....remote.job import FaceJob
from ....remote.listener import AgentsMemory
from ....remote.worker import WorkerOptions
from ....render.renderer import Frames, Moment
from ..clapper import Clapper, ClapperRenderer
from .small_worker import READY, SmallFace, serve

LAG = "the flash begins later by "


class TellingClapper(ClapperRenderer):
    """Prints how its flashes lie to the beeps: the agent, who makes the sound, cannot know on which
    frames it will fall."""

    def render(self, moments: Sequence[Moment]) -> Frames:
        known = set(self.claps)
        frames = super().render(moments)
        for beep in set(self.claps) - known:
            print(f"{LAG}{self.claps[beep] - beep}", flush=True)
        return frames


@dataclass(frozen=True, slots=True, kw_only=True)
class ClapperOptions(WorkerOptions):
    """Of a worker for agents that send the sound of a clapper of so many seconds."""

    seconds: float

    def pipeline(self, job: FaceJob, memory: AgentsMemory) -> Pipeline:
        renderer = TellingClapper(Clapper(self.seconds))
        pipeline = Pipeline(replace(self.options(job.options), renderer=renderer))
        renderer.runs = pipeline.playout.runs
        return pipeline


def main() -> None:
    """Serve until stopped."""
    name, port, seconds = sys.argv[1:4]
    options = ClapperOptions(name=name, seconds=float(seconds), renderer=SmallFace)
    serve(name, int(port), lambda: print(READY, flush=True), options)


if __name__ == "__main__":
    main()
