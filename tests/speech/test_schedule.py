"""The viseme schedule: events in speech time, placed where they are published."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_plugins_avatar.audio.placement import Run
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.visemes import VISEMES, VisemeEvent

FOR_EVER = 10**9

Said = Sequence[tuple[str, int]]

said = st.lists(st.tuples(st.sampled_from(VISEMES), st.integers(1, 50)), max_size=15)
sample = st.integers(-10, 500)


def events(said: Said, start: int = 0) -> list[VisemeEvent]:
    """Visemes and their lengths in samples, one after the other."""
    out = []
    for viseme, duration in said:
        out.append(VisemeEvent(viseme, start, duration, 0.0 if viseme == "sil" else 0.5))
        start += duration
    return out


def scheduled(said: Said) -> VisemeSchedule:
    schedule = VisemeSchedule()
    for event in events(said):
        schedule.revise([event])
    return schedule


def everything(schedule: VisemeSchedule) -> list[VisemeEvent]:
    return schedule.between(-FOR_EVER, FOR_EVER)


def spoken_at(events: Sequence[VisemeEvent], sample: int) -> str:
    """The viseme at a sample; silence where none is known."""
    return next((e.viseme for e in events if e.start <= sample < e.end), "sil")


@st.composite
def runs(draw: st.DrawFn) -> list[Run]:
    """Speech published piece by piece, with gaps, some of it cut away between two pieces."""
    out: list[Run] = []
    published, speech = draw(st.integers(0, 50)), 0
    for _ in range(draw(st.integers(0, 5))):
        length = draw(st.integers(1, 120))
        out.append(Run(published, speech, length))
        published += length + draw(st.integers(0, 60))
        speech += length + draw(st.sampled_from([0, 0, 25]))
    return out


def test_the_same_viseme_goes_on() -> None:
    """It prolongs the last event, with the greatest intensity."""
    schedule = VisemeSchedule()
    schedule.revise([VisemeEvent("aa", 0, 10, 0.4)])
    schedule.revise([VisemeEvent("aa", 10, 5, 0.7)])
    schedule.revise([VisemeEvent("aa", 15, 5, 0.2)])
    assert everything(schedule) == [VisemeEvent("aa", 0, 20, 0.7)]


def test_another_viseme_is_another_event() -> None:
    """Events with different visemes are not joined."""
    assert everything(scheduled([("aa", 10), ("PP", 5)])) == events([("aa", 10), ("PP", 5)])


def test_a_gap_separates_events() -> None:
    """The same viseme after a gap is an event of its own."""
    schedule = VisemeSchedule()
    first, second = VisemeEvent("aa", 0, 10, 0.5), VisemeEvent("aa", 11, 10, 0.5)
    schedule.revise([first])
    schedule.revise([second])
    assert everything(schedule) == [first, second]


@pytest.mark.parametrize("duration", [0, -3])
def test_an_empty_event_is_refused(duration: int) -> None:
    """An event lasts at least one sample."""
    with pytest.raises(ValueError, match="at least one sample"):
        VisemeSchedule().revise([VisemeEvent("aa", 0, duration, 0.5)])


@given(said, st.integers(1, 7))
def test_pieces_leave_no_trace(said: Said, piece: int) -> None:
    """Events in pieces of any length are as if they were whole."""
    schedule = VisemeSchedule()
    for event in events(said):
        for start in range(event.start, event.end, piece):
            length = min(piece, event.end - start)
            schedule.revise([VisemeEvent(event.viseme, start, length, event.intensity)])
    assert everything(schedule) == everything(scheduled(said))


@given(said, sample)
def test_forgetting_keeps_what_has_not_ended(said: Said, played: int) -> None:
    """An event that spans the sample stays whole."""
    schedule = scheduled(said)
    before = everything(schedule)
    schedule.forget(played)
    assert everything(schedule) == [event for event in before if event.end > played]


def test_an_event_half_forgotten_may_grow() -> None:
    """It keeps its start."""
    schedule = scheduled([("PP", 10), ("aa", 10)])
    schedule.forget(15)
    schedule.revise([VisemeEvent("aa", 20, 10, 0.5)])
    assert everything(schedule) == [VisemeEvent("aa", 10, 20, 0.5)]


@given(said, st.data())
def test_between_gives_whole_events(said: Said, data: st.DataObject) -> None:
    """Those that touch a stretch, and no others."""
    schedule = scheduled(said)
    edges = sorted({-5, 0, 900, *(event.end for event in everything(schedule))})
    near = st.builds(int.__add__, st.sampled_from(edges), st.integers(-2, 2))
    start = data.draw(near)
    end = max(start + 1, data.draw(near))
    assert schedule.between(start, end) == [
        event for event in everything(schedule) if event.end > start and event.start < end
    ]


def test_the_mouth_rests_by_default() -> None:
    """Where nothing is published or recognised."""
    assert VisemeSchedule().placed([], 5, 25) == [VisemeEvent("sil", 5, 20, 0.0)]
    assert VisemeSchedule().placed([Run(0, 0, 100)], 5, 25) == [VisemeEvent("sil", 5, 20, 0.0)]


def test_speech_is_placed_in_its_run() -> None:
    """With rest on either side."""
    schedule = scheduled([("aa", 10), ("PP", 10)])
    assert schedule.placed([Run(published=100, speech=0, length=20)], 95, 125) == [
        VisemeEvent("sil", 95, 5, 0.0),
        VisemeEvent("aa", 100, 10, 0.5),
        VisemeEvent("PP", 110, 10, 0.5),
        VisemeEvent("sil", 120, 5, 0.0),
    ]


def test_a_pause_splits_a_viseme() -> None:
    """The mouth rests in the pause and then goes on."""
    schedule = scheduled([("aa", 10)])
    assert schedule.placed([Run(0, 0, 4), Run(50, 4, 6)], 0, 56) == [
        VisemeEvent("aa", 0, 4, 0.5),
        VisemeEvent("sil", 4, 46, 0.0),
        VisemeEvent("aa", 50, 6, 0.5),
    ]


def test_speech_that_was_cut_is_not_placed() -> None:
    """Speech that no run publishes is not seen."""
    schedule = scheduled([("aa", 10), ("U", 10), ("PP", 10)])
    placed = schedule.placed([Run(0, 0, 10), Run(10, 20, 10)], 0, 20)
    assert [event.viseme for event in placed] == ["aa", "PP"]


@given(said, runs(), sample, st.integers(1, 300))
def test_placed_events_follow_the_runs(
    said: Said, runs: list[Run], start: int, length: int
) -> None:
    """Without gaps, in any runs."""
    schedule = scheduled(said)
    end = start + length
    placed = schedule.placed(runs, start, end)

    assert placed[0].start == start
    assert placed[-1].end == end
    assert all(event.duration > 0 for event in placed)
    assert all(event.end == after.start for event, after in pairwise(placed))
    known = everything(schedule)
    for moment in range(start, end):
        expected = "sil"
        for run in runs:
            if run.published <= moment < run.published + run.length:
                expected = spoken_at(known, moment - run.published + run.speech)
        assert spoken_at(placed, moment) == expected


def held(schedule: VisemeSchedule, start: int, end: int) -> list[str]:
    """The viseme of each sample."""
    known = everything(schedule)
    return [spoken_at(known, sample) for sample in range(start, end)]


def test_a_revision_replaces_what_follows() -> None:
    """Everything from its start on."""
    schedule = scheduled([("aa", 10), ("PP", 5), ("U", 20)])
    assert schedule.revise(events([("O", 4), ("kk", 6)], start=12)) == 12
    assert everything(schedule) == events([("aa", 10), ("PP", 2), ("O", 4), ("kk", 6)])


def test_a_revision_may_prolong() -> None:
    """A phone that it goes on with is one event."""
    schedule = scheduled([("aa", 10), ("PP", 5)])
    schedule.revise([VisemeEvent("aa", 10, 6, 0.9)])
    assert everything(schedule) == [VisemeEvent("aa", 0, 16, 0.9)]


def test_what_was_played_stands() -> None:
    """With its intensity, whatever a revision says."""
    schedule = scheduled([("aa", 10), ("PP", 5)])
    schedule.settle(6)
    assert schedule.revise([VisemeEvent("U", 0, 8, 1.0), VisemeEvent("O", 8, 4, 1.0)]) == 6
    assert everything(schedule) == [
        VisemeEvent("aa", 0, 6, 0.5),
        VisemeEvent("U", 6, 2, 1.0),
        VisemeEvent("O", 8, 4, 1.0),
    ]
    schedule.settle(10)
    schedule.revise([VisemeEvent("O", 10, 10, 0.2)])
    assert everything(schedule)[-1] == VisemeEvent("O", 8, 12, 1.0)


def test_a_late_revision_fills_the_unknown() -> None:
    """Where nothing was known, late events are better than none."""
    schedule = scheduled([("aa", 10)])
    schedule.settle(100)
    assert schedule.revise(events([("PP", 30), ("U", 30)])) == 10
    assert everything(schedule) == events([("aa", 10), ("PP", 20), ("U", 30)])


def test_settling_never_goes_back() -> None:
    """What was settled stays settled."""
    schedule = scheduled([("aa", 20)])
    schedule.settle(10)
    schedule.settle(5)
    assert schedule.revise(events([("PP", 20)])) == 10


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [VisemeEvent("aa", 0, 0, 0.5)],
        [VisemeEvent("aa", 0, 5, 0.5), VisemeEvent("U", 6, 5, 0.5)],
    ],
    ids=["nothing", "an empty event", "a gap"],
)
def test_a_bad_revision_is_refused(wrong: list[VisemeEvent]) -> None:
    """And changes nothing."""
    schedule = scheduled([("aa", 10)])
    with pytest.raises(ValueError):
        schedule.revise(wrong)
    assert everything(schedule) == events([("aa", 10)])


@given(st.lists(st.tuples(said.filter(bool), st.integers(0, 200), st.integers(0, 200)), max_size=8))
def test_any_revisions_keep_what_was_played(
    revisions: list[tuple[Said, int, int]],
) -> None:
    """And events stay in order, without gaps."""
    schedule = VisemeSchedule()
    played = 0
    for words, back, step in revisions:
        known = everything(schedule)
        end = known[-1].end if known else 0
        before = held(schedule, 0, min(played, end))
        # A revision may reach back as far as it likes, and never leaves a gap.
        start = max(0, end - back)
        changed = schedule.revise(events(words, start))
        now = everything(schedule)
        assert changed >= min(played, end)
        assert held(schedule, 0, len(before)) == before
        assert all(one.end == after.start for one, after in pairwise(now))
        assert all(
            one.viseme != after.viseme for one, after in pairwise(now) if after.start < start
        )
        assert now[-1].end == max(events(words, start)[-1].end, changed)
        played += step
        schedule.settle(played)


@given(said.filter(bool), st.lists(st.integers(0, 400), min_size=1, max_size=8))
def test_revisions_leave_no_trace(words: Said, starts: list[int]) -> None:
    """Revised again and again, the schedule is as if written once."""
    whole = events(words)
    schedule = scheduled([("sil", 400)])
    schedule.revise(whole)
    for start in starts:
        rest = [event for event in whole if event.end > start]
        if rest:
            schedule.revise(rest)
    assert everything(schedule) == everything(scheduled(words))
