"""Computes the energy of speech in mel bands, the recogniser's input.

Output: a row of log energies for each hop of 10 ms, centred on it. Training and serving use this
code. Each hop is computed from its own samples, so that chunks leave no trace; all hops of a chunk
go through each step together, because NumPy lets other threads in at every step. Only what lies
below 8 kHz counts, so that speech resampled from 16 kHz looks like any other.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..timeline import SAMPLE_RATE, samples

Floats = NDArray[np.float32]

HOP_SAMPLES = samples(0.010)

WINDOW_SAMPLES = samples(0.025)
"""Short enough for the burst of a stop, long enough to resolve a low voice's formants."""

MARGIN_SAMPLES = (WINDOW_SAMPLES - HOP_SAMPLES) // 2
"""How far a window reaches beyond its hop, on either side."""

BANDS = 40
LOWEST_HZ, HIGHEST_HZ = 60.0, 7600.0
"""From below a low voice's pitch to the hiss of s; a 16 kHz source has faded out above."""

FLOOR_POWER = 1e-10
"""Added to the power of each band, a sine of full scale being 1: below the noise of 16 bits, and
the logarithm of silence is finite."""

BIN_HZ = SAMPLE_RATE / WINDOW_SAMPLES


def _mel(hz: Floats | float) -> Floats:
    """Pitch as it is heard (O'Shaughnessy 1987)."""
    return np.asarray(2595 * np.log10(1 + np.asarray(hz, np.float64) / 700))


def _mel_weights() -> Floats:
    """How much of each bin is in each band, [bins, BANDS]; between the outermost centres a bin's
    weights sum to 1."""
    pitch = np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2)
    edges_hz = 700 * (10 ** (pitch / 2595) - 1)
    hz = np.arange(int(HIGHEST_HZ / BIN_HZ) + 1)[:, None] * BIN_HZ
    rising = (hz - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    falling = (edges_hz[2:] - hz) / (edges_hz[2:] - edges_hz[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


_WEIGHTS = _mel_weights()
_WINDOW = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
# A sine of full scale has the power 1, summed over the bins that the window spreads it over.
_SCALE = np.float32(4 / (1.5 * _WINDOW.sum() ** 2))
_WEIGHTS *= _SCALE


class FeatureStream:
    """Features of one utterance."""

    def __init__(self) -> None:
        # The first window is centred on the first hop: what lies before is silence.
        self._pending = np.zeros(MARGIN_SAMPLES, np.float32)

    def push_audio(self, pcm: Floats) -> Floats:
        """Take the samples that follow, [N] in [-1, 1].

        Returns:
            Log power per band, [hops, BANDS], of each hop whose window is complete by now.
        """
        pending = np.concatenate((self._pending, pcm))
        hops = max(0, (len(pending) - WINDOW_SAMPLES) // HOP_SAMPLES + 1)
        self._pending = pending[hops * HOP_SAMPLES :]
        if not hops:
            return np.zeros((0, BANDS), np.float32)
        return log_mel(sliding_window_view(pending, WINDOW_SAMPLES)[::HOP_SAMPLES])


def log_mel(windows: Floats) -> Floats:
    """Log power per band, [..., BANDS], of windows of samples, [..., WINDOW_SAMPLES]."""
    spectrum = np.fft.rfft(windows * _WINDOW)[..., : len(_WEIGHTS)]
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    # A product for each row: one for all of them would sum in another order.
    bands = (power[..., None, :] @ _WEIGHTS)[..., 0, :]
    rows: Floats = np.log(bands + np.float32(FLOOR_POWER))
    return rows


def levels_db(rows: Floats) -> Floats:
    """Loudness of hops in dBFS, [hops], a sine of full scale being 0, from their features [hops,
    BANDS]."""
    levels: Floats = 10 * np.log10(np.exp(rows).sum(-1))
    return levels
