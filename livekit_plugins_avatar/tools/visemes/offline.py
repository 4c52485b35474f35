"""Recognises the visemes of a whole recording, as a room would get them.

The recording goes through the same parts as speech in a room, in pieces as a TTS would send them.
"""

from __future__ import annotations

from ...audio.pcm_buffer import Pcm
from ...speech.recognizer import OnnxRecognizer
from ...speech.schedule import VisemeSchedule
from ...speech.text.pronunciation import words_of
from ...speech.text_guided import TextGuidedStream
from ...speech.visemes import VisemeEvent
from ...timeline import samples

PIECE_SAMPLES = samples(1.0)


def recognize(
    pcm: Pcm, text: str | None = None, *, recognizer: OnnxRecognizer
) -> list[VisemeEvent]:
    """The viseme events of a recording, without gaps from 0 to its end.

    Args:
        pcm: int16 [N], N >= 1, at `SAMPLE_RATE`.
        text: The spoken words, where they are known.
        recognizer: Recognises what the text does not tell.
    """
    schedule = VisemeSchedule()
    stream = TextGuidedStream(recognizer.hops())
    if text is not None:
        stream.expect(words_of(text))
    for start in range(0, len(pcm), PIECE_SAMPLES):
        _write(schedule, stream.push_audio(pcm[start : start + PIECE_SAMPLES]))
    _write(schedule, stream.flush())
    return schedule.between(0, len(pcm))


def _write(schedule: VisemeSchedule, events: list[VisemeEvent]) -> None:
    if events:
        schedule.revise(events)
