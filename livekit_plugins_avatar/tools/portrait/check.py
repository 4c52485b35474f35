"""Says whether a picture can become a persona: each fault in its own sentence, with the remedy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..i420 import LUMA_OF_RGB
from .fit import Fit
from .landmarks import Box, Landmarks
from .picture import PictureError

NO_FACE = (
    "no face was found in the picture: use one that shows a person's whole face from the front, "
    "in even light"
)

EYES_LEAST_PX = 40.0
"""Distance of the eyes: below, there is too little to see when it is shown twice as large."""

PRESENCE_LEAST = 0.9
"""The mesh net's own surety; dogs and llamas are below."""

TURN_MOST_RAD, TILT_MOST_RAD = np.radians(12.0), np.radians(15.0)
LEVEL_PITCH_RAD = np.radians(-3.0)
"""What a face that looks into the camera is fitted with."""

SECOND_FACE = 0.4
"""A second face this large compared with the first is one too many."""

SHOULDERS = 0.35
"""Room below the chin, as a share of the face's height."""

DARK, BRIGHT = 40.0, 235.0
"""Mean luma of a face between which something can be seen."""


def check(picture: NDArray[np.uint8], found: list[Box], face: Landmarks | None) -> Landmarks:
    """Check a face in the whole picture.

    Args:
        picture: uint8 [H, W, 3].
        found: All faces, the surest first.
        face: The landmarks of the first.

    Returns:
        The landmarks.

    Raises:
        PictureError: There is no face, or it is not fit for use.
    """
    if not found or face is None or face.presence < PRESENCE_LEAST:
        raise PictureError(NO_FACE)
    others = [other for other in found[1:] if other.side > SECOND_FACE * found[0].side]
    if others:
        raise PictureError(
            f"{len(others) + 1} faces were found in the picture: cut it so that it shows one person"
        )
    if face.eyes_px < EYES_LEAST_PX:
        raise PictureError(
            f"the face is too small: its eyes are {face.eyes_px:.0f} pixels apart, use a picture "
            f"where they are at least {EYES_LEAST_PX:.0f} apart, better 100"
        )
    points = face.points[:, :2]
    low, high = points.min(0), points.max(0)
    height, width = picture.shape[:2]
    room = (high[1] - low[1]) * SHOULDERS
    if high[1] + room > height or low[0] < 0 or high[0] >= width or low[1] < 0:
        raise PictureError(
            "the picture is cut too close to the face: use one that shows the head with some room "
            "around it, and the shoulders"
        )
    return face


def check_framed(square: NDArray[np.uint8], face: Landmarks, fit: Fit) -> list[str]:
    """Check a face in its frame.

    Returns:
        Warnings, a sentence each.

    Raises:
        PictureError: The head is turned, or the picture is too dark or too bright.
    """
    pitch, yaw, roll = fit.angles_rad - [LEVEL_PITCH_RAD, 0, 0]
    if abs(yaw) > TURN_MOST_RAD:
        raise PictureError(
            f"the head is turned by {np.degrees(abs(yaw)):.0f} degrees: use a picture in which "
            "the person looks straight into the camera"
        )
    if abs(pitch) > TILT_MOST_RAD or abs(roll) > TILT_MOST_RAD:
        raise PictureError(
            f"the head is tilted by {np.degrees(max(abs(pitch), abs(roll))):.0f} degrees: use a "
            "picture in which it is held upright, taken from the height of the eyes"
        )
    points = face.points[:, :2].round().astype(int).clip(0, len(square) - 1)
    luma = float((square[points[:, 1], points[:, 0]] @ LUMA_OF_RGB).mean())
    if not DARK < luma < BRIGHT:
        kind = "dark" if luma <= DARK else "bright"
        raise PictureError(f"the face is too {kind} to see: use a picture in even light")
    warnings = []
    if face.scores.get("jawOpen", 0) > 0.3 or face.scores.get("mouthSmileLeft", 0) > 0.7:
        warnings.append(
            "the picture smiles or shows teeth, and so will the persona whatever it says: a "
            "picture with lips closed speaks better"
        )
    if (face.scores.get("eyeBlinkLeft", 0) + face.scores.get("eyeBlinkRight", 0)) / 2 > 0.5:
        warnings.append("the eyes are nearly closed: use a picture in which they are open")
    return warnings
