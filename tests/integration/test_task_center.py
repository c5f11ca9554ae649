"""任务中心 beyond deciding: 移交, 代办, 常用筛选, due dates; 解除终止; 申报情况 as Excel; 统计."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from app.errors import Invalid, NotAllowed, NotFound, WrongState
from app.extensions import db
from app.queries.inbox import inbox_of, tab_counts
from app.queries.worklist import due_dates, tasks_page
from app.rules import deadlines
from app.services import appeal, application, review, saved_view, substitution, termination
from app.transaction import current_session
from models.application import Application
from models.case import Task
from models.saved_view import SavedView
from models.setting import Setting
from models.substitution import Substitution
from tests.factories import teacher_world as make
from tests.factories.rows import save
from tests.factories.templates import submitted_template
from tests.factories.unit_world import count_statements


@pytest.fixture(scope="session")
def template(application, store):
    return submitted_template(application, store, "applicant2")


def task(login="applicant"):
    current_session().rollback()
    table = Task.__table__
    return current_session().execute(select(table).where(
        table.c.person_id == make.actor(login).person_id, table.c.subject_type == "application",
    ).order_by(table.c.id.desc())).first()


def counts(login):
    current_session().rollback()
    inbox = inbox_of(current_session(), make.actor(login))
    found = tab_counts(inbox)
    return found["todo"], found["unclaimed"], len(tasks_page(current_session(), inbox, tab="todo").rows)


# 移交

def test_a_claimed_task_goes_to_the_colleague_with_its_counts(app):
    one, two = make.actor("unit"), make.actor("unit2")
    review.claim(task_id=task().id, actor=one)
    assert (counts("unit"), counts("unit2")) == ((1, 1, 1), (0, 1, 0))
    review.hand_over(task_id=task().id, to=two.user_id, actor=one)
    assert (counts("unit"), counts("unit2")) == ((0, 1, 0), (1, 1, 1))
    with pytest.raises(WrongState, match="其他管理员领取"):
        review.return_(task_id=task().id, actor=one, opinion="补充")
    assert review.return_(task_id=task().id, actor=two, opinion="补充").event == "returned"


def test_only_ones_own_claim_is_handed_over_and_only_to_a_colleague(app):
    one, two = make.actor("unit"), make.actor("unit2")
    with pytest.raises(WrongState, match="已领取"):
        review.hand_over(task_id=task().id, to=two.user_id, actor=one)
    review.claim(task_id=task().id, actor=one)
    for to in (one.user_id, make.actor("department").user_id, 10**9):
        with pytest.raises(Invalid, match="其他管理员"):
            review.hand_over(task_id=task().id, to=to, actor=one)
    with pytest.raises(NotFound):
        review.hand_over(task_id=task().id, to=two.user_id, actor=make.actor("department"))
    with pytest.raises(WrongState, match="已领取"):
        review.hand_over(task_id=task().id, to=one.user_id, actor=two)


def test_a_batch_hands_over_and_reports_each(app):
    one, two = make.actor("unit"), make.actor("unit2")
    review.claim(task_id=task().id, actor=one)
    results = review.decide_batch(task_ids=[task().id, task("applicant2").id], action="hand_over", actor=one, to=two.user_id)
    assert [result.ok for result in results] == [True, False]
    assert counts("unit2")[0] == 1


def test_the_batch_buttons_of_a_shared_inbox_reach_the_colleague_and_the_pile(app, login):
    one, two = make.actor("unit"), make.actor("unit2")
    client = login(app.test_client(), "unit")
    assert "批量移交" not in client.get("/tasks/?tab=todo").text  # nothing is claimed
    for name in ("applicant", "applicant2"):
        review.claim(task_id=task(name).id, actor=one)
    page = client.get("/tasks/?tab=todo").text
    assert "批量移交" in page
    assert f'<option value="{two.user_id}">' in page
    answer = client.post("/tasks/batch/", data={
        "action": "hand_over", "to": two.user_id, "rowid": [task().id, 10**9], "back": "/reviews/?tab=todo"})
    assert answer.text.count("未办理") >= 1
    assert 'href="/reviews/?tab=todo"' in answer.text
    assert (task().claimed_by, counts("unit2")[0]) == (two.user_id, 1)
    assert "请选择本单位的其他管理员" in client.post(
        "/tasks/batch/", data={"action": "hand_over", "rowid": [task("applicant2").id]}).text
    client.post("/tasks/batch/", data={"action": "release", "rowid": [task("applicant2").id]})
    assert task("applicant2").claimed_by is None


def badge(client, path):
    found = re.search(r'href="/tasks/"[^<]*<span class="badge">(\d+)', re.sub(r"\s+", " ", client.get(path).text))
    return int(found.group(1)) if found else 0


def test_the_badge_counts_the_same_on_every_page(app, login):
    review.claim(task_id=task().id, actor=make.actor("unit"))
    appointed()
    for name, waiting in (("unit", 2), ("unit2", 2), ("department", 0)):  # one claimed, or stood in for; one unclaimed
        client = login(app.test_client(), name)
        assert {path: badge(client, path) for path in ("/tasks/", "/home/", "/reviews/", "/opinions/", "/notifications/")} == dict.fromkeys(
            ("/tasks/", "/home/", "/reviews/", "/opinions/", "/notifications/"), waiting), name


def test_a_list_costs_five_statements_however_many_tasks_there_are(app, login):
    client = login(app.test_client(), "unit")
    for path in ("/tasks/?tab=unclaimed", "/tasks/?tab=todo", "/tasks/?tab=decided"):
        client.get(path)
        assert count_statements(lambda path=path: client.get(path)) == 5


# 代办

def appointed(**more):
    today = deadlines.today()
    return substitution.appoint(**{
        "substitute_id": make.actor("unit2").user_id, "begins_on": today, "ends_on": today, "actor": make.actor("unit")} | more)


def test_a_substitute_decides_what_the_colleague_claimed_on_those_days_only(app):
    one, two = make.actor("unit"), make.actor("unit2")
    review.claim(task_id=task().id, actor=one)
    made = appointed(begins_on=deadlines.today() + dt.timedelta(1), ends_on=deadlines.today() + dt.timedelta(3))
    assert counts("unit2") == (0, 1, 0)
    with pytest.raises(WrongState, match="其他管理员领取"):
        review.return_(task_id=task().id, actor=two, opinion="补充")
    substitution.call_off(substitution_id=made, actor=one)
    appointed()
    assert counts("unit2") == (1, 1, 1)
    assert review.return_(task_id=task().id, actor=two, opinion="补充").event == "returned"
    assert task().decided_by == two.user_id
    assert counts("unit") == (0, 1, 0)


def test_a_substitution_called_off_holds_no_longer(app):
    one, two = make.actor("unit"), make.actor("unit2")
    review.claim(task_id=task().id, actor=one)
    made = appointed()
    with pytest.raises(NotFound):
        substitution.call_off(substitution_id=made, actor=two)
    substitution.call_off(substitution_id=made, actor=one)
    with pytest.raises(WrongState, match="已经结束"):
        substitution.call_off(substitution_id=made, actor=one)
    with pytest.raises(WrongState, match="其他管理员领取"):
        review.return_(task_id=task().id, actor=two, opinion="补充")


@pytest.mark.parametrize(("more", "field"), [
    ({"substitute_id": None}, "substitute_id"), ({"ends_on": None}, "ends_on"), ({"ends_on": dt.date(2020, 1, 1)}, "ends_on"),
    ({"ends_on": dt.date(2036, 1, 1)}, "ends_on"), ({"substitute_id": 10**9}, "substitute_id"),
])
def test_what_makes_no_substitution_is_refused(app, more, field):
    with pytest.raises(Invalid) as refused:
        appointed(**more)
    assert field in refused.value.fields


def test_somebody_of_another_unit_is_no_substitute(app):
    with pytest.raises(Invalid, match="本单位"):
        appointed(substitute_id=make.actor("department").user_id)
    current_session().rollback()
    assert current_session().execute(select(Substitution.__table__)).all() == []


# Due dates

def test_a_task_is_due_so_many_working_days_after_it_arrived(app):
    with db.engine.begin() as connection:
        connection.execute(update(Task.__table__).values(arrived_at=dt.datetime(2026, 3, 6, 1, tzinfo=dt.UTC)))  # a Friday
        connection.execute(update(Setting.__table__).where(Setting.__table__.c.key == "review.due_days").values(
            value={"employer": 2}))
    page = tasks_page(current_session(), inbox_of(current_session(), make.actor("unit")), tab="unclaimed")
    due = due_dates(current_session(), page.rows)
    assert {day for day, _tone in due.values()} == {dt.date(2026, 3, 10)}
    assert {tone for _day, tone in due.values()} == {"bad"}


# 常用筛选

def test_filters_are_kept_under_a_name_of_ones_own(app, client, login):
    login(client, "unit")
    client.post("/tasks/views/", data={"page": "tasks", "name": "急件", "f_tab": "unclaimed", "f_q": "李明", "f_evil": "x"})
    page = client.get("/tasks/").text
    assert "急件" in page
    assert "q=%E6%9D%8E%E6%98%8E" in page
    row = current_session().execute(select(SavedView.__table__)).one()
    assert row.filters == {"tab": "unclaimed", "q": "李明"}
    current_session().rollback()
    with pytest.raises(NotFound):
        saved_view.forget(view_id=row.id, actor=make.actor("unit2"))
    client.post(f"/tasks/views/{row.id}/delete/")
    assert "急件" not in client.get("/tasks/").text
    with pytest.raises(Invalid, match="名称"):
        saved_view.keep(page="tasks", name=" ", filters={"q": "x"}, actor=make.actor("unit"))
    for number in range(saved_view.MOST):
        save(SavedView(user_id=make.actor("unit").user_id, page="tasks", name=str(number), filters={"q": "x"}))
    with pytest.raises(Invalid, match="最多保存"):
        saved_view.keep(page="tasks", name="再一个", filters={"q": "x"}, actor=make.actor("unit"))


# 解除终止

def terminated():
    one = make.actor("unit")
    review.claim(task_id=task().id, actor=one)
    review.terminate(task_id=task().id, actor=one, opinion="虚假")
    return task().subject_id


def test_a_termination_bars_the_year_until_operations_lift_it(app):
    from app.queries.plan import plan_page
    from app.queries.plan_standing import standing_of

    who = make.actor("applicant")
    application_id = terminated()
    engineer = plan_page(current_session(), make.engineer_plan())
    assert "已被终止，本年度不能再申报。如认为终止有误" in standing_of(current_session(), engineer, who).barrier
    current_session().rollback()
    for login in ("unit", "applicant", "convener"):
        with pytest.raises(NotAllowed):
            termination.lift(application_id=application_id, reason="误操作", actor=make.actor(login))
    with pytest.raises(Invalid, match="原因"):
        termination.lift(application_id=application_id, reason=" ", actor=platform())
    termination.lift(application_id=application_id, reason="单位误操作，已核实", actor=platform())
    assert standing_of(current_session(), engineer, who).barrier == ""
    current_session().rollback()
    with pytest.raises(WrongState, match="已终止"):
        termination.lift(application_id=application_id, reason="再来", actor=platform())
    with pytest.raises(WrongState, match="曾经提交"):
        application.delete_draft(application_id=application_id, actor=who)


def platform():
    import dataclasses

    return dataclasses.replace(make.actor("ops"), roles=frozenset({"Ops"}))


def test_the_applicant_reads_whom_to_ask_about_a_termination_and_is_offered_no_appeal(app, client, login):
    application_id = terminated()
    login(client, "applicant")
    page = client.get("/applications/").text
    assert "如认为终止有误，请联系“合肥市第八中学”核实" in page
    assert "申请复查" not in page.replace("不能申请复查", "")
    assert client.get(f"/appeals/new?ground=result&subject={application_id}").status_code == 404
    with pytest.raises(NotFound):
        appeal.submit(ground="result", subject_id=application_id, reason="单位核对材料有误，请求复查。", actor=make.actor("applicant"))


def test_operations_lift_it_on_their_page(app, client, login):
    application_id = terminated()
    login(client, "ops")
    page = client.get("/terminations/?q=李明").text
    assert f"/terminations/{application_id}/lift/" in page
    client.post(f"/terminations/{application_id}/lift/", data={"reason": "误操作"})
    assert current_session().execute(
        select(Application.__table__.c.state).where(Application.__table__.c.id == application_id)).scalar_one() == "editing"


# Lists

def test_the_list_leaves_as_excel_with_its_filters(app, client, login):
    login(client, "unit")
    answer = client.post("/reviews/export/?tab=all")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    names = {row[2] for row in cells if isinstance(row[0], int) or str(row[0]).isdecimal()}
    assert names == {"李明", "王芳"}
    assert "流程节点" in next(row for row in cells if row[0] == "序号")
    answer = client.post("/reviews/export/?tab=all&q=李明")
    cells = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(answer.data)).active.iter_rows()]
    assert not [row for row in cells if "王芳" in row]


def test_lists_narrow_by_node_and_year(app, client, login):
    login(client, "unit")
    assert "李明" in client.get(f"/reviews/?tab=all&node=employer&plan_year={deadlines.today().year}").text
    for query in ("node=convener", "plan_year=2001"):
        assert "没有符合条件的申报" in client.get(f"/reviews/?tab=all&{query}").text
    assert "没有" in client.get("/tasks/?tab=unclaimed&node=convener").text


def test_the_statistics_count_what_came_here(app, client, login):
    login(client, "unit")
    page = client.get("/reviews/statistics/").text
    for words in ("按评审计划", "按申报级别", "审核中的申报按当前节点", "本单位待审核的申报按等待时间", "共 2 件", "<svg"):
        assert words in page
    answer = client.get(f"/reviews/statistics/{deadlines.today().year}.xlsx")
    cells = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(answer.data)).active.iter_rows()]
    assert next(row for row in cells if row[:2] == ["按申报级别", "副高级"])[2] in (2, "2")
    login(client, "department")
    assert "该年度还没有申报" in client.get("/reviews/statistics/").text
