"""Where a persona can be drawn: ONNX Runtime's execution providers, and how each is set up.

In flows what a user asked for; out flows what to try, in order, and the settings of each. The CPU
comes last whatever is asked for, because it is always there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnxruntime

from ..log import logger
from .persona import Persona

PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""ONNX Runtime's names for ours, the fastest first."""

BATCHES = {"tensorrt": 32, "cuda": 32, "cpu": 1}
"""The most pictures drawn in one run. A GPU has room for many; on a CPU a batch is no faster than
its pictures one by one, and takes the memory of all of them."""

CUDA_OPTIONS = {
    # The default tries every algorithm at the first run of each batch size, which takes seconds.
    "cudnn_conv_algo_search": "HEURISTIC",
    # The default doubles what it holds each time it needs a little more.
    "arena_extend_strategy": "kSameAsRequested",
}


WARNING, FATAL = 2, 4
"""Severities of ONNX Runtime's log; the first is its default, which cannot be asked for."""


def candidates(provider: str) -> list[str]:
    """What to try, in order: a provider and the slower ones after it, as far as they are built in.

    Args:
        provider: "auto" for the fastest, or one of `PROVIDERS`.

    Raises:
        ValueError: It is neither.
    """
    if provider != "auto" and provider not in PROVIDERS:
        names = ", ".join(map(repr, ("auto", *PROVIDERS)))
        raise ValueError(f"there is no provider {provider!r}: use one of {names}")
    built_in = _built_in(provider if provider != "auto" else next(iter(PROVIDERS)))
    if provider not in ("auto", built_in[0]):
        logger.warning(
            "%s draws instead of %s, which the installed ONNX Runtime is built without; "
            "pip install 'livekit-plugins-avatar[gpu]'",
            built_in[0],
            provider,
        )
    return built_in


def configured(name: str, columns: int) -> list[tuple[str, dict[str, str]]]:
    """A provider, and those that take the nodes which it does not know, as ONNX Runtime wants them.

    Args:
        name: One of `PROVIDERS`.
        columns: How many parameters the persona takes.
    """
    settings: Mapping[str, dict[str, str]] = {
        "tensorrt": _tensorrt_options(columns) if name == "tensorrt" else {},
        "cuda": dict(CUDA_OPTIONS),
        "cpu": {},
    }
    return [(PROVIDERS[each], settings[each]) for each in _built_in(name)]


def _built_in(first: str) -> list[str]:
    """`first` and the providers after it, as far as the installed ONNX Runtime has them."""
    known = list(PROVIDERS)
    theirs = onnxruntime.get_available_providers()
    return [name for name in known[known.index(first) :] if PROVIDERS[name] in theirs]


def engine_folder() -> Path:
    """Where TensorRT keeps what it has compiled; not made by asking."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "livekit-avatar" / "tensorrt"


def _tensorrt_options(columns: int) -> dict[str, str]:
    folder = engine_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        logger.info(
            "TensorRT, where it is installed, now compiles for this GPU: this takes minutes, once; "
            "the result is kept in %s",
            folder,
        )
    return {
        "trt_fp16_enable": "1",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(folder),
        # One engine for all batch sizes: without a range each new size is compiled again.
        "trt_profile_min_shapes": f"face:1x{columns}",
        "trt_profile_opt_shapes": f"face:1x{columns}",
        "trt_profile_max_shapes": f"face:{BATCHES['tensorrt']}x{columns}",
    }


def session_options(threads: int) -> onnxruntime.SessionOptions:
    """Of every session: so many threads of the CPU, none of which spins while it waits."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    for kind in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{kind}.allow_spinning", "0")
    # Errors only: what is said at the start of a GPU is said once, by us.
    options.log_severity_level = 3
    return options


def open_session(
    persona: Persona, provider: str, threads: int, *, graph_size: int | None = None
) -> Any:
    """Open a persona's weights on a provider.

    Args:
        persona: The file.
        provider: One of `PROVIDERS`.
        threads: CPU threads, at least 1.
        graph_size: Record a CUDA graph, for batches of this size only.

    Raises:
        RuntimeError: ONNX Runtime went on without the provider.
        Exception: Whatever ONNX Runtime raises.
    """
    options = session_options(threads)
    settings = configured(provider, len(persona.parameters))
    if graph_size is not None:
        settings[0][1]["enable_cuda_graph"] = "1"
        if persona.batch:
            # With the batch known, ONNX Runtime computes shapes once.
            options.add_free_dimension_override_by_name(persona.batch, graph_size)
    with _silent(provider):
        # Falling back is done by the engine, and said; ONNX Runtime would print, and skip a
        # provider.
        session: Any = onnxruntime.InferenceSession(
            str(persona.path), options, providers=settings, enable_fallback=0
        )
    session.disable_fallback()
    if session.get_providers()[0] != PROVIDERS[provider]:
        raise RuntimeError("ONNX Runtime could not start it")
    return session


@contextmanager
def _silent(provider: str) -> Iterator[None]:
    """Keep ONNX Runtime from printing that a GPU's library is missing; the engine logs it."""
    if provider == "cpu":
        yield
        return
    onnxruntime.set_default_logger_severity(FATAL)
    try:
        yield
    finally:
        onnxruntime.set_default_logger_severity(WARNING)


def first_line(error: Exception) -> str:
    """What an error says, without ONNX Runtime's source files and what follows the first line."""
    line = str(error).partition("\n")[0]
    return re.sub(r"^(\[ONNXRuntimeError\][^/]*)?/\S+\.cc:\d+ .*?\) (?=[A-Z])", "", line)
