"""Windows and days, in the province's own time zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from models.base import utcnow

ZONE = ZoneInfo("Asia/Shanghai")


def today(now: dt.datetime | None = None) -> dt.date:
    """The calendar day in Asia/Shanghai."""
    return (now or utcnow()).astimezone(ZONE).date()


def opens_at(day: dt.date) -> dt.datetime:
    """00:00:00 of a day in Asia/Shanghai."""
    return dt.datetime.combine(day, dt.time(), ZONE)


def closes_at(day: dt.date) -> dt.datetime:
    """The first moment after 23:59:59 of a day in Asia/Shanghai."""
    return opens_at(day + dt.timedelta(days=1))


def is_open(opens_on: dt.date, closes_on: dt.date, now: dt.datetime | None = None) -> bool:
    """Whether a window [opens_on, closes_on 23:59:59] is open."""
    return opens_at(opens_on) <= (now or utcnow()) < closes_at(closes_on)


def time_left(closes_on: dt.date, now: dt.datetime | None = None) -> dt.timedelta:
    """How long until a window ends; nothing once it has."""
    return max(closes_at(closes_on) - (now or utcnow()), dt.timedelta())
