"""个人业绩库 and 业绩档案: kinds, counts and lists. Core statements that name the owner themselves.

A page costs the same number of statements however many rows it shows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.orm import Session

from app.queries.search import people
from app.rules.fields import Field, Names, parse_fields
from models.account import Account
from models.achievement import (
    Achievement,
    AchievementCategory,
    AchievementKind,
    AchievementKindVersion,
    AchievementRemark,
)
from models.application import Application, ApplicationItem
from models.case import Case, Task
from models.dictionary import CodeItem, CodeTable
from models.organization import Organization
from models.person import Employment, Person
from models.plan import ReviewPlan

UNIT_TABS = {"all": "全部", "reviewing": "审核中", "approved": "审核通过", "returned": "退回"}
PAGE_SIZE = 20
_achievement, _category = Achievement.__table__, AchievementCategory.__table__
_kind, _version, _remark = AchievementKind.__table__, AchievementKindVersion.__table__, AchievementRemark.__table__
_person, _task, _case, _account = Person.__table__, Task.__table__, Case.__table__, Account.__table__
_application, _item, _plan = Application.__table__, ApplicationItem.__table__, ReviewPlan.__table__
_organization = Organization.__table__
_employment, _table, _code = Employment.__table__, CodeTable.__table__, CodeItem.__table__
_REFERENCE_LIMIT = 500


@dataclass(frozen=True)
class Kind:
    """A kind of achievement in the tree."""

    id: int
    code: str
    name: str
    note: str
    enabled: bool
    category: str  # its name
    duplicate_keys: tuple[Mapping[str, Any], ...] = ()  # see app.rules.identity_keys


@dataclass(frozen=True)
class KindForm:
    """A kind with the fields of one version."""

    kind: Kind
    version_id: int
    fields: tuple[Field, ...]
    list_columns: tuple[str, ...]

    @property
    def slots(self) -> tuple[Field, ...]:
        """The evidence fields; attachments use their keys as slots."""
        return tuple(field for field in self.fields if field.type == "files")


def kinds(session: Session) -> list[Kind]:
    """All kinds, in the order of the tree; disabled ones too, because items of them may exist."""
    return [Kind(**{**row, "duplicate_keys": tuple(row["duplicate_keys"])})
            for row in session.execute(_KINDS.where(_HAS_FIELDS)).mappings()]


def kind_of(session: Session, kind_id: int) -> Kind | None:
    """A kind by its id, also one that has no fields yet."""
    row = session.execute(_KINDS.where(_kind.c.id == kind_id)).mappings().first()
    return Kind(**{**row, "duplicate_keys": tuple(row["duplicate_keys"])}) if row else None


_HAS_FIELDS = _kind.c.id.in_(select(_version.c.kind_id))  # a kind without any cannot be filled in


_KINDS = (
    select(
        _kind.c.id, _kind.c.code, _kind.c.name, _kind.c.note, _kind.c.enabled, _category.c.name.label("category"),
        _kind.c.duplicate_keys,
    )
    .join(_category, _category.c.id == _kind.c.category_id)
    .order_by(_category.c.position, _category.c.id, _kind.c.position, _kind.c.id)
)


def newest_form(session: Session, kind_code: str) -> KindForm | None:
    """A kind with the fields that new items use."""
    newest = _FORM.where(_kind.c.code == kind_code).order_by(_version.c.number.desc()).limit(1)
    return _form(session, newest)


def form_of_version(session: Session, version_id: int) -> KindForm | None:
    """A kind with the fields of one version: those an item was written with."""
    return _form(session, _FORM.where(_version.c.id == version_id))


_FORM = _KINDS.add_columns(
    _version.c.id.label("version_id"), _version.c.fields, _version.c.list_columns
).join(_version, _version.c.kind_id == _kind.c.id).order_by(None)


def _form(session: Session, statement: Select[Any]) -> KindForm | None:
    row = session.execute(statement).mappings().first()
    if row is None:
        return None
    kind = Kind(
        row["id"], row["code"], row["name"], row["note"], row["enabled"], row["category"], tuple(row["duplicate_keys"])
    )
    return KindForm(kind, row["version_id"], parse_fields(row["fields"]), tuple(row["list_columns"]))


def vocabularies(
    session: Session, fields: Sequence[Field], *, present: Mapping[str, Any] | None = None,
    person_id: int | None = None,
) -> Names:
    """Codes and names of every dictionary the fields use, in one statement.

    Without `present` all entries, for showing; with it the enabled ones and those the values have already, for
    choosing. References (`ref:portfolio_item`) are the approved achievements of `person_id`.
    """
    tables = {field.code_table for field in fields if field.type == "code"}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    if tables:
        kept = set(map(str, (present or {}).values()))
        rows = session.execute(
            select(_table.c.code.label("table"), _code.c.code, _code.c.name, _code.c.enabled)
            .join(_code, _code.c.table_id == _table.c.id)
            .where(_table.c.code.in_(tables)).order_by(_code.c.position, _code.c.id)
        )
        for row in rows:
            if present is None or row.enabled or row.code in kept:
                found[row.table][row.code] = row.name
    if any(field.type == "ref" for field in fields):
        rows = session.execute(
            select(_achievement.c.id, _achievement.c.summary)
            .where(_achievement.c.person_id == person_id, _achievement.c.state == "approved")
            .order_by(_achievement.c.id.desc()).limit(_REFERENCE_LIMIT)
        )
        found["ref:portfolio_item"] = {str(row.id): row.summary for row in rows}
    return lambda name: found.get(name, {})


Counts = Mapping[int, Counter[str]]  # kind id -> state -> number


def person_counts(session: Session, person_id: int) -> Counts:
    """How many items of each kind a person has in each state."""
    return _counts(session, _achievement.c.person_id == person_id)


def unit_counts(session: Session, organization_id: int) -> Counts:
    """The same for the items submitted to a unit."""
    return _counts(session, _achievement.c.organization_id == organization_id, _achievement.c.state != "draft")


def _counts(session: Session, *where: Any) -> Counts:
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    rows = session.execute(
        select(_achievement.c.kind_id, _achievement.c.state, func.count().label("n"))
        .where(*where).group_by(_achievement.c.kind_id, _achievement.c.state)
    )
    for row in rows:
        counts[row.kind_id][row.state] = row.n
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
    return _page(session, _of_person(person_id, kind_id, state, text), before, after)


def person_rows(
    session: Session, *, person_id: int, kind_id: int, state: str = "", text: str = "", limit: int
) -> Sequence[RowMapping]:
    """The same for a file: at most `limit`, newest first."""
    statement = _of_person(person_id, kind_id, state, text)
    return session.execute(statement.order_by(_achievement.c.id.desc()).limit(limit)).mappings().all()


def _of_person(person_id: int, kind_id: int, state: str, text: str) -> Select[Any]:
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
    return _page(session, _of_unit(organization_id, kind_id, tab, text), before, after)


def unit_rows(
    session: Session, *, organization_id: int, tab: str, kind_id: int | None = None, text: str = "", limit: int
) -> Sequence[RowMapping]:
    """The same for a file: at most `limit`, newest first."""
    statement = _of_unit(organization_id, kind_id, tab, text)
    return session.execute(statement.order_by(_achievement.c.id.desc()).limit(limit)).mappings().all()


def _of_unit(organization_id: int, kind_id: int | None, tab: str, text: str) -> Select[Any]:
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


@dataclass(frozen=True)
class OpenTask:
    """Where a submitted item waits. `claimer`: the name of who claimed it, `claimed_by` their account."""

    id: int
    version: int
    title: str
    claimed_by: int | None
    claimer: str


def open_tasks(session: Session, organization_id: int, achievement_ids: Sequence[int]) -> dict[int, OpenTask]:
    """The unit's open tasks over these items, by achievement id."""
    rows = session.execute(
        select(
            _case.c.subject_id, _task.c.id, _task.c.version, _task.c.title, _task.c.claimed_by,
            (_account.c.last_name + _account.c.first_name).label("claimer"),
        )
        .join(_task, _task.c.case_id == _case.c.id)
        .outerjoin(_account, _account.c.id == _task.c.claimed_by)
        .where(
            _case.c.subject_type == "achievement", _case.c.subject_id.in_(achievement_ids), _case.c.state == "open",
            _task.c.state == "open", _task.c.organization_id == organization_id,
        )
    )
    return {
        row.subject_id: OpenTask(row.id, row.version, row.title, row.claimed_by, row.claimer or "") for row in rows
    }


