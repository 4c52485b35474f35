"""`livekit-avatar eval persona`: compares a persona with pictures it was never trained on.

Gives PSNR by region and SSIM, the file's size, and how evenly the picture moves when one parameter
moves slowly. Pictures are compared in RGB, as a viewer sees them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from ...render.onnx_renderer import OnnxRenderer
from ...render.persona import BUILT_IN, Persona, PersonaError
from ...render.renderer import Renderer
from ...timeline import Timed
from ..i420 import rgb
from ..progress import progress
from .similarity import psnr_db, ssim
from .sweep import telling
from .truth import SIDE_PX, State, TruthError, load_truth

CHECKOUT = Path(__file__).parents[3]

DECIBELS = {"whole": "psnr_db", "mouth": "psnr_mouth_db", "eyes": "psnr_eyes_db"}
"""Under which name a region's figure is printed."""

WORST_SHOWN = 5
"""Axes of a sweep that are named, the most uneven first."""

Figures = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "persona", help=f"a built-in name ({', '.join(BUILT_IN)}) or the path of a persona file"
    )
    parser.add_argument(
        "--truth",
        type=Path,
        metavar="FOLDER",
        help="what it is held against; by default models/personas/NAME/truth of the checkout",
    )
    parser.add_argument(
        "--no-sweep", action="store_true", help="leave out the sweeps, which take a minute"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when it could measure, else 1."""
    try:
        persona = Persona.load(args.persona)
        states = load_truth(args.truth or truth_folder(persona))
        with closing(OnnxRenderer(persona, device="cpu", exact=True)) as renderer:
            figures = likeness(renderer, states)
            figures["file_mb"] = round(persona.path.stat().st_size / 1e6, 2)
            if not args.no_sweep:
                figures |= evenness(renderer, persona.parameters)
    except (PersonaError, TruthError) as error:
        print(f"eval persona: {error}", file=sys.stderr)
        return 1
    print(json.dumps(figures) if args.json else table(figures))
    return 0


def truth_folder(persona: Persona) -> Path:
    """Where a checkout keeps the truth of a persona.

    Raises:
        TruthError: There is none.
    """
    folder = CHECKOUT / "models" / "personas" / persona.name / "truth"
    if not folder.is_dir():
        raise TruthError(
            f"there is no {folder}: the truth of the built-in personas lies in a checkout of the "
            "repository; name another folder with --truth"
        )
    return folder


def likeness(renderer: Renderer, states: Sequence[State]) -> Figures:
    """PSNR by region, SSIM over whole frames, and which state came out worst.

    Raises:
        TruthError: The renderer draws another size than the truth has, or a picture does not fit.
    """
    if renderer.size != (SIDE_PX, SIDE_PX):
        width, height = renderer.size
        raise TruthError(
            f"the truth is of {SIDE_PX}x{SIDE_PX} pixels, the persona draws {width}x{height}"
        )
    decibels: dict[str, dict[str, float]] = {region: {} for region in DECIBELS}
    alike = []
    for state in progress(states, "pictures", len(states)):
        (drawn,) = renderer.render([Timed(0, 1, state.face)])
        shown, truth = state.cut(rgb(drawn)), state.picture()
        decibels[state.region][state.file.name] = psnr_db(shown, truth)
        if state.region == "whole":
            alike.append(ssim(shown, truth))
    figures: Figures = {
        key: _mean(list(decibels[region].values())) for region, key in DECIBELS.items()
    }
    figures["ssim"] = round(float(np.mean(alike)), 4) if alike else None
    figures["states"] = len(states)
    for region, by_file in decibels.items():
        if by_file:
            figures[region] = _spread(by_file)
    return figures


def evenness(renderer: Renderer, parameters: Sequence[str]) -> Figures:
    """How the largest step of a slow sweep compares with the median one, and on which axes."""
    sweeps = telling(renderer, parameters)
    if not sweeps:
        return {"sweep_step_ratio": None, "sweep_worst_axis": None, "sweeps": 0}
    return {
        "sweep_step_ratio": round(sweeps[0].ratio, 2),
        "sweep_worst_axis": sweeps[0].parameter,
        "sweep_worst_axes": {each.parameter: round(each.ratio, 2) for each in sweeps[:WORST_SHOWN]},
        "sweeps": len(sweeps),
    }


def table(figures: Figures) -> str:
    """The figures for a person."""
    lines = []
    for name, value in figures.items():
        if isinstance(value, Mapping):
            value = "  ".join(f"{key} {each}" for key, each in value.items())
        lines.append(f"{name:20}{'-' if value is None else value}")
    return "\n".join(lines)


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 2) if values else None


def _spread(by_file: Mapping[str, float]) -> Figures:
    values = list(by_file.values())
    worst = min(by_file, key=lambda file: by_file[file])
    return {
        "states": len(values),
        "p10_db": round(float(np.percentile(values, 10)), 2),
        "worst_db": round(by_file[worst], 2),
        "worst_file": worst,
    }
