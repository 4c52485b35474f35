"""Makes of one recording many: rooms, microphones, lines, noises, voices.

Takes speech at `STORED_HZ`; gives what might have been heard instead. A change of the
pace says by how much, so that labels can follow. Chance is handed in: the same chance gives the
same sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import signal
from scipy.fft import next_fast_len

from .voices import STORED_HZ

Sound = NDArray[np.float32]
Wave = NDArray[np.floating]

SPEECH_RMS = 0.08
"""What a level is relative to: about -22 dBFS, as loud as most recordings are."""

PACE = (0.84, 1.2)
"""Playing faster lifts formants and pitch too: shorter vocal tracts, children's even."""

GAIN_DB = (-34.0, 8.0)
NOISE_DB = (3.0, 45.0)
"""Speech above noise."""

ECHO_S = (0.08, 0.6)
ECHO_SHARE = (0.05, 0.45)

CHANCES = {
    "pace": 0.6,
    "whisper": 0.06,
    "room": 0.4,
    "tilt": 0.5,
    "telephone": 0.1,
    "dull": 0.1,
    "noise": 0.75,
    "clip": 0.07,
}
"""How often each happens to a recording that is changed at all."""


def _level(sound: Wave, rms: float = SPEECH_RMS) -> Wave:
    return np.asarray(sound * (rms / (float(np.sqrt(np.mean(sound**2))) + 1e-9)))


def at_pace(sound: Wave, pace: float) -> Wave:
    """Played about so many times as fast, pitch and formants with it."""
    return np.asarray(signal.resample(sound, next_fast_len(round(len(sound) / pace))))


def whispered(sound: Wave, chance: Generator) -> Wave:
    """The same mouth, with breath instead of a voice."""
    _, _, spectrum = signal.stft(sound, STORED_HZ, nperseg=512, noverlap=384)
    breath = signal.stft(chance.normal(size=len(sound)), STORED_HZ, nperseg=512, noverlap=384)[2]
    # 400 Hz wide: the harmonics of any voice disappear, its formants stay.
    envelope = signal.convolve(np.abs(spectrum), np.hanning(15)[1:-1, None] / 7, mode="same")
    hz = np.arange(len(envelope))[:, None] * STORED_HZ / 512
    whisper = envelope * breath / (np.abs(breath).mean()) * np.minimum(1, hz / 800)
    return np.asarray(signal.istft(whisper, STORED_HZ, nperseg=512, noverlap=384)[1][: len(sound)])


def in_room(sound: Wave, chance: Generator) -> Wave:
    """With the echo of a room that fades evenly."""
    length = int(chance.uniform(*ECHO_S) * STORED_HZ)
    echo = chance.normal(size=length) * 10 ** (-3 * np.arange(length) / length)
    echo *= chance.uniform(*ECHO_SHARE) / np.sqrt(np.sum(echo**2))
    echo[0] = 1
    return np.asarray(signal.fftconvolve(sound, echo)[: len(sound)])


def tilted(sound: Wave, chance: Generator) -> Wave:
    """Through a microphone that favours some pitches."""
    sound = signal.lfilter([1, chance.uniform(-0.6, 0.6)], [1], sound)
    turn = 2 * np.pi * chance.uniform(200, 6000) / STORED_HZ
    radius = chance.uniform(0.5, 0.9)
    peak = [1, -2 * radius * np.cos(turn), radius**2]
    return np.asarray(
        signal.lfilter([1], peak, sound)
        if chance.random() < 0.5
        else signal.lfilter(peak, [1], sound)
    )


def band(sound: Wave, low_hz: float, high_hz: float) -> Wave:
    """Only what lies between."""
    edges = [low_hz, high_hz] if low_hz else high_hz
    sections = signal.butter(
        6, edges, "bandpass" if low_hz else "lowpass", fs=STORED_HZ, output="sos"
    )
    return np.asarray(signal.sosfilt(sections, sound))


def coloured(length: int, chance: Generator) -> Wave:
    """Noise from white to brown."""
    return np.asarray(
        signal.lfilter([1], [1, -chance.uniform(0, 0.98)], chance.normal(size=length))
    )


def humming(length: int, chance: Generator) -> Wave:
    """Mains, or a fan: a few steady overtones."""
    time_s = np.arange(length) / STORED_HZ
    pitch_hz = chance.choice((50.0, 60.0, chance.uniform(80, 400)))
    hum = np.zeros(length)
    for overtone in range(1, int(chance.integers(2, 12))):
        turns = overtone * pitch_hz * time_s + chance.random()
        hum += chance.uniform(0.1, 1) / overtone * np.sin(2 * np.pi * turns)
    return hum


