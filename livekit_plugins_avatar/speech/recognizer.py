"""Recognises visemes in speech as it streams by, without a transcript.

Viseme events cover the speech without gaps, each decided once `lookahead_samples` beyond it are
known. Chunks leave no trace: the same speech gives the same events, bit for bit.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from .decoder import Decoder, Hops
from .features import HOP_SAMPLES, MARGIN_SAMPLES, FeatureStream, Floats, levels_db
from .visemes import VISEMES, VisemeEvent

if TYPE_CHECKING:
    import onnxruntime

PCM = NDArray[np.float32] | NDArray[np.int16]
"""Mono speech [N], N >= 1, at `SAMPLE_RATE`: float32 in [-1, 1], or int16."""


class RecognizerStream(Protocol):
    """One utterance being recognised; belongs to one thread at a time."""

    def push_audio(self, pcm: PCM) -> list[VisemeEvent]:
        """Take the samples that follow.

        Args:
            pcm: Mono speech [N], N >= 1, at `SAMPLE_RATE`; float32 in [-1, 1], or int16.

        Returns:
            The events decided by now, in samples of this stream, each starting where the one
            before it ended. The first may go on with the last viseme returned before.

        Raises:
            ValueError: Not such an array, NaN or infinity in it, or samples far out of range; the
                stream is as before. Or the stream is finished.
        """

    def flush(self) -> list[VisemeEvent]:
        """Decide what is left, as if silence followed.

        The stream is then finished: take a new one for the next utterance.

        Returns:
            The last events; with the earlier ones they cover every sample pushed.
        """


class Recognizer(Protocol):
    """Makes streams; shared by all of them, never changed by them."""

    @property
    def lookahead_samples(self) -> int:
        """How many samples beyond one a stream needs to decide it; constant, at most 80 ms."""

    def stream(self) -> RecognizerStream:
        """A fresh stream, at sample 0."""


HIGHEST_PEAK = 2.0
"""Float samples may overshoot 1 a little after resampling; beyond this their unit is wrong."""


class OnnxRecognizer:
    """Recognises visemes with a small recurrent net, hop by hop: one that `models.visemes` exported
    (`ValueError` for any other file), or the one that comes with the package."""

    def __init__(self, path: Path | None = None) -> None:
        built_in = resources.files("livekit_plugins_avatar") / "resources" / "visemes.onnx"
        path = path or Path(str(built_in))
        self._session = _open(path)
        metadata = self._session.get_modelmeta().custom_metadata_map
        mel, *states = self._session.get_inputs()
        if metadata.get("visemes") != " ".join(VISEMES) or isinstance(mel.shape[0], int):
            raise ValueError(
                f"{path} is no viseme recogniser of this package: export it with models.visemes"
            )
        self._delay_hops = int(metadata["delay_hops"])
        self._rest = {state.name: np.zeros(state.shape, np.float32) for state in states}

    @property
    def lookahead_samples(self) -> int:
        """How many samples beyond one a stream needs to decide it."""
        return (self._delay_hops + 1) * HOP_SAMPLES + MARGIN_SAMPLES

    def stream(self) -> OnnxStream:
        """A fresh stream, at sample 0."""
        return OnnxStream(self.hops())

    def hops(self) -> HopStream:
        """A fresh stream, at sample 0, of probabilities rather than decisions."""
        return HopStream(self._session, self._rest, self._delay_hops)


def _open(path: Path) -> onnxruntime.InferenceSession:
    # Here, so that importing the package does not wait for it.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # A thread that spins while it waits would cost more than the net.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ValueError(
            f"{path} cannot be opened as a viseme recogniser: give the path of a model that "
            f"models.visemes exported ({error})"
        ) from error


_built_in = lru_cache(maxsize=1)(OnnxRecognizer)
_opening = threading.Lock()


def built_in() -> OnnxRecognizer:
    """The recogniser that comes with the package, opened once, shared by all; from any thread."""
    with _opening:
        return _built_in()


class OnnxStream:
    """One utterance recognised by an `OnnxRecognizer`; a `RecognizerStream`."""

    def __init__(self, hops: HopStream) -> None:
        self._hops = hops
        self._decoder = Decoder()

    def push_audio(self, pcm: PCM) -> list[VisemeEvent]:
        """Take the samples that follow."""
        return self._decoder.push(self._hops.push_audio(pcm))

    def flush(self) -> list[VisemeEvent]:
        """Decide what is left."""
        return self._decoder.push(self._hops.flush())


class HopStream:
    """How likely each viseme is in one utterance; made by `OnnxRecognizer.hops`."""

    def __init__(
        self, session: onnxruntime.InferenceSession, rest: dict[str, Floats], delay_hops: int
    ) -> None:
        self._session = session
        self._features = FeatureStream()
        self._state = rest
        # The net answers for the hop so many hops ago; loudness is held back as long.
        self._delay_hops = delay_hops
        self._levels_db: Floats = np.zeros(0, np.float32)
        self._pushed = self._decided = 0
        self._finished = False

    def push_audio(self, pcm: PCM) -> Hops:
        """Take the samples that follow, and refuse them as `RecognizerStream.push_audio` does;
        returns the hops known by now, from where the ones before them ended."""
        if self._finished:
            raise ValueError("this stream was flushed; take a new one for the next utterance")
        speech = as_float(pcm)
        self._pushed += len(speech)
        return self._recognize(speech)

    def flush(self) -> Hops:
        """The hops that are left, as if silence followed; the stream is then finished."""
        self._finished = True
        left = -self._pushed % HOP_SAMPLES + self._delay_hops * HOP_SAMPLES + MARGIN_SAMPLES
        return self._recognize(np.zeros(left if self._pushed else 0, np.float32))

    def _recognize(self, speech: Floats) -> Hops:
        start, rows = self._decided, self._features.push_audio(speech)
        answers: Floats = np.zeros((0, len(VISEMES)), np.float32)
        if len(rows):
            answers, *states = self._session.run(None, {"mel": rows, **self._state})
            self._state = dict(zip(self._state, states, strict=True))
        levels = np.concatenate((self._levels_db, levels_db(rows)))
        known = max(0, len(levels) - self._delay_hops)
        self._levels_db = levels[known:]
        wanted = min(known, -(-(self._pushed - start) // HOP_SAMPLES))
        self._decided = min(start + wanted * HOP_SAMPLES, self._pushed)
        answers = answers[len(answers) - known :]
        return Hops(start, self._decided, answers[:wanted], levels[:wanted])


def as_float(pcm: PCM) -> Floats:
    """The samples in [-1, 1]; a `ValueError` that says what to do unless they are as promised."""
    kind = getattr(pcm, "dtype", type(pcm).__name__)
    if not isinstance(pcm, np.ndarray) or pcm.dtype not in (np.float32, np.int16):
        raise ValueError(f"speech is a NumPy array of float32 or int16, got {kind}; convert it")
    if pcm.ndim != 1 or pcm.size == 0:
        raise ValueError(
            f"speech is mono with at least one sample, [N], got {list(pcm.shape)}; mix channels"
            " down and leave empty chunks out"
        )
    # A masked array would hide its NaNs from the checks below.
    plain = np.asarray(pcm)
    if plain.dtype == np.int16:
        return np.asarray(plain.astype(np.float32) / np.float32(32768))
    if not np.isfinite(plain).all():
        raise ValueError(
            "speech has samples that are NaN or infinite; mend what made them, or put 0 there"
        )
    peak = float(np.abs(plain).max())
    if peak > HIGHEST_PEAK:
        raise ValueError(
            f"float speech lies in [-1, 1], got a peak of {peak:g}; divide 16 bit samples by 32768"
        )
    return np.asarray(plain, np.float32)
