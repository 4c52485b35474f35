"""Makes the report: one HTML page that asks no other server for anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from pathlib import Path

from .. import gates
from ..analysis import Analysis
from ..gates import GATES, Gate, Verdict
from . import plots
from .strips import Strip, strips
from .svg import clock

STYLE = Path(__file__).with_name("style.css")

BADGES: Mapping[Verdict, str] = {
    "good": "✓ good",
    "noticeable": "! noticed",
    "bad": "✕ bad",
    "unknown": "not measured",
}

UNKNOWN = "&ndash;"

METHOD = (
    "A picture counts when the browser expects it on the screen, a sound when it leaves the "
    "browser's audio device. Of a recording, the file's own times count. Lips, lids and irises are "
    "found in every picture by an open net for faces; what the voice says is recognised from its "
    "sound. The offset is the shift at which lips and voice agree best, in windows of ten seconds."
)

BLIND = (
    "It does not judge whether a face looks real or likeable. Lips that hardly move, a face that "
    "is turned away or small, music under the voice and other languages make the offset less "
    "certain: each score says how sure it is, and is left out where too little could be measured."
)


def report(found: Analysis) -> str:
    """The page of an analysis; decodes the recording once more for its pictures."""
    poster, worst = strips(found)
    figures = found.figures()
    name = escape(found.recording.name)
    parts = [
        _head(found, figures, poster),
        _section("Lips and voice", _sync_words(figures), plots.scale(found), kind="fit"),
        _section(
            "Every score",
            "What was measured, from when on people notice it, and where that is known from.",
            _scores(figures),
            kind="list",
        ),
        _section(
            "Lips and voice over time",
            "Each dot is ten seconds. Green: not noticed. Yellow: noticed, and still acceptable.",
            plots.offset_over_time(found),
        ),
        _section("The mouth and the voice", _key_of_mouth(), plots.mouth_and_sound(found)),
        _gaze(found, figures),
        _section(
            "What happened when",
            "Red marks are what a viewer may notice.",
            plots.timeline(found),
        ),
        _worst(worst),
        _method(figures),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What viewers of {name} see</title><style>{STYLE.read_text()}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _section(title: str, words: str, inner: str, *, kind: str = "plot") -> str:
    inner = f'<div class="{kind}">{inner}</div>'
    return f'<section><h2>{title}</h2><p class="soft">{words}</p>{inner}</section>'


def _head(found: Analysis, figures: Mapping[str, float | None], poster: str) -> str:
    verdicts = list(gates.verdicts(figures).values())
    ill = [gate for gate in GATES if gate.figure in gates.failed(figures)]
    judged = sum(verdict != "unknown" for verdict in verdicts)
    if not judged:
        lead = "There was too little of a face or of speech to judge it."
    elif ill:
        lead = " ".join(gate.ill for gate in ill[:3])
    else:
        lead = "Viewers notice nothing: every score that could be measured is good."
    seconds = figures["seconds"] or 0.0
    facts = (
        f"{clock(round(seconds))} minutes watched, {clock(round(figures['speech_s'] or 0.0))} of "
        f"them speech, {found.recording.frames_per_s:.0f} pictures a second. "
        f"{verdicts.count('good')} of {judged} scores are good."
    )
    return (
        f'<header><img alt="" src="{poster}"><div><h1>What viewers of '
        f"{escape(found.recording.name)} see</h1>"
        f'<p class="soft">{facts}</p></div></header><p class="lead">{lead}</p>'
    )


def _sync_words(figures: Mapping[str, float | None]) -> str:
    middle = figures["sync_median_ms"]
    if middle is None:
        return "Lips and voice could not be compared: too little speech, or no moving mouth."
    side = "after" if middle > 0 else "before"
    low, high = figures["sync_p5_ms"] or 0.0, figures["sync_p95_ms"] or 0.0
    return (
        f"The picture comes {abs(middle):.0f} ms {side} its sound ({low:+.0f} to {high:+.0f} ms in "
        "nine of ten windows). People notice sound that is early by 45 ms, or late by 125 ms, and "
        "accept 90 and 185 ms (ITU-R BT.1359-1)."
    )


def _scores(figures: Mapping[str, float | None]) -> str:
    shown = sorted(GATES, key=lambda gate: gate.verdict(figures) == "unknown")
    return f'<div class="grid">{"".join(_score(gate, figures) for gate in shown)}</div>'


def _score(gate: Gate, figures: Mapping[str, float | None]) -> str:
    verdict, value = gate.verdict(figures), figures.get(gate.figure)
    shown = UNKNOWN if value is None else _number(gate.scale * value)
    words = {"good": gate.well, "unknown": "There was nothing to measure it by."}
    sure = figures.get(f"{gate.score}_confidence") or 0.0
    sureness = "" if verdict == "unknown" else f" Certainty {100 * sure:.0f} %."
    return (
        f'<div class="score {verdict}"><h3>{gate.title}</h3>'
        f'<div class="value">{shown} <small>{gate.unit}</small></div>'
        f'<span class="badge {verdict}">{BADGES[verdict]}</span>'
        f"<p>{words.get(verdict, gate.ill)}</p>"
        f'<p class="soft">Not noticed: {_range(gate)} ({gate.source}).{sureness}</p></div>'
    )


def _range(gate: Gate) -> str:
    low, high = (gate.scale * each for each in gate.good)
    if math.isinf(low) or (low == 0 and high > 0):
        return f"up to {_number(high)} {gate.unit}"
    if gate.good[1] == 1.0 and gate.scale == 100.0:
        return f"from {_number(low)} {gate.unit} on"
    return f"{_number(low)} to {_number(high)} {gate.unit}" if low < high else _number(low)


def _number(value: float) -> str:
    """A value to three digits at most, without those that say nothing."""
    if abs(value) >= 10:
        return f"{value:.0f}"
    return f"{value:.2g}" if abs(value) < 1 else f"{value:.1f}".removesuffix(".0")


def _key_of_mouth() -> str:
    return (
        'Eight seconds with much speech. <span class="key"><i style="background:var(--main)"></i>'
        'how far the lips are open<i style="background:var(--asked)"></i>what the voice asks for'
        '<i style="background:var(--main);opacity:.2"></i>p, b or m: the lips must close'
        '<i style="background:var(--wave)"></i>the sound</span>'
    )


def _gaze(found: Analysis, figures: Mapping[str, float | None]) -> str:
    def share(state: str) -> str:
        value = figures.get(f"gaze_at_viewer_{state}_share")
        return UNKNOWN if value is None else f"{100 * value:.0f} %"

    words = (
        f"<p>At the viewer: <b>{share('speaking')}</b> of the time while it speaks, "
        f"<b>{share('silent')}</b> while it listens. Between people it is 41 % and 75 % "
        "(Argyle and Cook), more on a screen.</p>"
        '<p class="soft"><span class="key"><i style="background:var(--main)"></i>while it speaks'
        '<i style="background:var(--asked)"></i>while it listens</span></p>'
        '<p class="soft">Each dot is a picture; the middle is where the eyes rest most. Within the '
        "inner ring they meet the viewer's.</p>"
    )
    return (
        f'<section><h2>Where the eyes look</h2><div class="two">{plots.gaze_map(found)}'
        f"<div>{words}</div></div></section>"
    )


def _worst(worst: list[Strip]) -> str:
    if not worst:
        return _section("The worst moments", "There was none that a viewer would notice.", "")
    inner = "".join(_strip(each) for each in worst)
    words = "Pictures as they followed one another, and the sound under them."
    return _section("The worst moments", words, inner, kind="list")


def _strip(strip: Strip) -> str:
    moment = strip.moment
    pictures = "".join(
        f'<figure><img alt="" src="{picture}">{at_s:.2f} s</figure>'
        for picture, at_s in zip(strip.pictures, strip.times_s, strict=True)
    )
    return (
        f'<div class="strip"><h3>{clock(moment.start_s)} · {escape(moment.what)}, '
        f'{_number(moment.size)} {escape(moment.unit)}</h3><div class="plot">'
        f'<div class="pictures">{pictures}</div>{strip.drawing}</div></div>'
    )


def _method(figures: Mapping[str, float | None]) -> str:
    rows = "".join(
        f"<tr><td>{name}</td><td>{UNKNOWN if value is None else f'{value:g}'}</td></tr>"
        for name, value in figures.items()
    )
    return (
        f"<section><h2>How this was measured</h2><p>{METHOD}</p><p>{BLIND}</p>"
        f"<details><summary>Every figure</summary><table>{rows}</table></details></section>"
    )
