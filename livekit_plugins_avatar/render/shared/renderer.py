"""Draws a persona in the process that all jobs of this user on this machine share.

Faces go there, and pictures come back in memory that both have mapped. A call that is not answered
in time fails; the next one connects again, and starts the process if it is gone.
"""

from __future__ import annotations

import mmap
import socket
from collections.abc import Sequence

import numpy as np

from ...log import logger
from ...timeline import SystemClock, seconds
from ..engine import OPEN_LIMIT_S
from ..persona import Aspect, Device, Persona, PersonaError
from ..providers import BATCHES
from ..renderer import Frames, Moment
from .greeting import greet
from .launcher import connect
from .server import LIMIT_S
from .wire import Kind, Message, WireError, receive, send

DRAW_S = 2.0
"""A picture takes 12 ms on one CPU core; a call that takes so long has failed."""

SILENT_S = 10.0
"""A server reports four times a second while it opens a persona; on a busy machine it takes some
seconds to start."""

AGAIN_S = 5.0
"""How long a call waits for a persona that is opened again, which takes 0.5 s as a rule."""

FORGET = 0.1
"""Of the lead that a room once had, so much is forgotten in each second."""


class SharedRenderer:
    """Draws one persona in the shared process. Fits `Renderer`; needs Linux.

    On a GPU all jobs then have one model together, and their pictures are drawn in batches.

    Args:
        persona, device, threads, aspect: As for `OnnxRenderer`.

    Raises:
        ValueError: There is no such device, or not 1 to 16 threads.
        PersonaError: The persona lacks the aspect, or cannot be drawn.
        Unavailable, OSError: The process cannot be started, or does not answer.
    """

    face_only = True

    def __init__(
        self,
        persona: Persona,
        *,
        device: Device = "auto",
        threads: int = 1,
        aspect: Aspect = "square",
    ) -> None:
        if not 1 <= threads <= 16:
            raise ValueError(f"a shared renderer has 1 to 16 threads for a picture, got {threads}")
        self.size = persona.size_of(aspect)
        """Width and height in pixels."""
        self.fps = persona.fps
        """Frames a second that the persona is made for."""
        self.persona, self.batch, self.device = persona, 1, ""
        self._kind, self._threads, self._aspect = device, threads, aspect
        self._now_s = SystemClock().now_s
        self._lead_s = self._asked_s = 0.0
        self._closed = False
        self._pictures: Frames
        self._sock: socket.socket | None = None
        self._join(OPEN_LIMIT_S["cpu" if device == "cpu" else "tensorrt"])

    def render(self, moments: Sequence[Moment]) -> Frames:
        """Draw one picture per moment, in order; they are valid until the next call.

        Raises:
            RuntimeError: The renderer has been closed, or drawing failed.
            OSError: The process has ended, or did not answer in time.
        """
        if self._closed:
            raise RuntimeError("this renderer has been closed: make a new one")
        if self._sock is None:
            self._join(AGAIN_S)
        parts = [moments[at : at + self.batch] for at in range(0, len(moments), self.batch)]
        try:
            if len(parts) == 1:
                return self._draw(parts[0])
            return np.concatenate(
                [self._pictures[:0], *(self._draw(part).copy() for part in parts)]
            )
        except BaseException:
            self._leave()
            raise

    def close(self) -> None:
        """Leave the process, which ends some time after its last room; may be called again."""
        self._closed = True
        self._leave()

    def _leave(self) -> None:
        if self._sock is not None:
            self._sock.close()
        self._sock = None

    def _join(self, limit_s: float) -> None:
        """Connect, bring the persona, and wait until it is open."""
        ends_s = self._now_s() + limit_s
        for last in (False, True):
            self._sock = connect(self._kind, min(limit_s, SILENT_S))
            try:
                self._sock.settimeout(SILENT_S)
                greet(self._sock, self.persona, self._threads, self._aspect)
                self._map(self._answer(ends_s))
                return self._sock.settimeout(DRAW_S)
            except BaseException as error:
                self._leave()
                # It may just have ended, after its last room.
                if last or not isinstance(error, ConnectionError):
                    raise

    def _map(self, welcome: Message) -> None:
        shape = welcome.number, self.size[1] * 3 // 2, self.size[0]
        if welcome.kind is not Kind.WELCOME or not 1 <= welcome.number <= max(BATCHES.values()):
            raise WireError(f"{welcome.kind.name} is no answer to a persona")
        with open(welcome.files[0], "rb") as file:
            memory = mmap.mmap(file.fileno(), int(np.prod(shape)), access=mmap.ACCESS_READ)
        self._pictures = np.frombuffer(memory, np.uint8).reshape(shape)
        self.batch, self.device = welcome.number, welcome.text

    def _draw(self, moments: Sequence[Moment]) -> Frames:
        assert self._sock is not None
        faces = np.stack([moment.value.values for moment in moments])
        send(self._sock, Kind.DRAW, round(1e6 * self._due_s(moments[0])), faces.tobytes())
        drawn = self._answer(self._now_s() + DRAW_S)
        if drawn.kind is not Kind.DRAWN or drawn.number != len(moments):
            raise WireError(f"{drawn.kind.name} is no answer to {len(moments)} faces")
        self.device = drawn.text
        return self._pictures[: len(moments)]

    def _answer(self, ends_s: float) -> Message:
        assert self._sock is not None
        while (message := receive(self._sock)).kind in (Kind.LOG, Kind.OPENING):
            if message.kind is Kind.LOG:
                logger.log(message.number, "shared %s", message.text)
            if self._now_s() > ends_s:
                raise TimeoutError("the shared renderer did not finish in time")
        if message.kind is Kind.FAILED:
            raise (PersonaError if message.number else RuntimeError)(message.text)
        return message

    def _due_s(self, moment: Moment) -> float:
        """In how many seconds a frame is needed, at most `LIMIT_S`.

        A room that has all frames ready asks for the next as early as it can. How much later than
        this one asks is what it lacks.
        """
        now_s, before_s = self._now_s(), self._asked_s or self._now_s()
        lead_s = seconds(moment.start) - now_s
        known_s = self._lead_s - FORGET * (now_s - before_s) if self._asked_s else lead_s
        self._lead_s, self._asked_s = max(lead_s, known_s), now_s
        return max(0.0, LIMIT_S - (self._lead_s - lead_s))
