"""`python -m tests.lifecycle N`: each scene N times; with `--real` on a LiveKit server."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import nullcontext

from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.server import LiveKitServer, livekit_server

from .batches import play_batches
from .scenes import SCENES
from .stress import Result


def main() -> int:
    """Print a line for each failure as it comes and one for each scene; 0 where none failed."""
    names = [scene.name for scene in SCENES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=int, help="how often each scene is played")
    parser.add_argument("--first", type=int, default=0, help="number of the first run")
    parser.add_argument("--real", action="store_true", help="on a LiveKit server")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scene", nargs="+", choices=names, default=names)
    parser.add_argument("--processes", type=int, default=2, help="at the same time")
    args = parser.parse_args()
    with livekit_server(server_binary.provide()) if args.real else nullcontext() as server:
        return asyncio.run(report(server, args))


async def report(server: LiveKitServer | None, args: argparse.Namespace) -> int:
    print(f"{'scene':36}  runs  failed  crashed  longest aclose", flush=True)
    runs = range(args.first, args.first + args.runs)
    slots = asyncio.Semaphore(args.processes)

    async def play(name: str) -> bool:
        [scene] = [each for each in SCENES if each.name == name]
        result = Result(name)
        async with slots:
            await play_batches(server, scene, runs, args.seed, result)
        print(result, flush=True)
        return bool(result.failures or result.crashes)

    return int(any(await asyncio.gather(*map(play, args.scene))))


if __name__ == "__main__":
    sys.exit(main())
