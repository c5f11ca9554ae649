"""The holiday table between two days."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.holiday import Holiday

_holiday = Holiday.__table__


def exceptions(session: Session, first: dt.date, last: dt.date) -> dict[dt.date, bool]:
    """Day -> whether it is worked, for the days on which the week's rule does not hold."""
    rows = session.execute(
        select(_holiday.c.day, _holiday.c.is_workday).where(_holiday.c.day.between(first, last))
    )
    return {row.day: row.is_workday for row in rows}