def flow(session: Session, achievement_id: int, *, organization_id: int | None = None) -> Sequence[RowMapping]:
    """流程: the tasks of every submission of an item, oldest first; a unit is shown its own ones only."""
    statement = (
        select(
            _task.c.id, _task.c.version, _task.c.procedure, _task.c.title, _task.c.case_id, _task.c.seq, _task.c.node, _task.c.state,
            _task.c.claimed_by, _task.c.decided_by, _task.c.arrived_at, _task.c.decided_at, _task.c.opinion,
            _organization.c.name.label("organization"),
            (_account.c.last_name + _account.c.first_name).label("decider"),
        )
        .join(_case, _case.c.id == _task.c.case_id)
        .join(_organization, _organization.c.id == _task.c.organization_id)
        .outerjoin(_account, _account.c.id == _task.c.decided_by)
        .where(_case.c.subject_type == "achievement", _case.c.subject_id == achievement_id)
        .order_by(_task.c.id)
    )
    if organization_id is not None:
        statement = statement.where(_task.c.organization_id == organization_id)
    return session.execute(statement).mappings().all()


def open_case(session: Session, achievement_id: int) -> int | None:
    """The case under review over an item, if any."""
    return session.scalar(select(_case.c.id).where(
        _case.c.subject_type == "achievement", _case.c.subject_id == achievement_id, _case.c.state == "open"
    ))


