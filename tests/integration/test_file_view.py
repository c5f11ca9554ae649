"""The addresses of files: who gets which bytes, under which headers, in which ranges (security checklist 24, 26)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfWriter
from sqlalchemy import select

import models as m
from app.actor import SYSTEM, Actor
from app.errors import NotAllowed, NotFound, WrongState
from app.scope import system_scope
from app.services import file as files
from app.transaction import current_session, transaction
from tests.conftest import Login
from tests.factories.person import person, unit

SUBJECT = "file_view_test"
CLOSED, FORBIDDEN = 13, 14
POLICY = files.UploadPolicy(types=("png", "pdf", "jpg"), max_mb=1, max_count=2)
JSON = {"Accept": "application/json"}


def rule(subject_id: int, slot: str, actor: Actor) -> files.Editable:
    if actor.person_id is None or slot != "evidence":
        raise NotFound("没有找到这条记录。")
    if subject_id == CLOSED:
        raise WrongState("已经提交，不能再修改附件。")
    if subject_id == FORBIDDEN:
        raise NotAllowed("不能修改。")
    return files.Editable(POLICY, actor.person_id)


files.register_editable(SUBJECT, rule)


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (300, 200), "navy").save(out, "PNG")
    return out.getvalue()


def document() -> bytes:
    out, writer = BytesIO(), PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(out)
    return out.getvalue()


@dataclass
class Site:
    """李明 with one picture attached; 王芳 of another unit; the clients of both and of nobody."""

    li: FlaskClient
    wang: FlaskClient
    nobody: FlaskClient
    li_id: int
    attachment_id: int
    file_id: int
    data: bytes

    @property
    def url(self) -> str:
        return f"/files/{self.attachment_id}"

    def send(self, name: str, data: bytes, subject: int = 2, slot: str = "evidence", **options: Any) -> Any:
        form = {"files": (BytesIO(data), name), "next": "/portfolio/?kind=1"}
        return self.li.post(f"/files/{SUBJECT}/{subject}/{slot}", data=form, **options)


@pytest.fixture
def site(app: Flask, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setitem(app.config, "STORAGE_URL", f"file://{tmp_path}/files")
    li_id = person("li", organization_id=unit("unit-a").id, name="李明")
    person("wang", organization_id=unit("unit-b").id, name="王芳")
    with system_scope():
        file = files.store_generated(
            data=picture(), name="身份证 正面;a\".png", media_type="image/png", actor=SYSTEM, person_id=li_id
        )
        item = files.attach(
            file_id=file.id, subject_type=SUBJECT, subject_id=1, slot="evidence", name=file.name, actor=SYSTEM,
            person_id=li_id,
        )
        ids = item.id, item.file_id
        data = files.content(item.file)
    current_session().rollback()
    clients = (login(app.test_client(), "li"), login(app.test_client(), "wang"), app.test_client())
    return Site(*clients, li_id, *ids, data)


def test_the_owner_gets_the_bytes_as_a_download(site: Site) -> None:
    response = site.li.get(site.url)
    assert response.status_code == 200
    assert response.data == site.data
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Content-Length"] == str(len(site.data))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename=\"file.png\"; "
        "filename*=UTF-8''%E8%BA%AB%E4%BB%BD%E8%AF%81%20%E6%AD%A3%E9%9D%A2%3Ba%22.png"
    )


def test_images_are_shown_on_request_and_other_types_never(site: Site) -> None:
    assert site.li.get(f"{site.url}?inline=1").headers["Content-Disposition"].startswith("inline; ")
    with system_scope():
        word = files.store_generated(data=b"PK", name="a.docx", media_type="application/msword", actor=SYSTEM,
                                     person_id=site.li_id)
        html = files.store_generated(data=b"<script>", name="a.html", media_type="text/html", actor=SYSTEM,
                                     person_id=site.li_id)
        ids = word.id, html.id
    for file_id in ids:
        response = site.li.get(f"/files/stored/{file_id}?inline=1")
        assert response.headers["Content-Disposition"].startswith("attachment; ")
        assert "sandbox" in response.headers["Content-Security-Policy"]


def test_nobody_else_knows_of_the_file(site: Site) -> None:
    for url in (site.url, f"{site.url}?inline=1", f"/files/stored/{site.file_id}"):
        foreign, missing = site.wang.get(url), site.wang.get("/files/999999")
        assert (foreign.status_code, missing.status_code) == (404, 404)
        assert site.nobody.get(url).status_code == 302
        assert site.wang.head(url).status_code == 404
    for verb, form in (("rename", {"name": "x"}), ("move", {"direction": "up"}), ("delete", {})):
        assert site.wang.post(f"{site.url}/{verb}", data=form).status_code == 404
    assert site.li.get(site.url).status_code == 200


def test_another_units_administrator_gets_404(site: Site, app: Flask, login: Login) -> None:
    client = login(app.test_client(), "unit-b")
    assert client.get(site.url).status_code == 404
    assert client.get(f"/files/stored/{site.file_id}").status_code == 404


def test_the_units_administrator_sees_the_photo_but_not_other_files(site: Site, app: Flask, login: Login) -> None:
    with system_scope():
        photo = files.store_generated(data=b"jpeg", name="a.jpg", media_type="image/jpeg", actor=SYSTEM,
                                      person_id=site.li_id)
        photo_id = photo.id
        with transaction() as session:
            session.get_one(m.Person, site.li_id).photo_id = photo_id
    own, other = login(app.test_client(), "unit-a"), login(app.test_client(), "unit-b")
    assert own.get(f"/files/stored/{photo_id}").data == b"jpeg"
    assert own.get(f"/files/stored/{site.file_id}").status_code == 404
    assert other.get(f"/files/stored/{photo_id}").status_code == 404


@pytest.mark.parametrize("number", ["0", "9223372036854775808", "99999999999999999999", "-1", "x", "%00"])
def test_strange_numbers_are_not_found(site: Site, number: str) -> None:
    for url in (f"/files/{number}", f"/files/stored/{number}"):
        assert site.li.get(url).status_code == 404


@pytest.mark.parametrize(("asked", "start", "end"), [
    ("bytes=0-9", 0, 10), ("bytes=10-10", 10, 11), ("bytes=5-", 5, None), ("bytes=-7", -7, None),
    ("bytes=0-99999999", 0, None),
])
def test_a_range_is_answered_with_that_part(site: Site, asked: str, start: int, end: int | None) -> None:
    response = site.li.get(site.url, headers={"Range": asked})
    part, size = site.data[start:end], len(site.data)
    first = start if start >= 0 else size + start
    assert (response.status_code, response.data) == (206, part)
    assert response.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{size}"
    assert response.headers["Content-Length"] == str(len(part))


def test_a_range_outside_the_file_is_refused(site: Site) -> None:
    response = site.li.get(site.url, headers={"Range": f"bytes={len(site.data)}-"})
    assert response.status_code == 416
    assert response.data == b""
    assert response.headers["Content-Range"] == f"bytes */{len(site.data)}"


@pytest.mark.parametrize("asked", [
    "bytes=0-1,3-4", "bytes=" + ",".join(f"{n}-{n}" for n in range(500)), "lines=1-2", "bytes=9-1", "bytes=x", "", "bytes",
])
def test_several_ranges_and_no_ranges_get_the_whole_file(site: Site, asked: str) -> None:
    response = site.li.get(site.url, headers={"Range": asked})
    assert (response.status_code, response.data) == (200, site.data)


def test_a_range_of_an_older_version_gets_the_whole_file(site: Site) -> None:
    etag = site.li.get(site.url).headers["ETag"]
    again = site.li.get(site.url, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert again.status_code == 206
    for old in ('"other"', f"W/{etag}", "Wed, 21 Oct 2015 07:28:00 GMT"):
        response = site.li.get(site.url, headers={"Range": "bytes=0-9", "If-Range": old})
        assert (response.status_code, len(response.data)) == (200, len(site.data))


def test_what_the_browser_has_is_not_sent_again(site: Site) -> None:
    etag = site.li.get(site.url).headers["ETag"]
    response = site.li.get(site.url, headers={"If-None-Match": etag})
    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == etag
    assert site.wang.get(site.url, headers={"If-None-Match": etag}).status_code == 404


def test_head_tells_the_same_without_the_bytes(site: Site) -> None:
    got, head = site.li.get(site.url), site.li.head(site.url)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Content-Disposition", "Accept-Ranges"):
        assert head.headers[name] == got.headers[name]


def test_a_file_whose_object_is_lost_gets_an_error_page(site: Site) -> None:
    from app.storage import configured_store

    for key in list(configured_store().keys()):
        configured_store().delete(key)
    response = site.li.get(site.url)
    assert response.status_code == 404
    assert "请联系平台管理员" in response.text


def attachments(subject_id: int = 2) -> list[str]:
    table = m.Attachment.__table__
    current_session().rollback()
    query = select(table.c.name).where(table.c.subject_type == SUBJECT, table.c.subject_id == subject_id)
    return list(current_session().execute(query.order_by(table.c.position)).scalars())


def test_an_upload_returns_to_its_page(site: Site) -> None:
    response = site.send("IMG_1.png", picture())
    assert (response.status_code, response.headers["Location"]) == (303, "/portfolio/?kind=1")
    assert attachments() == ["IMG_1.png"]


def test_several_files_are_kept_or_refused_one_by_one(site: Site) -> None:
    form = {
        "files": [(BytesIO(picture()), "a.png"), (BytesIO(b"MZ"), "b\u202e.exe"), (BytesIO(document()), "c.pdf"),
                  (BytesIO(picture()), "d.png")],
        "next": "//evil.example/",
    }
    response = site.li.post(f"/files/{SUBJECT}/2/evidence", data=form)
    assert response.headers["Location"] == "/"
    assert attachments() == ["a.png", "c.pdf"]
    with site.li.session_transaction() as session:
        messages = [message for _, message in session["_flashes"]]
    assert messages[0] == "已上传 2 个文件。"
    assert messages[1].startswith("“b·.exe”：文件名里有看不见的控制字符")
    assert messages[2].startswith("“d.png”：这里最多只能上传2个文件")


def test_a_script_is_told_what_was_wrong(site: Site) -> None:
    response = site.send("a.exe", b"MZ", headers=JSON)
    assert response.status_code == 422
    assert response.json["message"].startswith("“a.exe”：不能上传“.exe”文件，请上传png、pdf、jpg格式的文件。")
    assert site.send("a.png", picture(), headers=JSON).json == {"ok": True}
    nothing = site.li.post(f"/files/{SUBJECT}/2/evidence", data={}, headers=JSON)
    assert nothing.json["message"] == "请先选择要上传的文件。"


def test_uploads_go_only_where_the_subjects_rule_lets_them(site: Site) -> None:
    assert site.send("a.png", picture(), slot="other").status_code == 404
    assert site.send("a.png", picture(), subject=FORBIDDEN).status_code == 403
    assert site.send("a.png", picture(), subject=CLOSED, headers=JSON).json["message"].endswith("不能再修改附件。")
    assert site.li.post("/files/nothing/1/evidence", data={"files": (BytesIO(picture()), "a.png")}).status_code == 404
    assert site.nobody.post(f"/files/{SUBJECT}/2/evidence").status_code == 302
    assert attachments() == attachments(CLOSED) == attachments(FORBIDDEN) == []


def test_names_order_and_deletion_by_forms(site: Site) -> None:
    site.send("a.png", picture())
    site.send("b.png", picture())
    table = m.Attachment.__table__
    query = select(table.c.id).where(table.c.subject_id == 2).order_by(table.c.position)
    first, second = current_session().execute(query).scalars()
    assert site.li.post(f"/files/{first}/rename", data={"name": "身份证正面", "next": "/x"}).headers["Location"] == "/x"
    assert site.li.post(f"/files/{second}/move", data={"direction": "up"}).status_code == 303
    assert attachments() == ["b.png", "身份证正面.png"]
    assert site.li.post(f"/files/{first}/move", data={"direction": "sideways"}).status_code == 422
    assert site.li.post(f"/files/{first}/rename", data={"name": "a/b"}).status_code == 303
    assert site.li.post(f"/files/{first}/delete").status_code == 303
    assert attachments() == ["b.png"]
    assert site.li.get(f"/files/{first}").status_code == 404
    assert site.li.get(f"/files/{second}/delete").status_code == 405


@pytest.mark.usefixtures("csrf")
def test_no_change_without_a_token(site: Site) -> None:
    assert site.send("a.png", picture()).status_code == 400
    assert site.li.post(f"{site.url}/delete").status_code == 400
    assert site.li.get(site.url).status_code == 200


def test_too_large_a_request_is_refused_before_it_is_read(site: Site, app: Flask) -> None:
    assert site.send("a.png", b"x" * (app.config["MAX_CONTENT_LENGTH"] + 1)).status_code == 413
    assert site.send("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 1024 * 1024, headers=JSON).json["message"].startswith(
        "“a.png”：文件超过 1MB"
    )


def test_the_slot_shows_its_files_and_what_can_be_done(site: Site, app: Flask) -> None:
    page = (
        "{% import 'file/slot.html' as slot %}{{ slot.files(items, next='/x', editable=true) }}"
        "{{ slot.upload('file_view_test', 1, 'evidence', policy, items|length, next='/x') }}"
    )
    with app.test_request_context(), system_scope():
        html = render_template_string(page, items=files.attachments_of(SUBJECT, 1), policy=POLICY)
    assert "身份证 正面;a&#34;.png" in html
    assert f'action="/files/{SUBJECT}/1/evidence"' in html
    assert f'href="{site.url}?inline=1"' in html
    assert f'action="{site.url}/delete"' in html
    assert "只能上传png/pdf/jpg文件，且不超过1MB，且最多只能上传2个文件" in html
    assert "上移" not in html
    assert "style=" not in html
    assert "onclick" not in html
