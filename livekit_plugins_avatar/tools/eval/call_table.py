"""The table of a call for a person: a column for each viewer of each publisher."""

from __future__ import annotations

from typing import Any

from .call_moments import lines as lines_of
from .call_script import AGENT, BAD, GOOD

ROWS = (
    ("offset, median", "offset_median_ms", "ms"),
    ("  p5", "offset_p5_ms", "ms"),
    ("  p95", "offset_p95_ms", "ms"),
    ("claps timed", "claps_count", ""),
    ("flashes missing", "missing_flashes_count", ""),
    ("beeps missing", "missing_beeps_count", ""),
    ("publisher to ear", "delay_ms", "ms"),
    ("speech lost", "lost_audio_ms", "ms"),
    ("  in outages", "lost_audio_outage_ms", "ms"),
    ("speech made up", "made_up_ms", "ms"),
    ("  in outages", "made_up_outage_ms", "ms"),
    ("freezes over 0.5 s", "freezes_count", ""),
    ("  longest", "freezes_longest_ms", "ms"),
    ("  renderer's", "freezes_renderer_count", ""),
    ("  line's", "freezes_outage_count", ""),
    ("frames a second", "shown_fps", ""),
)
OF_THE_PUBLISHER = (
    ("turns", "turns_count", ""),
    ("  interrupted", "interrupted_count", ""),
    ("  stuck", "stuck_count", ""),
    ("the face jumped", "face_jumps_count", ""),
    ("  at reconnections", "face_jumps_reconnect_count", ""),
    ("gaps at the TTS", "source_gaps_ms", "ms"),
    ("gaps at the track", "track_gaps_ms", "ms"),
    ("link late by itself", f"{AGENT}_link_late_ms", "ms"),
)


def table(results: dict[str, Any]) -> str:
    """The results for a person: one column for each viewer of each publisher."""
    kinds = [kind for kind in ("ours", "stock") if f"{kind}_turns_count" in results]
    titles = {"ours": "this package", "stock": "AvatarRunner"}
    columns = [(kind, name) for kind in kinds for name in (GOOD, BAD)]
    lines = [f"{'':20}" + "".join(f"{f'{titles[kind]}, {name}':>20}" for kind, name in columns)]
    for title, key, unit in ROWS:
        cells = (_cell(results[f"{kind}_{name}_{key}"], unit) for kind, name in columns)
        lines.append(f"{title:20}" + "".join(f"{cell:>20}" for cell in cells))
    for title, key, unit in OF_THE_PUBLISHER:
        cells = (_cell(results[f"{kind}_{key}"], unit) for kind in kinds)
        lines.append(f"{title:20}" + "".join(f"{cell:>20}{'':20}" for cell in cells).rstrip())
    for kind in kinds:
        lines += ["", f"{titles[kind]}, out of step by more than 45 ms, or frozen:"]
        lines += lines_of(results[f"{kind}_moments"])
    kept = "every promise kept"
    lines += ["", "; ".join(f"BROKEN: {each}" for each in results["broken_promises"]) or kept]
    return "\n".join([*lines, f"positive = picture late; {results['method']}"])


def _cell(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:g} {unit}".strip()
