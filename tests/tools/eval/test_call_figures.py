"""A viewer's recording held against what was published: each figure has its cause."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livekit_plugins_avatar.tools.eval.call_figures import Window, bad_moments, outages, seen
from livekit_plugins_avatar.tools.eval.call_log import Clap, Happened, Log, Stretch
from livekit_plugins_avatar.tools.eval.call_moments import moments, planned
from livekit_plugins_avatar.tools.eval.faults.script import Fault
from livekit_plugins_avatar.tools.eval.offset import Recording
from livekit_plugins_avatar.tools.eval.readings import Readings

ORIGIN_S = 5_000.0
BLOCK_S = 0.01
DELAY_S = 0.2
FRAME_S = 0.04
BEEP_S = 0.12


def recording(
    log: Log,
    *,
    length_s: float = 20.0,
    late_s: float = 0.0,
    dark: tuple[float, float] = (0.0, 0.0),
    mute: tuple[float, float] = (0.0, 0.0),
    made_up: tuple[tuple[float, float], ...] = (),
) -> Recording:
    """What a perfect viewer gets `DELAY_S` later, pictures later by `late_s`; no frame is shown
    in `dark` and no tone heard in `mute`."""
    at_s = np.arange(0, length_s, BLOCK_S)
    wall_s = ORIGIN_S + at_s - DELAY_S + 1e-6
    tone = np.zeros(len(at_s), bool)
    for run in log.runs:
        tone |= (wall_s >= run.at_s) & (wall_s < run.end_s)
    tone &= ~((at_s >= mute[0]) & (at_s < mute[1]))
    onset_s = np.full(len(at_s), np.nan)
    shown_s = np.arange(0, length_s, FRAME_S) + late_s
    luma = np.full(len(shown_s), 70.0)
    for clap in log.claps:
        beep_s = clap.at_s - ORIGIN_S + DELAY_S
        if tone[int(beep_s / BLOCK_S)]:
            onset_s[int(beep_s / BLOCK_S)] = beep_s % BLOCK_S
        flash_s = beep_s + clap.frame_s + late_s
        luma[(shown_s >= flash_s - 1e-3) & (shown_s < flash_s + BEEP_S - 1e-3)] = 235.0
    kept = (shown_s < dark[0]) | (shown_s >= dark[1])
    return Recording(
        shown_s=shown_s[kept],
        luma=luma[kept],
        presented=np.arange(float(kept.sum())),
        reached_s=at_s,
        length_s=np.full(len(at_s), BLOCK_S),
        onset_s=onset_s,
        gap_s=np.where(tone, 0.0, BLOCK_S),
        output_latency_s=0.0,
        concealed_s=0.0,
        made_up_s=np.array(made_up).reshape(-1, 2),
        origin_s=ORIGIN_S,
    )


@pytest.fixture
def log() -> Log:
    """Two turns with a clap in each of their seconds."""
    runs = [Stretch(ORIGIN_S + 1.0, 8.0, 0), Stretch(ORIGIN_S + 10.0, 8.0, 1)]
    claps = [
        # Frames are 40 ms apart, so a flash begins up to 20 ms from its beep.
        Clap(run.at_s + second + offset_s, -offset_s)
        for run in runs
        for second, offset_s in zip(
            range(1, 7), (0.0, 0.01, -0.01, 0.015, -0.015, 0.0), strict=True
        )
    ]
    return Log(claps=claps, runs=runs, turns=2)


def test_a_perfect_viewer_loses_nothing_and_the_grid_of_the_frames_is_taken_out(log: Log) -> None:
    got = seen(recording(log), log, lost=[], undrawn=[])
    assert got.claps_count == 12
    assert got.offset_median_ms == pytest.approx(0.0, abs=0.1)
    assert got.offset_p95_ms == pytest.approx(0.0, abs=0.1)
    assert got.delay_ms == pytest.approx(200.0, abs=0.1)
    assert (got.lost_audio_ms, got.made_up_ms) == (0.0, 0.0)
    assert got.missing_beeps_count == got.missing_flashes_count == got.freezes_count == 0


def test_a_late_picture_is_a_positive_offset(log: Log) -> None:
    got = seen(recording(log, late_s=0.03), log, lost=[], undrawn=[])
    assert got.offset_median_ms == pytest.approx(30.0, abs=0.1)


def test_a_freeze_is_put_down_to_whatever_was_wrong_then(log: Log) -> None:
    frozen = recording(log, dark=(4.02, 4.78))
    then = [Window(ORIGIN_S + 4.5, ORIGIN_S + 4.6)]
    assert seen(frozen, log, lost=[], undrawn=[]).freezes_count == 1
    assert seen(frozen, log, lost=[], undrawn=[]).freezes_longest_ms == pytest.approx(800.0)
    of_the_line = seen(frozen, log, lost=then, undrawn=then)
    assert (of_the_line.freezes_count, of_the_line.freezes_outage_count) == (0, 1)
    of_the_renderer = seen(frozen, log, lost=[], undrawn=then)
    assert (of_the_renderer.freezes_count, of_the_renderer.freezes_renderer_count) == (0, 1)


@pytest.mark.parametrize("lost, of_the_line", [(10, 0), (20, 1)])
def test_a_freeze_in_which_the_sound_is_lost_as_well_is_the_lines(
    log: Log, lost: int, of_the_line: int
) -> None:
    heard = Readings(counts=("packetsLost",))
    for at_s in np.arange(0, 20, 0.25):
        heard.read(float(at_s), [lost if at_s > 4.4 else 0])
    frozen = replace(recording(log, dark=(4.02, 4.78)), heard=heard)
    assert seen(frozen, log, lost=[], undrawn=[]).freezes_outage_count == of_the_line
    causes = [m.cause for m in moments("bad", frozen, log, lost=[], undrawn=[]) if m.ms > 500]
    assert causes == ["outage" if of_the_line else "none"]


def test_half_a_second_is_no_freeze(log: Log) -> None:
    assert seen(recording(log, dark=(4.02, 4.46)), log, lost=[], undrawn=[]).freezes_count == 0


def test_what_was_published_and_not_heard_is_lost_with_or_without_an_outage(log: Log) -> None:
    muted = recording(log, mute=(4.1, 4.4))
    got = seen(muted, log, lost=[], undrawn=[])
    assert got.lost_audio_ms == pytest.approx(300.0, abs=11)
    assert got.missing_beeps_count == 1
    then = [Window(ORIGIN_S + 3.9, ORIGIN_S + 4.3)]
    got = seen(muted, log, lost=then, undrawn=[])
    assert got.lost_audio_ms == 0.0
    assert got.lost_audio_outage_ms == pytest.approx(300.0, abs=11)
    assert got.missing_beeps_count == 0


def test_silence_that_was_published_is_not_lost(log: Log) -> None:
    first, second = log.runs
    log.runs = [
        first._replace(length_s=3.0),
        first._replace(at_s=first.at_s + 3.7, length_s=4.3),
        second,
    ]
    assert seen(recording(log), log, lost=[], undrawn=[]).lost_audio_ms == 0.0


def test_sound_that_was_made_up_is_told_apart_by_the_outage(log: Log) -> None:
    got = seen(
        recording(log, made_up=((4.0, 0.02), (12.0, 0.3))),
        log,
        lost=[Window(ORIGIN_S + 11.5, ORIGIN_S + 12.5)],
        undrawn=[],
    )
    assert got.made_up_ms == pytest.approx(20.0)
    assert got.made_up_outage_ms == pytest.approx(300.0)


def test_a_resumed_signal_is_no_outage_and_a_short_stall_no_excuse() -> None:
    lost = outages([Happened("resume", 1.0, 2.0), Happened("link_down", 5.0, 6.0)])
    assert [window.begin_s for window in lost] == [5.0]
    script = (Fault(1.0, "stall", 0.08), Fault(3.0, "stall", 0.4), Fault(6.0, "death", 0.5))
    assert [window.begin_s for window in bad_moments(script, 100.0)] == [103.0, 106.0]


def test_a_viewer_who_got_nothing_has_no_offsets() -> None:
    got = seen(recording(Log(), length_s=1.0), Log(), lost=[], undrawn=[])
    assert got.offset_median_ms is None and got.delay_ms is None
    assert got.claps_count == 0


def test_a_call_that_is_as_it_should_be_has_no_bad_moment(log: Log) -> None:
    assert moments("good", recording(log), log, lost=[], undrawn=[]) == []


def test_a_late_clap_has_its_time_and_what_happened_in_the_seconds_before_it(log: Log) -> None:
    # The first two pictures of a clap never came.
    late = recording(log, dark=(4.19, 4.27))
    log.happened = [
        Happened("reconnect", ORIGIN_S + 1.5, ORIGIN_S + 1.8),
        Happened("resume", ORIGIN_S - 60.0, ORIGIN_S - 59.0),
        *planned((Fault(3.0, "stall", 0.4), Fault(3.5, "block", 1.0)), ORIGIN_S + 0.5),
    ]
    (found,) = moments("good", late, log, lost=[], undrawn=[])
    assert (found.viewer, found.what, found.cause) == ("good", "clap", "none")
    assert found.ms == pytest.approx(80.0, abs=0.1)
    assert found.at_s == pytest.approx(3.2, abs=0.05)
    assert found.before == ("reconnect 0.3 s, 2.7 s ago", "stall 0.4 s, 0.7 s ago")


def test_a_freeze_has_what_receivers_and_sender_counted_meanwhile(log: Log) -> None:
    frozen = recording(log, dark=(4.52, 5.1))
    seen, log.sent = Readings(counts=("pliCount",)), Readings(states=("target_bitrate",))
    heard = Readings(counts=("packetsReceived",))
    for at_s in range(20):
        seen.read(at_s, [at_s // 5])
        heard.read(at_s, [50 * at_s])
        log.sent.read(ORIGIN_S + at_s, [4.5e5])
    then = [Window(ORIGIN_S + 4.6, ORIGIN_S + 5.0)]
    frozen = replace(frozen, seen=seen, heard=heard)
    (found,) = moments("bad", frozen, log, lost=then, undrawn=[])
    assert (found.what, found.cause) == ("freeze", "outage")
    assert found.ms == pytest.approx(640, abs=41)
    assert (found.seen, found.sender) == ({"pliCount": 1}, {"target_bitrate": 4.5e5})
    assert found.heard == {"packetsReceived": 150}
