"""评审结果: from the vote to certificates issued in one batch; each step by its convener only, in its order."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from app.actor import SYSTEM
from app.errors import DomainError, Invalid, NotFound, WrongState
from app.extensions import db
from app.jobs.worker import run_due
from app.reports.workbook import write_rows
from app.rules import deadlines
from app.rules.votes import Votes
from app.scope import system_scope
from app.services import certificate, result
from app.transaction import current_session
from models.account import Account
from models.application import Application
from models.base import utcnow
from models.certificate import Certificate
from models.job import Job
from models.notification import Notification
from models.person import Person
from models.result import Publicity, ReviewResult
from tests.database import Databases
from tests.factories import person as people
from tests.factories import teacher_world as make
from tests.factories.rows import read, save
from tests.factories.templates import started_template
from tests.factories.unit_world import person, unit
from views.result import COLUMNS

Login = Callable[[FlaskClient, str], FlaskClient]
_a, _r, _c, _job = Application.__table__, ReviewResult.__table__, Certificate.__table__, Job.__table__
GOOD = Votes(25, 21, 18, 2, 1)


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return started_template(application, store)


@pytest.fixture
def approved(app: Flask) -> list[int]:
    """Three applications to the teacher plan that passed every stop."""
    now = utcnow()
    with db.engine.begin() as connection:
        first = connection.execute(
            update(_a).where(_a.c.person_id == person("applicant").id)
            .values(state="approved", submitted_at=now, decided_at=now).returning(_a.c.id)).scalar_one()
    like = dict(current_session().execute(select(_a)).mappings().one())
    del like["id"]
    current_session().rollback()
    school = unit("合肥市第八中学")
    photo = current_session().execute(select(Person.__table__.c.photo_id).where(Person.__table__.c.name == "李明")).scalar()
    current_session().rollback()
    found = [int(first)]
    for number in range(2):
        people.person(f"teacher{number}", organization_id=school, name=f"教师{number}")
        found.append(save(Application(**like | {"person_id": person(f"teacher{number}").id})))
    with db.engine.begin() as connection:
        connection.execute(update(Person.__table__).values(photo_id=photo, birth_date=dt.date(1980, 1, 2), sex="男"))
    return found


def days_ago(n: int) -> dt.date:
    return deadlines.today() - dt.timedelta(days=n)


def enter(application_id: int, votes: Votes = GOOD, met: int = 40, username: str = "convener") -> str:
    return result.enter(entry=result.Entry(application_id, votes, days_ago(met)), actor=make.actor(username))


def plan_id() -> int:
    found = make.teacher_plan()
    current_session().rollback()
    return found


def publicize(first: int = 0, last: int = 20) -> result.Announced:
    """A notice from so many days ahead to so many."""
    return result.publicize(plan_id=plan_id(), starts_on=days_ago(-first), ends_on=days_ago(-last), place="省厅网站",
                            actor=make.actor("convener"))


def stood(first: int = 38, last: int = 20) -> result.Announced:
    """A notice that began and ended so many days ago."""
    told = publicize()
    found = plan_id()
    with db.engine.begin() as connection:
        connection.execute(update(Publicity.__table__).where(Publicity.__table__.c.plan_id == found)
                           .values(starts_on=days_ago(first), ends_on=days_ago(last)))
        connection.execute(update(_r).where(_r.c.plan_id == found, _r.c.announced_on.is_not(None)).values(announced_on=days_ago(first)))
    return told


def order(number: str = "皖人社秘〔2026〕12号") -> int:
    return result.order_certificates(plan_id=plan_id(), approval_no=number, actor=make.actor("convener"))


def result_of(application_id: int) -> Any:
    [row] = read(select(_r).where(_r.c.application_id == application_id))
    return row


def certificates() -> list[Any]:
    return read(select(_c).order_by(_c.c.id))


def test_the_vote_decides_and_can_be_corrected_until_it_is_publicized(approved: list[int]) -> None:
    assert enter(approved[0], Votes(25, 21, 13, 8, 0)) == "failed"
    assert enter(approved[0]) == "passed"
    publicize()
    with pytest.raises(WrongState, match="已公示"):
        enter(approved[0], Votes(25, 21, 13, 8, 0))
    assert result_of(approved[0]).agree == 18


def test_only_the_convener_of_the_plan_enters_and_only_after_the_last_stop(approved: list[int]) -> None:
    for username in ("unit", "department", "hr", "issuer", "applicant"):
        with pytest.raises(NotFound):
            enter(approved[0], username=username)
    with db.engine.begin() as connection:
        connection.execute(update(_a).where(_a.c.id == approved[1]).values(state="reviewing"))
    with pytest.raises(WrongState, match="尚未通过"):
        enter(approved[1])
    with pytest.raises(Invalid, match="二分之一"):
        enter(approved[0], Votes(25, 12, 12, 0, 0))
    with pytest.raises(Invalid, match="不能晚于今天"):
        enter(approved[0], met=-1)


def test_a_notice_stands_for_five_full_working_days_from_its_posting(approved: list[int]) -> None:
    enter(approved[0])
    with pytest.raises(Invalid, match="不少于 5 个工作日"):
        publicize(0, 2)
    with pytest.raises(Invalid, match="不能早于今天"):
        publicize(-1, 20)
    with pytest.raises(Invalid, match="核对年份"):
        publicize(400, 420)
    with pytest.raises(Invalid, match="最长 180 天"):
        publicize(0, 181)
    assert publicize() == (1, 0)
    with pytest.raises(WrongState, match="没有待公示"):
        publicize()


def test_who_did_not_pass_learns_it_with_the_notice_and_the_vote_stands(app: Flask, approved: list[int]) -> None:
    enter(approved[0])
    enter(approved[1], Votes(25, 21, 13, 8, 0))
    assert result_of(approved[1]).announced_on is None
    assert publicize() == (1, 1)
    assert result_of(approved[1]).announced_on == days_ago(0)
    assert result_of(approved[1]).publicity_id is None
    with pytest.raises(WrongState, match="已向申报人公布"):
        enter(approved[1])
    enter(approved[2], Votes(25, 21, 13, 8, 0))
    assert publicize() == (0, 1)
    run_due(app)
    with system_scope():
        told = current_session().scalars(select(Notification.title).where(Notification.title.contains("评审结果已公布"))).all()
    assert sorted("未通过" in title for title in told) == [False, True, True]


def test_pressing_issue_twice_at_once_orders_once(app: Flask, approved: list[int]) -> None:
    for application_id in approved:
        enter(application_id)
    stood()
    who, found = make.actor("convener"), plan_id()

    def press(_n: int) -> int:
        with app.app_context(), system_scope():
            try:
                return result.order_certificates(plan_id=found, approval_no="皖人社秘〔2026〕12号", actor=who)
            except WrongState:
                return 0
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(press, range(4))) == [0, 0, 0, 3]
    run_due(app)
    assert sorted(int(row.number[-6:]) for row in certificates()) == [1, 2, 3]


def test_certificates_wait_for_the_end_of_the_notice_and_for_objections(app: Flask, approved: list[int]) -> None:
    for application_id in approved:
        enter(application_id, Votes(25, 21, 13, 8, 0) if application_id == approved[2] else GOOD)
    with pytest.raises(WrongState, match="没有可以发证"):
        order()
    assert stood(38, -1) == (2, 1)  # ends tomorrow
    with pytest.raises(WrongState, match="公示期满"):
        order()
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE publicity SET ends_on = '{days_ago(1).isoformat()}'")
    convener = make.actor("convener")
    result.object_to(result_id=result_of(approved[1]).id, text="论文非本人所写", actor=convener)
    assert order() == 1
    with pytest.raises(WrongState):
        order()
    result.settle(result_id=result_of(approved[1]).id, upheld=False, reply="经核查，论文为本人所写。", actor=convener)
    assert order() == 1
    run_due(app)
    made = certificates()
    assert [row.application_id for row in made] == approved[:2]
    assert [int(row.number[-6:]) for row in made] == [1, 2]
    assert all(row.file_id for row in made)
    assert {row.approval_no for row in made} == {"皖人社秘〔2026〕12号"}
    assert {row.acquired_on for row in made} == {days_ago(40)}


def test_an_upheld_objection_keeps_the_certificate_back(app: Flask, approved: list[int]) -> None:
    enter(approved[0])
    stood()
    convener = make.actor("convener")
    number = result_of(approved[0]).id
    result.object_to(result_id=number, text="材料不实", actor=convener)
    with pytest.raises(NotFound):
        result.settle(result_id=number, upheld=True, reply="属实", actor=make.actor("issuer"))
    result.settle(result_id=number, upheld=True, reply="属实", actor=convener)
    with pytest.raises(WrongState):
        order()
    with system_scope(), pytest.raises(DomainError, match="不能发证"):
        certificate.issue(application_id=approved[0], actor=SYSTEM)
    assert certificates() == []


def test_a_failed_certificate_is_named_with_its_reason_and_can_be_tried_again(
    app: Flask, client: FlaskClient, login: Login, approved: list[int]
) -> None:
    with db.engine.begin() as connection:
        photo = connection.execute(select(Person.__table__.c.photo_id).limit(1)).scalar()
        connection.execute(update(Person.__table__).where(Person.__table__.c.name == "教师0").values(photo_id=None))
    for application_id in approved:
        enter(application_id)
    stood()
    order()
    run_due(app)
    convener = login(client, "convener")
    page = convener.get(f"/results/{plan_id()}").text
    assert "已生成证书文件 2 本" in page
    assert "教师0" in page
    assert "未上传个人证件照片" in page
    with db.engine.begin() as connection:
        connection.execute(update(Person.__table__).where(Person.__table__.c.name == "教师0").values(photo_id=photo))
    assert convener.post(f"/results/{plan_id()}/retry").status_code == 302
    run_due(app)
    page = convener.get(f"/results/{plan_id()}").text
    assert "已生成证书文件 3 本" in page
    assert "未上传个人证件照片" not in page
    assert sorted(int(row.number[-6:]) for row in certificates()) == [1, 2, 3]


def test_votes_are_entered_and_imported_on_the_page(app: Flask, client: FlaskClient, login: Login, approved: list[int]) -> None:
    convener = login(client, "convener")
    assert "安徽省中小学教师系列高级职称评审委员会" in convener.get("/results/").text
    path = f"/results/{plan_id()}"
    bad = convener.post(f"{path}/vote/{approved[0]}", data={
        "members": "25", "present": "12", "agree": "12", "against": "0", "abstain": "0", "met_on": days_ago(40).isoformat()})
    assert bad.status_code == 422
    assert "二分之一" in bad.text
    assert 'value="12"' in bad.text  # kept
    book = load_workbook(io.BytesIO(convener.get(f"{path}/template").data))
    rows = [list(row) for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
    assert [row[0] for row in rows] == approved
    for row, agree in zip(rows, (18, 10, 30), strict=True):
        row[4:10] = [25, 21, agree, 20 - agree, 1, days_ago(40).isoformat()]
    rows.append([999_999, "外人", "", "", 25, 21, 18, 2, 1, days_ago(40).isoformat(), ""])
    data = write_rows("评审结果", COLUMNS, rows)
    page = convener.post(f"{path}/import", data={"sheet": (io.BytesIO(data), "结果.xlsx")}).text
    assert "成功 2 行，未导入 2 行" in page
    assert "不在本计划中" in page
    assert [result_of(number).outcome for number in approved[:2]] == ["passed", "failed"]
    empty = convener.post(f"{path}/import", data={"sheet": (io.BytesIO(write_rows("评审结果", COLUMNS, [])), "空.xlsx")}, follow_redirects=True)
    assert "文件中没有评审结果" in empty.text
    answer = convener.post(f"{path}/import", data={"sheet": (io.BytesIO(b"no workbook"), "x.xlsx")}, follow_redirects=True)
    assert "文件无法识别" in answer.text
    early = convener.post(f"{path}/publicity", data={
        "starts_on": days_ago(30).isoformat(), "ends_on": days_ago(29).isoformat(), "place": "省厅网站"})
    assert early.status_code == 422
    assert "省厅网站" in early.text
    assert "不能早于今天" in early.text
    assert convener.post(f"{path}/publicity", data={
        "starts_on": days_ago(0).isoformat(), "ends_on": days_ago(-20).isoformat(), "place": "省厅网站"}).status_code == 302
    page = convener.get(path).text
    assert "公布未通过" in page
    with db.engine.begin() as connection:
        connection.execute(update(Publicity.__table__).values(starts_on=days_ago(38), ends_on=days_ago(20)))
    assert convener.post(f"{path}/issue", data={"approval_no": "皖人社秘〔2026〕12号"}).status_code == 302
    run_due(app)
    assert len(certificates()) == 1


def test_the_page_offers_what_can_be_done_now_and_says_for_how_many(
    app: Flask, client: FlaskClient, login: Login, approved: list[int]
) -> None:
    convener, path = login(client, "convener"), f"/results/{plan_id()}"
    page = convener.get(path).text
    assert "确定公示" not in page
    assert "确定发证" not in page
    enter(approved[0])
    enter(approved[1], Votes(25, 21, 13, 8, 0))
    page = convener.get(path).text
    assert "公示通过的 1 人，并向未通过的 1 人公布结果" in page
    assert "还有 1 人没有录入结果" in page
    stood(38, -1)
    assert "确定发证" not in convener.get(path).text, "the notice has not ended"
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE publicity SET ends_on = '{days_ago(1).isoformat()}'")
    assert "批准并签发 1 本职称证书" in convener.get(path).text
    refused = convener.post(f"{path}/issue", data={"approval_no": "长" * 61})
    assert refused.status_code == 422
    assert "不超过 60 字" in refused.text
    assert "长" * 61 in refused.text  # kept
    result.object_to(result_id=result_of(approved[0]).id, text="论文非本人所写", actor=make.actor("convener"))
    assert "确定发证" not in convener.get(path).text, "an objection is being looked into"


def test_the_convener_takes_all_certificates_of_a_plan_in_one_archive(
    app: Flask, client: FlaskClient, login: Login, approved: list[int]
) -> None:
    """Without an e-seal they are printed, stamped by hand and handed out (manual, 个人 五(二)2)."""
    convener = login(client, "convener")
    asked = {"kind": "plan_certificates", "back": f"/results/{plan_id()}"}
    assert convener.post(f"/forms/plan/{plan_id()}", data=asked).location == asked["back"]  # there is none yet
    for application_id in approved[:2]:
        enter(application_id)
    stood()
    order()
    run_due(app)
    assert "下载全部证书" in convener.get(asked["back"]).text
    answer = convener.post(f"/forms/plan/{plan_id()}", data=asked)
    run_due(app)
    page = convener.get(answer.location).text
    assert "2 本职称证书的压缩包" in page
    file = re.search(r"/files/stored/\d+", page)
    assert file
    with zipfile.ZipFile(io.BytesIO(convener.get(file[0]).data)) as archive:
        assert [name[5:] for name in archive.namelist()] == [f"{row.number}-{row.holder_name}.pdf" for row in certificates()]
        assert all(archive.read(name).startswith(b"%PDF") for name in archive.namelist())
    for stranger in ("unit", "issuer", "applicant"):
        assert login(client, stranger).get(file[0]).status_code == 404


def test_other_conveners_and_roles_find_nothing(app: Flask, client: FlaskClient, login: Login, approved: list[int]) -> None:
    path = f"/results/{plan_id()}"
    for name in ("unit", "hr", "issuer", "applicant"):
        assert login(client, name).get(path).status_code == 403, name
    with db.engine.begin() as connection:
        other = unit("合肥市教育局")
        connection.execute(update(Account.__table__).where(Account.__table__.c.username == "convener").values(organization_id=other))
    convener = login(client, "convener")
    assert convener.get(path).status_code == 404
    assert convener.post(f"{path}/issue", data={"approval_no": "x"}, follow_redirects=False).status_code == 404
