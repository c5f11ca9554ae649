"""专业技术资格评审表: the 25 parts of the form from a frozen submission; what the organizations decided on it as entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from app.reports import form_blocks as blocks
from app.reports.form_blocks import Block
from app.reports.slip import Entry

TITLE = "专业技术资格评审表"
NUMERALS = (
    "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五", "十六", "十七", "十八",
    "十九", "二十", "二十一", "二十二", "二十三", "二十四",
)
LONG_VALUE = 60  # a value longer than this gets rows of its own under its item

# What the form says of basic facts, in its order, with the labels of 个人信息; whatever else a form of a series asks
# for is printed after them.
HEAD = ("曾用名", "民族", "出生地", "政治面貌", "身体状况")


def review_form(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The context of templates/pdf/review_form.

    `facts`: {"snapshot", "number", "filled_on", "person": {"id_number", "mobile"}, "pledge": [clause], "notes": [text],
    "made_by", "subtitle", "places": {"papers" | "awards" | "summary": [names of kinds]}} and what `review_entries` says.
    Dates are ISO.
    """
    shot = facts["snapshot"]
    header, personal = dict(shot["header"]), dict(shot["personal"])
    held = list(shot.get("held_titles", ()))
    pages = {page["key"]: page for page in shot["pages"]}
    parts: list[tuple[str, Callable[[str], Block]]] = [
        ("专业信息", lambda title: blocks.grid(title, shot["professional"])),
        ("现有职称及评聘情况", lambda title: _held(title, held)),
        ("学历教育", lambda title: _items(title, pages.get("education"), mark_qualifying=True)),
        ("工作经历", lambda title: _items(title, pages.get("work_experience"))),
        ("继续教育", lambda title: _items(title, pages.get("continuing_education"))),
        ("年度考核", lambda title: _items(title, pages.get("annual_assessment"))),
        ("水平（专业）能力考试", lambda title: blocks.table(
            title, (("考试名称", 40), ("成绩", 15), ("时间", 20), ("合格证号", 25)), ())),
    ]
    basic, *rest = [*_numbered(["基本情况", *(name for name, _ in parts)])]
    made: list[Block] = [build(title) for title, (_, build) in zip(rest, parts, strict=True)]
    made += _performance(len(parts) + 1, shot, facts["places"])
    made += _opinions(len(parts) + 5, facts)
    return {
        "title": TITLE, "number": facts["number"], "subtitle": facts["subtitle"], "made_by": facts["made_by"],
        "cover": [
            ["单位", header.get("申报单位", "")], ["姓名", header.get("申报人", "")],
            ["现任专业技术职务", _present_title(held)], ["申报专业技术资格", shot["facts"]["title"]],
            ["专业", shot["facts"]["specialty"]], ["申报类型", shot["facts"]["route_name"]],
            ["填表时间", chinese_day(facts["filled_on"])], ["联系电话", facts["person"]["mobile"]],
        ],
        "notes": list(facts["notes"]),
        "basic": {"title": basic, **_basic(header, personal, held, pages, facts)},
        "blocks": made,
    }


def chinese_day(day: dt.date | str | None) -> str:
    """2026-03-05, a date or its ISO text, as 2026年3月5日; empty for nothing."""
    if not day:
        return ""
    year, month, number = str(day)[:10].split("-")
    return f"{year}年{int(month)}月{int(number)}日"


def _numbered(names: Sequence[str], start: int = 0) -> Iterator[str]:
    for number, name in enumerate(names, start):
        yield f"{NUMERALS[number]}、{name}"


def _present_title(held: Sequence[Mapping[str, Any]]) -> str:
    return str(held[0]["values"].get("title", "")) if held else ""


