"""The facts, rules and competences behind a route, and the route itself. A constant number of queries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_, select
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
    facts = facts_of(session, unit_id=unit_id, series_id=series_id, level_id=level_id, plan_id=plan_id)
    rows = session.execute(
        select(
            _jurisdiction.c.kind, _jurisdiction.c.region_code, _jurisdiction.c.series_id,
            _jurisdiction.c.organization_id, _organization.c.name,
        )
        .join(_organization, _organization.c.id == _jurisdiction.c.organization_id)
        .where(
            _jurisdiction.c.region_code.in_([region.code for region in facts.regions]),
            or_(_jurisdiction.c.series_id.is_(None), _jurisdiction.c.series_id == series_id),
            _organization.c.enabled,
        )
        .order_by(_jurisdiction.c.id)
    )
    competences = [Competence(r.kind, r.region_code, r.series_id, r.organization_id, r.name) for r in rows]
    return resolve(rules(session), facts, competences)


def facts_of(session: Session, *, unit_id: int, series_id: int, level_id: int | None, plan_id: int) -> Facts:
    """What the rules look at; NotFound for ids that are none."""
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
    codes = list(reversed(row.path.split("/")))
    found = {
        r.code: Place(r.code, r.level, r.name)
        for r in session.execute(select(_region.c.code, _region.c.level, _region.c.name).where(_region.c.code.in_(codes)))
    }
    return Facts(
        employer=Stop("employer", unit_id, row.name), convener=Stop("convener", row.convener_id, row.convener),
        regions=tuple(found[code] for code in codes if code in found), series_id=series_id, series=row.series,
        level_id=level_id, nature_code=row.nature_code, is_central=row.is_central, plan_id=plan_id,
        plan_type=row.plan_type, plan_level=row.plan_level,
    )


def rules(session: Session) -> tuple[Rule, ...]:
    """The enabled rules in the order in which they are tried; two queries."""
    steps: dict[int, list[Step]] = {}
    for row in session.execute(
        select(_step, _organization.c.name)
        .outerjoin(_organization, _organization.c.id == _step.c.organization_id)
        .order_by(_step.c.rule_id, _step.c.position)
    ):
        named = (row.organization_id, row.name) if row.organization_id else None
        steps.setdefault(row.rule_id, []).append(Step(row.node, row.place, row.is_optional, named))
    return tuple(
        Rule(
            row.name, tuple(steps.get(row.id, ())), unit_level=row.unit_level, nature_code=row.nature_code,
            is_central=row.is_central, own_committee=row.own_committee, plan_type=row.plan_type,
            plan_level=row.plan_level, organization_id=row.organization_id, series_id=row.series_id,
            level_id=row.level_id, plan_id=row.plan_id,
        )
        for row in session.execute(select(_rule).where(_rule.c.enabled).order_by(_rule.c.position, _rule.c.id))
    )


def without_account(session: Session, organization_ids: list[int]) -> set[int]:
    """Those of the organizations for which nobody can act: a case that goes there would wait in vain."""
    staffed = session.execute(
        select(_account.c.organization_id, func.count())
        .where(_account.c.organization_id.in_(organization_ids), _account.c.active.is_(True))
        .group_by(_account.c.organization_id)
    )
    return set(organization_ids) - {row.organization_id for row in staffed}
