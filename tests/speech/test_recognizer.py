"""The recogniser: no trace of chunks, calm in silence, at any gain."""

from __future__ import annotations

import random
import tracemalloc
import wave
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livekit_plugins_avatar.speech.decoder import Hops
from livekit_plugins_avatar.speech.features import HOP_SAMPLES
from livekit_plugins_avatar.speech.recognizer import (
    OnnxRecognizer,
    Recognizer,
    RecognizerStream,
    built_in,
)
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples

RECOGNIZER = built_in()

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


def clicks(duration_s: float, each_s: float = 0.3) -> Sound:
    wave = silence(duration_s)
    wave[samples(each_s / 2) :: samples(each_s)] = 0.9
    return wave


def chord(duration_s: float, dbfs: float = -20.0) -> Sound:
    """A held major triad with overtones, struck every half second."""
    time_s = np.arange(samples(duration_s)) / SAMPLE_RATE
    wave = np.zeros(time_s.size)
    for pitch_hz in (220.0, 277.2, 329.6):
        for overtone in range(1, 8):
            wave += np.sin(2 * np.pi * overtone * pitch_hz * time_s) / overtone**1.5
    wave *= np.exp(-4 * (time_s % 0.5))
    return faded(wave / wave.std() * 10 ** (dbfs / 20))


def vowel(viseme: str, duration_s: float, *, dbfs: float = -20.0, pitch_hz: float = 125.0) -> Sound:
    """Harmonics of a voice that falls, shaped by four formants, with some breath in it."""
    time_s = np.arange(samples(duration_s)) / SAMPLE_RATE
    # A voice is never as steady as a machine.
    pitches_hz = pitch_hz * (1 - 0.3 * time_s) * (1 + 0.01 * np.sin(2 * np.pi * 5 * time_s))
    turns = np.cumsum(pitches_hz) / SAMPLE_RATE
    wave = np.zeros(time_s.size)
    for harmonic in range(1, int(8000 / pitch_hz)):
        hz = harmonic * pitches_hz
        # Less than a voice falls: formants above the fourth, left out here, would lift it.
        gain = np.full(time_s.size, harmonic**-0.4)
        for formant_hz, width_hz in zip(FORMANTS_HZ[viseme], BANDWIDTHS_HZ, strict=True):
            gain *= formant_hz**2 / np.hypot(formant_hz**2 - hz**2, width_hz * hz)
        wave += gain * np.sin(2 * np.pi * harmonic * turns + harmonic**2)
    wave += noise(duration_s, -26, above_hz=2000) * wave.std()
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


def spoken() -> Sound:
    """My mother bought a big map, five cheap shoes: a Piper voice whose recordings are CC0."""
    with wave.open(str(Path(__file__).parent / "data" / "sentence.wav")) as file:
        stored = np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
    # From 16 to 48 kHz: the same spectrum, with nothing above.
    spectrum = np.fft.rfft(stored)
    return np.asarray(3 * np.fft.irfft(spectrum, 3 * stored.size), np.float32)


CLOSURES_S = (
    (0.22, 0.30), (0.34, 0.44), (0.62, 0.69), (0.92, 1.00), (1.14, 1.24), (1.46, 1.58), (2.36, 2.43)
)  # fmt: skip
CLEAR_S = (("aa", 1.26, 1.44), ("I", 2.28, 2.36), ("CH", 2.44, 2.53), ("SS", 2.78, 2.90))
RESTS_S = ((0.0, 0.2), (1.65, 1.8), (2.94, 3.0))
"""What `spoken` says when, by forced alignment."""

NEAR_S = 0.04


def joined(events: Iterable[VisemeEvent]) -> list[VisemeEvent]:
    schedule = VisemeSchedule()
    for event in events:
        schedule.revise([event])
    return schedule.between(0, 10**12)


def pieces(sound: NDArray[Any], lengths: Iterable[int]) -> Iterable[NDArray[Any]]:
    """The sound in pieces of these lengths, the rest at once."""
    for length in lengths:
        if sound.size:
            yield sound[:length]
        sound = sound[length:]
    if sound.size:
        yield sound


