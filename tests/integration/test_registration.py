"""注册 of an account, 个人注册 at the first login, 完善信息 and the photo."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from stdnum.cn import ric
from werkzeug.datastructures import MultiDict

from app.actor import Actor
from app.errors import Conflict, Invalid, WrongState
from app.scope import system_scope
from app.services import registration
from app.services.registration import SignUp
from app.transaction import current_session
from models.account import Account
from models.audit import AuditEvent
from models.person import Person
from tests.database import Databases
from tests.factories import unit_world
from tests.factories.race import race
from tests.factories.templates import plan_template

VISITOR = Actor(user_id=None, name="访客", origin="127.0.0.1")
GOOD = {
    "username": "fangyuan", "password": "湖边散步看见三只白鹭", "password_again": "湖边散步看见三只白鹭", "name": "方圆",
    "mobile": "139 5555 0000",
}
Login = Callable[[FlaskClient, str], FlaskClient]


def id_number(serial: int, birth: str = "19850615") -> str:
    body = f"340104{birth}{serial:03}"
    return body + str(ric.calc_check_digit(body + "0"))


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture(autouse=True)
def own_files(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the template's files: a replaced photo is deleted for good, and other tests read it."""
    shutil.copytree(app.config["STORAGE_URL"].removeprefix("file://"), tmp_path / "files")
    monkeypatch.setitem(app.config, "STORAGE_URL", f"file://{tmp_path}/files")


@pytest.fixture(autouse=True)
def fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    from werkzeug.security import generate_password_hash

    monkeypatch.setattr(
        registration, "generate_password_hash", lambda text: generate_password_hash(text, method="pbkdf2:sha256:1")
    )


def sent(client: FlaskClient, **changes: str) -> Any:
    return client.post("/register/", data={**GOOD, "id_number": id_number(1), **changes})


def test_an_account_is_made_with_its_person_and_leads_to_the_login(client: FlaskClient, db_session: Any) -> None:
    answer = sent(client)
    assert (answer.status_code, answer.location) == (302, "/login/")
    person = db_session.scalars(select(Person).where(Person.name == "方圆")).one()
    assert (person.mobile, person.sex, person.birth_date, person.registered_at) == (
        "13955550000", "女" if int(person.id_number[16]) % 2 == 0 else "男", dt.date(1985, 6, 15), None)
    assert (person.user.username, person.user.role_names) == ("fangyuan", ["Applicant"])
    assert GOOD["password"] not in person.user.password
    events = db_session.scalars(select(AuditEvent.event).where(AuditEvent.subject_id == person.id,
                                                               AuditEvent.subject_type == "person")).all()
    assert events == ["account:created"]


@pytest.mark.parametrize(("field", "value", "says"), [
    ("username", "1abc", "以字母开头"), ("username", "ab", "4 至 32 位"), ("username", "有中文", "用户名为"), ("username", "", "请填写用户名"),
    ("name", "李", "真实姓名"), ("name", "李4明", "真实姓名"), ("name", "--", "真实姓名"), ("name", "", "请填写真实姓名"),
    ("id_number", "12345", "18 位"), ("id_number", "340104198506159999", "校验不通过"), ("id_number", "340104198513159999", "出生日期"),
    ("id_number", id_number(1, "20150615"), "未满 16 周岁"),
    ("mobile", "12345", "11 位"), ("mobile", "", "请填写手机号码"), ("password", "short", "至少 8 位"),
    ("password", "12345678", "太常见"), ("password_again", "别的", "不一致"),
])
def test_each_bad_input_gets_its_sentence_and_the_rest_is_kept(
    client: FlaskClient, db_session: Any, field: str, value: str, says: str
) -> None:
    changes = {field: value}
    if field == "password":
        changes["password_again"] = value
    answer = sent(client, **changes)
    assert answer.status_code == 422
    assert says in answer.text
    kept = {key: text for key, text in {**GOOD, "id_number": id_number(1), **changes}.items() if "password" not in key}
    for text in kept.values():
        assert f'value="{text}"' in answer.text
    assert GOOD["password"] not in answer.text
    assert db_session.scalar(select(func.count()).where(Account.username == "fangyuan")) == 0


