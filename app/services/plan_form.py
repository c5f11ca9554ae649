"""专业信息 of a plan: its convener changes the fields of a series for this plan, or goes back to the platform's.

They hang on the edition like everything else a plan asks for: applications that have begun keep theirs (docs/adr/0005).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event
from app.errors import Conflict, NotFound
from app.queries.plan_form import FormOfSeries, forms_of
from app.services.form_fields import checked
from app.services.plan import editable_edition, own_plan, record
from app.transaction import transaction
from models.plan import PlanForm

_own = PlanForm.__table__


def _form(session: Session, plan_id: int, edition: int, series_id: int) -> FormOfSeries:
    found = forms_of(session, plan_id, edition, series_id)
    if not found:
        raise NotFound("该计划没有这个申报系列，请先在“可评审专业”中选择它的专业和职称。")
    return found[0]


def save(*, plan_id: int, series_id: int, definitions: list[dict[str, Any]], seen: str, actor: Actor) -> bool:
    """The plan's own fields of a series. `seen`: the digest of what the editor was shown. False without a change."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        edition = editable_edition(plan)
        form = _form(session, plan.id, edition, series_id)
        checked(session, definitions, form.series)
        if form.digest != seen:
            raise Conflict("这张表单刚刚由其他人修改过。您填写的内容还在，请核对后再次保存。", seen=form.digest)
        if list(form.fields) == definitions:
            return False
        _clear(session, plan.id, edition, series_id)
        session.execute(insert(_own).values(
            plan_id=plan.id, edition=edition, series_id=series_id, fields=definitions, is_own=True
        ))
        record(session, plan, Event.PLAN_FORM_CHANGED, actor, series=series_id, changes={
            "fields": [list(form.fields), definitions]
        })
        return True


def restore(*, plan_id: int, series_id: int, actor: Actor) -> bool:
    """恢复为平台表单: the form of the series as the platform has it when the plan (or its revision) is published."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        edition = editable_edition(plan)
        form = _form(session, plan.id, edition, series_id)
        if not form.kept:
            return False
        _clear(session, plan.id, edition, series_id)
        record(session, plan, Event.PLAN_FORM_CHANGED, actor, series=series_id, changes={
            "fields": [list(form.fields), list(form.usual)]
        })
        return True


def _clear(session: Session, plan_id: int, edition: int, series_id: int) -> None:
    session.execute(delete(_own).where(
        _own.c.plan_id == plan_id, _own.c.edition == edition, _own.c.series_id == series_id
    ))
