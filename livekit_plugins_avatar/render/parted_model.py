"""Draws a persona on a CPU part by part: a part that looks as it did is not drawn again.

While a voice speaks, the mouth changes with each picture, head and eyes with every second. The file
says what its parts are (`parts`); each of them, and what puts them together, is a session of its
own. What was drawn of the parts belongs to the one who looks, `Drawn`; the sessions are shared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .composed import ComposedSession
from .compositor import library as native
from .cut import Cutter
from .frame_priority import VISIBLE_CHANGE
from .model import Faces
from .onnx_file import TensorInfo
from .persona import ELEMENTS, OUTPUTS, Persona, PersonaError
from .renderer import Frames
from .session import OnnxSession, Session

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
    """The parts of one viewer's last picture. Used by one thread at a time.

    Args:
        exact: They are drawn again for each picture.
    """

    def __init__(self, *, exact: bool = False) -> None:
        self.exact = exact
        self._view: _View | None = None

    def view(self, model: PartedModel) -> _View:
        """What a model has drawn."""
        if self._view is None or self._view.model is not model:
            self._view = _View(model)
        return self._view


Opens = Callable[[Persona, int, bytes], Session]
"""Opens a part of a persona's file for so many threads."""


class PartedModel:
    """A persona's weights on the CPU. Any thread may draw, several at a time.

    Args:
        persona: The file; one without parts is drawn whole.
        threads: For each picture.
        opens: What computes it.
    """

    def __init__(self, persona: Persona, threads: int, opens: Opens = OnnxSession) -> None:
        self._cutter, self._persona, self._threads = Cutter(persona.content), persona, threads
        self._opens = opens
        self.neutral = np.array([persona.neutral], np.float32)
        known = {FACE: self.neutral}
        self.given: list[TensorInfo] = []
        """What need not be computed: the face, its parts, the square picture."""
        self.memory: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        """The shape and the type of each of these."""
        self._know(FACE, self.neutral.dtype, self.neutral.shape)
        parts = [self._open(part.values, self.given) for part in persona.parts]
        for session in parts:
            made = session.once({FACE: self.neutral})
            for name, value in made.items():
                self._know(name, value.dtype, value.shape)
            known |= made
        self.parts = parts
        """What draws each part."""
        self.visible = np.full((len(parts), len(persona.columns)), np.inf, np.float32)
        """The changes of each part's columns that are let pass; of others, all."""
        for visible, part in zip(self.visible, persona.parts, strict=True):
            columns = list(part.columns)
            visible[columns] = SEEN * VISIBLE_CHANGE[np.array(persona.columns)[columns]]
        self.whole: dict[str, Session] = {}
        """What puts the parts together, by output; others may be made of the square picture."""
        self._sizes = {OUTPUTS[aspect]: size for aspect, size in persona.sizes.items()}
        for aspect in persona.sizes:
            output = OUTPUTS[aspect]
            if output == SQUARE and persona.composition and native():
                self.whole[output] = ComposedSession(
                    persona, self._cutter, self.given, self._opened, known
                )
            else:
                self.whole[output] = self._open([output], self.given)
            made = self.whole[output].once(known)
            persona.check_drawn(aspect, made[output])
            self._know(output, made[output].dtype, made[output].shape)
            known |= made

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

    def _open(self, makes: Sequence[str], given: Sequence[TensorInfo]) -> Session:
        return self._opened(self._cutter.cut(given, makes))

    def _opened(self, content: bytes) -> Session:
        return self._opens(self._persona, self._threads, content)

    def draw(self, output: str, faces: Faces, drawn: Drawn | None = None) -> Frames:
        """Draw one picture per row.

        Args:
            output: Which of the file's.
            faces: The model's input.
            drawn: What the viewer saw last, and will have seen; without it, each part is drawn.
        """
        drawn = drawn or Drawn(exact=True)
        width, height = self._sizes[output]
        frames: Frames = np.empty((len(faces), height * 3 // 2, width), np.uint8)
        for frame, face in zip(frames, faces, strict=True):
            frame[:] = drawn.view(self).draw(output, face, exact=drawn.exact)
        return frames


class _View:
    """Memory for what a model draws for one viewer: each value has its place."""

    def __init__(self, model: PartedModel) -> None:
        self.model = model
        self._memory = {name: np.zeros(*each) for name, each in model.memory.items()}
        self._parts = [session.bound(self._memory) for session in model.parts]
        self._whole = {output: each.bound(self._memory) for output, each in model.whole.items()}
        self._then = np.full(model.visible.shape, np.nan, np.float32)
        """The face for which each part was drawn; NaN where it has not been."""
        self._last = model.neutral[0]

    def draw(self, output: str, face: NDArray[np.float32], *, exact: bool) -> NDArray[np.uint8]:
        """Draw a face; `exact` draws each part anew."""
        asked, visible = self._memory[FACE], self.model.visible
        if exact:
            self._then[:] = np.nan
        step = face - self._last
        slow = (np.abs(step) <= AHEAD * visible).all(axis=1, keepdims=True)
        known = ~np.isnan(self._then)
        soon = face + np.clip(step, -visible, visible) * (slow & known)
        alike = (np.abs(face - self._then) <= visible).all(axis=1)
        for place in np.flatnonzero(~alike):
            asked[0] = soon[place]
            self._then[place] = np.nan
            self._parts[place]()
            self._then[place] = soon[place]
        self._last = asked[0] = face
        if output == SQUARE or SQUARE in self.model.whole[output].takes:
            self._whole[SQUARE]()
        if output != SQUARE:
            self._whole[output]()
        picture: NDArray[np.uint8] = self._memory[output][0]
        return picture
