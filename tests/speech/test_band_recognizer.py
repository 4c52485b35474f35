"""The recogniser: the same answer however the speech is cut, calm in silence, at any gain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livekit_plugins_avatar.speech.band_cues import CUES, VISEME_CUES
from livekit_plugins_avatar.speech.band_recognizer import (
    HOP_SAMPLES,
    BandRecognizer,
)
from livekit_plugins_avatar.speech.recognizer import Recognizer, RecognizerStream
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.visemes import VISEMES, VisemeEvent
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples

RECOGNIZER = BandRecognizer()

FORMANTS_HZ = {
    "aa": (660, 1720, 2410, 3500),
    "I": (300, 2290, 3010, 3600),
    "U": (330, 1100, 2240, 3300),
    "m": (230, 1300, 2200, 3300),
}
"""A man's, about (Peterson & Barney 1952), in cat, see, too and m; too a little fronted, as it is
in fluent speech."""

BANDWIDTHS_HZ = (90, 110, 170, 250)

Sound = NDArray[np.float32]


def silence(duration_s: float) -> Sound:
    return np.zeros(samples(duration_s), np.float32)


def noise(duration_s: float, dbfs: float, *, above_hz: float = 0.0, seed: int = 1) -> Sound:
    white = np.random.default_rng(seed).normal(size=samples(duration_s))
    spectrum = np.fft.rfft(white)
    spectrum[np.fft.rfftfreq(white.size, 1 / SAMPLE_RATE) < above_hz] = 0
    shaped = np.fft.irfft(spectrum, white.size)
    return np.asarray(shaped / shaped.std() * 10 ** (dbfs / 20), np.float32)


def faded(wave: NDArray[np.float64]) -> Sound:
    """Without the clicks that a sound cut off at once would have at its ends."""
    edge = np.sin(np.linspace(0, np.pi / 2, samples(0.01))) ** 2
    wave[: edge.size] *= edge
    wave[-edge.size :] *= edge[::-1]
    return np.asarray(wave, np.float32)


def hum(duration_s: float, hz: float, dbfs: float = -20.0) -> Sound:
    turns = np.arange(samples(duration_s)) * hz / SAMPLE_RATE
    return faded(10 ** (dbfs / 20) * np.sin(2 * np.pi * turns))


def vowel(viseme: str, duration_s: float, *, dbfs: float = -20.0, pitch_hz: float = 117.0) -> Sound:
    """Harmonics of a voice, shaped by four formants, with some breath in it."""
    time_s = np.arange(samples(duration_s)) / SAMPLE_RATE
    wave = np.zeros(time_s.size)
    for harmonic in range(1, int(8000 / pitch_hz)):
        hz = harmonic * pitch_hz
        # Less than a voice falls: formants above the fourth, left out here, would lift it.
        gain = harmonic**-0.4
        for formant_hz, width_hz in zip(FORMANTS_HZ[viseme], BANDWIDTHS_HZ, strict=True):
            gain *= formant_hz**2 / np.hypot(formant_hz**2 - hz**2, width_hz * hz)
        wave += gain * np.sin(2 * np.pi * hz * time_s + harmonic**2)
    wave += noise(duration_s, -26, above_hz=2000) * wave.std()
    # A voice is never as steady as a machine.
    wave *= 10 ** (2 * np.sin(2 * np.pi * 4 * time_s) / 20)
    return faded(wave / wave.std() * 10 ** (dbfs / 20))


def murmur(duration_s: float) -> Sound:
    """A voice behind shut lips: m."""
    return vowel("m", duration_s, dbfs=-34)


def sentence() -> Sound:
    """A vowel, a closure, a vowel, a hiss, a rounded vowel, between silences."""
    return np.concatenate(
        (
            silence(0.2),
            vowel("aa", 0.25),
            murmur(0.07),
            vowel("I", 0.2),
            noise(0.12, -28, above_hz=4500),
            vowel("U", 0.2),
            silence(0.4),
        )
    )


def joined(events: Iterable[VisemeEvent]) -> list[VisemeEvent]:
    schedule = VisemeSchedule()
    for event in events:
        schedule.append(event)
    return schedule.between(0, 10**12)


def recognised(sound: NDArray[Any], chunks: Sequence[int] | None = None) -> list[VisemeEvent]:
    """Events of a sound pushed in chunks of these lengths, the rest at once, then flushed."""
    stream = RECOGNIZER.stream()
    events: list[VisemeEvent] = []
    rest = sound
    for length in chunks or ():
        if rest.size == 0:
            break
        events += stream.push_audio(rest[:length])
        rest = rest[length:]
    if rest.size:
        events += stream.push_audio(rest)
    return joined(events + stream.flush())


def share(
    events: Iterable[VisemeEvent], visemes: Sequence[str], start_s: float, end_s: float
) -> float:
    """Share of [start_s, end_s) spent in these visemes."""
    start, end = samples(start_s), samples(end_s)
    spent = sum(
        max(0, min(event.end, end) - max(event.start, start))
        for event in events
        if event.viseme in visemes
    )
    return spent / (end - start)


SENTENCE = sentence()


def test_every_viseme_but_silence_has_a_row_with_a_reason_and_all_cues() -> None:
    assert set(VISEME_CUES) == set(VISEMES) - {"sil"}
    for row in VISEME_CUES.values():
        assert row.reason
        assert len(row.cues) == len(CUES)


def test_it_keeps_the_contract_that_other_recognisers_will_keep() -> None:
    recogniser: Recognizer = RECOGNIZER
    stream: RecognizerStream = recogniser.stream()
    assert 0 < recogniser.lookahead_samples <= samples(0.08)
    assert stream.push_audio(silence(0.01)) == []


@pytest.mark.parametrize("chunk", [1, 7, 336, 480, 960, 4800, 48_000])
def test_the_same_speech_in_other_chunks_gives_the_same_events(chunk: int) -> None:
    sound = SENTENCE if chunk > 1 else SENTENCE[: samples(0.35)]
    chunks = [chunk] * (sound.size // chunk + 1)
    assert recognised(sound, chunks) == recognised(sound)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 6000), max_size=40))
def test_random_chunks_give_the_same_events(chunks: list[int]) -> None:
    assert recognised(SENTENCE, chunks) == recognised(SENTENCE)


@pytest.mark.parametrize("length", [1, 479, 480, 481, 1199, 3720, 3721, 12_345])
def test_events_cover_exactly_what_was_pushed(length: int) -> None:
    events = recognised(SENTENCE[9_600 : 9_600 + length])
    assert events[0].start == 0
    assert events[-1].end == length
    assert all(one.end == after.start for one, after in pairwise(events))
    assert all(0 <= event.intensity <= 1 for event in events)


def test_a_sample_is_decided_as_soon_as_the_look_ahead_has_been_heard_and_not_before() -> None:
    stream = RECOGNIZER.stream()
    assert stream.push_audio(SENTENCE[: RECOGNIZER.lookahead_samples - 1]) == []
    decided = 0
    for sample in range(RECOGNIZER.lookahead_samples - 1, samples(0.3)):
        for event in stream.push_audio(SENTENCE[sample : sample + 1]):
            assert event.start == decided
            decided = event.end
        assert decided > sample + 1 - RECOGNIZER.lookahead_samples
    assert decided % HOP_SAMPLES == 0


def test_streams_of_one_recogniser_do_not_hear_each_other() -> None:
    one, other = RECOGNIZER.stream(), RECOGNIZER.stream()
    heard: list[VisemeEvent] = []
    for start in range(0, SENTENCE.size, 960):
        heard += one.push_audio(SENTENCE[start : start + 960])
        other.push_audio(noise(0.05, -10, seed=start + 1))
    assert joined(heard + one.flush()) == recognised(SENTENCE)


def test_nothing_pushed_flushes_to_nothing() -> None:
    assert RECOGNIZER.stream().flush() == []


def test_a_flushed_stream_refuses_more_and_flushes_to_nothing_again() -> None:
    stream = RECOGNIZER.stream()
    stream.push_audio(SENTENCE)
    assert stream.flush()
    assert stream.flush() == []
    with pytest.raises(ValueError, match="take a new one"):
        stream.push_audio(SENTENCE)


@pytest.mark.parametrize(
    "sound",
    [
        silence(2),
        noise(2, -55),
        hum(2, 50, -20),
        hum(2, 100, -15) + hum(2, 200, -25),
    ],
    ids=["digital silence", "quiet noise", "hum", "hum with an overtone"],
)
def test_the_mouth_stays_closed_where_nobody_speaks(sound: Sound) -> None:
    assert recognised(sound) == [VisemeEvent("sil", 0, sound.size, 0.0)]


@pytest.mark.parametrize("sound", [noise(3, -30), hum(3, 440)], ids=["loud noise", "a tone"])
def test_the_mouth_closes_in_a_sound_that_never_changes(sound: Sound) -> None:
    after_silence = np.concatenate((silence(0.5), sound))
    assert share(recognised(after_silence), ["sil"], 1.1, 3.5) == 1


def test_vowels_open_the_mouth_and_are_told_apart() -> None:
    for viseme in ("aa", "I", "U"):
        sound = np.concatenate((silence(0.2), vowel(viseme, 0.3), silence(0.3)))
        events = recognised(sound)
        assert share(events, [viseme], 0.25, 0.45) > 0.9, events
        assert share(events, ["sil"], 0.0, 0.15) == 1
        assert share(events, ["sil"], 0.6, 0.8) == 1


def test_a_murmur_between_vowels_is_a_closure() -> None:
    events = recognised(SENTENCE)
    assert any(
        event.viseme == "PP" and event.start < samples(0.5) and event.end > samples(0.47)
        for event in events
    ), events


def test_a_gap_of_a_closure_between_vowels_is_not_silence() -> None:
    sound = np.concatenate((silence(0.2), vowel("aa", 0.2), silence(0.06), vowel("aa", 0.2)))
    assert share(recognised(sound), ["sil"], 0.3, 0.55) == 0


def test_sharp_hiss_is_ss_and_a_mouth_nearly_shut() -> None:
    assert share(recognised(SENTENCE), ["SS"], 0.74, 0.82) > 0.9


@pytest.mark.parametrize("gain_db", [-30, -20, -10])
def test_gain_changes_next_to_nothing(gain_db: float) -> None:
    loud = recognised(SENTENCE)
    quiet = recognised(np.asarray(SENTENCE * 10 ** (gain_db / 20), np.float32))
    agreeing = sum(
        max(0, min(one.end, other.end) - max(one.start, other.start))
        for one in loud
        for other in quiet
        if one.viseme == other.viseme
    )
    assert agreeing / SENTENCE.size > 0.95


def test_louder_vowels_are_more_intense_and_silence_not_at_all() -> None:
    sound = np.concatenate(
        (silence(0.2), vowel("aa", 0.3), silence(0.3), vowel("aa", 0.3, dbfs=-30), silence(0.3))
    )
    events = recognised(sound)
    first = max(e.intensity for e in events if e.end < samples(0.65))
    second = max(e.intensity for e in events if e.start > samples(0.65))
    assert first > second > 0
    assert all(event.intensity == 0 for event in events if event.viseme == "sil")


def test_sixteen_bit_samples_are_the_same_speech() -> None:
    sixteen_bit = np.asarray(np.round(SENTENCE * 32767), np.int16)
    as_float = np.asarray(sixteen_bit / 32768, np.float32)
    assert recognised(sixteen_bit) == recognised(as_float)


@pytest.mark.parametrize(
    ("pcm", "remedy"),
    [
        (np.zeros(480, np.float64), "float32 or int16"),
        ([0.0] * 480, "float32 or int16"),
        (np.zeros((2, 480), np.float32), "mix channels"),
        (np.zeros(0, np.float32), "leave empty chunks out"),
        (np.full(480, np.nan, np.float32), "NaN or infinite"),
        (np.full(480, np.inf, np.float32), "NaN or infinite"),
        (np.full(480, 12_000, np.float32), "divide 16 bit samples"),
    ],
    ids=["float64", "a list", "stereo", "empty", "NaN", "infinity", "wrong unit"],
)
def test_what_is_no_speech_is_refused_with_a_remedy_and_leaves_no_trace(
    pcm: Any, remedy: str
) -> None:
    stream = RECOGNIZER.stream()
    half = SENTENCE.size // 2
    events = stream.push_audio(SENTENCE[:half])
    with pytest.raises(ValueError, match=remedy):
        stream.push_audio(pcm)
    events += stream.push_audio(SENTENCE[half:])
    assert joined(events + stream.flush()) == recognised(SENTENCE)
