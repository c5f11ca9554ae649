"""Kinds of achievement with the fields of a version, and the vocabularies their fields choose from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.rules.fields import Field, Names, parse_fields
from models.achievement import Achievement, AchievementCategory, AchievementKind, AchievementKindVersion
from models.dictionary import CodeItem, CodeTable

_achievement, _category = Achievement.__table__, AchievementCategory.__table__
_kind, _version = AchievementKind.__table__, AchievementKindVersion.__table__
_table, _code = CodeTable.__table__, CodeItem.__table__
_REFERENCE_LIMIT = 500  # of a list to choose from
REFERRED = "ref:portfolio_item"
_REFERRED = select(
    _achievement.c.id, _achievement.c.summary, _achievement.c.state, _kind.c.name.label("kind")
).join(_kind, _kind.c.id == _achievement.c.kind_id)


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
    person_id: int | None = None, shown: Iterable[Mapping[str, Any]] = (),
) -> Names:
    """Codes and names of every dictionary the fields use, in one statement, and of references in another.

    With `present` what can be chosen: the enabled entries and those the values have already; of references
    (`ref:portfolio_item`) the approved achievements of `person_id`. Without it what `shown` values are called.
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
        found[REFERRED] = (
            {key: one.label for key, one in references(session, ((fields, data) for data in shown)).items()}
            if present is None else _choosable(session, fields, present, person_id)
        )
    return lambda name: found.get(name, {})


@dataclass(frozen=True)
class Reference:
    """An achievement that another one names. `state` is empty when it was deleted."""

    label: str
    state: str


def references(
    session: Session, shown: Iterable[tuple[Sequence[Field], Mapping[str, Any]]]
) -> dict[str, Reference]:
    """What the values name, by id as text: achievements in whichever state they are now."""
    ids = {
        str(data[field.key]) for fields, data in shown for field in fields
        if field.type == "ref" and field.vocabulary == REFERRED and data.get(field.key)
    }
    if not ids:
        return {}
    rows = session.execute(_REFERRED.where(_achievement.c.id.in_(map(int, ids))))
    return dict.fromkeys(ids, Reference("已删除的业绩", "")) | {
        str(row.id): Reference(f"{row.kind}：{row.summary}", row.state) for row in rows
    }


def _choosable(session: Session, fields: Sequence[Field], present: Mapping[str, Any], person_id: int | None) -> dict[str, str]:
    """The newest approved achievements of a person, and those the values name if they still are approved."""
    kept = [int(present[field.key]) for field in fields if field.type == "ref" and str(present.get(field.key, "")).isdecimal()]
    own = _REFERRED.where(_achievement.c.person_id == person_id, _achievement.c.state == "approved")
    rows = list(session.execute(own.order_by(_achievement.c.id.desc()).limit(_REFERENCE_LIMIT)))
    if set(kept) - {row.id for row in rows}:
        rows += session.execute(own.where(_achievement.c.id.in_(kept)))
    return {str(row.id): f"{row.kind}：{row.summary}" for row in rows}
