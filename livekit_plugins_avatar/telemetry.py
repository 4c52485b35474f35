"""What is measured while a call goes on: OpenTelemetry instruments.

In flow the states and counts that the parts keep anyway; out flow observations, whenever a reader
collects. Nothing is recorded on the way of a sample or a frame: an instrument asks, nobody tells.
Where the application has set up no meter provider, nothing is ever asked.

Between each two stages lies a bounded queue, and the fullest before and the emptiest behind name
the bottleneck::

    speech   empty while the agent speaks: the TTS; full: it is ahead, as it should be
    hearing  grows: the recogniser does not keep up
    frames   empty: the renderer does not keep up
    source   below a tenth of a second: this process is kept from running
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from .version import __version__

QUEUES = {
    "speech": "Speech that waits to be published.",
    "hearing": "Speech that waits to be heard by the recogniser.",
    "frames": "Pictures drawn ahead.",
    "source": "What the audio source holds.",
}
"""The queues, in the order in which the data passes them; each measured in seconds of media."""

COUNTS = {
    "frames_shown": "Frames captured for exactly their sample.",
    "frames_missed": "Frame times at which no frame was there.",
    "frames_skipped": "Frame times that passed while the conductor did not run.",
    "frames_late": "Frames that were drawn and came too late.",
    "render_failures": "Times that the renderer raised.",
    "push_failures": "Times that the audio source refused samples.",
    "underrun_samples": "Samples of silence that the audio source made up.",
    "reconnections": "Times that the room went away and came back.",
    "samples_replayed": "Samples of speech that nobody had heard, taken up again.",
}
"""What is counted since the start of a session, by its name in `AvatarSession.stats`."""


class Measured(Protocol):
    """What can be asked: an `AvatarSession`."""

    @property
    def stats(self) -> Mapping[str, int]: ...

    @property
    def queues_s(self) -> Mapping[str, float]: ...

    @property
    def frame_cost_s(self) -> float: ...


_measured: weakref.WeakKeyDictionary[Measured, Mapping[str, str]] = weakref.WeakKeyDictionary()
_made = False


def measure(session: Measured, attributes: Mapping[str, str]) -> None:
    """Let the instruments ask `session` from now on, until `forget` or its end.

    Args:
        session: Held weakly.
        attributes: Go with each of its observations.
    """
    _make_instruments()
    _measured[session] = dict(attributes)


def forget(session: Measured) -> None:
    """Ask it no more."""
    _measured.pop(session, None)


def _make_instruments() -> None:
    """Once a process: instruments of one name are one instrument, with a callback each."""
    global _made
    if _made:
        return
    _made = True
    meter = metrics.get_meter("livekit.plugins.avatar", __version__)
    meter.create_observable_gauge(
        "avatar.queue", [_asked(_queues)], unit="s", description="What waits between two stages."
    )
    meter.create_observable_gauge(
        "avatar.frame.cost", [_asked(_cost)], unit="s", description="How long a frame takes."
    )
    for name, description in COUNTS.items():
        meter.create_observable_counter(
            f"avatar.{name}", [_asked(_count(name))], description=description
        )


Asked = Callable[[Measured], Iterable[tuple[float, Mapping[str, str]]]]


def _asked(ask: Asked) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(value, {**attributes, **more})
            for session, attributes in list(_measured.items())
            for value, more in ask(session)
        ]

    return observe


def _queues(session: Measured) -> Iterable[tuple[float, Mapping[str, str]]]:
    return [(held_s, {"queue": name}) for name, held_s in session.queues_s.items()]


def _cost(session: Measured) -> Iterable[tuple[float, Mapping[str, str]]]:
    return [(session.frame_cost_s, {})]


def _count(name: str) -> Asked:
    return lambda session: [(session.stats[name], {})] if name in session.stats else []
