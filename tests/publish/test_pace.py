"""A face that lacks frames is told of once, and taken back once it has them."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.publish.pace import WINDOW_S, Pace


def test_told_once_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    pace = Pace(30)
    for part in (1.0, 0.95, 0.5, 0.4, 0.8, 1.0, 1.0, 0.6):
        for n in range(round(WINDOW_S * 30)):
            pace.note(shown=(n * part) % 1 + part >= 1)
    lines = [(each.levelname, each.getMessage()) for each in caplog.records]
    assert [level for level, _ in lines] == ["WARNING", "INFO", "WARNING"]
    assert "15 of 30 frames a second" in lines[0][1]
