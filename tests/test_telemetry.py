"""Each queue and each count is an instrument that is asked, and costs nothing until then."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from livekit_plugins_avatar import AvatarSession, telemetry


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    monkeypatch.setattr(telemetry, "_made", False)
    yield reader
    provider.shutdown()


def observed(reader: InMemoryMetricReader) -> dict[str, list[dict[str, object]]]:
    """The attributes and value of each observation, by instrument."""
    data = reader.get_metrics_data()
    found: dict[str, list[dict[str, object]]] = {}
    for resource in data.resource_metrics if data else []:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                found[metric.name] = [
                    {**(point.attributes or {}), "value": getattr(point, "value", None)}
                    for point in metric.data.data_points
                ]
    return found


async def test_every_queue_and_count_of_a_session_is_observed_with_its_room(
    reader: InMemoryMetricReader,
) -> None:
    avatar = AvatarSession()
    telemetry.measure(avatar, {"room": "here"})
    seen = observed(reader)
    assert {point["queue"] for point in seen["avatar.queue"]} == set(telemetry.QUEUES)
    assert {point["room"] for point in seen["avatar.queue"]} == {"here"}
    assert set(avatar.queues_s) == set(telemetry.QUEUES)
    counted = {f"avatar.{name}" for name in avatar.stats}
    assert counted <= set(seen)
    assert {f"avatar.{name}" for name in telemetry.COUNTS} >= counted
    await avatar.aclose()


async def test_a_session_that_is_forgotten_or_gone_is_asked_no_more(
    reader: InMemoryMetricReader,
) -> None:
    kept, dropped = AvatarSession(), AvatarSession()
    telemetry.measure(kept, {"room": "kept"})
    telemetry.measure(dropped, {"room": "dropped"})
    await dropped.aclose()
    del dropped
    gc.collect()
    rooms = {point["room"] for point in observed(reader)["avatar.queue"]}
    assert rooms == {"kept"}
    telemetry.forget(kept)
    assert not observed(reader).get("avatar.queue")
