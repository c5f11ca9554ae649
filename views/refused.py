"""A decision that was refused: the page it came from offers its opinion again, once."""

from __future__ import annotations

from dataclasses import dataclass

from flask import session

KEY = "refused_decision"


@dataclass(frozen=True)
class RefusedDecision:
    """`action`: approve, return or terminate; `sentence`: why it was refused; `reasons`: (page, text) of a return."""

    action: str
    opinion: str
    sentence: str
    reasons: tuple[tuple[str, str], ...] = ()


def keep(task_id: int, decision: RefusedDecision) -> None:
    """Remember what was typed until the page of the task is shown; one decision a session, like a flashed message."""
    session[KEY] = [task_id, decision.action, decision.opinion, decision.sentence, list(decision.reasons)]


def peek(task_id: int) -> RefusedDecision | None:
    """What was refused on this task; it stays remembered."""
    kept = session.get(KEY)
    if not kept or kept[0] != task_id:
        return None
    return RefusedDecision(*kept[1:4], tuple((page, text) for page, text in kept[4]))


def take(task_id: int) -> RefusedDecision | None:
    """What was refused on this task, and forget it."""
    found = peek(task_id)
    if found is not None:
        del session[KEY]
    return found
