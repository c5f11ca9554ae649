"""评审计划: the public list, a plan's page, and what can be chosen in it. Drafts are seen by nobody here."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, case, exists, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.rules import deadlines
from models.application import Application
from models.file import Attachment, StoredFile
from models.organization import Organization
from models.plan import (
    PLAN_TYPES,
    ROUTES,
    Committee,
    PlanLevel,
    PlanOffering,
    ReviewPlan,
    ReviewStandard,
    StandardSection,
)
from models.region import Region
from models.series import Specialty, Title, TitleLevel, TitleSeries

PAGE_SIZE = 10
_MOST = 2**63  # above every id
LISTED = ("published", "closed")
_plan, _committee, _region = ReviewPlan.__table__, Committee.__table__, Region.__table__
_plan_level, _level, _offering = PlanLevel.__table__, TitleLevel.__table__, PlanOffering.__table__
_series, _specialty, _title = TitleSeries.__table__, Specialty.__table__, Title.__table__
_standard, _section = ReviewStandard.__table__, StandardSection.__table__
_application = Application.__table__


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
    """A line of the list. `phase`: open, coming or over."""

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


def phase(state: str, opens_on: dt.date, closes_on: dt.date, now: dt.datetime | None = None) -> str:
    """open, coming (not yet open) or over, in Asia/Shanghai."""
    if state == "published" and deadlines.is_open(opens_on, closes_on, now):
        return "open"
    return "coming" if state == "published" and deadlines.today(now) < opens_on else "over"


def _filtered(filters: PlanFilters) -> Select[Any]:
    statement = (
        select(
            _plan.c.id, _plan.c.year, _plan.c.name, _plan.c.state, _plan.c.opens_on, _plan.c.closes_on,
            _committee.c.name.label("committee"),
        )
        .join(_committee, _committee.c.id == _plan.c.committee_id)
        .where(_plan.c.state.in_(LISTED))
    )
    if filters.name:
        statement = statement.where(_plan.c.name.contains(filters.name, autoescape=True))
    if filters.year is not None:
        statement = statement.where(_plan.c.year == filters.year)
    if filters.committee:
        statement = statement.where(_committee.c.name.contains(filters.committee, autoescape=True))
    if filters.plan_type in PLAN_TYPES:
        statement = statement.where(_plan.c.plan_type == filters.plan_type)
    if filters.level:
        statement = statement.where(exists().where(
            _plan_level.c.plan_id == _plan.c.id, _level.c.id == _plan_level.c.level_id, _level.c.label == filters.level
        ))
    if filters.series_id is not None:
        statement = statement.where(exists().where(
            _offering.c.plan_id == _plan.c.id, _offering.c.series_id == filters.series_id
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


def _rank(now: dt.datetime | None) -> Any:
    """Plans that are open come first, then those to come, then the rest."""
    today = deadlines.today(now)
    published = _plan.c.state == "published"
    return case(
        (published & (_plan.c.opens_on <= today) & (_plan.c.closes_on >= today), 0),
        (published & (_plan.c.opens_on > today), 1), else_=2,
    )


def _key(text: str | None) -> tuple[int, dt.date, int] | None:
    """A page's key: rank_day_id, None for what is none."""
    parts = (text or "").split("_")
    try:
        rank, day, number = int(parts[0]), dt.date.fromisoformat(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        return None
    return (rank, day, number) if 0 <= rank <= 2 and 0 <= number < _MOST else None


def search(
    session: Session, filters: PlanFilters, *, before: str | None = None, after: str | None = None,
    size: int = PAGE_SIZE, now: dt.datetime | None = None,
) -> PlanList:
    """Open plans first, each phase latest first, paged by (phase, opens_on, id).

    `before`: the key of the last row seen, to go on; `after`: of the first one, to go back. Nonsense is the first page.
    """
    rank = _rank(now)
    statement = _filtered(filters).add_columns(rank.label("rank"))
    back, forth = _key(after), _key(before)
    if back is not None:
        found = session.execute(
            statement.where(_beyond(rank, back, forward=False))
            .order_by(rank.desc(), _plan.c.opens_on, _plan.c.id).limit(size + 1)
        ).all()
        rows: list[Row[Any]] = list(reversed(found[:size]))
        has_newer, has_older = len(found) > size, bool(rows)
    else:
        if forth is not None:
            statement = statement.where(_beyond(rank, forth, forward=True))
        found = session.execute(
            statement.order_by(rank, _plan.c.opens_on.desc(), _plan.c.id.desc()).limit(size + 1)
        ).all()
        rows = list(found[:size])
        has_newer, has_older = forth is not None and bool(rows), len(found) > size
    levels = _levels(session, [row.id for row in rows])

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


def _beyond(rank: Any, key: tuple[int, dt.date, int], *, forward: bool) -> Any:
    """Rows after (or before) a key in the order of the list."""
    at, day, number = key
    same_day = (_plan.c.opens_on == day) & (_plan.c.id < number if forward else _plan.c.id > number)
    within = (_plan.c.opens_on < day if forward else _plan.c.opens_on > day) | same_day
    return (rank > at if forward else rank < at) | ((rank == at) & within)


def _levels(session: Session, plan_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    if plan_ids:
        rows = session.execute(
            select(_plan_level.c.plan_id, _level.c.label)
            .join(_level, _level.c.id == _plan_level.c.level_id)
            .where(_plan_level.c.plan_id.in_(plan_ids)).order_by(_level.c.rank.desc())
        )
        for row in rows:
            if row.label not in found[row.plan_id]:
                found[row.plan_id].append(row.label)
    return found


@dataclass(frozen=True)
class SearchChoices:
    """What the search form offers."""

    years: tuple[int, ...]
    levels: tuple[str, ...]
    series: tuple[tuple[int, str], ...]
    regions: tuple[tuple[str, str], ...]


def search_choices(session: Session) -> SearchChoices:
    """Years that have plans, level labels, series, and the regions that have committees, with their cities."""
    years = session.execute(
        select(_plan.c.year).where(_plan.c.state.in_(LISTED)).distinct().order_by(_plan.c.year.desc())
    ).scalars().all()
    levels = session.execute(select(_level.c.label).order_by(_level.c.rank.desc())).scalars().all()
    series = session.execute(
        select(_series.c.id, _series.c.name).where(_series.c.enabled).order_by(_series.c.position)
    ).all()
    regions = session.execute(
        select(_region.c.code, _region.c.name).where(_region.c.level != "county", _region.c.enabled)
        .order_by(_region.c.path)
    ).all()
    return SearchChoices(
        tuple(years), tuple(dict.fromkeys(levels)), tuple((row.id, row.name) for row in series),
        tuple((row.code, row.name) for row in regions),
    )


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
class PlanPage:
    """A plan with everything its page and the choice show."""

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

    @property
    def route_names(self) -> list[str]:
        """申报类型 as shown."""
        return [ROUTES[route] for route in self.routes if route in ROUTES]


def plan_page(session: Session, plan_id: int, *, now: dt.datetime | None = None) -> PlanPage:
    """A published or closed plan; NotFound for drafts and unknown ones."""
    convener = Organization.__table__
    row = session.execute(
        select(_plan, _committee.c.name.label("committee"), convener.c.name.label("convener"))
        .join(_committee, _committee.c.id == _plan.c.committee_id)
        .join(convener, convener.c.id == _plan.c.convener_id)
        .where(_plan.c.id == plan_id, _plan.c.state.in_(LISTED))
    ).first()
    if row is None:
        raise NotFound("没有找到这个评审计划，它可能尚未发布。")
    levels = session.execute(
        select(_level.c.id, _level.c.label).join(_plan_level, _plan_level.c.level_id == _level.c.id)
        .where(_plan_level.c.plan_id == plan_id).order_by(_level.c.rank.desc())
    ).all()
    return PlanPage(
        row.id, row.name, row.year, row.state, phase(row.state, row.opens_on, row.closes_on, now), row.plan_type,
        tuple(row.routes), row.opens_on, row.closes_on, row.published_at, row.committee, row.convener, row.contact,
        row.phone, row.address, row.scope_text, row.content, tuple(dict.fromkeys(level.label for level in levels)),
        frozenset(level.id for level in levels), _offers(session, plan_id), _standards(session, plan_id),
        _plan_files(session, plan_id),
    )


def _offers(session: Session, plan_id: int) -> tuple[Offer, ...]:
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
        .where(_offering.c.plan_id == plan_id)
        .order_by(_series.c.position, _offering.c.specialty_id, _level.c.rank.desc(), _title.c.id)
    )
    return tuple(Offer(*row) for row in rows)


def _standards(session: Session, plan_id: int) -> tuple[StandardRow, ...]:
    rows = session.execute(
        select(_standard.c.id, _standard.c.name, _section.c.id.label("section_id"), _section.c.level_id)
        .outerjoin(_section, _section.c.standard_id == _standard.c.id)
        .where(_standard.c.plan_id == plan_id).order_by(_standard.c.position, _standard.c.id)
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


def _plan_files(session: Session, plan_id: int) -> tuple[Row[Any], ...]:
    attachment, file = Attachment.__table__, StoredFile.__table__
    return tuple(session.execute(
        select(attachment.c.id, attachment.c.name, file.c.size)
        .join(file, file.c.id == attachment.c.file_id)
        .where(attachment.c.subject_type == "plan", attachment.c.subject_id == plan_id)
        .order_by(attachment.c.position, attachment.c.id)
    ))
