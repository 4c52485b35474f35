"""The report of an analysis, and the judgement of its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from livekit_plugins_avatar.speech.visemes import VISEMES
from livekit_plugins_avatar.timeline import SAMPLE_RATE
from livekit_plugins_avatar.tools.watch.analysis import Analysis, scored
from livekit_plugins_avatar.tools.watch.gates import GATES, failed, verdicts
from livekit_plugins_avatar.tools.watch.heard import HOP_S, Heard
from livekit_plugins_avatar.tools.watch.recording import Picture, Recording
from livekit_plugins_avatar.tools.watch.report.page import report
from livekit_plugins_avatar.tools.watch.report.strips import MOST_ALIKE, worst
from livekit_plugins_avatar.tools.watch.scores.score import Moment
from livekit_plugins_avatar.tools.watch.signals import Signals

SECONDS, FPS = 24.0, 25.0


def syllables(times_s: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[
    tuple[int], np.dtype[np.float64]
]:  # fmt: skip
    """An opening that no shift but one brings to agree with itself."""
    rates = 2 * np.pi * np.array([2.9, 4.1, 5.3])
    waves = np.sin(rates[:, None] * times_s + np.array([0.0, 1.0, 2.0])[:, None])
    return np.asarray(np.clip(0.4 + 0.25 * waves.sum(axis=0), 0, 1))


@pytest.fixture
def found() -> Analysis:
    """Lips that are 100 ms late."""
    times_s = np.arange(0, SECONDS, 1 / FPS)
    hops_s = np.arange(0, SECONDS, HOP_S)
    count = len(times_s)

    def frames() -> Iterator[Picture]:
        for at in range(count):
            yield np.full((64, 64, 3), at % 200, np.uint8)

    sound = (0.1 * np.sin(np.arange(round(SECONDS * SAMPLE_RATE)) / 30)).astype(np.float32)
    recording = Recording(
        "<b>an avatar</b>",
        sound,
        0.0,
        times_s,
        frames,
        others=[(20.0, 21.0)],
        events=[(12.0, "reconnecting")],
    )
    flat = np.full(count, 0.5)
    signals = Signals(
        times_s=times_s,
        presence=np.ones(count),
        aperture=0.4 * syllables(times_s - 0.1),
        width=flat,
        lids=flat,
        gaze_deg=np.random.default_rng(0).normal(0, 2, (count, 2)),
        turn_deg=np.zeros((count, 3)),
        place=np.zeros((count, 2)),
        box=np.tile([16.0, 16.0, 48.0, 48.0], (count, 1)),
        mouth_motion=flat,
        face_motion=flat,
        body_motion=flat,
        background_motion=flat,
        picture_motion=flat,
        face_change=flat,
        body_change=flat,
    )
    heard = Heard(
        times_s=hops_s,
        likely=np.zeros((len(hops_s), len(VISEMES))),
        opening=syllables(hops_s),
        level_db=np.full(len(hops_s), -20.0),
        speech=((0.5, SECONDS - 0.5),),
        closures=((3.0, 3.1), (5.0, 5.1)),
    )
    return scored(recording, signals, heard)


def test_the_page_asks_no_server_for_anything_and_shows_the_name_as_it_is(found: Analysis) -> None:
    page = report(found)
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "http" not in page and "url(" not in page and "@import" not in page
    assert "&lt;b&gt;an avatar&lt;/b&gt;" in page and "<b>an avatar" not in page


def test_the_page_has_each_score_its_threshold_and_its_source(found: Analysis) -> None:
    page = report(found)
    for gate in GATES:
        assert gate.title in page and gate.source in page
    assert "-125 to 45 ms" in page and "ITU-R BT.1359-1" in page


def test_late_lips_are_said_to_be_late_by_as_much(found: Analysis) -> None:
    figures = found.figures()
    assert figures["sync_median_ms"] == pytest.approx(100, abs=10)
    assert verdicts(figures)["sync_median_ms"] == "bad"
    page = report(found)
    assert "ms after its sound" in page
    assert "visibly apart" in page


def test_the_worst_moments_have_seven_pictures_each(found: Analysis) -> None:
    moments = worst(found.moments)
    assert moments
    page = report(found)
    assert page.count("<figure>") == 7 * len(moments)
    assert page.count("data:image/jpeg;base64,") == 7 * len(moments) + 1


def test_worst_moments_are_of_several_kinds() -> None:
    many = [Moment("glitch", 2.0 * n, 2.0 * n + 0.1, 1, "ms", 9 - n) for n in range(5)]
    chosen = worst([*many, Moment("freeze", 0, 1, 1, "ms", 0.5)])
    assert [each.what for each in chosen] == ["glitch"] * MOST_ALIKE + ["freeze"]


def test_a_recording_without_a_face_has_a_page_that_says_so(found: Analysis) -> None:
    none = np.full(len(found.signals), np.nan)
    blank = replace(
        found.signals,
        presence=np.zeros(len(none)),
        aperture=none,
        width=none,
        lids=none,
        gaze_deg=np.stack([none, none], axis=1),
        turn_deg=np.stack([none] * 3, axis=1),
        place=np.stack([none, none], axis=1),
        box=np.stack([none] * 4, axis=1),
    )
    page = report(scored(found.recording, blank, found.heard))
    assert "could not be compared" in page


@pytest.mark.parametrize(
    ("offset_ms", "verdict"),
    [
        (-190, "bad"),
        (-150, "noticeable"),
        (-120, "good"),
        (0, "good"),
        (44, "good"),
        (50, "noticeable"),
        (95, "bad"),
    ],
)
def test_sound_may_be_late_by_more_than_it_may_be_early(offset_ms: float, verdict: str) -> None:
    figures = {"sync_median_ms": offset_ms, "sync_confidence": 1.0}
    assert verdicts(figures)["sync_median_ms"] == verdict
    assert ("sync_median_ms" in failed(figures)) == (verdict != "good")


def test_what_is_not_sure_is_not_judged() -> None:
    figures = {"sync_median_ms": 300.0, "sync_confidence": 0.1}
    assert verdicts(figures)["sync_median_ms"] == "unknown"
    assert failed(figures) == []
