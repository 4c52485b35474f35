"""One session serves all renderers of a persona, and devices that fail are left for the next."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render import engine
from livekit_plugins_avatar.render.model import SIZES
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.opening import warm
from livekit_plugins_avatar.render.persona import Persona, PersonaError
from livekit_plugins_avatar.render.providers import BATCHES, first_line, session_options
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
def persona(write_persona: WritePersona, tmp_path: Path) -> Persona:
    """A persona of this test alone: engines are shared by all that have the same bytes."""
    return Persona.load(write_persona(wide=14, licence=tmp_path.name))


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
        self.hanging: set[str] = set()
        self.release = threading.Event()

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
        if self._provider in runtime.hanging:
            runtime.release.wait(30)
        self._graph = provider_options.get("enable_cuda_graph") == "1"
        self._session = RealSession(path, options, providers=["CPUExecutionProvider"])
        runtime.opened.append(self._provider)
        runtime.options.append(provider_options)
        runtime.sessions.add(self)

    def get_providers(self) -> list[str]:
        return [self._provider]

    def disable_fallback(self) -> None:
        pass

    def get_inputs(self) -> Any:
        return self._session.get_inputs()

    def get_outputs(self) -> Any:
        return self._session.get_outputs()

    def run(self, outputs: list[str], feeds: dict[str, Any], options: Any) -> Any:
        assert self._provider == "CPUExecutionProvider", "a GPU is not run without binding"
        self._runtime.check(self._provider, "run")
        return self._session.run(outputs, feeds, options)

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
                binding.bind_ortvalue_output(name, getattr(value, "memory", value))

            def copy_outputs_to_cpu(self) -> Any:
                return binding.copy_outputs_to_cpu()

        return Binding()

    def run_with_iobinding(self, binding: Any, options: Any = None) -> None:
        self._runtime.check(self._provider, "run")
        if self._provider == "CPUExecutionProvider":
            self._runtime.batches.append(binding.size)
        if self._graph:
            self._runtime.check(self._provider, "graph")
            self._runtime.replayed.append(binding.size)
        self._session.run_with_iobinding(binding.native)


class DeviceValue:
    """An OrtValue of a device, which is somewhere else, or of the CPU."""

    @staticmethod
    def ortvalue_from_numpy(array: Any, device: str = "cpu", number: int = 0) -> Any:
        if device == "cpu":
            return RealValue.ortvalue_from_numpy(array)
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


def test_shared(persona: Persona, runtime: Runtime) -> None:
    """Renderers of one persona share its sessions: one for each picture."""
    first, second = (OnnxRenderer(persona, device="cpu") for _ in range(2))
    assert levels(first.render(moments(0.5))) == levels(second.render(moments(0.5))) == [66]
    assert len(runtime.opened) == 2


def test_wide(persona: Persona, runtime: Runtime) -> None:
    """Renderers of both aspects share the sessions."""
    square = OnnxRenderer(persona, device="cpu")
    wide = OnnxRenderer(persona, device="cpu", aspect="wide")
    assert (square.size, wide.size) == ((8, 4), (14, 4))
    assert square.render(moments(0.0)).shape == (1, 6, 8)
    assert wide.render(moments(0.0, 1.0)).shape == (2, 6, 14)
    assert levels(wide.render(moments(0.0, 1.0))) == [16, 116]
    assert len(runtime.opened) == 2


@pytest.mark.parametrize("other", [{"device": "cuda"}, {"device": "cpu", "threads": 2}])
def test_not_shared(persona: Persona, runtime: Runtime, other: dict[str, Any]) -> None:
    """Another device or number of threads is another session."""
    renderers = [OnnxRenderer(persona, device="cpu"), OnnxRenderer(persona, **other)]
    assert len(runtime.opened) >= len(renderers)


def test_released(persona: Persona, runtime: Runtime) -> None:
    """The session goes with its last renderer."""
    first, second = (OnnxRenderer(persona, device="cpu") for _ in range(2))
    first.close()
    gc.collect()
    assert levels(second.render(moments(1.0))) == [116]
    second.close()
    gc.collect()
    assert not runtime.sessions
    again = OnnxRenderer(persona, device="cpu")
    assert levels(again.render(moments(1.0))) == [116]
    assert len(runtime.opened) == 4


def test_threads(persona: Persona) -> None:
    """Rooms may draw at the same time."""
    renderers = [OnnxRenderer(persona, device="cpu") for _ in range(4)]
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


def test_cpu_batches(persona: Persona, runtime: Runtime) -> None:
    """The CPU draws pictures one by one."""
    renderer = OnnxRenderer(persona, device="cpu")
    runtime.batches.clear()
    assert levels(renderer.render(moments(0.0, 0.5, 1.0))) == [16, 66, 116]
    assert runtime.batches == [1, 1, 1]


def drawn_level(jaw: float) -> int:
    """What the stub persona paints."""
    return int(np.float32(100) * np.float32(jaw) + 16)


def test_tensorrt_batches(persona: Persona, runtime: Runtime) -> None:
    """TensorRT draws batches of at most 32 into its own memory."""
    renderer = OnnxRenderer(persona, device="tensorrt")
    assert renderer.device == "tensorrt"
    runtime.batches.clear()
    runtime.bound.clear()
    opened = [n / 40 for n in range(40)]
    assert levels(renderer.render(moments(*opened))) == list(map(drawn_level, opened))
    assert runtime.batches == [BATCHES["tensorrt"], 40 - BATCHES["tensorrt"]]
    assert set(runtime.bound) == {"i420 on cuda"}


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1]), (2, [8]), (8, [8]), (9, [32]), (40, [32, 8]), (33, [32, 1])]
)
def test_graph_sizes(persona: Persona, runtime: Runtime, count: int, sizes: list[int]) -> None:
    """A batch between two sizes is padded, one above the largest is split."""
    renderer = OnnxRenderer(persona, device="cuda")
    opened = [n / 40 for n in range(count)]
    renderer.render(moments(*opened[::-1]))
    runtime.replayed.clear()
    assert levels(renderer.render(moments(*opened))) == list(map(drawn_level, opened))
    assert runtime.replayed == sizes


def test_graph_aspects(persona: Persona, runtime: Runtime) -> None:
    """Square and wide pictures come from the same graphs."""
    square, wide = (OnnxRenderer(persona, device="cuda", aspect=each) for each in persona.sizes)
    opened = len(runtime.opened)
    assert square.render(moments(0.5)).shape == (1, 6, 8)
    assert wide.render(moments(0.5, 1.0)).shape == (2, 6, 14)
    assert len(runtime.opened) == opened


def test_graph_count(persona: Persona, runtime: Runtime) -> None:
    """However many sizes of batches are drawn, a session is opened for each size of graph."""
    renderer = OnnxRenderer(persona, device="cuda")
    for count in range(1, 70):
        renderer.render(moments(*[0.0] * count))
    assert runtime.opened == ["CUDAExecutionProvider"] * len(SIZES)


@pytest.mark.parametrize("later", [False, True])
def test_no_graphs(
    persona: Persona, runtime: Runtime, caplog: pytest.LogCaptureFixture, later: bool
) -> None:
    """CUDA is kept, no picture is lost, and the log says so once."""
    error = RuntimeError("[ONNXRuntimeError] : 1 : FAIL : nodes on the CPU\nand a long story")
    if not later:
        runtime.broken["CUDAExecutionProvider", "graph"] = error
    renderer = OnnxRenderer(persona, device="cuda")
    runtime.broken["CUDAExecutionProvider", "graph"] = error
    assert levels(renderer.render(moments(0.5, 1.0))) == [66, 116]
    assert levels(renderer.render(moments(0.0))) == [16]
    assert renderer.device == "cuda"
    (record,) = caplog.records
    assert "no CUDA graph could be recorded" in record.getMessage()
    assert "long story" not in record.getMessage()


def test_graph_threads(persona: Persona, runtime: Runtime) -> None:
    """Graphs have one set of buffers, which no two threads use at a time."""
    renderers = [OnnxRenderer(persona, device="cuda") for _ in range(4)]

    def draw(room: int) -> set[tuple[int, ...]]:
        return {tuple(levels(renderers[room].render(moments(room / 4, 1.0)))) for _ in range(50)}

    with ThreadPoolExecutor(len(renderers)) as pool:
        drawn = list(pool.map(draw, range(len(renderers))))
    assert drawn == [{(16, 116)}, {(41, 116)}, {(66, 116)}, {(91, 116)}]


def test_tensorrt_cache(
    persona: Persona, runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """TensorRT keeps what it compiles for each persona, and compiles once for all batches."""
    with caplog.at_level(logging.INFO, LOGGER):
        OnnxRenderer(persona, device="tensorrt")
    (options,) = runtime.options
    folder = Path(options["trt_engine_cache_path"])
    assert folder.is_dir()
    assert folder.parent == tmp_path / "cache" / "livekit-avatar" / "tensorrt"
    assert folder.name == persona.digest[:32]
    assert options["trt_fp16_enable"] == options["trt_engine_cache_enable"] == "1"
    assert options["trt_profile_min_shapes"] == "face:1x2"
    assert options["trt_profile_max_shapes"] == "face:32x2"
    (record,) = caplog.records
    assert str(folder) in record.getMessage() and "minutes" in record.getMessage()


@pytest.mark.parametrize("what", ["start", "run"])
def test_device_fails_first(
    persona: Persona, runtime: Runtime, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """A device that fails at the start or at its first picture is left for the next one."""
    runtime.broken["TensorrtExecutionProvider", what] = RuntimeError("no device\nand a long story")
    runtime.broken["CUDAExecutionProvider", what] = RuntimeError("no driver")
    with caplog.at_level(logging.WARNING, LOGGER):
        renderer = OnnxRenderer(persona)
        assert levels(renderer.render(moments(1.0))) == [116]
    assert renderer.device == "cpu"
    (record,) = caplog.records
    assert "drawn on cpu" in record.getMessage()
    assert "(tensorrt: no device; cuda: no driver)" in record.getMessage()


def test_device_fails_later(
    persona: Persona, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    """A device that fails later is left for the next one, and no picture is lost."""
    first, second = (OnnxRenderer(persona, device="cuda") for _ in range(2))
    runtime.broken["CUDAExecutionProvider", "run"] = RuntimeError("the device fell off the bus")
    with caplog.at_level(logging.WARNING, LOGGER):
        assert levels(first.render(moments(0.5, 1.0))) == [66, 116]
        assert levels(second.render(moments(0.0))) == [16]
    assert (first.device, second.device) == ("cpu", "cpu")
    assert runtime.opened[-1] == "CPUExecutionProvider"
    (record,) = caplog.records
    assert "fell off the bus" in record.getMessage()


def test_last_device_fails(persona: Persona, runtime: Runtime) -> None:
    """The last device raises, and may recover."""
    renderer = OnnxRenderer(persona, device="cpu")
    runtime.broken["CPUExecutionProvider", "run"] = MemoryError("no room for a picture")
    with pytest.raises(MemoryError, match="no room"):
        renderer.render(moments(1.0))
    runtime.broken.clear()
    assert levels(renderer.render(moments(1.0))) == [116]


def test_wrong_shape(
    write_persona: WritePersona,
) -> None:
    """A persona that draws another size than it says is refused."""
    persona = Persona.load(write_persona(rows=5, undeclared=True))
    with pytest.raises(
        PersonaError, match=r"draws uint8 \[1, 5, 8\], its metadata says .*\[1, 6, 8\]"
    ):
        OnnxRenderer(persona, device="cpu")


def test_no_wide(write_persona: WritePersona) -> None:
    """An aspect that the persona lacks is refused."""
    with pytest.raises(PersonaError, match="no wide picture"):
        OnnxRenderer(Persona.load(write_persona()), aspect="wide")


def test_session_options() -> None:
    """Threads are as many as asked for, and none spins."""
    options = session_options(3)
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    for kind in ("intra_op", "inter_op"):
        assert options.get_session_config_entry(f"session.{kind}.allow_spinning") == "0"


def test_warm(persona: Persona, runtime: Runtime) -> None:
    """What was warmed stays, and renderers open nothing more."""
    warm(persona.path, device="cpu")
    gc.collect()
    for _ in range(2):
        with closing(OnnxRenderer(Persona.load(persona.path), device="cpu")) as renderer:
            assert levels(renderer.render(moments(1.0))) == [116]
    assert runtime.opened == ["CPUExecutionProvider"] * 2


def test_one_copy(persona: Persona) -> None:
    """Renderers of one persona hold one copy of its file."""
    renderers = [OnnxRenderer(Persona.load(persona.path), device="cpu") for _ in range(3)]
    assert len({id(renderer.persona.content) for renderer in renderers}) == 1


def test_opening_takes_too_long(
    persona: Persona, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that hangs is left for the next one; where all hang, that is a PersonaError."""
    monkeypatch.setattr(engine, "OPEN_LIMIT_S", dict.fromkeys(engine.OPEN_LIMIT_S, 0.2))
    runtime.hanging.add("CUDAExecutionProvider")
    assert OnnxRenderer(persona, device="cuda").device == "cpu"
    runtime.hanging.add("CPUExecutionProvider")
    with pytest.raises(PersonaError, match="has not drawn its resting face within 0 s"):
        OnnxRenderer(persona, device="cpu", threads=2)
    runtime.release.set()


