"""GazeController: what happens in the room and to the agent, told to the face.

In flow, each at a sample of the published audio, who is there and who speaks, what the agent and
its tools do, what is about to be said; the face is told what follows from it. It is all the state
between events and face that there is, knows neither rooms nor sessions, and reads no clock, so the
same events give the same face in a call, a test and an eval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..face.face import Face
from ..face.target import CAMERA, Target
from .seats import Seats, direction
from .turn_taking import TurnTaking


class GazeController:
    """Called from one thread.

    Args:
        face: What is told.
        seed: Makes reaction times.
        on_change: Called with the first sample from which on the face is another one than before.
    """

    def __init__(
        self, face: Face, *, seed: int = 0, on_change: Callable[[int], None] = lambda sample: None
    ) -> None:
        self._face = face
        self._on_change = on_change
        self._seats = Seats()
        self._turn_taking = TurnTaking(self._seats, seed=seed)
        self._agent_state = "initializing"
        self._loud: frozenset[str] = frozenset()
        self._heard: str | None = None
        self._tools: set[str] = set()

    def enter(self, sample: int, identity: str) -> None:
        """Somebody comes into the room, or comes back; agents and recorders are nobody."""
        self._turn_taking.enter(sample, identity)
        self._attend(sample)

    def leave(self, sample: int, identity: str) -> None:
        """Somebody leaves the room."""
        self._turn_taking.leave(sample, identity)
        self._attend(sample)

    def speakers(self, sample: int, identities: Iterable[str]) -> None:
        """Who is loud, as the server says."""
        self._loud = frozenset(identities)
        self._speak(sample)

    def user_speaks(self, sample: int, identity: str | None, speaks: bool) -> None:
        """The one whom the agent hears begins or ends to speak, which it knows before the server.

        Args:
            sample: When.
            identity: Who that is, as far as is known.
            speaks: Whether they speak now.
        """
        if speaks and self._agent_state == "speaking":
            self._tell(sample, self._face.interrupt(sample))
        self._turn_taking.talk_with(sample, identity)
        self._heard = identity if speaks else None
        self._speak(sample)

    def talk_with(self, sample: int, identity: str | None) -> None:
        """Whom the agent hears and answers; None where nobody says."""
        self._turn_taking.talk_with(sample, identity)
        self._attend(sample)

    def agent_state(self, sample: int, state: str) -> None:
        """The agent is in another of its states."""
        self._agent_state = state
        self._turn_taking.agent_speaks(sample, state == "speaking")
        self._tell(sample, self._face.set_agent_state(sample, state))
        self._attend(sample)

    def tool_started(self, sample: int, call: str) -> None:
        """A tool was called."""
        self._tools.add(call)
        if len(self._tools) == 1:
            self._tell(sample, self._face.set_busy(sample, True))

    def tool_ended(self, sample: int, call: str) -> None:
        """A tool has answered, failed or was given up; being told twice changes nothing."""
        if call in self._tools:
            self._tools.discard(call)
            if not self._tools:
                self._tell(sample, self._face.set_busy(sample, False))

    def speech_comes(self, sample: int) -> None:
        """Something will be said: its text, or its first sound, is there."""
        self._tell(sample, self._face.expect_speech(sample))

    def turn_ends(self, sample: int, end: int | None) -> None:
        """What is said will end at `end`; None where that is not known, or no longer."""
        self._tell(sample, self._face.end_turn(sample, end))

    def look_at(self, sample: int, target: Target | None) -> None:
        """Look there, whatever happens; None gives the eyes back."""
        self._tell(sample, self._face.look_at(sample, target))

    def place(
        self, sample: int, identity: str, yaw_rad: float | None, pitch_rad: float = 0.0
    ) -> None:
        """Let somebody sit in some direction; None takes that back.

        Raises:
            ValueError: As `seats.direction`.
        """
        self._seats.place(identity, yaw_rad, pitch_rad)
        self._attend(sample)

    def target(
        self, identity: str | None, yaw_rad: float | None, pitch_rad: float | None
    ) -> Target | None:
        """What `AvatarSession.look_at` means.

        Raises:
            ValueError: Both a person and a direction, a direction out of range, or nobody of that
                identity.
        """
        point = yaw_rad is not None or pitch_rad is not None
        if identity is None:
            return direction("point", yaw_rad or 0.0, pitch_rad or 0.0) if point else None
        if point:
            raise ValueError(f"look at {identity!r} or in a direction, not both")
        if identity == CAMERA.name:
            return CAMERA
        people = self._turn_taking.people
        if identity not in people:
            here = ", ".join(map(repr, people)) or "nobody"
            raise ValueError(f"there is no {identity!r} in the room to look at; here: {here}")
        if len(people) == 1 and not self._seats.is_placed(identity):
            return CAMERA
        return self._seats.target(identity)

    def _speak(self, sample: int) -> None:
        heard = {self._heard} if self._heard is not None else set()
        self._turn_taking.speak(sample, self._loud | heard)
        self._attend(sample)

    def _attend(self, sample: int) -> None:
        self._tell(sample, self._face.attend(sample, self._turn_taking.plan(sample)))

    def _tell(self, sample: int, changed: bool) -> None:
        if changed:
            self._on_change(sample)
