"""Achievements and Excel: the template, the checked preview, all or the right rows, long files by jobs, the way out."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select, update

from app.actor import Actor
from app.audit import Event
from app.errors import Invalid, NotFound, WrongState
from app.extensions import db
from app.jobs import achievement_import as jobs
from app.jobs.registry import JobView
from app.scope import system_scope
from app.services import achievement, achievement_import
from models.achievement import (
    Achievement,
    AchievementCategory,
    AchievementKey,
    AchievementKind,
    AchievementKindVersion,
)
from models.achievement_import import AchievementImport, AchievementImportRow
from models.audit import AuditEvent
from models.base import utcnow
from models.job import Job
from models.person import Employment
from tests.factories import person as people
from tests.factories.rows import save

Login = Callable[[FlaskClient, str], FlaskClient]
FIELDS = [
    {"key": "title", "label": "论文题目", "type": "text", "required": True, "max_len": 200},
    {"key": "publish_date", "label": "发表日期", "type": "month", "required": True},
    {"key": "author_order", "label": "作者排序", "type": "select", "required": True, "options": ["独著", "第一作者"]},
    {"key": "index_type", "label": "收录情况", "type": "multiselect", "options": ["SCI", "EI", "优秀/鼓励"]},
    {"key": "doi", "label": "DOI", "type": "text", "max_len": 100},
    {"key": "is_core", "label": "核心期刊", "type": "bool"},
    {"key": "pages", "label": "页数", "type": "int"},
    {"key": "attachments", "label": "封面", "type": "files", "required": True, "accept": ["pdf"]},
]
HEAD = ["论文题目*", "发表日期*", "作者排序*", "收录情况", "DOI", "核心期刊", "页数"]
_import, _row, _achievement = AchievementImport.__table__, AchievementImportRow.__table__, Achievement.__table__


class Place:
    def __init__(self) -> None:
        self.unit = people.unit("unit")
        self.person_id = people.person("applicant", organization_id=self.unit.id)
        save(Employment(person_id=self.person_id, organization_id=self.unit.id, kind="registration", state="approved"))
        category = save(AchievementCategory(code="academic", name="论文"))
        self.kind_id = save(AchievementKind(
            code="paper", name="论文发表情况", category_id=category, duplicate_keys=[{"scheme": "doi", "fields": ["doi"]}]
        ))
        save(AchievementKindVersion(
            kind_id=self.kind_id, number=1, fields=FIELDS, list_columns=["title", "publish_date"]
        ))
        account = people.Person.__table__
        user_id = db.session.scalar(select(account.c.user_id).where(account.c.id == self.person_id))
        db.session.rollback()
        self.me = Actor(user_id, "李明", person_id=self.person_id, roles=frozenset({"Applicant"}))

    def begin(self, *rows: list[Any], head: list[str] | None = None) -> int:
        with system_scope():
            return achievement_import.begin(
                kind_code="paper", file_name="论文.xlsx", data=workbook(head or HEAD, *rows), actor=self.me
            )


@pytest.fixture
def place(app: Flask) -> Place:
    return Place()


def workbook(*rows: list[Any]) -> bytes:
    book, stream = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(stream)
    return stream.getvalue()


def good(number: int = 1, doi: str = "") -> list[Any]:
    return [f"题目{number}", "2020-05", "独著", "SCI、优秀/鼓励", doi, "是", 8]


def head(import_id: int) -> Any:
    db.session.rollback()
    return db.session.execute(select(_import).where(_import.c.id == import_id)).one()


def rows(import_id: int) -> list[Any]:
    db.session.rollback()
    return list(db.session.execute(select(_row).where(_row.c.import_id == import_id).order_by(_row.c.number)))


def items() -> list[Any]:
    db.session.rollback()
    return list(db.session.execute(select(_achievement).order_by(_achievement.c.id)))


def job(kind: str) -> JobView:
    table = Job.__table__
    db.session.rollback()
    found = db.session.execute(select(table).where(table.c.kind == kind)).one()
    db.session.rollback()
    return JobView(found.id, kind, found.key, found.payload, 1, 5)


def test_each_row_gets_a_verdict_and_its_errors_by_column(place: Place) -> None:
    import_id = place.begin(
        good(), ["题目二", "2020-13", "第三作者", "SSCI", "", "也许", "多"], ["题目三", "", "独著"], [None] * 7,
        good(4, "10.1000/x"), good(5, "https://doi.org/10.1000/X"),
    )
    assert [(row.number, row.verdict) for row in rows(import_id)] == [
        (2, "good"), (3, "wrong"), (4, "incomplete"), (6, "good"), (7, "wrong")
    ]
    found = {row.number: row.errors for row in rows(import_id)}
    assert set(found[3]) == {"publish_date", "author_order", "index_type", "is_core", "pages"}
    assert found[4] == {"publish_date": "请选择“发表日期”。"}
    assert found[7] == {"doi": "与文件第 6 行的DOI相同。"}
    state = head(import_id)
    assert (state.state, state.total, state.good, state.incomplete, state.wrong) == ("ready", 5, 2, 1, 2)
    assert items() == [], "nothing is imported before it is confirmed"


def test_the_right_rows_become_drafts(place: Place) -> None:
    import_id = place.begin(good(), ["题目三", "", "独著"], good(3, "10.1/y"), ["坏", "x", "独著"])
    achievement_import.confirm(import_id=import_id, mode="good", actor=place.me)
    first = items()[0]
    assert (first.data, first.state, first.summary) == ({
        "title": "题目1", "publish_date": "2020-05", "author_order": "独著", "index_type": ["SCI", "优秀/鼓励"],
        "is_core": True, "pages": 8,
    }, "draft", "题目1 · 2020-05")
    assert len(items()) == 2
    assert head(import_id).state == "done"
    assert head(import_id).imported == 2
    keys = AchievementKey.__table__
    assert list(db.session.scalars(select(keys.c.key))) == ["doi:10.1/y"]
    events = AuditEvent.__table__
    assert db.session.scalar(select(func.count()).select_from(events).where(
        events.c.event == Event.ACHIEVEMENT_CREATED)) == 2
    with pytest.raises(WrongState):
        achievement_import.confirm(import_id=import_id, mode="good", actor=place.me)
    with system_scope():
        achievement_import.run(import_id=import_id, actor=place.me)
    assert len(items()) == 2, "what was imported is not imported again"


def test_all_rows_are_taken_when_none_is_wrong(place: Place) -> None:
    import_id = place.begin(good(), ["题目三", "", "独著"])
    achievement_import.confirm(import_id=import_id, mode="all", actor=place.me)
    assert len(items()) == 2
    wrong = place.begin(good(7), ["坏", "x", "独著"])
    with pytest.raises(Invalid, match="不能全部导入"):
        achievement_import.confirm(import_id=wrong, mode="all", actor=place.me)
    with pytest.raises(Invalid):
        achievement_import.confirm(import_id=wrong, mode="everything", actor=place.me)
    assert len(items()) == 2


def test_what_the_person_has_already_is_pointed_out(place: Place) -> None:
    with system_scope():
        achievement.create(kind_code="paper", values={"title": "旧的", "doi": "10.1/y"}, actor=place.me)
    import_id = place.begin(good(1, "10.1/Y"))
    assert rows(import_id)[0].errors == {"doi": "与您已录入的“论文发表情况：旧的”的DOI相同。"}
    with pytest.raises(Invalid, match="没有可以导入"):
        achievement_import.confirm(import_id=import_id, mode="good", actor=place.me)


@pytest.mark.parametrize(("data", "says"), [
    (b"", "xlsx"), (b"a,b", "xlsx"), (workbook(), "空的"), (workbook(HEAD), "只有表头"),
    (workbook(["论文题目"], ["x"]), "表头中没有"), (workbook([*HEAD, "论文题目"], good()), "出现了两次"),
])
def test_a_file_that_is_no_filled_in_template_is_refused(place: Place, data: bytes, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        achievement_import.begin(kind_code="paper", file_name="x.xlsx", data=data, actor=place.me)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(_import)) == 0


def test_more_rows_than_fit_are_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(achievement_import, "MAX_ROWS", 2)
    with pytest.raises(Invalid, match="最多导入 2 行"):
        place.begin(good(1), good(2), good(3))


def test_nobody_confirms_or_discards_another_ones_file(place: Place) -> None:
    import_id = place.begin(good())
    other = people.person("other", organization_id=place.unit.id)
    stranger = Actor(place.me.user_id, "别人", person_id=other, roles=frozenset({"Applicant"}))
    for act in (lambda: achievement_import.confirm(import_id=import_id, mode="good", actor=stranger),
                lambda: achievement_import.discard(import_id=import_id, actor=stranger)):
        with pytest.raises(NotFound):
            act()
    assert items() == []


def test_a_file_is_discarded_and_its_items_stay(place: Place) -> None:
    import_id = place.begin(good())
    achievement_import.confirm(import_id=import_id, mode="good", actor=place.me)
    achievement_import.discard(import_id=import_id, actor=place.me)
    assert rows(import_id) == []
    assert len(items()) == 1


def test_a_long_file_goes_through_jobs_and_on_after_an_interruption(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(achievement_import, "AT_ONCE", 3)
    monkeypatch.setattr(achievement_import, "CHUNK", 4)
    import_id = place.begin(*(good(number) for number in range(10)))
    assert head(import_id).state == "checking"
    with pytest.raises(WrongState):
        achievement_import.discard(import_id=import_id, actor=place.me)
    with system_scope():
        jobs.check(job("achievement_import.check"))
    assert (head(import_id).state, head(import_id).checked, head(import_id).good) == ("ready", 10, 10)
    achievement_import.confirm(import_id=import_id, mode="good", actor=place.me)
    assert (head(import_id).state, len(items())) == ("importing", 0)
    made = achievement_import.insert_drafts
    calls = {"n": 0}

    def breaks(*args: Any, **kwargs: Any) -> list[int]:
        calls["n"] += 1
        ids = made(*args, **kwargs)
        if calls["n"] == 2:
            raise RuntimeError("the worker died")
        return ids

    monkeypatch.setattr(achievement_import, "insert_drafts", breaks)
    with system_scope(), pytest.raises(RuntimeError):
        jobs.run(job("achievement_import.run"))
    assert (len(items()), head(import_id).imported) == (4, 4), "whole chunks or nothing of them"
    with system_scope():
        jobs.run(job("achievement_import.run"))
    assert (len(items()), head(import_id).imported, head(import_id).state) == (10, 10, "done")
    assert sorted(item.summary for item in items()) == sorted(f"题目{n} · 2020-05" for n in range(10))


def test_old_files_are_forgotten(place: Place) -> None:
    import_id = place.begin(good())
    db.session.execute(update(_import).values(updated_at=utcnow() - jobs.KEPT * 2))
    db.session.commit()
    with system_scope():
        jobs.purge(JobView(1, "achievement_import.purge", "x", {}, 1, 5))
    assert rows(import_id) == []


# -- in the browser


def test_from_the_template_to_the_drafts(place: Place, client: FlaskClient, login: Login) -> None:
    login(client, "applicant")
    template = load_workbook(io.BytesIO(client.get("/portfolio/import/paper/template/").data))
    sheet = template.worksheets[0]
    assert [cell.value for cell in sheet[1]] == HEAD
    for column, value in enumerate(good(), 1):
        sheet.cell(2, column).value = value
    stream = io.BytesIO()
    template.save(stream)
    stream.seek(0)
    answer = client.post("/portfolio/import/paper/", data={"file": (stream, "论文.xlsx")})
    assert answer.status_code == 302
    page = client.get(answer.headers["Location"]).text
    assert "导入全部 1 行" in page
    done = client.post(answer.headers["Location"] + "confirm/", data={"mode": "all"}, follow_redirects=True).text
    assert "已导入 1 条" in done
    assert "题目1" in client.get("/portfolio/kind/paper/").text


def test_a_refused_file_is_told_beside_the_field(place: Place, client: FlaskClient, login: Login) -> None:
    login(client, "applicant")
    answer = client.post("/portfolio/import/paper/", data={"file": (io.BytesIO(b"MZ"), "x.xlsx")})
    assert answer.status_code == 422
    assert 'id="file-err"' in answer.text
    assert client.post("/portfolio/import/paper/", data={}).status_code == 422


def test_foreign_imports_are_not_there(place: Place, client: FlaskClient, login: Login) -> None:
    import_id = place.begin(good())
    people.person("other", organization_id=place.unit.id)
    login(client, "other")
    assert client.get(f"/portfolio/import/file/{import_id}/").status_code == 404
    for verb in ("confirm", "discard"):
        assert client.post(f"/portfolio/import/file/{import_id}/{verb}/", data={"mode": "good"}).status_code == 404
    assert items() == []


def test_the_export_obeys_the_filter_and_holds_no_formula(
    place: Place, client: FlaskClient, login: Login, app: Flask
) -> None:
    with system_scope():
        for title in ("=HYPERLINK(\"http://x\")", "力学"):
            achievement.create(kind_code="paper", values={"title": title, "publish_date": "2020-05"}, actor=place.me)
    db.session.execute(update(_achievement).where(_achievement.c.summary.startswith("力学")).values(
        state="approved", submitted_at=utcnow(), organization_id=place.unit.id))
    db.session.commit()
    login(client, "applicant")
    sheet = load_workbook(io.BytesIO(client.post("/portfolio/import/paper/export/").data)).worksheets[0]
    cells = [[cell for cell in row if cell.value is not None] for row in sheet.iter_rows()]
    assert [cell.value for cell in cells[2]][:3] == ["序号", "论文题目", "发表日期"]
    assert not [cell for row in cells for cell in row if cell.data_type == "f"]
    assert len(cells) == 5
    only = load_workbook(io.BytesIO(client.post("/portfolio/import/paper/export/?state=approved&q=力").data)).worksheets[0]
    assert [row[1].value for row in only.iter_rows(min_row=4)] == ["力学"]
    unit = login(app.test_client(), "unit")
    told = load_workbook(io.BytesIO(unit.post("/unit/achievements/kind/paper/export/?tab=approved").data)).worksheets[0]
    assert [[cell.value for cell in row[:3]] for row in told.iter_rows(min_row=3)] == [
        ["序号", "申报人", "论文题目"], [1, "李明", "力学"]
    ], "drafts are not the unit's"


def test_what_failed_for_good_says_so_and_goes_on_when_it_is_run_again(
    place: Place, monkeypatch: pytest.MonkeyPatch, client: FlaskClient, login: Login
) -> None:
    monkeypatch.setattr(achievement_import, "AT_ONCE", 3)
    import_id = place.begin(*(good(number) for number in range(5)))
    with monkeypatch.context() as broken:
        broken.setattr(achievement_import, "_judge", lambda *_a: (_ for _ in ()).throw(RuntimeError("the disk is full")))
        last = dataclasses.replace(job("achievement_import.check"), attempts=5)
        with system_scope(), pytest.raises(RuntimeError):
            jobs.check(last)
    assert head(import_id).state == "failed"
    page = login(client, "applicant").get(f"/portfolio/import/file/{import_id}/").text
    assert "核对时发生意外" in page
    assert "data-refresh" not in page
    with system_scope():
        jobs.check(last)
    assert (head(import_id).state, head(import_id).good) == ("ready", 5)


def test_columns_that_are_no_fields_any_more_are_named(place: Place) -> None:
    with pytest.raises(Invalid, match="“期刊级别”不是现在的填写项，模板可能已更新"):
        place.begin([*good(), "甲"], head=[*HEAD, "期刊级别"])
