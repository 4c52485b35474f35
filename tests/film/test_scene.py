"""A scene is what the parts of a room make of speech, without the room."""

from __future__ import annotations

import numpy as np

from livekit_plugins_avatar.eval.costs import speech
from livekit_plugins_avatar.film.scene import Scene
from livekit_plugins_avatar.speech.recognizer import PCM
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import samples


class SaysAh:
    """Hears one long vowel in everything."""

    lookahead_samples = 0

    def stream(self) -> SaysAh:
        self.heard = 0
        return self

    def push_audio(self, pcm: PCM) -> list[VisemeEvent]:
        event = VisemeEvent("aa", self.heard, len(pcm), 1.0)
        self.heard += len(pcm)
        return [event]

    def flush(self) -> list[VisemeEvent]:
        return []


def test_there_is_a_face_for_every_frame_until_the_sound_has_ended() -> None:
    scene = Scene(speech(0.5), listening=samples(0.21))
    moments = list(scene.moments(1920))
    assert len(scene.sound) == samples(0.71)
    assert [moment.start for moment in moments] == [1920 * number for number in range(18)]
    assert moments[-1].start < len(scene.sound) <= moments[-1].end


def test_the_mouth_opens_while_it_speaks_and_rests_while_it_listens() -> None:
    scene = Scene(speech(1.0), listening=samples(1.0), recognizer=SaysAh())
    jaw = {moment.start: moment.value["jawOpen"] for moment in scene.moments(1600)}
    speaking = [value for start, value in jaw.items() if samples(0.2) <= start < samples(0.9)]
    listening = [value for start, value in jaw.items() if start >= samples(1.3)]
    assert min(speaking) > 0.3
    assert max(listening) < 0.1
    assert not scene.sound[samples(1.0) :].any()


def test_it_says_which_viseme_is_heard_and_silence_after_the_last() -> None:
    scene = Scene(speech(0.5), listening=samples(0.5), recognizer=SaysAh())
    assert (scene.viseme(0), scene.viseme(samples(0.4))) == ("aa", "aa")
    assert scene.viseme(samples(0.6)) == "sil"


def test_the_same_speech_and_seed_are_the_same_scene() -> None:
    def faces(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        scene = Scene(speech(1.0), seed=seed)
        return np.stack([moment.value.values for moment in scene.moments(1600)])

    np.testing.assert_array_equal(faces(1), faces(1))
    assert (faces(1) != faces(2)).any()
