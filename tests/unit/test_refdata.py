"""Reference files: the facts they must hold, and how a bad row is named."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from app.refdata.reading import COMMON_FORM, DATA, RefdataError, read_dataset
from app.rules.fields import parse_fields


@pytest.fixture(scope="module")
def data():
    return read_dataset()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the files, to spoil one."""
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy)
    return copy


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_province_has_16_cities_and_every_county_belongs_to_one(data):
    levels = Counter(region.level for region in data.regions)
    assert (levels["province"], levels["city"]) == (1, 16)
    assert {r.parent_code for r in data.regions if r.level == "county"} == {r.code for r in data.regions if r.level == "city"}


def test_27_series_each_with_titles_a_specialty_and_its_own_number_code(data):
    assert len(data.series) == 27
    assert {t.series for t in data.titles} == {s.series for s in data.specialties} == {s.code for s in data.series}
    numbers = {s.name: s.number_code for s in data.series}
    assert len(set(numbers.values())) == 27
    assert (numbers["中小学教师"], numbers["卫生技术人员"]) == ("01", "05")


def test_number_codes_of_levels_are_those_on_certificates(data):
    assert {level.name: level.number_code for level in data.levels} == {
        "正高级": "11", "副高级": "12", "中级": "01", "助理级": "00", "员级": "00",
    }
    assert [level.label for level in data.levels] == ["正高级", "副高级", "中级", "初级", "初级"]


def test_teachers_titles_are_those_of_the_manual(data):
    titles = [t.name for t in data.titles if t.series == "22"]
    assert titles == ["正高级教师", "高级教师", "一级教师", "二级教师", "三级教师"]


def test_the_22_kinds_stand_in_the_manuals_categories(data):
    names = {category.code: category.name for category in data.categories}
    assert list(names.values()) == ["基本信息", "考核表彰", "能力条件", "工作业绩", "论文著作科研", "对外援助", "卫生专用"]
    assert {names[code]: [kind.name for kind in kinds] for code, kinds in data.kinds.items()} == {
        "基本信息": ["工作经历", "教育经历", "继续教育或培训情况"],
        "考核表彰": ["个人年度考核情况", "表彰奖励"],
        "能力条件": ["学术技术兼职情况", "综合业绩能力"],
        "工作业绩": ["主持(参与)项目", "工作(技术)总结报告", "项目获奖情况", "成果批示采纳运用推广情况", "主持参与制定标准情况", "成果代表作"],
        "论文著作科研": ["论文发表情况", "著(译)作(教材)", "专利著作情况", "主持参与科研项目"],
        "对外援助": ["援助困难地区(单位)经历"],
        "卫生专用": ["病案", "专题", "论文", "综述"],
    }


def test_personal_form_asks_what_the_manual_marks_with_a_star(data):
    required = [field.label for field in parse_fields(data.forms[COMMON_FORM]) if field.required]
    assert required == ["民族", "出生地", "工作时间", "工作年限", "专业年限", "政治面貌"]
    teachers = [field.label for field in parse_fields(data.forms["中小学教师"]) if field.required]
    assert teachers == ["教师类别", "编制类别", "从教日期", "教龄", "农村教龄", "教师资格", "任教年级", "校(园)长岗位培训证书"]


def test_series_that_share_a_form_have_it_in_full(data):
    assert data.forms["技工院校教师"] == data.forms["中等职业学校教师"]
    assert data.forms["审计专业人员"] == data.forms["会计人员"]
    assert data.forms["会计人员"][0]["required_if"] == {"field": "application.level", "equals": "副高级"}


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "column"),
    [
        ("regions.csv", "340200,芜湖市,city", "34020X,芜湖市,city", 4, "code"),
        ("regions.csv", "340200,芜湖市,city,340000", "340200,芜湖市,city,349999", 4, "parent_code"),
        ("levels.csv", "senior,正高级,正高级,5", "senior,正高级,正高级,6", 2, "rank"),
        ("levels.csv", "senior,正高级,正高级,5", "senior,正高级,正高级,high", 2, "rank"),
        ("series.csv", "04,卫生技术人员,05", "04,卫生技术人员,04", 6, "number_code"),
        ("titles.csv", "22,中小学（含幼儿园、特教、教研电教师训）,senior", "99,中小学,senior", 152, "series"),
        ("codes/ethnic.csv", "02,蒙古族,MG", "01,蒙古族,MG", 3, "code"),
        ("codes/degree.csv", "201,哲学博士学位,2,", "201,哲学博士学位,7,", 7, "parent"),
        ("achievements/basic.yaml", "version: 1", "version: one", 1, "version"),
        ("achievements/basic.yaml", "name: 工作经历", "title: 工作经历", 1, "title"),
        ("achievements/basic.yaml", "list_columns: [unit_name,", "list_columns: [unit,", 1, "list_columns"),
        ("achievements/basic.yaml", "type: date, gte: start_date", "type: date, gte: begin", 1, "fields"),
        ("achievements/basic.yaml", "code_table: degree", "code_table: degrees", 2, "fields.degree"),
        ("series_forms.yaml", "type: code, required: true, code_table: ethnic", "type: kode", "common", "fields"),
        ("settings.yaml", "key: certificate.province", "key: certificate province", 2, "key"),
        ("pledge.yaml", "number: 1", "number: 0", 1, "number"),
    ],
)
def test_a_bad_row_is_named_by_file_row_and_column(folder, file, old, new, row, column):
    spoil(folder / file, old, new)
    with pytest.raises(RefdataError) as caught:
        read_dataset(folder)
    error = caught.value
    assert error.file in file
    assert (error.row, error.column) == (row, column)
    assert str(error).startswith(f"{error.file}: row {row}, column {column}: ")


def test_a_missing_cell_is_refused(folder):
    spoil(folder / "series.csv", "05,工程技术人员,04,", "05,工程技术人员,04")
    with pytest.raises(RefdataError) as caught:
        read_dataset(folder)
    assert (caught.value.file, caught.value.row) == ("series.csv", 6)


def test_an_unknown_column_is_refused(folder):
    spoil(folder / "levels.csv", "code,name,label,rank,number_code", "code,name,label,rank,digits")
    with pytest.raises(RefdataError, match=r"levels\.csv: row 2"):
        read_dataset(folder)