def has_unit(session: Session, person_id: int) -> bool:
    """Whether a unit has confirmed the person: otherwise items may be recorded but not submitted."""
    return session.scalar(
        select(_employment.c.id).where(_employment.c.person_id == person_id, _employment.c.state == "approved")
    ) is not None


def return_opinions(session: Session, achievement_ids: Sequence[int]) -> dict[int, str]:
    """The opinion of the last return of each item, by achievement id."""
    rows = session.execute(
        select(_case.c.subject_id, _task.c.opinion)
        .join(_task, _task.c.case_id == _case.c.id)
        .where(
            _case.c.subject_type == "achievement", _case.c.subject_id.in_(achievement_ids),
            _case.c.state == "returned", _task.c.state == "returned",
        )
        .order_by(_task.c.id)
    )
    return {row.subject_id: row.opinion for row in rows}


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
    form = form_of_version(session, row["kind_version_id"])
    if form is None:
        return None
    return Detail(row, form, vocabularies(session, form.fields, person_id=row["person_id"]))


def remarks(session: Session, achievement_id: int) -> dict[str, str]:
    """What the unit said about single fields when it returned an item, by field key."""
    return {row.field_key: row.text for row in session.execute(
        select(_remark.c.field_key, _remark.c.text).where(_remark.c.achievement_id == achievement_id)
    )}


def next_to_review(
    session: Session, *, organization_id: int, kind_id: int | None, user_id: int, shared: bool, after: int
) -> int | None:
    """The item to open after a decision: the next older one this administrator may decide, else the newest."""
    mine = _task.c.claimed_by == user_id
    statement = (
        select(_achievement.c.id)
        .join(_case, (_case.c.subject_type == "achievement") & (_case.c.subject_id == _achievement.c.id))
        .join(_task, _task.c.case_id == _case.c.id)
        .where(
            _achievement.c.organization_id == organization_id,
            *([_achievement.c.kind_id == kind_id] if kind_id is not None else []),
            _achievement.c.state == "reviewing", _case.c.state == "open", _task.c.state == "open",
            mine if shared else mine | _task.c.claimed_by.is_(None), _achievement.c.id != after,
        )
        .order_by((_achievement.c.id > after), _achievement.c.id.desc()).limit(1)
    )
    return session.scalar(statement)


