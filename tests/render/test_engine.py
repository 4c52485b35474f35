"""One model serves all who draw the same persona, and gives way from provider to provider."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import numpy as np
import onnxruntime
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.options import Aspect
from livekit_plugins_avatar.render.cuda import SIZES
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona, PersonaError, load_persona
from livekit_plugins_avatar.render.providers import BATCHES, session_options
from livekit_plugins_avatar.render.renderer import Frames, Moment
from livekit_plugins_avatar.timeline import Timed

LOGGER = "livekit.plugins.avatar"
WritePersona = Callable[..., Path]
RealSession = onnxruntime.InferenceSession
RealValue: Any = onnxruntime.OrtValue


def moments(*opened: float) -> list[Moment]:
    return [Timed(1600 * n, 1600, FaceState.of(jawOpen=jaw)) for n, jaw in enumerate(opened)]


def levels(frames: Frames) -> list[int]:
    """The one value of each of the stub persona's pictures."""
    assert (frames == frames[:, :1, :1]).all()
    return [int(level) for level in frames[:, 0, 0]]


@pytest.fixture
def persona(write_persona: WritePersona) -> Persona:
    return load_persona(write_persona(wide=14))


class Runtime:
    """ONNX Runtime as it would be on a machine with GPUs: they draw on the CPU, and break at will.

    `broken` holds, by provider, what is raised when a session is made (`start`), when it runs
    (`run`), and when it runs that is to record a CUDA graph (`graph`).
    """

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.options: list[dict[str, str]] = []
        self.sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self.batches: list[int] = []
        self.bound: list[str] = []
        self.replayed: list[int] = []
        self.broken: dict[tuple[str, str], Exception] = {}

    def check(self, provider: str, what: str) -> None:
        """Raise what is broken; `what` is "start", "run" or "graph"."""
        if error := self.broken.get((provider, what)):
            raise error


class Session:
    """An InferenceSession, on a provider that may be somewhere else."""

    def __init__(
        self,
        runtime: Runtime,
        path: str,
        options: Any,
        providers: Sequence[tuple[str, dict[str, str]]],
    ) -> None:
        self._runtime = runtime
        self._provider, provider_options = providers[0]
        runtime.check(self._provider, "start")
        self._graph = provider_options.get("enable_cuda_graph") == "1"
        self._session = RealSession(path, options, providers=["CPUExecutionProvider"])
        runtime.opened.append(self._provider)
        runtime.options.append(provider_options)
        runtime.sessions.add(self)

    def get_providers(self) -> list[str]:
        return [self._provider]

    def disable_fallback(self) -> None:
        pass

    def run(self, outputs: list[str], feeds: dict[str, Any]) -> Any:
        assert self._provider == "CPUExecutionProvider", "a GPU is not run without binding"
        self._runtime.check(self._provider, "run")
        self._runtime.batches.append(len(feeds["face"]))
        return self._session.run(outputs, feeds)

    def io_binding(self) -> Any:
        runtime, binding = self._runtime, self._session.io_binding()

        class Binding:
            native = binding

            def bind_cpu_input(self, name: str, faces: Any) -> None:
                runtime.batches.append(len(faces))
                binding.bind_cpu_input(name, faces)

            def bind_output(self, name: str, device: str) -> None:
                runtime.bound.append(f"{name} on {device}")
                binding.bind_output(name, "cpu")

            def bind_ortvalue_input(self, name: str, value: Any) -> None:
                self.size = value.shape()[0]
                binding.bind_ortvalue_input(name, value)

            def bind_ortvalue_output(self, name: str, value: Any) -> None:
                binding.bind_ortvalue_output(name, value.memory)

            def copy_outputs_to_cpu(self) -> Any:
                return binding.copy_outputs_to_cpu()

        return Binding()

    def run_with_iobinding(self, binding: Any) -> None:
        self._runtime.check(self._provider, "run")
        if self._graph:
            self._runtime.check(self._provider, "graph")
            self._runtime.replayed.append(binding.size)
        self._session.run_with_iobinding(binding.native)


class DeviceValue:
    """An OrtValue of a device, which is somewhere else."""

    @staticmethod
    def ortvalue_from_numpy(array: Any, device: str, number: int) -> Any:
        assert (device, number) == ("cuda", 0)
        return RealValue.ortvalue_from_numpy(array.copy())

    @staticmethod
    def ortvalue_from_shape_and_type(shape: Any, kind: Any, device: str, number: int) -> Any:
        assert (device, number) == ("cuda", 0)
        return Copied(RealValue.ortvalue_from_shape_and_type(shape, kind))


class Copied:
    """A device's memory, which is copied each time it is read."""

    def __init__(self, memory: Any) -> None:
        self.memory = memory

    def numpy(self) -> Any:
        return self.memory.numpy().copy()


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runtime:
    """A machine with TensorRT, CUDA and a CPU."""
    fake = Runtime()

    def session(
        path: str, options: Any, *, providers: list[tuple[str, dict[str, str]]], **_: Any
    ) -> Session:
        return Session(fake, path, options, providers)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    monkeypatch.setattr(onnxruntime, "OrtValue", DeviceValue)
    names = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return fake


