"""The command `livekit-avatar`: the demo, the doctor, films and measurements.

In flow words from a shell, out flow lines for a person or JSON for a program, and an exit status:
0 for success, 1 for a failure that is named, 2 for a command that cannot be. Each command imports
what it needs when it runs, so that the base install has all of them and says which extra brings the
rest.
"""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from ..version import __version__
from .demo.cache import Missing
from .demo.extras import MissingExtra, needs

NAME = "livekit-avatar"
DEFAULT_PORT = 7000
"""Of the demo's page. Not 5000 or 8080, which something else often has."""
DEFAULT_OUT = Path("artifacts")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        words: What follows the program's name; by default this process's arguments.

    Returns:
        The exit status.
    """
    given = list(sys.argv[1:] if words is None else words)
    for command, (run, _) in COMMANDS.items():
        called = command.split()
        if given[: len(called)] == called:
            return _run(run, command, given[len(called) :])
    # --help and --version end in here, and so does a command that there is not.
    _parser_of_commands().parse_args(given[:1] or ["--help"])
    return 0


def _run(run: Callable[[ArgumentParser, list[str]], int], command: str, words: list[str]) -> int:
    # A terminated demo must stop its server as an interrupted one does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run(
            ArgumentParser(prog=f"{NAME} {command}", description=COMMANDS[command][1]), words
        )
    except (Missing, MissingExtra) as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _demo(parser: ArgumentParser, words: list[str]) -> int:
    parser.add_argument(
        "--port", type=int, default=None, help=f"of the page, 0 for any free one ({DEFAULT_PORT})"
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
    args = parser.parse_args(words)
    with needs("demo", "the demo"):
        from .demo import demo
        from .demo.server import ServerDied
        from .demo.worker_process import WorkerDied
    try:
        if not args.check:
            demo.serve(DEFAULT_PORT if args.port is None else args.port)
            return 0
        with needs("eval", "the demo's check"):
            wrong = demo.check(args.port or 0, args.out)
    except (ServerDied, WorkerDied, OSError) as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    for finding in wrong:
        print(f"{NAME}: {finding}", file=sys.stderr)
    print("The demo does not work." if wrong else "The demo works.")
    return int(bool(wrong))


def _render(parser: ArgumentParser, words: list[str]) -> int:
    from .film import command

    return _command(command, parser, words)


def _visemes(parser: ArgumentParser, words: list[str]) -> int:
    from .visemes import command

    return _command(command, parser, words)


def _doctor(parser: ArgumentParser, words: list[str]) -> int:
    parser.parse_args(words)
    from .demo import doctor

    return doctor.run()


def _bench(parser: ArgumentParser, words: list[str]) -> int:
    with needs("eval", "bench"):
        from .eval import bench
    return _command(bench, parser, words)


def _eval_sync(parser: ArgumentParser, words: list[str]) -> int:
    with needs("eval", "eval sync"):
        from .eval import sync
    return _command(sync, parser, words)


def _eval_persona(parser: ArgumentParser, words: list[str]) -> int:
    with needs("eval", "eval persona"):
        from .eval import persona
    return _command(persona, parser, words)


def _eval_presence(parser: ArgumentParser, words: list[str]) -> int:
    from .eval import presence

    return _command(presence, parser, words)


def _eval_visemes(parser: ArgumentParser, words: list[str]) -> int:
    with needs("eval", "eval visemes"):
        from .eval import visemes
    return _command(visemes, parser, words)


def _eval_expression(parser: ArgumentParser, words: list[str]) -> int:
    with needs("eval", "eval expression"):
        from .eval import expression
    return _command(expression, parser, words)


def _eval_call(parser: ArgumentParser, words: list[str]) -> int:
    with needs("eval", "eval call"):
        from .eval import call
    return _command(call, parser, words)


def _eval_soak(parser: ArgumentParser, words: list[str]) -> int:
    with needs("eval", "eval soak"):
        from .eval import soak
    return _command(soak, parser, words)


def _command(module: ModuleType, parser: ArgumentParser, words: list[str]) -> int:
    module.add_arguments(parser)
    status: int = module.run(parser.parse_args(words))
    return status


COMMANDS: dict[str, tuple[Callable[[ArgumentParser, list[str]], int], str]] = {
    "demo": (_demo, "A talking face at a local address, with no key and no account."),
    "doctor": (_doctor, "What is here, what is missing, and what to do about it."),
    "render": (_render, "A film of somebody who says what is in a file, or what you write."),
    "visemes": (_visemes, "What the mouth does in a recording, event by event."),
    "bench": (_bench, "What a frame, a second of speech and the first sound of an answer cost."),
    "eval sync": (_eval_sync, "How far apart sound and picture are, in a real browser."),
    "eval expression": (_eval_expression, "Whether the face shows what a line calls for."),
    "eval visemes": (_eval_visemes, "How many visemes are right, and how calm silence is."),
    "eval presence": (_eval_presence, "Where the face looks, when, and how it lives."),
    "eval call": (_eval_call, "A whole call in which everything goes wrong, as viewers get it."),
    "eval soak": (_eval_soak, "Whether anything grows in an agent that talks for hours."),
    "eval persona": (_eval_persona, "How true a persona is to pictures it was never shown."),
}
"""Each command's words, what runs it, and what it does."""


def _parser_of_commands() -> ArgumentParser:
    table = "\n".join(f"  {command:<16}{what}" for command, (_, what) in COMMANDS.items())
    parser = ArgumentParser(
        prog=NAME,
        usage=f"{NAME} COMMAND [--help] ...",
        description="A face for LiveKit voice agents: demo, doctor, films and measurements.",
        epilog=f"commands:\n{table}",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("command", choices=list(COMMANDS), metavar="COMMAND")
    return parser
