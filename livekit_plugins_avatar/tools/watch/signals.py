"""Signals of a recording: what the face and the picture do in each frame.

Lengths are shares of the eyes' distance, so that neither the size of the picture nor the distance
of the face matters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from queue import Full, Queue
from threading import Event, Thread

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..portrait.landmarks import CHIN, EYES, OUTER_CORNERS, OVAL
from .head import turns_deg
from .recording import Picture, Recording
from .tracker import Tracker

Floats = NDArray[np.float64]
Plane = NDArray[np.float32]

LIP_PAIRS = ((13, 14), (82, 87), (312, 317))
"""Points of the inner edge of the upper and the lower lip, across from each other."""

CORNERS = (61, 291)
LID_PAIRS = ((159, 145), (158, 153), (386, 374), (385, 380))
NOSE_BASE = 2
BRIDGE = (168, 6, 197, 195, 5, 4)
"""Along the nose: what neither lips, lids nor brows move."""

IRISES_SHARE = 0.70
"""Distance of the pupils as a share of that of the eyes' outer corners: 63 of 90 mm (means of
adults, ANSUR 1988 and Farkas 1994)."""

GAZE_20_SHARE = 0.057
"""How far an iris goes at 20 degrees, as a share of the eyes' distance; see `portrait.judge`."""

SMALL_PX = 128
"""The larger side of the picture in which motion is measured."""

CHANGE_S = 0.4
"""An encoder skips what hardly changes from frame to frame; over so long it does not."""

MEASURED = 7
"""Of motion, in each frame."""

QUEUED = 16
"""Frames that are decoded ahead."""


