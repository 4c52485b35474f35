"""`livekit-avatar worker`: draws the faces of agents that run elsewhere.

It takes its jobs from the LiveKit server that LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET
name, and runs until it is stopped: then it takes no more faces, and leaves once its agents have
found another worker.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import get_args

from livekit.agents import AgentServer, cli

from ..remote.worker import WorkerOptions, make_server
from ..render.persona import BUILT_IN, Device, Persona, PersonaError

NAME = "avatar"
VARIABLES = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--name", default=NAME, help="what agents pass as AvatarSession(worker=...) (%(default)s)"
    )
    parser.add_argument(
        "--persona",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help=f"a persona file, and the name that agents ask for it by; "
        f"{', '.join(BUILT_IN)} are always there",
    )
    parser.add_argument(
        "--device", choices=get_args(Device), default="auto", help="what draws (%(default)s)"
    )
    parser.add_argument("--rooms", type=int, help="the most at once (what the processors take)")
    parser.add_argument(
        "--host", default="", help="address of the health endpoint and of metrics (all)"
    )
    parser.add_argument(
        "--port", type=int, default=8081, help="of the health endpoint (%(default)s)"
    )
    parser.add_argument("--metrics-port", type=int, help="of Prometheus metrics (none)")
    parser.add_argument(
        "--drain", type=int, default=600, metavar="SECONDS", help="time to leave (%(default)s)"
    )
    parser.add_argument(
        "--one-process", action="store_true", help="all faces in one process, for few small ones"
    )


def run(args: argparse.Namespace) -> int:
    """Run the worker until it is stopped; 2 where it cannot start."""
    try:
        server = _make(args)
    except (PersonaError, ValueError) as error:
        print(f"worker: {error}", file=sys.stderr)
        return 2
    sys.argv = [f"{sys.argv[0]} worker", "start"]
    cli.run_app(server)
    return 0


def _make(args: argparse.Namespace) -> AgentServer:
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        raise ValueError(f"set {', '.join(missing)}: the LiveKit server to take jobs from")
    if args.rooms is not None and args.rooms < 1:
        raise ValueError(f"--rooms is at least 1, got {args.rooms}")
    options = WorkerOptions(
        name=args.name,
        personas=_personas(args.persona),
        device=args.device,
        rooms=args.rooms,
    )
    return make_server(
        options,
        host=args.host,
        port=args.port,
        prometheus_port=args.metrics_port,
        drain_timeout_s=args.drain,
        threads=args.one_process,
    )


def _personas(given: list[str]) -> dict[str, str]:
    """The named files, each opened once, so that what is wrong with one shows at the start."""
    personas = {}
    for each in given:
        name, separator, path = each.partition("=")
        if not separator or not name or not path:
            raise ValueError(f"--persona is NAME=FILE, got {each!r}")
        if not Path(path).is_file():
            raise PersonaError(f"there is no persona file {path}")
        Persona.load(path)
        personas[name] = path
    return personas
