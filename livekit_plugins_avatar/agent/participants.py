"""The room: who is here and who speaks, as LiveKit reports it.

In flow a room's events, on the agent's event loop; out flow people who come, go and speak. Agents
and recorders are no people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from livekit import rtc

NOBODY = frozenset(
    {
        rtc.ParticipantKind.PARTICIPANT_KIND_AGENT,
        rtc.ParticipantKind.PARTICIPANT_KIND_EGRESS,
    }
)
"""Kinds of participants that are not looked at: agents, their workers, and recorders. Callers by
telephone, bridges and streams have somebody behind them."""

ON_BEHALF = "lk.publish_on_behalf"
"""Attribute of a participant that lends an agent its voice or face."""


class Participants:
    """Reports who is here and who speaks, from `start` to `close`.

    Args:
        room: A connected room.
        on_enter: Called with the identity of somebody who is here, or comes, or comes back.
        on_leave: Called with the identity of somebody who leaves.
        on_speakers: Called with the identities of all who speak.
    """

    def __init__(
        self,
        room: rtc.Room,
        *,
        on_enter: Callable[[str], None],
        on_leave: Callable[[str], None],
        on_speakers: Callable[[Iterable[str]], None],
    ) -> None:
        self._room = room
        self._on_enter = on_enter
        self._on_leave = on_leave
        self._on_speakers = on_speakers

    def start(self) -> None:
        """Report who is here, and from now on what changes."""
        self._room.on("participant_connected", self._entered)
        self._room.on("participant_disconnected", self._left)
        self._room.on("active_speakers_changed", self._spoke)
        for participant in self._room.remote_participants.values():
            self._entered(participant)

    def close(self) -> None:
        """Report nothing more."""
        self._room.off("participant_connected", self._entered)
        self._room.off("participant_disconnected", self._left)
        self._room.off("active_speakers_changed", self._spoke)

    def _entered(self, participant: rtc.RemoteParticipant) -> None:
        if is_person(participant):
            self._on_enter(participant.identity)

    def _left(self, participant: rtc.RemoteParticipant) -> None:
        if is_person(participant):
            self._on_leave(participant.identity)

    def _spoke(self, speakers: list[rtc.Participant]) -> None:
        self._on_speakers([speaker.identity for speaker in speakers])


def is_person(participant: rtc.Participant) -> bool:
    """Whether there is somebody to look at behind a participant."""
    return participant.kind not in NOBODY and ON_BEHALF not in participant.attributes
