"""Draws a persona on a CPU part by part: a part that looks as it did is not drawn again.

While a voice speaks, the mouth changes with each picture, head and eyes with every second. The file
says what its parts are (`parts`); each of them, and what puts them together, is a session of its
own. What was drawn of the parts belongs to the one who looks, `Drawn`; the sessions are shared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .cut import Cutter
from .frame_priority import VISIBLE_CHANGE
from .model import Faces, cpu_run, running
from .onnx_file import TensorInfo
from .persona import ELEMENTS, OUTPUTS, Persona, PersonaError
from .providers import open_session
from .renderer import Frames

FACE, SQUARE = "face", OUTPUTS["square"]

SEEN = 1.5
"""So many times what is just not seen (`frame_priority.VISIBLE`) is let pass where the rest of the
picture goes on: a quarter of a pixel at the edge of a face (docs/measurements.md)."""

AHEAD = 2.0
"""A part that changes by at most so many times as much from face to face is drawn as it will be
soon: it then does for twice as long, and is off by no more."""

MOST_BYTES = 64 << 20
"""Of all values that one viewer keeps; those of the built-in faces take 3 MB."""


class Drawn:
    """The parts of one viewer's last picture. Used by one thread at a time."""

    def __init__(self) -> None:
        self._view: _View | None = None

    def view(self, model: PartedModel) -> _View:
        """What a model has drawn."""
        if self._view is None or self._view.model is not model:
            self._view = _View(model)
        return self._view


class PartedModel:
    """A persona's weights on the CPU. Any thread may draw, several at a time."""

    def __init__(self, persona: Persona, threads: int) -> None:
        self._cutter, self._persona, self._threads = Cutter(persona.content), persona, threads
        self.neutral = np.array([persona.neutral], np.float32)
        self.given: list[TensorInfo] = []
        """What need not be computed: the face, its parts, the square picture."""
        self.memory: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        """The shape and the type of each of these."""
        self._know(FACE, self.neutral.dtype, self.neutral.shape)
        parts = [self._open(part.values, self.given) for part in persona.parts]
        for session in parts:
            made = session.session.run(session.makes, dict.fromkeys(session.takes, self.neutral))
            for info, value in zip(session.session.get_outputs(), made, strict=True):
                self._know(info.name, value.dtype, value.shape)
        columns = [np.array(part.columns, int) for part in persona.parts]
        self.parts = [
            (session, each, SEEN * VISIBLE_CHANGE[np.array(persona.columns)[each]])
            for session, each in zip(parts, columns, strict=True)
        ]
        """Of each part: what draws it, its columns, and the changes of these that are let pass."""
        self.whole: dict[str, _Session] = {}
        """What puts the parts together, by output; others may be made of the square picture."""
        self._sizes = {OUTPUTS[aspect]: size for aspect, size in persona.sizes.items()}
        for output, (width, height) in sorted(self._sizes.items()):
            self.whole[output] = self._open([output], self.given)
            self._know(output, np.dtype(np.uint8), (1, height * 3 // 2, width))

    def _know(self, name: str, kind: np.dtype[Any], shape: tuple[int, ...]) -> None:
        if kind.name not in ELEMENTS:
            raise PersonaError(
                f"{self._persona.path} has a part {name} of {kind}: parts are float32 or uint8"
            )
        self.given.append(TensorInfo(name, ELEMENTS[kind.name], shape))
        self.memory[name] = shape, kind
        kept = sum(math.prod(shape) * kind.itemsize for shape, kind in self.memory.values())
        if kept > MOST_BYTES:
            raise PersonaError(
                f"{self._persona.path} has parts of {kept >> 20} MiB: each viewer keeps them, and "
                f"{MOST_BYTES >> 20} are allowed; list fewer values in `parts`"
            )

    def _open(self, makes: Sequence[str], given: Sequence[TensorInfo]) -> _Session:
        content = self._cutter.cut(given, makes)
        return _Session(open_session(self._persona, "cpu", self._threads, content=content), makes)

    def draw(self, output: str, faces: Faces, drawn: Drawn | None = None) -> Frames:
        """Draw one picture per row.

        Args:
            output: Which of the file's.
            faces: The model's input.
            drawn: What the viewer saw last, and will have seen; without it, each part is drawn.
        """
        width, height = self._sizes[output]
        frames: Frames = np.empty((len(faces), height * 3 // 2, width), np.uint8)
        for frame, face in zip(frames, faces, strict=True):
            frame[:] = (drawn or Drawn()).view(self).draw(output, face)
        return frames


class _Session:
    """What computes some values of a file from others.

    Args:
        session: Of ONNX Runtime.
        makes: Names of its outputs.
    """

    def __init__(self, session: Any, makes: Sequence[str]) -> None:
        self.session = session
        self.makes = list(makes)
        self.takes = [value.name for value in session.get_inputs()]

    def bound(self, values: Mapping[str, Any]) -> Any:
        """Where it takes its inputs from, and puts its outputs."""
        binding: Any = self.session.io_binding()
        for name in self.takes:
            binding.bind_ortvalue_input(name, values[name])
        for name in self.makes:
            binding.bind_ortvalue_output(name, values[name])
        return binding


class _View:
    """Memory for what a model draws for one viewer: each value has its place."""

    def __init__(self, model: PartedModel) -> None:
        self.model = model
        self._memory = {name: np.zeros(*each) for name, each in model.memory.items()}
        values = {name: _value(memory) for name, memory in self._memory.items()}
        self._parts = [session.bound(values) for session, _, _ in model.parts]
        self._whole = {output: each.bound(values) for output, each in model.whole.items()}
        self._then: list[NDArray[np.float32] | None] = [None] * len(self._parts)
        """The columns for which each part was drawn."""
        self._last = model.neutral[0]
        self._options = cpu_run()

    def draw(self, output: str, face: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Draw a face."""
        asked = self._memory[FACE]
        for place, (session, columns, visible) in enumerate(self.model.parts):
            now, then = face[columns], self._then[place]
            if then is None or (np.abs(now - then) > visible).any():
                step = now - (now if then is None else self._last[columns])
                soon = now.copy()
                if (np.abs(step) <= AHEAD * visible).all():
                    soon += np.clip(step, -visible, visible)
                asked[0] = face
                asked[0, columns] = soon
                self._then[place] = None
                _run(session, self._parts[place], self._options)
                self._then[place] = soon
        self._last = asked[0] = face
        if output == SQUARE or SQUARE in self.model.whole[output].takes:
            _run(self.model.whole[SQUARE], self._whole[SQUARE], self._options)
        if output != SQUARE:
            _run(self.model.whole[output], self._whole[output], self._options)
        picture: NDArray[np.uint8] = self._memory[output][0]
        return picture


def _run(session: _Session, binding: Any, options: onnxruntime.RunOptions) -> None:
    with running(options):
        session.session.run_with_iobinding(binding, options)


def _value(memory: NDArray[Any]) -> Any:
    """A value of ONNX Runtime in the memory of an array."""
    value: Any = onnxruntime.OrtValue
    return value.ortvalue_from_numpy(memory)