def test_renderers_of_one_persona_share_one_model(persona: Persona, runtime: Runtime) -> None:
    first, second = (OnnxRenderer(persona, provider="cpu") for _ in range(2))
    assert levels(first.render(moments(0.5))) == levels(second.render(moments(0.5))) == [66]
    assert len(runtime.opened) == 1


def test_the_wide_frame_is_drawn_by_the_same_model(persona: Persona, runtime: Runtime) -> None:
    square = OnnxRenderer(persona, provider="cpu")
    wide = OnnxRenderer(persona, provider="cpu", frame="wide")
    assert (square.size, wide.size) == ((8, 4), (14, 4))
    assert square.render(moments(0.0)).shape == (1, 6, 8)
    assert wide.render(moments(0.0, 1.0)).shape == (2, 6, 14)
    assert levels(wide.render(moments(0.0, 1.0))) == [16, 116]
    assert len(runtime.opened) == 1


@pytest.mark.parametrize("other", [{"provider": "cuda"}, {"provider": "cpu", "threads": 2}])
def test_another_provider_or_number_of_threads_is_another_model(
    persona: Persona, runtime: Runtime, other: dict[str, Any]
) -> None:
    renderers = [OnnxRenderer(persona, provider="cpu"), OnnxRenderer(persona, **other)]
    assert len(runtime.opened) >= len(renderers)


def test_the_model_goes_with_its_last_user(persona: Persona, runtime: Runtime) -> None:
    first, second = (OnnxRenderer(persona, provider="cpu") for _ in range(2))
    first.close()
    gc.collect()
    assert levels(second.render(moments(1.0))) == [116]
    second.close()
    gc.collect()
    assert not runtime.sessions
    again = OnnxRenderer(persona, provider="cpu")
    assert levels(again.render(moments(1.0))) == [116]
    assert len(runtime.opened) == 2


def test_rooms_may_draw_at_the_same_time(persona: Persona) -> None:
    renderers = [OnnxRenderer(persona, provider="cpu") for _ in range(4)]
    drawn: dict[int, list[int]] = {}
    together = threading.Barrier(len(renderers))

    def draw(room: int) -> None:
        together.wait()
        for _ in range(50):
            drawn[room] = levels(renderers[room].render(moments(room / 4, 1.0)))

    threads = [threading.Thread(target=draw, args=(room,)) for room in range(len(renderers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == {0: [16, 116], 1: [41, 116], 2: [66, 116], 3: [91, 116]}


def test_the_cpu_draws_one_by_one_because_a_batch_only_takes_memory(
    persona: Persona, runtime: Runtime
) -> None:
    renderer = OnnxRenderer(persona, provider="cpu")
    runtime.batches.clear()
    assert levels(renderer.render(moments(0.0, 0.5, 1.0))) == [16, 66, 116]
    assert runtime.batches == [1, 1, 1]


def drawn_level(jaw: float) -> int:
    """What the stub persona paints."""
    return int(np.float32(100) * np.float32(jaw) + 16)


def test_tensorrt_draws_batches_into_bound_memory(persona: Persona, runtime: Runtime) -> None:
    renderer = OnnxRenderer(persona, provider="tensorrt")
    assert renderer.provider == "tensorrt"
    runtime.batches.clear()
    opened = [n / 40 for n in range(40)]
    assert levels(renderer.render(moments(*opened))) == list(map(drawn_level, opened))
    assert runtime.batches == [BATCHES["tensorrt"], 40 - BATCHES["tensorrt"]]
    assert set(runtime.bound) == {"i420 on cuda"}


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1]), (2, [8]), (8, [8]), (9, [32]), (40, [32, 8]), (33, [32, 1])]
)
def test_cuda_replays_graphs_of_few_sizes(
    persona: Persona, runtime: Runtime, count: int, sizes: list[int]
) -> None:
    """A batch between two sizes is padded, one above the largest is split."""
    renderer = OnnxRenderer(persona, provider="cuda")
    opened = [n / 40 for n in range(count)]
    renderer.render(moments(*opened[::-1]))
    runtime.replayed.clear()
    assert levels(renderer.render(moments(*opened))) == list(map(drawn_level, opened))
    assert runtime.replayed == sizes


def test_cuda_graphs_serve_both_aspects(persona: Persona, runtime: Runtime) -> None:
    """Square and wide pictures come from the same graphs."""
    square, wide = (
        OnnxRenderer(persona, provider="cuda", frame=frame) for frame in get_args(Aspect)
    )
    opened = len(runtime.opened)
    assert square.render(moments(0.5)).shape == (1, 6, 8)
    assert wide.render(moments(0.5, 1.0)).shape == (2, 6, 14)
    assert len(runtime.opened) == opened


def test_cuda_sessions_are_few(persona: Persona, runtime: Runtime) -> None:
    """However many sizes of batches are drawn, a session is opened for each size of graph."""
    renderer = OnnxRenderer(persona, provider="cuda")
    for count in range(1, 70):
        renderer.render(moments(*[0.0] * count))
    assert runtime.opened == ["CUDAExecutionProvider"] * len(SIZES)


