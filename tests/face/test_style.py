"""Style: a table of factors, each with a unit, a range and a source."""

from __future__ import annotations

from dataclasses import fields

import pytest

from livekit_plugins_avatar.face.glances import GLANCES
from livekit_plugins_avatar.face.style import FACTORS, STYLES, Factor, Style


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)
def test_every_factor_is_documented(factor: Factor) -> None:
    """Each factor has a unit, a source and a value within its range in every style."""
    assert factor.unit and factor.source.endswith(".")
    for name, style in STYLES.items():
        assert factor.least <= getattr(style, factor.name) <= factor.most, name
    assert factor.off <= factor.calm <= 1.0 <= factor.lively


def test_the_table_has_all_fields() -> None:
    """Factors and fields are the same, and the default is natural."""
    assert [factor.name for factor in FACTORS] == [each.name for each in fields(Style)]
    assert Style() == STYLES["natural"]


def test_a_factor_out_of_range_is_refused() -> None:
    """The error names the factor and its range."""
    with pytest.raises(ValueError, match=r"style: sway .* between 0.0 and 2.0, got 3"):
        Style(sway=3)
    with pytest.raises(ValueError, match=r"style: breath .* got '1'"):
        Style(breath="1")  # type: ignore[arg-type]


def test_a_style_scales_the_looks_away() -> None:
    """A factor of 0.6 gives 0.6 of the share, a factor of 0 no looks away."""
    row = GLANCES["speaking"]
    calm = row.styled(STYLES["calm"])
    assert calm is not None
    assert calm.away_share == pytest.approx(0.6 * row.away_share)
    assert row.styled(STYLES["off"]) is None
