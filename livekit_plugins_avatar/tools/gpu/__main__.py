"""Runs the check of a GPU: `python livekit_plugins_avatar/tools/gpu`, from any folder."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

PACKAGE = "livekit_plugins_avatar"

sys.path[0] = str(Path(__file__).resolve().parents[3])
# The package's __init__ imports LiveKit, which a machine with a GPU need not have: the module is
# registered and left empty.
spec = importlib.util.find_spec(PACKAGE)
assert spec is not None
sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)

part = "room" if sys.argv[1:2] == ["room"] else "check"
main = importlib.import_module(f"{PACKAGE}.tools.gpu.{part}").main

if __name__ == "__main__":
    sys.exit(main())
