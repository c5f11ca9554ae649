"""The pages of 个人业绩库: what is kept, and what is said beside the fields."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.scope import system_scope
from app.services import review
from models.achievement import Achievement
from tests.factories import person as people
from tests.integration.portfolio_place import FILLED, Place, body, only, pdf, row


@pytest.fixture
def place(app: Any) -> Place:
    return Place()


@pytest.fixture
def me(place: Place, client: FlaskClient, login: Callable[..., FlaskClient]) -> FlaskClient:
    return login(client, "applicant")


def test_the_first_page_counts_by_state_and_kind_and_says_the_three_points(me: FlaskClient, place: Place) -> None:
    place.item()
    place.item("approved")
    text = body(me.get("/portfolio/"))
    for said in ("涉密敏感材料不可上传系统", "通过用人单位审核的业绩项方可作为职称申报的内容", "可自行撤回", "统计时间", "我的业绩库数据统计"):
        assert said in text
    assert re.search(r'工作经历</a>\s*<b class="num">2</b>', text)


def test_a_new_item_is_saved_with_its_evidence_in_one_step_without_scripts(me: FlaskClient) -> None:
    answer = me.post("/portfolio/kind/work_experience/new/", data={**FILLED, "slot_attachments": pdf(), "action": "save"})
    assert answer.status_code == 302
    assert only().state == "draft"
    page = body(me.get(answer.headers["Location"]))
    assert 'value="合肥八中"' in page
    assert '>聘书.pdf</a>' in page
    assert "已保存" in page


def test_evidence_is_renamed_ordered_and_removed_beside_the_form(me: FlaskClient) -> None:
    first = me.post("/portfolio/kind/work_experience/new/",
                    data={**FILLED, "slot_attachments": [pdf("a.pdf"), pdf("b.pdf")], "action": "save"})
    address = first.headers["Location"]
    numbers = re.findall(r"/files/(\d+)/rename", body(me.get(address)))
    assert len(numbers) == 2
    me.post(f"/files/{numbers[0]}/rename", data={"name": "劳动合同", "next": address})
    me.post(f"/files/{numbers[0]}/move", data={"direction": "down", "next": address})
    assert re.findall(r">([^<]*)\.pdf</a></span>", body(me.get(address))) == ["b", "劳动合同"]
    me.post(f"/files/{numbers[1]}/delete", data={"next": address})
    assert re.findall(r">([^<]*)\.pdf</a></span>", body(me.get(address))) == ["劳动合同"]


def test_a_refused_file_is_named_and_the_fields_are_kept(me: FlaskClient) -> None:
    answer = me.post("/portfolio/kind/work_experience/new/", follow_redirects=True, data={
        **FILLED, "slot_attachments": (io.BytesIO(b"MZ"), "virus.exe"), "action": "submit",
    })
    assert "virus.exe" in body(answer)
    assert "还没有提交" in body(answer)
    assert only().state == "draft"
    assert only().data["unit_name"] == "合肥八中"


def test_bad_input_stays_in_the_form_with_a_sentence_beside_it(me: FlaskClient) -> None:
    answer = me.post("/portfolio/kind/work_experience/new/", data={**FILLED, "f_start_date": "2015-13-01", "action": "save"})
    assert answer.status_code == 422
    assert 'value="2015-13-01"' in body(answer)
    assert 'id="f_start_date-err"' in body(answer)
    assert db.session.scalar(select(Achievement.__table__.c.id)) is None


def test_saving_and_submitting_tells_what_is_missing_and_keeps_the_draft(me: FlaskClient) -> None:
    answer = me.post("/portfolio/kind/work_experience/new/", data={"f_unit_name": "合肥八中", "action": "submit"})
    assert answer.status_code == 422
    assert "请选择“开始日期”。" in body(answer)
    assert only().state == "draft"
    done = me.post(f"/portfolio/{only().id}/edit/", data={**FILLED, "version": str(only().version), "action": "submit"})
    assert done.headers["Location"].endswith("/portfolio/kind/work_experience/")
    assert only().state == "reviewing"


def test_a_second_tab_is_told_and_its_input_is_kept(me: FlaskClient, place: Place) -> None:
    number = place.item()
    address = f"/portfolio/{number}/edit/"
    me.post(address, data={**FILLED, "version": "1", "f_unit_name": "第一个页面", "action": "save"})
    second = me.post(address, data={**FILLED, "version": "1", "f_unit_name": "第二个页面", "action": "save"})
    assert "另一个页面修改过" in body(second)
    assert 'value="第二个页面"' in body(second)
    assert row(number).data["unit_name"] == "第一个页面"
    version = re.search(r'name="version"[^>]*value="(\d+)"', body(second))
    assert version is not None
    me.post(address, data={**FILLED, "version": version.group(1), "f_unit_name": "第二个页面", "action": "save"})
    assert row(number).data["unit_name"] == "第二个页面"


def test_state_and_owner_cannot_be_written_through_the_form(me: FlaskClient, place: Place) -> None:
    number = place.item()
    me.post(f"/portfolio/{number}/edit/", data={
        **FILLED, "version": "1", "state": "approved", "f_state": "approved", "person_id": "99", "action": "save",
    })
    assert (row(number).state, row(number).person_id) == ("draft", place.person_id)
    assert "state" not in row(number).data


def test_withdraw_leads_to_the_form_and_delete_to_the_list(me: FlaskClient, place: Place) -> None:
    number = place.submitted()
    assert me.post(f"/portfolio/{number}/withdraw/").headers["Location"].endswith(f"/portfolio/{number}/edit/")
    assert row(number).state == "draft"
    me.post(f"/portfolio/{number}/delete/")
    assert db.session.scalar(select(Achievement.__table__.c.id)) is None


def test_the_opinion_of_a_return_is_shown_in_the_list_and_above_the_form(me: FlaskClient, place: Place) -> None:
    number = place.submitted()
    with system_scope():
        review.return_(task_id=place.task(number), actor=place.actor("unit"), opinion="聘书缺页")
    assert "退回意见：聘书缺页" in body(me.get("/portfolio/kind/work_experience/"))
    assert "聘书缺页" in body(me.get(f"/portfolio/{number}/edit/"))
    assert "聘书缺页" in body(me.get(f"/portfolio/{number}/"))


def test_a_person_without_a_confirmed_unit_is_told_and_cannot_submit(
    place: Place, app: Any, login: Callable[..., FlaskClient]
) -> None:
    people.person("newcomer", name="陈静")
    new = login(app.test_client(), "newcomer")
    assert "还没有通过所在单位确认" in body(new.get("/portfolio/"))
    page = body(new.get("/portfolio/kind/work_experience/new/"))
    assert 'value="submit"' not in page
    answer = new.post("/portfolio/kind/work_experience/new/", data={**FILLED, "action": "submit"}, follow_redirects=True)
    assert "还没有通过所在单位确认" in body(answer)
    assert only().state == "draft"


@pytest.mark.parametrize("path", ["", "edit/"])
def test_another_persons_item_is_not_found(
    path: str, place: Place, app: Any, login: Callable[..., FlaskClient]
) -> None:
    number = place.item("approved", summary="绝密内容")
    people.person("other", name="王芳")
    other = login(app.test_client(), "other")
    answer = other.get(f"/portfolio/{number}/{path}")
    assert answer.status_code == 404
    assert "绝密内容" not in body(answer)
    for verb in ("submit", "withdraw", "delete"):
        assert other.post(f"/portfolio/{number}/{verb}/").status_code == 404
    assert row(number).state == "approved"
