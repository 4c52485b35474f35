"""Sentence starts in synthesised speech, as the aligner knows them and as they are guessed."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.audio.placement import FixedPlacement, Run
from livekit_plugins_avatar.emotion.cue_timing import CueTiming
from livekit_plugins_avatar.emotion.sentences import SentenceReader
from livekit_plugins_avatar.speech.recognizer import built_in
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.text.pronunciation import words_of
from livekit_plugins_avatar.speech.text_guided import HopRecognizer, TextGuidedStream
from livekit_plugins_avatar.timeline import SAMPLE_RATE, seconds

SENTENCES = (
    "Your flight to Boston was cancelled.",
    "Great news!",
    "The next one leaves at seven in the morning, and we could find a seat by the window for you.",
    "Shall I book it?",
)
PARTS = ("I looked at your claim this morning, and it was", "declined by the board.")
TAG = ' <emotion value="sad"/> '
WINDOW = SAMPLE_RATE // 100
AUDIBLE = 0.05
"""Share of the loudest 10 ms at which a sentence begins to be heard."""


def onset(pcm: Pcm) -> int:
    """The first audible sample."""
    whole = pcm[: len(pcm) // WINDOW * WINDOW].astype(np.float64).reshape(-1, WINDOW)
    loudness = np.sqrt((whole**2).mean(axis=1))
    return int(np.argmax(loudness > AUDIBLE * loudness.max())) * WINDOW


@pytest.fixture(scope="module")
def spoken() -> list[Pcm]:
    """The sentences in the demo's voice, one by one, so that it is known where each begins."""
    pytest.importorskip("piper", reason="the demo's voice is not installed")
    from livekit_plugins_avatar.tools import sound

    return [sound.spoken(sentence, varied=False) for sentence in SENTENCES]


def errors_s(spoken: list[Pcm], text: str, *, aligned: bool) -> list[float]:
    """How far off the start of each sentence but the first is."""
    pcm = np.concatenate(spoken)
    recognizer, schedule = built_in(), VisemeSchedule()
    assert isinstance(recognizer, HopRecognizer)
    stream = TextGuidedStream(recognizer.hops())
    stream.expect(words_of(text.replace(TAG, " ")))
    schedule.revise([*stream.push_audio(pcm)])
    starts = dict(enumerate(stream.word_starts.tolist())) if aligned else {}
    placement = FixedPlacement([Run(0, 0, len(pcm))])
    cue_timing = CueTiming(placement, schedule.between, starts.get)
    reader = SentenceReader()
    cue_timing.begin_text()
    cue_timing.add([*reader.push(text), *reader.flush()])
    cue_timing.end_text(reader.length)
    cue_timing.segment_started(0)
    cue_timing.segment_ended(len(pcm))
    shown = [sample for now in range(0, len(pcm), WINDOW) for sample, _ in cue_timing.due(now)]
    begins = np.cumsum([0, *map(len, spoken[:-1])]) + [onset(each) for each in spoken]
    return [seconds(abs(a - b)) for a, b in zip(shown[1:], begins[1:].tolist(), strict=True)]


def test_aligned_starts(spoken: list[Pcm]) -> None:
    """The aligner knows the start of a sentence to a tenth of a second."""
    assert max(errors_s(spoken, " ".join(SENTENCES), aligned=True)) < 0.1


def test_guessed_starts(spoken: list[Pcm]) -> None:
    """Without it, a start is guessed to half a second."""
    assert max(errors_s(spoken, " ".join(SENTENCES), aligned=False)) < 0.5


def test_marked_word(spoken: list[Pcm]) -> None:
    """A tag within a sentence acts on the word after it, to 80 ms."""
    from livekit_plugins_avatar.tools import sound

    parts = [sound.spoken(part, varied=False) for part in PARTS]
    [error_s] = errors_s(parts, TAG.join(PARTS), aligned=True)
    assert error_s <= 0.08
