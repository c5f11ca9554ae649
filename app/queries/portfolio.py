"""个人业绩库 and 业绩档案: counts, lists and single items. Core statements that name the owner themselves.

A page costs the same number of statements however many rows it shows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.orm import Session

from app.queries import achievement_kind
from app.queries.achievement_kind import KindForm, Reference
from app.queries.search import people
from app.rules.fields import Names
from models.achievement import Achievement, AchievementCounter
from models.application import Application, ApplicationItem
from models.person import Employment, Person
from models.plan import ReviewPlan

UNIT_TABS = {"all": "全部", "reviewing": "审核中", "approved": "审核通过", "returned": "退回"}
PAGE_SIZE = 20
_achievement, _counter, _person = Achievement.__table__, AchievementCounter.__table__, Person.__table__
_application, _item, _plan = Application.__table__, ApplicationItem.__table__, ReviewPlan.__table__
_employment = Employment.__table__


Counts = Mapping[int, Counter[str]]  # kind id -> state -> number


def person_counts(session: Session, person_id: int) -> Counts:
    """How many items of each kind a person has in each state."""
    return _by_kind(session.execute(
        select(_achievement.c.kind_id, _achievement.c.state, func.count())
        .where(_achievement.c.person_id == person_id).group_by(_achievement.c.kind_id, _achievement.c.state)
    ))


def unit_counts(session: Session, organization_id: int) -> Counts:
    """The same for the items submitted to a unit: kept, not counted (docs/adr/0003)."""
    return _by_kind(session.execute(
        select(_counter.c.kind_id, _counter.c.state, _counter.c.n)
        .where(_counter.c.organization_id == organization_id, _counter.c.n > 0)
    ))


def _by_kind(rows: Iterable[Any]) -> Counts:
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:  # kind, state, number
        counts[row[0]][row[1]] = row[2]
    return counts


@dataclass(frozen=True)
class Page:
    """Rows (mappings), newest first, and the ids to go on from."""

    rows: Sequence[RowMapping]
    older: int | None
    newer: int | None


_ROW = select(
    _achievement.c.id, _achievement.c.person_id, _achievement.c.kind_version_id, _achievement.c.summary,
    _achievement.c.data, _achievement.c.state, _achievement.c.version, _achievement.c.submitted_at,
    _achievement.c.decided_at, _achievement.c.updated_at,
)


def person_page(
    session: Session, *, person_id: int, kind_id: int, state: str = "", text: str = "", before: int | None = None,
    after: int | None = None,
) -> Page:
    """A person's items of one kind; `text`: of the line that stands for an item."""
    return _page(session, of_person(person_id, kind_id, state, text), before, after)


def of_person(person_id: int, kind_id: int, state: str, text: str) -> Select[Any]:
    """A person's items of one kind in one state or in all, whose line has the text."""
    statement = _ROW.where(_achievement.c.person_id == person_id, _achievement.c.kind_id == kind_id)
    if state:
        statement = statement.where(_achievement.c.state == state)
    if text:
        statement = statement.where(_achievement.c.summary.contains(text, autoescape=True))
    return statement


def unit_page(
    session: Session, *, organization_id: int, tab: str, kind_id: int | None = None, text: str = "",
    before: int | None = None, after: int | None = None,
) -> Page:
    """The items submitted to a unit, of one kind or of all, with the names of their people.

    `text`: name, pinyin or content.
    """
    return _page(session, of_unit(organization_id, kind_id, tab, text), before, after)


def of_unit(organization_id: int, kind_id: int | None, tab: str, text: str) -> Select[Any]:
    """The items submitted to a unit with the names of their people; `text`: name, pinyin or content."""
    statement = (
        _ROW.add_columns(_person.c.name.label("person_name"), _achievement.c.kind_id)
        .join(_person, _person.c.id == _achievement.c.person_id)
        .where(
            _achievement.c.organization_id == organization_id,
            _achievement.c.state != "draft" if tab == "all" else _achievement.c.state == tab,
        )
    )
    if kind_id is not None:
        statement = statement.where(_achievement.c.kind_id == kind_id)
    if text:
        statement = statement.where(
            _achievement.c.summary.contains(text, autoescape=True) | people(text, _person)
        )
    return statement


