"""Working days by the holiday table, and what a unit's recommendation lacks before 通过."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.recommendation import Standing, gaps, publicity_gap
from app.rules.workdays import after_working_days, is_working_day, working_days

# The Spring Festival of 2026: off from Sunday 15 to Monday 23 February; Saturdays 14 and 28 are worked.
SPRING = {dt.date(2026, 2, day): False for day in (16, 17, 18, 19, 20, 23)} | {
    dt.date(2026, 2, 14): True, dt.date(2026, 2, 28): True}
days = st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31))
tables = st.dictionaries(days, st.booleans(), max_size=20)


@pytest.mark.parametrize(("first", "last", "expected"), [
    ("2026-03-02", "2026-03-06", 5), ("2026-03-02", "2026-03-08", 5), ("2026-03-07", "2026-03-08", 0),
    ("2026-02-13", "2026-02-24", 3), ("2026-02-24", "2026-02-28", 5), ("2026-03-06", "2026-03-02", 0),
])
def test_weekends_and_holidays_do_not_count_and_worked_saturdays_do(first, last, expected):
    assert working_days(dt.date.fromisoformat(first), dt.date.fromisoformat(last), SPRING) == expected


@given(days, st.integers(0, 40), tables)
def test_counting_forward_and_counting_between_agree(day, n, table):
    end = after_working_days(day, n, table)
    assert working_days(day + dt.timedelta(1), end, table) == n
    assert n == 0 or is_working_day(end, table)


@given(days, st.integers(0, 60), tables)
def test_a_longer_time_never_has_fewer_working_days(day, length, table):
    assert working_days(day, day + dt.timedelta(length), table) <= working_days(day, day + dt.timedelta(length + 1), table)


@pytest.mark.parametrize(("first", "last", "says"), [
    (None, None, "请填写公示起止日期"), ("2026-03-02", "2026-03-05", "现为 4 个工作日"), ("2026-03-06", "2026-03-02", "不能早于"),
    ("2026-03-02", "2026-03-20", "公示尚未结束"), ("2026-03-02", "2026-03-06", ""),
])
def test_publicity_lasts_five_working_days_and_is_over(first, last, says):
    sentence = publicity_gap(
        first and dt.date.fromisoformat(first), last and dt.date.fromisoformat(last), least=5,
        today=dt.date(2026, 3, 10), exceptions={},
    )
    assert says in sentence
    assert bool(says) == bool(sentence)


def test_everything_missing_is_said_at_once():
    nothing = Standing("", {}, None, None, needs_quota=True, recommended=False)
    assert list(gaps(nothing, least=5, today=dt.date(2026, 3, 10), exceptions={})) == [
        "text", "publicity_to", "publicity", "occupies"]
    whole = Standing("", {"opinion": 1, "publicity": 1}, dt.date(2026, 3, 2), dt.date(2026, 3, 6), False, False)
    assert gaps(whole, least=5, today=dt.date(2026, 3, 10), exceptions={}) == {}
