"""What the home pages show: a handful of bounded queries each."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models.achievement import ACHIEVEMENT_STATES, Achievement
from models.application import Application

LATEST_APPLICATIONS = 5


def my_applications(session: Session, person_id: int) -> Sequence[Application]:
    """我的申报情况: the person's newest applications with what the cards show."""
    return session.scalars(
        select(Application)
        .options(joinedload(Application.plan), joinedload(Application.series), joinedload(Application.title))
        .where(Application.person_id == person_id)
        .order_by(Application.id.desc()).limit(LATEST_APPLICATIONS)
    ).all()


def achievement_counts(session: Session, person_id: int) -> dict[str, int]:
    """业绩统计: how many of the person's items are in each state, all states included."""
    found = dict(session.execute(
        select(Achievement.state, func.count()).where(Achievement.person_id == person_id).group_by(Achievement.state)
    ).tuples().all())
    return {state: found.get(state, 0) for state in ACHIEVEMENT_STATES}


def decided_counts(session: Session, organization_id: int) -> dict[str, int]:
    """审核统计: the unit's applications by state, submitted ones only."""
    return dict(session.execute(
        select(Application.state, func.count())
        .where(Application.employer_id == organization_id, Application.state != "editing")
        .group_by(Application.state)
    ).tuples().all())
