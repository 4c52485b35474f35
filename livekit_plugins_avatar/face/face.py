"""The face as a function of time.

In flow viseme events and what the face is told of its situation, both on the published timeline;
out flows the FaceState for any sample. The answer depends on the sample, the seed and what is known
by then, and on nothing else: a renderer may work ahead, ask again, or skip, and always gets the
same face. Every axis is continuous through every change; only saccades and blinks are fast. Head
and eyes stay within what personas are taught to draw (`limits`).

Gaze is given once, as `gazeYaw` and `gazePitch`. Of the eight eyeLook axes only `eyeLookOut*` are
used, both alike, for what one direction cannot say: eyes that look into the distance are turned
apart by some two degrees. A renderer draws the sum, or leaves that out and draws the gaze alone.
The lids (`eyeBlink*`, `eyeWide*`) already follow the gaze.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import degrees, hypot

import numpy as np

from ..gaze.attention import Attention, Focus
from ..speech.visemes import VisemeEvent
from ..timeline import samples
from .agent_state import FEATURES_SAMPLES, POSTURE_SAMPLES, AgentStates, mix
from .articulation import REACH_AFTER_SAMPLES, REACH_BEFORE_SAMPLES, mouth_at
from .blinks import Blinks
from .easing import ease
from .expression import ACCENT_SAMPLES, Expression, blend
from .eye_motion import Gaze, lids
from .idle import HEAD_AXES, Idle
from .limits import GAZE_LIMIT_RAD, HEAD_LIMITS, held
from .state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS, FaceState
from .status import AT_TARGET_DEG, AvatarStatus
from .style import NATURAL, Style
from .target import CAMERA, Target

BLEND_SAMPLES = samples(0.3)
"""How long a face takes from how it was remembered to how it is: a look away and back is as long,
and a shorter way looks like a cut."""

Visemes = Callable[[int, int], Sequence[VisemeEvent]]
"""What the mouth does in [start, end) of the published timeline, contiguous and in order."""

_BLENDSHAPES = slice(0, len(ARKIT_BLENDSHAPES))
_HEAD = slice(INDEX[HEAD_AXES[0]], INDEX[HEAD_AXES[-1]] + 1)
_GAZE = [INDEX["gazeYaw"], INDEX["gazePitch"]]
_LOOK_OUT = [INDEX["eyeLookOutLeft"], INDEX["eyeLookOutRight"]]
_BLINK = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_WIDE = [INDEX["eyeWideLeft"], INDEX["eyeWideRight"]]

EYE_LOOK_RAD = 0.57
"""What an eyeLook weight of 1 stands for: 30 to 34 degrees, as renderers draw it."""

_BEFORE_SAMPLES = max(REACH_BEFORE_SAMPLES, ACCENT_SAMPLES)


class Face:
    """A living face.

    `at` and `mind` may be called from any thread; the others from any one other. All samples are
    of the published timeline; what is told of a sample drops what was known of later ones. Those
    that tell something return whether it makes a difference to the face.

    Args:
        visemes: Asked for the events around a sample; called by `at`, on its thread.
        seed: At least 0; the same seed and the same input give the same trajectory.
        style: How lively it is.

    Raises:
        ValueError: A negative seed.
    """

    def __init__(self, visemes: Visemes, *, seed: int = 0, style: Style = NATURAL) -> None:
        if seed < 0:
            raise ValueError(f"seed must be at least 0, got {seed}")
        self._visemes = visemes
        self._states = AgentStates()
        self._attention = Attention()
        self._gaze = Gaze(seed, style)
        self._blinks = Blinks(seed, style)
        self._idle = Idle(seed, style)
        self._expression = Expression(seed, style.expression)
        self._remembered: FaceState | None = None
        self._woken: int | None = None

    def set_agent_state(self, sample: int, state: str) -> bool:
        """Let the agent be in `state` from `sample` on.

        Args:
            sample: When.
            state: One of LiveKit's agent states; any other is taken as "idle".
        """
        return self._take_manner(sample, self._attention.set_agent_state(sample, state))

    def attend(self, sample: int, plan: Sequence[tuple[int, Focus]]) -> bool:
        """Be with somebody from `sample` on.

        Args:
            sample: When.
            plan: From when on with whom, in order, beginning at `sample`; it may reach ahead.
        """
        return self._take_manner(sample, self._attention.set_focus(sample, plan))

    def set_busy(self, sample: int, busy: bool) -> bool:
        """Let a tool run from `sample` on, or none: a slow one is thought about, not stared at."""
        return self._take_manner(sample, self._attention.set_busy(sample, busy))

    def expect_speech(self, sample: int) -> bool:
        """Words are on their way at `sample`: the eyes are back before the first is heard."""
        return self._take_manner(sample, self._attention.expect_speech(sample))

    def end_turn(self, sample: int, end: int | None) -> bool:
        """Let the turn end at `end`, as is known at `sample`; None takes that back."""
        return self._take_manner(sample, self._attention.end_turn(sample, end))

    def interrupt(self, sample: int) -> bool:
        """Somebody speaks into what is said: the eyes go there."""
        return self._take_manner(sample, self._attention.interrupt(sample))

    def look_at(self, sample: int, target: Target | None) -> bool:
        """Look at `target` from `sample` on, whatever happens; None gives the eyes back."""
        return self._take_manner(sample, self._attention.tell(sample, target))

    def _take_manner(self, sample: int, changed: bool) -> bool:
        """Where the situation has changed, features and posture go with it."""
        if not changed:
            return False
        for start, situation in self._attention.planned(sample):
            self._states.set(start, situation.agent)
        return True

    def status(self, sample: int) -> AvatarStatus:
        """Why the face at `sample` is as it is, for people who want to know."""
        situations = self._attention.recent(sample)
        look = self._gaze.at(situations, sample)
        (event, *_) = self._visemes(sample, sample + 1)
        _, situation = situations[-1]

        def off_deg(target: Target) -> float:
            return degrees(hypot(look.yaw - target.yaw_rad, look.pitch - target.pitch_rad))

        seen = min((situation.target, *situation.others, CAMERA), key=off_deg)
        return AvatarStatus(
            state=situation.state,
            looking_at=seen.name if off_deg(seen) < AT_TARGET_DEG else "away",
            yaw_rad=look.yaw,
            pitch_rad=look.pitch,
            viseme=event.viseme,
            expression=self._expression.name(sample),
        )

    def express(self, sample: int, emotion: str, strength: float = 1.0) -> None:
        """Let the face feel something from `sample` on; it fades by itself.

        Called on the thread of `set_agent_state`.

        Args:
            sample: When, on the published timeline; later emotions that were known are dropped.
            emotion: One of `emotions.EMOTIONS`.
            strength: How much of it, in [0, 1].

        Raises:
            ValueError: A emotion that there is not, or a strength out of range.
        """
        self._expression.express(sample, emotion, strength)

    def nod(self, sample: int) -> None:
        """Nod at `sample` of the published timeline, unless it nods then already; as `feel`."""
        self._expression.nod(sample)

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
        situations = self._attention.recent(sample)
        look = self._gaze.at(situations, sample)

        values = np.zeros(len(PARAMETERS))
        values[_BLENDSHAPES] = blend(mouth_at(events, sample), shown[_BLENDSHAPES])

        head = shown[_HEAD] + self._idle.head(posture, sample)
        head[:2] += look.head_yaw, look.head_pitch
        values[_HEAD] = head = held(head, HEAD_LIMITS)
        # The eyes make up for whatever the head does, as living eyes do.
        eyes = held(np.array([look.yaw, look.pitch]) - head[:2], GAZE_LIMIT_RAD)
        values[_GAZE] = eyes
        values[_LOOK_OUT] = look.apart / EYE_LOOK_RAD

        shifts = self._gaze.shifts(situations, sample)
        closure = self._blinks.closure(situations, shifts, sample)
        lowered, widened = lids(float(eyes[1]))
        values[_BLINK] += lowered + (1.0 - lowered) * closure
        values[_WIDE] += widened * (1.0 - closure)
        return FaceState(values.astype(np.float32))
