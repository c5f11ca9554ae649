"""The generated forms of dictionaries, kinds of achievements and settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

import models as m
from app.rules.setting_value import check_value
from tests.factories import application as make
from tests.factories.rows import save
from tests.integration.staff_screens import events_of, row_of


def test_a_dictionary_is_shown_by_itself(admin: FlaskClient) -> None:
    one, two = save(m.CodeTable(code="a", name="字典甲")), save(m.CodeTable(code="b", name="字典乙"))
    save(m.CodeItem(table_id=one, code="1", name="项甲"))
    save(m.CodeItem(table_id=two, code="1", name="项乙"))
    page = admin.get(f"/codeitemview/list/?_flt_0_table={one}").text
    assert re.search(rf'_flt_0_table={one}" aria-current="page"><span>字典甲', page)
    assert f'/codeitemview/list/?_flt_0_table={two}"' in page
    assert "项甲" in page
    assert "项乙" not in page
    assert f'name="_flt_0_table" value="{one}"' in page
    add = f"/codeitemview/add?_flt_0_table={one}"
    assert add in page
    assert f'<option value="{one}" selected>字典甲</option>' in admin.get(add).text
    answer = admin.post(add, data={"table": one, "code": "2", "name": "新项", "position": 1, "enabled": "y", "extra": "{}"})
    assert answer.headers["Location"] == f"/codeitemview/list/?_flt_0_table={one}"


def test_a_version_of_fields_is_read_in_words(admin: FlaskClient) -> None:
    kind, _version = make.kind()
    pk = save(m.AchievementKindVersion(kind_id=kind, number=2, list_columns=["title", "level"], fields=[
        {"key": "title", "label": "论文题目", "type": "text", "required": True, "max_len": 60},
        {"key": "level", "label": "刊物级别", "type": "select", "options": ["核心", "普通"],
         "required_if": {"field": "title", "equals": "x"}},
        {"key": "files", "label": "附件", "type": "files", "accept": ["pdf"], "max_mb": 5, "max_count": 2},
    ]))
    page = admin.get(f"/achievementkindversionview/show/{pk}").text
    for words in ("论文题目、刊物级别", "最多 60 字", "选项：核心、普通", "“论文题目”为x时必填", "pdf，单个不超过 5 MB，最多 2 个",
                  "· 第 2 版"):
        assert words in page
    assert "&#34;key&#34;" not in page
    for path in ("edit", "delete"):
        assert admin.post(f"/achievementkindversionview/{path}/{pk}").status_code == 404


def setting(key: str, value: Any) -> int:
    return save(m.Setting(key=key, value=value, label=f"参数{key}"))


def change(client: FlaskClient, pk: int, text: str) -> Any:
    page = client.get(f"/settingview/edit/{pk}").text
    shown = page.split('name="shown"')[1].split('value="')[1].split('"')[0]
    return client.post(f"/settingview/edit/{pk}", data={"value": text, "shown": shown})


def test_settings_are_edited_as_what_they_are(admin: FlaskClient) -> None:
    phone, tips = setting("support.phone", "0551-1"), setting("portfolio.tips", ["一", "二"])
    opinions = setting("review.public_opinions", {"approve": ["同意"], "return": ["退"]})
    assert change(admin, phone, " 0551-88888888 ").status_code == 302
    assert change(admin, tips, "第一条\n\n第二条\n第三条").status_code == 302
    new = {"approve": ["同意", "好"], "return": ["退"]}
    assert change(admin, opinions, "approve：同意、好\nreturn：退").status_code == 302
    nested = setting("x.nested", [{"key": "a"}])
    assert change(admin, nested, '[{"key": "a"}, {"key": "b"}]').status_code == 302
    assert row_of(m.Setting, nested).value == [{"key": "a"}, {"key": "b"}]
    assert row_of(m.Setting, phone).value == "0551-88888888"
    assert row_of(m.Setting, tips).value == ["第一条", "第二条", "第三条"]
    assert row_of(m.Setting, opinions).value == new
    assert events_of("setting") == ["record:changed"] * 4


@pytest.mark.parametrize(("key", "before", "text", "sentence"), [
    ("support.phone", "1", "  ", "取值不能为空"),
    ("x", {"a": [{"b": "1"}]}, '{"b": [{"b": "1"}]}', "应有且仅有这些键：a"),
    ("x", {"a": [{"b": "1"}]}, '{"a": [{"b": 1}]}', "应是一段文字"),
    ("x", {"a": [{"b": "1"}]}, "[1]", "应是一组键和值"),
    ("x", {"a": [{"b": "1"}]}, "{", "不是有效的 JSON"),
    ("x", 5, "true", "应是一个整数"),
    ("certificate.number_template", "9{year}{serial:6}", "9{year}", "必须以 {serial:位数} 结尾"),
    ("certificate.number_template", "9{year}{serial:6}", "9{month}{serial:6}", "不认识的占位符"),
    ("certificate.number_template", "9{year}{serial:6}", "9{year}{year}{year}{year}{year}{serial:6}", "超过 24 位"),
    ("certificate.province", "34", "安徽", "两位数字"),
])
def test_a_setting_keeps_its_shape(admin: FlaskClient, key: str, before: Any, text: str, sentence: str) -> None:
    pk = setting(key, before)
    answer = change(admin, pk, text)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert row_of(m.Setting, pk).value == before


def test_a_good_template_passes() -> None:
    check_value("certificate.number_template", "9{serial:6}", "9{province}{year}{city}{series}{level}{serial:6}")
    check_value("limit", 5, 6)


def test_only_administrators_change_settings(as_role: Callable[[str], FlaskClient]) -> None:
    pk = setting("support.phone", "1")
    for role in ("Ops", "Convener"):
        client = as_role(role)
        assert client.get(f"/settingview/edit/{pk}").status_code == 403
        assert client.post(f"/settingview/edit/{pk}", data={"value": "2"}).status_code == 403
    assert row_of(m.Setting, pk).value == "1"


def test_a_setting_with_keys_is_written_one_a_line_by_its_names(admin: FlaskClient) -> None:
    before = {"employer": 10, "places": ["论文", "论著"]}
    pk = save(m.Setting(key="x.days", value=before, label="时限", names={"employer": "单位审核", "places": "类别"}))
    assert "单位审核：10；类别：论文、论著" in admin.get("/settingview/list/").text
    assert "单位审核：10\n类别：论文、论著" in admin.get(f"/settingview/show/{pk}").text
    assert change(admin, pk, "类别:论文、 专利\n单位审核：12").status_code == 302
    assert row_of(m.Setting, pk).value == {"employer": 12, "places": ["论文", "专利"]}
    for text, sentence in (
        ("单位审核：十\n类别：论文", "“单位审核”应是一个整数。"), ("单位审核：1", "缺少类别，每项须有一行。"),
        ("单位审核：1\n单位审核：2\n类别：甲", "写了两次"), ("单位：1\n类别：甲", "名称应是：单位审核、类别。"),
    ):
        answer = change(admin, pk, text)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert text in answer.text  # what was typed is still there


def test_long_values_are_cut_in_the_list_only(admin: FlaskClient) -> None:
    pk = save(m.Setting(key="x.fields", label="字段", value=[{"key": f"k{n}", "label": f"第{n}个字段"} for n in range(40)]))
    page = admin.get("/settingview/list/").text
    assert "第0个字段、第1个字段" in page
    assert "第39个字段" not in page
    assert "第39个字段" in admin.get(f"/settingview/show/{pk}").text


def test_a_pledge_is_written_one_clause_a_line(admin: FlaskClient) -> None:
    add = "/pledgeview/add"
    answer = admin.post(add, data={"number": "9", "title": "承诺书", "clauses": " \n "})
    assert answer.status_code == 422
    assert admin.post(add, data={"number": "9", "title": "承诺书", "clauses": "第一条\n\n 第二条 "}).status_code == 302
    assert row_of(m.Pledge, 1).clauses == ["第一条", "第二条"]
