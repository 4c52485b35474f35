"""The command `livekit-avatar`: demo, doctor, films and measurements.

Exit status: 0 for success, 1 for a failure, 2 for wrong arguments, 130 after Ctrl-C. Each command's
module is imported when it runs, so that the base install has all commands and names the extra that
one needs.
"""

from __future__ import annotations

import signal
import sys
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby

from ..version import __version__
from .demo.cache import Missing
from .demo.extras import MissingExtra, needs, run_again_with

NAME = "livekit-avatar"
DESCRIPTION = "A face for LiveKit voice agents: demo, doctor, films and measurements."
HELP = {"-h", "--help"}


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Args:
        group: Heading under which help lists it.
        words: What the user types after the program's name.
        module: Below this package; has `add_arguments(parser)` and `run(args) -> int`.
        what: What it does, in one sentence.
        extra: The extra that the module needs to be imported.
    """

    group: str
    words: str
    module: str
    what: str
    extra: str = ""


COMMANDS = (
    Command(
        "start here",
        "demo",
        "demo.command",
        "Run a talking face at a local address, with no key and no account.",
    ),
    Command(
        "start here",
        "doctor",
        "doctor.command",
        "Look for what an avatar lacks here, and name the remedy.",
    ),
    Command(
        "start here",
        "warm",
        "warm",
        "Build what takes long, such as TensorRT engines, before a first caller waits.",
    ),
    Command(
        "start here",
        "worker",
        "worker",
        "Draw the faces of agents that run elsewhere; LiveKit dispatches it by name.",
    ),
    Command(
        "files",
        "persona",
        "persona",
        "Make a persona of one picture of a face.",
        "portrait",
    ),
    Command(
        "files",
        "render",
        "film.command",
        "Make a film of a face that speaks a sound file, or a text.",
        "eval",
    ),
    Command(
        "files",
        "visemes",
        "visemes.command",
        "Print the mouth shapes in a recording, event by event.",
        "eval",
    ),
    Command(
        "measurements",
        "watch",
        "watch.command",
        "Tell what the viewers of any avatar see and hear, in a room or on a recording.",
        "eval",
    ),
    Command(
        "measurements",
        "bench rooms",
        "eval.rooms",
        "Find out how many rooms this machine holds, and what each takes of it.",
        "eval",
    ),
    Command(
        "measurements",
        "bench worker",
        "eval.remote.command",
        "Kill and drain workers that draw the faces of ten rooms, and time what viewers notice.",
        "eval",
    ),
    Command(
        "measurements",
        "bench",
        "eval.bench",
        "Time a frame, a second of speech, and the first sound of an answer.",
        "eval",
    ),
    Command(
        "measurements",
        "eval sync",
        "eval.sync",
        "Measure the offset of sound and picture in a real browser.",
        "eval",
    ),
    Command(
        "measurements",
        "eval visemes",
        "eval.visemes",
        "Count right visemes, and movement in silence.",
        "eval",
    ),
    Command(
        "measurements",
        "eval expression",
        "eval.expression",
        "Check that the face shows the emotion of a line.",
        "eval",
    ),
    Command(
        "measurements",
        "eval presence",
        "eval.presence",
        "Check where the face looks and when, blinks and idle movement.",
    ),
    Command(
        "measurements",
        "eval call",
        "eval.call",
        "Judge a call full of faults as its viewers get it.",
        "eval",
    ),
    Command(
        "measurements",
        "eval faults",
        "watch.proof.command",
        "Count which faults of known size `watch` finds, in films made for it.",
        "eval",
    ),
    Command(
        "measurements",
        "eval watch",
        "watch.anchors",
        "Watch this package's face, and LiveKit's AvatarRunner with the same one.",
        "eval",
    ),
    Command(
        "measurements",
        "eval soak",
        "eval.soak",
        "Check that nothing grows in an agent that talks for hours.",
        "eval",
    ),
    Command(
        "measurements",
        "eval persona",
        "eval.persona",
        "Compare a persona with pictures that it was not made from.",
        "eval",
    ),
    Command(
        "measurements",
        "eval picture",
        "eval.picture",
        "Judge what a persona draws by the nets that find faces.",
        "portrait",
    ),
)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        words: What follows the program's name; by default this process's arguments.

    Returns:
        The exit status.
    """
    given = list(sys.argv[1:] if words is None else words)
    for command in COMMANDS:
        called = command.words.split()
        if given[: len(called)] == called:
            return _run(command, given[len(called) :])
    # --help, --version, a group alone and an unknown command end here.
    prefix = "eval" if given[:1] == ["eval"] else ""
    rest = given[1:] if prefix else given
    _help_parser(prefix).parse_args(rest[:1] or ["--help"])
    return 0


def _run(command: Command, words: list[str]) -> int:
    # SIGTERM stops a command as Ctrl-C does, so that its child processes are stopped too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = ArgumentParser(prog=f"{NAME} {command.words}", description=command.what)
    try:
        with needs(command.extra, command.words) if command.extra else nullcontext():
            module = import_module(f".{command.module}", __package__)
        module.add_arguments(parser)
        status: int = module.run(parser.parse_args(words))
        return status
    except MissingExtra as error:
        run_again_with(error.extra, [*command.words.split(), *words])
        if HELP & set(words):
            parser.epilog = f"Its options are listed once its extra is installed: {error}"
            parser.print_help()
            return 0
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    except Missing as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _help_parser(prefix: str) -> ArgumentParser:
    """Knows only `--help`, `--version` and the commands that begin with `prefix`."""
    commands = [each for each in COMMANDS if each.words.startswith(prefix)]
    table = []
    for group, members in groupby(commands, key=lambda each: each.group):
        table.append(f"\n{group}:")
        table += [f"  {each.words:<18}{each.what}" for each in members]
    name = f"{NAME} {prefix}".strip()
    parser = ArgumentParser(
        prog=name,
        usage=f"{name} COMMAND [--help] ...",
        description=DESCRIPTION,
        epilog="\n".join(table).strip(),
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="print this")
    parser.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    choices = [each.words.removeprefix(prefix).strip() for each in commands]
    parser.add_argument("command", choices=choices, metavar="COMMAND", help=SUPPRESS)
    return parser
