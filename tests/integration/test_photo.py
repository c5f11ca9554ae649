"""个人信息 · 上传照片: cut by the server, replaced, deleted; who may, and what is left standing."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from app.demo.evidence import evidence_pdf, photo_jpeg
from app.errors import NotFound, WrongState
from app.scope import scope_of, scoped, system_scope
from app.services import file as files
from app.services import person as people
from app.services import submission
from app.transaction import current_session
from models.audit import AuditEvent
from models.file import Attachment, StoredFile
from tests.database import Databases
from tests.factories import teacher_world, unit_world
from tests.factories.templates import plan_template

Login = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture(autouse=True)
def own_files(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the template's files: a replaced photo is deleted for good, and other tests read it."""
    shutil.copytree(app.config["STORAGE_URL"].removeprefix("file://"), tmp_path / "files")
    monkeypatch.setitem(app.config, "STORAGE_URL", f"file://{tmp_path}/files")


@pytest.fixture
def me(client: FlaskClient, login: Login) -> FlaskClient:
    return login(client, "applicant")


def photos(person_id: int) -> set[int]:
    current_session().rollback()
    table = StoredFile.__table__
    return set(current_session().execute(
        select(table.c.id).where(table.c.person_id == person_id, table.c.media_type == "image/jpeg")).scalars())


def halves() -> bytes:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (1200, 900), "red")
    picture.paste("blue", (600, 0, 1200, 900))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def sent(me: FlaskClient, data: bytes, name: str = "照片.png", **fields: str) -> Any:
    return me.post("/person/photo/", data={"photo": (io.BytesIO(data), name), **fields})


def kept() -> Image.Image:
    with system_scope():
        return Image.open(io.BytesIO(files.content(files.stored_file(unit_world.person("applicant").photo_id or 0))))


@pytest.mark.parametrize(("fields", "color"), [
    ({"turn": "0", "left": "0", "top": "0", "width": "0.45"}, (254, 0, 0)),
    ({"turn": "0", "left": "0.55", "top": "0", "width": "0.45"}, (0, 0, 254)),
    ({"turn": "90", "left": "0", "top": "0", "width": "0.4"}, (254, 0, 0)),
    ({"turn": "270", "left": "0", "top": "0", "width": "0.4"}, (0, 0, 254)),
])
def test_what_the_browser_chose_is_what_is_kept(me: FlaskClient, fields: dict[str, str], color: tuple[int, ...]) -> None:
    assert sent(me, halves(), **fields).location == "/person/"
    picture = kept()
    assert picture.size == (413, 579)
    assert all(abs(a - b) < 6 for a, b in zip(picture.getpixel((206, 289)), color, strict=True))  # type: ignore[arg-type]


def test_without_scripts_the_middle_is_kept_and_the_way_back_is_known(me: FlaskClient) -> None:
    page = me.get("/person/photo/?next=/certificates/").text
    assert 'name="next" value="/certificates/"' in page
    assert sent(me, halves(), next="/certificates/").location == "/certificates/"
    picture = kept()
    assert picture.getpixel((20, 289))[0] > 200  # type: ignore[index]
    assert picture.getpixel((393, 289))[2] > 200  # type: ignore[index]


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_stays_on_this_site(me: FlaskClient, address: str) -> None:
    assert sent(me, halves(), next=address).location == "/person/"
    assert "evil" not in me.get("/person/photo/", query_string={"next": address}).text


def test_a_script_is_told_where_to_go(me: FlaskClient) -> None:
    answer = me.post("/person/photo/", data={"photo": (io.BytesIO(halves()), "照片.png"), "next": "/home/"},
                     headers={"Accept": "application/json"})
    assert answer.json == {"ok": True, "next": "/home/"}


