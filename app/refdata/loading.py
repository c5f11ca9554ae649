"""Bringing the reference files into the dictionaries: inserts what is new, updates its own rows, leaves the staff's.

The rule (as package managers treat configuration files): the loader keeps the digest of what it wrote. A row that
still has it is the loader's and follows the files; a row with another content was edited by staff and stays; a row
that is gone was deleted by staff and stays gone; a row that staff made under the same key stays theirs. Nothing is
deleted. Texts that others point at (fields of a kind's version, 诚信承诺书) never change: they get a new version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec
from chinese_calendar import constants
from sqlalchemy import RowMapping, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.actor import SYSTEM
from app.audit import Event, record_event
from app.refdata.reading import COMMON_FORM, DATA, Dataset, RefdataError, read_dataset
from app.transaction import transaction
from models.achievement import AchievementCategory, AchievementKind, AchievementKindVersion
from models.application import Pledge
from models.base import utcnow
from models.dictionary import CodeItem, CodeTable
from models.holiday import Holiday
from models.opinion_template import OpinionTemplate
from models.refdata import LoadedRow
from models.region import Region
from models.route_form import RouteForm
from models.routing import RouteRule, RouteStep
from models.series import Specialty, Title, TitleLevel, TitleSeries
from models.series_form import SeriesForm
from models.setting import Setting

Values = dict[str, Any]
KeyOf = Callable[[RowMapping], str]
_ledger = cast(Table, LoadedRow.__table__)


@dataclass
class Report:
    """What a load did: rows inserted and updated by table, and the rows left as the staff made them."""

    inserted: dict[str, int] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.inserted or self.updated)


def load(folder: Path = DATA) -> Report:
    """Read, check and load everything in one transaction. RefdataError leaves the database as it was."""
    data = read_dataset(folder)
    with transaction() as session:
        report = _Loader(session).load(data)
        if report.changed:
            record_event(
                session, event=Event.RECORD_CHANGED, subject_type="reference_data", subject_id=0, actor=SYSTEM,
                data={"inserted": report.inserted, "updated": report.updated, "kept": report.kept},
            )
    return report


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 over the values in one canonical form, as the ledger keeps it."""
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)  # dates as ISO
    return hashlib.sha256(text.encode()).hexdigest()


def pledge_digest(title: str, clauses: Sequence[str]) -> str:
    """SHA-256 of a pledge: title and clauses, one a line."""
    return hashlib.sha256("\n".join([title, *clauses]).encode()).hexdigest()


