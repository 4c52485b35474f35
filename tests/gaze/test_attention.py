"""Attention: which situation the face is in, and with whom, whatever comes at once."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face.glances import GLANCES
from livekit_plugins_avatar.face.situation import AT_START, CAMERA, Focus, Target, recent
from livekit_plugins_avatar.gaze.aside import AWAY, CLEAR_DEG
from livekit_plugins_avatar.gaze.attention import (
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


def test_every_situation_has_a_row_of_glances() -> None:
    assert AT_START.state in GLANCES
    assert {"ending", "interrupted", "overhearing", "override", "aside"} <= set(GLANCES)


def test_the_agents_state_is_the_situation_where_nothing_else_is() -> None:
    for agent in ("idle", "listening", "thinking", "speaking"):
        assert state(in_state(agent), 2 * SECOND) == agent


def test_a_change_leaves_the_situations_before_it_as_they_were() -> None:
    attention = in_state("listening")
    before = recent(attention.situations, 2 * SECOND - 1)
    attention.interrupt(2 * SECOND)
    attention.set_tool_running(2 * SECOND, True)
    attention.set_focus(2 * SECOND, [(2 * SECOND, Focus(ANNA, (BEN,)))])
    assert recent(attention.situations, 2 * SECOND - 1) == before


def test_words_on_their_way_end_the_thinking_before_they_are_spoken() -> None:
    attention = in_state("thinking")
    attention.expect_speech(3 * SECOND)
    assert state(attention, 3 * SECOND) == "speaking"
    attention.set_agent_state(4 * SECOND, "speaking")
    assert state(attention, 6 * SECOND) == "speaking"
    assert attention.situations.since(6 * SECOND) == 3 * SECOND, "it is one look, not two"


def test_words_that_do_not_come_are_thought_about_again() -> None:
    attention = in_state("thinking")
    attention.expect_speech(3 * SECOND)
    assert state(attention, 3 * SECOND + EXPECTED_SAMPLES) == "thinking"


def test_the_end_of_a_turn_is_known_and_may_be_taken_back() -> None:
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


def test_a_slow_tool_is_thought_about_and_a_quick_one_is_not_seen() -> None:
    attention = in_state("listening")
    attention.set_tool_running(3 * SECOND, True)
    assert state(attention, 3 * SECOND + SLOW_TOOL_SAMPLES - 1) == "listening"
    assert state(attention, 3 * SECOND + SLOW_TOOL_SAMPLES) == "thinking"
    attention.set_tool_running(3 * SECOND + SLOW_TOOL_SAMPLES // 2, False)
    assert state(attention, 5 * SECOND) == "listening"


def test_whoever_speaks_is_listened_to_while_a_tool_runs() -> None:
    attention = in_state("listening")
    attention.set_tool_running(2 * SECOND, True)
    attention.set_focus(4 * SECOND, [(4 * SECOND, Focus(speaking=True))])
    assert state(attention, 3 * SECOND) == "thinking"
    assert state(attention, 4 * SECOND) == "listening"


def test_an_interruption_holds_the_eyes_and_then_lets_go() -> None:
    attention = in_state("speaking")
    attention.interrupt(3 * SECOND)
    attention.set_agent_state(3 * SECOND + SECOND // 2, "listening")
    assert state(attention, 3 * SECOND) == "interrupted"
    assert state(attention, 3 * SECOND + INTERRUPTED_SAMPLES - 1) == "interrupted"
    assert state(attention, 3 * SECOND + INTERRUPTED_SAMPLES) == "listening"


def test_others_who_talk_to_each_other_are_overheard_unless_the_agent_speaks() -> None:
    attention = in_state("listening")
    attention.set_focus(
        2 * SECOND, [(2 * SECOND, Focus(ANNA, (BEN,), speaking=True, overheard=True))]
    )
    assert state(attention, 2 * SECOND) == "overhearing"
    attention.set_agent_state(3 * SECOND, "speaking")
    assert state(attention, 3 * SECOND) == "speaking"


def test_a_focus_that_is_planned_can_be_planned_anew() -> None:
    attention = in_state("listening")
    plan = [(2 * SECOND, Focus(ANNA, (BEN,))), (3 * SECOND, Focus(BEN, (ANNA,)))]
    attention.set_focus(2 * SECOND, plan)
    assert attention.situations.at(3 * SECOND).target == BEN
    attention.set_focus(3 * SECOND - 1, [(3 * SECOND - 1, Focus(ANNA, (BEN,)))])
    assert attention.situations.at(4 * SECOND).target == ANNA


def test_what_the_user_wants_looked_at_is_looked_at_until_given_back() -> None:
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
def test_looking_away_meets_no_participant_and_follows_the_focus(people: tuple[float, ...]) -> None:
    """The eyes stay off whoever is in focus, and off the others."""
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
    assert state(in_state("on holiday"), 2 * SECOND) == "idle"


@pytest.mark.parametrize("sample", [0, 1])
def test_things_may_happen_at_the_very_beginning(sample: int) -> None:
    attention = Attention()
    attention.set_agent_state(sample, "listening")
    attention.set_agent_state(0, "initializing")
    attention.set_agent_state(0, "thinking")
    assert state(attention, 5) == "thinking"
