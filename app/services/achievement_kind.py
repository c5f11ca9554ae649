"""业绩类别: staff change the fields of a kind. Items keep the version they were entered under; new ones use the newest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.rules.fields import check_definition
from app.rules.identity_keys import check_duplicate_keys
from app.transaction import transaction
from models.achievement import AchievementKind, AchievementKindVersion
from models.base import utcnow
from models.dictionary import CodeTable

_kind, _version, _table = AchievementKind.__table__, AchievementKindVersion.__table__, CodeTable.__table__


def save_fields(
    *, kind_id: int, definitions: list[dict[str, Any]], list_columns: Sequence[str],
    duplicate_keys: list[dict[str, Any]], seen: int, actor: Actor,
) -> int:
    """Fields of a kind from now on; the number of the version. `seen`: the newest number the editor was shown.

    What makes two items the same belongs to the kind, and holds for items of all versions.
    """
    if not actor.is_platform:
        raise NotAllowed("只有平台管理员可以修改业绩类别的填写项。")
    fields = check_definition(definitions, list(list_columns))
    keys = check_duplicate_keys(duplicate_keys, {field.key for field in fields if field.is_input})
    if not list_columns:
        raise Invalid("请至少让一个填写项在列表中显示（填写列表顺序）。")
    with transaction() as session:
        kind = session.execute(select(_kind).where(_kind.c.id == kind_id).with_for_update()).first()
        if kind is None:
            raise NotFound("没有找到这个业绩类别。")
        used = {field.code_table for field in fields if field.type == "code"}
        known = set(session.scalars(select(_table.c.code).where(_table.c.code.in_(used)))) if used else set()
        if used - known:
            raise Invalid(f"字典“{'、'.join(sorted(used - known))}”不存在，请从列表中选择。")
        newest = session.execute(
            select(_version).where(_version.c.kind_id == kind_id).order_by(_version.c.number.desc()).limit(1)
        ).first()
        number: int = session.scalar(select(func.max(_version.c.number)).where(_version.c.kind_id == kind_id)) or 0
        if number != seen:
            raise Conflict("这个类别的填写项刚刚由其他人修改过。您填写的内容还在，请核对后再次保存。", seen=number)
        if list(kind.duplicate_keys) != keys:
            session.execute(update(_kind).where(_kind.c.id == kind_id).values(duplicate_keys=keys))
            record_event(
                session, event=Event.RECORD_CHANGED, subject_type="achievement_kind", subject_id=kind_id, actor=actor,
                data={"changes": {"duplicate_keys": [list(kind.duplicate_keys), keys]}},
            )
        if newest is not None and newest.fields == definitions and list(newest.list_columns) == list(list_columns):
            return number
        version_id: int = session.execute(insert(_version).values(
            kind_id=kind_id, number=number + 1, fields=definitions, list_columns=list(list_columns), created_at=utcnow(),
        ).returning(_version.c.id)).scalar_one()
        record_event(
            session, event=Event.RECORD_CREATED, subject_type="achievement_kind_version", subject_id=version_id,
            actor=actor, data={"kind": kind.code, "number": number + 1, "fields": [f.key for f in fields]},
        )
        return number + 1
