"""The generated forms of units and of who is competent for what."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

import models as m
from tests.factories import application as make
from tests.factories import organization as places
from tests.factories.rows import save
from tests.integration.staff_screens import events_of, row_of


def uscc() -> str:
    """A well-formed credit code."""
    from app.rules.identity import _ALPHABET, _WEIGHTS

    head = "12340000485010001"
    total = sum(_ALPHABET.index(c) * w for c, w in zip(head, _WEIGHTS, strict=True))
    return head + _ALPHABET[(31 - total % 31) % 31]


def unit_form(**more: Any) -> dict[str, Any]:
    places.region()
    table = save(m.CodeTable(code="unit_nature", name="单位性质"))
    save(m.CodeItem(table_id=table, code="50", name="事业单位"))
    save(m.CodeItem(table_id=table, code="99", name="旧性质", enabled=False))
    return {"name": "合肥市第一中学", "uscc": uscc(), "nature_code": "50", "region": 1, "mobile": "138 0000 0000",
            "enabled": "y", **more}


def test_a_unit_is_checked_and_completed(admin: FlaskClient) -> None:
    form = unit_form(uscc=uscc().lower())
    page = admin.get("/organizationview/add").text
    assert '<option value="50">事业单位</option>' in page
    assert "旧性质" not in page
    assert admin.post("/organizationview/add", data=form).status_code == 302
    row = row_of(m.Organization, 1)
    assert (row.uscc, row.pinyin, row.nature_code, row.mobile) == (uscc(), "hfsdyzx", "50", "13800000000")
    assert "事业单位" in admin.get("/organizationview/show/1").text


@pytest.mark.parametrize(("wrong", "sentence"), [
    ({"uscc": uscc()[:-1] + ("0" if uscc()[-1] != "0" else "1")}, "统一社会信用代码校验不通过"),
    ({"uscc": ""}, "没有代码的单位请勾选"),
    ({"mobile": "12345"}, "请填写 11 位手机号码"),
    ({"email": "x@"}, "电子邮箱格式不正确"),
    ({"nature_code": "99"}, "有 1 处需要修改"),
    ({"nature_code": ""}, "请填写这一项"),
])
def test_what_is_wrong_with_a_unit_is_said(admin: FlaskClient, wrong: dict[str, str], sentence: str) -> None:
    answer = admin.post("/organizationview/add", data=unit_form(**wrong))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert events_of("organization") == []


def test_built_in_units_need_no_code_and_do_not_collide(admin: FlaskClient) -> None:
    form = unit_form(uscc="", is_built_in="y")
    assert admin.post("/organizationview/add", data=form).status_code == 302
    assert admin.post("/organizationview/add", data={**form, "name": "合肥市第二中学"}).status_code == 302
    assert row_of(m.Organization, 2).uscc is None


def test_a_nature_that_was_disabled_stays_with_its_units(admin: FlaskClient) -> None:
    form = unit_form()
    pk = places.organization("老单位", nature_code="99")
    page = admin.get(f"/organizationview/edit/{pk}").text
    assert '<option value="99" selected>旧性质</option>' in page
    shown = page.split('name="shown"')[1].split('value="')[1].split('"')[0]
    answer = admin.post(f"/organizationview/edit/{pk}", data={**form, "nature_code": "99", "shown": shown})
    assert answer.status_code == 302
    assert row_of(m.Organization, pk).name == "合肥市第一中学"


def test_regions_are_offered_by_their_path(admin: FlaskClient) -> None:
    places.region("340000", "安徽省", "province")
    save(m.Region(code="340100", name="合肥市", level="city", parent_code="340000", path="340000/340100"))
    save(m.Region(code="340103", name="庐阳区", level="county", parent_code="340100", path="340000/340100/340103"))
    texts = [row["text"] for row in admin.get("/organizationview/options/region").json]
    assert texts == ["安徽省", "合肥市", "合肥市 / 庐阳区"]


# Jurisdictions


def test_a_jurisdiction_is_kept_once_and_hr_has_no_series(admin: FlaskClient) -> None:
    unit = places.organization("人社局", kinds=("hr_department",))
    series = make.series()
    page = admin.get("/jurisdictionview/add").text
    assert '<option value="hr_department">人社部门</option>' in page
    form = {"organization": unit, "kind": "hr_department", "region": 1}
    refused = admin.post("/jurisdictionview/add", data={**form, "series": series})
    assert refused.status_code == 422
    assert "请不要选择职称系列" in refused.text
    assert admin.post("/jurisdictionview/add", data=form).status_code == 302
    again = admin.post("/jurisdictionview/add", data=form)
    assert again.status_code == 422
    assert "已有相同的管辖范围" in again.text
    assert "全部系列" in admin.get("/jurisdictionview/list/").text


def test_an_empty_list_has_no_search_over_nothing(admin: FlaskClient) -> None:
    assert 'role="search"' not in admin.get("/committeeview/list/").text
    places.organization()
    page = admin.get("/organizationview/list/").text
    assert 'role="search"' in page
    assert page.index("/organizationview/add") < page.index("<table")
    assert page.count("/organizationview/add") == 1
    assert 'role="search"' in admin.get("/organizationview/list/?_flt_0_name=nobody").text
