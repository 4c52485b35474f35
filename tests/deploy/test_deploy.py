"""The files in deploy/ fit the command, the metrics and each other. None of them is run here."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

from livekit_plugins_avatar.remote.board import Board, Load
from livekit_plugins_avatar.remote.metrics import WorkerMetrics
from livekit_plugins_avatar.telemetry import AvatarStats
from livekit_plugins_avatar.tools import worker as command

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

FRAMEWORK = {"lk_agents_worker_load", "lk_agents_active_job_count"}


def arguments(words: list[str]) -> argparse.Namespace:
    """What `livekit-avatar` makes of its words."""
    assert words[0] == "worker"
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words[1:])


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


@pytest.fixture
def exported(tmp_path: Path) -> dict[str, float]:
    """The metrics of a worker whose only job has reported once, by name."""
    board = Board(tmp_path)
    board.report("one", AvatarStats(), AvatarStats(frames_shown=9, frames_missed=1))
    metrics = WorkerMetrics(board, Load(board, rooms=None))
    return {sample.name: sample.value for each in metrics.collect() for sample in each.samples}


def test_counts_are_summed_over_jobs_and_their_ends(tmp_path: Path) -> None:
    """A job that ends takes nothing back, and one that begins counts from its own start."""
    board = Board(tmp_path)
    metrics = WorkerMetrics(board, Load(board, rooms=None))

    def shown() -> float:
        samples = [sample for each in metrics.collect() for sample in each.samples]
        return next(each.value for each in samples if each.name == "avatar_frames_shown_total")

    board.report("one", AvatarStats(), AvatarStats(frames_shown=5))
    assert shown() == 5
    board.report("one", AvatarStats(), AvatarStats(frames_shown=7))
    board.report("two", AvatarStats(), AvatarStats(frames_shown=2))
    assert shown() == 9
    board.clear("one")
    assert shown() == 9


def test_late_frames_fill_a_worker(tmp_path: Path) -> None:
    """A worker whose frames are late, or whose rooms are taken, is full."""
    board = Board(tmp_path)
    load = Load(board, rooms=4)
    assert load.now(4) == 1.0
    board.report("one", AvatarStats(), AvatarStats(frames_shown=6, frames_missed=4))
    assert Load(board, rooms=None).now(1) == 1.0


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_dockerfile(name: str) -> None:
    """What is copied is there, and the command takes its arguments."""
    lines = (DEPLOY / name).read_text().replace("\\\n", " ").splitlines()
    for line in lines:
        if line.startswith("COPY"):
            for source in shlex.split(line)[1:-1]:
                assert (ROOT / source).exists(), source
    [entry] = [json.loads(line[len("ENTRYPOINT ") :]) for line in lines if "ENTRYPOINT [" in line]
    [words] = [json.loads(line[len("CMD ") :]) for line in lines if line.startswith("CMD [")]
    assert entry == ["livekit-avatar"]
    exposed = next(line.split()[1:] for line in lines if line.startswith("EXPOSE"))
    given = arguments(words)
    assert {str(given.port), str(given.metrics_port)} == set(exposed)


def test_compose() -> None:
    """Two workers and an agent share a server, and a worker has the time to drain."""
    [compose] = documents("compose.yaml")
    services = compose["services"]
    workers = [services["worker-1"], services["worker-2"]]
    agent = services["agent"]
    drain_s = arguments(["worker"]).drain
    for worker in workers:
        assert worker["environment"] == agent["environment"]
        grace = re.fullmatch(r"(\d+)m", worker["stop_grace_period"])
        assert grace and 60 * int(grace[1]) > drain_s
        assert str(arguments(["worker"]).port) in worker["healthcheck"]["test"][-1]
    assert (ROOT / agent["entrypoint"][1]).exists()
    assert {"redis", "livekit"} <= set(services)
    [server] = documents("livekit.yaml")
    key, secret = (
        agent["environment"]["LIVEKIT_API_KEY"],
        agent["environment"]["LIVEKIT_API_SECRET"],
    )
    assert server["keys"] == {key: secret} and server["room"]["sync_streams"]
    [scraped] = documents("prometheus.yaml")
    targets = scraped["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == ["worker-1:9090", "worker-2:9090"]


@pytest.mark.parametrize("name", sorted(path.name for path in DEPLOY.glob("*.yaml")))
def test_yaml(name: str) -> None:
    """No key comes twice and nothing is indented by accident."""
    rules = "{extends: relaxed, rules: {line-length: {max: 110}}}"
    found = linter.run((DEPLOY / name).read_text(), YamlLintConfig(rules))
    assert [str(each) for each in found] == []


def test_manifests_fit_the_schemas_of_kubernetes() -> None:
    for each in documents("kubernetes.yaml"):
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


def test_kubernetes(exported: dict[str, float]) -> None:
    """A pod may drain before it is killed, and what scales it is exported, and below full."""
    kinds = {each["kind"]: each for each in documents("kubernetes.yaml")}
    pod = kinds["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    given = arguments(container["args"])
    wait_s = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > given.drain + wait_s
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"health": given.port, "metrics": given.metrics_port}
    scaler = kinds["HorizontalPodAutoscaler"]["spec"]
    metric = scaler["metrics"][0]["pods"]
    assert metric["metric"]["name"] in exported
    target = int(metric["target"]["averageValue"].removesuffix("m")) / 1000
    assert 0 < target < 1


def test_dashboard(exported: dict[str, float]) -> None:
    """Every panel asks for metrics that a worker exports."""
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    for panel in dashboard["panels"]:
        asked = {
            name
            for target in panel["targets"]
            for name in re.findall(r"\b(?:avatar|lk_agents)_\w+", target["expr"])
        }
        assert asked and asked <= set(exported) | FRAMEWORK, panel["title"]
        assert panel["description"]
