# IPA is what it looks like.
# ruff: noqa: RUF001
"""Synthetic voices for the corpus.

Takes sentences; gives speech at `STORED_HZ`, each voice with a licence that lets what is
learnt from it go anywhere. A voice is asked for by a name that says all of it, so that the corpus
can be made again, sentence by sentence, from a list.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

Sound = NDArray[np.float32]

STORED_HZ = 16_000
"""What the corpus is kept at: all that the features look at, and what the aligner wants."""

KOKORO_HZ = 24_000
KOKORO_LONGEST_TOKENS = 480
KOKORO_BLEND = 0.5
"""How much of a second voice may be in a voice: in between lies a new speaker."""

KOKORO_NATIVE_SHARE = 0.6
"""Share of English voices; the others come from any language, and bring their accents."""

IPA_TO_KOKORO = (
    ("ʔˌn̩", "ʔn"), ("ʔn̩", "ʔn"), ("a^ɪ", "I"), ("a^ʊ", "W"), ("d^ʒ", "ʤ"), ("t^ʃ", "ʧ"),
    ("e^ɪ", "A"), ("ɔ^ɪ", "Y"), ("ə^l", "ᵊl"), ("ɚ", "əɹ"), ("r", "ɹ"), ("x", "k"), ("ç", "k"),
    ("ɐ", "ə"), ("ɬ", "l"), ("̃", ""),
)  # fmt: skip
"""From espeak-ng's IPA to the letters that Kokoro was trained on, in this order."""

IPA_TO_KOKORO_ACCENT = {
    "a": (("o^ʊ", "O"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", "")),
    "b": (("e^ə", "ɛː"), ("ə^ʊ", "Q"), ("iə", "ɪə")),
}
ESPEAK_VOICE = {"a": "en-us", "b": "en-gb"}


class Voice(Protocol):
    """Something that speaks."""

    def say(self, text: str, chance: random.Random) -> tuple[Sound, str]:
        """Speak `text`; chance picks speaker and pace.

        Returns:
            The sound [N] at `STORED_HZ`, and the name of who speaks.
        """
        ...


class Kokoro:
    """Kokoro-82M (Apache-2.0), with voices mixed from pairs of its own.

    Args:
        sources: Holds `kokoro.onnx`, `vocab.json` and `kokoro-voices/*.bin`.
    """

    def __init__(self, sources: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(sources / "kokoro.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._vocabulary: dict[str, int] = json.loads((sources / "vocab.json").read_text())["vocab"]
        self._styles = {
            path.stem: np.fromfile(path, np.float32).reshape(-1, 1, 256)
            for path in sorted((sources / "kokoro-voices").glob("*.bin"))
        }
        self._native = [name for name in self._styles if name[0] in ESPEAK_VOICE]

    def say(self, text: str, chance: random.Random) -> tuple[Sound, str]:
        """See `Voice.say`."""
        native = chance.random() < KOKORO_NATIVE_SHARE
        one = chance.choice(self._native if native else list(self._styles))
        # Accents are pronounced differently: only voices of one accent are mixed.
        other = chance.choice([name for name in self._styles if name[0] == one[0]])
        share = chance.choice((0.0, chance.uniform(0.0, KOKORO_BLEND)))
        pace = chance.uniform(0.8, 1.3)
        letters = [
            c for c in _kokoro_letters(text, "b" if one[0] == "b" else "a") if c in self._vocabulary
        ]
        tokens = [self._vocabulary[c] for c in letters[:KOKORO_LONGEST_TOKENS]]
        style = (1 - share) * self._styles[one] + share * self._styles[other]
        feed: dict[str, Any] = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style[len(tokens)].astype(np.float32),
            "speed": np.array([pace], np.float32),
        }
        sound = self._session.run(None, feed)[0].ravel()
        name = one if share == 0 else f"{one}+{share:.2f}*{other}"
        return to_stored(sound, KOKORO_HZ), f"kokoro/{name}"


def _kokoro_letters(text: str, accent: str) -> str:
    parts: list[str] = []
    for part in re.findall(r"[^,.!?;:]+|[,.!?;:]", text):
        if part in ",.!?;:":
            parts.append(part)
        elif part.strip():
            parts.append((" " if parts else "") + _kokoro_phrase(part.strip(), accent))
    return "".join(parts)


def _kokoro_phrase(phrase: str, accent: str) -> str:
    command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", ESPEAK_VOICE[accent], phrase]
    ipa = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ipa = " ".join(ipa.split())
    for before, after in IPA_TO_KOKORO:
        ipa = ipa.replace(before, after)
    ipa = re.sub(r"(\S)̩", r"ᵊ\1", ipa).replace("̩", "")
    for before, after in IPA_TO_KOKORO_ACCENT[accent]:
        ipa = ipa.replace(before, after)
    return ipa.replace("^", "").replace("e", "A")


class Piper:
    """A Piper voice of one speaker, at paces and with a liveliness of its own.

    Args:
        model: The voice's `.onnx`; its `.onnx.json` lies beside it.
    """

    def __init__(self, model: Path) -> None:
        from piper import PiperVoice

        self._voice = PiperVoice.load(model)
        self._name = f"piper/{model.stem}"

    def say(self, text: str, chance: random.Random) -> tuple[Sound, str]:
        """See `Voice.say`."""
        from piper import SynthesisConfig

        manner = SynthesisConfig(
            length_scale=chance.uniform(0.8, 1.3),
            noise_scale=chance.uniform(0.5, 0.9),
            noise_w_scale=chance.uniform(0.6, 1.0),
        )
        chunks = list(self._voice.synthesize(text, manner))
        sound = np.concatenate([chunk.audio_float_array for chunk in chunks])
        return to_stored(sound, chunks[0].sample_rate), self._name


FLITE_PITCH_HZ = {"slt": 170, "rms": 100, "awb": 120}


class Flite:
    """Flite's voices (BSD-like), made from recordings of real speakers, at other pitches too."""

    def say(self, text: str, chance: random.Random) -> tuple[Sound, str]:
        """See `Voice.say`."""
        name = chance.choice(list(FLITE_PITCH_HZ))
        pitch_hz = FLITE_PITCH_HZ[name] * chance.uniform(0.8, 1.3)
        manner = {
            "duration_stretch": f"{chance.uniform(0.8, 1.25):.2f}",
            "int_f0_target_mean": f"{pitch_hz:.0f}",
        }
        settings = [part for key, value in manner.items() for part in ("--setf", f"{key}={value}")]
        target = Path(f"/tmp/flite-{chance.getrandbits(64):x}.wav")
        command = ["flite", "-voice", name, *settings, "-t", text, "-o", str(target)]
        subprocess.run(command, capture_output=True, check=True)
        sound, hz = soundfile.read(target, dtype="float32")
        target.unlink()
        return to_stored(sound, hz), f"flite/{name}"


def to_stored(sound: Sound, hz: int) -> Sound:
    """`sound` at `STORED_HZ`, never louder than full scale."""
    divisor = np.gcd(hz, STORED_HZ)
    stored = resample_poly(sound, STORED_HZ // divisor, hz // divisor)
    return np.asarray(stored / max(1.0, float(np.abs(stored).max())), np.float32)
