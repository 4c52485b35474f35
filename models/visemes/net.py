"""The net: a stack of convolutions that look back, and a recurrent layer that remembers.

Takes rows of features; gives log-probabilities of visemes, `DELAY_HOPS` later: by then the net
has heard that far beyond the hop it answers for. While it is trained it is asked for the phones as
well, which makes it tell apart what looks alike but sounds different; that part is not exported.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from livekit_plugins_avatar.speech.features import BANDS
from livekit_plugins_avatar.speech.visemes import VISEMES

from .phones import PHONES

DELAY_HOPS = 6
CHANNELS = 128
STEM_HOPS = 5
DILATIONS = (1, 2, 4, 8)
TAPS = 3
MEMORY = 128
DROPOUT = 0.1


class Net(nn.Module):
    """Features [batch, hops, BANDS] to log-probabilities."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(BANDS))
        self.register_buffer("deviation", torch.ones(BANDS))
        self.stem = nn.Conv1d(BANDS, CHANNELS, STEM_HOPS)
        self.blocks = nn.ModuleList(
            nn.Conv1d(CHANNELS, CHANNELS, TAPS, dilation=dilation) for dilation in DILATIONS
        )
        self.memory = nn.GRU(CHANNELS, MEMORY, batch_first=True)
        self.visemes = nn.Linear(CHANNELS + MEMORY, len(VISEMES))
        self.phones = nn.Linear(CHANNELS + MEMORY, len(PHONES))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities of visemes [batch, hops, 15] and of phones [batch, hops, phones].

        What lies before the first row is taken to be as the average row, as it is when streaming.
        """
        x = ((rows - self.mean) / self.deviation).transpose(1, 2)
        x = functional.relu(self.stem(functional.pad(x, (STEM_HOPS - 1, 0))))
        for dilation, block in zip(DILATIONS, self.blocks, strict=True):
            past = functional.pad(x, (dilation * (TAPS - 1), 0))
            x = x + functional.relu(block(self.dropout(past)))
        x = x.transpose(1, 2)
        remembered, _ = self.memory(self.dropout(x))
        known = self.dropout(torch.cat((x, remembered), 2))
        return (
            functional.log_softmax(self.visemes(known), 2),
            functional.log_softmax(self.phones(known), 2),
        )
