"""Mouths move as those of scanned heads do, and nothing but the face moves with them."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.persona import Persona

from .conftest import Made, drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
scanned = import_module("livekit_plugins_avatar.tools.portrait.scanned")
slits = import_module("livekit_plugins_avatar.tools.portrait.slits")
sampling = import_module("livekit_plugins_avatar.tools.portrait.sampling")

NAMES = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft")


def _more() -> np.ndarray:
    """On a level mouth in the middle of a field, [rows, columns, fields, 2]."""
    x = np.linspace(70, 130, 11)
    line = np.stack([x, np.full(11, 100.0)], axis=-1)
    places = sampling.grid(50, 50, 2.0, 2.0, 4)
    out = scanned.more(NAMES, slits.Slit(line, line), places, 14.0)
    return np.asarray(out).reshape(50, 50, len(NAMES), 2)


def test_both_sides_move_alike() -> None:
    """What a unit does on one side is the mirror image of what its twin does on the other; units
    of the eyes stay as they are."""
    more = _more()
    jaw, left, right, blink = np.moveaxis(more, 2, 0)
    assert np.abs(left).max() > 1
    # Node 24 and 25 lie beside the middle of the mouth, which is at 100.
    np.testing.assert_allclose(left[:, ::-1] * [-1, 1], right, atol=1e-9)
    np.testing.assert_allclose(jaw[:, ::-1] * [-1, 1], jaw, atol=1e-9)
    assert not blink.any()


def test_ears_and_shoulders_stay_in_a_smile(made: Made) -> None:
    """A smile changes nothing further than 30 px outside the face's outline."""
    faces = [FaceState.of(), FaceState.of(mouthSmileLeft=0.7, mouthSmileRight=0.7)]
    rest, moved = (each.astype(int) for each in drawn(Persona.load(made.path), faces))
    points = landmarks.landmarks(made.picture, landmarks.faces(made.picture)[0]).points
    outline = points[list(landmarks.OVAL), :2]
    rows, columns = np.nonzero(np.abs(moved - rest).max(axis=-1) > 8)
    changed = np.stack([columns, rows], axis=-1)
    assert np.all(changed.min(axis=0) > outline.min(axis=0) - 30)
    assert np.all(changed.max(axis=0) < outline.max(axis=0) + 30)