@pytest.mark.parametrize("later", [False, True])
def test_cuda_draws_without_graphs_that_cannot_be_recorded(
    persona: Persona, runtime: Runtime, caplog: pytest.LogCaptureFixture, later: bool
) -> None:
    """CUDA is kept, no picture is lost, and the log says so once."""
    error = RuntimeError("[ONNXRuntimeError] : 1 : FAIL : nodes on the CPU\nand a long story")
    if not later:
        runtime.broken["CUDAExecutionProvider", "graph"] = error
    renderer = OnnxRenderer(persona, provider="cuda")
    runtime.broken["CUDAExecutionProvider", "graph"] = error
    assert levels(renderer.render(moments(0.5, 1.0))) == [66, 116]
    assert levels(renderer.render(moments(0.0))) == [16]
    assert renderer.provider == "cuda"
    (record,) = caplog.records
    assert "no CUDA graph could be recorded" in record.getMessage()
    assert "long story" not in record.getMessage()


def test_cuda_draws_on_many_threads(persona: Persona, runtime: Runtime) -> None:
    """Graphs have one set of buffers, which no two threads use at a time."""
    renderers = [OnnxRenderer(persona, provider="cuda") for _ in range(4)]

    def draw(room: int) -> set[tuple[int, ...]]:
        return {tuple(levels(renderers[room].render(moments(room / 4, 1.0)))) for _ in range(50)}

    with ThreadPoolExecutor(len(renderers)) as pool:
        drawn = list(pool.map(draw, range(len(renderers))))
    assert drawn == [{(16, 116)}, {(41, 116)}, {(66, 116)}, {(91, 116)}]


def test_tensorrt_keeps_what_it_compiles_and_compiles_once_for_all_batches(
    persona: Persona, runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        OnnxRenderer(persona, provider="tensorrt")
    (options,) = runtime.options
    folder = tmp_path / "cache" / "livekit-avatar" / "tensorrt"
    assert folder.is_dir()
    assert options["trt_engine_cache_path"] == str(folder)
    assert options["trt_fp16_enable"] == options["trt_engine_cache_enable"] == "1"
    assert options["trt_profile_min_shapes"] == "face:1x2"
    assert options["trt_profile_max_shapes"] == "face:32x2"
    (record,) = caplog.records
    assert str(folder) in record.getMessage() and "minutes" in record.getMessage()


@pytest.mark.parametrize("what", ["start", "run"])
def test_a_provider_that_fails_at_the_start_or_at_its_first_run_leaves_it_to_the_next(
    persona: Persona, runtime: Runtime, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    runtime.broken["TensorrtExecutionProvider", what] = RuntimeError("no device\nand a long story")
    runtime.broken["CUDAExecutionProvider", what] = RuntimeError("no driver")
    with caplog.at_level(logging.WARNING, LOGGER):
        renderer = OnnxRenderer(persona)
        assert levels(renderer.render(moments(1.0))) == [116]
    assert renderer.provider == "cpu"
    (record,) = caplog.records
    assert "drawn on cpu" in record.getMessage()
    assert "(tensorrt: no device; cuda: no driver)" in record.getMessage()


def test_a_provider_that_fails_later_leaves_it_to_the_next_and_no_picture_is_lost(
    persona: Persona, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (OnnxRenderer(persona, provider="cuda") for _ in range(2))
    runtime.broken["CUDAExecutionProvider", "run"] = RuntimeError("the device fell off the bus")
    with caplog.at_level(logging.WARNING, LOGGER):
        assert levels(first.render(moments(0.5, 1.0))) == [66, 116]
        assert levels(second.render(moments(0.0))) == [16]
    assert (first.provider, second.provider) == ("cpu", "cpu")
    assert runtime.opened[-1] == "CPUExecutionProvider"
    (record,) = caplog.records
    assert "fell off the bus" in record.getMessage()


def test_the_last_provider_raises_and_may_recover(persona: Persona, runtime: Runtime) -> None:
    renderer = OnnxRenderer(persona, provider="cpu")
    runtime.broken["CPUExecutionProvider", "run"] = MemoryError("no room for a picture")
    with pytest.raises(MemoryError, match="no room"):
        renderer.render(moments(1.0))
    runtime.broken.clear()
    assert levels(renderer.render(moments(1.0))) == [116]


def test_a_model_that_draws_another_shape_than_it_says_is_refused(
    write_persona: WritePersona,
) -> None:
    persona = load_persona(write_persona(rows=5, undeclared=True))
    with pytest.raises(
        PersonaError, match=r"draws uint8 \[1, 5, 8\], its metadata says .*\[1, 6, 8\]"
    ):
        OnnxRenderer(persona, provider="cpu")


def test_a_frame_that_the_persona_lacks_is_refused(write_persona: WritePersona) -> None:
    with pytest.raises(PersonaError, match="no wide frame"):
        OnnxRenderer(load_persona(write_persona()), frame="wide")


def test_threads_are_as_many_as_asked_for_and_none_spins() -> None:
    options = session_options(3)
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    for kind in ("intra_op", "inter_op"):
        assert options.get_session_config_entry(f"session.{kind}.allow_spinning") == "0"
