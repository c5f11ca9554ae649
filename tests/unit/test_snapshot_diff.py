"""The difference between two submissions: everything that was changed is named once, and nothing else."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.snapshot_diff import Change, compare


def file(name: str, digest: str) -> dict[str, Any]:
    return {"file_id": 1, "attachment_id": 1, "slot": "x", "name": name, "media_type": "", "size": 1, "sha256": digest}


def item(number: int, *files: dict[str, Any], **fields: str) -> dict[str, Any]:
    return {"id": number * 10, "achievement_id": number, "summary": f"业绩{number}", "cells": [], "is_qualifying": False,
            "fields": [[label, value] for label, value in fields.items()], "files": list(files)}


TITLE = {"id": 4, "summary": "一级教师（中级）", "cells": [], "fields": [["评审日期", "2012-11-20"]], "values": {}, "files": [],
         "appointments": [{"name": "一级教师", "employer": "八中", "starts_on": "2013-01-01", "ends_on": "", "to_present": True}]}
SENT: dict[str, Any] = {
    "schema": 2, "title": "计划", "header": [["申报形式", "常规申报"]], "photo_file_id": 3,
    "personal": [["出生地", "合肥"], ["曾用名", ""]], "professional": [["教龄", "20"]], "held_titles": [TITLE],
    "pages": [{"key": "education", "name": "学历教育", "hint": "", "columns": [], "items": [item(1, 学校="甲"), item(2, 学校="乙")]}],
    "sections": [{"id": 7, "name": "能力条件", "groups": [
        {"key": "70", "name": "论文", "hint": "", "columns": [], "items": [item(3, file("论文.pdf", "a"), 题目="旧题")]}]}],
    "slots": [{"code": "id_card", "name": "身份证正反面", "is_required": True, "files": [file("身份证.pdf", "b")]}],
    "pledge": None, "facts": {},
}


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    copy = deepcopy(SENT)
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


CASES = [
    (["header", 0, 1], "破格申报", "part-header", Change("changed", "申报形式", "常规申报", "破格申报")),
    (["photo_file_id"], 9, "part-header", Change("changed", "证件照片", "原照片", "新照片")),
    (["personal", 0, 1], "芜湖", "part-personal", Change("changed", "出生地", "合肥", "芜湖")),
    (["personal", 1, 1], "李大明", "part-personal", Change("added", "曾用名", "", "李大明")),
    (["professional", 0, 1], "", "part-professional", Change("removed", "教龄", "20", "")),
    (["held_titles"], [], "part-held", Change("removed", "一级教师（中级）", "一级教师（中级）", "")),
    (["held_titles", 0, "fields", 0, 1], "2012-11-21", "part-held",
     Change("changed", "一级教师（中级） · 评审日期", "2012-11-20", "2012-11-21")),
    (["held_titles", 0, "appointments"], [], "part-held",
     Change("removed", "一级教师（中级） · 评聘情况", "一级教师，八中，2013-01-01 至今", "")),
    (["pages", 0, "items"], [item(2, 学校="乙"), item(1, 学校="甲")], "part-education",
     Change("changed", "顺序", "业绩1、业绩2", "业绩2、业绩1")),
    (["pages", 0, "items", 0, "is_qualifying"], True, "part-education", Change("changed", "业绩1 · 合格学历", "否", "是")),
    (["pages", 0, "items"], [item(1, 学校="甲"), item(2, 学校="乙"), item(5)], "part-education",
     Change("added", "业绩5", "", "业绩5")),
    (["sections", 0, "groups", 0, "items", 0, "fields", 0, 1], "新题", "part-section-7",
     Change("changed", "业绩3 · 题目", "旧题", "新题")),
    (["sections", 0, "groups", 0, "items"], [], "part-section-7", Change("removed", "论文：业绩3", "业绩3", "")),
    (["sections"], [], "part-section-7", Change("removed", "论文：业绩3", "业绩3", "")),
    (["slots", 0, "files", 0, "name"], "身份证正反面.pdf", "part-slots",
     Change("changed", "身份证正反面 · 附件名称", "身份证.pdf", "身份证正反面.pdf")),
    (["slots", 0, "files"], [], "part-slots", Change("removed", "身份证正反面 · 附件", "身份证.pdf", "")),
    (["route_form"], {"key": "exceptional", "name": "破格审批表", "fields": [["破格类型", "学历破格"]]}, "part-route-form",
     Change("added", "破格类型", "", "学历破格")),
]


@pytest.mark.parametrize(("path", "value", "anchor", "expected"), CASES, ids=[f"{c[2]}-{c[3].label}" for c in CASES])
def test_each_change_is_named_once_where_it_stands(path: list[Any], value: Any, anchor: str, expected: Change) -> None:
    [part] = compare(SENT, changed(path, value))
    assert part.anchor == anchor
    assert part.changes == (expected,)


def test_the_same_material_has_no_difference_and_ids_of_rows_are_none() -> None:
    again = deepcopy(SENT)
    again["pages"][0]["items"][0]["id"] = 999  # removed and imported again
    assert compare(SENT, again) == ()


def test_a_replaced_file_is_one_that_went_and_one_that_came() -> None:
    [part] = compare(SENT, changed(["slots", 0, "files"], [file("身份证.pdf", "c")]))
    assert {change.kind for change in part.changes} == {"added", "removed"}


def test_snapshots_of_the_first_schema_are_compared_too() -> None:
    old = deepcopy(SENT)
    del old["held_titles"]
    [part] = compare(old, SENT)
    assert (part.anchor, part.changes[0].kind) == ("part-held", "added")


@given(st.lists(st.tuples(st.sampled_from(["甲", "乙", "丙"]), st.text(max_size=3)), max_size=6),
       st.lists(st.tuples(st.sampled_from(["甲", "乙", "丙"]), st.text(max_size=3)), max_size=6))
def test_fields_differ_exactly_when_their_texts_do(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> None:
    one = {**SENT, "personal": [list(pair) for pair in before]}
    two = {**SENT, "personal": [list(pair) for pair in after]}

    def by_label(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for label, value in pairs:
            found.setdefault(label, []).append(value)
        return found

    def padded(pairs: list[tuple[str, str]]) -> dict[tuple[str, int], str]:
        return {(label, n): text for label, texts in by_label(pairs).items() for n, text in enumerate(texts) if text}

    assert bool(compare(one, two)) is (padded(before) != padded(after))
