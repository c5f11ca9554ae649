"""附件: attach stored files to subjects, rename, order and detach them. The contract of all files is this module.

Whoever lets users change the files of a subject registers a rule with `register_editable`; upload_to, rename, move
and detach ask it, and refuse subjects nobody registered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotFound
from app.rules.upload import UploadPolicy
from app.rules.upload_name import renamed
from app.services.stored_file import (
    content,
    discard,
    discard_unreferenced,
    insert_file,
    inspected_upload,
    locked_file,
    object_put,
    open_content,
    store_generated,
    store_generated_stream,
    store_photo,
    store_upload,
    stored_file,
    use_scanner,
)
from app.transaction import current_session, transaction
from models.base import utcnow
from models.file import Attachment, StoredFile

__all__ = [
    "Editable", "UploadPolicy", "attach", "attachment", "attachments_of", "content", "copy_attachments", "detach",
    "detach_all", "discard", "editable", "move", "open_content", "register_editable", "rename", "store_generated",
    "store_generated_stream", "store_photo", "store_upload", "stored_file", "upload_to", "use_scanner",
]


@dataclass(frozen=True)
class Editable:
    """What an actor may put into one slot of one subject; the owners carry the row scope of the files."""

    policy: UploadPolicy
    person_id: int | None
    organization_id: int | None = None


EditRule = Callable[[int, str, Actor], Editable]
"""(subject_id, slot, actor) -> Editable; raises NotFound, NotAllowed or WrongState with the reason."""

_edit_rules: dict[str, EditRule] = {}


def register_editable(subject_type: str, rule: EditRule) -> None:
    """Let users change the files of a subject type, within what the rule says. Called once, on import."""
    if _edit_rules.get(subject_type, rule) is not rule:
        raise RuntimeError(f"{subject_type} has an edit rule already")
    _edit_rules[subject_type] = rule


def editable(subject_type: str, subject_id: int, slot: str, actor: Actor) -> Editable:
    """What the actor may do with the files of a slot; NotFound, NotAllowed or WrongState when nothing."""
    rule = _edit_rules.get(subject_type)
    if rule is None:
        raise NotFound("没有找到可以上传附件的地方，请返回后重试。")
    return rule(subject_id, slot, actor)


def upload_to(
    *, stream: IO[bytes], filename: str, subject_type: str, subject_id: int, slot: str, actor: Actor
) -> Attachment:
    """Check, store and attach one upload in one action, within what the subject's rule allows this actor."""
    allowed = editable(subject_type, subject_id, slot, actor)
    count, _, _ = _slot_state(current_session(), subject_type, subject_id, slot)
    _refuse_too_many(count, allowed.policy.max_count)  # before the work of checking the file
    inspected = inspected_upload(stream, filename, allowed.policy)
    with object_put(inspected) as key, transaction() as session:
        allowed = editable(subject_type, subject_id, slot, actor)  # again: the state may have changed meanwhile
        file = insert_file(session, key, inspected, actor, allowed.person_id, allowed.organization_id)
        item = _attach(
            session, file, subject_type, subject_id, slot, file.name, actor, allowed.person_id,
            allowed.policy.max_count,
        )
    return with_files([item])[0]


def attach(
    *, file_id: int, subject_type: str, subject_id: int, slot: str, name: str, actor: Actor, person_id: int | None,
    max_count: int | None = None,
) -> Attachment:
    """Attach a stored file; the caller has checked that the actor may edit the subject.

    The file must be the actor's own upload, or of the same person or organization. Conflict when it is there already;
    Invalid when the slot holds `max_count` files.
    """
    with transaction() as session:
        file = locked_file(session, file_id)
        if not _may_use(file, actor):
            raise NotFound("没有找到要附加的文件，请重新上传。")
        item = _attach(
            session, file, subject_type, subject_id, slot, renamed(file.name, name), actor, person_id, max_count
        )
    return with_files([item])[0]


def copy_attachments(
    *, subject_type: str, subject_id: int, to_type: str, to_id: int, to_slot: str, actor: Actor, person_id: int | None
) -> list[Attachment]:
    """Attach every file of one subject at another as well (what a submission froze); those already there are left."""
    with transaction() as session:
        present = {item.file_id for item in attachments_of(to_type, to_id, to_slot)}
        copies = []
        for item in attachments_of(subject_type, subject_id):
            if item.file_id not in present:
                present.add(item.file_id)
                file = locked_file(session, item.file_id)
                copies.append(_attach(session, file, to_type, to_id, to_slot, item.name, actor, person_id, None))
    return with_files(copies)


def attachments_of(subject_type: str, subject_id: int, slot: str | None = None) -> list[Attachment]:
    """The attachments of a subject in their order, each with its file loaded; of one slot when it is given."""
    query = select(Attachment).where(Attachment.subject_type == subject_type, Attachment.subject_id == subject_id)
    if slot is not None:
        query = query.where(Attachment.slot == slot)
    query = query.order_by(Attachment.slot, Attachment.position, Attachment.id)
    return with_files(current_session().scalars(query).all())


def attachment(attachment_id: int) -> Attachment:
    """One attachment within the row scope, its file loaded; NotFound otherwise."""
    found = current_session().scalars(select(Attachment).where(Attachment.id == attachment_id)).all()
    if not found:
        raise NotFound("没有找到这个附件，它可能已被删除。")
    return with_files(found)[0]


