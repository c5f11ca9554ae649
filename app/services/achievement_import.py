"""从 Excel 导入: read a file's rows, check each, show them, then make drafts of all or of the right ones.

A short file is checked and imported at once; a long one by jobs, a chunk a transaction, so that progress shows and a
killed worker goes on where it stopped. Evidence is added to the drafts afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.outbox import enqueue
from app.permissions import require
from app.queries import achievement_kind
from app.queries.achievement_key import keys_in_use
from app.queries.achievement_kind import KindForm
from app.rules.fields import Names, summary, validate
from app.rules.identity_keys import IdentityKey, identity_keys
from app.rules.sheet_fields import raw_values, read_headings
from app.rules.sheet_rows import read_rows
from app.services.achievement import insert_drafts
from app.transaction import current_session, transaction
from models.account import Account
from models.achievement_import import IMPORT_STATES, AchievementImport, AchievementImportRow
from models.base import utcnow

MAX_ROWS = 5000
AT_ONCE = 200  # rows that a request handles itself
CHUNK = 200
_WORKING = ("checking", "importing")
MODES = {"good": ("good",), "all": ("good", "incomplete")}
_import, _row = AchievementImport.__table__, AchievementImportRow.__table__


def begin(*, kind_code: str, file_name: str, data: bytes, actor: Actor) -> int:
    """Take a file in and have its rows checked; the import's id. Invalid for a file that is no filled-in template."""
    if actor.person_id is None:
        raise WrongState("请先完成个人注册，再录入业绩。")
    form = achievement_kind.newest_form(current_session(), kind_code)
    if form is None or not form.kind.enabled:
        raise NotFound("没有找到这个业绩类别，它可能已停用，请从左侧重新选择。")
    rows = list(read_rows(data, max_rows=MAX_ROWS))
    if not rows:
        raise Invalid("表格是空的，请下载模板填写后上传。")
    places = read_headings(rows[0], form.fields)
    filled = [
        (row.number, {key: row.cells[place] for place, key in places.items() if place < len(row.cells) and row.cells[place]})
        for row in rows[1:]
    ]
    filled = [(number, cells) for number, cells in filled if cells]
    if not filled:
        raise Invalid("表格里只有表头，没有可以导入的内容。")
    with transaction() as session:
        now = utcnow()
        import_id: int = session.execute(insert(_import).values(
            person_id=actor.person_id, kind_id=form.kind.id, kind_version_id=form.version_id,
            file_name=file_name[-200:], state="checking", total=len(filled), version=1, created_at=now, updated_at=now,
        ).returning(_import.c.id)).scalar_one()
        session.execute(insert(_row), [
            {"import_id": import_id, "number": number, "cells": cells, "verdict": "", "errors": {}}
            for number, cells in filled
        ])
        if len(filled) > AT_ONCE:
            enqueue(session, kind="achievement_import.check", key=f"achievement-import-check:{import_id}",
                    payload={"import_id": import_id})
    if len(filled) <= AT_ONCE:
        check(import_id=import_id)
    return import_id


def check(*, import_id: int) -> None:
    """Give every row its verdict. Run again after an interruption, it goes on with the rows that have none."""
    session = current_session()
    head = _head(session, import_id)
    if head is None or (head.state != "checking" and not _goes_on(head, "")):
        return
    form = _form(session, head)
    names = achievement_kind.vocabularies(session, form.fields, present={}, person_id=head.person_id)
    rows = session.execute(
        select(_row.c.id, _row.c.number, _row.c.cells, _row.c.verdict).where(_row.c.import_id == import_id)
        .order_by(_row.c.number)
    ).all()
    session.rollback()
    seen: dict[str, int] = {}
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start:start + CHUNK]
        with transaction() as session:
            results = _judge(session, form, names, chunk, head.person_id, seen)
            if results:
                session.connection().execute(
                    update(_row).where(_row.c.id == bindparam("of_row"))
                    .values(verdict=bindparam("new_verdict"), errors=bindparam("new_errors")), results,
                )
            done = Counter(result["new_verdict"] for result in results)
            session.execute(update(_import).where(_import.c.id == import_id).values(
                checked=start + len(chunk), good=_import.c.good + done["good"], wrong=_import.c.wrong + done["wrong"],
                incomplete=_import.c.incomplete + done["incomplete"],
                state="ready" if start + CHUNK >= len(rows) else "checking", updated_at=utcnow(),
            ))


def _goes_on(head: Row[Any], *modes: str) -> bool:
    """Whether a failed import stopped in this stage: staff may have its job run again."""
    return bool(head.state == "failed" and head.mode in modes)


def _judge(
    session: Session, form: KindForm, names: Names, rows: Sequence[Row[Any]], person_id: int, seen: dict[str, int],
) -> list[dict[str, Any]]:
    read = [(row, *_read(form, names, row.cells)) for row in rows]
    keys = {row.id: identity_keys(form.kind.duplicate_keys, form.kind.code, values) for row, values, _, _ in read}
    wanted = {one.key for found in keys.values() for one in found}
    taken = keys_in_use(session, person_id=person_id, keys=wanted)
    results = []
    for row, _values, wrong, missing in read:
        errors = {**missing, **wrong}
        twice = False
        for one in keys[row.id]:
            sentence = _twice(one, seen, row.number, taken)
            seen.setdefault(one.key, row.number)
            if sentence:
                twice = True
                errors |= dict.fromkeys(one.fields, sentence)
        if not row.verdict:
            verdict = "wrong" if wrong or twice else "incomplete" if missing else "good"
            results.append({"of_row": row.id, "new_verdict": verdict, "new_errors": errors})
    return results


