"""申报名册 of a plan: the applications that reached its convener, filtered and paged by key; and the same for export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.scope import Scope, criterion_for
from models.application import APPLICATION_STATES, EXEMPTION_STATES, Application
from models.case import Case
from models.organization import Organization
from models.person import Person
from models.plan import ROUTES
from models.series import Specialty, Title, TitleLevel, TitleSeries

PAGE_SIZE = 25
COUNT_UP_TO = 10_000
SUBJECT = "application"
_a, _person, _unit, _case = Application.__table__, Person.__table__, Organization.__table__, Case.__table__
_series, _specialty, _title, _level = (
    TitleSeries.__table__, Specialty.__table__, Title.__table__, TitleLevel.__table__
)
SHOWN_STATES = {state: name for state, name in APPLICATION_STATES.items() if state != "editing"}


# What a roster says of the interview, by the state of the request for 免面试.
INTERVIEWS = {"none": "需要", "asked": "申请免面试", "approved": "已批准免面试", "refused": "需要（未批准免面试）"}


def interview(needed: bool, state: str) -> str:
    """The cell 面试."""
    return INTERVIEWS[state] if needed else "不需要"


@dataclass(frozen=True)
class RosterFilters:
    """What narrows a roster; empty values mean everything. `text`: in the names of person or unit."""

    text: str = ""
    state: str = ""
    route: str = ""
    title_id: int | None = None
    specialty_id: int | None = None
    exemption: str = ""  # a key of EXEMPTION_STATES

    def given(self) -> dict[str, Any]:
        """What narrows, by the names of the fields."""
        return {key: value for key, value in asdict(self).items() if value}

    def words(self) -> dict[str, str]:
        """As parts of an address."""
        values = {"q": self.text, "state": self.state, "route": self.route, "title": self.title_id,
                  "specialty": self.specialty_id, "exemption": self.exemption}
        return {key: str(value) for key, value in values.items() if value}


@dataclass(frozen=True)
class RosterPage:
    """A page of a roster, newest submission first; `older`/`newer`: ids of the neighbouring pages; `count` up to a bound."""

    rows: tuple[Row[Any], ...]
    older: int | None
    newer: int | None
    count: int

    @property
    def count_text(self) -> str:
        """The count as it is shown."""
        return f"{COUNT_UP_TO}+" if self.count > COUNT_UP_TO else str(self.count)


def _chosen(plan_id: int, filters: RosterFilters, scope: Scope) -> Select[Any]:
    statement = (
        select(_a.c.id).join(_person, _person.c.id == _a.c.person_id).join(_unit, _unit.c.id == _a.c.employer_id)
        .where(_a.c.plan_id == plan_id, _a.c.state.in_(SHOWN_STATES), criterion_for(Application, scope))
    )
    if filters.text:
        statement = statement.where(or_(
            _person.c.name.contains(filters.text, autoescape=True), _unit.c.name.contains(filters.text, autoescape=True)
        ))
    if filters.state in SHOWN_STATES:
        statement = statement.where(_a.c.state == filters.state)
    if filters.route in ROUTES:
        statement = statement.where(_a.c.route == filters.route)
    if filters.exemption in EXEMPTION_STATES:
        statement = statement.where(_a.c.exemption_state == filters.exemption)
    if filters.title_id is not None:
        statement = statement.where(_a.c.title_id == filters.title_id)
    if filters.specialty_id is not None:
        statement = statement.where(_a.c.specialty_id == filters.specialty_id)
    return statement


def _with_facts(ids: Any) -> Select[Any]:
    latest = (
        select(_case.c.subject_id, func.max(_case.c.run).label("run"))
        .where(_case.c.subject_type == SUBJECT, _case.c.subject_id.in_(ids)).group_by(_case.c.subject_id).subquery()
    )
    return (
        select(
            _a.c.id, _a.c.state, _a.c.route, _a.c.submitted_at, _a.c.decided_at, _a.c.exemption_state, _person.c.name.label("person"),
            _person.c.sex, _person.c.birth_date, _person.c.id_number, _person.c.mobile, _unit.c.name.label("unit"),
            _series.c.name.label("series"), _specialty.c.name.label("specialty"), _title.c.name.label("title"),
            _level.c.name.label("level"), _case.c.node, _case.c.state.label("case_state"),
        )
        .join(_person, _person.c.id == _a.c.person_id)
        .join(_unit, _unit.c.id == _a.c.employer_id)
        .join(_series, _series.c.id == _a.c.series_id)
        .join(_specialty, _specialty.c.id == _a.c.specialty_id)
        .join(_title, _title.c.id == _a.c.title_id)
        .join(_level, _level.c.id == _title.c.level_id)
        .outerjoin(latest, latest.c.subject_id == _a.c.id)
        .outerjoin(_case, and_(
            _case.c.subject_type == SUBJECT, _case.c.subject_id == _a.c.id, _case.c.run == latest.c.run
        ))
        .where(_a.c.id.in_(ids)).order_by(_a.c.id.desc())
    )


def roster_page(
    session: Session, plan_id: int, filters: RosterFilters, scope: Scope, *, before: int | None = None,
    after: int | None = None,
) -> RosterPage:
    """One page, and how many there are up to a bound; three statements."""
    chosen = _chosen(plan_id, filters, scope)
    if after is not None:
        ids = list(session.execute(
            chosen.where(_a.c.id > after).order_by(_a.c.id).limit(PAGE_SIZE + 1)
        ).scalars())
        more_newer, more_older = len(ids) > PAGE_SIZE, bool(ids)
    else:
        narrowed = chosen.where(_a.c.id < before) if before is not None else chosen
        ids = list(session.execute(narrowed.order_by(_a.c.id.desc()).limit(PAGE_SIZE + 1)).scalars())
        more_newer, more_older = before is not None and bool(ids), len(ids) > PAGE_SIZE
    rows = tuple(session.execute(_with_facts(ids[:PAGE_SIZE])).all())
    count = session.execute(select(func.count()).select_from(chosen.limit(COUNT_UP_TO + 1).subquery())).scalar_one()
    return RosterPage(rows, rows[-1].id if rows and more_older else None, rows[0].id if rows and more_newer else None, count)


def roster_rows(session: Session, plan_id: int, filters: RosterFilters, scope: Scope, *, step: int) -> Iterator[Row[Any]]:
    """Every row of a roster in the order of the list, `step` rows a statement."""
    chosen, before = _chosen(plan_id, filters, scope), None
    while True:
        narrowed = chosen if before is None else chosen.where(_a.c.id < before)
        ids = list(session.execute(narrowed.order_by(_a.c.id.desc()).limit(step)).scalars())
        yield from session.execute(_with_facts(ids)).all()
        if len(ids) < step:
            return
        before = ids[-1]


def roster_count(session: Session, plan_id: int, filters: RosterFilters, scope: Scope, most: int) -> int:
    """How many rows a roster has, counted up to one more than `most`."""
    chosen = _chosen(plan_id, filters, scope).limit(most + 1).subquery()
    return session.execute(select(func.count()).select_from(chosen)).scalar_one()


@dataclass(frozen=True)
class RosterFigures:
    """Figures of a plan's applications that were submitted, as (name, number): nobody is named."""

    by_title: tuple[tuple[str, int], ...]
    by_specialty: tuple[tuple[str, int], ...]
    by_route: tuple[tuple[str, int], ...]
    by_exemption: tuple[tuple[str, int], ...]  # by state of 免面试


