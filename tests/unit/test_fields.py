"""Fields as data: each type's stored form, the rules between fields, and the refusal of bad definitions."""

from __future__ import annotations

import datetime as dt
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.rules.fields import (
    Field,
    check_definition,
    column_text,
    columns,
    display,
    lowered,
    parse_fields,
    summary,
    validate,
)

DAY = dt.date(2026, 11, 23)
CODES = {"degree": {"3": "硕士", "4": "学士"}, "ref:paper": {"17": "一篇论文"}}
DATA = Path(__file__).parents[2] / "app/refdata/data"


def codes(name: str) -> dict[str, str]:
    return CODES.get(name, {})


def field(kind: str, **settings: Any) -> tuple[Field, ...]:
    defaults = {
        "select": {"options": ["甲", "乙"]}, "multiselect": {"options": ["甲", "乙", "丙"]},
        "code": {"code_table": "degree"}, "ref": {"ref": "paper"},
    }.get(kind, {})
    return parse_fields([{"key": "x", "label": "测试项", "type": kind, **defaults, **settings}])


def store(fields: tuple[Field, ...], raw: object, **more: Any) -> Any:
    values, errors = validate(fields, {"x": raw}, codes=codes, today=DAY, **more)
    assert not errors, errors
    return values.get("x")


def refuse(fields: tuple[Field, ...], raw: object) -> str:
    values, errors = validate(fields, {"x": raw}, codes=codes, today=DAY)
    assert "x" not in values
    return errors["x"]


ANY_RAW = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=60), st.dates(),
    st.decimals(allow_nan=True), st.lists(st.text(max_size=5), max_size=4), st.binary(max_size=4), st.just(object()),
)
INPUT_TYPES = [
    "text", "textarea", "richtext", "date", "month", "year", "int", "number", "decimal", "bool", "select",
    "multiselect", "code", "url", "ref",
]


@pytest.mark.parametrize("kind", INPUT_TYPES)
@given(raw=ANY_RAW)
def test_whatever_is_sent_gives_a_value_or_a_chinese_sentence_and_storing_again_changes_nothing(
    kind: str, raw: object
) -> None:
    fields = field(kind)
    values, errors = validate(fields, {"x": raw}, codes=codes, today=DAY)
    assert not (errors and values)
    for sentence in errors.values():
        assert "。" in sentence
        assert any("\u4e00" <= c <= "\u9fff" for c in sentence)
    if not errors:
        again, none = validate(fields, values, codes=codes, today=DAY)
        assert (again, none) == (values, {})


@given(text=st.text(max_size=80))
def test_stored_text_is_nfc_without_control_characters_or_line_breaks(text: str) -> None:
    stored = store(field("text"), text)
    if stored is not None:
        assert unicodedata.is_normalized("NFC", stored)
        assert stored == stored.strip()
        assert "\n" not in stored
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in stored)


def test_long_text_keeps_its_lines_and_loses_bidi_overrides() -> None:
    assert store(field("textarea"), "第一行\r\n第二行\u202e倒\x00序  \n") == "第一行\n第二行倒序"


def test_rare_characters_survive() -> None:
    assert store(field("text"), "䶮𬍛㛃喆") == "䶮𬍛㛃喆"


@given(day=st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)))
def test_dates_are_stored_in_iso_form_however_they_are_typed(day: dt.date) -> None:
    for typed in (day, day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day.year:04d}年{day.month}月{day.day}日"):
        assert store(field("date"), typed) == day.isoformat()


@pytest.mark.parametrize("raw", ["2026-02-30", "2026-13-01", "1899-12-31", "2101-01-01", "20260101", "昨天", "0000-00-00"])
def test_dates_that_do_not_exist_are_refused(raw: str) -> None:
    assert "测试项" in refuse(field("date"), raw)


def test_a_date_may_be_kept_out_of_the_future() -> None:
    assert store(field("date", not_future=True), "2026-11-23") == "2026-11-23"
    assert "不能晚于今天" in refuse(field("date", not_future=True), "2026-11-24")
    assert "不能晚于今天" in refuse(field("month", not_future=True), "2026-12")
    assert "不能晚于今天" in refuse(field("year", not_future=True), "2027")


@given(year=st.integers(1900, 2100), month=st.integers(1, 12))
def test_months_and_years(year: int, month: int) -> None:
    assert store(field("month"), f"{year}年{month}月") == f"{year}-{month:02d}"
    assert store(field("year"), f"{year}") == year


