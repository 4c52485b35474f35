"""`livekit-avatar eval visemes`: compares visemes with labels, and measures calm in silence.

Takes a folder of recordings with labels. Over all hops of 10 ms together: the share that is right,
in all and within speech; F1, averaged over the 15 visemes; how many of the closed hops find a
closure within 40 ms, and how many of the recognised closures are near one. Hops of phones without a
shape of their own are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...audio.pcm_buffer import Pcm
from ...speech.features import HOP_SAMPLES
from ...speech.recognizer import OnnxRecognizer
from ...speech.visemes import VISEME_INDEX, VISEMES, VisemeEvent
from ..progress import progress
from ..sound import SoundError, read
from ..visemes.offline import recognize
from .calm import DISTURBANCES, SOUNDS_WITHOUT_SPEECH
from .labels import HOPS_PER_S, UNSEEN, LabelError, Labels, Recording, recordings, visemes

SIL = VISEME_INDEX["sil"]
CLOSED = VISEME_INDEX["PP"]

NEAR_HOPS = 4
"""Closures count as met within 40 ms: half of what a viewer notices."""

SHIFTS = range(-6, 16)
"""How early or late, in hops, events are tried to be to fit best."""

Figures = dict[str, Any]
Pair = tuple[Labels, Labels]
"""What is labelled and what is said, hop by hop."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("folder", type=Path, help="recordings, each with a file of labels")
    parser.add_argument("--text", action="store_true", help="let the recogniser know what is said")
    parser.add_argument(
        "--calm",
        action="store_true",
        help="also measure the mouth without speech, and disturbed speech",
    )
    parser.add_argument("--model", type=Path, help="an ONNX recogniser instead of the built-in one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when it could measure, else 1."""
    try:
        recognizer = OnnxRecognizer(args.model)
        found = recordings(args.folder)
        if args.text:
            _check_texts(found)
        each_found = progress(found, "recordings", len(found))
        figures = scored([_pair(each, recognizer, with_text=args.text) for each in each_found])
        figures |= {"files": len(found), "text": args.text}
        if args.calm:
            figures["calm"] = calm(recognizer)
            figures["disturbed"] = disturbed(found, recognizer, with_text=args.text)
    except (LabelError, SoundError, ValueError) as error:
        print(f"eval visemes: {error}", file=sys.stderr)
        return 1
    print(json.dumps(figures) if args.json else table(figures))
    return 0


def scored(pairs: Sequence[Pair]) -> Figures:
    """All figures of some recordings, as the module says; shares in [0, 1]."""
    figures = _scored(pairs)
    right = [(_scored(_moved(pairs, hops))["accuracy_speech"], -abs(hops), hops) for hops in SHIFTS]
    figures["late_ms"] = max(right)[2] * 1000 // HOPS_PER_S
    figures["seconds"] = round(sum(len(labels) for labels, _ in pairs) / HOPS_PER_S, 1)
    return figures


def calm(recognizer: OnnxRecognizer) -> dict[str, float]:
    """The share of hops in which the mouth is not at rest, for sounds without speech."""
    return {
        name: _rounded((said(recognize(pcm, recognizer=recognizer), len(pcm)) != SIL).mean())
        for name, pcm in ((name, make()) for name, make in SOUNDS_WITHOUT_SPEECH.items())
    }


def disturbed(
    found: Sequence[Recording], recognizer: OnnxRecognizer, *, with_text: bool
) -> dict[str, Figures]:
    """The same recordings with something wrong: what is right, and the unrest in their pauses."""
    figures = {}
    for name, disturb in DISTURBANCES.items():
        pairs = [_pair(each, recognizer, with_text=with_text, disturb=disturb) for each in found]
        labels, shown = _joined(pairs)
        score = _scored(pairs)
        figures[name] = {
            "accuracy_speech": score["accuracy_speech"],
            "pp_recall": score["pp_recall"],
            "pp_precision": score["pp_precision"],
            "unrest": _rounded((shown[labels == SIL] != SIL).mean()),
        }
    return figures


def said(events: Sequence[VisemeEvent], length: int) -> Labels:
    """The viseme in the middle of every whole hop of a recording."""
    ends = np.array([event.end for event in events])
    names = np.array([VISEME_INDEX[event.viseme] for event in events])
    middles = np.arange(length // HOP_SAMPLES) * HOP_SAMPLES + HOP_SAMPLES // 2
    shown: Labels = names[np.searchsorted(ends, middles, side="right")]
    return shown


def table(figures: Figures) -> str:
    """The figures for a person."""
    lines = [
        f"{figures['files']} files, {figures['seconds']} s"
        + (", their text known" if figures["text"] else ""),
        f"right        {figures['accuracy']:.3f}, {figures['accuracy_speech']:.3f} within speech",
        f"macro-F1     {figures['macro_f1']:.3f}",
        f"closures     {figures['pp_recall']:.3f} met within {NEAR_HOPS * 10} ms,"
        f" {figures['pp_precision']:.3f} of those said are there,"
        f" {figures['pp_events']:.3f} of them touched at all",
        f"late by      {figures['late_ms']} ms",
        f"{'':8}{'F1':>6}{'recall':>8}{'precision':>11}{'share':>7}",
    ]
    for viseme, row in figures["visemes"].items():
        lines.append(
            f"{viseme:8}{row['f1']:6.2f}{row['recall']:8.2f}{row['precision']:11.2f}"
            f"{row['share']:7.2f}"
        )
    for name, share in figures.get("calm", {}).items():
        lines.append(f"{name:28}{share:.3f} of it not at rest")
    for name, row in figures.get("disturbed", {}).items():
        lines.append(
            f"{name:28}{row['accuracy_speech']:.3f} of speech right,"
            f" {row['unrest']:.3f} of pauses not at rest"
        )
    return "\n".join(lines)


def _pair(
    recording: Recording,
    recognizer: OnnxRecognizer,
    *,
    with_text: bool,
    disturb: Callable[[Pcm], Pcm] = lambda pcm: pcm,
) -> Pair:
    pcm = disturb(read(recording.path))
    events = recognize(pcm, recording.text if with_text else None, recognizer=recognizer)
    return visemes(recording, len(pcm) // HOP_SAMPLES), said(events, len(pcm))


def _check_texts(found: Sequence[Recording]) -> None:
    mute = [each.path.name for each in found if each.text is None]
    if mute:
        raise LabelError(
            f"there is no text of {mute[0]}: --text needs index.json or "
            f"{Path(mute[0]).with_suffix('.txt')}"
        )


def _scored(pairs: Sequence[Pair]) -> Figures:
    labels, shown = _joined(pairs)
    known = labels != UNSEEN
    speech = known & (labels != SIL)
    met = _beside_each(pairs, lambda pair: _near(pair[1] == CLOSED))
    meant = _beside_each(pairs, lambda pair: _near(pair[0] == CLOSED))
    rows = {
        viseme: _row(labels[known] == index, shown[known] == index)
        for index, viseme in enumerate(VISEMES)
    }
    return {
        "accuracy": _share(labels == shown, known),
        "accuracy_speech": _share(labels == shown, speech),
        "macro_f1": _rounded(np.mean([row["f1"] for row in rows.values()])),
        "pp_recall": _share(met, labels == CLOSED),
        "pp_precision": _share(meant, shown == CLOSED),
        "pp_events": _events_met(pairs),
        "visemes": {
            viseme: {name: _rounded(value) for name, value in row.items()}
            for viseme, row in rows.items()
        },
    }


def _row(labelled: NDArray[np.bool_], shown: NDArray[np.bool_]) -> dict[str, float]:
    both, either = int((labelled & shown).sum()), int(labelled.sum() + shown.sum())
    return {
        "f1": 2 * both / either if either else 0.0,
        "recall": both / max(1, int(labelled.sum())),
        "precision": both / max(1, int(shown.sum())),
        "share": float(labelled.mean()),
    }


def _events_met(pairs: Sequence[Pair]) -> float:
    """The share of closures, each counted once, that a closure is said near of."""
    met = total = 0
    for labels, shown in pairs:
        near = _near(shown == CLOSED)
        edges = np.flatnonzero(np.diff((labels == CLOSED).astype(int), prepend=0, append=0))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            met, total = met + bool(near[start:end].any()), total + 1
    return _rounded(met / max(1, total))


def _near(closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where there is a closed hop no further than `NEAR_HOPS`."""
    counted = np.concatenate(([0], np.cumsum(closed)))
    hops = np.arange(len(closed))
    first = np.maximum(hops - NEAR_HOPS, 0)
    last = np.minimum(hops + NEAR_HOPS + 1, len(closed))
    near: NDArray[np.bool_] = counted[last] > counted[first]
    return near


def _moved(pairs: Sequence[Pair], hops: int) -> list[Pair]:
    """The same, with what is said moved so many hops earlier."""
    moved = []
    for labels, shown in pairs:
        earlier = np.roll(shown, -hops)
        if hops > 0:
            earlier[-hops:] = SIL
        elif hops < 0:
            earlier[:-hops] = SIL
        moved.append((labels, earlier))
    return moved


def _joined(pairs: Sequence[Pair]) -> Pair:
    return (
        np.concatenate([labels for labels, _ in pairs]),
        np.concatenate([shown for _, shown in pairs]),
    )


def _beside_each(
    pairs: Sequence[Pair], look: Callable[[Pair], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    return np.concatenate([look(pair) for pair in pairs])


def _share(right: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    return _rounded(right[of].mean()) if of.any() else 0.0


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)