def with_files(items: Sequence[Attachment]) -> list[Attachment]:
    """Load the files of attachments that were read within the row scope, in one query.

    Who may know of an attachment may read its file, which is why the files' own scope is left aside.
    """
    ids = {item.file_id for item in items}
    query = select(StoredFile).where(StoredFile.id.in_(ids)).execution_options(unscoped=True)
    files = {file.id: file for file in current_session().scalars(query)} if ids else {}
    for item in items:
        set_committed_value(item, "file", files[item.file_id])
    return list(items)


def rename(*, attachment_id: int, name: str, actor: Actor) -> Attachment:
    """改名. The extension stays what the content is."""
    with transaction() as session:
        item = _editable_attachment(session, attachment_id, actor)
        new = renamed(item.name, name)
        if new != item.name:
            _record(session, Event.FILE_RENAMED, item, actor, {"old": item.name, "new": new})
            item.name = new
    return with_files([item])[0]


def move(*, attachment_id: int, offset: int, actor: Actor) -> Attachment:
    """Move an attachment up (negative) or down (positive) within its slot; beyond the ends it stops there."""
    with transaction() as session:
        item = _editable_attachment(session, attachment_id, actor)
        _lock_slot(session, item.subject_type, item.subject_id, item.slot)
        siblings = attachments_of(item.subject_type, item.subject_id, item.slot)
        old = siblings.index(item)
        new = min(max(old + offset, 0), len(siblings) - 1)
        if new != old:
            siblings.insert(new, siblings.pop(old))
            for position, sibling in enumerate(siblings):
                sibling.position = position
            _record(session, Event.FILE_MOVED, item, actor, {"from": old, "to": new})
    return with_files([item])[0]


def detach(*, attachment_id: int, actor: Actor) -> None:
    """删除 an attachment; the file goes with its last place."""
    with transaction() as session:
        _detach(session, _editable_attachment(session, attachment_id, actor), actor)


def detach_all(*, subject_type: str, subject_id: int, actor: Actor, slot: str | None = None) -> int:
    """Detach everything of a subject that is deleted; the caller has checked that the actor may. Returns how many."""
    with transaction() as session:
        items = attachments_of(subject_type, subject_id, slot)
        for item in items:
            _detach(session, item, actor)
        return len(items)


def _attach(
    session: Session, file: StoredFile, subject_type: str, subject_id: int, slot: str, name: str, actor: Actor,
    person_id: int | None, max_count: int | None,
) -> Attachment:
    _lock_slot(session, subject_type, subject_id, slot)
    count, last, file_ids = _slot_state(session, subject_type, subject_id, slot)
    if file.id in file_ids:
        raise Conflict("这个文件已经在这里了。")
    if max_count is not None:
        _refuse_too_many(count, max_count)
    item = Attachment(
        file_id=file.id, subject_type=subject_type, subject_id=subject_id, slot=slot, name=name,
        position=last + 1, person_id=person_id, created_at=utcnow(),
    )
    session.add(item)
    session.flush()  # the unique key speaks now, and the caller needs the id
    _record(session, Event.FILE_ATTACHED, item, actor, {"name": name})
    return item


def _detach(session: Session, item: Attachment, actor: Actor) -> None:
    file = locked_file(session, item.file_id)
    _record(session, Event.FILE_DETACHED, item, actor, {"name": item.name})
    session.delete(item)
    session.flush()  # the look for other references must not see this one
    discard_unreferenced(session, file, actor)


def _editable_attachment(session: Session, attachment_id: int, actor: Actor) -> Attachment:
    item = attachment(attachment_id)
    if not actor.is_system:
        editable(item.subject_type, item.subject_id, item.slot, actor)
    locked_file(session, item.file_id)
    return item


def _may_use(file: StoredFile, actor: Actor) -> bool:
    return (
        actor.is_system
        or (actor.user_id is not None and file.uploaded_by == actor.user_id)
        or (actor.person_id is not None and file.person_id == actor.person_id)
        or (actor.organization_id is not None and file.organization_id == actor.organization_id)
    )


def _lock_slot(session: Session, subject_type: str, subject_id: int, slot: str) -> None:
    """Count and order of a slot change one at a time. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        place = f"attachment {subject_type} {subject_id} {slot}"
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 0))"), {"place": place})


def _slot_state(session: Session, subject_type: str, subject_id: int, slot: str) -> tuple[int, int, set[int]]:
    """(count, last position or -1, file ids) of a slot, whoever asks: limits hold for all rows."""
    table = Attachment.__table__
    rows = session.execute(
        select(table.c.file_id, table.c.position).where(
            table.c.subject_type == subject_type, table.c.subject_id == subject_id, table.c.slot == slot
        )
    ).all()
    return len(rows), max((row.position for row in rows), default=-1), {row.file_id for row in rows}


def _refuse_too_many(count: int, max_count: int) -> None:
    if count >= max_count:
        raise Invalid(f"这里最多只能上传{max_count}个文件，请先删除不需要的文件，再上传。")


def _record(session: Session, event: Event, item: Attachment, actor: Actor, data: dict[str, Any]) -> None:
    place = {"subject_type": item.subject_type, "subject_id": item.subject_id, "slot": item.slot}
    record_event(session, event=event, subject_type="file", subject_id=item.file_id, actor=actor, data=place | data)
