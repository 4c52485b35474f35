"""A scene is a face that speaks and listens as in a room, without the room."""

from __future__ import annotations

import numpy as np

from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import samples
from livekit_plugins_avatar.tools.eval.costs import speech
from livekit_plugins_avatar.tools.film.scene import Scene


def scene(*, listening_s: float = 0.0, seed: int = 0) -> Scene:
    """A second of "ah"."""
    pcm = speech(1.0)
    ah = VisemeEvent("aa", 0, len(pcm), 1.0)
    return Scene(pcm, [ah], listening=samples(listening_s), seed=seed)


def test_frames() -> None:
    """There is a face for every frame until the sound ends."""
    said = scene(listening_s=0.21)
    moments = list(said.moments(1920))
    assert len(said.sound) == samples(1.21)
    assert [moment.start for moment in moments] == [1920 * number for number in range(31)]
    assert moments[-1].start < len(said.sound) <= moments[-1].end


def test_mouth() -> None:
    """The mouth is open while the face speaks, and rests while it listens."""
    said = scene(listening_s=1.0)
    jaw = {moment.start: moment.value["jawOpen"] for moment in said.moments(1600)}
    speaking = [value for start, value in jaw.items() if samples(0.2) <= start < samples(0.9)]
    listening = [value for start, value in jaw.items() if start >= samples(1.3)]
    assert min(speaking) > 0.3
    assert max(listening) < 0.1
    assert not said.sound[samples(1.0) :].any()


def test_viseme() -> None:
    """It gives the viseme at a sample, and silence after the last."""
    said = scene(listening_s=0.5)
    assert (said.viseme(0), said.viseme(samples(0.9))) == ("aa", "aa")
    assert said.viseme(samples(1.2)) == "sil"


def test_same_scene() -> None:
    """The same speech and seed give the same scene."""

    def faces(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.stack([moment.value.values for moment in scene(seed=seed).moments(1600)])

    np.testing.assert_array_equal(faces(1), faces(1))
    assert (faces(1) != faces(2)).any()