def _twice(one: IdentityKey, seen: Mapping[str, int], number: int, taken: Mapping[str, Any]) -> str:
    if one.key in seen and seen[one.key] != number:
        return f"与文件第 {seen[one.key]} 行的{one.label}相同。"
    if one.key in taken:
        twin = taken[one.key]
        return f"与您已录入的“{twin.kind}：{twin.summary}”的{one.label}相同。"
    return ""


def _read(form: KindForm, names: Names, cells: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    """(values, what does not hold, what is missing) of a row, by field key."""
    raw, marked = raw_values(form.fields, cells, names)
    values, wrong = validate(form.fields, raw, codes=names, partial=True)
    _, all_errors = validate(form.fields, raw, codes=names)
    wrong |= marked
    return values, wrong, {key: sentence for key, sentence in all_errors.items() if key not in wrong}


def confirm(*, import_id: int, mode: str, actor: Actor) -> None:
    """导入 what was checked: `good`, the right rows only; `all`, incomplete ones too, when none is wrong."""
    with transaction() as session:
        head = _own(session, import_id, actor)
        if head.state != "ready":
            raise WrongState(f"这个文件{IMPORT_STATES[head.state]}，请刷新页面查看。")
        if mode not in MODES:
            raise Invalid("请选择导入全部，或只导入正确的行。")
        if mode == "all" and head.wrong:
            raise Invalid(f"还有 {head.wrong} 行有误，不能全部导入。请改正文件后重新上传，或只导入正确的行。")
        count = head.good + (head.incomplete if mode == "all" else 0)
        if not count:
            raise Invalid("没有可以导入的行，请按提示改正文件后重新上传。")
        _set(session, head, state="importing", mode=mode)
        record_event(
            session, event=Event.ACHIEVEMENTS_IMPORTED, subject_type="achievement_import", subject_id=head.id,
            actor=actor, data={"mode": mode, "rows": count},
        )
        if count > AT_ONCE:
            enqueue(session, kind="achievement_import.run", key=f"achievement-import-run:{import_id}",
                    payload={"import_id": import_id, "user_id": actor.user_id})
    if count <= AT_ONCE:
        run(import_id=import_id, actor=actor)


def run(*, import_id: int, actor: Actor) -> None:
    """Make the drafts, a chunk a transaction. A row that became a draft is never made twice."""
    while True:
        with transaction() as session:
            head = session.execute(select(_import).where(_import.c.id == import_id).with_for_update()).first()
            if head is None or (head.state != "importing" and not _goes_on(head, *MODES)):
                return
            form = _form(session, head)
            names = achievement_kind.vocabularies(session, form.fields, present={}, person_id=head.person_id)
            rows = session.execute(
                select(_row.c.id, _row.c.number, _row.c.cells)
                .where(_row.c.import_id == import_id, _row.c.achievement_id.is_(None), _row.c.verdict.in_(MODES[head.mode]))
                .order_by(_row.c.number).limit(CHUNK)
            ).all()
            items = []
            for row in rows:
                values, _, _ = _read(form, names, row.cells)
                line = summary(form.fields, form.list_columns, values, names)
                items.append((values, line, {"import": import_id, "row": row.number}))
            ids = insert_drafts(session, form, items, actor=actor)
            made = [{"of_row": row.id, "new_id": number} for row, number in zip(rows, ids, strict=True)]
            if made:
                session.connection().execute(
                    update(_row).where(_row.c.id == bindparam("of_row")).values(achievement_id=bindparam("new_id")), made
                )
            _set(session, head, imported=head.imported + len(made), state="importing" if len(rows) == CHUNK else "done")
            if len(rows) < CHUNK:
                return


def fail(*, import_id: int) -> None:
    """Nothing more will be done by itself; whole chunks that were imported stay."""
    with transaction() as session:
        session.execute(update(_import).where(_import.c.id == import_id, _import.c.state.in_(_WORKING)).values(
            state="failed", version=_import.c.version + 1, updated_at=utcnow(),
        ))


def discard(*, import_id: int, actor: Actor) -> None:
    """Forget a file and its rows; drafts made of it stay."""
    with transaction() as session:
        head = _own(session, import_id, actor)
        if head.state in _WORKING:
            raise WrongState("文件正在处理，请稍后再删除。")
        session.execute(delete(_row).where(_row.c.import_id == head.id))
        session.execute(delete(_import).where(_import.c.id == head.id))


def actor_of(user_id: int, import_id: int) -> Actor | None:
    """Who confirmed an import, for the job that carries it out."""
    session = current_session()
    account, head = Account.__table__, _head(session, import_id)
    row = session.execute(
        select(account.c.last_name, account.c.first_name).where(account.c.id == user_id)
    ).first()
    if row is None or head is None:
        return None
    return Actor(user_id, f"{row.last_name}{row.first_name}", person_id=head.person_id, origin="job")


def _head(session: Session, import_id: int) -> Row[Any] | None:
    return session.execute(select(_import).where(_import.c.id == import_id)).first()


def _own(session: Session, import_id: int, actor: Actor) -> Row[Any]:
    row = session.execute(select(_import).where(_import.c.id == import_id).with_for_update()).first()
    if row is None:
        raise NotFound("没有找到这次导入，它可能已被删除。")
    require("own.edit", actor, row)
    return row


def _form(session: Session, head: Row[Any]) -> KindForm:
    form = achievement_kind.form_of_version(session, head.kind_version_id)
    if form is None:
        raise NotFound("没有找到这个业绩类别的填写项，请联系平台管理员。")
    return form


def _set(session: Session, head: Row[Any], **values: Any) -> None:
    done = session.execute(
        update(_import).where(_import.c.id == head.id, _import.c.version == head.version)
        .values(version=head.version + 1, updated_at=utcnow(), **values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("这次导入刚刚有变化，请刷新页面后再操作。")