@dataclass(frozen=True, slots=True)
class Signals:
    """One value a frame; NaN in what belongs to the face where none is found.

    Args:
        times_s: When each frame is displayed, [F].
        presence: How sure the net is that there is a face, in [0, 1]; 0 where none is found, [F].
        aperture: How far the lips' inner edges are apart, [F].
        width: How far the corners of the mouth are apart, [F].
        lids: How far the lids are apart, mean of both eyes, [F].
        gaze_deg: Where the eyes look in the head: to the picture's right, and up, [F, 2].
        turn_deg: How the head is turned from its mean: pitch up, yaw to the picture's right, roll
            clockwise, [F, 3].
        place: Of the face in the picture, as shares of the eyes' distance, [F, 2].
        box: Of the face: left, top, right, bottom in pixels, [F, 4].
        mouth_motion: Mean change of luma since the frame before, in levels of 255, around the
            mouth, [F]; NaN in the first frame, as in the next four.
        face_motion: The same above the mouth: cheeks, eyes, forehead.
        body_motion: The same below the chin.
        background_motion: The same beside the face.
        picture_motion: The same in the whole picture; known without a face.
        face_change: The same above the mouth, since `CHANGE_S` ago.
        body_change: The same below the chin.
    """

    times_s: Floats
    presence: Floats
    aperture: Floats
    width: Floats
    lids: Floats
    gaze_deg: Floats
    turn_deg: Floats
    place: Floats
    box: Floats
    mouth_motion: Floats
    face_motion: Floats
    body_motion: Floats
    background_motion: Floats
    picture_motion: Floats
    face_change: Floats
    body_change: Floats

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Where a face is found, [F]."""
        return self.presence > 0

    @property
    def face_share(self) -> float:
        """Share of the frames in which a face is found."""
        return float(self.seen.mean()) if len(self) else 0.0


def signals_of(recording: Recording) -> Signals:
    """Look at every frame once, decoding on another thread."""
    tracker, motion = Tracker(), Motion()
    rows = []
    for picture, at_s in zip(ahead(recording.frames), recording.times_s, strict=False):
        seen = tracker.push(picture)
        rows.append((seen, motion.push(picture, at_s, None if seen is None else seen[0])))
    return joined(recording.times_s[: len(rows)], rows)


Row = tuple["tuple[Floats, float] | None", Floats]


def joined(times_s: Floats, rows: list[Row]) -> Signals:
    """The signals of frames whose points and motion are known."""
    count = len(rows)
    points = np.full((count, 478, 3), np.nan)
    presence = np.zeros(count)
    for at, (seen, _) in enumerate(rows):
        if seen is not None:
            points[at], presence[at] = seen
    moved = np.array([row for _, row in rows]).reshape(count, MEASURED)
    return Signals(times_s, presence, *_of_points(points), *moved.T)


def _of_points(points: Floats) -> tuple[Floats, ...]:
    """Aperture, width, lids, gaze, turn, place and box, of points [F, 478, 3]."""
    first, second = (points[:, corner] for corner in OUTER_CORNERS)
    unit = IRISES_SHARE * np.linalg.norm(second - first, axis=1)
    along = (second - first)[:, :2]
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    down = np.stack([-along[:, 1], along[:, 0]], axis=1)

    def apart(pairs: tuple[tuple[int, int], ...]) -> Floats:
        each = [points[:, lower, :2] - points[:, upper, :2] for upper, lower in pairs]
        return np.asarray((np.mean(each, axis=0) * down).sum(axis=1) / unit)

    width = np.linalg.norm(points[:, CORNERS[1]] - points[:, CORNERS[0]], axis=1) / unit
    off = np.mean(
        [
            points[:, iris, :2] - points[:, [upper[0], upper[-1]], :2].mean(axis=1)
            for upper, _, iris in EYES.values()
        ],
        axis=0,
    )
    moved = np.stack([(off * along).sum(1), -(off * down).sum(1)], axis=1) / unit[:, None]
    gaze = np.degrees(np.arcsin(np.clip(moved / GAZE_20_SHARE * np.sin(np.radians(20)), -1, 1)))
    outline = points[:, list(OVAL), :2]
    box = np.concatenate([outline.min(axis=1), outline.max(axis=1)], axis=1)
    place = points[:, BRIDGE, :2].mean(axis=1) / _median(unit)
    return apart(LIP_PAIRS), width, apart(LID_PAIRS), gaze, turns_deg(points), place, box


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 1.0


class Motion:
    """How much parts of the picture change from one frame to the next."""

    def __init__(self) -> None:
        self._before: deque[tuple[float, Plane]] = deque()

    def push(self, picture: Picture, at_s: float, points: Floats | None) -> Floats:
        """Look at the next frame.

        Args:
            picture: RGB, uint8 [H, W, 3].
            at_s: When it is displayed.
            points: Of the face, [478, 3] in pixels; None where there is none.

        Returns:
            Mean change of luma around the mouth, above it, below the chin, beside the face, and in
            the whole picture since the frame before; above the mouth and below the chin since
            `CHANGE_S` ago, [MEASURED]; NaN where it is not known.
        """
        height, width = picture.shape[:2]
        shrink = max(1, max(height, width) // SMALL_PX)
        small = np.asarray(Image.fromarray(picture).convert("L").reduce(shrink), np.float32)
        if self._before and self._before[-1][1].shape != small.shape:
            self._before.clear()
        while len(self._before) > 1 and self._before[1][0] <= at_s - CHANGE_S:
            self._before.popleft()
        moved = np.full(MEASURED, np.nan)
        if self._before:
            change = np.abs(small - self._before[-1][1])
            moved[4] = change.mean()
            if points is not None:
                regions = list(_regions(points / shrink, small.shape))
                moved[:4] = [_mean(change, region) for region in regions]
                if self._before[0][0] <= at_s - CHANGE_S:
                    slow = np.abs(small - self._before[0][1])
                    moved[5:] = [_mean(slow, region) for region in regions[1:3]]
        self._before.append((at_s, small))
        return moved


def _mean(change: Plane, region: NDArray[np.bool_]) -> float:
    return float(change[region].mean()) if region.any() else np.nan


def _regions(points: Floats, shape: tuple[int, ...]) -> Iterator[NDArray[np.bool_]]:
    """Masks [H, W] of mouth, face above it, body, and background."""
    rows, columns = np.indices(shape)
    outline = points[list(OVAL), :2]
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    nose, chin = points[NOSE_BASE, 1], points[CHIN, 1]
    width, height = right - left, bottom - top
    middle = (left + right) / 2
    beside = np.abs(columns - middle)
    yield (rows > nose) & (rows < chin) & (beside < 0.35 * width)
    yield (rows > top) & (rows <= nose) & (beside < 0.5 * width)
    yield (rows > chin + 0.15 * height) & (beside < 1.2 * width)
    yield (rows < chin) & (beside > 0.9 * width)


def ahead(frames: Callable[[], Iterator[Picture]]) -> Iterator[Picture]:
    """The frames, decoded on another thread; an error there is raised here."""
    queue: Queue[Picture | BaseException | None] = Queue(QUEUED)
    stopped = Event()

    def put(item: Picture | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                queue.put(item, timeout=0.1)
                return True
            except Full:
                continue
        return False

    def decode() -> None:
        try:
            for picture in frames():
                if not put(picture):
                    return
            put(None)
        except BaseException as error:
            put(error)

    thread = Thread(target=decode, name="watch-decode", daemon=True)
    thread.start()
    try:
        while (item := queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()


def clipped(signals: Signals, keep: NDArray[np.bool_]) -> Signals:
    """The signals of some frames only."""
    return Signals(*(getattr(signals, each.name)[keep] for each in fields(signals)))
