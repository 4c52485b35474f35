"""Numbers of a persona file that are kept in bytes."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("onnx") is None:
    pytest.skip("persona files are written with 'onnx'", allow_module_level=True)

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from models.personas.packed import LARGE, in_runs, pack, run_length, unpacked

ROWS, COLUMNS = 500, 130


def model(**halves: np.ndarray) -> onnx.ModelProto:
    """A file that gives back its numbers, which are kept as float16 and cast."""
    nodes, weights, outputs = [], [], []
    for name, values in halves.items():
        weights.append(numpy_helper.from_array(values.astype(np.float16), f"net.{name}_half"))
        nodes.append(helper.make_node("Cast", [f"net.{name}_half"], [f"net.{name}"], to=1))
        nodes.append(helper.make_node("Identity", [f"net.{name}"], [name]))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, values.shape))
    made = helper.make_model(
        helper.make_graph(nodes, "file", [], outputs, weights),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )
    onnx.checker.check_model(made)
    return made


def opened(made: onnx.ModelProto) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, {}))


def smooth() -> np.ndarray:
    """Rows of very different sizes, each smooth, and one of zeros."""
    along = np.sin(np.linspace(0, 9, COLUMNS))
    rows = np.geomspace(1e-3, 50, ROWS)[:, None] * along
    rows[7] = 0
    return rows.astype(np.float16).astype(np.float64)


def test_runs_are_near_by_their_own_steps() -> None:
    """Each run is near by its own span, however large others are; zeros stay zeros."""
    before = smooth()
    made = model(nodes=before)
    pack(made)
    (after,) = opened(made)
    runs = before.reshape(-1, run_length(COLUMNS))
    span = np.ptp(runs, axis=1, keepdims=True)
    least = np.abs(runs.min(axis=1, keepdims=True))
    far = np.abs(after.reshape(runs.shape) - runs)
    # Half a step, and what float16 loses of the step and of where the run begins.
    assert np.all(far <= span / 255 * 0.65 + least * 2**-11 + 1e-5)
    assert not after[7].any()


def test_a_file_of_runs_has_half_the_bytes() -> None:
    made = model(nodes=smooth())
    before = made.ByteSize()
    pack(made)
    assert 0.5 < made.ByteSize() / before < 0.56


def test_a_plate_of_whole_codes_stays_as_it_is() -> None:
    """Each of the 256 codes comes back as itself."""
    codes = np.arange(256).reshape(1, 1, 16, 16)
    made = model(luma=codes / 255)
    pack(made)
    assert np.array_equal(np.rint(opened(made)[0] * 255), codes)


def test_what_is_small_or_has_no_even_share_stays_float16() -> None:
    """Numbers below the size, and rows of a prime length."""
    made = model(few=np.ones((10, 64)), prime=np.ones((LARGE // 211 + 1, 211)))
    pack(made)
    names = {weight.name for weight in made.graph.initializer}
    assert names == {"net.few_half", "net.prime_half"}


def test_a_file_tells_what_it_keeps_in_runs() -> None:
    """Learning goes on from the numbers that the file draws with."""
    made = model(nodes=smooth())
    pack(made)
    weights = {each.name: each for each in made.graph.initializer}
    found = unpacked(weights, "net.nodes")
    assert found is not None
    assert np.allclose(found, opened(made)[0].ravel(), atol=1e-5)
    assert unpacked(weights, "net.luma") is None


@pytest.mark.parametrize(("columns", "length"), [(8450, 65), (3102, 66), (64, 64), (211, 0)])
def test_a_run_is_the_largest_even_share_of_a_row(columns: int, length: int) -> None:
    assert run_length(columns) == length
    if length:
        codes, step, least = in_runs(np.zeros((2, columns)), length)
        assert codes.shape == (2 * columns // length, length)
        assert step.shape == least.shape == (len(codes), 1)