@given(number=st.integers(-999_999_999, 999_999_999))
def test_integers_also_in_full_width(number: int) -> None:
    wide = str(number).translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789-"})
    assert store(field("int"), str(number)) == number
    assert store(field("int"), wide) == number


@given(value=st.decimals(-10**12, 10**12, places=4, allow_nan=False, allow_infinity=False))
def test_decimals_are_plain_strings_of_the_same_value(value: Decimal) -> None:
    stored = store(field("decimal"), format(value, "f"))
    assert isinstance(stored, str)
    assert "E" not in stored
    assert Decimal(stored) == value


@pytest.mark.parametrize("raw", ["1e5", "NaN", "Infinity", "1.23456", "--1", "1,00", "十"])
def test_numbers_that_are_none_are_refused(raw: str) -> None:
    refuse(field("decimal"), raw)


def test_grouped_numbers_and_bounds_and_steps() -> None:
    assert store(field("decimal"), "1,234.50") == "1234.5"
    years = field("number", min=0.5, max=10, step=0.5)
    assert store(years, "2.5") == "2.5"
    assert "不能小于 0.5" in refuse(years, "0")
    assert "不能大于 10" in refuse(years, "10.5")
    assert "以 0.5 为单位" in refuse(years, "2.3")
    assert "2 位小数" in refuse(field("decimal", scale=2), "1.234")


def test_an_optional_bool_is_never_empty_and_a_required_one_wants_an_answer() -> None:
    assert store(field("bool"), None) is False
    assert store(field("bool"), "y") is True
    assert "选择" in refuse(field("bool", required=True), None)
    assert store(field("bool", required=True), "false") is False


def test_choices_come_from_the_list_only() -> None:
    assert store(field("select"), "甲") == "甲"
    assert store(field("multiselect"), ["丙", "甲", "甲"]) == ["甲", "丙"]
    assert store(field("code"), "3") == "3"
    assert store(field("ref"), "17") == 17
    for kind in ("select", "multiselect", "code", "ref"):
        assert "请从列表中选择" in refuse(field(kind), "丁")


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "ftp://a.cn", "//a.cn", "http://", "https://user@a.cn/", "http://[", "data:text/html,x",
])
def test_only_web_addresses_are_links(url: str) -> None:
    refuse(field("url"), url)


def test_text_patterns_and_checksums() -> None:
    doi = field("text", pattern=r"^10\.\d{4,9}/\S+$")
    assert store(doi, "10.1234/abc") == "10.1234/abc"
    assert "格式不对" in refuse(doi, "11.1234/abc")
    assert "格式不对" in refuse(doi, "10.1234/abc def")
    assert store(field("text", checksum="isbn"), "978-7-04-050694-5")
    assert "校验位" in refuse(field("text", checksum="isbn"), "978-7-04-050694-6")
    assert "校验位" in refuse(field("text", checksum="issn"), "1000-0001")
    assert "最多 3 字，现有 4 字" in refuse(field("text", max_len=3), "一二三四")


def work(**raw: object) -> tuple[dict[str, Any], dict[str, str]]:
    fields = parse_fields([
        {"key": "unit_name", "label": "工作单位", "type": "text", "required": True},
        {"key": "start_date", "label": "开始日期", "type": "date", "required": True},
        {"key": "end_date", "label": "结束日期", "type": "date", "gte": "start_date"},
        {"key": "to_present", "label": "至今", "type": "bool", "excludes": "end_date"},
        {"key": "months", "label": "累计月数", "type": "computed", "compute": {"months_of": "date_range"}},
    ])
    return validate(fields, raw, codes=codes, today=DAY)


def test_an_end_before_its_start_is_refused_beside_the_end() -> None:
    _, errors = work(unit_name="八中", start_date="2020-01-01", end_date="2019-12-31")
    assert errors == {"end_date": "“结束日期”不能早于“开始日期”，请核对。"}


def test_until_now_and_an_end_exclude_each_other() -> None:
    _, errors = work(unit_name="八中", start_date="2020-01-01", end_date="2021-12-31", to_present="y")
    assert list(errors) == ["to_present"]
    assert "只能填一项" in errors["to_present"]


