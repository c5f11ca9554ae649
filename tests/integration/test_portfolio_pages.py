"""The pages of 个人业绩库 and 业绩档案: what is kept, what is shown to whom, and how many statements a page costs."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from pypdf import PdfWriter
from sqlalchemy import event, select, update

from app.actor import Actor
from app.extensions import db
from app.scope import system_scope
from app.services import achievement, review
from models.achievement import Achievement, AchievementCategory, AchievementKind, AchievementKindVersion
from models.base import utcnow
from models.case import Task
from models.person import Employment
from tests.factories import person as people
from tests.factories.rows import save

FIELDS = [
    {"key": "unit_name", "label": "工作单位", "type": "text", "required": True, "max_len": 100},
    {"key": "start_date", "label": "开始日期", "type": "date", "required": True},
    {"key": "end_date", "label": "结束日期", "type": "date", "gte": "start_date"},
    {"key": "to_present", "label": "至今", "type": "bool", "excludes": "end_date"},
    {"key": "description", "label": "主要工作内容", "type": "textarea", "max_len": 500},
    {"key": "link", "label": "网址", "type": "url"},
    {"key": "attachments", "label": "聘书", "type": "files", "accept": ["pdf"], "max_count": 2},
]
FILLED = {"f_unit_name": "合肥八中", "f_start_date": "2015-03-04", "f_to_present": "y"}


class Place:
    """A unit with an administrator, and a person it has confirmed."""

    def __init__(self) -> None:
        self.unit = people.unit("unit", name="合肥市第八中学")
        self.person_id = people.person("applicant", organization_id=self.unit.id, name="李明")
        save(Employment(person_id=self.person_id, organization_id=self.unit.id, kind="registration", state="approved"))
        category = save(AchievementCategory(code="basic", name="基本信息"))
        self.kind_id = save(AchievementKind(code="work_experience", name="工作经历", category_id=category))
        self.version_id = save(AchievementKindVersion(
            kind_id=self.kind_id, number=1, fields=FIELDS, list_columns=["unit_name", "date_range"]
        ))

    def actor(self, username: str = "applicant") -> Actor:
        if username == "applicant":
            return Actor(user_id(username), "李明", person_id=self.person_id, roles=frozenset({"Applicant"}))
        return Actor(user_id(username), "管理员", organization_id=self.unit.id, roles=frozenset({"Employer"}))

    def item(self, state: str = "draft", summary: str = "合肥八中", person_id: int | None = None) -> int:
        """A row without a case; for lists."""
        return save(Achievement(
            person_id=person_id or self.person_id, organization_id=None if state == "draft" else self.unit.id,
            kind_id=self.kind_id, kind_version_id=self.version_id, summary=summary, state=state,
            data={"unit_name": summary, "start_date": "2015-03-04", "to_present": True},
            submitted_at=None if state == "draft" else utcnow(),
        ))

    def submitted(self) -> int:
        actor = self.actor()
        with system_scope():
            number = achievement.create(
                kind_code="work_experience", values={"unit_name": "合肥八中", "start_date": "2015-03-04"}, actor=actor
            )
            achievement.submit(achievement_id=number, version=1, actor=actor)
        return number

    def task(self, achievement_id: int) -> int:
        db.session.rollback()
        table = Task.__table__
        return int(db.session.execute(
            select(table.c.id).where(table.c.subject_id == achievement_id, table.c.state == "open")
        ).scalar_one())


def user_id(username: str) -> int:
    from models.account import Account

    table = Account.__table__
    return int(db.session.execute(select(table.c.id).where(table.c.username == username)).scalar_one())


@pytest.fixture
def place(app: Any) -> Place:
    return Place()


@pytest.fixture
def me(place: Place, client: FlaskClient, login: Callable[..., FlaskClient]) -> FlaskClient:
    return login(client, "applicant")


@pytest.fixture
def unit(place: Place, app: Any, login: Callable[..., FlaskClient]) -> FlaskClient:
    return login(app.test_client(), "unit")


def row(achievement_id: int) -> Any:
    db.session.rollback()
    table = Achievement.__table__
    return db.session.execute(select(table).where(table.c.id == achievement_id)).one()


def only() -> Any:
    db.session.rollback()
    return db.session.execute(select(Achievement.__table__)).one()


def pdf(name: str = "聘书.pdf") -> tuple[io.BytesIO, str]:
    stream, document = io.BytesIO(), PdfWriter()
    document.add_blank_page(100, 100)
    document.write(stream)
    stream.seek(0)
    return stream, name


def body(answer: Any) -> str:
    return answer.get_data(as_text=True)


def test_the_first_page_counts_by_state_and_kind_and_says_the_three_points(me: FlaskClient, place: Place) -> None:
    place.item()
    place.item("approved")
    text = body(me.get("/portfolio/"))
    for said in ("涉密敏感材料不可上传系统", "通过用人单位审核的业绩项方可作为职称申报的内容", "可自行撤回", "统计时间", "我的业绩库数据统计"):
        assert said in text
    assert re.search(r'工作经历</a><b class="num">2</b>', text)


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


def test_units_and_persons_have_their_own_pages_only(me: FlaskClient, unit: FlaskClient) -> None:
    assert me.get("/unit/achievements/").status_code in (302, 403)
    assert "工作经历" not in body(me.get("/unit/achievements/"))
    assert unit.get("/portfolio/").status_code in (302, 403)


def test_the_units_tree_counts_all_and_decided(unit: FlaskClient, place: Place) -> None:
    for state in ("draft", "reviewing", "approved", "approved", "returned"):
        place.item(state)
    text = body(unit.get("/unit/achievements/"))
    assert "工作经历（4/3）" in text
    page = body(unit.get("/unit/achievements/kind/work_experience/"))
    for label, number in (("全部", 4), ("审核中", 1), ("审核通过", 2), ("退回", 1)):
        assert re.search(rf"{label} <span class=\"count\">\({number}\)</span>", page), label


def test_the_unit_searches_and_drafts_are_never_found(unit: FlaskClient, place: Place) -> None:
    place.item("approved", "希望小学")
    place.item("draft", "草稿小学")
    place.item("approved", "合肥八中")
    text = body(unit.get("/unit/achievements/kind/work_experience/?q=小学"))
    assert "希望小学" in text
    assert "草稿小学" not in text
    assert "2015-03-04 至今" in text
    assert text.count("<td class=\"nowrap\" data-l=\"申报人\">李明</td>") == 1


def test_another_unit_sees_nothing(place: Place, app: Any, login: Callable[..., FlaskClient]) -> None:
    number = place.item("approved", "绝密内容")
    people.unit("foreign", name="别的单位")
    foreign = login(app.test_client(), "foreign")
    assert foreign.get(f"/unit/achievements/{number}/").status_code == 404
    for path in ("", "kind/work_experience/", "kind/work_experience/?q=绝密"):
        assert "<td data-l=\"工作单位\">绝密内容" not in body(foreign.get(f"/unit/achievements/{path}"))


def test_the_unit_reviews_with_details_flow_and_evidence_and_the_next_item_opens(
    unit: FlaskClient, me: FlaskClient, place: Place
) -> None:
    older, newer = place.submitted(), place.submitted()
    page = body(unit.get(f"/unit/achievements/{newer}/"))
    for said in ("详情", "流程", "佐证材料", "合肥八中", "李明", "通过", "退回"):
        assert said in page
    back = re.search(r'name="back" value="([^"]+)"', page)
    assert back is not None
    assert back.group(1) == f"/unit/achievements/{older}/"
    answer = unit.post(f"/tasks/{place.task(newer)}/approve/", data={"opinion": "", "back": back.group(1)})
    assert answer.headers["Location"].endswith(f"/unit/achievements/{older}/")
    assert row(newer).state == "approved"
    assert "单位审核" in body(unit.get(f"/unit/achievements/{newer}/?view=flow"))
    assert "撤回审核" in body(unit.get(f"/unit/achievements/{newer}/"))


def test_ticked_items_are_approved_together_each_with_a_result(unit: FlaskClient, place: Place) -> None:
    numbers = [place.submitted() for _ in range(3)]
    page = body(unit.get("/unit/achievements/kind/work_experience/?tab=reviewing"))
    ticked = re.findall(r'name="rowid" value="(\d+)"', page)
    assert len(ticked) == 3
    assert "李明 合肥八中" in page
    answer = unit.post("/tasks/batch/", data={"rowid": ticked[:2], "action": "approve", "opinion_approve": "同意"})
    assert "成功 2 条" in body(answer)
    assert sorted(row(number).state for number in numbers) == ["approved", "approved", "reviewing"]


def test_with_several_administrators_items_are_claimed_before_they_are_reviewed(unit: FlaskClient, place: Place) -> None:
    number = place.submitted()
    people.account("unit2", role="Employer", organization_id=place.unit.id, name="吴刚")
    page = body(unit.get("/unit/achievements/kind/work_experience/"))
    assert "领取" in page
    unit.post(f"/tasks/{place.task(number)}/claim/")
    assert "批量审核" in body(unit.get("/unit/achievements/kind/work_experience/"))
    db.session.execute(update(Task.__table__).values(claimed_by=user_id("unit2")))
    db.session.commit()
    page = body(unit.get("/unit/achievements/kind/work_experience/"))
    assert "已由吴刚领取" in page
    assert 'name="rowid"' not in page


def test_everything_typed_is_escaped_and_only_web_addresses_become_links(me: FlaskClient, unit: FlaskClient, place: Place) -> None:
    canary = "<img src=x onerror=alert(1)>"
    answer = me.post("/portfolio/kind/work_experience/new/", data={
        **FILLED, "f_unit_name": canary, "f_description": canary, "f_link": "https://a.cn/?a=\"><b>", "action": "submit",
    })
    assert answer.status_code == 302
    number = only().id
    for client, path in (
        (me, "/portfolio/kind/work_experience/"), (me, f"/portfolio/{number}/"),
        (unit, "/unit/achievements/kind/work_experience/"), (unit, f"/unit/achievements/{number}/"),
    ):
        text = body(client.get(path))
        assert canary not in text
        assert "&lt;img src=x" in text
    assert 'href="https://a.cn/?a=&#34;&gt;&lt;b&gt;"' in text


@pytest.mark.parametrize("path", [
    "/portfolio/", "/portfolio/kind/work_experience/", "/unit/achievements/", "/unit/achievements/kind/work_experience/",
    "/unit/achievements/{}/", "/portfolio/{}/",
])
def test_a_page_costs_at_most_fifteen_statements_however_many_rows(
    path: str, me: FlaskClient, unit: FlaskClient, place: Place
) -> None:
    number = place.submitted()
    client = unit if path.startswith("/unit") else me
    seen: list[str] = []

    def count() -> int:
        seen.clear()
        assert client.get(path.format(number)).status_code == 200
        return len(seen)

    def listen(*arguments: Any) -> None:
        seen.append(arguments[2])

    count()
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        few = count()
        assert few <= 15, "\n".join(seen)
        for _ in range(4):
            place.submitted()
            place.item("returned")
        assert count() <= few + 1  # the opinions of returned items
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)


@pytest.mark.parametrize("query", ["before=x", "after=-1", "before=99999999999999999999", "tab=nothing", "q=%25", "q=" + "长" * 300])
def test_odd_addresses_are_harmless(query: str, me: FlaskClient, unit: FlaskClient, place: Place) -> None:
    place.item("approved")
    assert me.get(f"/portfolio/kind/work_experience/?{query}").status_code == 200
    assert unit.get(f"/unit/achievements/kind/work_experience/?{query}").status_code == 200
    assert me.get("/portfolio/kind/nothing/").status_code == 404
    assert unit.get("/unit/achievements/kind/nothing/").status_code == 404


def shipped_kinds() -> list[dict[str, Any]]:
    folder = Path(__file__).parents[2] / "app/refdata/data/achievements"
    return [kind for path in sorted(folder.glob("*.yaml")) for kind in yaml.safe_load(path.read_text("utf-8"))]


def test_every_shipped_kind_has_a_form_with_all_its_fields_that_asks_for_all_that_is_required(
    me: FlaskClient, place: Place
) -> None:
    category = save(AchievementCategory(code="all", name="全部类别"))
    kinds = shipped_kinds()
    assert len(kinds) == 22
    for kind in kinds:
        if kind["code"] == "work_experience":
            continue
        kind_id = save(AchievementKind(code=kind["code"], name=kind["name"], category_id=category))
        save(AchievementKindVersion(kind_id=kind_id, number=1, fields=kind["fields"], list_columns=kind["list_columns"]))
        address = f"/portfolio/kind/{kind['code']}/new/"
        page = body(me.get(address))
        for field in kind["fields"]:
            if field["type"] != "computed":
                assert field["label"] in page, (kind["code"], field["key"])
        assert 'style="' not in page
        refused = me.post(address, data={"action": "submit"})
        assert refused.status_code == 422
        for field in kind["fields"]:
            if field.get("required"):
                assert f"“{field['label']}”。" in body(refused), (kind["code"], field["key"])


def test_staff_cannot_save_a_definition_that_the_forms_could_not_read(
    place: Place, app: Any, login: Callable[..., FlaskClient]
) -> None:
    people.account("admin", role="Admin")
    staff = login(app.test_client(), "admin")
    fields = [{"key": "x", "label": "名称", "type": "html"}]
    data = {"kind": str(place.kind_id), "number": "2", "list_columns": '["x"]', "fields": json.dumps(fields)}
    assert "类型“html”不存在" in body(staff.post("/achievementkindversionview/add", data=data))
    fields[0]["type"] = "text"
    staff.post("/achievementkindversionview/add", data={**data, "fields": json.dumps(fields)})
    db.session.rollback()
    table = AchievementKindVersion.__table__
    assert db.session.scalar(select(table.c.fields).where(table.c.number == 2)) == fields
