"""`livekit-avatar doctor`: looks at what an avatar needs, and names the remedy of what it lacks.

Nothing is installed or built. With LIVEKIT_URL and its keys set, the server is asked as a worker
would, in a room of the doctor's own that is deleted again.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from .finding import Finding


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--persona", action="append", default=[], metavar="FILE", help="also look at it"
    )
    parser.add_argument("--token", help="also look at a viewer's token")
    parser.add_argument("--room", metavar="NAME", help="look at a room in which an agent is")
    parser.add_argument(
        "--codec", choices=("vp8", "h264", "vp9", "av1"), default="vp8", help="(%(default)s)"
    )
    parser.add_argument("--offline", action="store_true", help="ask no server")
    parser.add_argument("--json", action="store_true", help="print a list of findings as JSON")


def run(args: Namespace) -> int:
    """Print the findings; 0 where none is a problem, else 1."""
    findings = []
    for finding in examine(args):
        findings.append(finding)
        if not args.json:
            print(finding.text, flush=True)
    problems = sum(finding.state == "problem" for finding in findings)
    if args.json:
        print(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        print(f"\n{problems} problem{'s' * (problems != 1)}" if problems else "\nNo problems.")
    return int(problems > 0)


def examine(args: Namespace) -> Iterator[Finding]:
    """Look at everything, the quick things first."""
    from . import machine, models, packages

    yield packages.check_python()
    yield from packages.check_base()
    yield packages.check_namespace()
    yield packages.check_files()
    runtime = list(models.check_runtime())
    yield from runtime
    if not any(finding.state == "problem" for finding in runtime):
        yield models.check_providers()
        yield models.check_native()
        from ...render.persona import BUILT_IN

        _say("drawing each persona")
        for persona in (*BUILT_IN, *args.persona):
            yield models.check_persona(persona)
        yield machine.check_cpu(models.frame_cost_s())
    yield machine.check_allocator()
    yield machine.check_cache()
    yield machine.check_browsers()
    yield from packages.check_extras()
    yield from machine.check_demo()
    yield from _examine_server(args)


def _examine_server(args: Namespace) -> Iterator[Finding]:
    from . import livekit_server, token

    if args.token:
        yield from token.check_token(args.token)
    if args.offline:
        return
    server, findings = livekit_server.check_environment(os.environ)
    yield from findings
    if server is None:
        return
    _say("asking the server")

    async def ask() -> list[Finding]:
        asked = livekit_server.check_server(server, codec=args.codec, room=args.room)
        return [finding async for finding in asked]

    yield from asyncio.run(ask())


def _say(step: str) -> None:
    print(f"{step} ...", file=sys.stderr, flush=True)
