"""The floor: eyes go to who speaks, soon, and not for a cough."""

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
    floor = TurnTaking(Seats(), (agent or Timeline(False)).at, seed=1)
    for identity in people:
        floor.participant_joined(0, identity)
    return floor


class Shown:
    """What a face would have seen of all plans: each holds until the next."""

    def __init__(self, floor: TurnTaking) -> None:
        self.floor = floor
        self.entries: list[tuple[int, Focus]] = []

    def take(self, sample: int) -> None:
        kept = [entry for entry in self.entries if entry[0] < sample]
        self.entries = kept + self.floor.plan(sample)

    def speak(self, sample: int, *people: str) -> None:
        self.floor.active_speakers(sample, people)
        self.take(sample)

    def at(self, sample: int) -> str:
        return [focus for start, focus in self.entries if start <= sample][-1].target.name

    def first(self, name: str, after: int = 0) -> int:
        return next(s for s, focus in self.entries if s >= after and focus.target.name == name)


def names(plan: Sequence[tuple[int, Focus]]) -> list[str]:
    return [focus.target.name for _, focus in plan]


def test_one_person_is_where_the_camera_is_and_so_is_nobody() -> None:
    assert names(room().plan(0)) == ["camera"]
    floor = room("anna")
    floor.active_speakers(SECOND, ["anna"])
    assert set(names(floor.plan(SECOND))) == {"camera"}
    assert floor.plan(2 * SECOND)[0][1].speaking


def test_a_new_speaker_is_turned_to_after_the_time_people_take() -> None:
    shown = Shown(room("anna", "ben", "cleo"))
    for index, who in enumerate(("ben", "anna", "cleo") * 6):
        start = (index + 1) * 5 * SECOND
        shown.speak(start, who)
        shown.speak(start + 3 * SECOND)
        assert 0.14 <= (shown.first(who, start) - start) / SECOND <= 0.28


def test_a_speaker_is_turned_to_as_soon_as_the_one_before_has_stopped() -> None:
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "anna")
    shown.speak(4 * SECOND - 1_000, "anna", "ben")
    shown.speak(4 * SECOND, "ben")
    assert 0.14 <= (shown.first("ben") - 4 * SECOND) / SECOND <= 0.28


def test_a_click_in_silence_is_not_looked_at() -> None:
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "anna")
    shown.speak(3 * SECOND)
    shown.speak(4 * SECOND, "ben")
    shown.speak(4 * SECOND + samples(0.14))
    assert {shown.at(s) for s in range(4 * SECOND, 8 * SECOND, 4_800)} == {"anna"}


def test_a_cough_or_a_yes_into_somebodys_speech_is_not_looked_at() -> None:
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "anna")
    shown.speak(3 * SECOND, "anna", "ben")
    shown.speak(3 * SECOND + samples(0.6), "anna")
    shown.speak(9 * SECOND)
    assert {shown.at(s) for s in range(2 * SECOND, 9 * SECOND, 4_800)} == {"anna"}


def test_a_pause_between_words_changes_nothing() -> None:
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "ben")
    for word in range(2, 8):
        shown.speak(word * SECOND)
        shown.speak(word * SECOND + samples(0.25), "ben")
    assert {shown.at(s) for s in range(2 * SECOND, 8 * SECOND, 4_800)} == {"ben"}


def test_whom_the_agent_talks_with_comes_first_and_gets_the_eyes_back() -> None:
    shown = Shown(room("anna", "ben", "cleo"))
    shown.floor.linked_participant(0, "anna")
    shown.speak(SECOND, "ben", "anna")
    assert shown.at(2 * SECOND) == "anna"
    shown.speak(4 * SECOND, "ben")
    assert shown.at(5 * SECOND) == "ben"
    shown.speak(6 * SECOND)
    assert shown.at(6 * SECOND + RETURN_SAMPLES - 1) == "ben"
    assert shown.at(6 * SECOND + RETURN_SAMPLES) == "anna"


def test_people_who_talk_to_each_other_are_overheard() -> None:
    floor = room("anna", "ben")
    floor.linked_participant(0, "anna")
    floor.active_speakers(SECOND, ["ben"])
    assert [focus.overheard for _, focus in floor.plan(2 * SECOND)] == [True]
    floor.active_speakers(3 * SECOND, ["anna"])
    assert not floor.plan(4 * SECOND)[0][1].overheard


def test_an_agent_speaks_to_whom_it_answers_and_glances_at_who_talks_into_it() -> None:
    agent_speaks = Timeline(False)
    shown = Shown(room("anna", "ben", agent=agent_speaks))
    shown.speak(SECOND, "anna")
    shown.speak(3 * SECOND)
    agent_speaks.set(4 * SECOND, True)
    shown.floor.agent_turn_changed(4 * SECOND)
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


def test_a_reconnect_moves_nobodys_eyes_and_a_leave_does() -> None:
    shown = Shown(room("anna", "ben"))
    shown.speak(SECOND, "ben")
    before = shown.floor.plan(2 * SECOND)[0][1].target
    for identity in ("anna", "ben"):
        shown.floor.participant_left(3 * SECOND, identity)
    shown.take(3 * SECOND)
    for identity in ("ben", "anna"):
        shown.floor.participant_joined(3 * SECOND + samples(0.3), identity)
    shown.take(3 * SECOND + samples(0.3))
    assert {shown.at(s) for s in range(2 * SECOND, 9 * SECOND, 4_800)} == {"ben"}
    assert shown.floor.plan(9 * SECOND)[0][1].target == before
    shown.floor.participant_left(9 * SECOND, "ben")
    shown.take(9 * SECOND)
    assert shown.at(9 * SECOND + GONE_SAMPLES - 1) == "ben"
    assert shown.at(9 * SECOND + GONE_SAMPLES) == "camera"


def test_who_is_no_person_here_is_not_looked_at() -> None:
    floor = room("anna", "ben")
    floor.active_speakers(SECOND, ["recorder", "agent"])
    assert names(floor.plan(2 * SECOND)) == ["camera"]


def test_the_same_events_give_the_same_plan() -> None:
    def plans() -> list[list[tuple[int, Focus]]]:
        floor = room("anna", "ben", "cleo")
        found = []
        for index, who in enumerate(("ben", "anna", "cleo") * 3):
            floor.active_speakers(index * SECOND, [who])
            found.append(floor.plan(index * SECOND))
        return found

    assert plans() == plans()
