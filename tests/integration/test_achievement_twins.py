"""The same achievement twice, copies, drafts kept while typing, several submitted at once, remarks at single fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.actor import Actor
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.extensions import db
from app.queries.achievement_key import own_twins, unit_twins
from app.scope import system_scope
from app.services import achievement, achievement_review, review
from models.achievement import (
    Achievement,
    AchievementCategory,
    AchievementKey,
    AchievementKind,
    AchievementKindVersion,
    AchievementRemark,
)
from models.case import Task
from models.person import Employment
from tests.factories import person as people
from tests.factories.rows import save

Login = Callable[[FlaskClient, str], FlaskClient]
FIELDS = [
    {"key": "title", "label": "题目", "type": "text", "required": True, "max_len": 50},
    {"key": "publish_date", "label": "发表日期", "type": "month"},
    {"key": "doi", "label": "DOI", "type": "text", "max_len": 100},
]
_achievement, _key, _task = Achievement.__table__, AchievementKey.__table__, Task.__table__


class Place:
    def __init__(self) -> None:
        self.unit = people.unit("unit")
        self.reviewer = Actor(self.unit.user_id, "管理员", organization_id=self.unit.id, roles=frozenset({"Employer"}))
        category = save(AchievementCategory(code="academic", name="论文"))
        self.kind_id = save(AchievementKind(
            code="paper", name="论文发表情况", category_id=category, duplicate_keys=[{"scheme": "doi", "fields": ["doi"]}]
        ))
        save(AchievementKindVersion(kind_id=self.kind_id, number=1, fields=FIELDS, list_columns=["title"]))
        self.me, self.colleague = self.person("applicant", "李明"), self.person("colleague", "王芳")

    def person(self, username: str, name: str) -> Actor:
        person_id = people.person(username, organization_id=self.unit.id, name=name)
        save(Employment(person_id=person_id, organization_id=self.unit.id, kind="registration", state="approved"))
        table = people.Person.__table__
        user_id = db.session.scalar(select(table.c.user_id).where(table.c.id == person_id))
        db.session.rollback()
        return Actor(user_id, name, person_id=person_id, roles=frozenset({"Applicant"}))

    def draft(self, title: str = "力学", doi: str = "10.1/X", actor: Actor | None = None) -> int:
        with system_scope():
            return achievement.create(
                kind_code="paper", values={"title": title, "doi": doi}, actor=actor or self.me
            )

    def submit(self, item: int, actor: Actor | None = None) -> int:
        with system_scope():
            achievement.submit(achievement_id=item, version=None, actor=actor or self.me)
        return self.task(item)

    def task(self, item: int) -> int:
        db.session.rollback()
        return int(db.session.scalar(select(_task.c.id).where(
            _task.c.subject_id == item, _task.c.state == "open").order_by(_task.c.id.desc())))


@pytest.fixture
def place(app: Flask) -> Place:
    return Place()


def row(item: int) -> Any:
    db.session.rollback()
    return db.session.execute(select(_achievement).where(_achievement.c.id == item)).one()


def submitted_keys() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(_key.c.achievement_id).where(_key.c.is_submitted).order_by(_key.c.id)))


def test_a_person_does_not_submit_the_same_twice(place: Place) -> None:
    first, second = place.draft(), place.draft("力学（二）", "https://doi.org/10.1/x")
    task = place.submit(first)
    with pytest.raises(Invalid) as error:
        place.submit(second)
    assert error.value.fields == {"doi": "与您的“论文发表情况：力学”的DOI相同，同一业绩请勿重复提交。"}
    assert row(second).state == "draft"
    with system_scope():
        review.approve(task_id=task, actor=place.reviewer)
    with pytest.raises(Invalid):
        place.submit(second)
    with system_scope():
        achievement.withdraw(achievement_id=first, actor=place.me)
    place.submit(second)
    assert submitted_keys() == [second]


@pytest.mark.parametrize("way", ["returned", "withdrawn"])
def test_what_comes_back_no_longer_stands_in_the_way(place: Place, way: str) -> None:
    first, second = place.draft(), place.draft()
    task = place.submit(first)
    with system_scope():
        if way == "returned":
            review.return_(task_id=task, actor=place.reviewer, opinion="请补充")
        else:
            achievement.withdraw(achievement_id=first, actor=place.me)
    place.submit(second)
    with pytest.raises(Invalid):
        place.submit(first)


def test_the_database_holds_it_between_two_tabs(place: Place) -> None:
    place.submit(place.draft())
    other = place.draft()
    with pytest.raises(IntegrityError):
        db.session.execute(_key.update().where(_key.c.achievement_id == other).values(is_submitted=True))
    db.session.rollback()


def test_a_colleague_with_the_same_is_only_pointed_out(
    place: Place, client: FlaskClient, login: Login, app: Flask
) -> None:
    mine, theirs = place.draft(), place.draft("力学", "doi:10.1/x", place.colleague)
    place.submit(mine)
    place.submit(theirs, place.colleague)
    keys = ["doi:10.1/x"]
    assert [t.person for t in unit_twins(
        db.session(), organization_id=place.unit.id, person_id=place.me.person_id or 0, keys=keys)] == ["王芳"]
    login(client, "unit")
    page = client.get(f"/unit/achievements/{mine}/").text
    assert "可能重复" in page
    assert f"/unit/achievements/{theirs}/" in page
    person = login(app.test_client(), "applicant")
    assert "王芳" not in person.get(f"/portfolio/{mine}/").text, "persons are told of their own only"


def test_changing_and_deleting_keeps_the_keys_in_step(place: Place) -> None:
    item = place.draft()
    with system_scope():
        achievement.save(achievement_id=item, version=1, values={"title": "力学", "doi": "10.1/new"}, actor=place.me)
    assert list(db.session.scalars(select(_key.c.key))) == ["doi:10.1/new"]
    with system_scope():
        achievement.delete(achievement_id=item, actor=place.me)
    assert list(db.session.scalars(select(_key.c.key))) == []


def test_own_twins_are_shown_while_writing(place: Place, client: FlaskClient, login: Login) -> None:
    first, second = place.draft(), place.draft("力学（二）")
    assert [t.achievement_id for t in own_twins(
        db.session(), person_id=place.me.person_id or 0, keys=["doi:10.1/x"], besides=second)] == [first]
    login(client, "applicant")
    assert "可能重复" in client.get(f"/portfolio/{second}/edit/").text


def test_a_copy_is_a_draft_of_ones_own(place: Place, client: FlaskClient, login: Login) -> None:
    item = place.draft()
    place.submit(item)
    with system_scope():
        new = achievement.copy(achievement_id=item, actor=place.me)
        with pytest.raises(NotFound):
            achievement.copy(achievement_id=item, actor=place.colleague)
    assert (row(new).state, row(new).data, row(new).version) == ("draft", row(item).data, 1)
    login(client, "applicant")
    assert client.post(f"/portfolio/{item}/copy/").status_code == 302
    login(client, "colleague")
    assert client.post(f"/portfolio/{item}/copy/").status_code == 404


def test_a_draft_is_kept_while_it_is_typed(place: Place, client: FlaskClient, login: Login) -> None:
    login(client, "applicant")
    json = {"Accept": "application/json"}
    first = client.post("/portfolio/kind/paper/new/autosave", headers=json, data={
        "f_title": "热学", "f_publish_date": "2020-1", "f_doi": "", "version": "",
    })
    assert first.status_code == 200
    told = first.get_json()
    item = row(int(told["address"].split("/")[2]))
    assert (item.data, item.state) == ({"title": "热学", "publish_date": "2020-01"}, "draft")
    second = client.post(told["autosave"], headers=json, data={
        "f_title": "热学二", "f_publish_date": "2020-13", "f_doi": "", "version": told["version"],
    }).get_json()
    assert list(second["errors"]) == ["f_publish_date"]
    assert row(item.id).data == {"title": "热学二", "publish_date": "2020-01"}, "what does not hold stays as it was"
    late = client.post(told["autosave"], headers=json, data={"f_title": "另一页", "version": told["version"]})
    assert late.status_code == 409
    assert row(item.id).data["title"] == "热学二"
    login(client, "colleague")
    assert client.post(told["autosave"], headers=json, data={"f_title": "别人"}).status_code == 404


def test_what_is_submitted_is_not_autosaved(place: Place) -> None:
    item = place.draft()
    place.submit(item)
    with system_scope(), pytest.raises(WrongState):
        achievement.autosave(achievement_id=item, version=2, values={"title": "改"}, actor=place.me)
    with system_scope(), pytest.raises(NotFound):
        achievement.autosave(achievement_id=item, version=2, values={"title": "改"}, actor=place.colleague)


def test_an_expired_sign_in_is_told_to_the_script(place: Place, client: FlaskClient) -> None:
    answer = client.post(f"/portfolio/{place.draft()}/autosave", headers={"Accept": "application/json"}, data={})
    assert answer.status_code == 401


def test_several_are_submitted_each_with_its_result(place: Place, client: FlaskClient, login: Login) -> None:
    login(client, "applicant")
    whole, lacking = place.draft("力学"), place.draft("", "")
    page = client.post("/portfolio/kind/paper/submit/", data={"rowid": [str(whole), str(lacking)]}).text
    assert "已提交 1 条，未提交 1 条" in page
    assert "请填写“题目”。" in page
    assert (row(whole).state, row(lacking).state) == ("reviewing", "draft")
    login(client, "colleague")
    assert client.post("/portfolio/kind/paper/submit/", data={"rowid": str(lacking)}).status_code == 404


def test_the_list_is_narrowed_by_state_and_text(place: Place, client: FlaskClient, login: Login) -> None:
    place.submit(place.draft("力学"))
    place.draft("热学", "10.1/y")
    login(client, "applicant")
    assert "热学" not in client.get("/portfolio/kind/paper/?state=reviewing").text
    page = client.get("/portfolio/kind/paper/?q=热").text
    assert "热学" in page
    assert ">力学<" not in page


# -- the unit: remarks at fields, all kinds at once


def test_reasons_stand_at_the_fields_until_it_is_submitted_again(
    place: Place, client: FlaskClient, login: Login, app: Flask
) -> None:
    item = place.draft()
    task = place.submit(item)
    login(client, "unit")
    answer = client.post(f"/unit/achievements/{item}/return/", data={
        "task": str(task), "version": "1", "opinion": "请按说明修改。", "remark_title": "与封面不一致", "remark_doi": " ",
    })
    assert answer.status_code == 302
    assert row(item).state == "returned"
    db.session.rollback()
    assert db.session.scalar(select(_task.c.opinion).where(_task.c.id == task)) == "请按说明修改。\n题目：与封面不一致"
    person = login(app.test_client(), "applicant")
    page = person.get(f"/portfolio/{item}/edit/").text
    assert "单位意见：与封面不一致" in page
    place.submit(item)
    assert db.session.scalar(select(AchievementRemark.__table__.c.id)) is None


def test_remarks_alone_are_reason_enough_and_nothing_is_not(place: Place) -> None:
    item = place.draft()
    task = place.submit(item)
    values: dict[str, Any] = {"achievement_id": item, "task_id": task, "opinion": "", "actor": place.reviewer}
    with system_scope():
        with pytest.raises(Invalid):
            achievement_review.return_with_remarks(remarks={"title": " "}, **values)
        with pytest.raises(Invalid, match="最多"):
            achievement_review.return_with_remarks(remarks={"title": "长" * 501}, **values)
        with pytest.raises(Conflict):
            achievement_review.return_with_remarks(remarks={"title": "改"}, version=9, **values)
        db.session.rollback()
        assert row(item).state == "reviewing"
        achievement_review.return_with_remarks(remarks={"title": "与封面不一致", "gone": "x"}, **values)
    assert row(item).state == "returned"


def test_nobody_else_returns_it(place: Place, client: FlaskClient, login: Login) -> None:
    item = place.draft()
    task = place.submit(item)
    other = people.unit("other_unit")
    stranger = Actor(other.user_id, "外单位", organization_id=other.id, roles=frozenset({"Employer"}))
    with system_scope(), pytest.raises(NotFound):
        achievement_review.return_with_remarks(
            achievement_id=item, task_id=task, opinion="x", remarks={}, actor=stranger)
    another = place.submit(place.draft("热学", "10.1/y"))
    with system_scope(), pytest.raises(NotFound):
        achievement_review.return_with_remarks(
            achievement_id=item, task_id=another, opinion="x", remarks={}, actor=place.reviewer)
    login(client, "other_unit")
    assert client.post(f"/unit/achievements/{item}/return/", data={"task": str(task), "opinion": "x"}).status_code == 404
    assert row(item).state == "reviewing"


def test_a_refused_return_comes_back_with_its_text(place: Place, client: FlaskClient, login: Login) -> None:
    item = place.draft()
    task = place.submit(item)
    login(client, "unit")
    answer = client.post(f"/unit/achievements/{item}/return/", data={
        "task": str(task), "version": "9", "opinion": "我写的原因", "remark_title": "与封面<不一致"})
    page = client.get(answer.headers["Location"]).text
    assert "我写的原因" in page
    assert 'name="remark_title" value="与封面&lt;不一致"' in page


def test_one_list_of_all_kinds_and_people_is_decided_at_once(place: Place, client: FlaskClient, login: Login) -> None:
    kind = save(AchievementKind(code="book", name="著作", category_id=1))
    save(AchievementKindVersion(kind_id=kind, number=1, fields=FIELDS, list_columns=["title"]))
    with system_scope():
        other = achievement.create(kind_code="book", values={"title": "文集"}, actor=place.colleague)
    tasks = [place.submit(place.draft()), place.submit(other, place.colleague)]
    login(client, "unit")
    page = client.get("/unit/achievements/all/").text
    assert "著作" in page
    assert "论文发表情况" in page
    result = client.post("/tasks/batch/", data={"action": "approve", "rowid": [*map(str, tasks), "999"], "opinion_approve": "同意"})
    assert "成功 2 条，未办理 1 条" in result.text


def test_the_next_one_may_be_of_another_kind(place: Place, client: FlaskClient, login: Login) -> None:
    kind = save(AchievementKind(code="book", name="著作", category_id=1))
    save(AchievementKindVersion(kind_id=kind, number=1, fields=FIELDS, list_columns=["title"]))
    with system_scope():
        other = achievement.create(kind_code="book", values={"title": "文集"}, actor=place.colleague)
    place.submit(other, place.colleague)
    item = place.draft()
    place.submit(item)
    login(client, "unit")
    following = f'href="/unit/achievements/{other}/?all=1" data-key="n"'
    assert following in client.get(f"/unit/achievements/{item}/?all=1").text
    assert 'data-key="n"' not in client.get(f"/unit/achievements/{item}/").text
