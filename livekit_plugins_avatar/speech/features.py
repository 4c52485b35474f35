"""Computes the energy of speech in mel bands, the recogniser's input in training and serving.

Each hop of 10 ms has a row of log energies, computed from its own samples, so that chunks leave no
trace. All hops of a chunk go through each step together, because NumPy lets other threads in at
every step.
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

PIECE_SAMPLES = samples(5.0)
"""Longer chunks are cut: the spectra of a minute of speech take 100 MB at once."""

BANDS = 40
LOWEST_HZ, HIGHEST_HZ = 60.0, 7600.0
"""From below a low voice's pitch to the hiss of s; a 16 kHz source has faded out above."""

FLOOR_POWER = 1e-10
"""Added to each band's power: below the noise of 16 bits, and silence has a finite logarithm."""


def _mel_weights() -> Floats:
    """Each bin's share in each band of the mel scale (O'Shaughnessy 1987), [bins, BANDS]."""
    lowest, highest = 2595 * np.log10(1 + np.array((LOWEST_HZ, HIGHEST_HZ)) / 700)
    pitch = np.linspace(lowest, highest, BANDS + 2)
    edges_hz = 700 * (10 ** (pitch / 2595) - 1)
    bin_hz = SAMPLE_RATE / WINDOW_SAMPLES
    hz = np.arange(int(HIGHEST_HZ / bin_hz) + 1)[:, None] * bin_hz
    rising = (hz - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    falling = (edges_hz[2:] - hz) / (edges_hz[2:] - edges_hz[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


_WINDOW = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
# A sine of full scale has the power 1, summed over the bins that the window spreads it over.
_WEIGHTS = _mel_weights() * np.float32(4 / (1.5 * _WINDOW.sum() ** 2))


class FeatureStream:
    """Features of one utterance."""

    def __init__(self) -> None:
        # The first window is centred on the first hop: what lies before is silence.
        self._pending = np.zeros(MARGIN_SAMPLES, np.float32)

    def push_audio(self, pcm: Floats) -> Floats:
        """Take the samples that follow, [N] in [-1, 1]; returns the log power per band, [hops,
        BANDS], of each hop whose window is complete by now."""
        rows = [np.zeros((0, BANDS), np.float32)]
        for begin in range(0, len(pcm), PIECE_SAMPLES):
            pending = np.concatenate((self._pending, pcm[begin : begin + PIECE_SAMPLES]))
            hops = max(0, (len(pending) - WINDOW_SAMPLES) // HOP_SAMPLES + 1)
            self._pending = pending[hops * HOP_SAMPLES :]
            if hops:
                rows.append(log_mel(sliding_window_view(pending, WINDOW_SAMPLES)[::HOP_SAMPLES]))
        return np.concatenate(rows)


def log_mel(windows: Floats) -> Floats:
    """Log power per band, [..., BANDS], of windows of samples, [..., WINDOW_SAMPLES]."""
    spectrum = np.fft.rfft(windows * _WINDOW)[..., : len(_WEIGHTS)]
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    # A product for each row: one for all of them would sum in another order.
    bands = (power[..., None, :] @ _WEIGHTS)[..., 0, :]
    return np.asarray(np.log(bands + np.float32(FLOOR_POWER)))


def levels_db(rows: Floats) -> Floats:
    """Loudness of hops in dBFS, [hops], a sine of full scale being 0, from their features."""
    return np.asarray(10 * np.log10(np.exp(rows).sum(-1)))