def step(session: Session, chosen: Select[Any], *, before: int | None, size: int) -> Sequence[RowMapping]:
    """Some rows of a list for a file, newest first, below an id."""
    key = _achievement.c.id
    narrowed = chosen if before is None else chosen.where(key < before)
    return session.execute(narrowed.order_by(key.desc()).limit(size)).mappings().all()


def bounded_count(session: Session, chosen: Select[Any], most: int) -> int:
    """How many rows a list has, counted up to one more than `most`."""
    ids = chosen.with_only_columns(_achievement.c.id, maintain_column_froms=True).limit(most + 1).subquery()
    return session.execute(select(func.count()).select_from(ids)).scalar_one()


def _page(session: Session, statement: Select[Any], before: int | None, after: int | None) -> Page:
    key = _achievement.c.id
    if after is not None:
        found = session.execute(statement.where(key > after).order_by(key).limit(PAGE_SIZE + 1)).mappings().all()
        rows = list(reversed(found[:PAGE_SIZE]))
        newer = rows[0]["id"] if len(found) > PAGE_SIZE else None
        return Page(rows, older=rows[-1]["id"] if rows else None, newer=newer)
    if before is not None:
        statement = statement.where(key < before)
    found = session.execute(statement.order_by(key.desc()).limit(PAGE_SIZE + 1)).mappings().all()
    rows = list(found[:PAGE_SIZE])
    older = rows[-1]["id"] if len(found) > PAGE_SIZE else None
    return Page(rows, older=older, newer=rows[0]["id"] if before is not None and rows else None)


def has_unit(session: Session, person_id: int) -> bool:
    """Whether a unit has confirmed the person: otherwise items may be recorded but not submitted."""
    return session.scalar(
        select(_employment.c.id).where(_employment.c.person_id == person_id, _employment.c.state == "approved")
    ) is not None


def uses(session: Session, achievement_id: int) -> list[str]:
    """The names of the plans whose applications have imported an item."""
    return list(session.scalars(
        select(_plan.c.name)
        .join(_application, _application.c.plan_id == _plan.c.id)
        .join(_item, _item.c.application_id == _application.c.id)
        .where(_item.c.achievement_id == achievement_id)
        .group_by(_plan.c.id, _plan.c.name).order_by(_plan.c.id.desc()).limit(5)
    ))


@dataclass(frozen=True)
class Detail:
    """One item with everything its page shows."""

    row: RowMapping
    form: KindForm
    names: Names
    references: Mapping[str, Reference]


_DETAIL = _ROW.add_columns(
    _achievement.c.organization_id, _person.c.name.label("person_name"), _achievement.c.created_at
).join(_person, _person.c.id == _achievement.c.person_id)


def own_detail(session: Session, person_id: int, achievement_id: int) -> Detail | None:
    """An item of a person, in any state."""
    return _detail(session, _DETAIL.where(_achievement.c.person_id == person_id, _achievement.c.id == achievement_id))


def unit_detail(session: Session, organization_id: int, achievement_id: int) -> Detail | None:
    """An item that was submitted to a unit; None for drafts and for other units' items."""
    return _detail(session, _DETAIL.where(
        _achievement.c.organization_id == organization_id, _achievement.c.state != "draft",
        _achievement.c.id == achievement_id,
    ))


def _detail(session: Session, statement: Select[Any]) -> Detail | None:
    row = session.execute(statement).mappings().first()
    if row is None:
        return None
    form = achievement_kind.form_of_version(session, row["kind_version_id"])
    if form is None:
        return None
    names = achievement_kind.vocabularies(session, form.fields, shown=[row["data"]])
    return Detail(row, form, names, achievement_kind.references(session, [(form.fields, row["data"])]))
