"""The recognition worker is told which words the speech says."""

from __future__ import annotations

from collections.abc import Sequence

from livekit_plugins_avatar.audio.sink import TimedText
from livekit_plugins_avatar.speech.text.spoken_text import SpokenText
from livekit_plugins_avatar.speech.worker import Spoken
from livekit_plugins_avatar.timeline import samples


class Worker:
    """Notes what it is to expect."""

    def __init__(self) -> None:
        self.told: list[tuple[list[Spoken], bool]] = []

    def expect(self, spoken: Sequence[Spoken], *, fresh: bool = False) -> None:
        self.told.append((list(spoken), fresh))

    @property
    def words(self) -> list[Spoken]:
        return [word for spoken, _ in self.told for word in spoken]


def test_text_of_the_tts_is_timed_on_the_speech_timeline() -> None:
    """Pieces are joined to words, each with the time of the piece it begins in."""
    worker = Worker()
    text = SpokenText(worker.expect)
    text.segment_started(base := samples(0.5))
    text.timed_text([TimedText("Hello ", 0.1)])
    text.timed_text([TimedText("there", 0.3), TimedText(" frie")])
    text.timed_text([TimedText("n"), TimedText("d")])
    text.segment_ended(samples(2.0))
    assert worker.words == [
        Spoken("Hello", base + samples(0.1)),
        Spoken(" there", base + samples(0.3)),
        Spoken(" friend", None),
    ]


def test_words_of_a_cleared_segment_are_forgotten() -> None:
    """A word left over from an interruption is not expected in the next segment."""
    worker = Worker()
    text = SpokenText(worker.expect)
    text.segment_started(0)
    text.timed_text([TimedText("Never", 0.0)])
    text.segment_cleared()
    text.segment_started(samples(1.0))
    text.timed_text([TimedText("Well ", 0.0)])
    assert [word.text for word in worker.words] == ["Well"]


def test_text_of_the_model_comes_before_that_of_the_tts() -> None:
    """Where the language model gave the text, the TTS's is ignored, for that segment alone."""
    worker = Worker()
    text = SpokenText(worker.expect)
    for piece in ("Hel", "lo the", "re"):
        text.push_text(piece)
    text.end_text()
    text.segment_started(0)
    text.timed_text([TimedText("Hello there", 0.0)])
    text.segment_ended(samples(1.0))
    told = [([word.text.strip() for word in words], fresh) for words, fresh in worker.told]
    assert told == [([], True), (["Hello"], False), ([], False), (["there"], False)]

    worker.told.clear()
    text.segment_started(samples(1.0))
    text.timed_text([TimedText("Well yes", 0.0)])
    text.segment_ended(samples(2.0))
    assert [word.text.strip() for word in worker.words] == ["Well", "yes"]
