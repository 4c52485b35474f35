"""Draws the square picture of a persona whose file says how it is composed: what changes is
computed by a session, and native code puts it together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compositor import CompositionError, Compositor
from .cut import Cutter
from .onnx_file import TensorInfo
from .persona import OUTPUTS, Persona, PersonaError
from .running import running
from .session import Session, Values
from .staged import open_staged

SQUARE = OUTPUTS["square"]


class _Run:
    """A run that ends by itself, soon: nothing stops it."""

    terminate = False


class ComposedSession:
    """Makes the square picture; fits `Session`.

    Args:
        persona: The file.
        cutter: It, to be cut.
        given: Values that need not be computed.
        opens: Opens a part of it.
        values: Some of any face, by the names of `given`.

    Raises:
        PersonaError: The file does not make what its composition says.
    """

    def __init__(
        self,
        persona: Persona,
        cutter: Cutter,
        given: Sequence[TensorInfo],
        opens: Callable[[bytes], Session],
        values: Values,
    ) -> None:
        composition = persona.composition
        assert composition is not None
        known = {value.name for value in given}
        self._makes = [name for name in composition.changing if name not in known]
        self._session = None
        if self._makes:
            self._session = open_staged(cutter, given, self._makes, opens, values)
        made = {} if self._session is None else self._session.once(values)
        still = opens(cutter.cut((), composition.still)).once({})
        changing = {name: ({**values, **made})[name] for name in composition.changing}
        self._given = [name for name in composition.changing if name in known]
        self.takes = [*(self._session.takes if self._session else ()), *self._given]
        self._kinds = {name: (each.shape, each.dtype) for name, each in made.items()}
        try:
            if any(each.dtype != np.float32 for each in changing.values()):
                raise CompositionError("what changes from picture to picture is not float32")
            shapes = {name: each.shape for name, each in changing.items()}
            self._compositor = Compositor(composition, still, shapes, persona.size)
        except CompositionError as error:
            raise PersonaError(
                f"{persona.path} has a `composition` that does not fit: {error}; leave it out"
            ) from None

    def once(self, values: Values) -> dict[str, NDArray[Any]]:
        """Compute the picture."""
        width, height = self._compositor.size
        frame = np.empty((1, height * 3 // 2, width), np.uint8)
        self.bound({**values, SQUARE: frame})()
        return {SQUARE: frame}

    def bound(self, values: Values) -> Callable[[], None]:
        """What computes the picture in place; one thread at a time."""
        made = {name: np.zeros(*kind) for name, kind in self._kinds.items()}
        compute = None if self._session is None else self._session.bound({**values, **made})
        compose = self._compositor.bound({**values, **made}, values[SQUARE])

        at_work = running(_Run())

        def run() -> None:
            if compute is not None:
                compute()
            with at_work:
                compose()

        return run
