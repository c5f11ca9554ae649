"""评审计划: a plan's page, and what can be chosen in it. Drafts are seen by nobody here, but in a preview."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.rules import deadlines
from models.file import Attachment, StoredFile
from models.organization import Organization
from models.plan import (
    PLAN_STATES,
    ROUTES,
    Committee,
    PlanLevel,
    PlanOffering,
    ReviewPlan,
    ReviewStandard,
    StandardSection,
)
from models.route_form import RouteForm
from models.series import Specialty, Title, TitleLevel, TitleSeries

LISTED = ("published", "closed")
DOCUMENTS = "plan"  # the subject type of 相关附件
_plan, _committee = ReviewPlan.__table__, Committee.__table__
_plan_level, _level, _offering = PlanLevel.__table__, TitleLevel.__table__, PlanOffering.__table__
_series, _specialty, _title = TitleSeries.__table__, Specialty.__table__, Title.__table__
_route = RouteForm.__table__
_standard, _section = ReviewStandard.__table__, StandardSection.__table__

def phase(state: str, opens_on: dt.date, closes_on: dt.date, now: dt.datetime | None = None) -> str:
    """open, coming (not yet open) or over, in Asia/Shanghai."""
    if state == "published" and deadlines.is_open(opens_on, closes_on, now):
        return "open"
    return "coming" if state == "published" and deadlines.today(now) < opens_on else "over"


@dataclass(frozen=True)
class Offer:
    """A specialty × title of a plan."""

    series_id: int
    series: str
    specialty_id: int
    specialty: str
    title_id: int
    title: str
    level_id: int
    level: str


@dataclass(frozen=True)
class StandardRow:
    """A standard; `level_ids`: the levels it has sections for, `for_all` when some apply to every level."""

    id: int
    name: str
    level_ids: frozenset[int]
    for_all: bool

    def fits(self, level_id: int) -> bool:
        """Whether it can be chosen for a title of that level."""
        return self.for_all or level_id in self.level_ids


@dataclass(frozen=True)
class RouteRow:
    """A 申报形式 of a plan: the form it fills in (empty: none), the rules it is not asked for, and what people should know."""

    key: str
    name: str
    form: str
    waives: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class PlanPage:
    """A plan with everything its page and the choice show, in one edition."""

    id: int
    name: str
    year: int
    state: str
    phase: str
    plan_type: str
    routes: tuple[str, ...]
    opens_on: dt.date
    closes_on: dt.date
    published_at: dt.datetime | None
    committee: str
    convener: str
    contact: str
    phone: str
    address: str
    scope_text: str
    content: str
    levels: tuple[str, ...]
    level_ids: frozenset[int]
    offers: tuple[Offer, ...]
    standards: tuple[StandardRow, ...]
    files: tuple[Row[Any], ...]
    edition: int
    needs_interview: bool
    allows_exemption: bool
    exemption_note: str
    route_rows: tuple[RouteRow, ...]

    @property
    def route_names(self) -> list[str]:
        """申报类型 as shown."""
        return [ROUTES[route] for route in self.routes if route in ROUTES]


def plan_page(session: Session, plan_id: int, *, edition: int | None = None, now: dt.datetime | None = None) -> PlanPage:
    """A published or closed plan as an edition has it, the one in force unless another is named.

    NotFound for drafts and unknown ones.
    """
    return _page(session, plan_id, edition, now, LISTED)


def preview_page(session: Session, plan_id: int) -> PlanPage:
    """A plan as applicants will see it: the draft, or the revision that is being prepared. The caller checks whose it is."""
    draft = session.execute(select(_plan.c.draft_edition).where(_plan.c.id == plan_id)).scalar()
    return _page(session, plan_id, draft, None, tuple(PLAN_STATES))


def _page(
    session: Session, plan_id: int, edition: int | None, now: dt.datetime | None, states: tuple[str, ...]
) -> PlanPage:
    convener = Organization.__table__
    row = session.execute(
        select(_plan, _committee.c.name.label("committee"), convener.c.name.label("convener"))
        .join(_committee, _committee.c.id == _plan.c.committee_id)
        .join(convener, convener.c.id == _plan.c.convener_id)
        .where(_plan.c.id == plan_id, _plan.c.state.in_(states))
    ).first()
    if row is None:
        raise NotFound("没有找到这个评审计划，它可能尚未发布。")
    edition = edition or row.edition
    levels = session.execute(
        select(_level.c.id, _level.c.label).join(_plan_level, _plan_level.c.level_id == _level.c.id)
        .where(_plan_level.c.plan_id == plan_id, _plan_level.c.edition == edition).order_by(_level.c.rank.desc())
    ).all()
    return PlanPage(
        row.id, row.name, row.year, row.state, phase(row.state, row.opens_on, row.closes_on, now), row.plan_type,
        tuple(row.routes), row.opens_on, row.closes_on, row.published_at, row.committee, row.convener, row.contact,
        row.phone, row.address, row.scope_text, row.content, tuple(dict.fromkeys(level.label for level in levels)),
        frozenset(level.id for level in levels), _offers(session, plan_id, edition),
        _standards(session, plan_id, edition), documents_of(session, plan_id), edition, row.needs_interview,
        row.allows_exemption, row.exemption_note, _routes(session, row.routes),
    )


def _routes(session: Session, keys: Collection[str]) -> tuple[RouteRow, ...]:
    found = {row.route: row for row in session.execute(select(_route).where(_route.c.route.in_(keys)))}
    rows = ((key, name, found.get(key)) for key, name in ROUTES.items() if key in keys)
    return tuple(
        RouteRow(key, name, row.name if row.fields else "", tuple(row.waives), row.note) if row else RouteRow(key, name, "", (), "")
        for key, name, row in rows
    )


def _offers(session: Session, plan_id: int, edition: int) -> tuple[Offer, ...]:
    rows = session.execute(
        select(
            _offering.c.series_id, _series.c.name.label("series"), _offering.c.specialty_id,
            _specialty.c.name.label("specialty"), _offering.c.title_id, _title.c.name.label("title"),
            _title.c.level_id, _level.c.name.label("level"),
        )
        .join(_series, _series.c.id == _offering.c.series_id)
        .join(_specialty, _specialty.c.id == _offering.c.specialty_id)
        .join(_title, _title.c.id == _offering.c.title_id)
        .join(_level, _level.c.id == _title.c.level_id)
        .where(_offering.c.plan_id == plan_id, _offering.c.edition == edition)
        .order_by(_series.c.position, _offering.c.specialty_id, _level.c.rank.desc(), _title.c.id)
    )
    return tuple(Offer(*row) for row in rows)


def _standards(session: Session, plan_id: int, edition: int) -> tuple[StandardRow, ...]:
    rows = session.execute(
        select(_standard.c.id, _standard.c.name, _section.c.id.label("section_id"), _section.c.level_id)
        .outerjoin(_section, _section.c.standard_id == _standard.c.id)
        .where(_standard.c.plan_id == plan_id, _standard.c.edition == edition)
        .order_by(_standard.c.position, _standard.c.id)
    ).all()
    names = {row.id: row.name for row in rows}
    return tuple(
        StandardRow(
            key, name,
            frozenset(row.level_id for row in rows if row.id == key and row.level_id is not None),
            any(row.id == key and row.section_id is not None and row.level_id is None for row in rows),
        )
        for key, name in names.items()
    )


def documents_of(session: Session, plan_id: int) -> tuple[Row[Any], ...]:
    """相关附件: (id, name, size) in order."""
    attachment, file = Attachment.__table__, StoredFile.__table__
    return tuple(session.execute(
        select(attachment.c.id, attachment.c.name, file.c.size)
        .join(file, file.c.id == attachment.c.file_id)
        .where(attachment.c.subject_type == DOCUMENTS, attachment.c.subject_id == plan_id)
        .order_by(attachment.c.position, attachment.c.id)
    ))
