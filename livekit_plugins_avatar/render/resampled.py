"""Rewrites a model of OpenVINO so that all that lies between pixels is fetched by `GridSample`.

ONNX Runtime's is slow, so persona files take blocks from rows of bytes, enlarge and average
instead. OpenVINO's is vectorised, and quicker than each of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .quiet_openvino import ops
from .taken import Source, Taken

KIND = {"mode": "bilinear", "padding_mode": "border", "align_corners": False}

FIRST = {"half_pixel": 0.5, "asymmetric": 0.0}
"""Where in a pixel the first one of an enlarged picture lies, by the way to count."""

INTERLEAVED = ([0, 2, 1], [1, 0, 2])
"""The orders of axes in which `planes.interleaved` puts blocks of 2 x 2 pixels together."""


def resample(model: Any, taken: Sequence[Taken]) -> int:
    """Rewrite a model in place, if it takes anything from pictures.

    Args:
        model: As it was read, with inputs of known shapes.
        taken: What its file says that it takes; what this model does not have is left.

    Returns:
        How many values of `taken` it has.
    """
    values = {
        name: port for node in model.get_ops() for port in node.outputs() for name in port.names
    }
    there = [each for each in taken if each.names <= values.keys()]
    placed: dict[Any, Any] = {}
    for each in there:
        parts = [_fetched(values, each.at, source, placed) for source in each.sources]
        whole = ops.concat(parts, 1) if len(parts) > 1 else parts[0]
        _replace(values[each.value], whole)
    for node in model.get_ordered_ops() if there else ():
        rewrite = REWRITTEN.get(node.get_type_name())
        if rewrite is not None and _is_known(node.output(0)) and _is_known(node.input_value(0)):
            rewrite(node)
    model.validate_nodes_and_infer_types()
    return len(there)


def _is_known(port: Any) -> bool:
    return bool(port.partial_shape.is_static)


def _fetched(values: dict[str, Any], at: str, source: Source, placed: dict[Any, Any]) -> Any:
    """What is taken from a picture, [1, planes, h, w]; its places are kept in `placed`."""
    planes = ops.gather(values[source.planes], np.array(source.which), np.int64(1))
    if source.step > 1:
        ends, steps = np.full(2, 2**31 - 1), np.full(2, source.step)
        planes = ops.slice(planes, np.zeros(2, np.int64), ends, steps, np.array([2, 3]))
    height, width = planes.output(0).shape[2:]
    key = (at, *source[2:], height, width)
    if key not in placed:
        where = values[at]
        if source.wider is not None:
            across = _reshaped(values[source.wider], [1, 1, *where.shape[2:]])
            across = ops.multiply(across, np.float32(source.times))
            where = ops.add(where, ops.concat([across, ops.multiply(across, np.float32(0))], 1))
        placed[key] = _placed(where, source, width, height)
    return ops.grid_sample(ops.convert(planes, "f32"), placed[key], KIND)


def _placed(where: Any, source: Source, width: int, height: int) -> Any:
    """Columns and rows of pixels, [1, 2, h, w], as places of `GridSample`, [1, h, w, 2]."""
    sides = np.array([width, height], np.float32).reshape(1, 2, 1, 1)
    more = np.array([source.right, source.down], np.float32).reshape(1, 2, 1, 1)
    scale, shift = 2 / (source.step * sides), (2 * more / source.step + 1) / sides - 1
    # One number for both is not moved behind the transposition, where two cost more than the rest.
    scale, shift = (each[:, :1] if np.ptp(each) == 0 else each for each in (scale, shift))
    scaled = ops.add(ops.multiply(where, scale), shift)
    return ops.transpose(scaled, np.array([0, 2, 3, 1]))


def _enlarge(node: Any) -> None:
    """Fetch a picture that is enlarged linearly."""
    said, source, shape = node.get_attributes(), node.input_value(0), node.output(0).shape
    first = FIRST.get(said["coordinate_transformation_mode"])
    if said["mode"] == "linear_onnx" and first is not None and len(shape) == 4:
        sides = list(zip(source.shape[2:], shape[2:], strict=True))
        rows, columns = ((np.arange(to) + first) * of / to - first for of, to in sides)
        _fetch(node.output(0), source, rows, columns)


def _average(node: Any) -> None:
    """Fetch the means of 2 x 2 pixels from between them."""
    said, source, shape = node.get_attributes(), node.input_value(0), node.output(0).shape
    if list(said["kernel"]) == [2, 2] and said["exclude-pad"] and len(shape) == 4:
        first = [0.5 - before for before in said["pads_begin"]]
        steps = zip(shape[2:], said["strides"], first, strict=True)
        _fetch(node.output(0), source, *(np.arange(count) * by + at for count, by, at in steps))


def _fetch(port: Any, source: Any, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> None:
    """Let a value be fetched from such rows and columns of another, [A, B, H, W]."""
    height, width = source.shape[2:]
    places = np.meshgrid((columns * 2 + 1) / width - 1, (rows * 2 + 1) / height - 1)
    where = np.stack(places, axis=-1)[None].astype(np.float32)
    _replace(port, ops.grid_sample(_reshaped(source, [1, -1, height, width]), where, KIND))


def _interleave(node: Any) -> None:
    """Put blocks of 2 x 2 pixels together, [4, 1, h, w] to [2 h, 2 w], in one step."""
    source = node.input_value(0).get_node().input_value(0)
    chain = [node]
    while len(chain) < 4:
        users = [port.get_node() for port in chain[-1].output(0).get_target_inputs()]
        if len(users) != 1:
            return
        chain += users
    kinds = [each.get_type_name() for each in chain]
    orders = [_order(each) for each in chain[::2]]
    if kinds != ["Transpose", "Reshape"] * 2 or orders != list(INTERLEAVED):
        return
    if _is_known(source) and len(source.shape) == 4 and list(source.shape[:2]) == [4, 1]:
        blocks = _reshaped(source, [1, 4, *source.shape[2:]])
        _replace(chain[-1].output(0), ops.depth_to_space(blocks, "blocks_first", 2))


def _order(node: Any) -> list[int]:
    """The axes of a transposition; none of another node."""
    if node.get_type_name() != "Transpose":
        return []
    given = node.input_value(1).get_node()
    return given.data.tolist() if given.get_type_name() == "Constant" else []


REWRITTEN: dict[str, Callable[[Any], None]] = {
    "Interpolate": _enlarge,
    "AvgPool": _average,
    "Transpose": _interleave,
}
"""What rewrites a node, by its kind."""


def _reshaped(value: Any, shape: Sequence[int]) -> Any:
    return ops.reshape(value, np.array(shape), False)


def _replace(port: Any, made: Any) -> None:
    """Give all that use a value another one, in its shape; the value keeps its names."""
    shaped = _reshaped(made, list(port.shape)).output(0)
    shaped.add_names(port.names)
    for user in port.get_target_inputs():
        user.replace_source_output(shaped)
