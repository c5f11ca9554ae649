"""异地职称, through the pages: what is asked for, who decides, and the certificate at the end."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.errors import WrongState
from app.extensions import db
from app.jobs.worker import run_due
from app.rules import deadlines
from app.services import personal_request as requests
from models.integrity import IntegrityRecord
from models.setting import Setting
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.rows import save
from tests.factories.templates import plan_template
from tests.factories.unit_world import person
from tests.integration.request_flow import (
    BASIC,
    SCHOOL,
    certificates,
    complete,
    decide,
    first_code,
    pdf_text,
    recognition,
    row_of,
    tasks,
)

Login = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


def test_the_whole_of_a_recognition(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    assert "南京市第一中学" in me.get(f"/requests/{number}/overview").text
    me.post(f"/forms/request/{number}")
    assert "专业技术资格确认审核表" in pdf_text(app)
    checked = me.post(f"/requests/{number}/submit", data={"action": "check"}).text
    assert ">不符合<" not in checked
    assert "提交审核" in checked
    assert me.post(f"/requests/{number}/submit", data={"action": "submit"}).status_code == 302
    assert row_of(number).state == "reviewing"
    for username in ("unit", "department", "hr"):
        page = login(client, username).get(f"/reviews/requests/{number}/")
        assert "苏人社〔2018〕1号" in page.text, username
        decide("recognition", number, username)
        decided = login(client, username).get(f"/reviews/requests/{number}/").text
        assert "本单位已办理：通过" in decided, username
        assert re.search(r"/tasks/\d+/withdraw/", decided), username
        assert 'data-key="a"' not in decided, username
    assert [task.node for task in tasks("recognition", number)] == [
        "employer", "competent_department", "hr_department", "issuer"]
    assert login(client, "issuer").get(f"/reviews/requests/{number}/").status_code == 200
    decide("recognition", number, "issuer")
    [made] = certificates()
    assert (made.acquired_by, made.title_name, made.original_number, str(made.acquired_on)) == (
        "确认", "高级教师", "90901223", "2018-12-01")
    assert re.fullmatch(r"934\d{4}00\d{10}", made.number)
    assert row_of(number).issued_id == made.id
    me = login(client, "applicant")
    assert made.number in me.get("/requests/recognition/").text
    me.post(f"/forms/request/{number}")
    text = pdf_text(app)
    for words in ("李明", "安徽师范大学", "情况属实，同意。", made.number, "确认机关意见"):
        assert words in text, words
    run_due(app)
    assert certificates()[0].file_id is not None


def test_who_is_barred_is_not_recognized_until_the_record_is_over(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    for username in ("unit", "department", "hr"):
        decide("recognition", number, username)
    today = deadlines.today()
    record = save(IntegrityRecord(person_id=person("applicant").id, reason="材料造假", banned_from=today, banned_until=today))
    with pytest.raises(WrongState, match="“李明”在诚信档案中有记录（材料造假）"):
        decide("recognition", number, "issuer")
    assert (row_of(number).state, tasks("recognition", number)[-1].state, certificates()) == ("reviewing", "open", [])
    yesterday = today - dt.timedelta(days=1)
    with db.engine.begin() as connection:
        connection.execute(update(IntegrityRecord.__table__).where(IntegrityRecord.__table__.c.id == record)
                           .values(banned_from=yesterday, banned_until=yesterday))
    decide("recognition", number, "issuer")
    assert len(certificates()) == 1


def test_what_is_missing_is_named_and_nothing_is_submitted(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = recognition(me)
    page = me.post(f"/requests/{number}/submit", data={"action": "check"}).text
    for words in ("请填写“原工作单位”", "请录入最高学历和第一学历", "请上传“职称证书原件”", "不符合"):
        assert words in page, words
    assert ">提交审核<" not in page
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    assert row_of(number).state == "editing"
    answer = me.post(f"/requests/{number}/fill", data=BASIC | {"f_transferred_on": "2001-01-01"})
    assert answer.status_code == 422
    assert "不能早于" in answer.text
    assert row_of(number).data["former_unit"] == "南京市第一中学"  # what holds is kept


def test_what_is_asked_for_can_be_changed_until_it_is_handed_in(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    path = f"/requests/{number}/choice"
    before, page = row_of(number), me.get(path).text
    assert path in me.get(f"/requests/{number}/fill").text
    assert f'<option value="{before.title_id}" selected>' in page
    others = [int(key) for key in re.findall(r'<option value="(\d+)"(?! selected)', page.split('id="specialty"')[1].split("</select>")[0])]
    assert me.post(path, data={"specialty": others[0], "title": before.title_id}).status_code == 302
    after = row_of(number)
    assert (after.specialty_id, after.title_id, after.data) == (others[0], before.title_id, before.data)
    foreign = me.post(path, data={"specialty": others[0], "title": 999_999})
    assert "不属于同一系列" in foreign.text
    assert login(client, "applicant2").post(path, data={"specialty": others[0], "title": before.title_id}).status_code == 404
    login(client, "applicant").post(f"/requests/{number}/submit", data={"action": "submit"})
    assert row_of(number).state == "reviewing"
    with pytest.raises(WrongState):
        requests.change_choice(
            request_id=number, specialty_id=before.specialty_id, title_id=before.title_id, actor=make.actor("applicant"))


def test_education_has_at_most_two_entries_one_highest_and_a_degree_when_it_is_ticked(
    app: Flask, client: FlaskClient, login: Login
) -> None:
    me = login(client, "applicant")
    number = recognition(me)
    path = f"/requests/{number}/education"
    school = SCHOOL | {"f_education": first_code(me, path, "f_education")}
    assert "请选择学位" in me.post(path, data=school | {"f_has_degree": "y"}).text
    assert me.post(path, data=school).status_code == 302
    assert "只能有一个最高学历" in me.post(path, data=school).text
    second = {key: value for key, value in school.items() if key not in ("f_is_highest", "f_is_first")}
    assert me.post(path, data=second).status_code == 302
    assert len(row_of(number).education) == 2
    assert "最多录入两条" in me.post(path, data=second, follow_redirects=True).text
    assert me.post(f"{path}/delete", data={"entry": "1"}).status_code == 302
    assert len(row_of(number).education) == 1


def test_the_list_of_education_has_the_columns_that_the_setting_names(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    manual = ["序号", "起始日期", "结束日期", "毕业学校", "专业", "学制（年）", "学位", "学历", "最高学历", "第一学历", "操作"]
    page = me.get(f"/requests/{number}/education").text
    assert re.findall(r'<th scope="col">([^<]+)</th>', page) == manual
    assert "删除“安徽师范大学”这条教育经历？" in page
    with db.engine.begin() as connection:
        connection.execute(update(Setting.__table__).where(Setting.__table__.c.key == "recognition.education_columns").values(
            value=[{"field": "major", "label": "所学专业"}, {"field": "gone", "label": "已停用"}]))
    page = me.get(f"/requests/{number}/education").text
    assert re.findall(r'<th scope="col">([^<]+)</th>', page) == ["序号", "所学专业", "操作"]
    assert "删除“安徽师范大学”这条教育经历？" in page


def test_a_second_window_deletes_no_other_entry_and_saves_after_a_warning(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = recognition(me)
    path = f"/requests/{number}/education"
    school = SCHOOL | {"f_education": first_code(me, path, "f_education")}
    me.post(path, data=school)
    me.post(path, data={key: value for key, value in school.items() if not key.startswith("f_is_")} | {"f_school": "合肥学院"})
    seen = row_of(number).version
    assert f'name="version" value="{seen}"' in me.get(path).text
    me.post(f"{path}/delete", data={"entry": "0", "version": seen})
    late = me.post(f"{path}/delete", data={"entry": "0", "version": seen}, follow_redirects=True).text
    assert "请核对教育经历后再删除" in late
    assert [entry["school"] for entry in row_of(number).education] == ["合肥学院"]
    for address, data, name in ((path, school | {"f_school": "安徽大学"}, "安徽大学"), (f"/requests/{number}/fill", BASIC, "南京市第一中学")):
        warned = me.post(address, data=data | {"version": seen}).text
        assert "没有丢失" in warned
        assert name in warned
        again = re.search(r'name="version" value="(\d+)"', warned)
        assert again is not None
        assert me.post(address, data=data | {"version": again[1]}).status_code == 302
    assert [entry["school"] for entry in row_of(number).education] == ["合肥学院", "安徽大学"]


def test_a_returned_request_is_mended_and_sent_again(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    assert "不能修改" in me.post(f"/requests/{number}/withdraw", follow_redirects=True).text or row_of(number).state == "editing"
    assert row_of(number).state == "editing"
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    decide("recognition", number, "unit", "return")
    assert row_of(number).state == "returned"
    assert "材料不清晰" in me.get(f"/requests/{number}").text
    assert me.post(f"/requests/{number}/fill", data=BASIC | {"f_former_unit": "南京市第二中学"}).status_code == 302
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    assert row_of(number).state == "reviewing"
    with pytest.raises(WrongState):
        requests.save(request_id=number, raw={}, actor=make.actor("applicant"))


def test_going_on_to_the_next_page_keeps_what_was_typed(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = recognition(me)
    page = me.get(f"/requests/{number}/fill").text
    assert "保存并进入下一步" in page
    assert "李明" in page  # 基本信息 stands above
    assert me.post(f"/requests/{number}/fill", data=BASIC | {"go": "next"}).location == f"/requests/{number}/education"
    assert row_of(number).data["former_unit"] == BASIC["f_former_unit"]


def test_foreign_requests_are_not_found(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    for name, path in (("applicant2", f"/requests/{number}"), ("applicant2", f"/requests/{number}/fill"),
                       ("unit", f"/reviews/requests/{number}/")):
        assert login(client, name).get(path).status_code == 404, (name, path)
    assert login(client, "applicant2").post(f"/forms/request/{number}").status_code == 404
    assert login(client, "unit").post(f"/forms/request/{number}").status_code == 404  # still being edited
    login(client, "applicant").post(f"/requests/{number}/submit", data={"action": "submit"})
    assert login(client, "unit").get(f"/reviews/requests/{number}/").status_code == 200
    for name in ("company", "department", "hr", "issuer"):
        assert login(client, name).get(f"/reviews/requests/{number}/").status_code == 404
