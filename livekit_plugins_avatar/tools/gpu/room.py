"""Rooms of one job that draw in the shared renderer.

    python livekit_plugins_avatar/tools/gpu room PERSONA DEVICE ROOMS SECONDS FPS

Prints "ready" once all are connected, begins when a line comes in, and prints one JSON object: the
latencies of all frames in milliseconds and the failed calls. At 0 frames a second each room asks
again as soon as it is answered.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from ...face.state import FaceState
from ...render.persona import Persona
from ...render.shared.renderer import SharedRenderer
from ...timeline import SAMPLE_RATE, Timed

RETRY_S = 0.1
FRAMES_AHEAD = 6


def main() -> int:
    """Run the command."""
    persona_name, device, rooms, seconds, fps = sys.argv[2:]
    persona = Persona.load(persona_name)
    renderers = [SharedRenderer(persona, device=device) for _ in range(int(rooms))]  # type: ignore[arg-type]
    print("ready", flush=True)
    sys.stdin.readline()
    began_s = time.perf_counter()

    def draw(room: int) -> tuple[list[float], int]:
        # Rooms begin at different times within a frame, as real ones do.
        first_s = began_s + (room * 0.618 % 1) / (int(fps) or 30)
        with closing(renderers[room]) as renderer:
            return drawn(renderer, first_s, float(seconds), int(fps))

    with ThreadPoolExecutor(len(renderers)) as pool:
        results = list(pool.map(draw, range(len(renderers))))
    latencies_ms = [round(each, 2) for latencies, _ in results for each in latencies]
    failed = sum(failed for _, failed in results)
    print(json.dumps({"latency_ms": latencies_ms, "failed": failed}), flush=True)
    return 0


def drawn(
    renderer: SharedRenderer, first_s: float, seconds: float, fps: int
) -> tuple[list[float], int]:
    """Draw frame by frame; the milliseconds from when each was to be asked for to its picture."""
    latencies_ms: list[float] = []
    failed = frame = 0
    period = SAMPLE_RATE // (fps or 30)
    while time.perf_counter() < first_s + seconds:
        due_s = first_s + frame / fps if fps else time.perf_counter()
        time.sleep(max(0.0, due_s - time.perf_counter()))
        face = FaceState.of(jawOpen=frame % 30 / 60, headYaw=frame % 50 / 200)
        try:
            renderer.render([Timed(frame * period, period, face)])
            latencies_ms.append(1e3 * (time.perf_counter() - due_s))
        except (OSError, RuntimeError):
            failed += 1
            time.sleep(RETRY_S)
        # As a room does, it leaves out what would come too late.
        passed = int((time.perf_counter() - first_s) * fps)
        frame = max(frame + 1, passed - FRAMES_AHEAD + 1)
    return latencies_ms, failed
