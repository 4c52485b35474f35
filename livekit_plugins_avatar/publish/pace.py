"""Tells in the log when a face does not get its frames, and when it gets them again."""

from __future__ import annotations

from ..log import logger

WINDOW_S = 10.0
"""A busy second is no reason for a line in the log."""

FEW, ENOUGH = 0.67, 0.9
"""Parts of the frames that are shown: with less than the first the log says so, and with more than
the second it takes that back."""


class Pace:
    """Counts frame times of a face that is watched, `fps` a second."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._window = round(WINDOW_S * fps)
        self._times = self._shown = 0
        self._few = False

    def note(self, *, shown: bool) -> None:
        """Note one frame time, at which a frame was ready or was not."""
        self._times += 1
        self._shown += shown
        if self._times < self._window:
            return
        part, self._times, self._shown = self._shown / self._times, 0, 0
        if part < FEW and not self._few:
            self._few = True
            logger.warning(
                "pace: %.0f of %d frames a second are drawn in time: this machine is too busy for "
                "this face, or its renderer too slow (`livekit-avatar doctor` tells what fits)",
                *(part * self._fps, self._fps),
            )
        elif part > ENOUGH and self._few:
            self._few = False
            logger.info("pace: frames are drawn in time again")
