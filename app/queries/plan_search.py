"""评审计划: the public list, searched by seven criteria and paged by key. Drafts are seen by nobody here."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, String, cast, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from app.queries.plan import LISTED, phase
from app.rules import deadlines
from models.plan import PLAN_TYPES, Committee, PlanLevel, PlanOffering, ReviewPlan
from models.region import Region
from models.series import TitleLevel, TitleSeries

PAGE_SIZE = 10
LATEST = 8
OPEN, COMING, OVER = 0, 1, 2  # the order of the list
_MOST = 2**63  # above every id
_plan, _committee, _region = ReviewPlan.__table__, Committee.__table__, Region.__table__
_plan_level, _level, _offering = PlanLevel.__table__, TitleLevel.__table__, PlanOffering.__table__
_series = TitleSeries.__table__


@dataclass(frozen=True)
class PlanFilters:
    """The search of D2; empty values mean everything. `level`: the label (初级 covers two levels)."""

    name: str = ""
    year: int | None = None
    level: str = ""
    series_id: int | None = None
    committee: str = ""
    region: str = ""
    plan_type: str = ""


@dataclass(frozen=True)
class PlanRow:
    """A line of the list. `phase`: open, coming or over; `levels`: their labels, highest first."""

    id: int
    year: int
    name: str
    levels: tuple[str, ...]
    committee: str
    opens_on: dt.date
    closes_on: dt.date
    phase: str


@dataclass(frozen=True)
class PlanList:
    """A page of the list; `older`/`newer`: the keys of the neighbouring pages."""

    rows: tuple[PlanRow, ...]
    older: str | None
    newer: str | None


_SHOWN = (
    _plan.c.id, _plan.c.year, _plan.c.name, _plan.c.state, _plan.c.opens_on, _plan.c.closes_on,
    _committee.c.name.label("committee"),
)


def _filtered(filters: PlanFilters) -> Select[Any]:
    """(id, opens_on) of the plans that match. No join: the rows come along an index, until there are enough."""
    statement = select(_plan.c.id, _plan.c.opens_on)
    if filters.name:
        statement = statement.where(_plan.c.name.contains(filters.name, autoescape=True))
    if filters.year is not None:
        statement = statement.where(_plan.c.year == filters.year)
    if filters.committee:
        named = select(_committee.c.id).where(_committee.c.name.contains(filters.committee, autoescape=True))
        statement = statement.where(_plan.c.committee_id.in_(named))
    if filters.plan_type in PLAN_TYPES:
        statement = statement.where(_plan.c.plan_type == filters.plan_type)
    if filters.level:
        statement = statement.where(exists().where(
            _plan_level.c.plan_id == _plan.c.id, _plan_level.c.edition == _plan.c.edition,
            _level.c.id == _plan_level.c.level_id, _level.c.label == filters.level,
        ))
    if filters.series_id is not None:
        statement = statement.where(exists().where(
            _offering.c.plan_id == _plan.c.id, _offering.c.edition == _plan.c.edition,
            _offering.c.series_id == filters.series_id,
        ))
    if filters.region:
        above, below = _region.alias("above"), _region.alias("below")
        statement = statement.where(_plan.c.region_code.in_(
            select(below.c.code).where(
                above.c.code == filters.region,
                or_(below.c.path == above.c.path, below.c.path.startswith(above.c.path + "/")),
            )
        ))
    return statement


def _in_phase(statement: Select[Any], rank: int, today: dt.date) -> Select[Any]:
    """The plans of one phase. Those that are not over are few, and found by their last day; the rest is a walk by day."""
    if rank == OPEN:
        return statement.where(_plan.c.state == "published", _plan.c.closes_on >= today, _plan.c.opens_on <= today)
    if rank == COMING:
        return statement.where(_plan.c.state == "published", _plan.c.closes_on >= today, _plan.c.opens_on > today)
    return statement.where(_plan.c.state != "draft", or_(_plan.c.state == "closed", _plan.c.closes_on < today))


def _key(text: str | None) -> tuple[int, dt.date, int] | None:
    """A page's key: rank_day_id, None for what is none."""
    parts = (text or "").split("_")
    try:
        rank, day, number = int(parts[0]), dt.date.fromisoformat(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        return None
    return (rank, day, number) if OPEN <= rank <= OVER and 0 <= number < _MOST else None


def search(
    session: Session, filters: PlanFilters, *, before: str | None = None, after: str | None = None,
    size: int = PAGE_SIZE, now: dt.datetime | None = None,
) -> PlanList:
    """Open plans first, then those to come, then the rest; each phase latest first, paged by (phase, opens_on, id).

    `before`: the key of the last row seen, to go on; `after`: of the first one, to go back. Nonsense is the first page.
    Two statements, whatever is searched for.
    """
    back, forth = _key(after), _key(before)
    if back is not None:
        found = session.execute(_window(filters, back, forward=False, size=size, now=now)).all()
        rows: list[Row[Any]] = list(reversed(found[:size]))
        has_newer, has_older = len(found) > size, bool(rows)
    else:
        found = session.execute(_window(filters, forth, forward=True, size=size, now=now)).all()
        rows = list(found[:size])
        has_newer, has_older = forth is not None and bool(rows), len(found) > size
    levels = levels_of(session, [row.id for row in rows])

    def key(row: Row[Any]) -> str:
        return f"{row.rank}_{row.opens_on}_{row.id}"

    return PlanList(
        tuple(
            PlanRow(
                row.id, row.year, row.name, tuple(levels[row.id]), row.committee, row.opens_on, row.closes_on,
                phase(row.state, row.opens_on, row.closes_on, now),
            )
            for row in rows
        ),
        older=key(rows[-1]) if has_older else None, newer=key(rows[0]) if has_newer else None,
    )


def _window(
    filters: PlanFilters, key: tuple[int, dt.date, int] | None, *, forward: bool, size: int, now: dt.datetime | None
) -> Any:
    """At most `size` + 1 rows beyond a key. Each phase is cut off by itself, so that none is sorted as a whole."""
    today, filtered = deadlines.today(now), _filtered(filters)
    order = (
        (_plan.c.opens_on.desc(), _plan.c.id.desc()) if forward else (_plan.c.opens_on, _plan.c.id)
    )
    parts = []
    for rank in (OPEN, COMING, OVER):
        if key is not None and (rank < key[0] if forward else rank > key[0]):
            continue
        part = _in_phase(filtered, rank, today).add_columns(literal(rank).label("rank"))
        if key is not None and rank == key[0]:
            part = part.where(_beyond(key[1], key[2], forward=forward))
        parts.append(select(part.order_by(*order).limit(size + 1).subquery()))
    found = union_all(*parts).subquery()
    statement = (
        select(*_SHOWN, found.c.rank).select_from(found).join(_plan, _plan.c.id == found.c.id)
        .join(_committee, _committee.c.id == _plan.c.committee_id).limit(size + 1)
    )
    if forward:
        return statement.order_by(found.c.rank, found.c.opens_on.desc(), found.c.id.desc())
    return statement.order_by(found.c.rank.desc(), found.c.opens_on, found.c.id)


def _beyond(day: dt.date, number: int, *, forward: bool) -> Any:
    """Rows of a phase after (or before) a key in the order of the list."""
    if forward:
        return (_plan.c.opens_on < day) | ((_plan.c.opens_on == day) & (_plan.c.id < number))
    return (_plan.c.opens_on > day) | ((_plan.c.opens_on == day) & (_plan.c.id > number))


def levels_of(session: Session, plan_ids: Sequence[int]) -> dict[int, list[str]]:
    """评审级别 of some plans, as the edition in force has them."""
    found: dict[int, list[str]] = defaultdict(list)
    if plan_ids:
        rows = session.execute(
            select(_plan_level.c.plan_id, _level.c.label)
            .join(_level, _level.c.id == _plan_level.c.level_id)
            .join(_plan, (_plan.c.id == _plan_level.c.plan_id) & (_plan.c.edition == _plan_level.c.edition))
            .where(_plan_level.c.plan_id.in_(plan_ids)).order_by(_level.c.rank.desc())
        )
        for row in rows:
            if row.label not in found[row.plan_id]:
                found[row.plan_id].append(row.label)
    return found


def latest(session: Session, *, now: dt.datetime | None = None) -> tuple[PlanRow, ...]:
    """最新计划信息: published plans whose window has not ended, the open ones first and of those what ends soonest."""
    today = deadlines.today(now)
    rows = session.execute(
        select(*_SHOWN).join(_committee, _committee.c.id == _plan.c.committee_id)
        .where(_plan.c.state == "published", _plan.c.closes_on >= today)
        .order_by(_plan.c.opens_on > today, _plan.c.closes_on, _plan.c.id.desc()).limit(LATEST)
    ).all()
    levels = levels_of(session, [row.id for row in rows])
    return tuple(
        PlanRow(row.id, row.year, row.name, tuple(levels[row.id]), row.committee, row.opens_on, row.closes_on,
                phase(row.state, row.opens_on, row.closes_on, now))
        for row in rows
    )


@dataclass(frozen=True)
class SearchChoices:
    """What the search form offers."""

    years: tuple[int, ...]
    levels: tuple[str, ...]
    series: tuple[tuple[int, str], ...]
    regions: tuple[tuple[str, str], ...]


def search_choices(session: Session) -> SearchChoices:
    """From the first year that has plans to the last, level labels, series, and the province with its cities.

    One statement, since each page with the search asks it; the years are both ends of an index, not a walk over all plans.
    """
    ends = [
        select(literal(0).label("kind"), literal(number).label("position"), literal("").label("key"),
               select(cast(end(_plan.c.year), String)).where(_plan.c.state == state).scalar_subquery().label("label"))
        for number, (state, end) in enumerate((state, end) for state in LISTED for end in (func.min, func.max))
    ]
    by_path = func.row_number().over(order_by=_region.c.path)
    rows = session.execute(union_all(
        *ends,
        select(literal(1), -_level.c.rank, literal(""), _level.c.label),
        select(literal(2), _series.c.position, cast(_series.c.id, String), _series.c.name).where(_series.c.enabled),
        select(literal(3), by_path, _region.c.code, _region.c.name).where(_region.c.level != "county", _region.c.enabled),
    ).order_by("kind", "position")).all()
    found = [int(row.label) for row in rows if row.kind == 0 and row.label]
    years = range(max(found), min(found) - 1, -1) if found else ()
    levels = [row.label for row in rows if row.kind == 1]
    series = [(int(row.key), row.label) for row in rows if row.kind == 2]
    regions = [(row.key, row.label) for row in rows if row.kind == 3]
    return SearchChoices(tuple(years), tuple(dict.fromkeys(levels)), tuple(series), tuple(regions))
