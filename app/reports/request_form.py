"""专业技术资格确认审核表 and 证书补（换）发申请表, from a request as it was submitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.reports import form_blocks as blocks
from app.reports.review_form import node_entries
from app.reports.slip import Entry

TITLES = {"recognition": "专业技术资格确认审核表", "reissue": "证书补（换）发申请表"}
_OPINIONS = {
    "recognition": (
        ("employer", "用人单位意见"), ("competent_department", "主管部门意见"), ("hr_department", "人社部门意见"),
        ("issuer", "确认机关意见"),
    ),
    "reissue": (("employer", "用人单位意见"), ("hr_department", "人社部门意见"), ("issuer", "发证机关意见")),
}
BESIDE_PHOTO = ("姓名", "性别", "出生日期", "证件类型", "手机号码")
NARROW = 12
NEW_NUMBER = "新证书编号"


def request_form(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`facts`: {"kind", "snapshot", "id_number"} and what `request_entries` says."""
    shot = facts["snapshot"]
    about = dict(shot["parts"][0]["pairs"])
    about["证件号码"] = facts["id_number"]
    head = [
        [["姓　名", about.pop("姓名", "")], ["性　别", about.pop("性别", "")]],
        [["出生日期", about.pop("出生日期", "")], ["证件类型", _narrow(about, "证件类型")]],
        [["手机号码", about.pop("手机号码", "")], ["申请编号", shot["number"]]],
    ]
    made = [blocks.grid("", list(about.items()))]
    for part in shot["parts"][1:]:
        if "pairs" in part:
            made.append(blocks.grid(part["title"], part["pairs"]))
        else:
            made.append(blocks.table(part["title"], [(label, _share(label)) for label in part["columns"]], part["rows"]))
    made.append(blocks.table("附件", (("附件项", 40), ("文件", 60)), [
        (slot["name"], "、".join(file["name"] for file in slot["files"])) for slot in shot["slots"] if slot["files"]
    ]))
    made += [
        blocks.box(title, node, facts=((NEW_NUMBER,),) if node == "issuer" else (), room=90)
        for node, title in _OPINIONS[facts["kind"]]
    ]
    return {"title": TITLES[facts["kind"]], "number": shot["number"], "head": head, "blocks": made}


def request_entries(facts: Mapping[str, Any]) -> list[Entry]:
    """What the organizations added so far. The issuer's comes with the number of the new certificate."""
    number = (facts.get("certificate") or {}).get("number", "")
    made = node_entries(facts["opinions"], [node for node, _ in _OPINIONS[facts["kind"]]])
    return [
        replace(entry, values=((NEW_NUMBER, number),)) if entry.field == "issuer" else entry
        for entry in made if entry.field != "issuer" or number
    ]


def reissue_pledge(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The text a person signs by hand and uploads."""
    about = dict(facts["snapshot"]["parts"][0]["pairs"])
    return {
        "title": "证书补（换）发承诺书", "clauses": list(facts["pledge"]),
        "about": [["承诺人", about["姓名"]], ["证件号码", facts["id_number"]], ["单位", about["单位"]]],
    }


def _narrow(about: dict[str, Any], label: str) -> str:
    value = str(about.get(label, ""))
    if len(value) > NARROW:
        return "（见下）"
    about.pop(label, None)
    return value


def _share(label: str) -> int:
    return 20 if "学校" in label else 14 if label in ("专业", "学历", "学位") else 12 if "日期" in label else 8
