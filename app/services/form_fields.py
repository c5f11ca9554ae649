"""专业信息表单 and 申报形式表单: staff of the platform change their fields. Published plans keep the forms of series they had."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.queries.plan_form import digest_of
from app.rules.fields import Field, check_definition
from app.transaction import transaction
from models.dictionary import CodeTable
from models.route_form import RouteForm
from models.series_form import SeriesForm

_series_form, _route_form, _table = SeriesForm.__table__, RouteForm.__table__, CodeTable.__table__


def checked(session: Session, definitions: list[dict[str, Any]], series: str | None) -> tuple[Field, ...]:
    """The fields of a form that applicants fill in; `series`: 专业信息 stands on one page with 个人信息, None: it does not."""
    fields = check_definition(definitions)
    if named := next((field for field in fields if field.type == "files"), None):
        raise Invalid(f"字段“{named.label}”：这张表单不能有附件，请用“附件项”。")
    used = {field.code_table for field in fields if field.type == "code"}
    known = set(session.scalars(select(_table.c.code).where(_table.c.code.in_(used)))) if used else set()
    if used - known:
        raise Invalid(f"字典“{'、'.join(sorted(used - known))}”不存在，请从列表中选择。")
    if series is not None:
        common = session.scalar(select(_series_form.c.fields).where(_series_form.c.series_id.is_(None))) or ()
        names = {str(field["key"]): str(field["label"]) for field in common}
        if twice := next((field for field in fields if field.key in names), None):
            raise Invalid(f"字段“{twice.label}”：代码“{twice.key}”已用于个人信息的“{names[twice.key]}”，请换一个。")
    return fields


def save_series_form(*, form_id: int, definitions: list[dict[str, Any]], seen: str, actor: Actor) -> bool:
    """专业信息 of a series (or the common 个人信息) for plans that are published from now on; False without a change."""
    return _save(_series_form, form_id, definitions, seen, actor)


def save_route_form(*, form_id: int, definitions: list[dict[str, Any]], seen: str, actor: Actor) -> bool:
    """The form of a 申报形式; False without a change."""
    return _save(_route_form, form_id, definitions, seen, actor)


def _save(table: Any, form_id: int, definitions: list[dict[str, Any]], seen: str, actor: Actor) -> bool:
    if not actor.is_platform:
        raise NotAllowed("只有平台管理员可以修改表单。")
    with transaction() as session:
        row = session.execute(select(table).where(table.c.id == form_id).with_for_update()).first()
        if row is None:
            raise NotFound("没有找到这张表单。")
        of_series = table is _series_form and row.series_id is not None
        checked(session, definitions, str(row.series_id) if of_series else None)
        stored = list(row.fields)
        if digest_of(stored) != seen:
            raise Conflict("这张表单刚刚由其他人修改过。您填写的内容还在，请核对后再次保存。", seen=digest_of(stored))
        if stored == definitions:
            return False
        session.execute(update(table).where(table.c.id == form_id).values(fields=definitions))
        record_event(session, event=Event.RECORD_CHANGED, subject_type=table.name, subject_id=form_id, actor=actor,
                     data={"changes": {"fields": [stored, definitions]}})
        return True
