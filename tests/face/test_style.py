"""Style: a table of factors, each with a unit, a range and a source."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from livekit_plugins_avatar.face.glances import GLANCES
from livekit_plugins_avatar.face.limits import GAZE_LIMIT_RAD, HEAD_LIMITS, soft_limit
from livekit_plugins_avatar.face.style import FACTORS, STYLES, Factor, Style


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)
def test_every_knob_has_a_unit_a_range_a_source_and_a_value_in_each_style(factor: Factor) -> None:
    assert factor.unit and factor.source.endswith(".")
    for name, style in STYLES.items():
        assert factor.least <= getattr(style, factor.name) <= factor.most, name
    assert factor.off <= factor.calm <= factor.natural <= factor.lively


def test_the_table_has_all_fields_and_natural_is_the_default() -> None:
    assert [factor.name for factor in FACTORS] == [each.name for each in fields(Style)]
    assert Style() == STYLES["natural"]


def test_a_knob_out_of_range_names_itself_and_the_range() -> None:
    with pytest.raises(ValueError, match=r"style: sway .* between 0.0 and 2.0, got 3"):
        Style(sway=3)
    with pytest.raises(ValueError, match=r"style: breath .* got '1'"):
        Style(breath="1")  # type: ignore[arg-type]


def test_a_style_looks_away_as_much_less_as_it_says() -> None:
    row = GLANCES["speaking"]
    calm = row.styled(STYLES["calm"])
    assert calm is not None
    assert calm.away_share == pytest.approx(0.6 * row.away_share)
    assert row.styled(STYLES["off"]) is None


def test_limits_change_nothing_within_and_are_never_passed() -> None:
    small = HEAD_LIMITS * 0.7
    assert np.array_equal(soft_limit(small, HEAD_LIMITS), small)
    x = np.linspace(-2.0, 2.0, 2_001)
    kept = soft_limit(x, GAZE_LIMIT_RAD)
    assert np.abs(kept).max() <= GAZE_LIMIT_RAD
    slope = np.diff(kept) / np.diff(x)
    assert slope.min() >= 0.0 and slope.max() <= 1.0 + 1e-9
    assert np.abs(np.diff(slope)).max() < 0.05, "no corner"
