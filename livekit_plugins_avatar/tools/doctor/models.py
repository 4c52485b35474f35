"""Looks at ONNX Runtime, its execution providers, and the persona files that it draws."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from ...face.state import FaceState
from ...timeline import Timed
from ..gpu.nvidia import find_card
from .finding import Finding, note, ok, problem
from .packages import installed

RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
DRIVER = "libcuda.so.1"
FRAMES = 12


def check_runtime(find: Callable[[str], str | None] = installed) -> Iterator[Finding]:
    """Whether there is one ONNX Runtime, and it loads."""
    there = [f"{name} {found}" for name in RUNTIMES if (found := find(name)) is not None]
    if len(there) == 2:
        yield problem(
            "ONNX Runtime",
            f"{' and '.join(there)} overwrite each other's files",
            "pip uninstall -y onnxruntime onnxruntime-gpu, then install one: onnxruntime-gpu with "
            "an NVIDIA GPU, else onnxruntime",
        )
        return
    try:
        import onnxruntime
    except ImportError as error:
        yield problem("ONNX Runtime", f"does not load: {error}", "pip install onnxruntime")
        return
    yield ok("ONNX Runtime", there[0] if there else onnxruntime.__version__)


def check_providers(
    providers: list[str] | None = None, *, card: str | None = None, driver: bool | None = None
) -> Finding:
    """Which devices can draw and, where a GPU cannot, why not.

    Args:
        providers: What ONNX Runtime is built with; by default asked.
        card: Name of the GPU, "" for none; by default asked.
        driver: Whether the CUDA driver loads; by default tried.
    """
    if providers is None:
        try:
            import onnxruntime
        except ImportError:
            return problem("devices", "none: ONNX Runtime is missing", "pip install onnxruntime")
        providers = onnxruntime.get_available_providers()
    # Azure's provider calls a service and draws nothing.
    names = [name.removesuffix("ExecutionProvider") for name in providers if "Azure" not in name]
    if card is None:
        found = find_card()
        card = found.name if found is not None else ""
    if "CUDA" in names:
        if not (_driver_loads() if driver is None else driver):
            return problem(
                "devices",
                f"{', '.join(names)}, but {DRIVER} does not load, so the CPU draws",
                "Install NVIDIA's driver or, in a container, start it with `--gpus all`.",
            )
        return ok("devices", f"{', '.join(names)} on {card or 'an unknown card'}")
    if card:
        return note(
            "devices",
            f"{', '.join(names)}; the {card} is not used",
            "pip uninstall -y onnxruntime && pip install 'onnxruntime-gpu>=1.20'",
        )
    return ok("devices", f"{', '.join(names)} (no NVIDIA GPU here)")


def check_native() -> Finding:
    """Whether there is native code that puts pictures together on a CPU."""
    from ...render.compositor import LIBRARY, library

    if library() is None:
        return note(
            "native code",
            f"{LIBRARY.name} is missing or of another machine: faces take twice the time on a CPU",
            "pip install --force-reinstall --no-deps livekit-plugins-avatar",
        )
    return ok("native code", "puts pictures together")


def check_persona(persona: str | Path) -> Finding:
    """Whether a persona is a good file, and what a frame of it costs."""
    from ...render.persona import BUILT_IN, Persona, PersonaError

    part = f"persona {Path(persona).name}"
    remedy = f"See docs/your-own-face.md, or use a built-in persona: {', '.join(BUILT_IN)}."
    try:
        loaded = Persona.load(persona)
        cost_s = frame_cost_s(persona)
    except PersonaError as error:
        return problem(part, str(error), remedy)
    except ImportError:
        return problem(part, "cannot be drawn without ONNX Runtime", "pip install onnxruntime")
    share = cost_s * loaded.fps
    found = f"{loaded.size[0]}x{loaded.size[1]}, {cost_s * 1000:.0f} ms a frame on one core"
    if share > 0.8:
        return problem(
            part,
            f"{found}: too slow for {loaded.fps} frames a second",
            "Draw it on a GPU, with `render_threads=2`, or export it smaller.",
        )
    return ok(part, found)


def frame_cost_s(persona: str | Path = "man") -> float:
    """Processor time of one frame of a persona that speaks and turns on the CPU, in seconds."""
    from ...render.onnx_renderer import OnnxRenderer
    from ...render.persona import Persona

    with closing(OnnxRenderer(Persona.load(persona), device="cpu")) as renderer:
        # Parts of a face that look as they did are not drawn again.
        faces = [FaceState.of(jawOpen=n / FRAMES, headYaw=n / FRAMES / 5) for n in range(FRAMES)]
        renderer.render([Timed(0, 1, FaceState.of())])
        began_s = time.process_time()
        for face in faces:
            renderer.render([Timed(0, 1, face)])
        return (time.process_time() - began_s) / FRAMES


def _driver_loads() -> bool:
    with suppress(OSError):
        ctypes.CDLL(DRIVER)
        return True
    return False
