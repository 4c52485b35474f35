"""A persona file that was tampered with opens or is a PersonaError, in bounded time and memory.

400 files are tried; `AVATAR_MUTATED=5000 python -m pytest tests/render/test_mutated.py` tries more.
"""

from __future__ import annotations

import os
import random
import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import onnx

from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona, PersonaError

FILES = int(os.environ.get("AVATAR_MUTATED", "400"))

SKETCHES = 0.05
"""Of the files; the others are stubs, which open faster."""

LIMIT_S, LIMIT_MIB = 20.0, 1500
"""For one file, and for all of them together."""

HOSTILE = ["", "\x00", "[" * 20_000, "9" * 5_000, "-1", "1e999", "[null]", "{}", "\u202e", "NaN"]


def flip_bits(chance: random.Random, content: bytearray) -> bytes:
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def cut(chance: random.Random, content: bytearray) -> bytes:
    return bytes(content[: chance.randrange(len(content))])


def insert_or_remove(chance: random.Random, content: bytearray) -> bytes:
    at, count = chance.randrange(len(content)), chance.randint(1, 40)
    if chance.random() < 0.5:
        del content[at : at + count]
    else:
        content[at:at] = chance.randbytes(count)
    return bytes(content)


def swap_fields(chance: random.Random, content: bytearray) -> bytes:
    model = onnx.ModelProto.FromString(bytes(content))
    nodes = model.graph.node
    kinds = [
        list(nodes),
        list(model.graph.initializer),
        list(model.metadata_props),
        [*model.graph.input, *model.graph.output],
        [attribute for node in nodes for attribute in node.attribute],
    ]
    one, other = chance.sample(chance.choice([each for each in kinds if len(each) > 1]), 2)
    kept = type(one)()
    kept.CopyFrom(one)
    one.CopyFrom(other)
    other.CopyFrom(kept)
    changed: bytes = model.SerializeToString()
    return changed


def rewrite_metadata(chance: random.Random, content: bytearray) -> bytes:
    model = onnx.ModelProto.FromString(bytes(content))
    chance.choice(model.metadata_props).value = chance.choice(HOSTILE)
    changed: bytes = model.SerializeToString()
    return changed


WAYS = [flip_bits, cut, insert_or_remove, swap_fields, rewrite_metadata]


def test_mutated_files(write_persona: Callable[..., Path], tmp_path: Path) -> None:
    """Flipped bits, cuts, insertions, swapped fields and hostile metadata."""
    stub, sketch = write_persona(wide=14).read_bytes(), Persona.load("sketch").content
    path = tmp_path / "mutated.onnx"
    results: Counter[str] = Counter()
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(FILES):
        chance = random.Random(seed)
        base = sketch if chance.random() < SKETCHES else stub
        path.write_bytes(chance.choice(WAYS)(chance, bytearray(base)))
        began_s = time.perf_counter()
        try:
            OnnxRenderer(Persona.load(path), device="cpu").close()
            results["opened"] += 1
        except PersonaError as error:
            assert "\n" not in str(error) and len(str(error)) < 600, seed
            results["refused"] += 1
        assert time.perf_counter() - began_s < LIMIT_S, seed
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown_kib < LIMIT_MIB * 1024
    assert min(results["opened"], results["refused"]) > FILES // 20, results
