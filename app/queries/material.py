"""Builds the Material of one application: at most twelve statements, whatever the number of rows.

All statements are Core and see every row: who may see the result is for the caller to decide (`owner` below).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, case, exists, func, or_, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound
from app.queries.plan_asks import forms_and_settings, plan_slots, sections_of
from app.rules.checks_material import (
    Ban,
    Choice,
    FileRef,
    Item,
    Material,
    PersonFacts,
    PlanFacts,
    PledgeFacts,
    Rival,
    UnitFacts,
)
from app.rules.fields import Field, parse_fields
from models.account import Account
from models.achievement import Achievement, AchievementKind, AchievementKindVersion
from models.application import Application, ApplicationItem, Pledge
from models.base import utcnow
from models.dictionary import CodeItem, CodeTable
from models.file import Attachment, StoredFile
from models.integrity import IntegrityRecord
from models.organization import Organization
from models.person import Employment, Person
from models.plan import (
    ROUTES,
    AttachmentSlot,
    Committee,
    PlanLevel,
    PlanOffering,
    ReviewPlan,
    ReviewStandard,
    StandardItem,
    StandardSection,
)
from models.region import Region
from models.series import Specialty, Title, TitleLevel, TitleSeries

_a, _p, _plan = Application.__table__, Person.__table__, ReviewPlan.__table__
_item, _achievement, _kind = ApplicationItem.__table__, Achievement.__table__, AchievementKind.__table__
_attachment, _file = Attachment.__table__, StoredFile.__table__
_standard, _section = ReviewStandard.__table__, StandardSection.__table__
_requirement, _slot = StandardItem.__table__, AttachmentSlot.__table__
_rival = _a.alias("rival")
_unit, _convener = Organization.__table__.alias("unit"), Organization.__table__.alias("convener")
# Dictionaries that every page shows something of, or that the import dialog of 学历教育 will.
_FACT_TABLES = ("unit_nature", "id_doc_type", "education_level", "degree")


def _main() -> Select[Any]:
    account, committee, region = Account.__table__, Committee.__table__, Region.__table__
    plan_region = Region.__table__.alias("plan_region")
    series, specialty, title = TitleSeries.__table__, Specialty.__table__, Title.__table__
    level, offering, plan_level = TitleLevel.__table__, PlanOffering.__table__, PlanLevel.__table__
    employment, pledge, ban = Employment.__table__, Pledge.__table__, IntegrityRecord.__table__
    pending = select(func.max(employment.c.kind)).where(
        employment.c.person_id == _p.c.id, employment.c.state == "pending"
    ).scalar_subquery()
    has_section = exists().where(
        _section.c.standard_id == _standard.c.id,
        or_(_section.c.level_id.is_(None), _section.c.level_id == title.c.level_id),
    )
    return (
        select(
            _a,
            _p.c.name.label("person_name"), _p.c.sex, _p.c.birth_date, _p.c.id_doc_type, _p.c.id_number, _p.c.mobile,
            _p.c.photo_id, _p.c.registered_at, _p.c.is_freelancer, _p.c.organization_id.label("bound_to"),
            (account.c.last_name + account.c.first_name).label("real_name"),
            _unit.c.name.label("unit_name"), _unit.c.nature_code, region.c.path.label("region_path"),
            pending.label("pending"),
            _plan.c.name.label("plan_name"), _plan.c.state.label("plan_state"), _plan.c.opens_on, _plan.c.closes_on,
            _plan.c.routes, _plan.c.needs_interview, _plan.c.contact, _plan.c.phone, _plan.c.convener_id,
            _plan.c.allows_exemption, _plan.c.exemption_note, _plan.c.plan_type,
            plan_region.c.path.label("plan_region_path"),
            committee.c.name.label("committee_name"), _convener.c.name.label("convener_name"),
            series.c.name.label("series_name"), specialty.c.name.label("specialty_name"),
            title.c.name.label("title_name"), title.c.level_id, level.c.name.label("level_name"),
            _standard.c.name.label("standard_name"),
            exists().where(
                offering.c.plan_id == _a.c.plan_id, offering.c.edition == _a.c.plan_edition,
                offering.c.specialty_id == _a.c.specialty_id,
                offering.c.title_id == _a.c.title_id,
            ).label("offered"),
            exists().where(
                plan_level.c.plan_id == _a.c.plan_id, plan_level.c.edition == _a.c.plan_edition,
                plan_level.c.level_id == title.c.level_id,
            ).label("level_offered"),
            case((_standard.c.plan_id == _a.c.plan_id, has_section), else_=False).label("standard_fits"),
            select(func.max(pledge.c.id)).scalar_subquery().label("current_pledge_id"),
            exists().where(
                _rival.c.person_id == _a.c.person_id, _rival.c.plan_year == _a.c.plan_year, _rival.c.id != _a.c.id
            ).label("has_rivals"),
            exists().where(ban.c.person_id == _a.c.person_id, ban.c.revoked_on.is_(None)).label("has_bans"),
        )
        .join(_p, _p.c.id == _a.c.person_id)
        .join(account, account.c.id == _p.c.user_id)
        .join(_plan, _plan.c.id == _a.c.plan_id)
        .join(plan_region, plan_region.c.code == _plan.c.region_code)
        .join(committee, committee.c.id == _plan.c.committee_id)
        .join(_convener, _convener.c.id == _plan.c.convener_id)
        .join(series, series.c.id == _a.c.series_id)
        .join(specialty, specialty.c.id == _a.c.specialty_id)
        .join(title, title.c.id == _a.c.title_id)
        .join(level, level.c.id == title.c.level_id)
        .join(_standard, _standard.c.id == _a.c.standard_id)
        .outerjoin(_unit, _unit.c.id == _p.c.organization_id)
        .outerjoin(region, region.c.code == _unit.c.region_code)
    )


_MAIN = _main()


@dataclass(frozen=True)
class Names:
    """Codes and their names by dictionary, callable as app.rules.fields expects it; `offered`: only enabled ones."""

    tables: Mapping[str, Mapping[str, str]]
    enabled: Mapping[str, Mapping[str, str]]

    def __call__(self, table: str) -> Mapping[str, str]:
        return self.tables.get(table, {})

    def offered(self, table: str) -> Mapping[str, str]:
        """The entries that can still be chosen."""
        return self.enabled.get(table, {})


@dataclass(frozen=True)
class Loaded:
    """A material, and the names to show its codes with."""

    material: Material
    names: Names


def load(session: Session, application_id: int, *, now: dt.datetime | None = None) -> Loaded:
    """Everything about one application; NotFound when there is none."""
    row = session.execute(_MAIN.where(_a.c.id == application_id)).first()
    if row is None:
        raise NotFound("没有找到这份申报，它可能已被删除。")
    personal, professional, settings = forms_and_settings(session, row)
    items, files, item_fields = _items(session, application_id)
    names = _names(session, [*personal, *professional, *item_fields])
    slots = plan_slots(session, row.plan_id, row.plan_edition, files)
    material = Material(
        application_id=row.id, version=row.version, checked_version=row.checked_version, state=row.state,
        created_at=row.created_at, submitted_at=row.submitted_at, now=now or utcnow(),
        person=PersonFacts(
            row.person_id, row.person_name, row.real_name, row.sex, row.birth_date, row.id_doc_type,
            names("id_doc_type").get(row.id_doc_type, row.id_doc_type), row.id_number, row.mobile, row.photo_id,
            row.registered_at is not None, row.is_freelancer,
        ),
        unit=UnitFacts(
            row.bound_to, row.unit_name or "", row.nature_code or "",
            names("unit_nature").get(row.nature_code or "", row.nature_code or ""),
            tuple(reversed((row.region_path or "").split("/"))) if row.region_path else (), row.pending or "",
        ),
        plan=PlanFacts(
            row.plan_id, row.plan_name, row.plan_year, row.plan_state, row.opens_on, row.closes_on,
            tuple(row.routes), row.needs_interview, row.committee_name, row.convener_id, row.convener_name,
            row.contact, row.phone, tuple(reversed(row.plan_region_path.split("/"))), row.allows_exemption,
            row.exemption_note, row.plan_type,
        ),
        choice=Choice(
            row.route, ROUTES[row.route], row.series_id, row.series_name, row.specialty_id, row.specialty_name,
            row.title_id, row.title_name, row.level_id, row.level_name, row.standard_id, row.standard_name,
            bool(row.offered), bool(row.level_offered), bool(row.standard_fits),
        ),
        pledge=PledgeFacts(row.pledge_id, row.pledged_at, row.current_pledge_id),
        rivals=_rivals(session, row) if row.has_rivals else (),
        bans=_bans(session, row.person_id) if row.has_bans else (),
        personal_fields=personal, professional_fields=professional, personal=row.personal,
        professional=row.professional, sections=sections_of(session, row.standard_id, row.level_id),
        items=items, slots=slots, settings=settings,
    )
    return Loaded(material, names)


def own(session: Session, application_id: int, *, actor: Actor) -> Loaded:
    """The actor's own application; NotFound for anybody else's."""
    loaded = load(session, application_id)
    if actor.person_id is None or loaded.material.person.id != actor.person_id:
        raise NotFound("没有找到这份申报，它可能已被删除。")
    return loaded


def _rivals(session: Session, row: Row[Any]) -> tuple[Rival, ...]:
    rows = session.execute(
        select(_plan.c.name, _a.c.state, _a.c.submitted_at)
        .join(_plan, _plan.c.id == _a.c.plan_id)
        .where(_a.c.person_id == row.person_id, _a.c.plan_year == row.plan_year, _a.c.id != row.id)
        .order_by(_a.c.id)
    )
    return tuple(Rival(r.name, r.state, r.submitted_at is not None) for r in rows)


def _bans(session: Session, person_id: int) -> tuple[Ban, ...]:
    ban = IntegrityRecord.__table__
    rows = session.execute(
        select(ban.c.reason, ban.c.banned_from, ban.c.banned_until)
        .where(ban.c.person_id == person_id, ban.c.revoked_on.is_(None)).order_by(ban.c.banned_until)
    )
    return tuple(Ban(r.reason, r.banned_from, r.banned_until) for r in rows)


def _items(
    session: Session, application_id: int
) -> tuple[tuple[Item, ...], dict[str, list[FileRef]], list[Field]]:
    rows = session.execute(
        select(
            _item, _achievement.c.summary, _achievement.c.state, _achievement.c.person_id.label("owner_id"),
            _achievement.c.kind_id, _achievement.c.kind_version_id, _kind.c.name.label("kind_name"),
        )
        .join(_achievement, _achievement.c.id == _item.c.achievement_id)
        .join(_kind, _kind.c.id == _achievement.c.kind_id)
        .where(_item.c.application_id == application_id)
        .order_by(_item.c.page, _item.c.standard_item_id, _item.c.position, _item.c.id)
    ).all()
    versions = kind_versions(session, {row.kind_version_id for row in rows})
    by_slot, by_achievement = _files(session, application_id)
    items = tuple(
        Item(
            row.id, row.achievement_id, row.page, row.standard_item_id, row.position, row.is_qualifying, row.data,
            row.summary, row.kind_id, row.kind_name, *versions[row.kind_version_id], row.state, row.owner_id,
            tuple(by_achievement[row.achievement_id]),
        )
        for row in rows
    )
    return items, by_slot, [field for fields, _ in versions.values() for field in fields]


def kind_versions(
    session: Session, version_ids: Iterable[int]
) -> dict[int, tuple[tuple[Field, ...], tuple[str, ...]]]:
    """(fields, list columns) of versions of kinds. A version never changes, so its fields are read once."""
    wanted = list(version_ids)
    if not wanted:
        return {}
    version = AchievementKindVersion.__table__
    rows = session.execute(
        select(version.c.id, version.c.fields, version.c.list_columns).where(version.c.id.in_(wanted))
    )
    return {row.id: (parse_fields(row.fields), tuple(row.list_columns)) for row in rows}


def _files(
    session: Session, application_id: int
) -> tuple[dict[str, list[FileRef]], dict[int, list[FileRef]]]:
    imported = select(_item.c.achievement_id).where(_item.c.application_id == application_id)
    rows = session.execute(
        select(
            _attachment.c.id, _attachment.c.subject_type, _attachment.c.subject_id, _attachment.c.slot,
            _attachment.c.name, _attachment.c.file_id, _file.c.media_type, _file.c.size, _file.c.sha256,
        )
        .join(_file, _file.c.id == _attachment.c.file_id)
        .where(or_(
            (_attachment.c.subject_type == "application") & (_attachment.c.subject_id == application_id),
            (_attachment.c.subject_type == "achievement") & _attachment.c.subject_id.in_(imported),
        ))
        .order_by(_attachment.c.slot, _attachment.c.position, _attachment.c.id)
    ).all()
    by_slot: dict[str, list[FileRef]] = defaultdict(list)
    by_achievement: dict[int, list[FileRef]] = defaultdict(list)
    for row in rows:
        ref = FileRef(row.id, row.file_id, row.name, row.media_type, row.size, row.sha256)
        if row.subject_type == "application":
            by_slot[row.slot].append(ref)
        else:
            by_achievement[row.subject_id].append(ref)
    return by_slot, by_achievement


def _names(session: Session, fields: Sequence[Field]) -> Names:
    return code_names(session, {*_FACT_TABLES, *(field.code_table for field in fields if field.code_table)})


def code_names(session: Session, tables: Iterable[str]) -> Names:
    """The entries of dictionaries in their order, those no longer offered included."""
    table, entry = CodeTable.__table__, CodeItem.__table__
    rows = session.execute(
        select(table.c.code.label("table"), entry.c.code, entry.c.name, entry.c.enabled)
        .join(entry, entry.c.table_id == table.c.id)
        .where(table.c.code.in_(sorted(set(tables))))
        .order_by(entry.c.table_id, entry.c.position)
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    enabled: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        found[row.table][row.code] = row.name
        if row.enabled:
            enabled[row.table][row.code] = row.name
    return Names(found, enabled)
