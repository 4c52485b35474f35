"""Turn-taking: the eyes go to the speaker, soon, and not for a cough."""

from __future__ import annotations

from collections.abc import Sequence

from livekit_plugins_avatar.face.situation import Focus
from livekit_plugins_avatar.gaze.seats import Seats
from livekit_plugins_avatar.gaze.turn_taking import (
    GLANCE_SAMPLES,
    GONE_SAMPLES,
    RETURN_SAMPLES,
    TAKEN_SAMPLES,
    TurnTaking,
)
from livekit_plugins_avatar.timeline import Timeline, samples

SECOND = samples(1.0)


def room(*people: str, agent: Timeline[bool] | None = None) -> TurnTaking:
    turns = TurnTaking(Seats(), (agent or Timeline(False)).at, seed=1)
    for identity in people:
        turns.participant_joined(0, identity)
    return turns


class Shown:
    """What a face would see of all plans: each holds until the next."""

    def __init__(self, turns: TurnTaking) -> None:
        self.turns = turns
        self.entries: list[tuple[int, Focus]] = []

    def take(self, sample: int) -> None:
        kept = [entry for entry in self.entries if entry[0] < sample]
        self.entries = kept + self.turns.plan(sample)

    def speak(self, sample: int, *people: str) -> None:
        self.turns.active_speakers(sample, people)
        self.take(sample)

    def at(self, sample: int) -> str:
        return [focus for start, focus in self.entries if start <= sample][-1].target.name

    def first(self, name: str, after: int = 0) -> int:
        return next(s for s, focus in self.entries if s >= after and focus.target.name == name)


def names(plan: Sequence[tuple[int, Focus]]) -> list[str]:
    return [focus.target.name for _, focus in plan]


def test_one_participant_or_none_is_at_the_camera() -> None:
    """An empty room and a single participant both put the focus on the camera."""
    assert names(room().plan(0)) == ["camera"]
    turns = room("anna")
    turns.active_speakers(SECOND, ["anna"])
    assert set(names(turns.plan(SECOND))) == {"camera"}
    assert turns.plan(2 * SECOND)[0][1].speaking


def test_a_new_speaker_gets_the_eyes() -> None:
    """The look comes after a human reaction time."""
    shown = Shown(room("anna", "ben", "cleo"))
    for index, who in enumerate(("ben", "anna", "cleo") * 6):
        start = (index + 1) * 5 * SECOND
        shown.speak(start, who)
        shown.speak(start + 3 * SECOND)
        assert 0.14 <= (shown.first(who, start) - start) / SECOND <= 0.28


def test_the_turn_passes_when_the_speaker_stops() -> None:
    """Of two who overlap, the second gets the eyes when the first stops."""
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "anna")
    shown.speak(4 * SECOND - 1_000, "anna", "ben")
    shown.speak(4 * SECOND, "ben")
    assert 0.14 <= (shown.first("ben") - 4 * SECOND) / SECOND <= 0.28


def test_a_click_gets_no_look() -> None:
    """A sound shorter than the reaction time draws no look."""
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "anna")
    shown.speak(3 * SECOND)
    shown.speak(4 * SECOND, "ben")
    shown.speak(4 * SECOND + samples(0.14))
    assert {shown.at(s) for s in range(4 * SECOND, 8 * SECOND, 4_800)} == {"anna"}


def test_a_cough_gets_no_look() -> None:
    """A cough or a backchannel into another's speech draws no look."""
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "anna")
    shown.speak(3 * SECOND, "anna", "ben")
    shown.speak(3 * SECOND + samples(0.6), "anna")
    shown.speak(9 * SECOND)
    assert {shown.at(s) for s in range(2 * SECOND, 9 * SECOND, 4_800)} == {"anna"}


def test_a_pause_between_words_changes_nothing() -> None:
    """A speaker keeps the eyes through short pauses."""
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "ben")
    for word in range(2, 8):
        shown.speak(word * SECOND)
        shown.speak(word * SECOND + samples(0.25), "ben")
    assert {shown.at(s) for s in range(2 * SECOND, 8 * SECOND, 4_800)} == {"ben"}


