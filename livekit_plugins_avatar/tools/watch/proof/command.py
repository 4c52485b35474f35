"""`livekit-avatar eval faults`: proves `watch` on films of known truth, with known faults.

Every case is a clip of this package's own faces, clean and with each fault in it; offsets and
drift are made by showing the picture at other times.
"""

from __future__ import annotations

import argparse
import json
import sys

from ...demo.extras import needs
from ...progress import progress
from .prove import Proof, prove, sync_figures

CASES = 40
FIRST_SEED = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--cases", type=int, default=CASES, help="clips (%(default)s)")
    parser.add_argument(
        "--first-seed", type=int, default=FIRST_SEED, help="of the first clip (%(default)s)"
    )
    parser.add_argument(
        "--codec", action="store_true", help="through VP8 and Opus at 300 and 32 kbit/s"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when it could prove, 2 for wrong arguments."""
    if args.cases < 2:
        print(f"eval faults: --cases is at least 2, got {args.cases}", file=sys.stderr)
        return 2
    with needs("demo", "eval faults"):
        from ...demo import piper  # noqa: F401 - the voice, before anything is drawn
    cases = prove(args.cases, args.first_seed, through_codec=args.codec)
    *_, proof = progress(cases, "cases", args.cases)
    figures = figures_of(proof, args.first_seed)
    print(json.dumps(figures) if args.json else table(figures))
    return 0


def figures_of(proof: Proof, seed: int) -> dict[str, object]:
    """Faults by name, and how offsets and drift of each persona are recovered."""
    faults = {
        name: {
            "cases": counts.cases,
            "found": counts.found,
            "places_found_share": round(sum(counts.places) / max(1, len(counts.places)), 3),
            "clean_clips_with_alarm": counts.alarms,
        }
        for name, counts in proof.faults.items()
    }
    syncs = {
        persona: {name: round(value, 3) for name, value in sync_figures(clips, seed).items()}
        for persona, clips in proof.clean.items()
        if clips
    }
    return {"faults": faults, "sync": syncs}


def table(figures: dict[str, object]) -> str:
    """The figures for a person."""
    lines = []
    for part in figures.values():
        assert isinstance(part, dict)
        for name, row in part.items():
            lines.append(name)
            lines += [f"  {key:34}{value}" for key, value in row.items()]
    return "\n".join(lines)
