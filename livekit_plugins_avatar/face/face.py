"""The face as a function of time.

In flow viseme events and the agent's states, both on the published timeline; out flows the
FaceState for any sample. The answer depends on the sample, the seed and what is known by then, and
on nothing else: a renderer may work ahead, ask again, or skip, and always gets the same face. Every
axis is continuous through every change; only saccades and blinks are fast.

Gaze is given once, as `gazeYaw` and `gazePitch`: the eight eyeLook axes stay 0, so a renderer may
draw either or their sum. The lids (`eyeBlink*`, `eyeWide*`) already follow the gaze.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..speech.visemes import VisemeEvent
from ..timeline import samples
from .agent import FEATURES_SAMPLES, POSTURE_SAMPLES, AgentStates, mix
from .articulation import REACH_AFTER_SAMPLES, REACH_BEFORE_SAMPLES, mouth_at
from .expression import ACCENT_SAMPLES, Expression, blend
from .gaze import Gaze, lids
from .idle import HEAD_AXES, Idle
from .motion import ease
from .state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS, FaceState

BLEND_SAMPLES = samples(0.3)
"""How long a face takes from how it was remembered to how it is: a look away and back is as long,
and a shorter way looks like a cut."""

Visemes = Callable[[int, int], Sequence[VisemeEvent]]
"""What the mouth does in [start, end) of the published timeline, contiguous and in order."""

_BLENDSHAPES = slice(0, len(ARKIT_BLENDSHAPES))
_HEAD = slice(INDEX[HEAD_AXES[0]], INDEX[HEAD_AXES[-1]] + 1)
_GAZE_YAW, _GAZE_PITCH = INDEX["gazeYaw"], INDEX["gazePitch"]
_BLINK = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_WIDE = [INDEX["eyeWideLeft"], INDEX["eyeWideRight"]]
_BEFORE_SAMPLES = max(REACH_BEFORE_SAMPLES, ACCENT_SAMPLES)


class Face:
    """A living face.

    `at` may be called from any thread; `set_agent_state` from any one other.

    Args:
        visemes: Asked for the events around a sample; called by `at`, on its thread.
        seed: At least 0; the same seed and the same input give the same trajectory.

    Raises:
        ValueError: A negative seed.
    """

    def __init__(self, visemes: Visemes, *, seed: int = 0) -> None:
        if seed < 0:
            raise ValueError(f"seed must be at least 0, got {seed}")
        self._visemes = visemes
        self._states = AgentStates()
        self._gaze = Gaze(seed)
        self._idle = Idle(seed)
        self._expression = Expression(seed)
        self._remembered: FaceState | None = None
        self._woken: int | None = None

    def set_agent_state(self, sample: int, state: str) -> None:
        """Let the agent be in `state` from `sample` on.

        Args:
            sample: When, on the published timeline; later changes that were known are dropped.
            state: One of LiveKit's agent states; any other is taken as "idle".
        """
        self._states.set(sample, state)

    def remember(self, face: FaceState) -> None:
        """Look like `face` until `wake`: somebody saw it so, and is to see it go on."""
        self._remembered, self._woken = face, None

    def wake(self, sample: int) -> None:
        """Pass from the face that was remembered, if any, into life from `sample` on."""
        self._woken = sample

    def at(self, sample: int) -> FaceState:
        """The face to be seen with `sample` of the published audio."""
        remembered, woken = self._remembered, self._woken
        if remembered is None:
            return self._alive(sample)
        part = 0.0 if woken is None else ease((sample - woken) / BLEND_SAMPLES)
        if part >= 1.0:
            return self._alive(sample)
        return remembered.mixed(self._alive(sample), part)

    def _alive(self, sample: int) -> FaceState:
        changes = self._states.recent(sample)
        features = mix(changes, sample, FEATURES_SAMPLES)
        posture = mix(changes, sample, POSTURE_SAMPLES)
        events = self._visemes(sample - _BEFORE_SAMPLES, sample + REACH_AFTER_SAMPLES)
        shown = self._expression.at(features, posture, events, sample)
        look = self._gaze.at(changes, sample)

        values = np.zeros(len(PARAMETERS))
        values[_BLENDSHAPES] = blend(mouth_at(events, sample), shown[_BLENDSHAPES])

        head = values[_HEAD]
        head += shown[_HEAD] + self._idle.head(posture, sample)
        head[0] += look.head_yaw
        head[1] += look.head_pitch
        # The eyes make up for whatever the head does, as living eyes do.
        values[_GAZE_YAW] = look.yaw - head[0]
        values[_GAZE_PITCH] = look.pitch - head[1]

        closure = self._idle.closure(changes, sample)
        lowered, widened = lids(float(values[_GAZE_PITCH]))
        values[_BLINK] += lowered + (1.0 - lowered) * closure
        values[_WIDE] += widened * (1.0 - closure)
        return FaceState(values.astype(np.float32))
