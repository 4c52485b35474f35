"""A scene: somebody says something, and then listens.

In flows speech; out flows the face for any sample of it, from the same parts that work in a room:
the recogniser, the schedule, the face. Nothing here takes time or chance: the same speech and seed
give the same scene.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..face.face import Face
from ..playout import Pcm, Run
from ..render.renderer import Moment
from ..speech.band_recognizer import BandRecognizer
from ..speech.recognizer import Recognizer
from ..speech.schedule import VisemeSchedule
from ..timeline import Timed


class Scene:
    """A face that says `speech`.

    Args:
        speech: int16 [N], at `SAMPLE_RATE`.
        listening: How many samples it listens afterwards, at least 0.
        seed: What makes this face's blinks and glances its own.
        recognizer: What turns speech into visemes, instead of the built-in one.
    """

    def __init__(
        self,
        speech: Pcm,
        *,
        listening: int = 0,
        seed: int = 0,
        recognizer: Recognizer | None = None,
    ) -> None:
        self.sound: Pcm = np.concatenate([speech, np.zeros(listening, np.int16)])
        self._schedule = VisemeSchedule()
        stream = (recognizer or BandRecognizer()).stream()
        for event in [*stream.push_audio(speech), *stream.flush()]:
            self._schedule.append(event)
        runs = [Run(0, 0, len(speech))]
        self._face = Face(lambda start, end: self._schedule.placed(runs, start, end), seed=seed)
        self._face.set_agent_state(0, "speaking")
        self._face.set_agent_state(len(speech), "listening")

    def moments(self, period: int) -> Iterator[Moment]:
        """The face of each frame, until the sound has ended; a frame lasts `period` samples."""
        for start in range(0, len(self.sound), period):
            yield Timed(start, period, self._face.at(start))

    def viseme(self, sample: int) -> str:
        """What is being said at a sample."""
        events = self._schedule.between(sample, sample + 1)
        return events[0].viseme if events else "sil"
