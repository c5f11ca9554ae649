"""Which organizations an application passes: the rule that holds, its steps, and who is competent where. All data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.errors import Invalid

LABELS = {
    "employer": "单位", "agency": "人才服务中心", "competent_department": "主管部门", "hr_department": "人社部门",
    "extra": "其他单位", "convener": "组建单位",
}
_UPWARD = {"county": ("county",), "city": ("city", "province"), "province": ("province",)}


class NoRoute(Invalid):
    """Nobody is competent for a step, or no rule holds. `missing`: what staff have to add."""

    def __init__(self, missing: str, *, node: str = "") -> None:
        super().__init__(
            f"系统没有找到{missing}，暂时不能提交。系统会通知所在单位和平台运维人员补充审核路径，已填写的内容不会丢失。",
            node=node,
        )
        self.missing = missing


@dataclass(frozen=True)
class Stop:
    """One station of a route. `inserted`: added by a reviewer, or the way back to that reviewer."""

    node: str
    organization_id: int
    organization: str
    inserted: bool = False


@dataclass(frozen=True)
class Place:
    """A region: its code, level (province, city, county) and name."""

    code: str
    level: str
    name: str


@dataclass(frozen=True)
class Competence:
    """A row of `jurisdiction`: an organization acts as `kind` in a region, for one series or (None) for all."""

    kind: str
    region_code: str
    series_id: int | None
    organization_id: int
    organization: str


@dataclass(frozen=True)
class Step:
    """A stop as a rule names it; `place`: see models.routing.PLACES; `named`: the organization of place "named"."""

    node: str
    place: str = "nearest"
    is_optional: bool = False
    named: tuple[int, str] | None = None


@dataclass(frozen=True)
class Rule:
    """A rule with its conditions; empty and None hold always. In the order in which rules are tried."""

    name: str
    steps: tuple[Step, ...]
    unit_level: str = ""
    nature_code: str = ""
    is_central: str = ""
    own_committee: str = ""
    plan_type: str = ""
    plan_level: str = ""
    organization_id: int | None = None
    series_id: int | None = None
    level_id: int | None = None
    plan_id: int | None = None


@dataclass(frozen=True)
class Facts:
    """What a route depends on. `regions`: from the unit's own up to the province."""

    employer: Stop
    convener: Stop
    regions: tuple[Place, ...]
    series_id: int
    series: str = ""
    level_id: int | None = None
    nature_code: str = ""
    is_central: bool = False
    plan_id: int | None = None
    plan_type: str = "regular"
    plan_level: str = "province"


@dataclass(frozen=True)
class Route:
    """The stops in order with a reason for each, and the rule that decided."""

    stops: tuple[Stop, ...]
    reasons: tuple[str, ...]
    rule: str
    skipped: tuple[str, ...] = field(default=())


def matching(rules: Sequence[Rule], facts: Facts) -> Rule:
    """The first rule whose conditions hold; NoRoute when none does."""
    for rule in rules:
        if _holds(rule, facts):
            return rule
    raise NoRoute("适用于该单位和评审计划的审核路径规则")


def _holds(rule: Rule, facts: Facts) -> bool:
    unit_level = facts.regions[0].level if facts.regions else ""
    own = "yes" if facts.employer.organization_id == facts.convener.organization_id else "no"
    wanted = (
        (rule.unit_level, unit_level), (rule.nature_code, facts.nature_code), (rule.own_committee, own),
        (rule.is_central, "yes" if facts.is_central else "no"), (rule.plan_type, facts.plan_type),
        (rule.plan_level, facts.plan_level), (rule.organization_id, facts.employer.organization_id),
        (rule.series_id, facts.series_id), (rule.level_id, facts.level_id), (rule.plan_id, facts.plan_id),
    )
    return all(condition in ("", None) or condition == value for condition, value in wanted)


def resolve(rules: Sequence[Rule], facts: Facts, competences: Sequence[Competence]) -> Route:
    """The unit, the steps of the rule that holds, the convener. An organization that would follow itself is visited once.

    Raises NoRoute, a sentence for the unit and the operators, when nobody is competent for a step that must not be left out.
    """
    rule = matching(rules, facts)
    stops, reasons, skipped = [facts.employer], ["申报人所在单位"], []
    for step in rule.steps:
        found = _stop(step, facts, competences)
        if found is None and not step.is_optional:
            raise NoRoute(f"{facts.employer.organization}属地的{LABELS[step.node]}", node=step.node)
        if found is None:
            skipped.append(f"{_where(step, facts)}没有{LABELS[step.node]}，该步骤可以省略")
            continue
        stop, why = found
        if stops[-1].organization_id == stop.organization_id:
            skipped.append(f"{stop.organization}已在上一节点审核")
            continue
        stops.append(stop)
        reasons.append(why)
    if stops[-1].organization_id != facts.convener.organization_id:
        stops.append(facts.convener)
        reasons.append("评审计划的组建单位")
    return Route(tuple(stops), tuple(reasons), rule.name, tuple(skipped))


def _stop(step: Step, facts: Facts, competences: Sequence[Competence]) -> tuple[Stop, str] | None:
    if step.place == "named":
        return (Stop(step.node, *step.named), "规则指定的单位") if step.named else None
    for region in _regions(step, facts):
        here = [c for c in competences if c.kind == step.node and c.region_code == region.code]
        for series_id in (facts.series_id, None):
            for found in here:
                if found.series_id == series_id:
                    of = f"负责{facts.series or '该系列'}" if series_id else "负责全部系列"
                    return (
                        Stop(step.node, found.organization_id, found.organization),
                        f"管辖范围：{region.name}的{LABELS[step.node]}，{of}",
                    )
    return None


def _regions(step: Step, facts: Facts) -> tuple[Place, ...]:
    levels = _UPWARD.get(step.place)
    return tuple(region for region in facts.regions if levels is None or region.level in levels)


def _where(step: Step, facts: Facts) -> str:
    regions = _regions(step, facts)
    return regions[0].name if regions else {"county": "县区", "city": "市"}.get(step.place, "当地")


def with_insertion(
    route: Sequence[Stop], at: int, inserted: Stop, *, returns: bool
) -> tuple[Stop, ...]:
    """The route with a stop added after `at`; `returns`: then back to the organization at `at`, which passes it on."""
    here = route[at]
    back = (Stop(here.node, here.organization_id, here.organization, inserted=True),) if returns else ()
    return (*route[: at + 1], inserted, *back, *route[at + 1 :])


def without_insertion(route: Sequence[Stop], at: int) -> tuple[Stop, ...]:
    """The route as it was before the stop at `at` added others: they stand right behind it."""
    end = at + 1
    while end < len(route) and route[end].inserted:
        end += 1
    return (*route[: at + 1], *route[end:])
