"""Working days: Monday to Friday, but for the days of the holiday table. Pure functions over dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

Exceptions = Mapping[dt.date, bool]  # day -> whether it is worked


def is_working_day(day: dt.date, exceptions: Exceptions) -> bool:
    """Whether a day is worked."""
    return exceptions.get(day, day.weekday() < 5)


def working_days(first: dt.date, last: dt.date, exceptions: Exceptions) -> int:
    """How many working days there are from `first` to `last`, both counted; 0 when they are in the wrong order."""
    return sum(is_working_day(first + dt.timedelta(n), exceptions) for n in range((last - first).days + 1))


def after_working_days(day: dt.date, n: int, exceptions: Exceptions) -> dt.date:
    """The n-th working day after `day`; the day itself is not counted."""
    while n > 0:
        day += dt.timedelta(1)
        n -= is_working_day(day, exceptions)
    return day
