"""Imports OpenVINO without its telemetry, which reports each import to its maker.

Where that package is missing, OpenVINO does without: so it is said to be. A program that has
imported OpenVINO before keeps what it has.
"""

from __future__ import annotations

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
_modules.setdefault("openvino_telemetry", None)

import openvino  # noqa: E402
from openvino import opset13 as ops  # noqa: E402

__all__ = ["openvino", "ops"]