def recognised(sound: NDArray[Any], chunks: Sequence[int] = ()) -> list[VisemeEvent]:
    """Events of a sound pushed in such chunks, then flushed."""
    stream = RECOGNIZER.stream()
    events = [event for piece in pieces(sound, chunks) for event in stream.push_audio(piece)]
    return joined(events + stream.flush())


def hops_of(sound: NDArray[Any], chunks: Sequence[int] = ()) -> Hops:
    """All hops of a sound, in one."""
    stream = RECOGNIZER.hops()
    all_hops = [stream.push_audio(piece) for piece in pieces(sound, chunks)] + [stream.flush()]
    assert all(one.end == after.start for one, after in pairwise(all_hops))
    return Hops(
        all_hops[0].start,
        all_hops[-1].end,
        np.concatenate([hops.log_probabilities for hops in all_hops]),
        np.concatenate([hops.levels_db for hops in all_hops]),
    )


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


def test_it_fits_the_protocol() -> None:
    """It looks ahead by at most 80 ms."""
    recogniser: Recognizer = RECOGNIZER
    stream: RecognizerStream = recogniser.stream()
    assert 0 < recogniser.lookahead_samples <= samples(0.08)
    assert stream.push_audio(silence(0.01)) == []


def test_the_built_in_model_is_opened_once() -> None:
    """By however many threads at once."""
    with ThreadPoolExecutor(8) as pool:
        opened = {id(each) for each in pool.map(lambda _: built_in(), range(8))}
    assert len(opened) == 1


