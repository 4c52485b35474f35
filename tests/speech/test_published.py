"""Visemes on the published timeline."""

from __future__ import annotations

from livekit_plugins_avatar.audio.placement import FixedPlacement, Run
from livekit_plugins_avatar.speech.published import KEPT_SAMPLES, PublishedVisemes
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.visemes import VisemeEvent


def schedule_of(*visemes: str, duration: int = 10) -> VisemeSchedule:
    """Visemes one after the other, from speech sample 0."""
    schedule = VisemeSchedule()
    for n, viseme in enumerate(visemes):
        schedule.revise([VisemeEvent(viseme, n * duration, duration, 0.5)])
    return schedule


def test_speech_lies_where_it_is_published() -> None:
    """An event is moved by as much as its run is."""
    placement = FixedPlacement([Run(100, 0, 10), Run(200, 10, 10)])
    published = PublishedVisemes(schedule_of("aa", "PP"), placement)
    assert [event for event in published(95, 215) if event.viseme != "sil"] == [
        VisemeEvent("aa", 100, 10, 0.5),
        VisemeEvent("PP", 200, 10, 0.5),
    ]


def test_without_speech_the_mouth_rests() -> None:
    """Where nothing is published, one `sil` fills the time."""
    assert PublishedVisemes(schedule_of("aa"), FixedPlacement([]))(5, 25) == [
        VisemeEvent("sil", 5, 20, 0.0)
    ]


def test_what_no_frame_shows_any_more_is_dropped() -> None:
    """Looking at later speech drops the events that ended long before it, and no others."""
    schedule = schedule_of("aa", "PP", "U", duration=KEPT_SAMPLES)
    placement = FixedPlacement([Run(0, 2 * KEPT_SAMPLES, KEPT_SAMPLES)])
    PublishedVisemes(schedule, placement)(0, 10)
    kept = schedule.between(0, 3 * KEPT_SAMPLES)
    assert [event.viseme for event in kept] == ["PP", "U"]
