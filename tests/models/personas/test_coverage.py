"""How much of an eye is seen between its lids."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState

for _needed in ("anny", "scipy", "PIL", "torch"):
    if find_spec(_needed) is None:
        pytest.skip(f"openings are looked for with {_needed!r}", allow_module_level=True)

# These need what was looked for above.
from models.personas.coverage import Coverage  # noqa: E402
from models.personas.figure import Figure  # noqa: E402
from models.personas.person import PEOPLE  # noqa: E402


@cache
def _figure(name: str) -> Figure:
    return Figure(PEOPLE[name])


@pytest.mark.parametrize("side", ["Left", "Right"])
@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_a_blink_hides_the_ball_from_above(name: str, side: str) -> None:
    coverage = Coverage(_figure(name), side)
    seen = [coverage(FaceState.of(**{f"eyeBlink{side}": blink})) for blink in (0.0, 0.5, 1.0)]
    whole, half, shut = (float(each.sum()) for each in seen)
    assert whole > 150.0  # square pixels
    assert 0.25 * whole < half < 0.75 * whole
    assert shut < 0.02 * whole
    # The lower lid hardly moves: what is left of a half shut eye lies at the bottom.
    assert np.flatnonzero(seen[1].sum(axis=1)).mean() > np.flatnonzero(seen[0].sum(axis=1)).mean()


def test_the_other_eye_may_do_what_it_likes() -> None:
    coverage = Coverage(_figure("man"), "Left")
    assert np.array_equal(coverage(FaceState.of(eyeBlinkRight=1.0)), coverage(FaceState.of()))
