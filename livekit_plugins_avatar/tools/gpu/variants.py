"""Tries other settings than the product's, so that one run says which are worth having.

In flow a persona, a provider and pictures of the CPU; out flow speed and agreement of each variant.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import onnxruntime

from ...render.engine import Faces
from ...render.persona import Persona
from ...render.providers import CUDA_OPTIONS, PROVIDERS, session_options
from ...render.renderer import Frames
from .report import Figure, Report, in_a_line
from .rig import OUTPUT, Rig, psnr_db, timed_ms

Way = Callable[[Rig, int], Callable[[Faces], Frames]]


def copied(rig: Rig, count: int) -> Callable[[Faces], Frames]:
    """As the product draws."""
    return rig.copied


def fixed(rig: Rig, count: int) -> Callable[[Faces], Frames]:
    """Between buffers on the device that stay."""
    return rig.fixed(count)


def into(rig: Rig, count: int) -> Callable[[Faces], Frames]:
    """Into one buffer on the host."""
    return rig.into(rig.buffer(count))


def pinned(rig: Rig, count: int) -> Callable[[Faces], Frames]:
    """Into one buffer on the host that the device writes to directly."""
    return rig.into(rig.pinned(count))


@dataclass(frozen=True, slots=True)
class Variant:
    """Settings that differ from the product's.

    Args:
        cuda: Options of the CUDA provider; None where the variant means something on a CPU too.
        way: How pictures get out.
        batch_known: Tell ONNX Runtime the batch at the start, so that it computes shapes once.
        square_only: Leave the wide frame out of the model.
        half: Compute in 16 bits.
    """

    cuda: Mapping[str, str] | None = field(default_factory=dict)
    way: Way = copied
    batch_known: bool = False
    square_only: bool = False
    half: bool = False


GRAPH = {"enable_cuda_graph": "1"}

VARIANTS: Mapping[str, Variant] = {
    "as_shipped": Variant(None),
    "batch_known": Variant(None, batch_known=True),
    "square_only": Variant(None, square_only=True),
    "square_batch_known": Variant(None, batch_known=True, square_only=True),
    "buffers_fixed": Variant(None, fixed),
    "host_buffer": Variant(None, into),
    "host_buffer_pinned": Variant({}, pinned),
    "search_exhaustive": Variant({"cudnn_conv_algo_search": "EXHAUSTIVE"}),
    "search_default": Variant({"cudnn_conv_algo_search": "DEFAULT"}),
    "tf32_off": Variant({"use_tf32": "0"}),
    "arena_doubling": Variant({"arena_extend_strategy": "kNextPowerOfTwo"}),
    "nhwc": Variant({"prefer_nhwc": "1"}),
    "half": Variant(None, half=True),
    "square_batch_known_half": Variant(None, batch_known=True, square_only=True, half=True),
    "batch_known_graph": Variant(GRAPH, fixed, batch_known=True),
    "square_batch_known_graph": Variant(GRAPH, fixed, batch_known=True, square_only=True),
    "square_batch_known_graph_half": Variant(
        GRAPH, fixed, batch_known=True, square_only=True, half=True
    ),
    "graph": Variant(GRAPH, fixed),
}
"""What is tried, the safest first: a CUDA error can end CUDA for the whole process."""


def try_all(
    report: Report, persona: Persona, provider: str, faces: Faces, truth: Frames, budget_s: float
) -> None:
    """Measure each variant at batch 1 and at that of `faces`; an error costs its own figures."""
    for name, variant in VARIANTS.items():
        if variant.cuda is not None and provider != "cuda":
            continue
        if report.late:
            return report.find(f"variants from {name} on: skipped, the time is over")
        figures: dict[str, Figure] = {}
        try:
            for count in sorted({1, len(faces)}):
                draw = opened(persona, variant, provider, count)
                figures |= measured(draw, faces[:count], truth[:count], budget_s)
        except Exception as error:
            report.find(f"variant {name}: {in_a_line(error)}")
        report.put({f"variant_{provider}_{name}_{key}": figures[key] for key in figures})


def measured(
    draw: Callable[[Faces], Frames], faces: Faces, truth: Frames, budget_s: float
) -> dict[str, Figure]:
    """The time to the first pictures, the usual time, and agreement."""
    count = len(faces)
    began_s = time.perf_counter()
    frames = draw(faces).copy()
    first_ms = 1e3 * (time.perf_counter() - began_s)
    run_ms = timed_ms(partial(draw, faces), budget_s)
    # Again at the end: a recorded graph or a buffer that stays could repeat old pictures.
    draw(faces[::-1].copy())
    frames = draw(faces).copy()
    middle_ms = sorted(run_ms)[len(run_ms) // 2]
    return {
        f"batch_{count}_first_ms": first_ms,
        f"batch_{count}_ms": float(middle_ms),
        f"batch_{count}_frames_per_s": float(1e3 * count / middle_ms),
        f"batch_{count}_psnr_min_db": float(psnr_db(frames, truth).min()),
    }


def opened(
    persona: Persona, variant: Variant, provider: str, count: int
) -> Callable[[Faces], Frames]:
    """A variant, ready to draw `count` pictures at a time."""
    options = session_options(1)
    if variant.batch_known:
        options.add_free_dimension_override_by_name("batch", count)
    settings: dict[str, str] = {}
    if provider == "cuda":
        settings = {**CUDA_OPTIONS, **(variant.cuda or {})}
    chosen: list[Any] = [(PROVIDERS[provider], settings)]
    if provider != "cpu":
        chosen.append((PROVIDERS["cpu"], {}))
    changed = variant.square_only or variant.half
    model = _changed(persona, variant) if changed else str(persona.path)
    session = onnxruntime.InferenceSession(model, options, providers=chosen, enable_fallback=0)
    if session.get_providers()[0] != PROVIDERS[provider]:
        raise RuntimeError("ONNX Runtime could not start it")
    device = "cuda" if provider == "cuda" else "cpu"
    return variant.way(Rig(session, device, persona.size), count)


def _changed(persona: Persona, variant: Variant) -> bytes:
    """The model as the variant wants it."""
    import onnx

    from .half import halve

    model = onnx.load(str(persona.path))
    if variant.square_only:
        # ONNX Runtime drops what only the other outputs need.
        for output in [each for each in model.graph.output if each.name != OUTPUT]:
            model.graph.output.remove(output)
    if variant.half:
        halve(model)
    content: bytes = model.SerializeToString()
    return content
