"""How much of an ONNX file is there, told from its outermost fields.

In flows a file that could not be opened; out flows how many bytes it lacks. An ONNX file is one
protobuf message, whose fields announce their lengths: a download that broke off ends before the
last of them does.
"""

from __future__ import annotations

from pathlib import Path

VARINT, SIZED = 0, 2
"""Protobuf's wire types: a number of 7 bits a byte, and a length with as many bytes after it."""

FIELDS = {
    1: VARINT, 2: SIZED, 3: SIZED, 4: SIZED, 5: VARINT, 6: SIZED, 7: SIZED, 8: SIZED,
    14: SIZED, 20: SIZED, 25: SIZED, 26: SIZED,
}  # fmt: skip
"""The fields of ONNX's `ModelProto` and their wire types (onnx.proto3, ONNX 1.19)."""


def bytes_missing(path: Path) -> int:
    """How many bytes, at the least, a file lacks at its end.

    Returns:
        0 for a file that ends where it says, and for one that is no ONNX file at all.
    """
    content = path.read_bytes()
    at = 0
    try:
        while at < len(content) or not content:
            tag, at = _varint(content, at)
            if FIELDS.get(tag >> 3) != tag & 7:
                return 0
            number, at = _varint(content, at)
            if tag & 7 == SIZED:
                at += number
    except IndexError:
        return 1
    return at - len(content)


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where the next thing does."""
    number = shift = 0
    while True:
        byte = content[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