def test_one_call_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine each call waits for its turn, so all hops of a chunk share one."""
    run, calls = onnxruntime.InferenceSession.run, []

    def counted(self: Any, names: None, feed: dict[str, Any]) -> Any:
        calls.append(len(feed["mel"]))
        return run(self, names, feed)

    monkeypatch.setattr(onnxruntime.InferenceSession, "run", counted)
    stream = RECOGNIZER.hops()
    for _ in range(3):
        stream.push_audio(silence(0.5))
    assert calls == [49, 50, 50]


def test_another_file_is_refused() -> None:
    """The error names the file."""
    persona = Path(__file__).parents[2] / "livekit_plugins_avatar" / "resources" / "sketch.onnx"
    with pytest.raises(ValueError, match=r"sketch\.onnx is no viseme recogniser"):
        OnnxRecognizer(persona)


@pytest.mark.parametrize("milliseconds", [1, 7, 10, 20, 33, 100, 1000, 5000])
def test_streamed_equals_whole(milliseconds: int) -> None:
    """Chunks of 1 to 5,000 ms give the same hops, bit for bit."""
    length = samples(milliseconds / 1000)
    chunks = [length] * (SENTENCE.size // length + 1)
    streamed, whole = hops_of(SENTENCE, chunks), hops_of(SENTENCE)
    assert np.array_equal(streamed.log_probabilities, whole.log_probabilities)
    assert np.array_equal(streamed.levels_db, whole.levels_db)
    assert (streamed.start, streamed.end) == (whole.start, whole.end)
    assert recognised(SENTENCE, chunks) == recognised(SENTENCE)


def test_sample_by_sample_equals_whole() -> None:
    """The shortest chunks leave no trace."""
    sound = SENTENCE[: samples(0.3)]
    assert recognised(sound, [1] * sound.size) == recognised(sound)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 6000), max_size=40))
def test_random_chunks_equal_whole(chunks: list[int]) -> None:
    """Nor do chunks of any lengths."""
    assert recognised(SENTENCE, chunks) == recognised(SENTENCE)


@pytest.mark.parametrize("length", [1, 479, 480, 481, 1199, 3720, 3721, 12_345])
def test_events_cover_what_was_pushed(length: int) -> None:
    """From the first sample to the last, without gaps."""
    events = recognised(SENTENCE[9_600 : 9_600 + length])
    assert events[0].start == 0
    assert events[-1].end == length
    assert all(one.end == after.start for one, after in pairwise(events))
    assert all(0 <= event.intensity <= 1 for event in events)


def test_each_hop_is_a_distribution() -> None:
    """Its probabilities sum to 1."""
    hops = hops_of(SENTENCE)
    assert len(hops) == -(-SENTENCE.size // HOP_SAMPLES)
    assert np.allclose(np.exp(hops.log_probabilities).sum(axis=1), 1, atol=1e-4)


def test_the_look_ahead_is_exact() -> None:
    """A sample is decided once the look-ahead is there, and not before."""
    stream = RECOGNIZER.stream()
    assert stream.push_audio(SENTENCE[: RECOGNIZER.lookahead_samples - 1]) == []
    decided = 0
    for sample in range(RECOGNIZER.lookahead_samples - 1, samples(0.3)):
        for event in stream.push_audio(SENTENCE[sample : sample + 1]):
            assert event.start == decided
            decided = event.end
        assert decided > sample + 1 - RECOGNIZER.lookahead_samples
    assert decided % HOP_SAMPLES == 0


def test_nothing_beyond_the_look_ahead_counts() -> None:
    """What follows later changes nothing."""
    cut = samples(0.5)
    other = np.concatenate((SENTENCE[:cut], noise(0.5, -20)))
    known = (cut - RECOGNIZER.lookahead_samples) // HOP_SAMPLES
    one, two = hops_of(SENTENCE), hops_of(other)
    assert np.array_equal(one.log_probabilities[:known], two.log_probabilities[:known])


def test_streams_are_independent() -> None:
    """Two streams of one recogniser do not mix."""
    one, other = RECOGNIZER.stream(), RECOGNIZER.stream()
    events: list[VisemeEvent] = []
    for start in range(0, SENTENCE.size, 960):
        events += one.push_audio(SENTENCE[start : start + 960])
        other.push_audio(noise(0.05, -10, seed=start + 1))
    assert joined(events + one.flush()) == recognised(SENTENCE)


def test_an_empty_stream_has_no_events() -> None:
    """Nothing pushed flushes to nothing."""
    assert RECOGNIZER.stream().flush() == []


def test_a_flushed_stream_is_finished() -> None:
    """It refuses more, and flushes to nothing again."""
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
        noise(2, -25),
        hum(2, 50, -20),
        hum(2, 100, -15) + hum(2, 200, -25),
        hum(2, 440),
        clicks(2),
        chord(3),
    ],
    ids=["silence", "quiet noise", "loud noise", "hum", "a fan", "a tone", "clicks", "chords"],
)
def test_the_mouth_is_calm_without_speech(sound: Sound) -> None:
    """Noise, tones and clicks are silence."""
    assert share(recognised(sound), ["sil"], 0, sound.size / SAMPLE_RATE) > 0.95


def test_every_closure_is_shown() -> None:
    """Each closure that is spoken, within 40 ms."""
    closures = [event for event in recognised(spoken()) if event.viseme == "PP"]
    for start_s, end_s in CLOSURES_S:
        assert any(
            event.start < samples(end_s + NEAR_S) and event.end > samples(start_s - NEAR_S)
            for event in closures
        ), (start_s, closures)


def test_few_closures_are_made_up() -> None:
    """At most one that is not spoken."""
    closed_s = [(start_s - NEAR_S, end_s + NEAR_S) for start_s, end_s in CLOSURES_S]
    shown = [event for event in recognised(spoken()) if event.viseme == "PP"]
    spoken_too = [
        event
        for event in shown
        if any(event.start < samples(end) and event.end > samples(start) for start, end in closed_s)
    ]
    assert len(shown) - len(spoken_too) <= 1


def test_vowels_and_hiss_are_told_apart() -> None:
    """Clear sounds have their visemes."""
    events = recognised(spoken())
    for viseme, start_s, end_s in CLEAR_S:
        assert share(events, [viseme], start_s, end_s) > 0.6, (viseme, start_s, events)


def test_the_mouth_rests_around_words() -> None:
    """Before, between and after them."""
    events = recognised(spoken())
    for start_s, end_s in RESTS_S:
        assert share(events, ["sil"], start_s, end_s) > 0.9, events


@pytest.mark.parametrize("gain_db", [-30, -20, -10, 6])
def test_gain_changes_little(gain_db: float) -> None:
    """From -30 to +6 dB."""
    sound = spoken()
    plain = recognised(sound)
    other = recognised(np.asarray(sound * 10 ** (gain_db / 20), np.float32))
    agreeing = sum(
        max(0, min(one.end, two.end) - max(one.start, two.start))
        for one in plain
        for two in other
        if one.viseme == two.viseme
    )
    assert agreeing / sound.size > 0.85


def test_loudness_is_intensity() -> None:
    """Louder vowels are more intense, silence not at all."""
    sound = np.concatenate(
        (silence(0.2), vowel("aa", 0.3), silence(0.3), vowel("aa", 0.3, dbfs=-30), silence(0.3))
    )
    events = recognised(sound)
    first = max(e.intensity for e in events if e.end < samples(0.65))
    second = max(e.intensity for e in events if e.start > samples(0.65))
    assert first > second > 0
    assert all(event.intensity == 0 for event in events if event.viseme == "sil")


def test_int16_equals_float() -> None:
    """16 bit samples are the same speech."""
    sixteen_bit = np.asarray(np.round(SENTENCE * 32767), np.int16)
    as_float = np.asarray(sixteen_bit / 32768, np.float32)
    assert recognised(sixteen_bit) == recognised(as_float)


@pytest.mark.parametrize(
    "sound",
    [
        np.full(SAMPLE_RATE, -32768, np.int16),
        np.full(SAMPLE_RATE, 2.0, np.float32),
        np.tile(np.array([2.0, -2.0], np.float32), SAMPLE_RATE // 2),
        np.full(SAMPLE_RATE, 1e-38, np.float32),
        noise(1, 0).clip(-1, 1),
    ],
    ids=["the lowest sample", "the highest", "from one to the other", "next to nothing", "clipped"],
)
def test_extreme_sounds_are_recognised(sound: NDArray[Any]) -> None:
    """No sound that is accepted raises."""
    events = recognised(sound, [960] * 20)
    assert events[-1].end == len(sound)
    assert np.isfinite(hops_of(sound).log_probabilities).all()


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
def test_what_is_no_speech_is_refused(pcm: Any, remedy: str) -> None:
    """With a remedy, and without a trace."""
    stream = RECOGNIZER.stream()
    half = SENTENCE.size // 2
    events = stream.push_audio(SENTENCE[:half])
    with pytest.raises(ValueError, match=remedy):
        stream.push_audio(pcm)
    events += stream.push_audio(SENTENCE[half:])
    assert joined(events + stream.flush()) == recognised(SENTENCE)


def malformed(chance: random.Random) -> Any:
    """Something that is hardly speech, or a little strange."""
    sound = np.zeros(chance.choice([0, 1, 7, 480, 4_800]), np.float32)
    bad = chance.choice([np.nan, np.inf, -np.inf, 1e30, 3.0, -2.5])
    if sound.size and chance.random() < 0.3:
        sound[chance.randrange(sound.size)] = bad
    kinds = "f2 >f4 f8 i1 i4 u2 ? O S4 >i2 i2".split()
    makers: list[Callable[[], Any]] = [
        lambda: sound,
        lambda: np.nan_to_num(sound).clip(-2, 2).astype(chance.choice(kinds)),
        lambda: sound[None],
        lambda: sound[:, None],
        lambda: sound[:: chance.choice([2, -1, -3])],
        lambda: np.ma.masked_invalid(sound),
        lambda: np.broadcast_to(np.float32(0.1), (480,)),
        lambda: chance.choice([None, 3, "speech", b"12", [0.1] * 480, np.float32(0.5)]),
    ]
    return chance.choice(makers)()


def test_malformed_input_is_refused_or_recognised() -> None:
    """500 malformed inputs: each a ValueError with a remedy, or finite hops; the stream goes on."""
    chance, stream = random.Random(1), RECOGNIZER.hops()
    refused = accepted = 0
    for _ in range(500):
        sound = malformed(chance)
        try:
            hops = stream.push_audio(sound)
        except ValueError as error:
            refused += 1
            assert str(error).startswith(("speech", "float speech")), error
        else:
            accepted += 1
            assert np.isfinite(hops.log_probabilities).all()
    assert refused > 100 < accepted
    assert len(stream.push_audio(SENTENCE))


def test_long_chunks_are_recognised_in_slices() -> None:
    """Twenty seconds at once equal the same in pieces, with little memory."""
    sound = np.tile(SENTENCE, 15)
    tracemalloc.start()
    whole = hops_of(sound)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.array_equal(whole.log_probabilities, hops_of(sound, [48_000] * 30).log_probabilities)
    assert peak < 40_000_000
