"""Lids that come out are round and lit, and end in a line of lashes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from livekit_plugins_avatar.tools.i420 import LUMA_OF_RGB

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
eyes = import_module("livekit_plugins_avatar.tools.portrait.eyes")
fits = import_module("livekit_plugins_avatar.tools.portrait.fit")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
lids = import_module("livekit_plugins_avatar.tools.portrait.lids")
motions = import_module("livekit_plugins_avatar.tools.portrait.motion")
rig = import_module("livekit_plugins_avatar.tools.portrait.rig")
sampling = import_module("livekit_plugins_avatar.tools.portrait.sampling")
slits = import_module("livekit_plugins_avatar.tools.portrait.slits")


@pytest.fixture(scope="module")
def face(man: np.ndarray) -> tuple[np.ndarray, Any, dict[str, Any]]:
    """The man's picture, landmarks and slits."""
    found = landmarks.landmarks(man, landmarks.faces(man)[0])
    pixels = man.astype(float)
    return pixels, found, slits.slits_of(found, pixels @ LUMA_OF_RGB)


@pytest.fixture(scope="module")
def balls(face: tuple[np.ndarray, Any, dict[str, Any]]) -> list[tuple[Any, Any]]:
    """Slit and eyeball of each eye."""
    pixels, found, its = face
    fit = fits.fit(rig.load(), found, (512, 512))
    return [(its[k], eye) for k, eye in eyes.eyeballs_of(pixels, fit, found, its).items()]


def test_a_lid_is_round(face: tuple[np.ndarray, Any, dict[str, Any]]) -> None:
    """Half way up, what comes out from under the fold is brighter than at its upper end."""
    pixels, found, its = face
    folds = lids.folds(found, its)
    luma = sampling.blurred(lids.with_lids(pixels, its, folds), 1.0) @ LUMA_OF_RGB
    for side, fold in folds.items():
        slit = its[side]
        t = np.linspace(-0.4, 0.4, 9)
        gap, edge = (np.interp(t, slit.t, each) for each in (slit.lower - slit.upper, slit.upper))
        edge = edge - np.interp(t, slit.t, fold)
        middle, high = (
            sampling.sampled(luma, slit.at(t, edge - part * gap)).mean() for part in (0.6, 1.3)
        )
        assert middle > 1.02 * high


def test_lashes_hide_the_white_below_the_edge(balls: list[tuple[Any, Any]]) -> None:
    """The line of lashes goes on where the lid's picture shows the eye, and ends on the skin."""
    for slit, eye in balls:
        points = slit.at(np.zeros(2), np.interp(0.0, slit.t, slit.upper) + np.array([1.5, -3.0]))
        line = sampling.sampled(eye.lashes, points - [eye.left, eye.top])
        assert line[0] > 0.7
        assert line[1] < 0.1


def test_single_lashes_hang_from_a_closing_lid(balls: list[tuple[Any, Any]]) -> None:
    """Below the line of lashes the eye is seen between them."""
    for slit, eye in balls:
        t = np.linspace(-0.5, 0.5, 60)
        below = np.interp(t, slit.t, slit.upper) + 0.2 * slit.half
        seen = sampling.sampled(eye.lashes, slit.at(t, below) - [eye.left, eye.top])
        assert np.ptp(seen) > 0.25
        low = np.interp(t, slit.t, slit.upper) + 0.5 * slit.half
        assert sampling.sampled(eye.lashes, slit.at(t, low) - [eye.left, eye.top]).max() < 0.05


def test_a_lower_lid_does_not_sink_in_a_blink(face: tuple[np.ndarray, Any, dict[str, Any]]) -> None:
    """Or the eye would show below lids that are shut; at the outer corner it goes along."""
    _, found, its = face
    fit = fits.fit(rig.load(), found, (512, 512))
    motion = motions.motion_of(rig.load(), fit, found, its)
    first = motions.nodes()[motion.top, motion.left]
    for side, inner in (("Left", -1), ("Right", 1)):
        slit = its[side]
        t = np.linspace(-0.6, 0.6, 25) + 0.2 * inner
        edge = slit.at(t, np.interp(t, slit.t, slit.lower))
        field = motion.below[..., motion.names.index(f"eyeBlink{side}")]
        down = sampling.sampled(field, (edge - first) / motions.STEP) @ slit.across
        assert down.max() < 0.2
