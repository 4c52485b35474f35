"""`python -m tests.lifecycle N`: each scene N times; with `--real` on a LiveKit server."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import nullcontext

from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.server import LiveKitServer, livekit_server

from .places import Place, Real, Simulated
from .stress import settled_handles, stress

WARM_UP_RUNS = 2
"""The SDK opens handles that it keeps."""

SPARE_HANDLES = 8
"""How many more may be open at the end than after warming up: the SDK's threads come and go."""


def main() -> int:
    """Print a line for each scene and each failure; 0 where there was none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=int, help="how often each scene is played")
    parser.add_argument("--real", action="store_true", help="on a LiveKit server")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with livekit_server(server_binary.provide()) if args.real else nullcontext() as server:
        return asyncio.run(report(server, args.runs, args.seed))


async def report(server: LiveKitServer | None, runs: int, seed: int) -> int:
    async def make(viewer: bool) -> Place:
        if server is None:
            return Simulated(viewer=viewer)
        return await Real.join(server, viewer=viewer)

    await stress(make, WARM_UP_RUNS, seed=-1)
    before = await settled_handles()
    results = await stress(make, runs, seed=seed)
    more = await settled_handles() - before
    print(f"{'scene':32}  runs  failed  longest aclose")
    for result in results:
        print(result)
        for failure in result.failures:
            print(f"    {failure}")
    print(f"file handles: {before} before, {more:+} after")
    return int(any(result.failures for result in results) or more > SPARE_HANDLES)


if __name__ == "__main__":
    sys.exit(main())
