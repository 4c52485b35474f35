"""From likelihoods to events: no gaps, no flicker, nothing that depends on pieces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livekit_plugins_avatar.speech.decoder import HABITS, Decoder
from livekit_plugins_avatar.speech.hops import HOP_SAMPLES, Hops
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.visemes import VISEME_INDEX, VISEMES, VisemeEvent

LOUD_DB, QUIET_DB = -20.0, -80.0


def hops_of(visemes: Sequence[str], start: int = 0, sure: float = 0.9, cut: int = 0) -> Hops:
    """Hops in which one viseme each is that likely, the last shorter by `cut` samples."""
    likely = np.full((len(visemes), len(VISEMES)), (1 - sure) / (len(VISEMES) - 1), np.float32)
    for hop, viseme in enumerate(visemes):
        likely[hop, VISEME_INDEX[viseme]] = sure
    levels = [QUIET_DB if viseme == "sil" else LOUD_DB for viseme in visemes]
    end = start + len(visemes) * HOP_SAMPLES - cut
    return Hops(start, end, np.log(likely), np.array(levels, np.float32))


def joined(events: Sequence[VisemeEvent]) -> list[VisemeEvent]:
    schedule = VisemeSchedule()
    for event in events:
        schedule.append(event)
    return schedule.between(0, 10**12)


def shown(events: Sequence[VisemeEvent]) -> list[tuple[str, int]]:
    """Each viseme in turn, and for how many hops."""
    return [(event.viseme, event.duration // HOP_SAMPLES) for event in joined(events)]


def test_every_viseme_has_a_habit_with_a_reason() -> None:
    assert set(HABITS) == set(VISEMES)
    assert all(habit.reason for habit in HABITS.values())


def test_what_is_clear_and_long_enough_is_shown_as_it_is() -> None:
    said = ["sil"] * 20 + ["PP"] * 6 + ["aa"] * 12 + ["SS"] * 8 + ["sil"] * 30
    expected = [(viseme, len(list(hops))) for viseme, hops in groupby(said)]
    assert shown(Decoder().push(hops_of(said))) == expected


def test_a_flicker_is_not_shown() -> None:
    said = ["aa"] * 10 + ["E", "aa", "E", "O", "E"] + ["aa"] * 10
    visemes = joined(Decoder().push(hops_of(said, sure=0.35)))
    assert all(event.duration >= 2 * HOP_SAMPLES for event in visemes)


def test_nothing_is_held_for_less_than_its_habit() -> None:
    chance = np.random.default_rng(3)
    said = [VISEMES[index] for index in chance.integers(0, len(VISEMES), 400)]
    events = shown(Decoder().push(hops_of(said, sure=0.99)))
    assert len(events) > 50
    for viseme, held in events[:-1]:
        assert held >= HABITS[viseme].shortest_hops, (viseme, held)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(VISEMES), min_size=1, max_size=60), st.data())
def test_pieces_leave_no_trace(said: list[str], data: st.DataObject) -> None:
    whole = Decoder().push(hops_of(said))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(said) - 1)), max_size=8)))
    segmenter = Decoder()
    events: list[VisemeEvent] = []
    for first, last in pairwise([0, *cuts, len(said)]):
        events += segmenter.push(hops_of(said[first:last], start=first * HOP_SAMPLES))
    assert joined(events) == joined(whole)


def test_events_cover_the_hops_without_gaps_to_a_last_one_cut_short() -> None:
    events = Decoder().push(hops_of(["sil"] * 3 + ["aa"] * 9, cut=100))
    assert events[0].start == 0
    assert events[-1].end == 12 * HOP_SAMPLES - 100
    assert all(one.end == after.start for one, after in pairwise(events))


def test_no_hops_are_no_events() -> None:
    assert Decoder().push(Hops.none(0)) == []


def test_silence_has_no_intensity_and_speech_has_what_it_was_spoken_with() -> None:
    said = hops_of(["aa"] * 40 + ["sil"] * 30 + ["aa"] * 40)
    said.levels_db[70:] -= 14
    first, rest, second = joined(Decoder().push(said))
    assert (rest.viseme, rest.intensity) == ("sil", 0)
    assert first.intensity > second.intensity > 0


@pytest.mark.parametrize("gain_db", [-30.0, -10.0, 5.0])
def test_intensity_is_relative_to_the_voice(gain_db: float) -> None:
    said = hops_of(["sil"] * 5 + ["aa"] * 40)
    plain = joined(Decoder().push(said))
    said.levels_db[:] += gain_db
    other = joined(Decoder().push(said))
    assert other[-1].intensity == pytest.approx(plain[-1].intensity, abs=0.1)
