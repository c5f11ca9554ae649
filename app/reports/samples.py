"""A sample of every form from invented data: what staff look at after a template was changed."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from typing import Any

from app.reports import growth
from app.reports.form import FORMS, render_form
from app.reports.form_blocks import facts_of
from app.reports.pledge import pledge_form
from app.reports.publicity import publicity_entries, publicity_proof
from app.reports.request_form import reissue_pledge, request_entries, request_form
from app.reports.review_form import review_entries, review_form
from app.reports.route_form import route_entries, route_paper
from app.reports.sealing import SealKey, round_seal, self_signed
from app.reports.slip import Entry

ID_NUMBER = "340100199001011234"
_CLAUSES = ["本人填写的信息和上传的材料真实、完整、有效。", "如有不实，本人自愿接受依法依规作出的处理。"]
_OPINIONS = {
    node: {"by": name, "opinion": "同意上报。", "date": "2026-05-08", "organization_id": 1}
    for node, name in (("employer", "样张市第一中学"), ("competent_department", "样张市教育局"), ("hr_department", "样张市人力资源和社会保障局"))
}
_OPINIONS["employer"]["values"] = {"公示起止日期": "2026-04-20 至 2026-04-27", "有无异议": "无异议", "是否占用岗位职数": "占用"}
_ROUTES = {"exceptional_form": "exceptional", "transfer_form": "transfer"}
_ROUTE_FIELDS = {
    "exceptional": [["破格类型", "学历破格"], ["破格依据条款", "第十条第二款"], ["不具备的条件", "不具备规定的学历。"],
                    ["主要业绩（对照条款逐条）", "一、获省级教学成果奖。\n二、主持省级课题一项并结题。"], ["佐证附件索引", "附件 1 至附件 3。"]],
    "transfer": [["岗位变动时间", "2024-09-01"], ["现岗位", "高中数学教师"], ["从事现专业年限", "2"],
                 ["转岗原因", "因工作需要，由中等职业学校调入高级中学。"], ["现岗位业绩", "承担高一年级两个班的教学。"], ["继续教育", "每年 90 学时。"]],
}


def sample_pdf(code: str) -> bytes:
    """The form `code` (a key of app.reports.form.FORMS), marked as a sample, with seals where organizations decided."""
    context = sample_context(code)
    pdf = render_form(code, context, title=f"样张-{FORMS[code].name}", draft=True, across="样　张")
    entries = _entries(code)
    if not entries:
        return pdf
    pdf, _ = growth.grow(pdf, growth.based(pdf, "", facts_of(context["blocks"])), entries, lambda entry: (None, sample_seal(entry.by), "样张"))
    return pdf


@lru_cache(maxsize=8)
def sample_seal(name: str) -> SealKey:
    """A seal of an organization that does not exist."""
    return SealKey(_key(), round_seal(name or "样张"))


@cache
def _key() -> bytes:
    return self_signed("样张")


def _entries(code: str) -> list[Entry]:
    if code == "review_form":
        return review_entries(_review_facts())
    if code in _ROUTES:
        return route_entries(_route_facts(code))
    if code == "publicity_proof":
        return publicity_entries(_publicity_facts())
    if code in ("recognition_form", "reissue_form"):
        return request_entries(_request_facts(code.removesuffix("_form")))
    return []


def sample_context(code: str) -> dict[str, Any]:
    """What the sample prints."""
    if code == "review_form":
        return review_form(_review_facts())
    if code == "pledge":
        return pledge_form(_review_facts())
    if code in _ROUTES:
        return route_paper(_route_facts(code))
    if code == "publicity_proof":
        return publicity_proof(_publicity_facts())
    facts = _request_facts("reissue" if code.startswith("reissue") else "recognition")
    return reissue_pledge(facts) if code == "reissue_pledge" else request_form(facts)


def _review_facts() -> dict[str, Any]:
    header = [
        ["申报系列", "中小学教师"], ["申报职称", "高中数学-高级教师"], ["申报形式", "常规申报"], ["申报级别", "副高级"],
        ["申报单位", "样张市第一中学"], ["申报人", "样张䶮"], ["性别", "男"], ["证件类型", "居民身份证"], ["出生日期", "1990-01-01"],
        ["单位性质", "事业单位"], ["受理评委会", "样张省中小学教师系列高级职称评审委员会"], ["评审标准", "中小学教师专业技术资格条件"],
    ]
    item = {
        "summary": "数学 · 大学本科", "cells": ["全日制教育", "样张师范大学", "数学"], "is_qualifying": True,
        "fields": [["学制", "4"], ["证书编号", "100001200805000001"]], "files": [{"name": "学位证书.pdf"}],
    }
    paper = {
        "summary": "论文", "cells": ["函数概念的单元教学", "《样张数学教学》", "2024-03"], "is_qualifying": False,
        "fields": [["ISSN", "0000-0000"]], "files": [{"name": "论文全文.pdf"}],
    }
    group = {"name": "论文发表情况", "hint": "至少 1 项", "columns": ["论文题目", "刊物", "发表日期"], "items": [paper, paper]}
    snapshot = {
        "title": "2026年—样张省中小学教师系列高级职称评审委员会", "header": header,
        "personal": [["曾用名", ""], ["民族", "汉族"], ["出生地", "样张市"], ["政治面貌", "中共党员"], ["身体状况", "健康"],
                     ["工作时间", "2012-08-01"], ["工作年限", "14"], ["专业年限", "14"]],
        "professional": [["教师类别", "高中教师"], ["编制类别", "在编"]],
        "held_titles": [{
            "values": {"acquisition": "评审", "series": "中小学教师", "specialty": "高中数学", "title": "一级教师",
                       "certificate_number": "9340000000000000000", "issued_on": "2019-12-01", "committee": "样张市评审委员会",
                       "reviewed_on": "2019-11-20", "issuer": "样张市人力资源和社会保障局"},
            "appointments": [{"name": "一级教师", "employer": "样张市第一中学", "starts_on": "2020-01-01", "ends_on": "", "to_present": True}],
            "files": [{"name": "一级教师证书.pdf"}],
        }],
        "pages": [{"key": "education", "hint": "", "columns": ["教育类型", "学校名称", "所学专业"], "items": [item]}],
        "sections": [{"name": "业绩条件", "groups": [group]}], "pledge": {"accepted_at": "2026-05-01T10:00:00+08:00"},
        "facts": {"title": "高级教师", "specialty": "高中数学", "route_name": "常规申报"},
    }
    return {
        "snapshot": snapshot, "number": "PS202600000000-1", "filled_on": "2026-05-01", "pledge": _CLAUSES,
        "person": {"id_number": ID_NUMBER, "mobile": "13900000000"}, "opinions": _OPINIONS, "notes": ["本表由系统自动生成。"],
        "result": {"members": "25", "present": "21", "agree": "18", "against": "2", "abstain": "1", "outcome": "通过",
                   "met_on": "2026-06-10", "publicity": "2026-06-12 至 2026-06-22 公示，无异议。", "publicity_ended": "2026-06-22"},
        "certificate": {"title": "高级教师", "issuer": "样张省人力资源和社会保障厅", "issuer_id": 1, "issued_on": "2026-07-01", "approval_no": "样人社秘〔2026〕1号",
                        "acquired_on": "2026-06-10", "number": "9340000000000000001"},
        "places": {"papers": ["论文发表情况"], "awards": [], "summary": []}, "made_by": "样张省人力资源和社会保障厅",
        "subtitle": "（样张）",
    }


def _route_facts(code: str) -> dict[str, Any]:
    facts, route = _review_facts(), _ROUTES[code]
    header = [["姓名", "样张䶮"], ["性别", "男"], ["出生年月", "1990-01"], ["单位", "样张市第一中学"], ["合格学历", "数学 · 大学本科"],
              ["现职称", "一级教师（中小学教师，高中数学，中级）"], ["取得时间", "2019-11-20"], ["聘任时间", "2020-01-01"],
              ["申报系列专业", "中小学教师-高中数学"], ["申报资格", "高级教师（副高级）"]]
    facts["snapshot"]["route_form"] = {"route": route, "name": FORMS[code].name, "header": header, "fields": _ROUTE_FIELDS[route]}
    return facts


def _publicity_facts() -> dict[str, Any]:
    return {**_review_facts(), "publicity": {
        "first": date(2026, 4, 20), "last": date(2026, 4, 27), "days": 6, "ended": True, "content": "申报人的基本情况、学历、资历和业绩材料"}}


def _request_facts(kind: str) -> dict[str, Any]:
    about = [["姓名", "样张䶮"], ["性别", "男"], ["出生日期", "1990-01-01"], ["证件类型", "居民身份证"], ["证件号码", ""],
             ["手机号码", "13900000000"], ["单位", "样张市第一中学"]]
    parts: list[dict[str, Any]] = [
        {"title": "基本信息", "pairs": about},
        {"title": "申报信息" if kind == "recognition" else "现有证书信息", "pairs": [
            ["原专业技术资格", "高级教师"], ["原证书编号", "90901223"], ["主要工作经历", "2012 年起在样张省另一市任教。"]]},
    ]
    if kind == "recognition":
        parts.append({"title": "教育经历", "columns": ["毕业学校", "专业", "开始日期", "结束日期", "学制"],
                      "rows": [["样张师范大学", "数学", "2008-09-01", "2012-07-01", "4"]]})
    slots = [{"name": "身份证", "files": [{"name": "身份证正面.jpg"}]}]
    return {"kind": kind, "snapshot": {"number": "00000000", "parts": parts, "slots": slots}, "id_number": ID_NUMBER,
            "opinions": _OPINIONS, "certificate": None, "pledge": _CLAUSES}
