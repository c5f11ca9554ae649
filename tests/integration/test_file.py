"""Files end to end: stored before the row, counted under concurrency, deleted with the last reference, reconciled."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

import models as m
from app.actor import SYSTEM, Actor
from app.audit import verify
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.extensions import db
from app.rules.upload import UploadPolicy, unscanned
from app.scope import Scope, scoped, system_scope
from app.services import file as files
from app.services.file_reconcile import reconcile
from app.storage import configured_store, new_key
from app.storage.local import LocalStore
from app.transaction import current_session, on_commit, transaction
from models.base import utcnow
from tests.factories.organization import organization
from tests.factories.person import person
from tests.factories.rows import save

SUBJECT = "file_test"  # a subject type of these tests
CLOSED = 13  # a subject that cannot be edited
PICTURE = BytesIO()
Image.new("RGB", (30, 40), "navy").save(PICTURE, "PNG")
LARGE = BytesIO()
Image.new("RGB", (413, 579), "navy").save(LARGE, "PNG")
POLICY = UploadPolicy(types=("png", "pdf", "jpg"), max_mb=1, max_count=3)


def rule(subject_id: int, slot: str, actor: Actor) -> files.Editable:
    if subject_id == CLOSED:
        raise WrongState("已经提交，不能再修改附件。")
    if actor.person_id is None:
        raise NotFound("没有找到这条记录。")
    return files.Editable(POLICY, actor.person_id)


files.register_editable(SUBJECT, rule)


@pytest.fixture
def file_app(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with an empty store of its own."""
    monkeypatch.setitem(app.config, "STORAGE_URL", f"file://{tmp_path}/files")
    return app


def account(name: str) -> Actor:
    """An account with a person of its own."""
    made = person(name)
    owner = m.Person.__table__
    user_id = current_session().execute(select(owner.c.user_id).where(owner.c.id == made)).scalar_one()
    current_session().rollback()
    return Actor(user_id=user_id, name=name, person_id=made)


@pytest.fixture
def li(file_app: Flask) -> Iterator[Actor]:
    actor = account("li")
    with scoped(Scope(user_id=actor.user_id, person_id=actor.person_id)):
        yield actor


def upload(actor: Actor, name: str = "身份证.png", subject_id: int = 1, slot: str = "attachments") -> m.Attachment:
    return files.upload_to(
        stream=BytesIO(PICTURE.getvalue()), filename=name, subject_type=SUBJECT, subject_id=subject_id, slot=slot,
        actor=actor,
    )


def events(file_id: int) -> list[str]:
    table = m.AuditEvent.__table__
    query = select(table.c.event).where(table.c.subject_type == "file", table.c.subject_id == file_id)
    return list(current_session().execute(query.order_by(table.c.seq)).scalars())


def test_an_upload_is_stored_attached_and_recorded(li: Actor) -> None:
    item = upload(li)
    assert (item.name, item.position, item.person_id) == ("身份证.png", 0, li.person_id)
    assert (item.file.media_type, item.file.uploaded_by) == ("image/png", li.user_id)
    data = files.content(item.file)
    assert len(data) == item.file.size
    assert Image.open(BytesIO(data)).size == (30, 40)
    assert events(item.file_id) == ["file:stored", "file:attached"]
    assert list(verify(current_session())) == []


def test_a_refused_upload_leaves_nothing(li: Actor) -> None:
    with pytest.raises(Invalid, match="不能上传"):
        files.upload_to(stream=BytesIO(b"MZ"), filename="a.exe", subject_type=SUBJECT, subject_id=1, slot="x", actor=li)
    with pytest.raises(WrongState, match="不能再修改"):
        upload(li, subject_id=CLOSED)
    with pytest.raises(NotFound):
        files.upload_to(
            stream=BytesIO(PICTURE.getvalue()), filename="a.png", subject_type="nobody", subject_id=1, slot="x", actor=li
        )
    with system_scope():
        assert files.attachments_of(SUBJECT, 1) == []
        assert list(configured_store().keys()) == []


