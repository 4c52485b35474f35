"""What an agent tells the face of a worker besides speech: calls by name, each checked.

The agent's side keeps what still holds, so that a worker that takes over learns it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..emotion.tags import emotion_named
from ..face.emotions import EMOTIONS
from ..face.situation import AGENT_STATES, AWAY, Target
from ..gaze.seats import Seats, asked_target
from .protocol import LONGEST_TEXT, ProtocolError

Check = Callable[[Any], bool]

MOST_NAMES = 500


def _name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 500


def _optional_name(value: Any) -> bool:
    return value is None or _name(value)


def _names(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_NAMES and all(map(_name, value))


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def _optional_number(value: Any) -> bool:
    return value is None or _number(value)


def _state(value: Any) -> bool:
    return value in AGENT_STATES


CALLS: Mapping[str, tuple[Check, ...]] = {
    "participant_joined": (_name,),
    "participant_left": (_name,),
    "active_speakers": (_names,),
    "user_speaking": (_optional_name, _flag),
    "linked_participant": (_optional_name,),
    "agent_state": (_state,),
    "tool_started": (_name,),
    "tool_ended": (_name,),
    "speech_expected": (),
    "look_at": (_name, _number, _number),
    "look_away": (),
    "release": (),
    "set_seat": (_name, _optional_number, _number),
    "hide": (_flag,),
    "express": (_name, _number),
    "user_transcribed": (_text, _flag, _optional_name),
    "tools_executed": (_flag,),
    "push_text": (_text,),
    "end_text": (),
}
"""The names of all calls, and what each argument must be."""


def check(name: Any, args: Any) -> None:
    """Raises a ProtocolError unless it is a call."""
    checks = CALLS.get(name) if isinstance(name, str) else None
    if checks is None:
        raise ProtocolError(f"there is no call {str(name)[:40]!r}")
    if not isinstance(args, list) or len(args) != len(checks):
        raise ProtocolError(f"{name} takes {len(checks)} arguments")
    for at, (fits, value) in enumerate(zip(checks, args, strict=True)):
        if not fits(value):
            raise ProtocolError(f"{name}: argument {at} is {str(value)[:40]!r}")


@dataclass(slots=True)
class _Known:
    """What still holds, for a worker that takes over."""

    participants: dict[str, None]
    seats: dict[str, tuple[float, float]]
    tools: dict[str, None]
    speakers: tuple[str, ...] = ()
    linked: str | None = None
    state: str = "initializing"
    override: tuple[str, tuple[Any, ...]] | None = None
    hidden: bool = False


class Caller:
    """The agent's side: fits `agent.conversation.Gaze` and `Emotion`, and takes the agent's text.

    `tell` is called with the name and the arguments of each call.
    """

    def __init__(self, tell: Callable[[str, Sequence[Any]], None]) -> None:
        self._tell = tell
        self._known = _Known({}, {}, {})

    def told(self) -> list[list[Any]]:
        """The calls that bring a new worker to where this conversation is."""
        known = self._known
        calls: list[list[Any]] = [["participant_joined", [each]] for each in known.participants]
        calls += [["set_seat", [name, *at]] for name, at in known.seats.items()]
        calls.append(["linked_participant", [known.linked]])
        calls.append(["active_speakers", [list(known.speakers)]])
        calls.append(["agent_state", [known.state]])
        calls += [["tool_started", [each]] for each in known.tools]
        if known.hidden:
            calls.append(["hide", [True]])
        if known.override is not None:
            name, args = known.override
            calls.append([name, list(args)])
        return calls

    def participant_joined(self, _sample: int, identity: str) -> None:
        self._known.participants[identity] = None
        self._tell("participant_joined", [identity])

    def participant_left(self, _sample: int, identity: str) -> None:
        self._known.participants.pop(identity, None)
        self._tell("participant_left", [identity])

    def active_speakers(self, _sample: int, identities: Iterable[str]) -> None:
        self._known.speakers = tuple(identities)[:MOST_NAMES]
        self._tell("active_speakers", [list(self._known.speakers)])

    def user_speaking(self, _sample: int, identity: str | None, speaking: bool) -> None:
        self._tell("user_speaking", [identity, speaking])

    def linked_participant(self, _sample: int, identity: str | None) -> None:
        if identity != self._known.linked:
            self._known.linked = identity
            self._tell("linked_participant", [identity])

    def agent_state(self, _sample: int, state: str) -> None:
        self._known.state = state
        self._tell("agent_state", [state])

    def tool_started(self, _sample: int, call_id: str) -> None:
        self._known.tools[call_id] = None
        self._tell("tool_started", [call_id])

    def tool_ended(self, _sample: int, call_id: str) -> None:
        if call_id in self._known.tools:
            del self._known.tools[call_id]
            self._tell("tool_ended", [call_id])

    def speech_expected(self, _sample: int) -> None:
        self._tell("speech_expected", [])

    def look_at(self, _sample: int, target: Target) -> None:
        self._override("look_at", target.name, target.yaw_rad, target.pitch_rad)

    def look_away(self, _sample: int) -> None:
        self._override("look_away")

    def _override(self, name: str, *args: Any) -> None:
        self._known.override = (name, args)
        self._tell(name, args)

    def release(self, _sample: int) -> None:
        self._known.override = None
        self._tell("release", [])

    def set_seat(
        self, _sample: int, identity: str, yaw_rad: float | None, pitch_rad: float = 0.0
    ) -> None:
        Seats().set_seat(identity, yaw_rad, pitch_rad)
        if yaw_rad is None:
            self._known.seats.pop(identity, None)
        else:
            self._known.seats[identity] = (yaw_rad, pitch_rad)
        self._tell("set_seat", [identity, yaw_rad, pitch_rad])

    def target_of(
        self, identity: str | None, yaw_rad: float | None, pitch_rad: float | None
    ) -> Target:
        """As `GazeController.target_of`; where a participant sits the worker knows."""
        return asked_target(identity, yaw_rad, pitch_rad, self._known.participants)

    def hide(self, hidden: bool) -> None:
        """Hide the face, or show it."""
        self._known.hidden = hidden
        self._tell("hide", [hidden])

    def express(self, emotion: str, strength: float) -> None:
        """Show one of `EMOTIONS` from now on."""
        if not 0.0 <= strength <= 1.0:
            raise ValueError(f"strength lies between 0 and 1, got {strength!r}")
        if emotion not in EMOTIONS:
            raise ValueError(f"emotion is one of {', '.join(EMOTIONS)}, got {emotion!r}")
        self._tell("express", [emotion, strength])

    def push_text(self, text: str) -> None:
        for first in range(0, len(text), LONGEST_TEXT):
            self._tell("push_text", [text[first : first + LONGEST_TEXT]])

    def end_text(self) -> None:
        self._tell("end_text", [])

    @property
    def emotion(self) -> EmotionCaller:
        """The part that fits `agent.conversation.Emotion`."""
        return EmotionCaller(self._tell)


class EmotionCaller:
    """The part of a `Caller` that follows what is heard; what gaze is told too is left out."""

    def __init__(self, tell: Callable[[str, Sequence[Any]], None]) -> None:
        self._tell = tell

    def agent_state(self, _state: str) -> None:
        """Left out: the worker tells both of one `agent_state`."""

    def user_speaking(self, _speaking: bool) -> None:
        """Left out: the worker tells both of one `user_speaking`."""

    def playback_finished(self, _interrupted: bool) -> None:
        """Left out: the worker knows first."""

    def user_transcribed(self, text: str, *, final: bool, language: str | None = None) -> None:
        self._tell("user_transcribed", [text[:LONGEST_TEXT], final, language or None])

    def tools_executed(self, failed: bool) -> None:
        self._tell("tools_executed", [failed])


class Face(Protocol):
    """What calls end at besides gaze and emotion: a `pipeline.Pipeline`."""

    def express(self, sample: int, emotion: str, strength: float) -> None: ...

    def hide(self, hidden: bool) -> None: ...


class Callee:
    """The worker's side: passes checked calls on.

    `gaze` and `emotion` are the controllers, `texts` take the agent's text.
    """

    def __init__(
        self, gaze: Any, emotion: Any, texts: Sequence[Any], face: Face, now: Callable[[], int]
    ) -> None:
        self._gaze, self._emotion, self._texts = gaze, emotion, texts
        self._face, self._now = face, now

    def call(self, name: str, args: list[Any]) -> None:
        """Do what was called; raises a ProtocolError, or a ValueError of the one who was called."""
        check(name, args)
        own = getattr(self, f"_{name}", None)
        if own is not None:
            own(*args)
        elif name in ("push_text", "end_text"):
            for each in self._texts:
                getattr(each, name)(*args)
        else:
            getattr(self._gaze, name)(self._now(), *args)

    def _agent_state(self, state: str) -> None:
        self._gaze.agent_state(self._now(), state)
        self._emotion.agent_state(state)

    def _user_speaking(self, identity: str | None, speaking: bool) -> None:
        self._gaze.user_speaking(self._now(), identity, speaking)
        self._emotion.user_speaking(speaking)

    def _look_at(self, name: str, yaw_rad: float, pitch_rad: float) -> None:
        if name == AWAY.name:
            return self._gaze.look_away(self._now())  # type: ignore[no-any-return]
        at = (None, yaw_rad, pitch_rad) if name == "point" else (name, None, None)
        self._gaze.look_at(self._now(), self._gaze.target_of(*at))

    def _express(self, emotion: str, strength: float) -> None:
        self._face.express(self._now(), emotion_named(emotion), strength)

    def _hide(self, hidden: bool) -> None:
        self._face.hide(hidden)

    def _user_transcribed(self, text: str, final: bool, language: str | None) -> None:
        self._emotion.user_transcribed(text, final=final, language=language)

    def _tools_executed(self, failed: bool) -> None:
        self._emotion.tools_executed(failed)
