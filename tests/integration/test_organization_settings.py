"""管理设置: what a unit shows and changes of itself, by whom, and how many statements its pages cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.actor import Actor
from app.errors import NotAllowed
from app.extensions import db
from app.queries.organization_settings import needs_post_quota
from app.scope import system_scope
from app.services import organization as organizations
from models.audit import AuditEvent
from models.organization import Organization
from tests.conftest import Login
from tests.factories import organization as units
from tests.factories import person as people
from tests.integration.test_organization import BASICS, OTHER_USCC, PATH, USCC, VISITOR, count, one

_unit, _event = Organization.__table__, AuditEvent.__table__


@pytest.fixture(autouse=True)
def dictionaries(app: Flask) -> None:
    units.unit_dictionaries()


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "BEGIN")):
            seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)


DETAILS = {
    "fax": "0551-62345679", "industry_code": "65", "status_code": "1", "economic_type_code": "151",
    "tax_number": "91340100683643522d", "license_kind_code": "2", "license_number": "340100000012345",
    "license_issued_on": "2008-12-01", "license_years": "30", "approval_number": "皖编〔2001〕3号",
    "approved_on": "2001-02-03", "approved_by": "安徽省机构编制委员会",
}


@pytest.fixture
def unit(app: Flask) -> people.Unit:
    made = people.unit("unit1", name="安徽宏达建设有限公司")
    with db.engine.begin() as connection:
        connection.execute(sa.update(_unit).values(**BASICS, uscc=USCC, legal_person="王强"))
    return made


def test_settings_show_every_field_of_the_manual(client: FlaskClient, login: Login, unit: people.Unit) -> None:
    login(client, "unit1")
    assert client.post("/unit/settings/edit/", data=BASICS | DETAILS | {"version": "1"}).status_code == 302
    page = client.get("/unit/settings/").text
    for label in ("单位名称", "统一社会信用代码", "法定代表人姓名", "法定代表人电话", "单位性质", "单位联系人", "手机号码", "传真号码",
                  "电子邮箱", "单位通讯地址", "属地", "行业代码", "单位状态", "经济类型", "税号", "工商登记执照种类", "工商登记执照号码",
                  "工商登记发照日期", "工商登记有效期限(年)", "批准文号", "批准日期", "批准成立单位"):
        assert f"<dt>{label}</dt>" in page, label
    for value in ("安徽省-合肥市-蜀山区", "65 软件和信息技术服务业", "登记在册", "国有独资（公司）", "营业执照", "91340100683643522D",
                  "2008-12-01", "皖编〔2001〕3号", "国有企业"):
        assert value in page, value


def test_a_change_is_recorded_with_before_and_after_and_name_and_code_stay(
    client: FlaskClient, login: Login, unit: people.Unit
) -> None:
    data = BASICS | {"mobile": "13900000000", "version": "1", "status_code": "1", "name": "别的名称", "uscc": OTHER_USCC,
                     "legal_person": "别人", "is_built_in": "y", "enabled": ""}
    assert login(client, "unit1").post("/unit/settings/edit/", data=data).status_code == 302
    row = one(sa.select(_unit))
    assert (row["name"], row["uscc"], row["legal_person"]) == ("安徽宏达建设有限公司", USCC, "王强")
    assert (row["mobile"], row["version"], bool(row["enabled"])) == ("13900000000", 2, True)
    event = one(sa.select(_event).where(_event.c.event == "organization:changed"))
    assert event["data"] == {"changes": {"mobile": ["13812345678", "13900000000"]}}
    assert event["actor_id"] == unit.user_id


def test_saving_without_a_change_leaves_no_trace(client: FlaskClient, login: Login, unit: people.Unit) -> None:
    data = BASICS | {"version": "1", "status_code": "1"}
    assert login(client, "unit1").post("/unit/settings/edit/", data=data).status_code == 302
    assert (one(sa.select(_unit))["version"], count(_event)) == (1, 0)


def test_a_second_tab_is_told_and_its_input_kept(client: FlaskClient, login: Login, unit: people.Unit) -> None:
    login(client, "unit1")
    first = BASICS | {"version": "1", "address": "第一页的地址"}
    assert client.post("/unit/settings/edit/", data=first).status_code == 302
    answer = client.post("/unit/settings/edit/", data=BASICS | {"version": "1", "address": "第二页的地址"})
    assert answer.status_code == 409
    assert "单位信息刚刚在另一个页面中修改过" in answer.text
    assert "第二页的地址" in answer.text
    assert one(sa.select(_unit))["address"] == "第一页的地址"
    assert client.post("/unit/settings/edit/", data=first).status_code == 409  # the first answer sent again
    for version in ("", "x", "-1", "99999999999999999999"):
        assert client.post("/unit/settings/edit/", data=first | {"version": version}).status_code == 409


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("fax", "12", "传真号码请按"), ("tax_number", "12", "税号为 15 至 20 位"), ("license_years", "0", "1 至 99 的整数"),
    ("license_years", "三十", "1 至 99 的整数"), ("license_years", "100", "1 至 99 的整数"),
    ("license_issued_on", "2999-01-01", "不能晚于今天"), ("approved_on", "1800-01-01", "1900 年之后"),
    ("industry_code", "00", "请选择行业代码。"), ("status_code", "9", "请选择单位状态。"),
    ("economic_type_code", "x", "请选择经济类型。"), ("license_kind_code", "7", "请选择工商登记执照种类。"),
    ("region_code", "000000", "请选择属地。"), ("nature_code", "98", "请选择单位性质。"), ("email", "", "请填写电子邮箱。"),
    ("mobile", "1", "请填写 11 位手机号码"),
])
def test_settings_that_do_not_hold_are_refused(
    client: FlaskClient, login: Login, unit: people.Unit, field: str, value: str, sentence: str
) -> None:
    answer = login(client, "unit1").post("/unit/settings/edit/", data=BASICS | DETAILS | {"version": "1", field: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert one(sa.select(_unit))["version"] == 1


def test_a_code_no_longer_offered_stays_with_the_unit_that_has_it(
    client: FlaskClient, login: Login, unit: people.Unit
) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.update(_unit).values(nature_code="98"))
    login(client, "unit1")
    assert '<option value="98" selected>旧性质</option>' in client.get("/unit/settings/edit/").text
    data = BASICS | {"nature_code": "98", "version": "1", "mobile": "13900000000"}
    assert client.post("/unit/settings/edit/", data=data).status_code == 302


def test_only_administrators_of_a_unit_change_it(app: Flask, unit: people.Unit) -> None:
    settings = organizations.Settings(basics=organizations.Basics(**BASICS))
    for actor in (
        VISITOR, people.actor_of(people.account("someone")), people.actor_of(people.account("boss", role="Admin")),
        Actor(user_id=unit.user_id, name="没有角色", organization_id=unit.id),
    ):
        with pytest.raises(NotAllowed):
            organizations.change_settings(settings=settings, version=1, actor=actor)
        with pytest.raises(NotAllowed):
            organizations.complete(form=settings.basics, actor=actor)


@pytest.mark.parametrize("kind", ["competent_department", "hr_department", "convener", "agency", "issuer"])
def test_every_kind_of_organization_has_the_page(app: Flask, client: FlaskClient, login: Login, kind: str) -> None:
    people.unit("other", kind=kind)
    assert login(client, "other").get("/unit/settings/").status_code == 200
    assert "管理设置" in client.get("/home/").text


def test_the_dictionary_decides_who_needs_a_post_quota(app: Flask) -> None:
    with system_scope():
        assert needs_post_quota(db.session(), "50")
        assert not needs_post_quota(db.session(), "11")
        assert not needs_post_quota(db.session(), "unknown")


@pytest.mark.parametrize("path", [
    "/unit/settings/", "/unit/settings/edit/", "/unit/administrators/", PATH, "/unit/registration/",
])
def test_pages_cost_at_most_15_statements(
    app: Flask, client: FlaskClient, login: Login, unit: people.Unit, path: str
) -> None:
    if path == "/unit/registration/":
        with db.engine.begin() as connection:
            connection.execute(sa.update(_unit).values(is_registered=False, enabled=False))
    if path != PATH:
        login(client, "unit1")
    with statements() as seen:
        assert client.get(path).status_code == 200
    assert len(seen) <= 15, "\n".join(seen)
