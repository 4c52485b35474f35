"""Observes running avatars with OpenTelemetry instruments.

Nothing is recorded on the way of a sample or a frame: when a reader collects, the instruments ask
each pipeline for what it counts anyway. Without a meter provider nothing is ever asked.

A bounded queue lies between each two stages. The bottleneck is the stage behind the fullest queue
and before the emptiest one::

    speech       empty while the agent speaks: the TTS is slow; full: it is ahead, as it should be
    recognition  grows: the recogniser does not keep up
    frames       empty: the renderer does not keep up
    source       below 0.1 s: this process is kept from running
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Protocol

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from .version import __version__

QUEUES = ("speech", "recognition", "frames", "source")
"""The queues in the order in which data passes them, each measured in seconds of media."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AvatarStats:
    """Counts since the start of an avatar; each is also the instrument `avatar.<name>`."""

    frames_shown: int = 0
    """Frame times at which the frame for exactly that sample was there; one that looks like the
    last is not captured again."""
    frames_missed: int = 0
    """Frame times at which no frame was ready: the last one stayed."""
    frames_yielded: int = 0
    """Those of the missed that were not drawn because this process has too much to do: the voice
    and other faces came first."""
    frames_unwatched: int = 0
    """Frame times at which no viewer watched, and nothing was drawn."""
    frames_skipped: int = 0
    """Frame times that passed while the publishing thread did not run."""
    frames_late: int = 0
    """Frames that were rendered too late to be shown."""
    render_failures: int = 0
    """Times that composing or rendering a frame raised."""
    push_failures: int = 0
    """Times that the audio source refused samples."""
    underrun_samples: int = 0
    """Samples of silence that the audio source made up because it was given nothing."""
    reconnections: int = 0
    """Times that the room was lost and came back."""
    samples_replayed: int = 0
    """Samples of speech that no participant had heard and that were played again."""


class Measured(Protocol):
    """What the instruments ask: a `Pipeline`."""

    @property
    def stats(self) -> AvatarStats: ...

    @property
    def queues_s(self) -> Mapping[str, float]: ...

    @property
    def frame_cost_s(self) -> float: ...


_measured: weakref.WeakKeyDictionary[Measured, Mapping[str, str]] = weakref.WeakKeyDictionary()
_made = False


def measure(pipeline: Measured, attributes: Mapping[str, str]) -> None:
    """Observe a pipeline, each time with these attributes, until `forget` or its end."""
    _make_instruments()
    _measured[pipeline] = attributes


def forget(pipeline: Measured) -> None:
    """Observe it no more."""
    _measured.pop(pipeline, None)


def _make_instruments() -> None:
    """Once a process: instruments of one name are one instrument, with a callback each."""
    global _made
    if _made:
        return
    _made = True
    meter = metrics.get_meter("livekit.plugins.avatar", __version__)
    meter.create_observable_gauge(
        "avatar.queue", [_observe_queues], unit="s", description="Media between two stages."
    )
    meter.create_observable_gauge(
        "avatar.frame.cost",
        [_observer("frame_cost_s")],
        unit="s",
        description="Time to render a frame.",
    )
    for field in fields(AvatarStats):
        meter.create_observable_counter(
            f"avatar.{field.name}",
            [_observer(f"stats.{field.name}")],
            description=f"As AvatarStats.{field.name}.",
        )


def _observe_queues(_: CallbackOptions) -> Iterable[Observation]:
    return [
        Observation(held_s, {**attributes, "queue": queue})
        for pipeline, attributes in list(_measured.items())
        for queue, held_s in pipeline.queues_s.items()
    ]


def _observer(name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
    """Observes an attribute of the pipelines; dots lead to attributes of attributes."""
    value = attrgetter(name)
    return lambda _: [
        Observation(value(pipeline), attributes) for pipeline, attributes in list(_measured.items())
    ]