def _basic(
    header: Mapping[str, str], personal: Mapping[str, str], held: Sequence[Mapping[str, Any]],
    pages: Mapping[str, Any], facts: Mapping[str, Any],
) -> dict[str, Any]:
    known = {name: personal.get(name, "") for name in HEAD}
    head = [
        [["姓　名", header.get("申报人", "")], ["曾用名", known["曾用名"]]],
        [["性　别", header.get("性别", "")], ["出生日期", header.get("出生日期", "")]],
        [["民　族", known["民族"]], ["政治面貌", known["政治面貌"]]],
        [["证件类型", header.get("证件类型", "")], ["身体状况", known["身体状况"]]],
    ]
    short = all(len(value) <= 12 for row in head for _, value in row)
    first = held[0]["values"] if held else {}
    appointed = next((row["starts_on"] for row in held[0]["appointments"]), "") if held else ""
    rest: list[Sequence[object]] = [
        ("证件号码", facts["person"]["id_number"]), ("出生地", known["出生地"]),
        ("单　　位", header.get("申报单位", "")), ("单位性质", header.get("单位性质", "")),
        *(() if short else [(label.replace("　", ""), value) for row in head for label, value in row]),
        *((label, value) for label, value in personal.items() if label not in HEAD),
        *_highest(pages.get("education")),
        ("现任专业技术职务", first.get("title", "")), ("取得时间", first.get("issued_on", "")),
        ("聘任时间", appointed), ("联系电话", facts["person"]["mobile"]),
        ("申报系列", header.get("申报系列", "")), ("申报级别", header.get("申报级别", "")),
        ("评审标准", header.get("评审标准", "")), ("受理评委会", header.get("受理评委会", "")),
    ]
    if not short:  # something too long for the narrow places beside the photo: it stands below, in full
        head = [[[label, value if len(value) <= 12 else "（见下）"] for label, value in row] for row in head]
    return {"head": head, "rest": blocks.grid("", rest)}


