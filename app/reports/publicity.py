"""单位公示证明: that a unit made an application public, for how long, and whether somebody objected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.reports import form_blocks as blocks
from app.reports.review_form import chinese_day, node_entries
from app.reports.slip import Entry

BY_HAND = "\u3000"


def publicity_proof(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`facts` as of the 评审表 with "publicity": {"first", "last" (dates or None), "days", "ended", "content"}.

    What the system does not know (place, telephone) stays blank for the unit's hand.
    """
    shot, shown = facts["snapshot"], facts["publicity"]
    header = dict(shot["header"])
    held = shot.get("held_titles") or ()
    days = ""
    if shown["first"] and shown["last"]:
        days = f"{chinese_day(shown['first'].isoformat())} 至 {chinese_day(shown['last'].isoformat())}（共 {shown['days']} 个工作日）"
    people = [[
        "1", header.get("申报人", ""), header.get("性别", ""), held[0]["values"].get("title", "") if held else "",
        f"{shot['facts']['specialty']}-{shot['facts']['title']}", shot["facts"]["route_name"],
    ]]
    return {
        "title": "单位公示证明", "number": facts["number"], "head": [], "blocks": [
            blocks.grid("", [("单位", header.get("申报单位", "")), ("申报计划", shot["title"])], columns=1),
            blocks.table("公示人员名单", (("序号", 8), ("姓名", 16), ("性别", 8), ("现职称", 20), ("申报专业和资格", 34), ("申报形式", 14)), people),
            blocks.grid("公示情况", [
                ("公示内容", shown["content"]), ("公示起止", days), ("公示形式和地点（网址）", ""), ("监督电话", ""),
                ("有无异议及处理", "公示期间未收到异议。" if shown["ended"] else ""),
            ], columns=1, nothing=BY_HAND),
            blocks.box("单位意见", "employer", room=90, signs=["经办人", "负责人签名"]),
        ],
    }


def publicity_entries(facts: Mapping[str, Any]) -> list[Entry]:
    """The unit's seal, once it has recommended the applicant."""
    return [
        Entry("employer", entry.organization_id, text="以上情况属实，特此证明。", by=entry.by, date=entry.date)
        for entry in node_entries(facts["opinions"], ("employer",))
    ]
