"""A persona is drawn at the rate that is asked for."""

from __future__ import annotations

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.options import Options
from livekit_plugins_avatar.timeline import Timed


def test_a_persona_is_drawn_at_the_rate_that_is_asked_for() -> None:
    options = Options(persona="sketch", device="cpu", fps=25)
    renderer = options.open_renderer()
    video = options.video(renderer)
    assert renderer.fps == 25
    assert video is not None
    assert video.fps == 25
    assert "25 frames a second" in options.describe(renderer)
    assert renderer.render([Timed(0, 1920, FaceState.of())]).shape[0] == 1
    renderer.close()


def test_without_a_rate_it_is_the_personas_own() -> None:
    renderer = Options(persona="sketch", device="cpu").open_renderer()
    assert renderer.fps == 30
    renderer.close()
