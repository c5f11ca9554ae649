"""Votes of a committee (令第40号 第19, 20条)."""

from __future__ import annotations

import pytest

from app.rules.votes import Votes


@pytest.mark.parametrize(("present", "agree", "outcome"), [
    (25, 17, "passed"), (25, 16, "failed"), (13, 9, "passed"), (13, 8, "failed"), (17, 12, "passed"), (17, 11, "failed"),
    (3, 2, "passed"), (1, 1, "passed"), (1, 0, "failed"),
])
def test_two_thirds_of_those_present_are_needed(present: int, agree: int, outcome: str) -> None:
    assert Votes(25, present, agree, present - agree, 0).outcome == outcome


def test_abstentions_count_as_present() -> None:
    assert Votes(25, 21, 13, 0, 8).outcome == "failed"
    assert Votes(25, 21, 14, 0, 7).outcome == "passed"


@pytest.mark.parametrize(("votes", "field"), [
    (Votes(25, 12, 12, 0, 0), "present"), (Votes(25, 26, 26, 0, 0), "present"), (Votes(0, 0, 0, 0, 0), "members"),
    (Votes(25, 20, 10, 5, 4), "agree"), (Votes(25, 20, 21, -1, 0), "agree"), (Votes(25, 20, 20, 5, 0), "agree"),
])
def test_a_vote_without_quorum_or_with_wrong_sums_does_not_stand(votes: Votes, field: str) -> None:
    assert field in votes.errors()


@pytest.mark.parametrize("votes", [Votes(25, 13, 9, 3, 1), Votes(26, 13, 13, 0, 0), Votes(1, 1, 0, 1, 0)])
def test_half_of_the_members_are_a_quorum(votes: Votes) -> None:
    assert votes.errors() == {}
