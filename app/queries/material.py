"""Builds the Material of one application: at most twelve statements, whatever the number of rows.

All statements are Core and see every row: who may see the result is for the caller to decide (`owner` below).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, case, exists, func, null, or_, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound
from app.queries.achievement_kind import REFERRED, references
from app.queries.held_title import held_titles
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
from models.case import Case
from models.dictionary import CodeItem, CodeTable
from models.file import Attachment, StoredFile
from models.held_title import HeldTitle
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
from models.route_form import RouteForm
from models.series import Specialty, Title, TitleLevel, TitleSeries

_a, _p, _plan = Application.__table__, Person.__table__, ReviewPlan.__table__
_item, _achievement, _kind = ApplicationItem.__table__, Achievement.__table__, AchievementKind.__table__
_attachment, _file = Attachment.__table__, StoredFile.__table__
_standard, _section = ReviewStandard.__table__, StandardSection.__table__
_requirement, _slot = StandardItem.__table__, AttachmentSlot.__table__
_rival = _a.alias("rival")
_case = Case.__table__
_pledge = Pledge.__table__.alias("any_pledge")
_code, _codes = CodeItem.__table__, CodeTable.__table__
_unit, _convener = Organization.__table__.alias("unit"), Organization.__table__.alias("convener")
# Dictionaries that every page shows something of, or that the import dialog of 学历教育 will.
_FACT_TABLES = ("unit_nature", "id_doc_type", "education_level", "degree")


STANDARD_ITEMS = "ref:standard_item"  # the vocabulary of fields that name an item of the chosen standard


def _main() -> Select[Any]:
    account, committee, region = Account.__table__, Committee.__table__, Region.__table__
    plan_region, committee_region = Region.__table__.alias("plan_region"), Region.__table__.alias("committee_region")
    series, specialty, title = TitleSeries.__table__, Specialty.__table__, Title.__table__
    level, offering, plan_level = TitleLevel.__table__, PlanOffering.__table__, PlanLevel.__table__
    employment, pledge, ban = Employment.__table__, Pledge.__table__, IntegrityRecord.__table__
    route_form = RouteForm.__table__
    green = route_form.alias("green")
    pending = select(func.max(employment.c.kind)).where(
        employment.c.person_id == _p.c.id, employment.c.state == "pending"
    ).scalar_subquery()
    nature = select(_code.c.extra).join(_codes, _codes.c.id == _code.c.table_id).where(
        _codes.c.code == "unit_nature", _code.c.code == _unit.c.nature_code
    ).scalar_subquery()
    has_section = exists().where(
        _section.c.standard_id == _standard.c.id,
        or_(_section.c.level_id.is_(None), _section.c.level_id == title.c.level_id),
    )
    return (
        select(
            _a,
            _p.c.name.label("person_name"), _p.c.sex, _p.c.birth_date, _p.c.id_doc_type, _p.c.id_number, _p.c.mobile,
            _p.c.photo_id, _p.c.registered_at, _p.c.is_freelancer, _p.c.email, _p.c.organization_id.label("bound_to"),
            (account.c.last_name + account.c.first_name).label("real_name"),
            _unit.c.name.label("unit_name"), _unit.c.nature_code, _unit.c.is_central, region.c.path.label("region_path"),
            pending.label("pending"), nature.label("nature_extra"),
            route_form.c.name.label("route_form_name"), route_form.c.note.label("route_note"), route_form.c.fields.label("route_fields"),
            route_form.c.waives.label("route_waives"), green.c.waives.label("green_waives"),
            _plan.c.name.label("plan_name"), _plan.c.state.label("plan_state"), _plan.c.opens_on, _plan.c.closes_on,
            _plan.c.routes, _plan.c.needs_interview, _plan.c.contact, _plan.c.phone, _plan.c.convener_id,
            _plan.c.allows_exemption, _plan.c.exemption_note, _plan.c.plan_type,
            plan_region.c.path.label("plan_region_path"),
            committee_region.c.level.label("committee_level"), committee.c.valid_from, committee.c.valid_until,
            committee.c.name.label("committee_name"), _convener.c.name.label("convener_name"),
            series.c.name.label("series_name"), specialty.c.name.label("specialty_name"),
            title.c.name.label("title_name"), title.c.level_id, level.c.name.label("level_name"), level.c.rank,
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
            select(func.max(_pledge.c.id)).scalar_subquery().label("current_pledge_id"),
            pledge.c.number.label("pledge_number"), pledge.c.sha256.label("pledge_sha256"),
            exists().where(
                _rival.c.person_id == _a.c.person_id, _rival.c.plan_year == _a.c.plan_year, _rival.c.id != _a.c.id
            ).label("has_rivals"),
            exists().where(
                _case.c.subject_type == "application", _case.c.subject_id == _a.c.id
            ).label("has_cases"),
            exists().where(ban.c.person_id == _a.c.person_id, ban.c.revoked_on.is_(None), ban.c.bars).label("has_bans"),
        )
        .join(_p, _p.c.id == _a.c.person_id)
        .join(account, account.c.id == _p.c.user_id)
        .join(_plan, _plan.c.id == _a.c.plan_id)
        .join(plan_region, plan_region.c.code == _plan.c.region_code)
        .join(committee, committee.c.id == _plan.c.committee_id)
        .join(committee_region, committee_region.c.code == committee.c.region_code)
        .join(_convener, _convener.c.id == _plan.c.convener_id)
        .join(series, series.c.id == _a.c.series_id)
        .join(specialty, specialty.c.id == _a.c.specialty_id)
        .join(title, title.c.id == _a.c.title_id)
        .join(level, level.c.id == title.c.level_id)
        .join(_standard, _standard.c.id == _a.c.standard_id)
        .outerjoin(route_form, route_form.c.route == _a.c.route)
        .outerjoin(green, (green.c.route == "green") & (_plan.c.plan_type == "green"))  # whatever the route
        .outerjoin(pledge, pledge.c.id == _a.c.pledge_id)
        .outerjoin(_unit, _unit.c.id == _p.c.organization_id)
        .outerjoin(region, region.c.code == _unit.c.region_code)
    )


_MAIN = _main()


@dataclass(frozen=True)
class Names:
    """Codes and their names by dictionary, callable as app.rules.fields expects it; `offered`: only enabled ones."""

    tables: Mapping[str, Mapping[str, str]]
    enabled: Mapping[str, Mapping[str, str]]
    ranks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # of dictionaries whose entries have one

    def __call__(self, table: str) -> Mapping[str, str]:
        return self.tables.get(table, {})

    def offered(self, table: str) -> Mapping[str, str]:
        """The entries that can still be chosen."""
        return self.enabled.get(table, {})

    def with_table(self, table: str, entries: Mapping[str, str]) -> Names:
        """With the entries of one more vocabulary."""
        return Names({**self.tables, table: entries}, {**self.enabled, table: entries}, self.ranks)


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
    items, files, titles, item_fields = _items(session, application_id)
    route_fields = parse_fields(row.route_fields or ())
    sections = sections_of(session, row.standard_id, row.level_id)
    names = _names(session, [*personal, *professional, *route_fields, *item_fields]).with_table(
        REFERRED, {key: one.label for key, one in references(session, ((item.fields, item.data) for item in items)).items()}
    ).with_table(
        STANDARD_ITEMS, {str(need.id): f"{section.name}：{need.kind}" for section in sections for need in section.requirements}
    )
    slots = plan_slots(session, row.plan_id, row.plan_edition, files)
    material = Material(
        application_id=row.id, version=row.version, checked_version=row.checked_version, state=row.state,
        created_at=row.created_at, submitted_at=row.submitted_at, now=now or utcnow(),
        person=PersonFacts(
            row.person_id, row.person_name, row.real_name, row.sex, row.birth_date, row.id_doc_type,
            names("id_doc_type").get(row.id_doc_type, row.id_doc_type), row.id_number, row.mobile, row.photo_id,
            row.registered_at is not None, row.is_freelancer, row.email,
        ),
        unit=UnitFacts(
            row.bound_to, row.unit_name or "", row.nature_code or "",
            names("unit_nature").get(row.nature_code or "", row.nature_code or ""),
            tuple(reversed((row.region_path or "").split("/"))) if row.region_path else (), row.pending or "",
            _says(row.nature_extra, "needs_post_quota"), row.is_central or False, _says(row.nature_extra, "no_applicants"),
        ),
        plan=PlanFacts(
            row.plan_id, row.plan_name, row.plan_year, row.plan_state, row.opens_on, row.closes_on,
            tuple(row.routes), row.needs_interview, row.committee_name, row.convener_id, row.convener_name,
            row.contact, row.phone, tuple(reversed(row.plan_region_path.split("/"))), row.allows_exemption,
            row.exemption_note, row.plan_type, row.committee_level, row.valid_from, row.valid_until,
        ),
        choice=Choice(
            row.route, ROUTES[row.route], row.series_id, row.series_name, row.specialty_id, row.specialty_name,
            row.title_id, row.title_name, row.level_id, row.level_name, row.standard_id, row.standard_name,
            bool(row.offered), bool(row.level_offered), bool(row.standard_fits), row.rank,
        ),
        pledge=PledgeFacts(
            row.pledge_id, row.pledged_at, row.current_pledge_id, row.pledge_number, row.pledge_sha256 or ""),
        rivals=_rivals(session, row) if row.has_rivals else (),
        bans=_bans(session, row.person_id) if row.has_bans else (),
        personal_fields=personal, professional_fields=professional, personal=row.personal,
        professional=row.professional, route_form=row.route_form_name if route_fields else "",
        route_note=row.route_note or "", route_fields=route_fields, route_values=row.route_values,
        waived=frozenset((*(row.route_waives or ()), *(row.green_waives or ()))), sections=sections,
        held_titles=held_titles(session, application_id, titles), items=items, slots=slots, settings=settings,
        exemption_reason=row.exemption_reason, exemption_state=row.exemption_state, has_cases=bool(row.has_cases), education_ranks=names.ranks.get("education_level", {}),
    )
    return Loaded(material, names)


def _says(extra: Mapping[str, Any] | None, key: str) -> bool:
    """Whether an entry of a dictionary has a flag of its own set."""
    return str((extra or {}).get(key, "0")) == "1"


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
        select(ban.c.kind, ban.c.reason, ban.c.banned_from, ban.c.banned_until)
        .where(ban.c.person_id == person_id, ban.c.revoked_on.is_(None), ban.c.bars).order_by(ban.c.banned_until)
    )
    return tuple(Ban(r.reason, r.banned_from, r.banned_until, r.kind) for r in rows)


def _items(
    session: Session, application_id: int
) -> tuple[tuple[Item, ...], dict[str, list[FileRef]], dict[int, list[FileRef]], list[Field]]:
    version = AchievementKindVersion.__table__
    first = func.row_number().over(partition_by=version.c.id, order_by=_item.c.id) == 1
    rows = session.execute(  # the definitions come with one item of each version only: they are long
        select(
            _item, _achievement.c.summary, _achievement.c.state, _achievement.c.person_id.label("owner_id"),
            _achievement.c.kind_id, _achievement.c.kind_version_id, _kind.c.name.label("kind_name"), _kind.c.code.label("kind_code"),
            case((first, version.c.fields), else_=null()).label("fields"),
            case((first, version.c.list_columns), else_=null()).label("list_columns"),
        )
        .join(_achievement, _achievement.c.id == _item.c.achievement_id)
        .join(_kind, _kind.c.id == _achievement.c.kind_id)
        .join(version, version.c.id == _achievement.c.kind_version_id)
        .where(_item.c.application_id == application_id)
        .order_by(_item.c.page, _item.c.standard_item_id, _item.c.position, _item.c.id)
    ).all()
    versions = {
        row.kind_version_id: (parse_fields(row.fields), tuple(row.list_columns)) for row in rows if row.fields is not None
    }
    by_slot, by_achievement, by_title = _files(session, application_id)
    items = tuple(
        Item(
            row.id, row.achievement_id, row.page, row.standard_item_id, row.position, row.is_qualifying, row.data,
            row.summary, row.kind_id, row.kind_name, *versions[row.kind_version_id], row.state, row.owner_id,
            tuple(by_achievement[row.achievement_id]), row.kind_code,
        )
        for row in rows
    )
    return items, by_slot, by_title, [field for fields, _ in versions.values() for field in fields]


def _files(
    session: Session, application_id: int
) -> tuple[dict[str, list[FileRef]], dict[int, list[FileRef]], dict[int, list[FileRef]]]:
    """(files by slot, by imported achievement, by held title)."""
    held = HeldTitle.__table__
    titles = select(held.c.id).where(held.c.application_id == application_id)
    imported = select(_item.c.achievement_id).where(_item.c.application_id == application_id)
    rows = session.execute(
        select(
            _attachment.c.id, _attachment.c.subject_type, _attachment.c.subject_id, _attachment.c.slot,
            _attachment.c.name, _attachment.c.file_id, _file.c.media_type, _file.c.size, _file.c.sha256, _file.c.long_edge, _file.c.sharpness,
        )
        .join(_file, _file.c.id == _attachment.c.file_id)
        .where(or_(
            (_attachment.c.subject_type == "application") & (_attachment.c.subject_id == application_id),
            (_attachment.c.subject_type == "achievement") & _attachment.c.subject_id.in_(imported),
            (_attachment.c.subject_type == "held_title") & _attachment.c.subject_id.in_(titles),
        ))
        .order_by(_attachment.c.slot, _attachment.c.position, _attachment.c.id)
    ).all()
    by_slot: dict[str, list[FileRef]] = defaultdict(list)
    by_achievement: dict[int, list[FileRef]] = defaultdict(list)
    by_title: dict[int, list[FileRef]] = defaultdict(list)
    for row in rows:
        ref = FileRef(row.id, row.file_id, row.name, row.media_type, row.size, row.sha256, row.long_edge, row.sharpness)
        if row.subject_type == "application":
            by_slot[row.slot].append(ref)
        else:
            (by_title if row.subject_type == "held_title" else by_achievement)[row.subject_id].append(ref)
    return by_slot, by_achievement, by_title


def _names(session: Session, fields: Sequence[Field]) -> Names:
    return code_names(session, {*_FACT_TABLES, *(field.code_table for field in fields if field.code_table)})


def code_names(session: Session, tables: Iterable[str]) -> Names:
    """The entries of dictionaries in their order, those no longer offered included."""
    table, entry = CodeTable.__table__, CodeItem.__table__
    rows = session.execute(
        select(table.c.code.label("table"), entry.c.code, entry.c.name, entry.c.enabled, entry.c.extra)
        .join(entry, entry.c.table_id == table.c.id)
        .where(table.c.code.in_(sorted(set(tables))))
        .order_by(entry.c.table_id, entry.c.position)
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    enabled: dict[str, dict[str, str]] = defaultdict(dict)
    ranks: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row.table][row.code] = row.name
        if row.enabled:
            enabled[row.table][row.code] = row.name
        rank = str((row.extra or {}).get("rank", ""))
        if rank.isdecimal():
            ranks[row.table][row.code] = int(rank)
    return Names(found, enabled, ranks)
