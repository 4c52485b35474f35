"""Attention: which situation the face is in, and with whom, whatever comes at once."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.face.glances import GLANCES
from livekit_plugins_avatar.face.target import CAMERA, Target
from livekit_plugins_avatar.gaze.attention import (
    ENDING_SAMPLES,
    EXPECTED_SAMPLES,
    INTERRUPTED_SAMPLES,
    SLOW_TOOL_SAMPLES,
    Attention,
    Focus,
)
from livekit_plugins_avatar.timeline import samples

SECOND = samples(1.0)
ANNA, BEN = Target("anna", -0.2), Target("ben", 0.2)


def state(attention: Attention, sample: int) -> str:
    return attention.recent(sample)[-1][1].state


def in_state(agent: str) -> Attention:
    attention = Attention()
    attention.set_agent_state(SECOND, agent)
    return attention


def test_every_situation_has_a_row_of_glances() -> None:
    attention = Attention()
    assert state(attention, 0) in GLANCES
    assert {"ending", "interrupted", "overhearing", "told"} <= set(GLANCES)


def test_the_agents_state_is_the_situation_where_nothing_else_is() -> None:
    for agent in ("idle", "listening", "thinking", "speaking"):
        assert state(in_state(agent), 2 * SECOND) == agent


def test_a_change_leaves_the_situations_before_it_as_they_were() -> None:
    attention = in_state("listening")
    before = attention.recent(2 * SECOND - 1)
    attention.interrupt(2 * SECOND)
    attention.set_busy(2 * SECOND, True)
    attention.set_focus(2 * SECOND, [(2 * SECOND, Focus(ANNA, (BEN,)))])
    assert attention.recent(2 * SECOND - 1) == before


def test_words_on_their_way_end_the_thinking_before_they_are_spoken() -> None:
    attention = in_state("thinking")
    attention.expect_speech(3 * SECOND)
    assert state(attention, 3 * SECOND) == "speaking"
    attention.set_agent_state(4 * SECOND, "speaking")
    since, situation = attention.recent(6 * SECOND)[-1]
    assert (since, situation.state) == (3 * SECOND, "speaking"), "it is one look, not two"


def test_words_that_do_not_come_are_thought_about_again() -> None:
    attention = in_state("thinking")
    attention.expect_speech(3 * SECOND)
    assert state(attention, 3 * SECOND + EXPECTED_SAMPLES) == "thinking"


def test_the_end_of_a_turn_is_known_and_may_be_taken_back() -> None:
    attention = in_state("speaking")
    attention.end_turn(3 * SECOND, 9 * SECOND)
    assert state(attention, 9 * SECOND - ENDING_SAMPLES - 1) == "speaking"
    assert state(attention, 9 * SECOND - ENDING_SAMPLES) == "ending"
    attention.end_turn(4 * SECOND, None)
    assert state(attention, 9 * SECOND) == "speaking"
    attention.end_turn(5 * SECOND, 5 * SECOND + 100)
    assert state(attention, 5 * SECOND) == "ending"
    attention.expect_speech(6 * SECOND)
    assert state(attention, 6 * SECOND) == "speaking", "there is more to come"


def test_a_slow_tool_is_thought_about_and_a_quick_one_is_not_seen() -> None:
    attention = in_state("listening")
    attention.set_busy(3 * SECOND, True)
    assert state(attention, 3 * SECOND + SLOW_TOOL_SAMPLES - 1) == "listening"
    assert state(attention, 3 * SECOND + SLOW_TOOL_SAMPLES) == "thinking"
    attention.set_busy(3 * SECOND + SLOW_TOOL_SAMPLES // 2, False)
    assert state(attention, 5 * SECOND) == "listening"


def test_whoever_speaks_is_listened_to_while_a_tool_runs() -> None:
    attention = in_state("listening")
    attention.set_busy(2 * SECOND, True)
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
    assert attention.recent(3 * SECOND)[-1][1].target == BEN
    attention.set_focus(3 * SECOND - 1, [(3 * SECOND - 1, Focus(ANNA, (BEN,)))])
    assert attention.recent(4 * SECOND)[-1][1].target == ANNA


def test_what_the_user_wants_looked_at_is_looked_at_until_given_back() -> None:
    attention = in_state("speaking")
    attention.tell(2 * SECOND, ANNA)
    attention.interrupt(3 * SECOND)
    _, situation = attention.recent(3 * SECOND)[-1]
    assert (situation.state, situation.target) == ("told", ANNA)
    attention.tell(8 * SECOND, None)
    _, situation = attention.recent(8 * SECOND)[-1]
    assert (situation.state, situation.target) == ("speaking", CAMERA)


@pytest.mark.parametrize("sample", [0, 1])
def test_things_may_happen_at_the_very_beginning(sample: int) -> None:
    attention = Attention()
    attention.set_agent_state(sample, "listening")
    attention.set_agent_state(0, "initializing")
    attention.set_agent_state(0, "thinking")
    assert state(attention, 5) == "thinking"