@pytest.mark.parametrize("name", ["方圆", "阿卜杜拉·热合曼", "John Smith", "㛃喆"])
def test_names_of_every_script_are_names(app: Flask, name: str) -> None:
    form = SignUp(username="somebody", password="湖边散步看见三只白鹭", name=name, id_number=id_number(2), mobile="13955550000")
    assert registration.sign_up(form=form, actor=VISITOR)


def test_a_foreigner_signs_up_with_a_passport_and_says_sex_and_birth_in_the_registration(
    client: FlaskClient, db_session: Any, login: Login
) -> None:
    passport = {"name": "Mary Ann O’Neill", "id_doc_type": "08", "id_number": "e12345678"}
    assert sent(client, **passport).location == "/login/"
    person = db_session.scalars(select(Person).where(Person.name == "Mary Ann O'Neill")).one()
    assert (person.id_number, person.sex, person.birth_date, person.pinyin) == ("E12345678", "", None, "mary ann o'neill")
    assert "该身份证号已注册" in sent(client, **passport, username="another").text
    other = sent(client, **passport | {"id_doc_type": "04", "id_number": "H12345678"}, username="another")
    assert other.location == "/login/"
    me = login(client, "fangyuan")
    young = me.post("/person/registration/", data=filled(sex="女", birth_date="2015-01-01", work_start="2026-01-01"))
    assert young.status_code == 422
    assert "未满 16 周岁" in young.text
    assert me.post("/person/registration/", data=filled(sex="女", birth_date="1990-01-01")).location == "/home/"
    db_session.expire_all()
    assert (person.sex, person.birth_date) == ("女", dt.date(1990, 1, 1))


@pytest.mark.parametrize(("changes", "says"), [
    ({"id_number": id_number(2)}, "该用户名已被使用"),
    ({"id_number": id_number(2), "username": "FangYuan"}, "该用户名已被使用"),
    ({"username": "another"}, "该身份证号已注册"),
])
def test_a_taken_name_or_number_is_said(client: FlaskClient, changes: dict[str, str], says: str) -> None:
    sent(client)
    answer = sent(client, **changes)
    assert answer.status_code == 422
    assert says in answer.text


def test_signing_up_at_the_same_moment_one_wins_and_the_others_get_the_sentence(app: Flask) -> None:
    form = SignUp(username="fangyuan", password="湖边散步看见三只白鹭", name="方圆", id_number=id_number(1), mobile="13955550000")
    tries = [form, form, replace(form, username="another"), replace(form, id_number=id_number(2))]
    results = race(app, *[lambda form=form: registration.sign_up(form=form, actor=VISITOR) for form in tries])
    lost = [result for result in results if isinstance(result, Invalid)]
    made = [result for result in results if isinstance(result, int)]
    assert len(lost) + len(made) == len(tries)  # anything else would be a 500
    assert 1 <= len(made) <= 2  # another name and another number do not collide with each other
    assert all(result.fields.keys() <= {"username", "id_number"} and result.fields for result in lost)


