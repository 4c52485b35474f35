"""Keeps on disk what a viewer's page sends while it watches a room.

In the folder: `rows.jsonl` (the page's rows, see viewer.ts), `sound-N.s16` (the sound of its Nth
track, int16 at the rate that the rows give) and `picture.bin` (the received frames as they came
over the network, each behind a `HEADER`). Memory does not grow with the time.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from aiohttp import WSMsgType, web

HEADER = struct.Struct("<IIII")
"""Length of the frame in bytes; its stream, RTP timestamp, and whether it is a keyframe."""

SOUND_HEADER = struct.Struct("<I")
"""The track of the sound that follows."""

LARGEST_MESSAGE_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Coded:
    """A received frame on disk.

    Args:
        stream: The video track that it is of, counted from 0.
        rtp: Its RTP timestamp, 90 kHz, modulo 2**32.
        key: Whether it is a keyframe.
        offset, length: Where in `picture.bin` it lies, in bytes.
    """

    stream: int
    rtp: int
    key: bool
    offset: int
    length: int


class Capture:
    """Takes what the page sends, from `with` to its end.

    Args:
        folder: Exists and is empty.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, BinaryIO] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()
        self._files.clear()

    async def receive(self, request: web.Request) -> web.WebSocketResponse:
        """Answer one of the page's connections, until it ends."""
        socket = web.WebSocketResponse(max_msg_size=LARGEST_MESSAGE_BYTES, compress=False)
        await socket.prepare(request)
        picture = request.query.get("part") == "picture"
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._file("rows.jsonl").write(message.data.encode() + b"\n")
            elif message.type is WSMsgType.BINARY and picture:
                self.keep_frame(message.data)
            elif message.type is WSMsgType.BINARY:
                (track,) = SOUND_HEADER.unpack_from(message.data)
                self._file(f"sound-{track}.s16").write(message.data[SOUND_HEADER.size :])
        return socket

    def keep_frame(self, message: bytes) -> None:
        """Keep a frame behind its stream, RTP timestamp and whether it is a keyframe (3 uint32)."""
        length = len(message) - HEADER.size + 4
        self._file("picture.bin").write(struct.pack("<I", length) + message)

    def _file(self, name: str) -> BinaryIO:
        if name not in self._files:
            self._files[name] = self._stack.enter_context((self.folder / name).open("ab"))
        return self._files[name]


def rows_of(folder: Path) -> tuple[dict[str, list[Any]], dict[int, str]]:
    """The page's rows by their names, in order, and the codec of each stream, as "VP8".

    A line that was not written to its end is left out.
    """
    rows: dict[str, list[Any]] = {}
    codecs: dict[int, str] = {}
    path = folder / "rows.jsonl"
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            sent = json.loads(line)
        except ValueError:
            continue
        if "codec" in sent:
            codecs[sent["stream"]] = sent["codec"].rpartition("/")[2].upper()
            continue
        rows.setdefault("dropped", []).append(sent.pop("dropped"))
        for name, more in sent.items():
            rows.setdefault(name, []).extend(more)
    return rows, codecs


def frames_of(folder: Path) -> Iterator[Coded]:
    """The received frames in the order in which they came."""
    path = folder / "picture.bin"
    if not path.is_file():
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        while len(header := file.read(HEADER.size)) == HEADER.size:
            length, stream, rtp, key = HEADER.unpack(header)
            if file.tell() + length > size:
                return
            yield Coded(stream, rtp, bool(key), file.tell(), length)
            file.seek(length, 1)
