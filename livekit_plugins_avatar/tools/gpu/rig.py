"""Draws pictures in one ONNX Runtime session, in several ways, and times them.

In flow faces; out flow pictures, times and how near two pictures are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ...face.limits import GAZE_LIMIT_RAD, HEAD_LIMITS
from ...face.state import POSE_PARAMETERS
from ...render.engine import Faces
from ...render.persona import Persona
from ...render.renderer import Frames

Floats = NDArray[np.float64]
Draw = Callable[[], Any]

OUTPUT = "i420"

SAME_DB = 100.0
"""PSNR of two pictures without a difference; 8 bits with one differing sample have less."""

SPAN = 0.6
"""How far a blendshape goes from rest; few weights of a face that speaks are above it."""


def random_faces(persona: Persona, count: int, seed: int = 1) -> Faces:
    """Faces that a persona can draw, float32 [count, P], the first of them at rest."""
    random = np.random.default_rng(seed)
    limits = dict(zip(POSE_PARAMETERS, [*HEAD_LIMITS, GAZE_LIMIT_RAD, GAZE_LIMIT_RAD], strict=True))
    faces = np.tile(np.array(persona.neutral, np.float64), (count, 1))
    for column, name in enumerate(persona.parameters):
        if name in limits:
            faces[1:, column] += random.uniform(-limits[name], limits[name], count - 1)
        else:
            moved = random.uniform(0, SPAN, count - 1) * (random.random(count - 1) < 0.5)
            faces[1:, column] = np.clip(faces[1:, column] + moved, 0, 1)
    return faces.astype(np.float32)


def moving_faces(persona: Persona, count: int) -> Faces:
    """A face that goes from rest to a random one, float32 [count, P]."""
    rest, other = random_faces(persona, 2)
    part = np.linspace(0, 1, count, dtype=np.float32)[:, None]
    moving: Faces = rest + part * (other - rest)
    return moving


def psnr_db(one: Frames, other: Frames) -> Floats:
    """How near pictures are, in dB, one number for each; `SAME_DB` at most.

    Raises:
        ValueError: They have different shapes.
    """
    if one.shape != other.shape:
        raise ValueError(f"pictures {list(one.shape)} and {list(other.shape)} do not compare")
    difference = one.astype(np.float64) - other
    error = (difference**2).mean(axis=tuple(range(1, difference.ndim)))
    with np.errstate(divide="ignore"):
        near: Floats = np.minimum(10 * np.log10(255**2 / error), SAME_DB)
    return near


def luma(frames: Frames) -> Frames:
    """The first plane of I420 pictures."""
    return frames[:, : frames.shape[1] * 2 // 3]


def timed_ms(draw: Draw, budget_s: float, *, most: int = 500) -> Floats:
    """Milliseconds of each of several calls: at least 3, then until the budget is spent."""
    warm_s = time.perf_counter() + budget_s
    for _ in range(3):
        draw()
        if time.perf_counter() > warm_s:
            break
    taken_ms: list[float] = []
    began_s = time.perf_counter()
    while len(taken_ms) < 3 or (len(taken_ms) < most and time.perf_counter() - began_s < budget_s):
        start_s = time.perf_counter()
        draw()
        taken_ms.append(1e3 * (time.perf_counter() - start_s))
    return np.array(taken_ms)


class Rig:
    """A session and the ways to draw with it.

    Args:
        session: It takes `face` and gives `i420`.
        device: Where it keeps what it draws: "cuda" or "cpu".
        size: Width and height of a picture in pixels.
    """

    def __init__(self, session: Any, device: str, size: tuple[int, int]) -> None:
        self.session = session
        self.device = device
        self._rows, self._width = size[1] * 3 // 2, size[0]

    def copied(self, faces: Faces) -> Frames:
        """Draw as the product does: the pictures are made on the device, then copied out."""
        if self.device == "cpu":
            frames: Frames = self.session.run([OUTPUT], {"face": faces})[0]
            return frames
        frames = self._left_there(faces).copy_outputs_to_cpu()[0]
        return frames

    def kept(self, faces: Faces) -> None:
        """Draw and leave the pictures on the device."""
        self._left_there(faces).synchronize_outputs()

    def _left_there(self, faces: Faces) -> Any:
        binding = self.session.io_binding()
        binding.bind_cpu_input("face", faces)
        binding.bind_output(OUTPUT, self.device)
        self.session.run_with_iobinding(binding)
        return binding

    def fixed(self, count: int) -> Callable[[Faces], Frames]:
        """Draw `count` pictures at a time between buffers that stay where they are.

        A recorded CUDA graph needs that. The pictures are copied out.
        """
        columns = self.session.get_inputs()[0].shape[1]
        value = onnxruntime.OrtValue
        face = value.ortvalue_from_numpy(np.zeros((count, columns), np.float32), self.device, 0)
        shape = [count, self._rows, self._width]
        drawn = value.ortvalue_from_shape_and_type(shape, np.uint8, self.device, 0)
        binding = self.session.io_binding()
        binding.bind_ortvalue_input("face", face)
        binding.bind_ortvalue_output(OUTPUT, drawn)

        def draw(faces: Faces) -> Frames:
            face.update_inplace(faces)
            self.session.run_with_iobinding(binding)
            frames: Frames = drawn.numpy()
            return frames

        return draw

    def into(self, buffer: Frames) -> Callable[[Faces], Frames]:
        """Draw into a picture buffer of the host, uint8 [B, H * 3 / 2, W], made once."""

        def draw(faces: Faces) -> Frames:
            binding = self.session.io_binding()
            binding.bind_cpu_input("face", faces)
            at = buffer.ctypes.data
            binding.bind_output(OUTPUT, "cpu", 0, np.uint8, list(buffer.shape), at)
            self.session.run_with_iobinding(binding)
            return buffer

        return draw

    def buffer(self, count: int) -> Frames:
        """Room for pictures on the host."""
        return np.zeros((count, self._rows, self._width), np.uint8)

    def pinned(self, count: int) -> Frames:
        """Room for pictures on the host that the device writes to directly.

        Raises:
            ImportError: There is no torch, which makes it.
        """
        import torch

        made = torch.zeros((count, self._rows, self._width), dtype=torch.uint8, pin_memory=True)
        frames: Frames = made.numpy()
        return frames