def test_months_are_counted_to_the_end_of_the_last_day_or_to_today() -> None:
    assert work(unit_name="八中", start_date="2020-09-01", end_date="2021-08-31")[0]["months"] == 12
    assert work(unit_name="八中", start_date="2020-09-01", end_date="2021-08-30")[0]["months"] == 11
    assert work(unit_name="八中", start_date="2026-01-24", to_present=True)[0]["months"] == 10
    assert "months" not in work(unit_name="八中", start_date="2020-09-01")[0]


def test_a_draft_requires_nothing_but_still_refuses_nonsense() -> None:
    fields = field("date", required=True)
    assert validate(fields, {}, codes=codes, partial=True, today=DAY) == ({}, {})
    assert validate(fields, {"x": "x"}, codes=codes, partial=True, today=DAY)[1]


def test_what_is_required_depends_on_other_fields_and_on_the_context() -> None:
    fields = parse_fields([
        {"key": "result", "label": "结果", "type": "select", "options": ["优秀", "未参加考核"]},
        {"key": "has_degree", "label": "学位", "type": "bool"},
        {"key": "reason", "label": "说明", "type": "text", "required_if": {"field": "result", "in": ["未参加考核"]}},
        {"key": "degree", "label": "获得学位", "type": "code", "code_table": "degree",
         "required_if": {"field": "has_degree", "equals": True}},
        {"key": "exam", "label": "成绩", "type": "text", "required_if": {"field": "application.level", "equals": "副高级"}},
    ])
    assert validate(fields, {"result": "优秀"}, codes=codes)[1] == {}
    assert list(validate(fields, {"result": "未参加考核"}, codes=codes)[1]) == ["reason"]
    assert list(validate(fields, {"has_degree": "y"}, codes=codes)[1]) == ["degree"]
    assert list(validate(fields, {}, codes=codes, context={"application.level": "副高级"})[1]) == ["exam"]


def test_a_pattern_may_hold_under_a_condition_only() -> None:
    fields = parse_fields([
        {"key": "kind", "label": "类型", "type": "select", "options": ["发明专利", "其他"]},
        {"key": "no", "label": "专利号", "type": "text",
         "pattern_if": {"field": "kind", "equals": "发明专利", "pattern": r"^(ZL)?\d{12}[.]?[\dX]$"}},
    ])
    assert validate(fields, {"kind": "其他", "no": "软著登字第1号"}, codes=codes)[1] == {}
    assert list(validate(fields, {"kind": "发明专利", "no": "软著登字第1号"}, codes=codes)[1]) == ["no"]
    assert validate(fields, {"kind": "发明专利", "no": "ZL202010123456.7"}, codes=codes)[1] == {}


def test_years_of_profession_are_lowered_to_the_years_of_work_and_it_is_said() -> None:
    fields = parse_fields([
        {"key": "work_years", "label": "工作年限", "type": "int"},
        {"key": "profession_years", "label": "专业年限", "type": "int", "clamp": "work_years"},
    ])
    raw = {"work_years": "10", "profession_years": "12"}
    values, errors = validate(fields, raw, codes=codes)
    assert (values, errors) == ({"work_years": 10, "profession_years": 10}, {})
    assert lowered(fields, raw, values) == {"profession_years": "“专业年限”大于“工作年限”，系统已自动改为 10。"}
    assert lowered(fields, {"work_years": "10", "profession_years": "10"}, values) == {}


def test_unknown_keys_of_the_input_are_ignored() -> None:
    assert validate(field("text"), {"x": "甲", "state": "approved"}, codes=codes)[0] == {"x": "甲"}


