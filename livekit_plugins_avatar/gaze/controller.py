"""Turns what happens in the room and to the agent into where the face looks."""

from __future__ import annotations

from collections.abc import Iterable

from ..face.situation import AWAY, CAMERA, Target
from .attention import Attention
from .seats import Seats, asked_target
from .turn_taking import TurnTaking


class GazeController:
    """Tells `attention` what follows from each event; called from one thread.

    Each method takes the sample of the published timeline from which the event counts.
    """

    def __init__(self, attention: Attention, *, seed: int = 0) -> None:
        self._attention = attention
        self._seats = Seats()
        self._turn_taking = TurnTaking(self._seats, attention.agent_speaks, seed=seed)
        self._tool_calls: set[str] = set()

    def participant_joined(self, sample: int, identity: str) -> None:
        """A person joins the room, or joins again."""
        self._turn_taking.participant_joined(sample, identity)
        self._focus(sample)

    def participant_left(self, sample: int, identity: str) -> None:
        """A participant leaves the room."""
        self._turn_taking.participant_left(sample, identity)
        self._focus(sample)

    def active_speakers(self, sample: int, identities: Iterable[str]) -> None:
        """The server reports which participants are loud."""
        self._turn_taking.active_speakers(sample, identities)
        self._focus(sample)

    def user_speaking(self, sample: int, identity: str | None, speaking: bool) -> None:
        """The agent hears its user, if known by `identity`, begin or stop to speak."""
        if speaking and self._attention.agent_speaks(sample):
            self._attention.interrupt(sample)
        self._turn_taking.user_speaking(sample, identity, speaking)
        self._focus(sample)

    def linked_participant(self, sample: int, identity: str | None) -> None:
        """The agent hears and answers this participant; None if that is unknown."""
        self._turn_taking.linked_participant(sample, identity)
        self._focus(sample)

    def agent_state(self, sample: int, state: str) -> None:
        """The agent enters a state."""
        spoke = self._attention.agent_speaks(sample)
        self._attention.set_agent_state(sample, state)
        if self._attention.agent_speaks(sample) != spoke:
            self._turn_taking.agent_turn_changed(sample)
        self._focus(sample)

    def tool_started(self, sample: int, call_id: str) -> None:
        """A tool call starts."""
        self._tool_calls.add(call_id)
        if len(self._tool_calls) == 1:
            self._attention.set_tool_running(sample, True)

    def tool_ended(self, sample: int, call_id: str) -> None:
        """A tool call has returned, failed or been cancelled; unknown calls are ignored."""
        if call_id in self._tool_calls:
            self._tool_calls.remove(call_id)
            if not self._tool_calls:
                self._attention.set_tool_running(sample, False)

    def speech_expected(self, sample: int) -> None:
        """The agent will speak: its text, or its first audio, has arrived."""
        self._attention.expect_speech(sample)

    def turn_end_planned(self, sample: int, end: int | None) -> None:
        """The agent's speech will end at `end`; None if that is unknown."""
        self._attention.plan_turn_end(sample, end)

    def look_at(self, sample: int, target: Target) -> None:
        """Look at `target` until `release`, whatever happens."""
        self._attention.override(sample, target)

    def look_away(self, sample: int) -> None:
        """Look at no participant until `release`."""
        self._attention.override(sample, AWAY)

    def release(self, sample: int) -> None:
        """End `look_at` or `look_away`: the conversation decides again."""
        self._attention.override(sample, None)

    def set_seat(
        self, sample: int, identity: str, yaw_rad: float | None, pitch_rad: float = 0.0
    ) -> None:
        """Seat a participant in a direction, now or on joining; None takes that back."""
        self._seats.set_seat(identity, yaw_rad, pitch_rad)
        self._focus(sample)

    def target_of(
        self, identity: str | None, yaw_rad: float | None, pitch_rad: float | None
    ) -> Target:
        """What the arguments of `AvatarSession.look_at` mean; ValueError if they mean nothing."""
        present = self._turn_taking.participants
        target = asked_target(identity, yaw_rad, pitch_rad, present)
        if identity is None or target == CAMERA:
            return target
        return self._seats.target(identity, alone=len(present) == 1)

    def _focus(self, sample: int) -> None:
        self._attention.set_focus(sample, self._turn_taking.plan(sample))
