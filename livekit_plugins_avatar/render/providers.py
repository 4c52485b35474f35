"""Tells which devices draw here; opens ONNX Runtime sessions on TensorRT, CUDA and the CPU."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any, get_args

import onnxruntime

from ..log import logger
from .onnx_file import shortened
from .persona import Device, Persona

PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""ONNX Runtime's name for the provider of each of its devices."""

DEVICES = ("tensorrt", "cuda", "cpu")
"""The fastest first."""

BATCHES = {"tensorrt": 32, "cuda": 32, "cpu": 1}
"""The most pictures drawn in one run. On a CPU a batch is no faster than its pictures one by one,
and takes the memory of all of them."""

CUDA_OPTIONS = {
    # The default tries every algorithm at the first run of each batch size, which takes seconds.
    "cudnn_conv_algo_search": "HEURISTIC",
    # The default doubles what it holds each time it needs a little more.
    "arena_extend_strategy": "kSameAsRequested",
    # A session of 32 pictures of 512x512 takes 1.1 GB.
    "gpu_mem_limit": str(8 * 2**30),
}

CPU_MEMORY_BYTES = 2 * 2**30
"""All personas of a process together; a built-in one takes 0.1 GB. More is a fault of the file."""

WARNING, FATAL = 2, 4
"""Severities of ONNX Runtime's log. The first is its default, which it does not tell."""


def candidates(device: Device) -> list[str]:
    """Return the devices to try, in order: those that are built in; the CPU is the last of them."""
    if device not in get_args(Device):
        names = ", ".join(map(repr, get_args(Device)))
        raise ValueError(f"there is no device {device!r}: use one of {names}")
    found = built_in("tensorrt" if device == "auto" else device)
    if device not in ("auto", found[0]):
        logger.warning(
            "renderer: %s draws instead of %s, which the installed ONNX Runtime is built without; "
            "pip uninstall -y onnxruntime && pip install onnxruntime-gpu",
            found[0],
            device,
        )
    return found


def built_in(first: str) -> list[str]:
    """Return `first` and the devices after it, as far as what is installed has them."""
    theirs = onnxruntime.get_available_providers()
    return [name for name in DEVICES[DEVICES.index(first) :] if PROVIDERS[name] in theirs]


def open_session(
    persona: Persona,
    device: str,
    threads: int,
    *,
    graph_size: int | None = None,
    content: bytes | None = None,
) -> Any:
    """Open a persona's weights on a device.

    Args:
        persona: The file.
        device: Of `PROVIDERS`.
        threads: Of a CPU.
        graph_size: For a CUDA graph of that batch.
        content: What of the file to open, a file of its own; all of it without.
    """
    options = session_options(threads)
    if device == "cpu":
        # A row times a matrix, which is half of a face's arithmetic, is faster with the matrix as
        # the file has it.
        options.add_session_config_entry("session.disable_prepacking", "1")
    settings = {"cuda": CUDA_OPTIONS}
    if device == "tensorrt":
        settings["tensorrt"] = _tensorrt_options(persona)
    if graph_size is not None:
        settings["cuda"] = CUDA_OPTIONS | {"enable_cuda_graph": "1"}
        if persona.batch:
            # With the batch known, ONNX Runtime computes shapes once.
            options.add_free_dimension_override_by_name(persona.batch, graph_size)
    # The engine falls back, and logs it; ONNX Runtime would print, and skip a provider.
    with ExitStack() as stack:
        if device != "cpu":
            onnxruntime.set_default_logger_severity(FATAL)
            stack.callback(onnxruntime.set_default_logger_severity, WARNING)
        session: Any = onnxruntime.InferenceSession(
            persona.content if content is None else content,
            options,
            providers=[(PROVIDERS[name], settings.get(name, {})) for name in built_in(device)],
            enable_fallback=0,
            read_config_from_model=0,
        )
    session.disable_fallback()
    if session.get_providers()[0] != PROVIDERS[device]:
        raise RuntimeError("ONNX Runtime could not start it")
    return session


def session_options(threads: int) -> Any:
    """Options of every session: so many CPU threads, none of which spins while it waits."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    for kind in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{kind}.allow_spinning", "0")
    # Without it, bytes that `onnx_file` has not read could pass for ONNX Runtime's own format.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    _limit_cpu_memory()
    options.add_session_config_entry("session.use_env_allocators", "1")
    # What fails is raised, and logged once by this package.
    options.log_severity_level = FATAL
    return options


@cache
def _limit_cpu_memory() -> None:
    """Let all sessions with `use_env_allocators` share one arena of at most `CPU_MEMORY_BYTES`."""
    # It grows by what is needed (1), and the rest is as usual (-1).
    arena = onnxruntime.OrtArenaCfg(CPU_MEMORY_BYTES, 1, -1, -1)
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    # ONNX Runtime 1.20 raises where the process has such an arena already.
    with suppress(RuntimeError):
        onnxruntime.create_and_register_allocator(memory, arena)


def _tensorrt_options(persona: Persona) -> dict[str, str]:
    # TensorRT tells models apart by the names in them and not by their weights: two personas of the
    # same architecture need a folder each.
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "livekit-avatar" / "tensorrt" / persona.digest[:32]
    folder.mkdir(parents=True, exist_ok=True)
    columns = len(persona.parameters)
    if not any(folder.iterdir()):
        logger.info(
            "renderer: TensorRT, where it is installed, now compiles for this GPU: this takes "
            "minutes, once; the result is kept in %s",
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


def first_line(error: Exception) -> str:
    """Return what an error says first, without the names of ONNX Runtime's source files."""
    line = shortened(str(error).partition("\n")[0], 600)
    return re.sub(r"^(\[ONNXRuntimeError\][^/]*)?/\S+\.cc:\d+ .*?\) (?=[A-Z])", "", line)[:300]