HEAVY = """
import importlib.util, sys
# Without the package's __init__, which imports LiveKit and takes seconds.
spec = importlib.util.find_spec("livekit_plugins_avatar")
sys.modules[spec.name] = importlib.util.module_from_spec(spec)
from livekit_plugins_avatar.render import engine
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona, PersonaError
engine.OPEN_LIMIT_S["cpu"] = float(sys.argv[2])
try:
    OnnxRenderer(Persona.load(sys.argv[1]), device="cpu")
except PersonaError as error:
    print(error)
"""


def heavy(model: onnx.ModelProto, side: int, products: int) -> None:
    """Let a persona multiply large matrices before it draws."""
    shape = numpy_helper.from_array(np.array([side, side]))
    nodes = [
        helper.make_node("Constant", [], ["side"], value=shape),
        helper.make_node("ReduceSum", ["face"], ["sum"], keepdims=0),
        helper.make_node("Expand", ["sum", "side"], ["matrix0"]),
    ]
    for n in range(products):
        nodes.append(helper.make_node("MatMul", [f"matrix{n}"] * 2, [f"matrix{n + 1}"]))
    nodes.append(helper.make_node("ReduceSum", [f"matrix{products}"], ["end"], keepdims=0))
    nodes.append(helper.make_node("Add", ["level", "end"], ["sum_level"]))
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = "sum_level" if name == "level" else name
    at = next(n for n, node in enumerate(model.graph.node) if node.output[0] == "level") + 1
    for n, node in enumerate(nodes):
        model.graph.node.insert(at + n, node)


