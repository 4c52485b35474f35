"""Where an application tells the face to look: a part of the public API of an avatar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from livekit import rtc

from ..face.situation import Target


class OverridableGaze(Protocol):
    """What is asked of a gaze controller, or of the one of a worker."""

    def target_of(
        self, identity: str | None, yaw_rad: float | None, pitch_rad: float | None
    ) -> Target: ...

    def look_at(self, sample: int, target: Target, /) -> None: ...

    def look_away(self, sample: int, /) -> None: ...

    def release(self, sample: int, /) -> None: ...

    def set_seat(
        self, sample: int, identity: str, yaw_rad: float | None, pitch_rad: float, /
    ) -> None: ...


class GazeOverrides:
    """Overrides where the conversation lets the face look; from `_now` on."""

    _gaze: OverridableGaze
    _now: Callable[[], int]

    def look_at(
        self,
        participant: rtc.Participant | str | None = None,
        *,
        yaw_rad: float | None = None,
        pitch_rad: float | None = None,
    ) -> None:
        """Look at a participant or in a direction until `look_away` or `release_gaze`.

        The eyes go there at once and the head follows; blinks, breath and speech go on.

        Args:
            participant: In the room, or its identity, or "camera".
            yaw_rad: To the right of the picture, -0.45 to 0.45 rad from the camera.
            pitch_rad: Upwards, -0.25 to 0.25 rad from the camera.

        Raises:
            ValueError: There is no such participant in the room, a direction is out of range, or
                not exactly one of participant and direction is given.
        """
        identity = _identity(participant)
        target = self._gaze.target_of(identity, yaw_rad, pitch_rad)
        self._gaze.look_at(self._now(), target)

    def look_away(self) -> None:
        """Look aside, at no participant, until `look_at` or `release_gaze`."""
        self._gaze.look_away(self._now())

    def release_gaze(self) -> None:
        """Look where the conversation asks again, after `look_at` or `look_away`."""
        self._gaze.release(self._now())

    def set_seat(
        self,
        participant: rtc.Participant | str,
        *,
        yaw_rad: float | None,
        pitch_rad: float = 0.0,
    ) -> None:
        """Say in which direction a participant sits, in the room or not yet.

        Without it, a single participant is at the camera, and several sit side by side.

        Args:
            participant: Or its identity.
            yaw_rad: To the right of the picture, -0.45 to 0.45 rad from the camera; None leaves
                the seat to the avatar again.
            pitch_rad: Upwards, -0.25 to 0.25 rad from the camera.

        Raises:
            ValueError: The direction is out of range.
        """
        identity = _identity(participant)
        assert identity is not None
        self._gaze.set_seat(self._now(), identity, yaw_rad, pitch_rad)


def _identity(participant: rtc.Participant | str | None) -> str | None:
    return participant.identity if isinstance(participant, rtc.Participant) else participant
