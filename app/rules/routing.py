"""Which organizations an application passes, from data: the nodes of the procedure and who is competent where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import Invalid


@dataclass(frozen=True)
class Stop:
    """One station of a route."""

    node: str
    organization_id: int
    organization: str


@dataclass(frozen=True)
class Competence:
    """A row of `jurisdiction`: an organization acts as `kind` in a region, for one series or (None) for all."""

    kind: str
    region_code: str
    series_id: int | None
    organization_id: int
    organization: str


@dataclass(frozen=True)
class Facts:
    """What a route depends on. `region_path`: region codes from the employer's own up to the province."""

    employer: Stop
    convener: Stop
    region_path: tuple[str, ...]
    series_id: int


def resolve(nodes: Sequence[str], facts: Facts, competences: Sequence[Competence]) -> tuple[Stop, ...]:
    """The stops in order. An organization that would follow itself is visited once.

    Raises Invalid with a sentence for the unit and the operators when nobody is competent for a node.
    """
    stops: list[Stop] = []
    for node in nodes:
        stop = _stop(node, facts, competences)
        if stops and stops[-1].organization_id == stop.organization_id:
            continue
        stops.append(stop)
    return tuple(stops)


def _stop(node: str, facts: Facts, competences: Sequence[Competence]) -> Stop:
    if node == "employer":
        return facts.employer
    if node == "convener":
        return facts.convener
    for region in facts.region_path:
        here = [c for c in competences if c.kind == node and c.region_code == region]
        for series_id in (facts.series_id, None):
            for competence in here:
                if competence.series_id == series_id:
                    return Stop(node, competence.organization_id, competence.organization)
    label = {"competent_department": "主管部门", "hr_department": "人社部门"}.get(node, node)
    raise Invalid(
        f"系统没有找到该单位属地的{label}，暂时不能提交。请联系所在单位或平台客服补充审核路径，已填写的内容不会丢失。",
        node=node,
    )
