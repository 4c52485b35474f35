"""Computes values of a persona file in stages, with native code for `GridSample` between them.

Native code (sampler.c) fetches from places between pixels three to four times as fast as ONNX
Runtime, which spends almost half of the time of a face from a picture on that.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compositor import library
from .cut import Cutter, Sample
from .onnx_file import TensorInfo
from .persona import ELEMENTS
from .session import Session, Values

MOST_PLANES = 8
"""Of a picture from which native code fetches: sampler.c."""

Opens = Callable[[bytes], Session]
"""Opens a file."""

LEAST = 8_000
"""Numbers that are fetched for a picture at least: to go from session to session takes 0.05 ms."""


def open_staged(
    cutter: Cutter, given: Sequence[TensorInfo], wanted: Sequence[str], opens: Opens, values: Values
) -> Session:
    """Open what computes values: in stages where that is quicker.

    Args:
        cutter: The file.
        given: Values that need not be computed.
        wanted: Names of those to compute.
        opens: Opens parts of it.
        values: Some of any face, by the names of `given`.
    """
    if library() is not None:
        with suppress(Unfit):
            staged = StagedSession(cutter, given, wanted, opens, values)
            if staged.fetched >= LEAST:
                return staged
    return opens(cutter.cut(given, wanted))


class Unfit(Exception):
    """A file fetches nothing, or from what native code does not take."""


class StagedSession:
    """Fits `Session`. See `open_staged`."""

    def __init__(
        self,
        cutter: Cutter,
        given: Sequence[TensorInfo],
        wanted: Sequence[str],
        opens: Opens,
        values: Values,
    ) -> None:
        self._makes = list(wanted)
        known, infos = dict(values), list(given)
        self.takes: list[str] = []
        self._kinds: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        self._stages: list[tuple[Session | None, list[Sample]]] = []
        self.fetched = 0
        """Numbers that native code fetches for each picture."""
        first, *stages = cutter.stages({value.name for value in given}, wanted)
        if not any(stage.samples for stage in stages):
            raise Unfit
        self._still = opens(cutter.cut((), first.makes)).once({}) if first.makes else {}
        infos += [_info(name, each) for name, each in self._still.items()]
        known |= self._still
        for stage in stages:
            session, made = None, dict[str, NDArray[Any]]()
            if stage.makes:
                session = opens(cutter.cut(infos, stage.makes))
                made = session.once(known)
                self.takes += [name for name in session.takes if name in values]
            for sample in stage.samples:
                source, places = ({**known, **made}[name] for name in sample[1:])
                if source.ndim != 4 or source.shape[1] > MOST_PLANES or source.dtype != np.float32:
                    raise Unfit
                shape = (*source.shape[:2], *places.shape[1:3])
                made[sample.makes] = np.zeros(shape, np.float32)
                self.fetched += made[sample.makes].size
            self._stages.append((session, stage.samples))
            infos += [_info(name, each) for name, each in made.items()]
            self._kinds |= {name: (each.shape, each.dtype) for name, each in made.items()}
            known |= made
        self.takes = list(dict.fromkeys(self.takes))

    def once(self, values: Values) -> dict[str, NDArray[Any]]:
        """Compute all outputs."""
        made = {name: np.zeros(*self._kinds[name]) for name in self._makes}
        self.bound({**values, **made})()
        return made

    def bound(self, values: Values) -> Callable[[], None]:
        """What computes the outputs in place; one thread at a time."""
        memory = {name: np.zeros(*kind) for name, kind in self._kinds.items()}
        memory |= {**self._still, **values}
        steps: list[Callable[[], None]] = []
        for session, samples in self._stages:
            if session is not None:
                steps.append(session.bound(memory))
            for sample in samples:
                arrays = (memory[name] for name in sample)
                steps.append(_fetching(*arrays, still=sample.source in self._still))

        def run() -> None:
            for step in steps:
                step()

        return run


def _info(name: str, value: NDArray[Any]) -> TensorInfo:
    return TensorInfo(name, ELEMENTS[value.dtype.name], value.shape)


def _fetching(
    out: NDArray[np.float32],
    source: NDArray[np.float32],
    places: NDArray[np.float32],
    *,
    still: bool,
) -> Callable[[], None]:
    """What fetches from [N, C, H, W] at places [N, h, w, 2] into [N, C, h, w]."""
    pack, fetch = library().pack_planes, library().fetch_places
    pictures, planes, rows, columns = source.shape
    size, count = ctypes.c_int64(rows * columns), ctypes.c_int64(places.shape[1] * places.shape[2])
    packed = np.zeros((pictures, rows, columns, MOST_PLANES), np.float32)
    arrays = (source, packed, places, out)
    given, at, where, to = (each.ctypes.data_as(ctypes.c_void_p) for each in arrays)
    if still:
        pack(given, pictures, planes, size, at)

    def run() -> None:
        assert arrays
        if not still:
            pack(given, pictures, planes, size, at)
        fetch(at, pictures, planes, columns, rows, where, count, to)

    return run