@pytest.fixture
def write_heavy(write_persona: WritePersona) -> Callable[[int, int], Path]:
    def write(side: int, products: int) -> Path:
        path = write_persona()
        model = onnx.load(str(path))
        heavy(model, side, products)
        onnx.save(model, str(path))
        return path

    return write


def test_process_ends(write_heavy: Callable[[int, int], Path]) -> None:
    """A persona that takes minutes is refused in time, and the process can end."""
    command = [sys.executable, "-c", HEAVY, str(write_heavy(2000, 200)), "0.5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "export a faster model" in done.stdout) == (0, True), done.stderr


def test_memory_limit(write_heavy: Callable[[int, int], Path]) -> None:
    """A persona that wants 10 GB is refused."""
    with pytest.raises(PersonaError, match="memory"):
        OnnxRenderer(Persona.load(write_heavy(50_000, 0)), device="cpu")


def test_other_format(write_persona: WritePersona) -> None:
    """Bytes that ONNX Runtime takes for its own format are read as ONNX all the same."""
    content = write_persona().read_bytes()
    # An unused producer name, so that the identifier lies where that format has it.
    path = write_persona()
    path.write_bytes(b"\x12\x06AAORTM" + content)
    assert path.read_bytes()[4:8] == b"ORTM"
    assert OnnxRenderer(Persona.load(path), device="cpu").size == (8, 4)


def test_error_line() -> None:
    """ONNX Runtime's errors become one short line, however long and strange the names in a file."""
    source = "/onnxruntime_src/core/provider.cc:729 void onnxruntime::Register(PyOptions&) "
    assert first_line(RuntimeError(f"{source}Please install it\nand more")) == "Please install it"
    began_s = time.process_time()
    line = first_line(RuntimeError("/a.cc:1 " * 1_000_000 + "\x1b[31m"))
    assert len(line) <= 300 and line.isprintable()
    assert time.process_time() - began_s < 0.5


def test_arena_taken() -> None:
    """A process whose arena was registered by other code can still open personas."""
    code = (
        "import onnxruntime as ort\n"
        "kind, where = ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, ort.OrtMemType.DEFAULT\n"
        "arena = ort.OrtArenaCfg(0, -1, -1, -1)\n"
        "ort.create_and_register_allocator(ort.OrtMemoryInfo('Cpu', kind, 0, where), arena)\n"
    )
    command = [sys.executable, "-c", code + HEAVY, str(Persona.load("sketch").path), "30"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
