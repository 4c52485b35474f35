"""A worker of small faces, so that ten of them fit beside a server and viewers on two cores.

Each face is 64x64 at 10 frames a second and shows only whether the mouth is open.
`python -m livekit_plugins_avatar.tools.eval.remote.small_worker NAME PORT`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import numpy as np
from livekit.agents import cli
from numpy.typing import NDArray

from ....remote.worker import WorkerOptions, make_server
from ....render.renderer import Moment

SIZE = 64
FPS = 10
READY = "the small worker is ready"
DRAIN_S = 60
MOST_ROOMS = 12
"""A worker with so many is full: one of ten rooms that takes those of the other is not."""


class SmallFace:
    """A renderer whose picture is as bright as the mouth is open."""

    size = (SIZE, SIZE)
    fps = FPS

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        frames = np.full((len(moments), SIZE * 3 // 2, SIZE), 128, np.uint8)
        for frame, moment in zip(frames, moments, strict=True):
            frame[:SIZE] = 60 + round(150 * min(1.0, max(0.0, moment.value["jawOpen"])))
        return frames

    def close(self) -> None:
        pass


def main() -> None:
    """Serve until stopped."""
    serve(sys.argv[1], int(sys.argv[2]), lambda: print(READY, flush=True))


def serve(
    name: str,
    port: int,
    on_ready: Callable[[], object],
    options: WorkerOptions | None = None,
) -> None:
    """Serve until stopped; `on_ready` is called once the server knows this worker."""
    options = options or WorkerOptions(name=name, renderer=SmallFace)
    server = make_server(
        options,
        host="127.0.0.1",
        port=port,
        threads=True,
        # Workers share the rooms, whatever else the machine does.
        load_of=lambda rooms: rooms / MOST_ROOMS,
        drain_timeout_s=DRAIN_S,
        num_idle_processes=1,
    )
    server.on("worker_registered", lambda *_: on_ready())
    sys.argv = [sys.argv[0], "start"]
    cli.run_app(server)


if __name__ == "__main__":
    main()
