"""Makes a `Recording` of what a viewer's page sent to disk.

A frame is displayed when `requestVideoFrameCallback` expects it on the screen; its RTP timestamp
tells which of the received frames it is. Only displayed frames count, but all received ones are
decoded, because one is drawn upon the other. Sound is heard when its block reached the track, plus
the latency of the output: see `eval.viewer`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from ..eval.viewer import latency_s, reached_at_ms
from .capture import Coded, frames_of, rows_of
from .others import speaking
from .recording import Picture, Recording, RecordingError, resampled

Floats = NDArray[np.float64]
Sound = NDArray[np.float32]

DECODERS = {
    "VP8": ("vp8",),
    "VP9": ("libvpx-vp9", "vp9"),
    "H264": ("h264",),
    "H265": ("hevc",),
    "AV1": ("libdav1d", "av1"),
}
"""Of FFmpeg, by codec; the first that is there is taken. libvpx takes the layers of a frame in one
piece, as a receiver has them."""

FULL_SCALE = 32_768
WRAP = 1 << 32
"""RTP timestamps are of 32 bits."""

GAP_S = 0.02
"""Sound that comes this much later than what came before it is due follows a gap."""

DRIFT_WINDOW_S = 5.0
"""Timestamps of blocks scatter by a millisecond; their median over this long does not."""


Key = tuple[int, int]
"""A received frame: its stream and RTP timestamp."""


def read(folder: Path, name: str) -> Recording:
    """The recording in a folder of `Capture`; the folder must stay while its frames are read.

    Args:
        folder: Of the capture.
        name: For messages and reports.

    Raises:
        RecordingError: No picture or no sound arrived, or the codec is unknown.
    """
    rows, codecs = rows_of(folder)
    if rows.get("dropped", [0])[-1]:
        raise RecordingError(f"{name}: the disk did not keep up with the room; use a faster one")
    coded = list(frames_of(folder))
    times_s, shown = _displayed(rows.get("frames", []), coded)
    if len(times_s) < 2:
        raise RecordingError(f"{name}: no picture arrived")
    output_s = latency_s(rows.get("latency", []))
    sound, began_s = _sound(folder, rows.get("blocks", []))
    if not len(sound):
        raise RecordingError(f"{name}: no sound arrived; does the avatar publish its voice?")
    decoders = {stream: _decoder(codec) for stream, codec in codecs.items()}
    began_s += output_s
    zero_s = min(began_s, float(times_s[0]))
    events = ((at_ms / 1e3 - zero_s, what) for at_ms, what in rows.get("events", []))
    return Recording(
        name=name,
        sound=sound,
        sound_began_s=began_s - zero_s,
        times_s=times_s - zero_s,
        frames=lambda: _pictures(folder / "picture.bin", coded, shown, decoders),
        others=speaking(rows.get("others", []), zero_s - output_s),
        events=[(at_s, what) for at_s, what in events if at_s >= 0],
    )


def _displayed(rows: list[list[float]], coded: Sequence[Coded]) -> tuple[Floats, list[Key]]:
    """When which received frame was displayed; those before the first keyframe are left out.

    A page that is busy misses frames that were displayed, and knows how many: where as many were
    received in between, they were displayed then, as far apart as their RTP timestamps.
    """
    known = _decodable(coded)
    order = {(each.stream, rtp % WRAP): rtp for rtp, each in _in_order(coded)}
    received = sorted((stream, rtp) for (stream, _), rtp in order.items())
    found: list[tuple[float, Key]] = []
    before: tuple[float, int, int, float] | None = None
    for shown_ms, _luma, presented, rtp, stream in rows:
        # A callback may come for the last frame of the track before.
        keys = ((int(stream), int(rtp)), (int(stream) - 1, int(rtp)))
        key = next((each for each in keys if each in known), None)
        if key is None or (before is not None and shown_ms <= before[0]):
            continue
        place = bisect_left(received, (key[0], order[key]))
        if before is not None and 1 < presented - before[3] == place - before[1]:
            for between in received[before[1] + 1 : place]:
                share = (between[1] - before[2]) / (order[key] - before[2])
                at_ms = before[0] + share * (shown_ms - before[0])
                found.append((at_ms / 1e3, (between[0], between[1] % WRAP)))
        found.append((shown_ms / 1e3, key))
        before = shown_ms, place, order[key], presented
    return np.array([at_s for at_s, _ in found]), [key for _, key in found]


def _decodable(coded: Sequence[Coded]) -> set[Key]:
    begun = {frame.stream: frame.offset for frame in reversed(coded) if frame.key}
    return {
        (frame.stream, frame.rtp)
        for frame in coded
        if frame.offset >= begun.get(frame.stream, frame.offset + 1)
    }


def _decoder(codec: str) -> str:
    for name in DECODERS.get(codec, ()):
        if name in av.codecs_available:
            return name
    raise RecordingError(f"video of the codec {codec or 'without a name'} cannot be decoded here")


def _pictures(
    path: Path, coded: Sequence[Coded], shown: Sequence[Key], decoders: dict[int, str]
) -> Iterator[Picture]:
    """One picture for each displayed frame; one that cannot be decoded is shown as the last."""
    places = {key: place for place, key in enumerate(shown)}
    last: Picture | None = None
    given = 0
    for key, frame in _decoded(path, coded, decoders):
        place = places.get(key, -1)
        if place < given:
            continue
        picture: Picture = frame.to_ndarray(format="rgb24")
        yield from [picture if last is None else last] * (place - given)
        yield picture
        last, given = picture, place + 1
    if last is not None:
        yield from [last] * (len(shown) - given)


def _decoded(
    path: Path, coded: Sequence[Coded], decoders: dict[int, str]
) -> Iterator[tuple[Key, av.VideoFrame]]:
    with path.open("rb") as file:
        for stream, decoder in decoders.items():
            context = av.CodecContext.create(decoder, "r")
            assert isinstance(context, av.VideoCodecContext)
            own = _in_order([each for each in coded if each.stream == stream])
            for rtp, parts in groupby(own, key=lambda each: each[0]):
                packet = av.Packet(b"".join(_bytes(file, part) for _, part in parts))
                packet.pts = rtp
                yield from _taken(context, packet, stream)
            yield from _taken(context, None, stream)


def _in_order(coded: Sequence[Coded]) -> list[tuple[int, Coded]]:
    """The frames by stream and RTP timestamp, unwrapped: a frame with a packet that came late is
    received behind later ones."""
    last: dict[int, int] = {}
    ordered: list[tuple[int, Coded]] = []
    for frame in coded:
        before = last.get(frame.stream, frame.rtp)
        last[frame.stream] = before + (frame.rtp - before + WRAP // 2) % WRAP - WRAP // 2
        ordered.append((last[frame.stream], frame))
    return sorted(ordered, key=lambda each: (each[1].stream, each[0]))


def _bytes(file: BinaryIO, frame: Coded) -> bytes:
    file.seek(frame.offset)
    return file.read(frame.length)


def _taken(
    context: av.VideoCodecContext, packet: av.Packet | None, stream: int
) -> Iterator[tuple[Key, av.VideoFrame]]:
    try:
        for frame in context.decode(packet):
            if frame.pts is not None:
                yield (stream, frame.pts % WRAP), frame
    except av.FFmpegError:
        # A frame whose references were lost; the browser did not show it either.
        return


def _sound(folder: Path, rows: list[list[float]]) -> tuple[Sound, float]:
    """The sound as a `Recording` has it, silence where none came, and when it reached the track."""
    if not rows:
        return np.zeros(0, np.float32), 0.0
    arrived_ms, stamp_ms, length, _, _, rate, track, _ = np.array(rows, float).T
    reached_s = reached_at_ms(arrived_ms, stamp_ms, track) / 1e3
    began_s, ended_s = float(reached_s.min()), float((reached_s + length / rate).max())
    hz = int(rate[0])
    whole = np.zeros(round((ended_s - began_s) * hz), np.float32)
    for number in np.unique(track):
        of_it = track == number
        if (rate[of_it] != hz).any():
            raise RecordingError("the rate of the sound changed on the way")
        pcm = np.fromfile(folder / f"sound-{int(number)}.s16", "<i2").astype(np.float32)
        pcm /= FULL_SCALE
        _place(pcm, reached_s[of_it] - began_s, length[of_it].astype(int), hz, whole)
    return resampled(whole, hz), began_s


def _place(pcm: Sound, reached_s: Floats, length: NDArray[np.int_], hz: int, whole: Sound) -> None:
    """Put the blocks of a track where they were heard."""
    first = np.concatenate([[0], np.cumsum(length)])
    due_s = reached_s - first[:-1] / hz
    breaks = 1 + np.flatnonzero(np.abs(np.diff(due_s)) > GAP_S)
    for run in np.split(np.arange(len(length)), breaks):
        begin, end = first[run[0]], min(first[run[-1] + 1], len(pcm))
        at = np.arange(begin, end)
        heard = hz * np.interp(at, first[run], _smooth(due_s[run], length[run] / hz)) + at
        start, stop = max(0, int(np.ceil(heard[0]))), min(int(heard[-1]) + 1, len(whole))
        whole[start:stop] = np.interp(np.arange(start, stop), heard, pcm[begin:end])


def _smooth(due_s: Floats, length_s: Floats) -> Floats:
    """When the first sample of the track would have been heard, by each block: what its clock
    drifts stays, what the timestamps scatter goes."""
    window = max(1, round(DRIFT_WINDOW_S / float(np.median(length_s))))
    knots = [np.arange(at, min(at + window, len(due_s))) for at in range(0, len(due_s), window)]
    middles = [float(knot.mean()) for knot in knots]
    medians = [float(np.median(due_s[knot])) for knot in knots]
    return np.interp(np.arange(len(due_s)), middles, medians)
