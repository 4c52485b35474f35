"""The nets see what a drawn face does, on a person and on a sketch."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.tools.watch.proof.clip import Clip, Drawing, recorded
from livekit_plugins_avatar.tools.watch.signals import signals_of

FACES = (
    FaceState.of(),
    FaceState.of(),
    FaceState.of(jawOpen=0.6),
    FaceState.of(eyeBlinkLeft=1.0, eyeBlinkRight=1.0),
    FaceState.of(gazeYaw=0.3),
)


@pytest.mark.parametrize("persona", ["man", "sketch"])
def test_openings_gaze_and_motion_are_seen(persona: str) -> None:
    """Of a face at rest, with an open mouth, in a blink, and looking aside."""
    with closing(Drawing(persona)) as drawing:
        clip = Clip(np.zeros(8000, np.int16), 0.0, FACES, drawing.fps)
        seen = signals_of(recorded(clip, drawing.pictures(FACES), persona))
    assert seen.face_share == 1
    _, rest, open_, blink, aside = range(len(FACES))
    assert seen.aperture[rest] < 0.03 < 0.1 < seen.aperture[open_]
    assert seen.lids[blink] < 0.5 * seen.lids[rest]
    assert seen.gaze_deg[aside, 0] - seen.gaze_deg[rest, 0] > 5
    assert seen.mouth_motion[rest] == 0 < 1 < seen.mouth_motion[open_]
    assert seen.background_motion[open_] < 0.2
