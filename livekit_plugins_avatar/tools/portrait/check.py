"""Says whether a picture can become a persona: each fault in its own sentence, with the remedy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..i420 import LUMA_OF_RGB
from .fit import Fit
from .landmarks import Box, Landmarks
from .picture import PictureError
from .visibility import Visibility

NO_FACE = (
    "no face was found in the picture: use one that shows a person's whole face from the front, "
    "in even light"
)

EYES_LEAST_PX = 40.0
"""Distance of the eyes: below, there is too little to see when it is shown twice as large."""

PRESENCE_LEAST = 0.9
"""The mesh net's own surety; most dogs and llamas are below."""

MIRRORED_MOST, MIRRORED_DOUBTFUL, SCORE_LEAST = 0.05, 0.032, 0.78
"""Where landmarks of the mirror image lie further off, in distances of the eyes, it is no person's
face; nor where they lie rather far and the detector is in doubt. For some 60 photographs and
paintings of people they were below .033, and all scores were above."""

SHARP_LEAST = 0.19
"""A picture blurred by 3 % of the eyes' distance is below; sharp ones are above .35."""

LIPS_REDDER, LIPS_DARKER = 0.015, 0.09
"""Lips that are neither, in shares of what is around them, may be no lips."""

COVERED_MIRRORED, COVERED_TINT, COVERED_DARK = 0.026, 0.07, -1.0
"""They are none where their landmarks are guessed, or the lower face has another colour."""

JAW_OPEN = 0.1
"""Landmarks of an open mouth lie apart in the mirror image too."""

IRIS_LEAST, IRIS_FAINT, IRIS_UNLIKE = 0.08, 0.24, 0.45
"""How much darker than the white an iris is: in a covered eye, in a faint one, and a share of the
other's."""

GLASSES_BRIDGE, GLASSES_RIMS, DARK_GLASSES = 0.12, 0.18, 0.2
"""Strokes across the nose and below the eyes that are glasses."""

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
    return face


def check_room(picture: NDArray[np.uint8], face: Landmarks) -> None:
    """Check that there is picture around a face.

    Raises:
        PictureError: The picture is cut too close.
    """
    points = face.points[:, :2]
    low, high = points.min(0), points.max(0)
    height, width = picture.shape[:2]
    room = (high[1] - low[1]) * SHOULDERS
    if high[1] + room > height or low[0] < 0 or high[0] >= width or low[1] < 0:
        raise PictureError(
            "the picture is cut too close to the face: use one that shows the head with some room "
            "around it, and the shoulders"
        )


def check_framed(
    square: NDArray[np.uint8], face: Landmarks, fit: Fit, seen: Visibility
) -> list[str]:
    """Check a face in its frame.

    Returns:
        Warnings, a sentence each.

    Raises:
        PictureError: The face is too dark or too bright, no person's, turned, blurred or covered.
    """
    points = face.points[:, :2].round().astype(int).clip(0, len(square) - 1)
    luma = float((square[points[:, 1], points[:, 0]] @ LUMA_OF_RGB).mean())
    if not DARK < luma < BRIGHT:
        kind = "dark" if luma <= DARK else "bright"
        raise PictureError(f"the face is too {kind} to see: use a picture in even light")
    doubtful = seen.score < SCORE_LEAST and seen.mirrored > MIRRORED_DOUBTFUL
    if doubtful or seen.mirrored > MIRRORED_MOST:
        raise PictureError(
            "what was found is hardly a person's face: use a picture of a person whose whole face "
            "is seen from the front"
        )
    _check_pose(fit)
    _check_covered(face, seen)
    if seen.sharpness < SHARP_LEAST:
        raise PictureError(
            "the face is blurred: use a sharp picture, and not a small one made larger"
        )
    return _warnings(face, seen)


def _check_pose(fit: Fit) -> None:
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


def _check_covered(face: Landmarks, seen: Visibility) -> None:
    like_lips = seen.redness > LIPS_REDDER or seen.darkness > LIPS_DARKER
    guessed = (
        seen.score < SCORE_LEAST
        or seen.mirrored_lips > COVERED_MIRRORED
        or seen.tint > COVERED_TINT
        or seen.brightness < COVERED_DARK
    )
    if guessed and not like_lips and face.scores.get("jawOpen", 0) < JAW_OPEN:
        raise PictureError(
            "something covers the mouth: use a picture without a mask, a hand or anything else "
            "before the lips"
        )
    if max(seen.irises) < IRIS_LEAST and seen.bridge > DARK_GLASSES:
        raise PictureError("dark glasses cover the eyes: use a picture without them")
    if min(seen.irises) < IRIS_LEAST:
        which = "both eyes are" if max(seen.irises) < IRIS_LEAST else "one eye is"
        raise PictureError(
            f"{which} covered or shut: use a picture in which both are open, and free of hair"
        )


def _warnings(face: Landmarks, seen: Visibility) -> list[str]:
    warnings = []
    scores = face.scores
    if scores.get("jawOpen", 0) > 0.3 or scores.get("mouthSmileLeft", 0) > 0.7:
        warnings.append(
            "the picture smiles or shows teeth, and so will the persona whatever it says: a "
            "picture with lips closed speaks better"
        )
    if (scores.get("eyeBlinkLeft", 0) + scores.get("eyeBlinkRight", 0)) / 2 > 0.5:
        warnings.append("the eyes are nearly closed: use a picture in which they are open")
    if seen.bridge > GLASSES_BRIDGE or min(seen.rims) > GLASSES_RIMS:
        warnings.append(
            "the person seems to wear glasses, which a blink will smear: a picture without them "
            "blinks better"
        )
    if max(seen.irises) < IRIS_FAINT:
        warnings.append(
            "the irises hardly differ from the whites of the eyes, as in a statue or in shadow: "
            "it will hardly be seen where the persona looks"
        )
    elif min(seen.irises) < IRIS_UNLIKE * max(seen.irises):
        warnings.append(
            "one eye is far less clear than the other, as behind hair or in shadow: it will blink "
            "and look worse"
        )
    return warnings
