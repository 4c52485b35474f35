"""Articulation: lips that close, rest, anticipate and never jump."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livekit_plugins_avatar.face.articulation import (
    REACH_AFTER_SAMPLES,
    REACH_BEFORE_SAMPLES,
    mouth_at,
)
from livekit_plugins_avatar.face.mouth_shapes import MOUTH_AXES, MOUTH_SHAPES, PARTS
from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, INDEX
from livekit_plugins_avatar.speech.visemes import VISEMES, VisemeEvent
from livekit_plugins_avatar.timeline import samples

MARGIN_S = 0.3
FASTEST_PER_MS = 0.04
"""A full stroke of an axis takes 25 ms at least: faster lips would be seen as a jump."""

LARGEST_TURN_PER_MS = 0.003
"""Change of speed within a quarter of a millisecond: a corner in the path would show as more."""

Spoken = Sequence[tuple[str, float]]

spoken = st.lists(
    st.tuples(
        st.sampled_from(VISEMES),
        st.one_of(st.just(1 / 48_000), st.floats(0.01, 0.25)),
    ),
    min_size=1,
    max_size=12,
)


def schedule(spoken: Spoken, *, intensity: float = 0.8, shift: int = 0) -> list[VisemeEvent]:
    """Visemes and their lengths in seconds, from sample 0 on, between two silences."""
    events = [VisemeEvent("sil", shift - samples(MARGIN_S), samples(MARGIN_S), 0.0)]
    for viseme, duration_s in [*spoken, ("sil", 2 * MARGIN_S)]:
        strength = 0.0 if viseme == "sil" else intensity
        events.append(VisemeEvent(viseme, events[-1].end, samples(duration_s), strength))
    return events


def axis(mouth: NDArray[np.float32], name: str) -> float:
    return float(mouth[INDEX[name]])


def end_of_speech(events: Sequence[VisemeEvent]) -> int:
    return events[-1].start


def moments(events: Sequence[VisemeEvent], step: int) -> range:
    return range(-REACH_AFTER_SAMPLES, end_of_speech(events) + REACH_BEFORE_SAMPLES + 1, step)


def test_every_viseme_has_a_row() -> None:
    """Each row has a reason, and names only axes and parts that exist."""
    assert set(MOUTH_SHAPES) == set(VISEMES)
    for row in MOUTH_SHAPES.values():
        assert row.reason
        assert set(row.shape) <= set(MOUTH_AXES)
        assert set(row.holds) <= set(PARTS)
        assert all(hold > 0 for hold in row.holds.values())


def test_the_reach_is_bounded() -> None:
    """Events up to 100 ms past and 300 ms ahead shape the mouth."""
    assert 0 < REACH_BEFORE_SAMPLES <= samples(0.1)
    assert 0 < REACH_AFTER_SAMPLES <= samples(0.3)


def test_silence_is_the_resting_mouth() -> None:
    """In silence all weights are exactly 0."""
    assert not mouth_at(schedule([]), 0).any()


@pytest.mark.parametrize("around", ["aa", "O", "I", "SS", "nn", "sil", "FF"])
@pytest.mark.parametrize("duration_s", [0.03, 0.06, 0.15])
def test_lips_meet_at_the_centre_of_a_closure(around: str, duration_s: float) -> None:
    """p, b and m close the lips, however short they are and whatever is around them."""
    for spoken in (
        [(around, 0.03), ("PP", duration_s), (around, 0.03)],
        [(around, 0.2), ("PP", duration_s), (around, 0.2)],
    ):
        events = schedule(spoken, intensity=1.0)
        mouth = mouth_at(events, events[2].start + events[2].duration // 2)
        assert axis(mouth, "mouthClose") == pytest.approx(axis(mouth, "jawOpen"), abs=1e-6)
        assert axis(mouth, "jawOpen") < 0.35
        for opening in ("mouthLowerDownLeft", "mouthUpperUpRight", "mouthFunnel"):
            assert axis(mouth, opening) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("around", ["aa", "O", "I", "PP"])
def test_the_lower_lip_reaches_the_teeth(around: str) -> None:
    """f and v leave a small gap and turn the lower lip in."""
    events = schedule([(around, 0.08), ("FF", 0.05), (around, 0.08)], intensity=1.0)
    mouth = mouth_at(events, events[2].start + events[2].duration // 2)
    aperture = axis(mouth, "jawOpen") - axis(mouth, "mouthClose")
    assert aperture < 0.12
    assert axis(mouth, "mouthLowerDownLeft") == pytest.approx(0, abs=1e-6)
    if around != "PP":
        assert axis(mouth, "mouthRollLower") > 0.5


def test_a_whispered_closure_is_firm() -> None:
    """Intensity makes no difference to whether lips meet."""
    for intensity in (0.0, 1.0):
        events = schedule([("aa", 0.1), ("PP", 0.04), ("aa", 0.1)], intensity=intensity)
        mouth = mouth_at(events, samples(0.12))
        assert axis(mouth, "mouthClose") == pytest.approx(axis(mouth, "jawOpen"), abs=1e-6)


@pytest.mark.parametrize("vowel", ["aa", "E", "I", "O", "U"])
def test_louder_speech_opens_the_mouth_wider(vowel: str) -> None:
    """The jaw of each vowel opens further with each step of intensity."""
    opened = [
        axis(mouth_at(schedule([(vowel, 0.3)], intensity=intensity), samples(0.15)), "jawOpen")
        for intensity in (0.0, 0.3, 0.6, 1.0)
    ]
    assert opened[0] > 0
    assert opened == sorted(set(opened))


def test_vowels_look_different() -> None:
    """Vowels differ in jaw, rounding and spreading."""

    def held(vowel: str) -> NDArray[np.float32]:
        return mouth_at(schedule([(vowel, 0.4)]), samples(0.2))

    jaws = [axis(held(vowel), "jawOpen") for vowel in ("aa", "E", "I")]
    assert jaws == sorted(jaws, reverse=True)
    assert axis(held("U"), "mouthPucker") > 0.5 > axis(held("I"), "mouthPucker")
    assert axis(held("I"), "mouthStretchLeft") > 0.2 > axis(held("U"), "mouthStretchLeft")


def test_the_tongue_shows_in_th_alone() -> None:
    """th shows the tongue, t and d do not."""
    assert axis(mouth_at(schedule([("aa", 0.1), ("TH", 0.08)]), samples(0.14)), "tongueOut") > 0.2
    assert axis(mouth_at(schedule([("aa", 0.1), ("DD", 0.08)]), samples(0.14)), "tongueOut") == 0


def test_rounding_precedes_its_sound() -> None:
    """Lips round through the consonant before the vowel, from 120 ms on."""
    onset = samples(0.2 + 0.07)
    events = schedule([("aa", 0.2), ("DD", 0.07), ("U", 0.15)])
    early = axis(mouth_at(events, onset - samples(0.06)), "mouthPucker")
    held = axis(mouth_at(events, onset + samples(0.08)), "mouthPucker")
    assert early > 0.25 * held
    assert axis(mouth_at(events, onset - samples(0.121)), "mouthPucker") == 0


def test_lips_move_before_a_closure() -> None:
    """Lips are closing 60 ms before a closure and have met when it sounds."""
    events = schedule([("aa", 0.2), ("PP", 0.08), ("aa", 0.2)])

    def closed(sample: int) -> float:
        mouth = mouth_at(events, sample)
        return axis(mouth, "mouthClose") / axis(mouth, "jawOpen")

    assert 0 < closed(samples(0.14)) < 1
    assert closed(samples(0.2)) == pytest.approx(1, abs=1e-6)
    assert closed(samples(0.1)) == 0


def test_tongue_consonants_leave_the_lips_alone() -> None:
    """Lips stay round through k, n and d between round vowels."""
    for hidden in ("kk", "nn", "DD"):
        mouth = mouth_at(schedule([("U", 0.15), (hidden, 0.06), ("U", 0.15)]), samples(0.18))
        assert axis(mouth, "mouthPucker") > 0.5


@given(spoken, st.floats(0, 1))
def test_weights_stay_in_range(spoken: Spoken, intensity: float) -> None:
    """Whatever is spoken, weights lie in [0, 1] and lips never pass through each other."""
    events = schedule(spoken, intensity=intensity)
    for sample in moments(events, 960):
        mouth = mouth_at(events, sample)
        assert mouth.shape == (len(ARKIT_BLENDSHAPES),)
        assert mouth.dtype == np.float32
        assert (mouth >= 0).all() and (mouth <= 1).all()
        assert axis(mouth, "mouthClose") <= axis(mouth, "jawOpen")


@settings(max_examples=15)
@given(spoken)
def test_the_mouth_never_jumps(spoken: Spoken) -> None:
    """No axis makes a full stroke in less than 25 ms."""
    events = schedule(spoken, intensity=1.0)
    path = np.array([mouth_at(events, sample) for sample in moments(events, samples(0.001))])
    assert np.abs(np.diff(path, axis=0)).max() < FASTEST_PER_MS


@pytest.mark.parametrize("viseme", VISEMES)
@pytest.mark.parametrize("duration_s", [0.03, 0.1, 0.3])
def test_the_speed_of_the_mouth_never_jumps(viseme: str, duration_s: float) -> None:
    """The path of each axis has no corner."""
    events = schedule([("aa", 0.15), (viseme, duration_s), ("aa", 0.15)], intensity=1.0)
    path = np.array([mouth_at(events, sample) for sample in moments(events, 12)], np.float64)
    speed_per_ms = np.diff(path, axis=0) * 4
    assert np.abs(np.diff(speed_per_ms, axis=0)).max() < LARGEST_TURN_PER_MS


@settings(max_examples=30)
@given(spoken, st.integers(1, 400))
def test_an_interrupted_mouth_closes(spoken: Spoken, cut_ms: int) -> None:
    """Wherever speech is cut, the mouth is closed 100 ms later and has not opened again."""
    whole = schedule(spoken)
    cut = min(samples(cut_ms / 1000), end_of_speech(whole))
    kept = [event for event in whole if event.start < cut]
    last = kept.pop()
    kept.append(VisemeEvent(last.viseme, last.start, cut - last.start, last.intensity))
    kept.append(VisemeEvent("sil", cut, samples(MARGIN_S), 0.0))
    assert not mouth_at(kept, cut + samples(0.1)).any()
    aperture = [
        axis(mouth, "jawOpen") - axis(mouth, "mouthClose")
        for mouth in (mouth_at(kept, cut + step) for step in range(0, samples(0.1), 240))
    ]
    assert max(aperture) <= max(0.0, aperture[0]) + 0.15


@settings(max_examples=30)
@given(spoken, st.integers(-(10**12), 10**12))
def test_time_has_no_origin(spoken: Spoken, shift: int) -> None:
    """Shifting all events and the moment changes nothing."""
    here, there = schedule(spoken), schedule(spoken, shift=shift)
    sample = end_of_speech(here) // 2
    assert np.array_equal(mouth_at(here, sample), mouth_at(there, sample + shift))


@settings(max_examples=30)
@given(spoken, spoken, spoken)
def test_events_out_of_reach_have_no_influence(now: Spoken, before: Spoken, after: Spoken) -> None:
    """Only the events within reach shape the mouth."""
    now = [*now, ("aa", 0.3)]
    alone = schedule(now)
    sample = samples(sum(duration_s for _, duration_s in now) / 2)
    first, last = sample - REACH_BEFORE_SAMPLES, sample + REACH_AFTER_SAMPLES
    seen: list[VisemeEvent] = []
    for event in alone:
        start, end = max(event.start, first), min(event.end, last)
        if start < end:
            seen.append(VisemeEvent(event.viseme, start, end - start, event.intensity))
    past = [
        VisemeEvent(event.viseme, event.start - before_end + first, event.duration, 1.0)
        for events in [schedule(before)]
        for before_end in [events[-1].end]
        for event in events
    ]
    future = [
        VisemeEvent(event.viseme, event.start + samples(MARGIN_S) + last, event.duration, 1.0)
        for event in schedule(after)
    ]
    expected = mouth_at(alone, sample)
    np.testing.assert_allclose(mouth_at(seen, sample), expected, atol=1e-6)
    np.testing.assert_allclose(mouth_at(past + seen + future, sample), expected, atol=1e-6)


@settings(max_examples=30)
@given(spoken, st.integers(2, 5))
def test_pieces_look_like_the_whole(spoken: Spoken, pieces: int) -> None:
    """Cutting an event into equal ones changes nothing."""
    whole = schedule(spoken)
    cut = [
        VisemeEvent(event.viseme, start, min(step, event.end - start), event.intensity)
        for event in whole
        for step in [-(-event.duration // pieces)]
        for start in range(event.start, event.end, step)
    ]
    for sample in moments(whole, 4800):
        np.testing.assert_allclose(mouth_at(cut, sample), mouth_at(whole, sample), atol=1e-5)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [VisemeEvent("sil", 0, samples(0.5), 0.0)],
        [
            VisemeEvent("aa", -samples(0.5), samples(0.5), 1.0),
            VisemeEvent("sil", 10, samples(0.5), 0.0),
        ],
    ],
    ids=["nothing", "starts too late", "has a gap"],
)
def test_missing_events_are_refused(events: list[VisemeEvent]) -> None:
    """The error names where events come from."""
    with pytest.raises(ValueError, match=r"VisemeSchedule\.placed"):
        mouth_at(events, 0)
