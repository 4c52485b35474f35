"""Attention: one situation, whatever comes at once."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face.glances import GLANCES
from livekit_plugins_avatar.face.situation import AT_START, AWAY, CAMERA, Focus, Target, recent
from livekit_plugins_avatar.gaze.attention import (
    CLEAR_DEG,
    ENDING_SAMPLES,
    EXPECTED_SAMPLES,
    INTERRUPTED_SAMPLES,
    SLOW_TOOL_SAMPLES,
    Attention,
)
from livekit_plugins_avatar.gaze.seats import SEATS_DEG
from livekit_plugins_avatar.timeline import samples

SECOND = samples(1.0)
ANNA, BEN = Target("anna", -0.2), Target("ben", 0.2)


def state(attention: Attention, sample: int) -> str:
    return attention.situations.at(sample).state


def in_state(agent: str) -> Attention:
    attention = Attention()
    attention.set_agent_state(SECOND, agent)
    return attention


def test_every_situation_has_glances() -> None:
    """The table of glances has a row for each situation."""
    assert AT_START.state in GLANCES
    assert {"ending", "interrupted", "overhearing", "override", "aside"} <= set(GLANCES)


def test_the_agents_state_is_the_situation() -> None:
    """Where nothing else applies, the situation is the agent's state."""
    for agent in ("idle", "listening", "thinking", "speaking"):
        assert state(in_state(agent), 2 * SECOND) == agent


def test_a_change_leaves_the_past_alone() -> None:
    """Situations before the sample of a change stay."""
    attention = in_state("listening")
    before = recent(attention.situations, 2 * SECOND - 1)
    attention.interrupt(2 * SECOND)
    attention.set_tool_running(2 * SECOND, True)
    attention.set_focus(2 * SECOND, [(2 * SECOND, Focus(ANNA, (BEN,)))])
    assert recent(attention.situations, 2 * SECOND - 1) == before


def test_expected_speech_ends_thinking() -> None:
    """The face speaks from when words are expected, in one look until they come."""
    attention = in_state("thinking")
    attention.expect_speech(3 * SECOND)
    assert state(attention, 3 * SECOND) == "speaking"
    attention.set_agent_state(4 * SECOND, "speaking")
    assert state(attention, 6 * SECOND) == "speaking"
    assert attention.situations.since(6 * SECOND) == 3 * SECOND, "it is one look, not two"


def test_expected_speech_is_not_awaited_for_ever() -> None:
    """Without words the face goes back to thinking."""
    attention = in_state("thinking")
    attention.expect_speech(3 * SECOND)
    assert state(attention, 3 * SECOND + EXPECTED_SAMPLES) == "thinking"


def test_a_planned_turn_end_may_be_taken_back() -> None:
    """The last words are an ending, unless there is more to come."""
    attention = in_state("speaking")
    attention.plan_turn_end(3 * SECOND, 9 * SECOND)
    assert state(attention, 9 * SECOND - ENDING_SAMPLES - 1) == "speaking"
    assert state(attention, 9 * SECOND - ENDING_SAMPLES) == "ending"
    attention.plan_turn_end(4 * SECOND, None)
    assert state(attention, 9 * SECOND) == "speaking"
    attention.plan_turn_end(5 * SECOND, 5 * SECOND + 100)
    assert state(attention, 5 * SECOND) == "ending"
    attention.expect_speech(6 * SECOND)
    assert state(attention, 6 * SECOND) == "speaking", "there is more to come"


