"""The facts, rules and competences behind a route, and the route itself. A constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.rules.routing import Competence, Facts, Place, Route, Rule, Step, Stop, resolve
from models.account import Account
from models.organization import Jurisdiction, Organization
from models.plan import Committee, ReviewPlan
from models.region import Region
from models.routing import RouteRule, RouteStep
from models.series import TitleSeries

_organization, _jurisdiction, _region = Organization.__table__, Jurisdiction.__table__, Region.__table__
_rule, _step = RouteRule.__table__, RouteStep.__table__
_plan, _committee, _series, _account = (
    ReviewPlan.__table__, Committee.__table__, TitleSeries.__table__, Account.__table__
)


def route_for(session: Session, *, unit_id: int, series_id: int, level_id: int | None, plan_id: int) -> Route:
    """The stops by name and why; NoRoute with a sentence when nobody is competent, NotFound for unknown ids."""
    return route_with(
        session, *facts_of(session, unit_id=unit_id, series_id=series_id, level_id=level_id, plan_id=plan_id)
    )


def route_with(session: Session, facts: Facts, path: Sequence[str]) -> Route:
    """As `route_for` when everything but the regions is known. `path`: codes of the unit's regions, the unit's own first;
    two queries.
    """
    rows = session.execute(
        select(
            _region.c.code, _region.c.level, _region.c.name.label("region"), _jurisdiction.c.kind, _jurisdiction.c.series_id,
            _organization.c.id.label("organization_id"), _organization.c.name,
        )
        .outerjoin(_jurisdiction, and_(
            _jurisdiction.c.region_code == _region.c.code,
            or_(_jurisdiction.c.series_id.is_(None), _jurisdiction.c.series_id == facts.series_id),
        ))
        .outerjoin(_organization, and_(_organization.c.id == _jurisdiction.c.organization_id, _organization.c.enabled))
        .where(_region.c.code.in_(path))
        .order_by(_jurisdiction.c.id)
    ).all()
    places = {row.code: Place(row.code, row.level, row.region) for row in rows}
    competences = [
        Competence(row.kind, row.code, row.series_id, row.organization_id, row.name)
        for row in rows if row.organization_id is not None
    ]
    facts = replace(facts, regions=tuple(places[code] for code in path if code in places))
    return resolve(rules(session), facts, competences)


def facts_of(
    session: Session, *, unit_id: int, series_id: int, level_id: int | None, plan_id: int
) -> tuple[Facts, list[str]]:
    """What the rules look at but for the regions, and the codes of those; NotFound for ids that are none."""
    convener = _organization.alias("convener")
    own, plan_region = _region.alias("own"), _region.alias("plan_region")
    row: Any = session.execute(
        select(
            _organization.c.name, _organization.c.nature_code, _organization.c.is_central, own.c.path,
            _plan.c.plan_type, _plan.c.convener_id, convener.c.name.label("convener"), _series.c.name.label("series"),
            plan_region.c.level.label("plan_level"),
        )
        .select_from(_organization)
        .join(own, own.c.code == _organization.c.region_code)
        .join(_plan, _plan.c.id == plan_id)
        .join(_committee, _committee.c.id == _plan.c.committee_id)
        .join(plan_region, plan_region.c.code == _committee.c.region_code)
        .join(convener, convener.c.id == _plan.c.convener_id)
        .join(_series, _series.c.id == series_id)
        .where(_organization.c.id == unit_id)
    ).first()
    if row is None:
        raise NotFound("没有找到该单位、系列或评审计划。")
    return Facts(
        employer=Stop("employer", unit_id, row.name), convener=Stop("convener", row.convener_id, row.convener),
        regions=(), series_id=series_id, series=row.series,
        level_id=level_id, nature_code=row.nature_code, is_central=row.is_central, plan_id=plan_id,
        plan_type=row.plan_type, plan_level=row.plan_level,
    ), list(reversed(row.path.split("/")))


def rules(session: Session) -> tuple[Rule, ...]:
    """The enabled rules in the order in which they are tried; one query."""
    rows: Sequence[Any] = session.execute(
        select(
            _rule, _step.c.id.label("step_id"), _step.c.node, _step.c.place, _step.c.is_optional,
            _step.c.organization_id.label("step_organization_id"), _organization.c.name.label("step_organization"),
        )
        .outerjoin(_step, _step.c.rule_id == _rule.c.id)
        .outerjoin(_organization, _organization.c.id == _step.c.organization_id)
        .where(_rule.c.enabled).order_by(_rule.c.position, _rule.c.id, _step.c.position)
    ).all()
    steps: dict[int, list[Step]] = {}
    for row in rows:
        named = (row.step_organization_id, row.step_organization) if row.step_organization_id else None
        if row.step_id is not None:
            steps.setdefault(row.id, []).append(Step(row.node, row.place, row.is_optional, named))
    return tuple(
        Rule(
            row.name, tuple(steps.get(row.id, ())), unit_level=row.unit_level, nature_code=row.nature_code,
            is_central=row.is_central, own_committee=row.own_committee, plan_type=row.plan_type,
            plan_level=row.plan_level, organization_id=row.organization_id, series_id=row.series_id,
            level_id=row.level_id, plan_id=row.plan_id,
        )
        for row in {row.id: row for row in rows}.values()
    )


def without_account(session: Session, organization_ids: list[int]) -> set[int]:
    """Those of the organizations for which nobody can act: a case that goes there would wait in vain."""
    staffed = session.execute(
        select(_account.c.organization_id, func.count())
        .where(_account.c.organization_id.in_(organization_ids), _account.c.active.is_(True))
        .group_by(_account.c.organization_id)
    )
    return set(organization_ids) - {row.organization_id for row in staffed}
