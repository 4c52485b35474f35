"""Tells where ONNX Runtime places a persona's nodes and what they take.

In flows a provider and a batch; out flow node counts and milliseconds by provider and operator. It
runs in a process of its own, in which CUDA waits for each kernel: only then is the time of a node
its own, and not that of handing it over.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import onnxruntime

from ...render.persona import load_persona
from ...render.providers import PROVIDERS, configured, session_options
from .report import Figure
from .rig import Rig, random_faces

RUNS = 5
"""The runs that count; as many go before them."""

TOP = 12
"""The operators that are listed for the provider which draws."""

Events = list[dict[str, Any]]


def profiled(persona: str, provider: str, batch: int, limit_s: float) -> dict[str, Figure]:
    """The figures of `profile`, from a process that waits for each kernel.

    Raises:
        RuntimeError: It failed.
        subprocess.TimeoutExpired: It took more than `limit_s`.
    """
    command = [sys.executable, str(Path(__file__).parent), "--persona", persona]
    command += ["--profile", provider, "--batches", str(batch)]
    done = subprocess.run(
        command,
        env={**os.environ, "CUDA_LAUNCH_BLOCKING": "1"},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    figures: dict[str, Figure] = json.loads(done.stdout.splitlines()[-1])
    return figures


def profile(persona_name: str, provider: str, batch: int) -> dict[str, Figure]:
    """Node counts and milliseconds a run, by provider and operator."""
    persona = load_persona(persona_name)
    faces = random_faces(persona, batch)
    with tempfile.TemporaryDirectory() as folder:
        options = session_options(1)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        settings = configured(provider, len(persona.parameters))
        session = onnxruntime.InferenceSession(
            str(persona.path), options, providers=settings, enable_fallback=0
        )
        rig = Rig(session, "cpu" if provider == "cpu" else "cuda", persona.size)
        for _ in range(2 * RUNS):
            rig.copied(faces)
        events: Events = json.loads(Path(session.end_profiling()).read_text())
    return summary(events, f"profile_{provider}_batch_{batch}")


def summary(events: Events, prefix: str) -> dict[str, Figure]:
    """What the last `RUNS` runs of a profile say."""
    runs = sorted((e for e in events if e["name"] == "model_run"), key=lambda e: float(e["ts"]))
    runs = runs[-RUNS:]
    since = float(runs[0]["ts"])
    nodes = [e for e in events if e["name"].endswith("_kernel_time") and float(e["ts"]) >= since]
    run_ms = sum(float(e["dur"]) for e in runs) / 1e3 / len(runs)
    figures: dict[str, Figure] = {f"{prefix}_run_ms": run_ms}
    for name, theirs in PROVIDERS.items():
        mine = [e for e in nodes if e["args"].get("provider") == theirs]
        if mine:
            # What has gone to another provider is listed in full.
            top = TOP if len(mine) * 2 > len(nodes) else len(mine)
            figures |= _by_operator(mine, len(runs), f"{prefix}_on_{name}", top)
    return figures


def _by_operator(nodes: Events, runs: int, prefix: str, top: int) -> dict[str, Figure]:
    count: Counter[str] = Counter()
    taken_ms: defaultdict[str, float] = defaultdict(float)
    for node in nodes:
        kind = str(node["args"]["op_name"])
        count[kind] += 1
        taken_ms[kind] += float(node["dur"]) / 1e3 / runs
    figures: dict[str, Figure] = {
        f"{prefix}_nodes": count.total() // runs,
        f"{prefix}_ms": sum(taken_ms.values()),
    }
    for kind in sorted(taken_ms, key=lambda kind: -taken_ms[kind])[:top]:
        figures[f"{prefix}_{kind}_nodes"] = count[kind] // runs
        figures[f"{prefix}_{kind}_ms"] = taken_ms[kind]
    return figures
