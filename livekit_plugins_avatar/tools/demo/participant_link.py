"""Links the agent session to the participant who speaks.

A LiveKit agent session hears one participant: by itself the first who joined, and it ends when that
participant leaves. `ParticipantLink` moves the link to another participant who speaks while the
linked one is silent. Speech before the move is not heard: the server needs about half a second to
report an active speaker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession

from ...agent.participants import is_person


def choose(present: Sequence[str], speaking: Sequence[str], linked: str | None) -> str | None:
    """The participant to link next.

    Args:
        present: Identities of the people in the room, in the order in which they joined.
        speaking: Identities of the active speakers, the loudest first.
        linked: Identity of the linked participant.

    Returns:
        `linked` while that participant is present and speaks, or no other person does; else the
        loudest person, or the first who joined; None in an empty room.
    """
    people = [identity for identity in speaking if identity in present]
    if linked in present and (linked in people or not people):
        return linked
    return next(iter([*people, *present]), None)


class ParticipantLink:
    """Keeps a session linked to the person who speaks.

    Args:
        session: Not yet started, so that this object learns first that the linked participant has
            left, and the session goes on while another person is present.
        room: The session's room.
    """

    def __init__(self, session: AgentSession[Any], room: rtc.Room) -> None:
        self._session = session
        self._room = room
        room.on("active_speakers_changed", self._speakers_changed)
        room.on("participant_connected", self._participants_changed)
        room.on("participant_disconnected", self._participants_changed)

    @property
    def linked(self) -> str | None:
        """Identity of the linked participant; None before there is one."""
        try:
            linked = self._session.room_io.linked_participant
        except RuntimeError:
            return None  # The session has not started, or is over.
        return linked.identity if linked is not None else None

    def update(self, speaking: Sequence[str] = ()) -> None:
        """Link the participant that `choose` names."""
        people = filter(is_person, self._room.remote_participants.values())
        linked = self.linked
        wanted = choose([person.identity for person in people], speaking, linked)
        # The session links its first participant by itself.
        if linked is not None and wanted is not None and wanted != linked:
            self._session.room_io.set_participant(wanted)

    def _speakers_changed(self, speakers: Sequence[rtc.Participant]) -> None:
        self.update([speaker.identity for speaker in speakers])

    def _participants_changed(self, _: rtc.RemoteParticipant) -> None:
        self.update()