def opinion_key(text: str) -> str:
    """What tells one opinion from another in the ledger, whose keys are short."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class _Loader:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.report = Report()
        self.ledger: dict[tuple[str, str], str] = {
            (row.table_name, row.key): row.digest
            for row in session.execute(select(_ledger.c.table_name, _ledger.c.key, _ledger.c.digest))
        }

    def sync(
        self, model: type[Any], rows: Sequence[tuple[str, Values]], key_of: KeyOf, *, frozen: bool = False
    ) -> dict[str, int]:
        """Bring `rows` (natural key, values) into the model's table; the ids of all its rows by natural key.

        All rows give the same columns. `frozen`: a loaded row may not change (RefdataError).
        """
        table = cast(Table, model.__table__)
        columns = list(rows[0][1])
        current = {key_of(row): row for row in self.session.execute(select(table)).mappings()}
        inserts: list[tuple[str, Values]] = []
        updates: list[tuple[str, Values]] = []
        for key, values in rows:
            known = self.ledger.get((table.name, key))
            row = current.get(key)
            if row is None and known is None:
                inserts.append((key, values))
            elif row is None or digest_of({c: row[c] for c in columns}) != known:
                if row is None or any(row[c] != values[c] for c in columns):
                    self.report.kept.append(f"{table.name} {key}")
            elif digest_of(values) != known:
                if frozen:
                    raise RefdataError(table.name, key, "version", "a loaded version never changes: raise its number")
                updates.append((key, values | {"_id": row["id"]}))
        self._insert(table, inserts)
        self._update(table, updates, columns)
        if inserts:
            current = {key_of(row): row for row in self.session.execute(select(table)).mappings()}
        return {key: row["id"] for key, row in current.items()}

    def _insert(self, table: Table, rows: Sequence[tuple[str, Values]]) -> None:
        if not rows:
            return
        self.session.execute(insert(table), [values for _, values in rows])
        self.session.execute(insert(_ledger), [
            {"table_name": table.name, "key": key, "digest": digest_of(values)} for key, values in rows
        ])
        self.report.inserted[table.name] = self.report.inserted.get(table.name, 0) + len(rows)

    def _update(self, table: Table, rows: Sequence[tuple[str, Values]], columns: Sequence[str]) -> None:
        if not rows:
            return
        values: Values = {c: bindparam(f"new_{c}", type_=table.c[c].type) for c in columns}
        if "version" in table.c:
            values |= {"version": table.c.version + 1, "updated_at": utcnow()}
        connection = self.session.connection()
        connection.execute(
            update(table).where(table.c.id == bindparam("_id")).values(values),
            [{"_id": row["_id"]} | {f"new_{c}": row[c] for c in columns} for _, row in rows],
        )
        connection.execute(
            update(_ledger)
            .where(_ledger.c.table_name == table.name, _ledger.c.key == bindparam("_key"))
            .values(digest=bindparam("_digest")),
            [{"_key": key, "_digest": digest_of({c: row[c] for c in columns})} for key, row in rows],
        )
        self.report.updated[table.name] = len(rows)

    def load(self, data: Dataset) -> Report:
        self._regions(data)
        self._codes(data)
        series = self._series(data)
        self._achievements(data)
        self._forms(data, series)
        self.sync(RouteForm, [
            (r.route, {"route": r.route, "name": r.name, "note": r.note, "fields": list(r.fields), "waives": list(r.waives)})
            for r in data.route_forms
        ], lambda row: str(row["route"]))
        self.sync(Pledge, [
            (str(r.number), {
                "number": r.number, "title": r.title, "clauses": list(r.clauses),
                "sha256": pledge_digest(r.title, r.clauses),
            }) for r in data.pledges
        ], lambda row: str(row["number"]), frozen=True)
        self.sync(OpinionTemplate, [
            (f"/{r.procedure}/{r.action}/{opinion_key(r.text)}", {
                "procedure": r.procedure, "action": r.action, "text": r.text, "position": position,
            }) for position, r in enumerate(data.opinions, 1)
        ], lambda row: f"{row['user_id'] or ''}/{row['procedure']}/{row['action']}/{opinion_key(row['text'])}")
        self.sync(Setting, [
            (r.key, {"key": r.key, "label": r.label, "value": r.value, "names": r.names}) for r in data.settings
        ], lambda row: str(row["key"]))
        self._route_rules(data)
        self.sync(Holiday, announced_days(), lambda row: row["day"].isoformat())
        return self.report

    def _route_rules(self, data: Dataset) -> None:
        rules = self.sync(RouteRule, [
            (r.name, {
                "name": r.name, "position": r.position, "enabled": True, "unit_level": r.unit_level,
                "is_central": r.is_central, "own_committee": r.own_committee, "plan_level": r.plan_level,
                "nature_code": "", "plan_type": "", "note": r.note,
            }) for r in data.route_rules
        ], lambda row: str(row["name"]))
        names = {rule_id: name for name, rule_id in rules.items()}
        self.sync(RouteStep, [
            (f"{r.name}/{position}", {
                "rule_id": rules[r.name], "position": position, "node": step.node, "place": step.place,
                "is_optional": step.is_optional,
            })
            for r in data.route_rules if r.name in rules
            for position, step in enumerate(r.steps, 1)
        ], lambda row: f"{names.get(row['rule_id'], row['rule_id'])}/{row['position']}")

    def _regions(self, data: Dataset) -> None:
        paths: dict[str, str] = {}
        for r in data.regions:
            paths[r.code] = f"{paths[r.parent_code]}/{r.code}" if r.parent_code else r.code
        self.sync(Region, [
            (r.code, {
                "code": r.code, "name": r.name, "level": r.level, "parent_code": r.parent_code or None,
                "path": paths[r.code],
            }) for r in data.regions
        ], _code)

    def _codes(self, data: Dataset) -> None:
        tables = self.sync(CodeTable, [
            (t.code, {"code": t.code, "name": t.name, "standard": t.standard}) for t in data.code_tables
        ], _code)
        names = {table_id: code for code, table_id in tables.items()}
        self.sync(CodeItem, [
            (f"{table}/{item.code}", {
                "table_id": tables[table], "code": item.code, "name": item.name, "parent_code": item.parent or None,
                "position": position, "enabled": item.enabled, "extra": extra,
            })
            for table, items in data.codes.items()
            for position, (item, extra) in enumerate(items, 1)
            if table in tables
        ], lambda row: f"{names[row['table_id']]}/{row['code']}")

    def _series(self, data: Dataset) -> dict[str, int]:
        levels = self.sync(TitleLevel, [(r.code, msgspec.structs.asdict(r)) for r in data.levels], _code)
        series = self.sync(TitleSeries, [
            (r.code, msgspec.structs.asdict(r) | {"position": position}) for position, r in enumerate(data.series, 1)
        ], _code)
        level_codes = {level_id: code for code, level_id in levels.items()}
        series_codes = {series_id: code for code, series_id in series.items()}
        self.sync(Title, [
            (f"{r.series}/{r.track}/{r.level}/{r.name}", {
                "series_id": series[r.series], "level_id": levels[r.level], "track": r.track, "name": r.name,
                "enabled": r.enabled,
            }) for r in data.titles if r.series in series and r.level in levels
        ], lambda row: "/".join(
            (series_codes[row["series_id"]], row["track"], level_codes[row["level_id"]], row["name"])
        ))
        self.sync(Specialty, [
            (f"{r.series}/{r.name}", {"series_id": series[r.series], "name": r.name})
            for r in data.specialties if r.series in series
        ], lambda row: f"{series_codes[row['series_id']]}/{row['name']}")
        return series

    def _achievements(self, data: Dataset) -> None:
        categories = self.sync(AchievementCategory, [
            (r.code, {"code": r.code, "name": r.name, "position": position})
            for position, r in enumerate(data.categories, 1)
        ], _code)
        placed = [
            (category, position, kind)
            for category, kinds in data.kinds.items() if category in categories
            for position, kind in enumerate(kinds, 1)
        ]
        kinds = self.sync(AchievementKind, [
            (kind.code, {
                "code": kind.code, "name": kind.name, "category_id": categories[category],
                "position": categories_first(data, category) + position, "note": kind.note,
                "duplicate_keys": list(kind.duplicate_keys),
            }) for category, position, kind in placed
        ], _code)
        codes = {kind_id: code for code, kind_id in kinds.items()}
        self.sync(AchievementKindVersion, [
            (f"{kind.code}/{kind.version}", {
                "kind_id": kinds[kind.code], "number": kind.version, "fields": list(kind.fields),
                "list_columns": list(kind.list_columns),
            }) for _, _, kind in placed if kind.code in kinds
        ], lambda row: f"{codes[row['kind_id']]}/{row['number']}", frozen=True)

    def _forms(self, data: Dataset, series: dict[str, int]) -> None:
        ids: dict[str, int | None] = {r.name: series[r.code] for r in data.series if r.code in series}
        ids[COMMON_FORM] = None
        names = {series_id: name for name, series_id in ids.items()}
        self.sync(SeriesForm, [
            (name, {"series_id": ids[name], "fields": fields})
            for name, fields in data.forms.items() if name in ids
        ], lambda row: str(names.get(row["series_id"], row["series_id"])))


def announced_days(since: int = 2024) -> list[tuple[str, Values]]:
    """The days off and the days worked that the State Council announced, as chinesecalendar knows them."""
    exceptions = {day: (False, name) for day, name in constants.holidays.items() if day.weekday() < 5}
    exceptions |= {day: (True, name) for day, name in constants.workdays.items() if day.weekday() >= 5}
    names = {holiday.value: holiday.chinese for holiday in constants.Holiday}
    return [
        (day.isoformat(), {"day": day, "is_workday": worked, "name": names.get(name, name) + ("调休上班" if worked else "")})
        for day, (worked, name) in sorted(exceptions.items()) if day.year >= since
    ]


def _code(row: RowMapping) -> str:
    return str(row["code"])


def categories_first(data: Dataset, category: str) -> int:
    """The position before a category's first kind, so that kinds are numbered through."""
    first = 0
    for code, kinds in data.kinds.items():
        if code == category:
            break
        first += len(kinds)
    return first
