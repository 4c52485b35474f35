"""Each queue and each count is an instrument that is asked, and costs nothing until then."""

from __future__ import annotations

import ast
import gc
import inspect
from collections.abc import Iterator
from dataclasses import fields

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from livekit_plugins_avatar import AvatarStats, telemetry
from livekit_plugins_avatar.options import Options
from livekit_plugins_avatar.pipeline import Pipeline


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


def pipeline() -> Pipeline:
    return Pipeline(Options())


async def test_every_queue_and_count_is_observed_with_its_room(
    reader: InMemoryMetricReader,
) -> None:
    observed_one = pipeline()
    telemetry.measure(observed_one, {"room": "here"})
    seen = observed(reader)
    assert {point["queue"] for point in seen["avatar.queue"]} == set(telemetry.QUEUES)
    assert {point["room"] for point in seen["avatar.queue"]} == {"here"}
    for field in fields(AvatarStats):
        assert seen[f"avatar.{field.name}"] == [{"room": "here", "value": 0}], field.name
    await observed_one.aclose()


async def test_a_pipeline_that_is_forgotten_or_gone_is_asked_no_more(
    reader: InMemoryMetricReader,
) -> None:
    kept, dropped = pipeline(), pipeline()
    telemetry.measure(kept, {"room": "kept"})
    telemetry.measure(dropped, {"room": "dropped"})
    await dropped.aclose()
    del dropped
    gc.collect()
    rooms = {point["room"] for point in observed(reader)["avatar.queue"]}
    assert rooms == {"kept"}
    telemetry.forget(kept)
    assert not observed(reader).get("avatar.queue")


def test_every_count_is_documented() -> None:
    """An IDE shows the string under each field."""
    [stats] = [
        node
        for node in ast.parse(inspect.getsource(telemetry)).body
        if isinstance(node, ast.ClassDef) and node.name == "AvatarStats"
    ]
    kinds = [type(node) for node in stats.body[1:]]
    assert kinds == [ast.AnnAssign, ast.Expr] * len(fields(AvatarStats))
