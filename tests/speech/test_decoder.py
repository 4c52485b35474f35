"""The decoder: no gaps, no flicker, no trace of pieces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livekit_plugins_avatar.speech.decoder import HABITS, Decoder, Hops
from livekit_plugins_avatar.speech.features import HOP_SAMPLES
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
        schedule.revise([event])
    return schedule.between(0, 10**12)


def shown(events: Sequence[VisemeEvent]) -> list[tuple[str, int]]:
    """Each viseme in turn, and for how many hops."""
    return [(event.viseme, event.duration // HOP_SAMPLES) for event in joined(events)]


def test_every_viseme_has_a_habit() -> None:
    """And each habit has a reason."""
    assert set(HABITS) == set(VISEMES)
    assert all(habit.reason for habit in HABITS.values())


def test_clear_visemes_are_kept() -> None:
    """What is clear and long enough is shown as it is."""
    spoken = ["sil"] * 20 + ["PP"] * 6 + ["aa"] * 12 + ["SS"] * 8 + ["sil"] * 30
    expected = [(viseme, len(list(hops))) for viseme, hops in groupby(spoken)]
    assert shown(Decoder().push(hops_of(spoken))) == expected


def test_a_flicker_is_not_shown() -> None:
    """Visemes that are hardly likelier, hop by hop, do not alternate."""
    spoken = ["aa"] * 10 + ["E", "aa", "E", "O", "E"] + ["aa"] * 10
    visemes = joined(Decoder().push(hops_of(spoken, sure=0.35)))
    assert all(event.duration >= 2 * HOP_SAMPLES for event in visemes)


def test_visemes_are_held() -> None:
    """No viseme is shorter than its habit."""
    chance = np.random.default_rng(3)
    spoken = [VISEMES[index] for index in chance.integers(0, len(VISEMES), 400)]
    events = shown(Decoder().push(hops_of(spoken, sure=0.99)))
    assert len(events) > 50
    for viseme, held in events[:-1]:
        assert held >= HABITS[viseme].shortest_hops, (viseme, held)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(VISEMES), min_size=1, max_size=60), st.data())
def test_pieces_leave_no_trace(spoken: list[str], data: st.DataObject) -> None:
    """Hops in pieces give what the whole gives."""
    whole = Decoder().push(hops_of(spoken))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(spoken) - 1)), max_size=8)))
    decoder = Decoder()
    events: list[VisemeEvent] = []
    for first, last in pairwise([0, *cuts, len(spoken)]):
        events += decoder.push(hops_of(spoken[first:last], start=first * HOP_SAMPLES))
    assert joined(events) == joined(whole)


def test_events_cover_the_hops() -> None:
    """Without gaps, to a last hop that is cut short."""
    events = Decoder().push(hops_of(["sil"] * 3 + ["aa"] * 9, cut=100))
    assert events[0].start == 0
    assert events[-1].end == 12 * HOP_SAMPLES - 100
    assert all(one.end == after.start for one, after in pairwise(events))


def test_no_hops_are_no_events() -> None:
    """An empty piece decides nothing."""
    no_hops = Hops(0, 0, np.zeros((0, len(VISEMES)), np.float32), np.zeros(0, np.float32))
    assert Decoder().push(no_hops) == []


def test_intensity_follows_the_voice() -> None:
    """Softer speech is less intense, silence not at all."""
    spoken = hops_of(["aa"] * 40 + ["sil"] * 30 + ["aa"] * 40)
    spoken.levels_db[70:] -= 14
    first, rest, second = joined(Decoder().push(spoken))
    assert (rest.viseme, rest.intensity) == ("sil", 0)
    assert first.intensity > second.intensity > 0


@pytest.mark.parametrize("gain_db", [-30.0, -10.0, 5.0])
def test_intensity_is_relative(gain_db: float) -> None:
    """Gain changes no intensity."""
    spoken = hops_of(["sil"] * 5 + ["aa"] * 40)
    plain = joined(Decoder().push(spoken))
    spoken.levels_db[:] += gain_db
    other = joined(Decoder().push(spoken))
    assert other[-1].intensity == pytest.approx(plain[-1].intensity, abs=0.1)
