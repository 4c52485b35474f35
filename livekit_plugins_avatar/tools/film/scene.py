"""A scene: a face that speaks and then listens.

It computes the face for any sample from the same schedule and face that work in a room. The same
speech, events and seed give the same scene.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...audio.pcm_buffer import Pcm
from ...audio.placement import FixedPlacement, Run
from ...face.face import Face
from ...face.style import NATURAL, Style
from ...gaze.attention import Attention
from ...render.renderer import Moment
from ...speech.published import PublishedVisemes
from ...speech.schedule import VisemeSchedule
from ...speech.visemes import VisemeEvent
from ...timeline import Timed


class Scene:
    """A face that speaks `speech`.

    Args:
        speech: int16 [N], at `SAMPLE_RATE`.
        events: Its visemes, in order.
        listening: Samples of listening afterwards, at least 0.
        seed: Of the random blinks and glances.
        style: How lively it is.
    """

    def __init__(
        self,
        speech: Pcm,
        events: Sequence[VisemeEvent],
        *,
        listening: int = 0,
        seed: int = 0,
        style: Style = NATURAL,
    ) -> None:
        self.sound: Pcm = np.concatenate([speech, np.zeros(listening, np.int16)])
        self._schedule = VisemeSchedule()
        for event in events:
            self._schedule.revise([event])
        placement = FixedPlacement([Run(0, 0, len(speech))])
        attention = Attention()
        attention.set_agent_state(0, "speaking")
        attention.plan_turn_end(0, len(speech))
        attention.set_agent_state(len(speech), "listening")
        visemes = PublishedVisemes(self._schedule, placement)
        self._face = Face(visemes, attention.situations, seed=seed, style=style)

    def moments(self, period: int) -> Iterator[Moment]:
        """The face of each frame until the sound ends; a frame lasts `period` samples."""
        for start in range(0, len(self.sound), period):
            yield Timed(start, period, self._face.at(start))

    def viseme(self, sample: int) -> str:
        """The viseme at a sample."""
        events = self._schedule.between(sample, sample + 1)
        return events[0].viseme if events else "sil"
