"""`livekit-avatar eval picture`: judges what personas draw, by the nets that find faces.

Gives what was ordered against what is seen: closures, opening, rounding, lids, gaze and turns; how
much a persona at rest is like its picture; and, where truth is given, PSNR against it. Takes any
persona: made of a picture, trained, or drawn.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from .picture_figures import BOUNDS, Figures, broken, measure
from .picture_subjects import SubjectError, subjects

COLUMNS: Mapping[str, str] = {
    "rest_psnr_db": "rest dB",
    "rest_lips_pct": "lips",
    "jaw_03_lips_pct": "jaw.3",
    "jaw_07_lips_pct": "jaw.7",
    "closure_pct": "p b m",
    "closure_jaw_03_pct": "~ jaw.3",
    "rest_lids_pct": "lids",
    "blink_half_pct": "half",
    "blink_pct": "blink",
    "gaze_left_deg": "gaze<",
    "gaze_right_deg": "gaze>",
    "yaw_left_deg": "yaw<8",
    "yaw_right_deg": "yaw>8",
    "pitch_down_deg": "down6",
    "pitch_up_deg": "up6",
    "U_width_pct": "U wide",
    "smile_width_pct": "smile",
    "identity_moved_pct": "ident",
}
"""Figures that the table shows, and their headings."""

NAME_WIDE, CELL_WIDE = 14, 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "places",
        nargs="+",
        metavar="PLACE",
        help="a folder of pictures, persona files and people with truth; or one of them, or the "
        "name of a built-in persona",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 1 where a figure leaves its bounds, or nothing could be judged."""
    judged: dict[str, Figures] = {}
    failed: list[str] = []
    refused: list[str] = []
    try:
        with TemporaryDirectory() as scratch:
            for each in subjects(args.places, Path(scratch)):
                if isinstance(each, SubjectError):
                    refused.append(str(each))
                    print(f"eval picture: {each}", file=sys.stderr)
                    continue
                print(f"eval picture: looking at {each.name}", file=sys.stderr, flush=True)
                try:
                    judged[each.name] = measure(each)
                except SubjectError as error:
                    refused.append(f"{each.name}: {error}")
                    continue
                failed += [f"{each.name}.{name}" for name in broken(judged[each.name], each.truth)]
    except SubjectError as error:
        print(f"eval picture: {error}", file=sys.stderr)
        return 1
    figures = flat(judged)
    figures |= {"personas": len(judged), "refused": len(refused), "out_of_bounds": failed}
    print(json.dumps(figures) if args.json else table(judged, failed, refused))
    return 1 if failed or not judged else 0


def flat(judged: Mapping[str, Figures]) -> dict[str, object]:
    """All figures of all personas by `persona.figure`, and the worst of each bounded one."""
    figures: dict[str, object] = {
        f"{name}.{figure}": value for name, each in judged.items() for figure, value in each.items()
    }
    for figure in BOUNDS:
        values = [each[figure] for each in judged.values() if figure in each]
        if values:
            figures[f"least_{figure}"] = min(values)
            figures[f"most_{figure}"] = max(values)
    return figures


def table(judged: Mapping[str, Figures], failed: Sequence[str], refused: Sequence[str]) -> str:
    """The figures for a person, a line for each persona; `!` marks what is out of bounds."""
    lines = [_line("", COLUMNS.values())] if judged else []
    for name, figures in judged.items():
        cells = [_cell(figures.get(figure), f"{name}.{figure}" in failed) for figure in COLUMNS]
        lines.append(_line(name, cells))
    for name, figures in judged.items():
        truth = {
            figure.removeprefix("truth_").removesuffix("_psnr_db"): _cell(
                value, f"{name}.{figure}" in failed
            ).strip()
            for figure, value in figures.items()
            if figure.startswith("truth_") and figure.endswith("_psnr_db")
        }
        if truth:
            said = "  ".join(f"{face} {value}" for face, value in truth.items())
            lines.append(f"{name:{NAME_WIDE}}against the truth, dB: {said}")
    lines += [f"not judged: {each}" for each in refused]
    lines.append(f"out of bounds: {', '.join(failed) or 'none'}")
    return "\n".join(lines)


def _cell(value: float | None, out: bool) -> str:
    return ("-" if value is None else f"{value:.1f}") + ("!" if out else " ")


def _line(name: str, cells: Iterable[str]) -> str:
    return f"{name[: NAME_WIDE - 1]:{NAME_WIDE}}" + "".join(
        f"{cell:>{CELL_WIDE}}" for cell in cells
    )
