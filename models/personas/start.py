"""The net that learning starts from.

Takes a folder of pictures, or a persona file; gives a net: one that knows the resting figure
and no more, or one that knows what the file does.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper

from .camera import SIDE_PX, WIDE_PX
from .folder import Folder, alpha, read
from .i420 import planes
from .net import PersonaNet
from .packed import CODE, HALF, unpacked
from .simpler import unfolded


def untaught(folder: Folder) -> PersonaNet:
    """A net that knows the resting figure, the middle of the wide plate, and what is behind it."""
    left = (WIDE_PX - SIDE_PX) // 2
    resting = planes(read(folder.plate)[:, left : left + SIDE_PX])
    return PersonaNet(resting, planes(read(folder.wall)), alpha(folder.cover))


def taught(net: PersonaNet, file: Path) -> None:
    """Gives a net what the net of a persona file has learnt.

    Args:
        net: Of the same person; its wall and cover become the file's.
        file: As `build` made it.

    Raises:
        ValueError: The file is of another net than today's.
    """
    held = {weight.name: weight for weight in onnx.load(file).graph.initializer}
    state = net.state_dict()
    for name in state:
        if (runs := unpacked(held, f"net.{name}")) is not None:
            state[name] = torch.tensor(runs.reshape(state[name].shape)).to(state[name].dtype)
            continue
        kept = [held[f"net.{name}{end}"] for end in ("", HALF, CODE) if f"net.{name}{end}" in held]
        if kept:
            values = torch.tensor(numpy_helper.to_array(kept[0])).to(state[name].dtype)
            state[name] = values / 255 if kept[0].name.endswith(CODE) else values
        elif (kernel := unfolded(held, name)) is not None:
            state[name] = torch.tensor(kernel).to(state[name].dtype)
        elif name in dict(net.named_parameters()):
            raise ValueError(f"{file} has no {name}: export it from its pictures' folder")
    net.load_state_dict(state)