def test_the_linked_participant_comes_first() -> None:
    """The agent's user gets the eyes before others, and back after a silence."""
    shown = Shown(room("anna", "ben", "cleo"))
    shown.turns.linked_participant(0, "anna")
    shown.speak(SECOND, "ben", "anna")
    assert shown.at(2 * SECOND) == "anna"
    shown.speak(4 * SECOND, "ben")
    assert shown.at(5 * SECOND) == "ben"
    shown.speak(6 * SECOND)
    assert shown.at(6 * SECOND + RETURN_SAMPLES - 1) == "ben"
    assert shown.at(6 * SECOND + RETURN_SAMPLES) == "anna"


def test_side_talk_is_overheard() -> None:
    """Speech of others than the agent's user is overheard."""
    turns = room("anna", "ben")
    turns.linked_participant(0, "anna")
    turns.active_speakers(SECOND, ["ben"])
    assert [focus.overheard for _, focus in turns.plan(2 * SECOND)] == [True]
    turns.active_speakers(3 * SECOND, ["anna"])
    assert not turns.plan(4 * SECOND)[0][1].overheard


def test_a_speaking_agent_glances_at_others() -> None:
    """The agent looks at its user, and once at another who talks into its speech."""
    agent_speaks = Timeline(False)
    shown = Shown(room("anna", "ben", agent=agent_speaks))
    shown.speak(SECOND, "anna")
    shown.speak(3 * SECOND)
    agent_speaks.set(4 * SECOND, True)
    shown.turns.agent_turn_changed(4 * SECOND)
    shown.take(4 * SECOND)
    shown.speak(6 * SECOND, "ben")
    glance = 6 * SECOND + TAKEN_SAMPLES
    assert [shown.at(s) for s in (glance - 1, glance, glance + GLANCE_SAMPLES - 1)] == [
        "anna", "ben", "ben",
    ]  # fmt: skip
    shown.speak(7 * SECOND, "ben")
    shown.speak(8 * SECOND + 7, "ben", "anna")
    shown.speak(9 * SECOND, "ben")
    assert {shown.at(s) for s in range(glance + GLANCE_SAMPLES, 12 * SECOND, 4_800)} == {"anna"}


def test_a_reconnect_keeps_the_focus() -> None:
    """Leaving moves the eyes after a while, a reconnect within it does not."""
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "ben")
    before = shown.turns.plan(2 * SECOND)[0][1].target
    for identity in ("anna", "ben"):
        shown.turns.participant_left(3 * SECOND, identity)
    shown.take(3 * SECOND)
    for identity in ("ben", "anna"):
        shown.turns.participant_joined(3 * SECOND + samples(0.3), identity)
    shown.take(3 * SECOND + samples(0.3))
    assert {shown.at(s) for s in range(2 * SECOND, 9 * SECOND, 4_800)} == {"ben"}
    assert shown.turns.plan(9 * SECOND)[0][1].target == before
    shown.turns.participant_left(9 * SECOND, "ben")
    shown.take(9 * SECOND)
    assert shown.at(9 * SECOND + GONE_SAMPLES - 1) == "ben"
    assert shown.at(9 * SECOND + GONE_SAMPLES) == "camera"


def test_unknown_speakers_are_ignored() -> None:
    """Agents and recorders who speak get no look."""
    turns = room("anna", "ben")
    turns.active_speakers(SECOND, ["recorder", "agent"])
    assert names(turns.plan(2 * SECOND)) == ["camera"]


def test_the_same_events_give_the_same_plan() -> None:
    """Plans depend on events and seed alone."""

    def plans() -> list[list[tuple[int, Focus]]]:
        turns = room("anna", "ben", "cleo")
        found = []
        for index, who in enumerate(("ben", "anna", "cleo") * 3):
            turns.active_speakers(index * SECOND, [who])
            found.append(turns.plan(index * SECOND))
        return found

    assert plans() == plans()