@pytest.mark.parametrize(("name", "data", "fields", "says"), [
    ("证件.pdf", evidence_pdf("证件", ("样张",), "本人"), {}, "不能上传“.pdf”文件"),
    ("照片.jpg", b"not an image", {}, "文件内容不是jpg格式"), ("照片.jpg", b"", {}, "文件是空的"),
    ("照片.png", photo_jpeg("男"), {}, "内容却像是jpg格式"), ("", b"", {}, "请选择一张 JPG 或 PNG"),
    ("照片.png", halves(), {"turn": "45"}, "裁剪位置有误"), ("照片.png", halves(), {"turn": "x"}, "裁剪位置有误"),
    ("照片.png", halves(), {"width": "0.5"}, "裁剪位置有误"),
    ("照片.png", halves(), {"left": "0.9", "top": "0", "width": "0.5"}, "裁剪位置有误"),
    ("照片.png", halves(), {"left": "nan", "top": "0", "width": "0.5"}, "裁剪位置有误"),
    ("照片.png", halves(), {"left": "0", "top": "0", "width": "0.1"}, "裁剪后只剩 120 × 168 像素"),
])
def test_a_bad_photo_is_refused_with_its_sentence_and_the_old_one_stays(
    me: FlaskClient, name: str, data: bytes, fields: dict[str, str], says: str
) -> None:
    before = unit_world.person("applicant").photo_id
    answer = sent(me, data, name, **fields)
    assert answer.status_code == 422
    assert says in answer.text
    assert unit_world.person("applicant").photo_id == before
    refused = me.post("/person/photo/", data={"photo": (io.BytesIO(data), name), **fields},
                      headers={"Accept": "application/json"})
    assert refused.status_code == 422
    assert says in refused.json["message"]


def test_a_replaced_photo_is_discarded_when_nothing_else_shows_it(me: FlaskClient) -> None:
    before = unit_world.person("applicant")
    assert sent(me, photo_jpeg("男"), "新.jpg").location == "/person/"
    after = unit_world.person("applicant")
    assert after.photo_id != before.photo_id
    assert before.photo_id not in photos(before.id)
    assert me.get(f"/files/stored/{after.photo_id}?inline=1").status_code == 200


def test_a_deleted_photo_is_gone_and_a_second_click_says_so(me: FlaskClient) -> None:
    before = unit_world.person("applicant")
    assert "删除照片" in me.get("/person/").text
    assert me.get("/person/photo/delete/").status_code == 405
    assert me.post("/person/photo/delete/").location == "/person/"
    assert unit_world.person("applicant").photo_id is None
    assert before.photo_id not in photos(before.id)
    page = me.get("/person/").text
    assert "照片已删除" in page
    assert "上传照片" in page
    assert "删除照片" not in page
    me.post("/person/photo/delete/")
    assert "照片已经删除" in me.get("/person/").text
    events = current_session().execute(select(AuditEvent.__table__.c.event).where(
        AuditEvent.__table__.c.subject_type == "person", AuditEvent.__table__.c.subject_id == before.id)).scalars().all()
    assert events.count("person:photo_deleted") == 1


def test_only_a_person_has_a_photo(app: Flask) -> None:
    with system_scope():
        with pytest.raises(NotFound):
            people.delete_photo(actor=unit_world.actor("unit"))
        with pytest.raises(NotFound):
            people.change_photo(stream=io.BytesIO(halves()), filename="a.png", actor=unit_world.actor("unit"))
        people.delete_photo(actor=unit_world.actor("applicant"))
        with pytest.raises(WrongState):
            people.delete_photo(actor=unit_world.actor("applicant"))


def test_a_submission_keeps_the_photo_it_was_made_with(app: Flask) -> None:
    who = teacher_world.actor("applicant")
    with scoped(scope_of(who)):
        application_id = teacher_world.complete(who)
        assert submission.check(application_id=application_id, actor=who).is_clean
        submission_id = submission.submit(application_id=application_id, actor=who)
    old = unit_world.person("applicant").photo_id
    with system_scope():
        people.change_photo(stream=io.BytesIO(photo_jpeg("男")), filename="新.jpg", actor=who)
    row = unit_world.person("applicant")
    assert row.photo_id != old
    with system_scope():
        people.delete_photo(actor=who)
    assert old in photos(row.id)
    assert row.photo_id not in photos(row.id)
    table = Attachment.__table__
    assert current_session().execute(select(table.c.id).where(
        table.c.subject_type == "submission", table.c.subject_id == submission_id, table.c.file_id == old)).first()


def test_a_photo_in_the_other_tab_is_no_conflict(app: Flask) -> None:
    who, before = unit_world.actor("applicant"), unit_world.person("applicant").version
    with system_scope():
        people.change_photo(stream=io.BytesIO(photo_jpeg("男")), filename="照片.jpg", actor=who)
    assert unit_world.person("applicant").version == before
