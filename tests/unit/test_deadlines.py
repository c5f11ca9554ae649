"""Windows of plans are days in Asia/Shanghai, whatever the server's clock is set to."""

import datetime as dt

from app.rules import deadlines

DAY = dt.date(2027, 1, 15)


def at(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


def test_a_window_is_open_to_its_last_second():
    assert deadlines.is_open(DAY, DAY, at(2027, 1, 15, 15, 59, 59))
    assert not deadlines.is_open(DAY, DAY, at(2027, 1, 15, 16, 0, 0))


def test_a_window_opens_at_midnight_of_the_province():
    assert deadlines.is_open(DAY, DAY, at(2027, 1, 14, 16, 0, 0))
    assert not deadlines.is_open(DAY, DAY, at(2027, 1, 14, 15, 59, 59))


def test_today_is_the_provinces_day():
    assert deadlines.today(at(2026, 12, 31, 16, 0)) == dt.date(2027, 1, 1)


def test_what_remains_is_counted_to_the_last_second():
    assert deadlines.time_left(DAY, at(2027, 1, 15, 15, 59, 59)) == dt.timedelta(seconds=1)
    assert deadlines.time_left(DAY, at(2027, 1, 12, 16, 0)) == dt.timedelta(days=3)
    assert deadlines.time_left(DAY, at(2027, 1, 15, 16, 0)) == dt.timedelta()
    assert deadlines.time_left(DAY, at(2028, 1, 1)) == dt.timedelta()