@pytest.mark.parametrize(("definition", "says"), [
    ({"key": "X", "type": "text"}, "小写字母"),
    ({"key": "x", "type": "text", "label": ""}, "名称"),
    ({"key": "x", "type": "html"}, "不存在"),
    ({"key": "x", "type": "date", "max_len": 3}, "没有设置项“max_len”"),
    ({"key": "x", "type": "text", "requird": True}, "requird"),
    ({"key": "x", "type": "text", "required": "yes"}, "true 或 false"),
    ({"key": "x", "type": "text", "max_len": -1}, "max_len"),
    ({"key": "x", "type": "text", "pattern": "("}, "正则"),
    ({"key": "x", "type": "text", "pattern": "(a+)+"}, "重复"),
    ({"key": "x", "type": "select"}, "选项"),
    ({"key": "x", "type": "select", "options": [True]}, "加引号"),
    ({"key": "x", "type": "select", "options": ["甲", "甲"]}, "重复"),
    ({"key": "x", "type": "code"}, "字典"),
    ({"key": "x", "type": "int", "min": 3, "max": 2}, "最小值"),
    ({"key": "x", "type": "int", "min": "many"}, "数字"),
    ({"key": "x", "type": "date", "gte": "y"}, "不存在"),
    ({"key": "x", "type": "text", "required_if": "a == 'b'"}, "不存在"),
    ({"key": "x", "type": "text", "required_if": {"field": "y"}}, "条件"),
    ({"key": "x", "type": "computed", "compute": {"eval": "1+1"}}, "自动计算"),
    ({"key": "x", "type": "text", "checksum": "luhn"}, "校验方法"),
])
def test_a_bad_definition_is_refused_with_a_sentence_for_staff(definition: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_fields([{"label": "名称", **definition}])
    assert says in refusal.value.message
    assert refusal.value.message.startswith("字段“")


def test_a_key_may_be_used_once() -> None:
    with pytest.raises(Invalid, match="重复"):
        parse_fields([{"key": "x", "label": "一", "type": "text"}, {"key": "x", "label": "二", "type": "text"}])


def test_display_and_summary_read_like_the_lists_of_the_unit() -> None:
    fields = parse_fields([
        {"key": "unit_name", "label": "工作单位", "type": "text"},
        {"key": "start_date", "label": "开始日期", "type": "date"},
        {"key": "end_date", "label": "结束日期", "type": "date"},
        {"key": "to_present", "label": "至今", "type": "bool"},
        {"key": "post", "label": "担任职务", "type": "text"},
        {"key": "degree", "label": "学位", "type": "code", "code_table": "degree"},
    ])
    data = {"unit_name": "合肥八中", "start_date": "2015-03-04", "to_present": True, "post": "教师", "degree": "3"}
    shown = columns(fields, ["unit_name", "date_range", "nothing", "post"])
    assert [c.label for c in shown] == ["工作单位", "起止日期", "担任职务"]
    assert [column_text(c, data, codes) for c in shown] == ["合肥八中", "2015-03-04 至今", "教师"]
    assert summary(fields, ["unit_name", "date_range", "post"], data) == "合肥八中 · 2015-03-04 至今 · 教师"
    assert display(fields[5], "3", codes) == "硕士"
    assert display(fields[3], False, codes) == "否"
    assert len(summary(fields, ["unit_name"], {"unit_name": "长" * 300})) == 200


def shipped() -> list[Any]:
    kinds = [k for path in sorted((DATA / "achievements").glob("*.yaml")) for k in yaml.safe_load(path.read_text("utf-8"))]
    forms = yaml.safe_load((DATA / "series_forms.yaml").read_text("utf-8"))
    return [pytest.param(k["fields"], k["list_columns"], id=k["code"]) for k in kinds] + [
        pytest.param(fields, [], id=name) for name, fields in forms.items()
    ]


@pytest.mark.parametrize(("definitions", "list_columns"), shipped())
def test_every_shipped_definition_can_be_read_and_shown(definitions: list[Any], list_columns: list[str]) -> None:
    fields = parse_fields(definitions)
    assert len(columns(fields, list_columns)) == len(list_columns)
    assert validate(fields, {}, codes=codes, partial=True)[1] == {}


@pytest.mark.parametrize(("definitions", "list_columns", "says"), [
    ([], [], "至少有一个字段"),
    ({"key": "x"}, [], "至少有一个字段"),
    (["x"], [], "一组"),
    ([{"key": "x", "label": "名称", "type": "html"}], [], "不存在"),
    ([{"key": "x", "label": "名称", "type": "text"}], ["y"], "不在字段定义中"),
    ([{"key": "x", "label": "名称", "type": "text"}], [{"y": 1}], "不在字段定义中"),
    ([{"key": "x", "label": "名称", "type": "text"}], "x", "不在字段定义中|列表"),
])
def test_what_staff_save_is_checked_as_a_whole(definitions: Any, list_columns: Any, says: str) -> None:
    with pytest.raises(Invalid, match=says) as refusal:
        check_definition(definitions, list_columns)
    assert set(refusal.value.fields) <= {"fields", "list_columns"}
    assert check_definition([{"key": "x", "label": "名称", "type": "text"}], ["x", "date_range"])


def test_an_evidence_field_that_names_no_types_takes_the_usual_ones() -> None:
    assert field("files")[0].accept == ("png", "pdf", "jpg")
