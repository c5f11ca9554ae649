"""The staff's first page, and the rules of the generated forms behind it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

import models as m
from app.actor import Actor
from app.errors import Invalid, NotFound, WrongState
from app.extensions import db
from app.queries import operations
from app.rules import deadlines
from app.rules.setting_value import check_value
from app.services import plan as plans
from models.base import utcnow
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import organization as places
from tests.factories import person as people
from tests.factories import plan as plan_rows
from tests.factories.rows import save
from views.staff.home import DESCRIPTIONS


def uscc() -> str:
    """A well-formed credit code."""
    from app.rules.identity import _ALPHABET, _WEIGHTS

    head = "12340000485010001"
    total = sum(_ALPHABET.index(c) * w for c, w in zip(head, _WEIGHTS, strict=True))
    return head + _ALPHABET[(31 - total % 31) % 31]


@pytest.fixture
def admin(app: Flask, client: FlaskClient, login: Login) -> FlaskClient:
    people.account("admin1", role="Admin")
    return login(client, "admin1")


@pytest.fixture
def as_role(app: Flask, login: Login) -> Callable[[str], FlaskClient]:
    def sign_in(role: str) -> FlaskClient:
        people.account(f"one_{role.lower()}", role=role)
        return login(app.test_client(), f"one_{role.lower()}")

    return sign_in


def row_of(model: Any, pk: int) -> Any:
    table = model.__table__
    with db.engine.connect() as connection:
        return connection.execute(table.select().where(table.c.id == pk)).one()


def events_of(subject_type: str) -> list[str]:
    event = m.AuditEvent.__table__
    with db.engine.connect() as connection:
        return list(connection.execute(
            sa.select(event.c.event).where(event.c.subject_type == subject_type).order_by(event.c.id)
        ).scalars())


def queries(client: FlaskClient, path: str) -> int:
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        sa.event.remove(Engine, "before_cursor_execute", note)
    return len([statement for statement in sent if not statement.startswith("PRAGMA")])


# The first page


def test_every_menu_entry_says_what_it_is_for(app: Flask) -> None:
    names = {child.name for item in app.appbuilder.menu.menu for child in item.childs if child.name != "-"}
    assert names - DESCRIPTIONS.keys() == set(), "add a line to views/staff/home.py"
    assert DESCRIPTIONS.keys() - names == set()


def test_figures_count_what_is_there(admin: FlaskClient) -> None:
    convener = people.unit("convener1", kind="convener")
    today = deadlines.today()
    make.plan(convener.id)
    make.plan(convener.id, state="draft")
    over = make.plan(convener.id)
    with db.engine.begin() as connection:
        plan, account = m.ReviewPlan.__table__, m.Account.__table__
        connection.execute(plan.update().values(opens_on=today, closes_on=today))
        connection.execute(plan.update().where(plan.c.id == over).values(
            opens_on=today - dt.timedelta(days=9), closes_on=today - dt.timedelta(days=8)))
        connection.execute(account.update().where(account.c.username == "convener1").values(
            locked_until=utcnow() + dt.timedelta(minutes=5)))
    save(m.Job(kind="k", key="k", state="failed", attempts=5, finished_at=utcnow()))
    page = admin.get("/home/").text
    found = dict(re.findall(r'<span class="hint">([^<]+)</span><span class="figure[^"]*"><b class="num">([^<]+)</b>', page))
    assert found == {"启用的单位": "1", "已发布的计划": "2", "今日可申报的计划": "1", "草稿中的计划": "1", "锁定的账号": "1",
                     "失败的后台任务": "1"}
    assert admin.get("/").text.count("启用的单位") == page.count("启用的单位") > 0


def test_open_tasks_are_counted_by_node(admin: FlaskClient) -> None:
    assert "所有申请都已办理完毕" in admin.get("/home/").text
    unit = people.unit("unit1")
    person_id = people.person("person1", organization_id=unit.id)
    user_id = row_of(m.Person, person_id).user_id
    make.case("achievement", make.achievement(person_id, unit.id), person_id=person_id, employer_id=unit.id,
              started_by=user_id, organizations=(unit.id,))
    page = admin.get("/home/").text
    assert "共 1 条" in page
    assert re.search(r"单位审核</span><progress value=\"1\"", page)


def test_a_role_sees_what_it_may_open_only(as_role: Callable[[str], FlaskClient]) -> None:
    page = as_role("Ops").get("/home/").text
    assert "失败的后台任务" in page
    assert "锁定的账号" not in page
    assert "/accountview/list/" not in page
    assert "/settingview/list/" not in page
    bare = as_role("Issuer").get("/home/").text  # no organization, no screens of its own
    assert "还没有可以使用的功能" in bare
    assert "启用的单位" not in bare
    assert "待办理的审核任务" not in bare


def test_the_first_page_costs_the_same_whatever_there_is(admin: FlaskClient) -> None:
    admin.get("/home/")
    few = queries(admin, "/home/")
    for _ in range(20):
        places.organization()
    assert queries(admin, "/home/") == few <= 10


def test_counting_ends_at_a_bound(admin: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "COUNT_UP_TO", 2)
    for _ in range(4):
        places.organization()
    assert "2+" in admin.get("/home/").text


# Units


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


# Plans


def actor_of(unit: people.Unit) -> Actor:
    return Actor(user_id=unit.user_id, name="管理员", organization_id=unit.id, roles=frozenset({"Convener"}))


@pytest.fixture
def convener(app: Flask) -> people.Unit:
    return people.unit("convener1", kind="convener")


def test_publishing_names_what_is_missing(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    plan = make.plan(convener.id, state="draft", name="草稿计划")
    login(client, "convener1")
    page = client.get(f"/reviewplanview/show/{plan}").text
    assert "还有 3 项需要补充" in page
    assert f"/reviewplanview/action/publish/{plan}" in page
    assert "/reviewplanview/action/close/" not in page
    assert client.post(f"/reviewplanview/action/publish/{plan}").status_code == 302
    assert "还不能发布：请至少选择一个评审级别。请选择可评审专业和可申报的职称。请新增评审标准。" in client.get(f"/reviewplanview/show/{plan}").text
    assert row_of(m.ReviewPlan, plan).state == "draft"
    plan_rows.fill(plan)
    client.post(f"/reviewplanview/action/publish/{plan}")
    published = row_of(m.ReviewPlan, plan)
    assert (published.state, published.published_at is not None, published.version) == ("published", True, 2)
    page = client.get(f"/reviewplanview/show/{plan}").text
    assert f"/reviewplanview/action/close/{plan}" in page
    client.post(f"/reviewplanview/action/close/{plan}")
    assert row_of(m.ReviewPlan, plan).state == "closed"
    assert events_of("review_plan") == ["plan:published", "plan:closed"]


def test_a_window_that_is_over_is_not_published(convener: people.Unit) -> None:
    plan = make.plan(convener.id, state="draft")
    plan_rows.fill(plan)
    with db.engine.begin() as connection:
        connection.execute(m.ReviewPlan.__table__.update().values(
            opens_on=dt.date(2020, 1, 1), closes_on=dt.date(2020, 2, 1)))
    from app.scope import system_scope

    with system_scope(), pytest.raises(Invalid, match="截止日期已过"):
        plans.publish(plan_id=plan, actor=actor_of(convener))


def test_steps_are_taken_in_order_and_by_the_convener_only(convener: people.Unit) -> None:
    from app.scope import system_scope

    other = people.unit("convener2", kind="convener")
    draft, published, closed = (make.plan(convener.id, state=state) for state in ("draft", "published", "closed"))
    with system_scope():
        for plan, step in ((published, plans.publish), (closed, plans.publish), (draft, plans.close), (closed, plans.close)):
            with pytest.raises(WrongState):
                step(plan_id=plan, actor=actor_of(convener))
        with pytest.raises(NotFound):
            plans.close(plan_id=published, actor=actor_of(other))
    assert row_of(m.ReviewPlan, published).state == "published"


@pytest.mark.parametrize("step", ["publish", "close"])
def test_others_cannot_publish_or_close(
    convener: people.Unit, app: Flask, login: Login, as_role: Callable[[str], FlaskClient], step: str
) -> None:
    plan = make.plan(convener.id, state="draft" if step == "publish" else "published")
    plan_rows.fill(plan)
    before = row_of(m.ReviewPlan, plan).state
    people.unit("convener2", kind="convener")
    assert login(app.test_client(), "convener2").post(f"/reviewplanview/action/{step}/{plan}").status_code == 404
    for role in ("Ops", "Employer", "Applicant"):
        assert as_role(role).post(f"/reviewplanview/action/{step}/{plan}").status_code == 403
    assert app.test_client().get(f"/reviewplanview/action/{step}/{plan}").status_code == 405
    assert row_of(m.ReviewPlan, plan).state == before


def test_an_action_on_one_row_is_not_asked_of_many(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    plan = make.plan(convener.id, state="draft")
    plan_rows.fill(plan)
    login(client, "convener1")
    assert client.post("/reviewplanview/action_post", data={"action": "publish", "rowid": [plan]}).status_code == 400
    assert row_of(m.ReviewPlan, plan).state == "draft"


def test_the_state_is_no_field(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    plan = make.plan(convener.id, state="draft", name="计划甲")
    login(client, "convener1")
    page = client.get(f"/reviewplanview/edit/{plan}").text
    assert 'name="state"' not in page
    assert '<option value="regular" selected>常规评审</option>' in page
    shown = page.split('name="shown"')[1].split('value="')[1].split('"')[0]
    form = {"year": 2026, "name": "计划甲", "committee": row_of(m.ReviewPlan, plan).committee_id, "region": 1,
            "plan_type": "regular", "state": "published", "opens_on": "2026-03-01", "closes_on": "2026-02-01",
            "routes": ["regular"], "shown": shown}
    refused = client.post(f"/reviewplanview/edit/{plan}", data=form)
    assert refused.status_code == 422
    assert "截止日期不能早于开始日期" in refused.text
    assert client.post(f"/reviewplanview/edit/{plan}", data={**form, "closes_on": "2026-12-31"}).status_code == 302
    assert row_of(m.ReviewPlan, plan).state == "draft"
    published = make.plan(convener.id)
    client.post(f"/reviewplanview/delete/{published}")
    assert "只有草稿可以删除" in client.get("/reviewplanview/list/").text
    assert row_of(m.ReviewPlan, published)


def test_what_belongs_to_a_plan_is_kept_on_its_page(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    plan, other = make.plan(convener.id, state="draft"), make.plan(convener.id, state="draft")
    mine = save(m.ReviewStandard(plan_id=plan, name="本计划标准"))
    theirs = save(m.ReviewStandard(plan_id=other, name="另一计划标准"))
    section = save(m.StandardSection(standard_id=mine, name="能力条件"))
    save(m.StandardSection(standard_id=theirs, name="外来分类"))
    kind, _version = make.kind()
    save(m.StandardItem(section_id=section, kind_id=kind))
    login(client, "convener1")
    page = client.get(f"/reviewplanview/show/{plan}").text
    for name in ("planlevel", "planoffering", "reviewstandard", "standardsection", "standarditem", "attachmentslot"):
        assert f"/{name}view/add?_flt_0_plan={plan}" in page
    assert "能力条件" in page
    assert "外来分类" not in page
    assert "另一计划标准" not in page
    form = client.get(f"/standardsectionview/add?_flt_0_plan={plan}").text
    assert f'<option value="{mine}" selected>本计划标准</option>' in form
    assert "另一计划标准" not in form
    added = client.post(f"/standardsectionview/add?_flt_0_plan={plan}", data={"standard": mine, "name": "业绩条件", "position": 1})
    assert added.headers["Location"] == f"/reviewplanview/show/{plan}#StandardSectionView"
    offered = client.get(f"/standarditemview/options/section?_flt_0_plan={plan}").json
    assert [row["text"] for row in offered] == ["本计划标准 / 能力条件", "本计划标准 / 业绩条件"]
    slot = f"/attachmentslotview/add?_flt_0_plan={plan}"
    assert f'<option value="{plan}" selected>' in client.get(slot).text
    removed = client.post(f"/reviewstandardview/delete/{save(m.ReviewStandard(plan_id=plan, name='多余'))}",
                          headers={"Referer": f"http://localhost/reviewplanview/show/{plan}"})
    assert removed.headers["Location"] == f"/reviewplanview/show/{plan}#ReviewStandardView"


def test_a_foreign_plan_offers_nothing(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    other = people.unit("convener2", kind="convener")
    foreign = make.plan(other.id, name="外单位计划")
    standard = save(m.ReviewStandard(plan_id=foreign, name="外单位标准"))
    login(client, "convener1")
    page = client.get(f"/standardsectionview/add?_flt_0_plan={foreign}").text
    assert "外单位" not in page
    data = {"standard": standard, "name": "x", "position": 1}
    assert client.post(f"/standardsectionview/add?_flt_0_plan={foreign}", data=data).status_code == 422
    assert "外单位" not in client.get(f"/planlevelview/add?_flt_0_plan={foreign}").text


# Dictionaries, kinds, settings


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
    assert change(admin, opinions, json.dumps(new, ensure_ascii=False)).status_code == 302
    assert row_of(m.Setting, phone).value == "0551-88888888"
    assert row_of(m.Setting, tips).value == ["第一条", "第二条", "第三条"]
    assert row_of(m.Setting, opinions).value == new
    assert events_of("setting") == ["record:changed"] * 3


@pytest.mark.parametrize(("key", "before", "text", "sentence"), [
    ("support.phone", "1", "  ", "取值不能为空"),
    ("x", {"a": ["1"]}, '{"b": ["1"]}', "应有且仅有这些键：a"),
    ("x", {"a": ["1"]}, '{"a": [1]}', "应是一段文字"),
    ("x", {"a": ["1"]}, "[1]", "应是一组键和值"),
    ("x", {"a": ["1"]}, "{", "不是有效的 JSON"),
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


def test_an_empty_list_has_no_search_over_nothing(admin: FlaskClient) -> None:
    assert 'role="search"' not in admin.get("/committeeview/list/").text
    places.organization()
    page = admin.get("/organizationview/list/").text
    assert 'role="search"' in page
    assert page.index("/organizationview/add") < page.index("<table")
    assert page.count("/organizationview/add") == 1
    assert 'role="search"' in admin.get("/organizationview/list/?_flt_0_name=nobody").text
