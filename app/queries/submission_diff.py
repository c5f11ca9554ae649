"""两次提交的差异: what an applicant changed between two submissions, for both sides.

    {% include 'application/_diff.html' %}   with `diff`, a SubmissionDiff (or None: nothing to compare with)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.rules.snapshot_diff import Part, compare
from models.application import Submission

_submission = Submission.__table__


@dataclass(frozen=True)
class SubmissionDiff:
    """`parts`: what differs, empty when the two are the same. Runs count from 1."""

    before: int
    after: int
    parts: tuple[Part, ...]

    @property
    def count(self) -> int:
        """How many changes there are."""
        return sum(len(part.changes) for part in self.parts)

    @property
    def anchors(self) -> Mapping[str, int]:
        """How many changes each part of the material has, by its id in application/_material.html."""
        return {part.anchor: len(part.changes) for part in self.parts}


def submission_diff(
    session: Session, application_id: int, *, run: int | None = None, against: int | None = None
) -> SubmissionDiff | None:
    """The submission `run` (the latest when None) beside the one before it, or beside `against`; one query.

    None when there is no earlier one. Who may see the application is the caller's to check.
    """
    statement = select(_submission.c.run, _submission.c.snapshot).where(_submission.c.application_id == application_id)
    if run is not None:
        statement = statement.where(_submission.c.run <= run)
    if against is not None:
        statement = statement.where(_submission.c.run >= against)
    rows = session.execute(statement.order_by(_submission.c.run.desc()).limit(2 if against is None else None)).all()
    if len(rows) < 2 or (run is not None and rows[0].run != run) or (against is not None and rows[-1].run != against):
        return None
    return SubmissionDiff(rows[-1].run, rows[0].run, compare(rows[-1].snapshot, rows[0].snapshot))


def draft_diff(session: Session, application_id: int, snapshot: Mapping[str, Any]) -> SubmissionDiff | None:
    """What a draft (its material as app.rules.snapshot composes it) changes against the last submission."""
    last = session.execute(
        select(_submission.c.run, _submission.c.snapshot).where(_submission.c.application_id == application_id)
        .order_by(_submission.c.run.desc()).limit(1)
    ).first()
    return None if last is None else SubmissionDiff(last.run, last.run + 1, compare(last.snapshot, snapshot))