def playing(length: int, chance: Generator) -> Wave:
    """Something like music: notes and chords that begin hard and fade, now and then a drum."""
    music = np.zeros(length)
    at = 0
    beat = chance.uniform(0.12, 0.6)
    while at < length:
        last = int(min(length - at, chance.uniform(0.5, 4) * beat * STORED_HZ))
        time_s = np.arange(last) / STORED_HZ
        fade = np.exp(-time_s * chance.uniform(0.5, 8)) * np.minimum(1, time_s * 200)
        for _ in range(int(chance.integers(1, 4))):
            pitch_hz = 55 * 2 ** (chance.integers(0, 54) / 12)
            wobble = chance.uniform(0, 0.006) * np.sin(2 * np.pi * chance.uniform(4, 7) * time_s)
            steep = chance.uniform(0.5, 2)
            for overtone in range(1, min(12, int(7000 / pitch_hz)) + 1):
                turns = overtone * pitch_hz * (time_s + wobble / 30)
                music[at : at + last] += fade * overtone**-steep * np.sin(2 * np.pi * turns)
        if chance.random() < 0.3:
            hit = chance.normal(size=last) * np.exp(-time_s * chance.uniform(15, 80))
            music[at : at + last] += chance.uniform(0.3, 2) * hit
        at += int(beat * STORED_HZ * chance.choice((0.5, 1, 1, 2)))
    return music


def clicking(length: int, chance: Generator) -> Wave:
    """Keys, pens, doors: short, hard, rare."""
    clicks = 1e-4 * chance.normal(size=length)
    for at in chance.integers(0, max(1, length - 800), size=int(1 + 2 * length / STORED_HZ)):
        ring = np.exp(-np.arange(800) / chance.uniform(3, 120)) * chance.normal(size=800)
        clicks[at : at + 800] += chance.uniform(0.1, 1) * ring[: len(clicks[at : at + 800])]
    return clicks


def wavering(sound: Wave, chance: Generator) -> Wave:
    """Now louder, now softer."""
    points = max(3, len(sound) // STORED_HZ * 3)
    course = np.interp(
        np.linspace(0, 1, len(sound)), np.linspace(0, 1, points), chance.uniform(0.1, 1.5, points)
    )
    return np.asarray(sound * course)


BACKGROUNDS: Sequence[Callable[[int, Generator], Wave]] = (
    coloured, coloured, coloured, humming, playing, clicking,
)  # fmt: skip


def background(length: int, chance: Generator) -> Wave:
    """Something that is not speech, at `SPEECH_RMS`."""
    made = BACKGROUNDS[int(chance.integers(len(BACKGROUNDS)))](length, chance)
    return _level(wavering(made, chance) if chance.random() < 0.4 else made)


def varied(sound: Sound, chance: Generator) -> tuple[Sound, float]:
    """Something else that might have been heard.

    Returns:
        The sound, and how many times as fast as before it is.
    """
    happens = {name: bool(chance.random() < share) for name, share in CHANCES.items()}
    wave: Wave = np.asarray(sound, np.float64)
    if happens["pace"]:
        wave = at_pace(wave, chance.uniform(*PACE))
    pace = len(sound) / len(wave)
    if happens["whisper"]:
        wave = whispered(wave, chance)
    if happens["room"]:
        wave = in_room(wave, chance)
    if happens["tilt"]:
        wave = tilted(wave, chance)
    wave = _level(wave)
    if happens["noise"]:
        wave = wave + background(len(wave), chance) * 10 ** (-chance.uniform(*NOISE_DB) / 20)
    if happens["telephone"]:
        wave = band(wave, 300, 3400)
    elif happens["dull"]:
        wave = band(wave, 0, chance.uniform(3500, 7000))
    wave = wave * 10 ** (chance.uniform(*GAIN_DB) / 20)
    if happens["clip"]:
        limit = chance.uniform(0.15, 0.6) * float(np.abs(wave).max())
        wave = np.clip(wave, -limit, limit)
    return sixteen_bit(wave), pace


def sixteen_bit(wave: Wave) -> Sound:
    """As it would be after a file or a line: in range, in steps."""
    return (np.round(np.clip(wave, -1, 1) * 32767) / 32767).astype(np.float32)