def roster_figures(session: Session, plan_id: int) -> RosterFigures:
    """How many apply for what; four statements over one plan's applications."""
    def grouped(table: Any, column: Any, key: Any) -> tuple[tuple[str, int], ...]:
        n = func.count().label("n")
        statement = (
            select(column, n).select_from(_a.join(table, table.c.id == key) if table is not None else _a)
            .where(_a.c.plan_id == plan_id, _a.c.state.in_(SHOWN_STATES)).group_by(column).order_by(n.desc(), column)
        )
        return tuple((row[0], row[1]) for row in session.execute(statement.limit(30)))

    return RosterFigures(
        grouped(_title, _title.c.name, _a.c.title_id), grouped(_specialty, _specialty.c.name, _a.c.specialty_id),
        grouped(None, _a.c.route, None), grouped(None, _a.c.exemption_state, None),
    )


def roster_choices(session: Session, plan_id: int) -> tuple[tuple[Row[Any], ...], tuple[Row[Any], ...]]:
    """(titles, specialties) that somebody applied for in the plan, for the filters."""
    found = []
    for table, key in ((_title, _a.c.title_id), (_specialty, _a.c.specialty_id)):
        used = select(key).where(_a.c.plan_id == plan_id, _a.c.state.in_(SHOWN_STATES))
        found.append(tuple(session.execute(
            select(table.c.id, table.c.name).where(table.c.id.in_(used)).order_by(table.c.name)
        )))
    return found[0], found[1]