def test_a_collision_found_only_by_the_database_becomes_the_same_sentence(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = SignUp(username="fangyuan", password="湖边散步看见三只白鹭", name="方圆", id_number=id_number(1), mobile="13955550000")
    registration.sign_up(form=form, actor=VISITOR)
    check, calls = registration._refuse_taken, []

    def blind_at_first(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) > 1:
            check(*arguments)

    monkeypatch.setattr(registration, "_refuse_taken", blind_at_first)
    with pytest.raises(Invalid) as refused:
        registration.sign_up(form=replace(form, username="another"), actor=VISITOR)
    assert "已注册" in refused.value.fields["id_number"]
    monkeypatch.setattr(registration, "_refuse_taken", lambda *arguments: None)
    with pytest.raises(IntegrityError):  # something else collides: that is no input error
        registration.sign_up(form=form, actor=VISITOR)


def test_who_is_signed_in_has_an_account(client: FlaskClient, login: Login) -> None:
    assert login(client, "applicant").get("/register/").location == "/home/"


# 个人注册

def filled(**changes: Any) -> MultiDict[str, Any]:
    profile = unit_world.profile("newcomer")
    values: dict[str, Any] = {
        "sex": profile.sex, "birth_date": profile.birth_date.isoformat(), "political_status_code": "13",
        "ethnic_code": "01", "email": "chen@mail.example.com", "address": "合肥市庐阳区望江路 1 号", "work_start": "2020-07-01",
        "education_code": "21", "title_name": "二级教师", "landline": "0551-88888888", "with_unit": "no",
    }
    return MultiDict(values | changes)


@pytest.fixture
def newcomer(client: FlaskClient, login: Login) -> FlaskClient:
    return login(client, "newcomer")


def test_the_first_login_leads_to_the_registration(newcomer: FlaskClient) -> None:
    assert newcomer.get("/home/").location == "/person/registration/"
    assert newcomer.get("/person/").location == "/person/registration/"
    page = newcomer.get("/person/registration/").text
    assert "首次登录请先确认并完善信息" in page
    assert 'value="陈静"' in page


def test_the_registration_is_kept_and_counts_once(newcomer: FlaskClient) -> None:
    assert newcomer.post("/person/registration/", data=filled()).location == "/home/"
    row = unit_world.person("newcomer")
    assert (row.registered_at is not None, row.title_name, row.email) == (True, "二级教师", "chen@mail.example.com")
    assert newcomer.post("/person/registration/", data=filled(title_name="别的")).location == "/home/"
    assert unit_world.person("newcomer").title_name == "二级教师"
    with system_scope(), pytest.raises(WrongState, match="已完成个人注册"):
        registration.complete(profile=unit_world.profile("newcomer"), actor=unit_world.actor("newcomer"))


@pytest.mark.parametrize(("field", "value", "says"), [
    ("sex", "男", "性别与身份证号不一致"), ("birth_date", "1990-01-01", "出生日期与身份证号不一致"), ("sex", "", "请选择性别"),
    ("political_status_code", "", "请选择政治面貌"), ("political_status_code", "zz", ""), ("ethnic_code", "", "请选择民族"),
    ("email", "", "请填写电子邮箱"), ("email", "无效", "电子邮箱格式不正确"), ("address", " ", "请填写通讯地址"),
    ("work_start", "", "请选择开始工作时间"), ("work_start", "2999-01-01", "不能晚于今天"), ("work_start", "2001-01-01", "早于 16 周岁"),
    ("education_code", "", "请选择最高学历"), ("landline", "88", "固定电话请按"), ("title_name", "长" * 21, ""), ("post", "", None),
])
def test_each_field_of_the_registration_has_its_rule(
    newcomer: FlaskClient, field: str, value: str, says: str | None
) -> None:
    answer = newcomer.post("/person/registration/", data=filled(**{field: value}))
    if says is None:
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    assert says in answer.text
    assert "合肥市庐阳区望江路 1 号" in answer.text or field == "address"
    assert unit_world.person("newcomer").registered_at is None


def test_at_most_three_series(newcomer: FlaskClient) -> None:
    from models.series import TitleSeries

    ids = current_session().execute(select(TitleSeries.__table__.c.id).limit(4)).scalars().all()
    current_session().rollback()
    data = filled()
    data.setlist("series_ids", ids)
    answer = newcomer.post("/person/registration/", data=data)
    assert "最多选择 3 个" in answer.text
    data.setlist("series_ids", ids[:3])
    assert newcomer.post("/person/registration/", data=data).status_code == 302
    assert [text for text in ("个人信息", "所在职称系列") if text in newcomer.get("/person/").text]


def test_the_unit_is_asked_together_with_the_registration(newcomer: FlaskClient) -> None:
    school = unit_world.unit("合肥市第八中学")
    answer = newcomer.post("/person/registration/", data=filled(with_unit="yes", organization_id=str(school), note="语文组"))
    assert answer.location == "/home/"
    assert unit_world.employments(unit_world.person("newcomer").id) == [("registration", "pending")]
    assert "合肥市第八中学 正在审核您的单位申请" in newcomer.get("/home/").text


def test_without_a_chosen_unit_nothing_is_sent(newcomer: FlaskClient) -> None:
    answer = newcomer.post("/person/registration/", data=filled(with_unit="yes"))
    assert answer.status_code == 422
    assert "请选择单位" in answer.text
    assert unit_world.person("newcomer").registered_at is None


def test_a_refused_unit_leaves_the_registration_standing(newcomer: FlaskClient) -> None:
    office = unit_world.unit("安徽省教育厅")  # no employer
    answer = newcomer.post("/person/registration/", data=filled(with_unit="yes", organization_id=str(office)))
    assert answer.location == "/person/unit/"
    assert "单位申请没有提交" in newcomer.get("/person/unit/").text
    assert unit_world.person("newcomer").registered_at is not None


def test_the_search_without_scripts_answers_with_the_form_and_the_matches(newcomer: FlaskClient) -> None:
    answer = newcomer.post("/person/registration/", data=filled(_lookup="organization_id", organization_id__q="第八中学"))
    assert answer.status_code == 200
    assert "合肥市第八中学</option>" in answer.text
    assert "合肥市庐阳区望江路 1 号" in answer.text
    assert unit_world.person("newcomer").registered_at is None


# 完善信息

def test_the_mobile_number_is_changed_and_checked(client: FlaskClient, login: Login) -> None:
    me, profile = login(client, "applicant"), unit_world.profile("applicant")
    data = filled(sex=profile.sex, birth_date=profile.birth_date.isoformat(), work_start="2005-08-01",
                  version=str(unit_world.person("applicant").version))
    assert 'name="mobile"' in me.get("/person/edit/").text
    for wrong in ("", "12345"):
        answer = me.post("/person/edit/", data={**data.to_dict(), "mobile": wrong})
        assert answer.status_code == 422
        assert "11 位手机号码" in answer.text
    assert me.post("/person/edit/", data={**data.to_dict(), "mobile": "139 0000 1234"}).location == "/person/"
    assert unit_world.person("applicant").mobile == "13900001234"
    page = me.get("/person/").text
    for label in ("工作单位", "手机号码", "行政职务", "是否自由职业者"):
        assert label in page


def test_before_the_registration_the_mobile_number_stays_the_sign_ons(newcomer: FlaskClient) -> None:
    before = unit_world.person("newcomer").mobile
    assert newcomer.post("/person/registration/", data=filled(mobile="13900001234")).status_code == 302
    assert unit_world.person("newcomer").mobile == before


def test_two_tabs_the_second_one_is_warned_and_may_save_once_more(client: FlaskClient, login: Login) -> None:
    me, profile = login(client, "applicant"), unit_world.profile("applicant")
    version = str(unit_world.person("applicant").version)
    data = filled(sex=profile.sex, birth_date=profile.birth_date.isoformat(), work_start="2005-08-01", version=version)
    first = data.copy()
    first["post"] = "教研组长"
    assert me.post("/person/edit/", data=first).location == "/person/"
    second = data.copy()
    second["post"] = "年级主任"
    answer = me.post("/person/edit/", data=second)
    assert answer.status_code == 409
    assert "刚刚在另一个页面中修改过" in answer.text
    assert 'value="年级主任"' in answer.text
    assert unit_world.person("applicant").post == "教研组长"
    second["version"] = str(unit_world.person("applicant").version)
    assert f'name="version" type="hidden" value="{second["version"]}"' in answer.text
    assert me.post("/person/edit/", data=second).status_code == 302
    assert unit_world.person("applicant").post == "年级主任"


def test_two_saves_at_the_same_moment_have_one_winner(app: Flask) -> None:
    who, profile = unit_world.actor("applicant"), replace(unit_world.profile("applicant"), work_start=dt.date(2005, 8, 1))

    def save(post: str) -> Any:
        with system_scope():
            return registration.change(profile=replace(profile, post=post), actor=who, version=1)

    results = race(app, lambda: save("组长"), lambda: save("主任"))
    assert sum(isinstance(result, Conflict) for result in results) == 1


def test_pages_of_a_person_cost_a_bounded_number_of_statements(client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    for path in ("/person/", "/person/edit/", "/person/unit/"):
        me.get(path)
        assert unit_world.count_statements(lambda path=path: me.get(path)) <= 15, path
    fresh = login(client, "newcomer")
    assert unit_world.count_statements(lambda: fresh.get("/person/registration/")) <= 15
