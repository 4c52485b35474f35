"""The jobs of a worker tell each other what they count, and leave one after another."""

from __future__ import annotations

import dataclasses

import pytest

from livekit_plugins_avatar.remote.board import ALL_LEFT_S, LEAVE_EVERY_S, Board
from livekit_plugins_avatar.telemetry import AvatarStats


@pytest.fixture
def board() -> Board:
    return Board.create()


def report(board: Board, job: str, *, missed: int = 0) -> None:
    """Report thirty frames, and so many that were missed, since the start."""
    counted = dataclasses.replace(AvatarStats(), frames_shown=30, frames_missed=missed)
    board.report(job, AvatarStats(), counted)


def test_jobs_of_a_worker_that_drains_leave_one_after_another(board: Board) -> None:
    """Also one that has not reported yet has its turn."""
    for job in "cab":
        report(board, job)
    assert [board.leaves_after_s(job) for job in "abcd"] == [n * LEAVE_EVERY_S for n in range(4)]


def test_a_worker_with_many_jobs_is_left_in_time(board: Board) -> None:
    for number in range(100):
        report(board, f"job{number:03}")
    assert board.leaves_after_s("job099") == pytest.approx(ALL_LEFT_S * 0.99)


def test_the_share_of_late_frames_is_that_of_all_jobs(board: Board) -> None:
    """A job that is over counts no more."""
    report(board, "a", missed=10)
    report(board, "b")
    assert board.late_share() == pytest.approx(10 / 70)
    board.clear("a")
    assert board.late_share() == 0.0