def test_only_slow_tools_show() -> None:
    """A tool that runs on looks like thinking, a quick one like nothing."""
    attention = in_state("listening")
    attention.set_tool_running(3 * SECOND, True)
    assert state(attention, 3 * SECOND + SLOW_TOOL_SAMPLES - 1) == "listening"
    assert state(attention, 3 * SECOND + SLOW_TOOL_SAMPLES) == "thinking"
    attention.set_tool_running(3 * SECOND + SLOW_TOOL_SAMPLES // 2, False)
    assert state(attention, 5 * SECOND) == "listening"


def test_a_speaker_outranks_a_tool() -> None:
    """While a participant speaks, the face listens though a tool runs."""
    attention = in_state("listening")
    attention.set_tool_running(2 * SECOND, True)
    attention.set_focus(4 * SECOND, [(4 * SECOND, Focus(speaking=True))])
    assert state(attention, 3 * SECOND) == "thinking"
    assert state(attention, 4 * SECOND) == "listening"


def test_an_interruption_holds_the_eyes() -> None:
    """An interruption outlasts the agent's change of state, for its time."""
    attention = in_state("speaking")
    attention.interrupt(3 * SECOND)
    attention.set_agent_state(3 * SECOND + SECOND // 2, "listening")
    assert state(attention, 3 * SECOND) == "interrupted"
    assert state(attention, 3 * SECOND + INTERRUPTED_SAMPLES - 1) == "interrupted"
    assert state(attention, 3 * SECOND + INTERRUPTED_SAMPLES) == "listening"


def test_side_talk_is_overheard() -> None:
    """Others who talk to each other are overheard, unless the agent speaks."""
    attention = in_state("listening")
    attention.set_focus(
        2 * SECOND, [(2 * SECOND, Focus(ANNA, (BEN,), speaking=True, overheard=True))]
    )
    assert state(attention, 2 * SECOND) == "overhearing"
    attention.set_agent_state(3 * SECOND, "speaking")
    assert state(attention, 3 * SECOND) == "speaking"


def test_a_planned_focus_can_be_replaced() -> None:
    """A plan holds until another one replaces what has not come yet."""
    attention = in_state("listening")
    plan = [(2 * SECOND, Focus(ANNA, (BEN,))), (3 * SECOND, Focus(BEN, (ANNA,)))]
    attention.set_focus(2 * SECOND, plan)
    assert attention.situations.at(3 * SECOND).target == BEN
    attention.set_focus(3 * SECOND - 1, [(3 * SECOND - 1, Focus(ANNA, (BEN,)))])
    assert attention.situations.at(4 * SECOND).target == ANNA


def test_an_override_holds_until_released() -> None:
    """Nothing else moves the eyes until the override ends."""
    attention = in_state("speaking")
    attention.override(2 * SECOND, ANNA)
    attention.interrupt(3 * SECOND)
    situation = attention.situations.at(3 * SECOND)
    assert (situation.state, situation.target) == ("override", ANNA)
    attention.override(8 * SECOND, None)
    situation = attention.situations.at(8 * SECOND)
    assert (situation.state, situation.target) == ("speaking", CAMERA)


@pytest.mark.parametrize(
    "people",
    [(0.0,), (-0.3, 0.3), (-0.3, 0.3, 0.0), tuple(np.radians(SEATS_DEG))],
)
def test_an_aside_is_off_all_participants(people: tuple[float, ...]) -> None:
    """The aside moves with the focus and stays off everyone."""
    attention = Attention()
    attention.override(SECOND, AWAY)
    targets = [Target(str(index), yaw) for index, yaw in enumerate(people)]
    for index, target in enumerate(targets):
        others = tuple(targets[:index] + targets[index + 1 :])
        attention.set_focus((index + 2) * SECOND, [((index + 2) * SECOND, Focus(target, others))])
        situation = attention.situations.at((index + 2) * SECOND)
        assert (situation.state, situation.target.name) == ("aside", "away")
        least = 0.9 * CLEAR_DEG if len(people) < 4 else 6.0
        for each in (CAMERA, target, *others):
            yaw_rad = situation.target.yaw_rad - each.yaw_rad
            assert np.degrees(np.hypot(yaw_rad, situation.target.pitch_rad)) > least
    attention.override(20 * SECOND, None)
    assert state(attention, 20 * SECOND) == "initializing"


def test_an_unknown_agent_state_is_idle() -> None:
    """A state of a future LiveKit looks like rest."""
    assert state(in_state("on holiday"), 2 * SECOND) == "idle"


@pytest.mark.parametrize("sample", [0, 1])
def test_events_may_come_at_sample_0(sample: int) -> None:
    """Changes at the very beginning count as others do."""
    attention = Attention()
    attention.set_agent_state(sample, "listening")
    attention.set_agent_state(0, "initializing")
    attention.set_agent_state(0, "thinking")
    assert state(attention, 5) == "thinking"
