"""The counters of 业绩档案, which triggers keep: made anew when somebody doubts them."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models.achievement import Achievement, AchievementCounter

_achievement, _counter = Achievement.__table__, AchievementCounter.__table__


def recount(session: Session) -> int:
    """Count every unit's items by kind and state; the number of rows written. Inside a transaction."""
    session.execute(delete(_counter))
    key = (_achievement.c.organization_id, _achievement.c.kind_id, _achievement.c.state)
    rows = session.execute(
        select(*key, func.count().label("n"))
        .where(_achievement.c.organization_id.is_not(None), _achievement.c.state != "draft").group_by(*key)
    ).mappings().all()
    if rows:
        session.execute(insert(_counter), [dict(row) for row in rows])
    return len(rows)
