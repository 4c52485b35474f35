"""The face as a function of time: from viseme events and situations to the FaceState of any sample.

A face depends on the sample, the seed and what is known by then alone: a renderer may work ahead,
ask again or skip. Every axis is continuous; only saccades and blinks are fast.

Gaze is `gazeYaw` and `gazePitch`. Of the eight eyeLook axes only `eyeLookOut*` are used, both
alike, to turn the eyes some two degrees apart when they look into the distance. A renderer draws
the sum, or the gaze alone. The lids (`eyeBlink*`, `eyeWide*`) already follow the gaze.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..speech.visemes import VisemeEvent
from ..timeline import Timeline, samples
from .agent_state import FEATURES_SAMPLES, POSTURE_SAMPLES, agent_states, mix
from .articulation import REACH_AFTER_SAMPLES, REACH_BEFORE_SAMPLES, mouth_at
from .blinks import Blinks
from .easing import ease
from .expression import ACCENT_SAMPLES, Expression, blend
from .eye_motion import EyeMotion, lids
from .idle import HEAD_AXES, Idle
from .limits import GAZE_LIMIT_RAD, HEAD_LIMITS, soft_limit
from .situation import CAMERA, Situation, Target, recent
from .state import ARKIT_BLENDSHAPES, PARAMETERS, POSE_PARAMETERS, FaceState, columns
from .status import AT_TARGET_DEG, AvatarStatus
from .style import NATURAL, Style

BLEND_SAMPLES = samples(0.3)
"""How long a restored face takes into life, and one style into the next: a shorter blend looks like
a cut."""

Visemes = Callable[[int, int], Sequence[VisemeEvent]]
"""The viseme events in [start, end) of the published timeline, contiguous and in order."""

_BLENDSHAPES = slice(0, len(ARKIT_BLENDSHAPES))
_HEAD = columns(HEAD_AXES[0], HEAD_AXES[-1])
_POSE = columns(POSE_PARAMETERS[0], POSE_PARAMETERS[-1])
_LOOK_OUT = columns("eyeLookOutLeft", "eyeLookOutRight")
_BLINK = columns("eyeBlinkLeft", "eyeBlinkRight")
_WIDE = columns("eyeWideLeft", "eyeWideRight")

EYE_LOOK_RAD = 0.57
"""The angle of an eyeLook weight of 1: 30 to 34 degrees, as renderers draw it."""

_BEFORE_SAMPLES = max(REACH_BEFORE_SAMPLES, ACCENT_SAMPLES)


class _Manner:
    """What a style shapes. Emotions and nods go on from the manner `before`."""

    def __init__(self, seed: int, style: Style, before: _Manner | None = None) -> None:
        self.eye_motion = EyeMotion(seed, style)
        self.blinks = Blinks(seed, style)
        self.idle = Idle(seed, style)
        self.expression = Expression(seed, style.expression)
        if before is not None:
            self.expression.emotions = before.expression.emotions
            self.expression.nods = before.expression.nods


class Face:
    """A living face.

    `at` and `status` may be called from any thread, the other methods from one other thread. All
    samples are on the published timeline.

    Args:
        visemes: Asked for the events around a sample; called by `at`, on its thread.
        situations: What the agent does and who it is with.
        seed: At least 0; the same seed and the same input give the same trajectory.
        style: How lively the face is.
    """

    def __init__(
        self,
        visemes: Visemes,
        situations: Timeline[Situation],
        *,
        seed: int = 0,
        style: Style = NATURAL,
    ) -> None:
        if seed < 0:
            raise ValueError(f"seed must be at least 0, got {seed}")
        self._visemes = visemes
        self._situations = situations
        self._seed = seed
        manner = _Manner(seed, style)
        self._manners = manner, manner, 0
        """That before, that now, and since which sample."""
        self._restored: FaceState | None = None
        self._woken: int | None = None

    def express(self, sample: int, emotion: str, strength: float = 1.0) -> None:
        """Show one of `EMOTIONS`, with a strength in [0, 1], from `sample` on; it fades by itself.

        Emotions set for later are dropped.
        """
        self._manners[1].expression.emotions.set(sample, emotion, strength)

    def nod(self, sample: int) -> None:
        """Nod at `sample`, unless a nod is under way then."""
        self._manners[1].expression.nods.add(sample)

    def restyle(self, sample: int, style: Style) -> None:
        """Blend into another style from `sample` on."""
        before = self._manners[1]
        self._manners = before, _Manner(self._seed, style, before), sample

    def restore(self, face: FaceState) -> None:
        """Hold `face`, which viewers have seen before, until `wake`."""
        self._restored, self._woken = face, None

    def wake(self, sample: int) -> None:
        """Blend from the restored face, if any, into life from `sample` on."""
        self._woken = sample

    def status(self, sample: int) -> AvatarStatus:
        """Why the face at `sample` looks as it does."""
        situations = recent(self._situations, sample)
        manner = self._manners[1]
        look = manner.eye_motion.at(situations, sample)
        (event, *_) = self._visemes(sample, sample + 1)
        _, situation = situations[-1]

        def off_deg(target: Target) -> float:
            return target.off_deg(look.yaw, look.pitch)

        seen = min((situation.target, *situation.others, CAMERA), key=off_deg)
        return AvatarStatus(
            state=situation.state,
            looking_at=seen.name if off_deg(seen) < AT_TARGET_DEG else "away",
            yaw_rad=look.yaw,
            pitch_rad=look.pitch,
            viseme=event.viseme,
            expression=manner.expression.name(sample),
        )

    def at(self, sample: int) -> FaceState:
        """The face that is seen with `sample` of the published audio."""
        restored, woken = self._restored, self._woken
        if restored is None:
            return self._alive(sample)
        part = 0.0 if woken is None else ease((sample - woken) / BLEND_SAMPLES)
        alive = self._alive(sample)
        return alive if part >= 1.0 else restored.mixed(alive, part)

    def _alive(self, sample: int) -> FaceState:
        before, now, since = self._manners
        part = ease((sample - since) / BLEND_SAMPLES)
        alive = self._in(now, sample)
        return alive if part >= 1.0 else self._in(before, sample).mixed(alive, part)

    def _in(self, manner: _Manner, sample: int) -> FaceState:
        situations = recent(self._situations, sample)
        changes = agent_states(situations)
        features = mix(changes, sample, FEATURES_SAMPLES)
        posture = mix(changes, sample, POSTURE_SAMPLES)
        events = self._visemes(sample - _BEFORE_SAMPLES, sample + REACH_AFTER_SAMPLES)
        shown = manner.expression.at(features, posture, events, sample)
        look = manner.eye_motion.at(situations, sample)

        values = np.zeros(len(PARAMETERS))
        values[_BLENDSHAPES] = blend(mouth_at(events, sample), shown[_BLENDSHAPES])

        head = (shown[_HEAD] + manner.idle.head(posture, sample)).tolist()
        head[0] += look.head_yaw
        head[1] += look.head_pitch
        head = [*map(soft_limit, head, HEAD_LIMITS)]
        # The eyes compensate for every movement of the head, as human eyes do.
        gaze_yaw = soft_limit(look.yaw - head[0], GAZE_LIMIT_RAD)
        gaze_pitch = soft_limit(look.pitch - head[1], GAZE_LIMIT_RAD)
        values[_POSE] = *head, gaze_yaw, gaze_pitch
        values[_LOOK_OUT] = look.apart / EYE_LOOK_RAD

        closure = manner.blinks.closure(situations, look.shifts, sample)
        lowered, widened = lids(gaze_pitch)
        values[_BLINK] += lowered + (1.0 - lowered) * closure
        values[_WIDE] += widened * (1.0 - closure)
        return FaceState(values.astype(np.float32))
