"""The net that learning starts from, where the pictures of the last time are gone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

for _needed in ("onnx", "torch", "PIL"):
    if find_spec(_needed) is None:
        pytest.skip(f"personas are learnt with {_needed!r}", allow_module_level=True)

# These need what was looked for above.
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import torch  # noqa: E402

from models.personas.camera import SIDE_PX  # noqa: E402
from models.personas.export import RESOURCES  # noqa: E402
from models.personas.net import PersonaNet  # noqa: E402
from models.personas.start import taught  # noqa: E402
from models.personas.states import face  # noqa: E402

PEOPLE = ["man", "woman"]


@pytest.fixture
def net() -> PersonaNet:
    half = SIDE_PX // 2
    dark = np.zeros((SIDE_PX, SIDE_PX), np.float32), np.zeros((2, half, half), np.float32)
    net: PersonaNet = PersonaNet(dark, dark, dark[0]).eval().requires_grad_(False)
    return net


@pytest.mark.parametrize("name", PEOPLE)
def test_a_net_taught_by_a_file_draws_what_the_file_does(net: PersonaNet, name: str) -> None:
    file = RESOURCES / f"{name}.onnx"
    taught(net, file)
    states = np.stack([face("train", region, 7).values for region in ("mouth", "eyes", "whole")])
    (codes,) = onnxruntime.InferenceSession(file).run(["i420"], {"face": states})
    drawn = (255 * net(torch.tensor(states)).luma[:, 0].numpy()).clip(0, 255)
    # The file moves light at fewer places than the net.
    error = np.mean((codes[:, :SIDE_PX] - drawn) ** 2, axis=(1, 2))
    assert np.all(10 * np.log10(255**2 / error) > 45)


def test_a_file_of_another_net_is_an_error_that_names_what_it_lacks(
    net: PersonaNet, tmp_path: Path
) -> None:
    model = onnx.load(RESOURCES / f"{PEOPLE[0]}.onnx")
    kept = [weight for weight in model.graph.initializer if "shade" not in weight.name]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ValueError, match=r"apertures\.0\.shade"):
        taught(net, tmp_path / "other.onnx")
