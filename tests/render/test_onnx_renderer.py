"""A persona is drawn in batches, wherever ONNX Runtime can."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Device, Persona
from livekit_plugins_avatar.render.renderer import Moment, Renderer
from livekit_plugins_avatar.timeline import Timed

LOGGER = "livekit.plugins.avatar"


@pytest.fixture(scope="module")
def sketch() -> Persona:
    return Persona.load("sketch")


def moment(**parameters: float) -> Moment:
    return Timed(0, 1600, FaceState.of(**parameters))


def built_with(monkeypatch: pytest.MonkeyPatch, *providers: str) -> None:
    """Let ONNX Runtime say that it was built with these and with the CPU."""
    names = [*providers, "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)


def test_protocol(sketch: Persona) -> None:
    """It fits the protocol and has the size and rate of the persona."""
    renderer = OnnxRenderer(sketch, device="cpu")
    assert isinstance(renderer, Renderer)
    assert (renderer.size, renderer.fps, renderer.device) == ((512, 512), 30, "cpu")


def test_i420(sketch: Persona) -> None:
    """Frames are planar I420, one per moment."""
    frames = OnnxRenderer(sketch, device="cpu").render([moment(), moment(jawOpen=1.0)])
    assert frames.shape == (2, 768, 512)
    assert frames.dtype == np.uint8
    assert frames[:, :512].min() >= 16 and frames[:, :512].max() <= 235
    assert frames[:, 512:].min() >= 16 and frames[:, 512:].max() <= 240


def test_no_moments(sketch: Persona) -> None:
    """No moments give no frames."""
    assert OnnxRenderer(sketch, device="cpu").render([]).shape == (0, 768, 512)


def test_batch(sketch: Persona) -> None:
    """A batch equals its moments one by one."""
    renderer = OnnxRenderer(sketch, device="cpu")
    moments = [
        moment(headYaw=0.3, headX=0.05, jawOpen=0.4),
        moment(headRoll=-0.3, headZ=0.08, eyeBlinkLeft=0.5),
        moment(headPitch=0.2, headY=-0.03, mouthSmileRight=1.0, gazeYaw=-0.4),
    ]
    singles = [renderer.render([each])[0] for each in moments]
    np.testing.assert_array_equal(renderer.render(moments), np.stack(singles))


def test_parameters(sketch: Persona) -> None:
    """Parameters reach the model by name."""
    swapped = {"eyeBlinkLeft": "eyeBlinkRight", "eyeBlinkRight": "eyeBlinkLeft"}
    names = tuple(swapped.get(name, name) for name in sketch.parameters)
    other = OnnxRenderer(replace(sketch, parameters=names), device="cpu")
    plain = OnnxRenderer(sketch, device="cpu")
    winks = plain.render([moment(eyeBlinkLeft=1.0), moment(eyeBlinkRight=1.0)])
    assert (winks[0] != winks[1]).any()
    np.testing.assert_array_equal(other.render([moment(eyeBlinkLeft=1.0)])[0], winks[1])


def test_close(sketch: Persona) -> None:
    """Closing ends drawing, and may be repeated."""
    renderer = OnnxRenderer(sketch, device="cpu")
    renderer.close()
    renderer.close()
    with pytest.raises(RuntimeError, match="closed"):
        renderer.render([moment()])


def test_unknown_device(sketch: Persona) -> None:
    """An unknown device is refused, with the known ones."""
    with pytest.raises(ValueError, match=r"no device 'npu': use one of 'auto', 'tensorrt'"):
        OnnxRenderer(sketch, device="npu")  # type: ignore[arg-type]


def test_no_threads(sketch: Persona) -> None:
    """Fewer threads than one are refused."""
    with pytest.raises(ValueError, match="at least 1 thread, got 0"):
        OnnxRenderer(sketch, threads=0)


def test_device_not_built_in(
    sketch: Persona, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The CPU draws instead of a device that is not built in, and the log has the remedy."""
    built_with(monkeypatch)
    assert OnnxRenderer(sketch, device="cuda").device == "cpu"
    [record] = caplog.records
    assert "cpu draws instead of cuda" in record.message
    assert "pip install onnxruntime-gpu" in record.message


def test_auto(
    sketch: Persona, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """ "auto" logs nothing where there is only the CPU."""
    built_with(monkeypatch)
    with caplog.at_level(logging.INFO, LOGGER):
        assert OnnxRenderer(sketch).device == "cpu"
    assert not caplog.records


@pytest.mark.parametrize("device", ["auto", "tensorrt", "cuda"])
def test_silent_fallback(
    write_persona: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    device: Device,
) -> None:
    """A GPU that ONNX Runtime silently goes on without is left for the CPU."""
    built_with(monkeypatch, "TensorrtExecutionProvider", "CUDAExecutionProvider")
    session = onnxruntime.InferenceSession

    def without_gpu(path: str, options: Any, **_: Any) -> Any:
        return session(path, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(onnxruntime, "InferenceSession", without_gpu)
    with caplog.at_level(logging.WARNING, LOGGER):
        renderer = OnnxRenderer(Persona.load(write_persona()), device=device)
        renderer.render([moment()])
    assert renderer.device == "cpu"
    (record,) = caplog.records
    assert "drawn on cpu" in record.getMessage()
    assert "cuda: ONNX Runtime could not start it" in record.getMessage()
