"""`livekit-avatar demo`: runs the demo, or checks it once without a person."""

from __future__ import annotations

import errno
import ipaddress
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from .extras import needs

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 7000
"""Ports 5000 and 8080 are often taken."""
DEFAULT_OUT = Path("artifacts")


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--port", type=int, default=None, help=f"of the page, 0 for any free one ({DEFAULT_PORT})"
    )
    parser.add_argument(
        "--host",
        type=_address,
        default=DEFAULT_HOST,
        metavar="ADDRESS",
        help="an IP address of this machine, to let other devices in (%(default)s)",
    )
    parser.add_argument(
        "--check", action="store_true", help="let a headless browser ask one question, and judge"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_OUT,
        metavar="FOLDER",
        help="where --check leaves a screenshot and a film (%(default)s)",
    )


def run(args: Namespace) -> int:
    """Run the command; 0 when the demo ended or its check passed, else 1."""
    with needs("demo", "the demo"):
        from . import demo, services
        from .server import ServerDied
        from .worker_process import WorkerDied
    # Before minutes go into building the server.
    services.check()
    if args.check:
        with needs("eval", "the demo's check"):
            from . import browser_check  # noqa: F401
    try:
        if not args.check:
            demo.serve(DEFAULT_PORT if args.port is None else args.port, args.host)
            return 0
        defects = demo.check(args.port or 0, args.out)
    except (ServerDied, WorkerDied, OSError, OverflowError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        remedy = "; choose another with --port, or 0 for any free one" if taken else ""
        print(f"demo: {error}{remedy}", file=sys.stderr)
        return 1
    for defect in defects:
        print(f"demo: {defect}", file=sys.stderr)
    print("The demo does not work." if defects else "The demo works.")
    return int(bool(defects))


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no IP address") from None
    if address.is_unspecified:
        raise ArgumentTypeError(f"{text} means all addresses: give one address of this machine")
    return str(address)