def _highest(page: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """合格学历, as the form names it in 基本情况."""
    chosen = [item for item in (page or {"items": []})["items"] if item["is_qualifying"]]
    return [("合格学历", item["summary"]) for item in chosen[:1]]


def _held(title: str, held: Sequence[Mapping[str, Any]]) -> Block:
    rows, below = [], []
    for item in held:
        value = item["values"]
        rows.append([value.get(key, "") for key in ("acquisition", "series", "specialty", "title", "certificate_number", "issued_on")])
        appointed = [
            f"{row['name']}（{row['employer']}，{row['starts_on']} 至 {'今' if row['to_present'] else row['ends_on']}）"
            for row in item["appointments"]
        ]
        below.append([
            ("评审机构及日期", f"{value.get('committee', '')}　{value.get('reviewed_on', '')}".strip()),
            ("发证机构", value.get("issuer", "")), ("聘任情况", "；".join(appointed)), ("佐证材料", _names(item["files"])),
        ])
    return blocks.table(
        title, (("取得方式", 10), ("系列", 16), ("专业", 15), ("资格名称", 15), ("证书编号", 29), ("发证日期", 15)), rows,
        below=below,
    )


def _items(title: str, page: Mapping[str, Any] | None, *, mark_qualifying: bool = False) -> Block:
    """Imported items as a table of their list columns; every other field and the names of files under each."""
    if not page or not page["items"]:
        labels = (page or {}).get("columns") or ["名称", "时间", "说明"]
        return blocks.table(title, [(label, 10) for label in labels], (), note=(page or {}).get("hint", "") if page else "")
    columns = [(label, _share(label)) for label in page["columns"]]
    if mark_qualifying:
        columns.append(("合格学历", 8))
    rows, below = [], []
    for item in page["items"]:
        cells = list(item["cells"])
        rows.append([*cells, *(["√" if item["is_qualifying"] else ""] if mark_qualifying else [])])
        shown = set(page["columns"])
        more = [(label, value) for label, value in item["fields"] if value and label not in shown]
        short = [f"{label}：{value}" for label, value in more if len(value) <= LONG_VALUE]
        below.append([
            *([("其他信息", "；".join(short))] if short else []),
            *((label, value) for label, value in more if len(value) > LONG_VALUE),
            ("佐证材料", _names(item["files"])),
        ])
    return blocks.table(title, columns, rows, note=page["hint"], below=below)


def _share(label: str) -> int:
    """Names need more room than dates and ranks."""
    if any(word in label for word in ("题目", "名称", "单位", "学校", "项目", "刊物", "内容")):
        return 26
    return 10 if any(word in label for word in ("排名", "排序", "等级", "学时", "结果", "年度")) else 15


def _names(files: Sequence[Mapping[str, Any]]) -> str:
    return "、".join(str(file["name"]) for file in files)


def _performance(number: int, shot: Mapping[str, Any], places: Mapping[str, Sequence[str]]) -> list[Block]:
    """申报业绩 by the standard's sections; papers, awards and the summary in the parts of the form made for them."""
    elsewhere = {name for names in places.values() for name in names}
    groups = [
        (section["name"], group) for section in shot["sections"] for group in section["groups"] if group["items"]
    ]
    titles = [*_numbered(["任现职以来主要专业技术工作业绩", "论文、著作及重要技术报告", "获奖、专利、标准、项目", "本人述职（专业技术工作总结）"], number)]
    own = [(section, group) for section, group in groups if group["name"] not in elsewhere]
    made = [_items(f"{titles[0]} · {section} · {group['name']}", group) for section, group in own]
    made = made or [_items(titles[0], None)]
    for key, title in zip(("papers", "awards", "summary"), titles[1:], strict=True):
        found = [_items(f"{title} · {group['name']}", group) for _, group in groups if group["name"] in places.get(key, ())]
        made += found or [blocks.text(title, "") if key == "summary" else _items(title, None)]
    return made


EMPLOYER_FACTS = (("公示起止日期", "有无异议"), ("是否占用岗位职数",))
VOTES = (("评委会名称",), ("评委总人数", "出席人数"), ("同意票", "不同意票"), ("弃权票", "评审结论"))
APPROVAL = (("批准文号", "资格名称"), ("取得资格时间", "证书编号"))
NODES = ("employer", "agency", "competent_department", "hr_department", "convener")


def _opinions(number: int, facts: Mapping[str, Any]) -> list[Block]:
    titles = _numbered([
        "诚信承诺", "单位推荐意见", "人事代理机构意见", "业务主管部门意见", "人社部门审核意见", "评委会组建单位（办事机构）审核意见",
        "专业评议组意见", "评审委员会评审结果", "公示结果", "审批（确认）机关意见", "备注",
    ], number)
    pledge = facts["snapshot"]["pledge"] or {}
    return [
        blocks.signed(
            next(titles), "\n".join(f"{at}．{clause}" for at, clause in enumerate(facts["pledge"], 1)), signs=["本人签名"],
            date=chinese_day(pledge.get("accepted_at", "")),
        ),
        blocks.box(next(titles), "employer", facts=EMPLOYER_FACTS, room=180, signs=["审核人", "负责人签名"]),
        blocks.box(next(titles), "agency", signs=["经办人"]),
        blocks.box(next(titles), "competent_department", signs=["负责人签名"]),
        blocks.box(next(titles), "hr_department", signs=["负责人签名"]),
        blocks.box(next(titles), "convener", signs=["审核人"]),
        blocks.box(next(titles), "group", signs=["组长签名"], caption="签章"),
        blocks.box(next(titles), "committee", facts=VOTES, room=60, signs=["主任委员签名"], caption="评委会印章"),
        blocks.box(next(titles), "publicity", room=90, signs=["经办人"]),
        blocks.box(next(titles), "issuer", facts=APPROVAL, room=90),
        blocks.text(next(titles), facts.get("remark", "")),
    ]


def review_entries(facts: Mapping[str, Any]) -> list[Entry]:
    """What the organizations added to the form so far, in the order in which they did; `facts` as in `review_form`.

    "opinions": {node: {"by", "organization_id", "opinion", "date", and for the employer "values": {label: value}}}.
    """
    made = node_entries(facts["opinions"], NODES)
    result, certificate = facts.get("result"), facts.get("certificate")
    if result:
        votes = dict(zip(
            ("评委总人数", "出席人数", "同意票", "不同意票", "弃权票", "评审结论"),
            (str(result.get(key, "")) for key in ("members", "present", "agree", "against", "abstain", "outcome")), strict=True))
        committee = dict(facts["snapshot"]["header"]).get("受理评委会", "")
        if result.get("group_opinion"):
            made.append(Entry("group", None, text=result["group_opinion"], date=result["met_on"]))
        made.append(Entry("committee", None, by=committee, date=result["met_on"],
                          values=(("评委会名称", committee), *votes.items())))
        if result.get("publicity"):
            made.append(Entry("publicity", None, text=result["publicity"], date=result["publicity_ended"]))
    if certificate:
        made.append(Entry(
            "issuer", certificate.get("issuer_id"), text=f"同意授予{certificate['title']}资格。", by=certificate["issuer"],
            date=certificate["issued_on"], values=(
                ("批准文号", certificate["approval_no"]), ("资格名称", certificate["title"]),
                ("取得资格时间", certificate["acquired_on"]), ("证书编号", certificate["number"])),
        ))
    return made


def node_entries(opinions: Mapping[str, Mapping[str, Any]], nodes: Sequence[str]) -> list[Entry]:
    """One entry for each of `nodes` that was passed, in the order of the case."""
    return [
        Entry(node, given["organization_id"], text=given["opinion"], by=given["by"], date=given["date"],
              values=tuple(given.get("values", {}).items()))
        for node, given in opinions.items() if node in nodes
    ]
