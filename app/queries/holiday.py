"""The holiday table between two days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from models.holiday import Holiday
from models.setting import Setting

_holiday, _setting = Holiday.__table__, Setting.__table__


def exceptions(session: Session, first: dt.date, last: dt.date) -> dict[dt.date, bool]:
    """Day -> whether it is worked, for the days on which the week's rule does not hold."""
    rows = session.execute(
        select(_holiday.c.day, _holiday.c.is_workday).where(_holiday.c.day.between(first, last))
    )
    return {row.day: row.is_workday for row in rows}


def setting_with_exceptions(
    session: Session, *, key: str, first: dt.date, last: dt.date
) -> tuple[dict[str, Any], dict[dt.date, bool]]:
    """A setting that counts working days, and the exceptions between two days, in one statement."""
    between = select(_holiday.c.day, _holiday.c.is_workday).where(_holiday.c.day.between(first, last)).subquery()
    rows = session.execute(
        select(_setting.c.value, between.c.day, between.c.is_workday)
        .select_from(_setting.outerjoin(between, true())).where(_setting.c.key == key)
    ).all()
    value = rows[0].value if rows else {}
    return value or {}, {row.day: row.is_workday for row in rows if row.day is not None}
