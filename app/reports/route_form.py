"""破格审批表 and 转评申报表: what the route of an application asks for beside the 评审表, from a frozen submission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.reports import form_blocks as blocks
from app.reports.form_blocks import Block
from app.reports.review_form import node_entries
from app.reports.slip import Entry

KINDS = {"exceptional": "exceptional_form", "transfer": "transfer_form"}
BOXES = {
    "exceptional": (
        ("employer", "单位意见"), ("competent_department", "主管部门意见"), ("hr_department", "人社部门意见"), ("convener", "审批机关意见"),
    ),
    "transfer": (("employer", "单位意见"), ("competent_department", "主管部门意见"), ("hr_department", "人社部门意见")),
}
SHORT = 40


def route_paper(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`facts` as of app.reports.review_form.review_form; its snapshot has a "route_form". Its fields are data: what is
    short stands in a grid, what is long runs under its own heading.
    """
    form = facts["snapshot"]["route_form"]
    short = [pair for pair in form["fields"] if _is_short(pair[1])]
    made: list[Block] = [blocks.grid("", form["header"])]
    if short:
        made.append(blocks.grid("申报情况", short))
    made += [blocks.text(label, value) for label, value in form["fields"] if not _is_short(value)]
    made += [blocks.box(title, node, room=180 if node == "employer" else 90, signs=["负责人签名"]) for node, title in BOXES[form["route"]]]
    return {"title": form["name"], "number": facts["number"], "head": [], "blocks": made}


def route_entries(facts: Mapping[str, Any]) -> list[Entry]:
    """What the organizations on the form decided so far."""
    return node_entries(facts["opinions"], [node for node, _ in BOXES[facts["snapshot"]["route_form"]["route"]]])


def _is_short(value: object) -> bool:
    text = str(value or "")
    return len(text) <= SHORT and "\n" not in text.strip()
