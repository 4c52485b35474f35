"""The links of these tests send through a `sides.Wire`."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.remote import link

from .sides import send_data


@pytest.fixture(autouse=True)
def wires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "send_data", send_data)
