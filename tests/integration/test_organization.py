"""单位注册, the first sign-in of a provisioned unit, and built-in units."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.actor import SYSTEM, Actor
from app.audit import verify
from app.errors import Conflict, DomainError, Invalid, NotAllowed, WrongState
from app.extensions import db
from app.scope import system_scope
from app.services import organization as organizations
from app.services.organization import CODE_TAKEN, NAME_TAKEN
from models.account import Account
from models.audit import AuditEvent
from models.organization import Organization, OrganizationRole
from tests.conftest import Login
from tests.factories import organization as units
from tests.factories import person as people

USCC, OTHER_USCC = "91340100683643522D", "12340000485000113A"
VISITOR = Actor(user_id=0, name="访客", origin="127.0.0.1")
FILLED = {
    "name": "合肥宏景软件有限公司", "uscc": USCC, "legal_person": "王强", "legal_person_phone": "0551-62345678",
    "address": "合肥市蜀山区", "contact": "张梅", "mobile": "13812345678", "nature_code": "11",
    "email": "unit@example.com", "region_code": "340104", "username": "hongjing", "password": "mima-yiju-hua",
    "password_again": "mima-yiju-hua",
}
BASICS = {key: FILLED[key] for key in (
    "legal_person_phone", "address", "contact", "mobile", "nature_code", "email", "region_code",
)}
PATH = "/register/unit/"
_unit, _role, _account, _event = Organization.__table__, OrganizationRole.__table__, Account.__table__, AuditEvent.__table__


@pytest.fixture(autouse=True)
def dictionaries(app: Flask) -> None:
    units.unit_dictionaries()


def one(statement: Any) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(statement).mappings().one()


def unit_named(name: str) -> Any:
    return one(sa.select(_unit).where(_unit.c.name == name))


def count(table: Any) -> int:
    with db.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def trail_is_whole() -> bool:
    with system_scope():
        return list(verify(db.session())) == []


# 单位注册 by a visitor


def test_a_unit_registers_itself_and_its_administrator_signs_in(app: Flask, client: FlaskClient) -> None:
    answer = client.post(PATH, data=FILLED | {"uscc": "9134 0100 683643522d", "is_central": "y"})
    assert answer.headers["Location"] == "/login/"
    unit = unit_named("合肥宏景软件有限公司")
    assert (unit["uscc"], unit["pinyin"], unit["is_central"], unit["region_code"]) == (USCC, "hfhjrjyxgs", True, "340104")
    assert (unit["is_registered"], unit["enabled"], unit["is_built_in"]) == (True, True, False)
    assert one(sa.select(_role))["kind"] == "employer"
    account = one(sa.select(_account))
    assert (account["organization_id"], account["must_change_password"]) == (unit["id"], False)
    assert FILLED["password"] not in account["password"]
    assert client.post("/login/", data={"username": "hongjing", "password": FILLED["password"]}).status_code == 302
    assert client.get("/unit/settings/").status_code == 200
    assert client.get("/unit/people/").status_code == 200
    event = one(sa.select(_event).where(_event.c.event == "organization:registered"))
    assert event["subject_id"] == unit["id"]
    assert FILLED["password"] not in str(event["data"])
    assert trail_is_whole()


def test_registration_never_makes_an_authority(app: Flask, client: FlaskClient) -> None:
    client.post(PATH, data=FILLED | {"kind": "hr_department", "kinds": "issuer", "roles": "Admin", "is_built_in": "y"})
    assert one(sa.select(_role))["kind"] == "employer"  # one() refuses more than one
    assert not unit_named(FILLED["name"])["is_built_in"]
    with system_scope():
        assert [role.name for role in db.session.scalars(sa.select(Account)).one().roles] == ["Employer"]


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("name", "", "请填写单位名称。"), ("name", "甲", "请填写与证照一致的单位名称"),
    ("uscc", "91340100683643522E", "统一社会信用代码校验不通过"), ("uscc", "123", "请填写 18 位统一社会信用代码"),
    ("contact", "", "请填写单位联系人。"), ("contact", "张", "请填写姓名"), ("mobile", "12345", "请填写 11 位手机号码"),
    ("nature_code", "", "请选择单位性质。"), ("nature_code", "98", "请选择单位性质。"), ("nature_code", "zz", "请选择单位性质。"),
    ("email", "nobody", "电子邮箱格式不正确"), ("region_code", "", "请选择属地。"), ("region_code", "990000", "请选择属地。"),
    ("legal_person_phone", "abc", "请填写 11 位手机号码，或"), ("username", "9x", "用户名为 4 至 32 位"),
    ("password", "12345678", "这个密码太常见"), ("password_again", "different", "两次输入的密码不一致"),
])
def test_each_wrong_field_has_its_sentence_and_nothing_is_stored(
    app: Flask, client: FlaskClient, field: str, value: str, sentence: str
) -> None:
    data = FILLED | {field: value}
    if field == "password":
        data["password_again"] = value
    answer = client.post(PATH, data=data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "合肥市蜀山区" in answer.text  # the input is kept
    assert (count(_unit), count(_account)) == (0, 0)


def test_taken_name_code_and_user_name_are_said_at_once(app: Flask, client: FlaskClient) -> None:
    assert client.post(PATH, data=FILLED).status_code == 302
    page = client.post(PATH, data=FILLED | {"username": "HongJing"}).text
    assert NAME_TAKEN in page
    assert CODE_TAKEN in page
    assert "该用户名已被使用，请换一个。" in page
    assert (count(_unit), count(_account)) == (1, 1)


def test_names_differing_in_brackets_and_blanks_are_the_same_unit(app: Flask, client: FlaskClient) -> None:
    assert client.post(PATH, data=FILLED | {"name": "宏景（合肥）公司"}).status_code == 302
    again = client.post(PATH, data=FILLED | {"name": "  宏景(合肥)公司 ", "uscc": OTHER_USCC, "username": "second"})
    assert NAME_TAKEN in again.text


def test_the_code_proposes_the_nature_without_saving(app: Flask, client: FlaskClient) -> None:
    page = client.post(PATH, data=FILLED | {"nature_code": "", "_lookup": "uscc"}).text
    assert '<option value="10" selected>企业</option>' in page
    page = client.post(PATH, data=FILLED | {"nature_code": "11", "_lookup": "uscc"}).text
    assert '<option value="11" selected>国有企业</option>' in page
    page = client.post(PATH, data=FILLED | {"uscc": "91340100683643522E", "_lookup": "uscc"}).text
    assert "统一社会信用代码校验不通过" in page
    assert count(_unit) == 0


def test_who_is_signed_in_does_not_register_a_unit(app: Flask, client: FlaskClient, login: Login) -> None:
    people.unit("unit1")
    assert login(client, "unit1").post(PATH, data=FILLED).headers["Location"] == "/home/"
    assert count(_unit) == 1


def form_of(**changed: str) -> organizations.SignUp:
    data = FILLED | changed
    return organizations.SignUp(
        name=data["name"], uscc=data["uscc"], username=data["username"], password=data["password"],
        basics=organizations.Basics(**{key: data[key] for key in BASICS}),
    )


@pytest.mark.parametrize(("changes", "field", "sentence"), [
    ({"username": "user{}", "name": "单位{}号"}, "uscc", CODE_TAKEN),
    ({"username": "user{}", "uscc": "other"}, "name", NAME_TAKEN),
    ({"name": "单位{}号", "uscc": "other"}, "username", "该用户名已被使用，请换一个。"),
], ids=["code", "name", "username"])
def test_of_two_at_the_same_moment_one_registers_and_the_other_is_told_why(
    app: Flask, changes: dict[str, str], field: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, seen = threading.Barrier(2), threading.local()
    look = organizations.refuse_taken

    def look_together(*args: Any, **kwargs: Any) -> None:
        look(*args, **kwargs)
        if db.engine.dialect.name == "postgresql" and not getattr(seen, "once", False):
            seen.once = True
            gate.wait(10)  # both have found nothing taken: only the database can tell them apart now

    monkeypatch.setattr(organizations, "refuse_taken", look_together)

    def attempt(number: int) -> Any:
        changed = {key: value.format(number) for key, value in changes.items() if key != "uscc"}
        if "uscc" in changes:
            changed["uscc"] = (USCC, OTHER_USCC)[number]
        with app.app_context():
            try:
                return organizations.register(form=form_of(**changed), actor=VISITOR)
            except DomainError as error:
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(attempt, (0, 1)))
    lost = [result for result in results if isinstance(result, DomainError)]
    assert len(lost) == 1
    assert isinstance(lost[0], Invalid)
    assert lost[0].fields[field] == sentence
    assert (count(_unit), count(_account)) == (1, 1)


# The first sign-in of a unit that a single sign-on vouched for


def provisioned() -> people.Unit:
    unit_id = organizations.provision(name="安徽新安公司", uscc=USCC, legal_person="王强", actor=SYSTEM)
    return people.Unit(unit_id, people.account("fresh", role="Employer", organization_id=unit_id), "fresh")


def test_a_provisioned_unit_is_found_by_nobody_and_made_once(app: Flask, client: FlaskClient, login: Login) -> None:
    unit = provisioned()
    assert organizations.provision(name="安徽新安公司", uscc=USCC, legal_person="王强", actor=SYSTEM) == unit.id
    with pytest.raises(Conflict):
        organizations.provision(name="安徽新安公司", uscc=OTHER_USCC, legal_person="", actor=SYSTEM)
    people.person("applicant")
    assert login(client, "applicant").get("/person/unit/search/?q=新安").json == []


def test_every_page_leads_to_registration_until_it_is_filed(app: Flask, client: FlaskClient, login: Login) -> None:
    provisioned()
    login(client, "fresh")
    for path in ("/", "/home/", "/tasks/", "/unit/settings/", "/unit/administrators/", "/account/password/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/unit/registration/"), path
    assert client.post("/unit/administrators/add/", data={"name": "某人", "username": "someone"}).status_code == 302
    assert count(_account) == 1
    assert client.get("/tasks/", headers={"Accept": "application/json"}).status_code == 403
    page = client.get("/unit/registration/").text
    assert '<option value="10" selected>企业</option>' in page  # proposed from the code
    assert "王强" in page
    answer = client.post("/unit/registration/", data=BASICS | {"legal_person": "别人", "name": "冒名", "uscc": OTHER_USCC})
    assert answer.headers["Location"] == "/home/"
    unit = unit_named("安徽新安公司")
    assert (unit["uscc"], unit["legal_person"], unit["enabled"], unit["is_registered"]) == (USCC, "王强", True, True)
    assert client.get("/home/").status_code == 200
    assert client.get("/unit/registration/").headers["Location"] == "/unit/settings/"


def test_registration_is_filed_once(app: Flask) -> None:
    unit = provisioned()
    actor = people.actor_of(unit.user_id)
    form = organizations.Basics(**BASICS)
    organizations.complete(form=form, actor=actor)
    with pytest.raises(WrongState):
        organizations.complete(form=form, actor=actor)


def test_an_incomplete_registration_names_the_missing_fields(app: Flask, client: FlaskClient, login: Login) -> None:
    provisioned()
    answer = login(client, "fresh").post("/unit/registration/", data=BASICS | {"email": "", "region_code": ""})
    assert answer.status_code == 422
    assert "请填写电子邮箱。" in answer.text
    assert "请选择属地。" in answer.text


def test_the_database_keeps_unregistered_units_disabled(app: Flask) -> None:
    provisioned()
    with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
        connection.execute(sa.update(_unit).values(enabled=True))


# 内置单位

BUILT_IN = BASICS | {"name": "合肥市某村卫生室", "username": "weishengshi"}


@pytest.mark.parametrize("role", ["Ops", "Admin"])
def test_staff_make_a_unit_without_a_code_and_its_password_is_shown_once(
    app: Flask, client: FlaskClient, login: Login, role: str
) -> None:
    people.account("staff", role=role)
    page = login(client, "staff").post("/builtinunits/", data=BUILT_IN).text
    unit = unit_named("合肥市某村卫生室")
    assert (unit["uscc"], bool(unit["is_built_in"]), bool(unit["enabled"])) == (None, True, True)
    password = page.split("<dt>初始密码</dt><dd>")[1].split("<")[0]
    assert password not in client.get("/builtinunits/").text
    with db.engine.connect() as connection:
        assert password not in str(connection.execute(sa.select(_event.c.data)).all())
        assert password not in str(connection.execute(sa.text("SELECT * FROM web_session")).all())
    visitor = app.test_client()
    assert visitor.post("/login/", data={"username": "weishengshi", "password": password}).status_code == 302
    assert visitor.get("/home/").headers["Location"] == "/account/password/"
    again = {"current": password, "password": password, "again": password}
    assert "新密码不能与当前密码相同" in visitor.post("/account/password/", data=again).text
    own = {"current": password, "password": "wode-mima-2026", "again": "wode-mima-2026"}
    assert visitor.post("/account/password/", data=own).status_code == 302
    assert visitor.get("/unit/settings/").status_code == 200
    assert client.post("/builtinunits/", data=BUILT_IN).status_code == 422  # the form sent again


def test_several_built_in_units_have_no_code(app: Flask) -> None:
    staff = people.actor_of(people.account("staff", role="Ops"))
    for number in (1, 2):
        with system_scope():
            organizations.create_built_in(form=organizations.BuiltIn(
                name=f"内置{number}", username=f"built{number}", basics=organizations.Basics(**BASICS)
            ), actor=staff)
    assert count(_unit) == 2


def test_only_staff_make_built_in_units(app: Flask) -> None:
    unit = people.unit("unit1")
    form = organizations.BuiltIn(name="内置", username="built1", basics=organizations.Basics(**BASICS))
    for actor in (VISITOR, people.actor_of(unit.user_id)):
        with pytest.raises(NotAllowed):
            organizations.create_built_in(form=form, actor=actor)


def test_the_platforms_administrator_opens_an_account_for_an_authority(
    app: Flask, client: FlaskClient, login: Login
) -> None:
    people.account("boss", role="Admin")
    hr = units.organization("某市人社局", kinds=("hr_department", "issuer"))
    login(client, "boss")
    answer = client.post(f"/organizationview/action/open_account/{hr}")
    assert answer.headers["Location"] == f"/builtinunits/{hr}/account/"
    assert client.get(answer.headers["Location"]).status_code == 200
    page = client.post(f"/builtinunits/{hr}/account/", data={"name": "何琳", "username": "renshe"}).text
    assert "<dt>初始密码</dt>" in page
    account = one(sa.select(_account).where(_account.c.username == "renshe"))
    assert people.actor_of(account["id"]).roles == {"HrDepartment", "Issuer"}
    assert people.actor_of(account["id"]).organization_id == hr
    bare = units.organization("没有角色的单位", kinds=())
    answer = client.post(f"/builtinunits/{bare}/account/", data={"name": "何琳", "username": "renshe2"})
    assert answer.status_code == 409
    assert "还没有设置单位角色" in answer.text
