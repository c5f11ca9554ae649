"""What every filling page shows around its work: the tree with states, 还差什么, the route, the way on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.queries.application import Returned, returned_of, route_of
from app.queries.return_reason import last_reasons
from app.rules import deadlines
from app.rules.checks import BLOCK, WARN, Gap, Report, examine
from app.rules.checks_material import Material, section_page, slot_applies
from app.rules.return_reason import Reason, general
from app.rules.routing import Stop
from models.application import IMPORT_PAGES
from views.forms.dynamic import name_of

SHOWN_GAPS = 8
ROUTE_FORM = "form"  # 破格审批表 or 转评申报表
FORM_PAGES = {"basic", ROUTE_FORM}  # whose gaps name fields
_FIXED = {"basic", "attachments", "files", "overview", "submit"}


@dataclass(frozen=True)
class Workplace:
    """The frame of a filling page. `before` / `after`: addresses of the neighbouring pages."""

    material: Material
    report: Report
    page: str
    title: str
    tree: list[dict[str, Any]]
    gaps: list[dict[str, str]]
    hidden: int
    total: int
    days_left: int
    route: tuple[Stop, ...]
    route_problem: str
    before: str | None
    after: str | None
    returned: Returned | None
    reasons: tuple[str, ...]  # of the return: those that name this page, else those that name none


def page_address(application_id: int, page: str) -> str:
    """The address of a page of an application, by its key in findings."""
    if page == "photo":
        return url_for("PersonView.show")
    if page == "pledge":
        return url_for("ApplicationView.pledge", application_id=application_id, again=1)
    if page == "choice":
        return url_for("FillingView.choice", application_id=application_id)
    if page == ROUTE_FORM:
        return url_for("RouteFormPageView.fill", application_id=application_id)
    if page in _FIXED:
        return url_for(f"FillingView.{page}", application_id=application_id)
    if page in IMPORT_PAGES:
        return url_for("FillingView.items", application_id=application_id, page=page)
    return url_for("FillingView.section", application_id=application_id, section_id=int(page.rpartition("-")[2]))


def gap_address(application_id: int, gap: Gap) -> str:
    """The very place that mends a gap."""
    anchor = gap.anchor
    if gap.page in FORM_PAGES and anchor and not anchor.startswith("#"):
        anchor = name_of(anchor)
    return page_address(application_id, gap.page) + (f"#{anchor.removeprefix('#')}" if anchor else "")


def workplace(
    session: Session, material: Material, page: str, *, report: Report | None = None, with_route: bool = True
) -> Workplace:
    """The frame for one page; two queries for the route, none without it."""
    report = report or examine(material)
    names = _names(material)
    order = list(names)
    at = order.index(page) if page in order else 0
    gaps = report.gaps(BLOCK)
    returned = returned_of(session, material.application_id) if material.state == "returned" else None
    if returned and returned.route and returned.route[0].organization_id == material.unit.id:
        route, problem = returned.route, ""
    else:
        route, problem = _route(session, material) if with_route else ((), "")
    reasons = reasons_of(returned.opinion, last_reasons(session, material.application_id), names) if returned else {}
    today = deadlines.today(material.now)

    def address(step: int) -> str | None:
        there = at + step
        return page_address(material.application_id, order[there]) if 0 <= there < len(order) else None

    return Workplace(
        material, report, page, names.get(page, ""), _tree(material, report, page, reasons),
        [
            {"text": _(gap.message), "href": gap_address(material.application_id, gap)} for gap in gaps[:SHOWN_GAPS]
        ],
        max(0, len(gaps) - SHOWN_GAPS), len(gaps), (material.plan.closes_on - today).days, route, problem,
        address(-1), address(1), returned, reasons.get(page) or reasons.get("", ()),
    )


def reasons_of(opinion: str, pinned: Sequence[Reason], names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """What a return says of each page; under "" what it says of the whole. Reasons stand where the reviewer pinned them,
    lines of the opinion at the pages whose names they mention.
    """
    found: dict[str, list[str]] = {}
    for reason in pinned:
        found.setdefault(reason.page if reason.page in names else "", []).append(reason.text)
    for line in filter(None, (line.strip() for line in general(opinion, pinned).splitlines())):
        for page in [page for page, name in names.items() if name and name in line] or [""]:
            found.setdefault(page, []).append(line)
    return {page: tuple(lines) for page, lines in found.items()}


def _names(material: Material) -> dict[str, str]:
    return {
        "basic": _("基本信息"), **{key: _(name) for key, name in IMPORT_PAGES.items()}, "attachments": _("附件上传"),
        **({ROUTE_FORM: material.route_form} if material.route_fields else {}),
        **{section_page(section.id): section.name for section in material.sections},
        "files": _("附件一览表"), "overview": _("申报一览表"), "submit": _("提交审核"),
    }


def _tree(
    material: Material, report: Report, current: str, reasons: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    names = _names(material)
    groups = (
        (_("个人信息"), ["basic", *IMPORT_PAGES, "attachments"]),
        (material.route_form, [ROUTE_FORM] if material.route_fields else []),
        (_("申报业绩"), [section_page(section.id) for section in material.sections]),
        (_("结果一览表"), ["files", "overview", "submit"]),
    )
    return [
        {"label": label, "items": [
            {
                "label": names[page], "href": page_address(material.application_id, page), "current": page == current,
                **({"state": _("有退回意见"), "tone": "bad"} if page in reasons else _state(material, report, page)),
            }
            for page in pages
        ]}
        for label, pages in groups if pages
    ]


def _state(material: Material, report: Report, page: str) -> dict[str, str]:
    if page in ("files", "overview"):
        return {}
    if page == "submit":
        return {"state": _("可检测"), "tone": "ok"} if report.is_clean else {}
    if page == "attachments":
        required = [slot for slot in material.slots if slot.is_required and slot_applies(slot, material)]
        done = sum(1 for slot in required if slot.files)
        if required and done < len(required):
            return {"state": f"{done}/{len(required)}", "tone": "warn"}
    missing = len(report.gaps_of(page))
    if missing:
        return {"state": _("缺 %(n)s", n=missing), "tone": "warn"}
    if report.gaps_of(page, WARN) and not _count(material, page):
        return {"state": _("未填"), "tone": ""}
    return {"state": "✓", "tone": "ok"}


def _count(material: Material, page: str) -> int:
    if page in IMPORT_PAGES:
        return len(material.on_page(page))
    return 1


def _route(session: Session, material: Material) -> tuple[tuple[Stop, ...], str]:
    try:
        return route_of(session, material), ""
    except DomainError as error:
        return (), error.message