def test_a_subject_that_closes_while_the_file_is_checked_takes_no_more(
    li: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [files.Editable(POLICY, li.person_id)]

    def closing(subject_id: int, slot: str, actor: Actor) -> files.Editable:
        if not answers:
            raise WrongState("已经提交，不能再修改附件。")
        return answers.pop()

    monkeypatch.setitem(files._edit_rules, SUBJECT, closing)
    with pytest.raises(WrongState):
        upload(li)
    assert list(configured_store().keys()) == []


def test_a_slot_holds_no_more_than_its_limit_even_when_all_come_at_once(file_app: Flask, li: Actor) -> None:
    results: list[str] = []

    def work(number: int) -> None:
        with file_app.app_context(), system_scope():
            try:
                upload(li, f"{number}.png")
                results.append("stored")
            except Invalid as refusal:
                results.append(refusal.message)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("stored") == POLICY.max_count
    assert results.count("这里最多只能上传3个文件，请先删除不需要的文件，再上传。") == 5
    assert len(files.attachments_of(SUBJECT, 1)) == len(list(configured_store().keys())) == POLICY.max_count
    assert [item.position for item in files.attachments_of(SUBJECT, 1)] == [0, 1, 2]


def test_slots_are_counted_apart(li: Actor) -> None:
    for slot in ("id_card", "pledge"):
        for number in range(POLICY.max_count):
            upload(li, f"{number}.png", slot=slot)
    assert len(files.attachments_of(SUBJECT, 1)) == 6
    assert len(files.attachments_of(SUBJECT, 1, "pledge")) == 3


def test_the_order_is_the_users(li: Actor) -> None:
    first, second, third = (upload(li, f"{name}.png").id for name in "abc")
    files.move(attachment_id=third, offset=-1, actor=li)
    assert [item.id for item in files.attachments_of(SUBJECT, 1)] == [first, third, second]
    files.move(attachment_id=first, offset=99, actor=li)
    assert [item.id for item in files.attachments_of(SUBJECT, 1)] == [third, second, first]
    files.move(attachment_id=third, offset=-1, actor=li)  # it is first already: nothing happens, nothing is recorded
    assert events(files.attachment(third).file_id) == ["file:stored", "file:attached", "file:moved"]


def test_renaming_keeps_the_extension_and_says_what_it_was(li: Actor) -> None:
    item = upload(li, "IMG_0001.png")
    assert files.rename(attachment_id=item.id, name="教师资格证", actor=li).name == "教师资格证.png"
    assert files.rename(attachment_id=item.id, name="教师资格证.png", actor=li).file.name == "IMG_0001.png"
    assert events(item.file_id)[2:] == ["file:renamed"]


def test_only_who_may_edit_the_subject_changes_its_files(li: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    item = upload(li)

    def refusing(subject_id: int, slot: str, actor: Actor) -> files.Editable:
        raise WrongState("已经提交，不能再修改附件。")

    monkeypatch.setitem(files._edit_rules, SUBJECT, refusing)
    with pytest.raises(WrongState):
        files.rename(attachment_id=item.id, name="x", actor=li)
    with pytest.raises(WrongState):
        files.move(attachment_id=item.id, offset=1, actor=li)
    with pytest.raises(WrongState):
        files.detach(attachment_id=item.id, actor=li)
    assert files.attachment(item.id).name == "身份证.png"


def test_another_persons_attachment_does_not_exist(li: Actor) -> None:
    item = upload(li)
    wang = account("wang")
    with scoped(Scope(user_id=wang.user_id, person_id=wang.person_id)):
        for attempt in (
            lambda: files.attachment(item.id),
            lambda: files.stored_file(item.file_id),
            lambda: files.rename(attachment_id=item.id, name="x", actor=wang),
            lambda: files.detach(attachment_id=item.id, actor=wang),
            lambda: files.attach(
                file_id=item.file_id, subject_type=SUBJECT, subject_id=2, slot="x", name="x", actor=wang,
                person_id=wang.person_id,
            ),
        ):
            with pytest.raises(NotFound):
                attempt()
        assert files.attachments_of(SUBJECT, 1) == []
    with scoped(Scope()), pytest.raises(NotFound):
        files.attachment(item.id)


def test_a_reviewer_who_may_see_the_attachment_gets_its_file(li: Actor) -> None:
    """The unit reviews the achievement: its evidence is in sight, the person's other files are not."""
    unit_id = organization("合肥市第八中学")
    category = save(m.AchievementCategory(code="basic", name="基本信息"))
    kind = save(m.AchievementKind(code="work", name="工作经历", category_id=category))
    version = save(m.AchievementKindVersion(kind_id=kind, number=1, fields=[], list_columns=[]))
    achievement_id = save(m.Achievement(
        person_id=li.person_id, organization_id=unit_id, kind_id=kind, kind_version_id=version, state="reviewing",
        submitted_at=utcnow(),
    ))
    evidence = files.store_upload(
        stream=BytesIO(PICTURE.getvalue()), filename="a.png", policy=POLICY, actor=li, person_id=li.person_id
    )
    item = files.attach(
        file_id=evidence.id, subject_type="achievement", subject_id=achievement_id, slot="evidence", name="证明", actor=li,
        person_id=li.person_id,
    )
    other = upload(li)
    with scoped(Scope(user_id=999, organization_id=unit_id)):
        assert [seen.file.sha256 for seen in files.attachments_of("achievement", achievement_id)] == [item.file.sha256]
        assert files.content(files.attachment(item.id).file)
        with pytest.raises(NotFound):
            files.attachment(other.id)


def detach_and_fail(attachment_id: int, actor: Actor) -> None:
    with transaction():
        files.detach(attachment_id=attachment_id, actor=actor)
        raise ZeroDivisionError


def test_an_object_goes_with_the_last_place_of_its_file_and_only_after_the_commit(li: Actor) -> None:
    item = upload(li)
    key, file_id = item.file.key, item.file_id
    copy, = files.copy_attachments(
        subject_type=SUBJECT, subject_id=1, to_type=SUBJECT, to_id=2, to_slot="frozen", actor=li, person_id=li.person_id
    )
    files.detach(attachment_id=item.id, actor=li)
    assert configured_store().stat(key) is not None
    assert files.attachment(copy.id).file.key == key
    with pytest.raises(ZeroDivisionError):
        detach_and_fail(copy.id, li)
    assert configured_store().stat(key) is not None
    assert files.attachment(copy.id).file.key == key
    seen: list[bool] = []
    with transaction():
        on_commit(lambda: seen.append(configured_store().stat(key) is not None))
        assert files.detach_all(subject_type=SUBJECT, subject_id=2, actor=li) == 1
    assert seen == [True]
    assert configured_store().stat(key) is None
    with pytest.raises(NotFound):
        files.stored_file(file_id)
    assert events(file_id)[-2:] == ["file:detached", "file:deleted"]
    assert list(verify(current_session())) == []


def test_a_file_that_something_else_points_at_is_kept(li: Actor) -> None:
    photo = files.store_photo(stream=BytesIO(LARGE.getvalue()), filename="我.png", actor=li, person_id=li.person_id or 0)
    assert (photo.name, photo.media_type) == ("我.jpg", "image/jpeg")
    assert Image.open(BytesIO(files.content(photo))).size == (413, 579)
    with transaction() as session:
        person = session.get_one(m.Person, li.person_id)
        person.photo_id = photo.id
    assert files.discard(file_id=photo.id, actor=li) is False
    with transaction() as session:
        session.get_one(m.Person, li.person_id).photo_id = None
    key = photo.key
    assert files.discard(file_id=photo.id, actor=li) is True
    assert configured_store().stat(key) is None


def test_the_same_file_is_attached_once_in_a_slot(li: Actor) -> None:
    item = upload(li)
    with pytest.raises(Conflict, match="已经在这里"):
        files.attach(
            file_id=item.file_id, subject_type=SUBJECT, subject_id=1, slot="attachments", name="x", actor=li,
            person_id=li.person_id,
        )


def test_a_refusal_inside_a_bigger_action_takes_its_object_back(li: Actor) -> None:
    with transaction():
        for number in range(4):
            if number == 3:
                with pytest.raises(Invalid, match="最多只能上传3个"):
                    upload(li, f"{number}.png")
            else:
                upload(li, f"{number}.png")
    assert len(files.attachments_of(SUBJECT, 1)) == 3
    assert reconcile(deep=True, grace=dt.timedelta(0)).is_clean


def test_a_scanner_refuses_for_all_uploads(li: Actor) -> None:
    files.use_scanner(lambda data: "Eicar-Signature")
    try:
        with pytest.raises(Invalid, match="病毒检查"):
            upload(li)
    finally:
        files.use_scanner(unscanned)
    assert list(configured_store().keys()) == []


def test_content_that_was_changed_is_not_passed_on(li: Actor) -> None:
    item = upload(li)
    store = configured_store()
    store.put(item.file.key, b"something else", "image/png")
    with pytest.raises(Conflict, match="校验值不一致"):
        files.content(item.file)


def test_reconcile_finds_what_a_crash_or_a_hand_left(li: Actor, file_app: Flask) -> None:
    good, gone, changed = upload(li, "a.png"), upload(li, "b.png"), upload(li, "c.png")
    gone_key, changed_key = gone.file.key, changed.file.key
    store = configured_store()
    assert isinstance(store, LocalStore)
    store.delete(gone_key)
    store.put(changed_key, b"x" * changed.file.size, "image/png")
    orphan = new_key()
    store.put(orphan, b"no row", "image/png")
    good_key = good.file.key
    current_session().rollback()

    with system_scope():
        assert reconcile().orphans == []  # its row might be about to commit
        found = reconcile(deep=True, grace=dt.timedelta(0))
    assert found.missing == [(gone.file_id, gone_key)]
    assert found.changed == [(changed.file_id, changed_key)]
    assert found.orphans == [orphan]
    assert not found.is_clean

    runner = file_app.test_cli_runner()
    result = runner.invoke(args=["files", "reconcile"])
    assert result.exit_code == 1
    assert f"no object {gone_key}" in result.output
    assert "3 files, 3 objects: 1 missing, 0 changed, 0 orphans" in result.output
    with system_scope():
        assert reconcile(delete_orphans=True, grace=dt.timedelta(0)).deleted == 1
    assert store.stat(orphan) is None
    assert store.stat(good_key) is not None


def test_an_orphan_is_all_that_a_lost_database_leaves(li: Actor) -> None:
    """The commit fails in a way that leaves it unknown whether it happened: the object must stay."""
    session = current_session()

    def lose(*_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    event.listen(session, "before_commit", lose)
    try:
        with pytest.raises(OperationalError):
            upload(li)
    finally:
        event.remove(session, "before_commit", lose)
    with system_scope():
        found = reconcile(grace=dt.timedelta(0))
    assert found.files == 0
    assert found.missing == []
    assert len(found.orphans) == 1


def test_what_the_system_made_is_stored_as_it_is(li: Actor) -> None:
    with system_scope():
        file = files.store_generated(
            data=b"%PDF-1.7 made here", name="证书.pdf", media_type="application/pdf", actor=SYSTEM, person_id=li.person_id
        )
    assert file.uploaded_by is None
    assert files.content(files.stored_file(file.id)) == b"%PDF-1.7 made here"
