"""Editions of a plan: copying last year's, and revising what is published. Both are one deep copy.

The edition in force is never changed after publication. A revision is edition n + 1, prepared beside it; publishing it
puts it in force for those who begin from then on. Applications keep theirs (docs/adr/0005).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event
from app.errors import Invalid, WrongState
from app.queries.plan import DOCUMENTS
from app.rules import deadlines
from app.services import file as files
from app.services.plan import SUBJECT, checked_reason, keep_forms, own_plan, record, require_complete
from app.transaction import transaction
from models import plan as tables
from models.plan import PLAN_STATES, ReviewPlan

__all__ = ["SUBJECT", "copy", "discard_revision", "publish_revision", "revise"]

_plan = ReviewPlan.__table__
_slot, _standard, _form = tables.AttachmentSlot.__table__, tables.ReviewStandard.__table__, tables.PlanForm.__table__
_section, _group, _item = (
    table.__table__ for table in (tables.StandardSection, tables.StandardGroup, tables.StandardItem)
)
_PARTS: tuple[Table, ...] = (
    tables.PlanLevel.__table__, tables.PlanOffering.__table__, tables.PlanCheck.__table__, _form,
)
_COPIED = (
    "committee_id", "convener_id", "region_code", "plan_type", "routes", "needs_interview", "allows_exemption",
    "exemption_note", "scope_text", "content", "contact", "phone", "address",
)


def shifted(day: dt.date, years: int) -> dt.date:
    """The same day some years later; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def name_for(name: str, old: int, new: int) -> str:
    """“2025年—…” for the new year: the old year's number replaced where the name says it, otherwise put in front."""
    return name.replace(str(old), str(new)) if str(old) in name else f"{new}年—{name}"


def copy(*, plan_id: int, year: int, actor: Actor) -> int:
    """复制: a draft for another year with everything the plan asks for, years and window shifted; its id.

    What is in force is copied, not a revision that is being prepared. Published documents come along.
    """
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        if not 2000 <= year <= deadlines.today().year + 2:
            raise Invalid("请填写年度，例如今年。", {"year": f"年度须在 2000 到 {deadlines.today().year + 2} 之间。"})
        name = name_for(plan.name, plan.year, year)
        if year == plan.year:
            name = f"{plan.name}（副本）"
        if session.execute(select(_plan.c.id).where(_plan.c.name == name)).first():
            sentence = f"已有名为“{name}”的计划，不能再复制一份；如需再办一批，请先修改那个计划的名称。"
            raise Invalid(sentence, {"year": sentence})
        made = ReviewPlan(
            **{key: getattr(plan, key) for key in _COPIED}, year=year, name=name, state="draft",
            opens_on=shifted(plan.opens_on, year - plan.year), closes_on=shifted(plan.closes_on, year - plan.year),
        )
        session.add(made)
        session.flush()  # the parts need the id
        _copy_parts(session, (plan.id, plan.edition), (made.id, made.edition), actor)
        files.copy_attachments(subject_type=DOCUMENTS, subject_id=plan.id, to_type=DOCUMENTS, to_id=made.id,
                               to_slot="documents", actor=actor, person_id=None)
        record(session, made, Event.PLAN_COPIED, actor, copied_from=plan.id, year=year)
        return int(made.id)


def revise(*, plan_id: int, reason: str, actor: Actor) -> None:
    """修订: prepare the next edition of a published plan as a copy of the one in force."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        if plan.state != "published":
            raise WrongState(f"只有已发布的计划需要修订，该计划为{PLAN_STATES[plan.state]}。")
        if plan.draft_edition is not None:
            raise WrongState("该计划已有一个修订正在准备，请先发布或放弃它。")
        why = checked_reason(reason)
        plan.draft_edition, plan.revision_reason = plan.edition + 1, why
        _copy_parts(session, (plan.id, plan.edition), (plan.id, plan.draft_edition), actor)
        record(session, plan, Event.PLAN_REVISION_STARTED, actor, revision=plan.draft_edition, reason=why)


def publish_revision(*, plan_id: int, actor: Actor) -> None:
    """发布修订: in force for whoever begins from now on."""
    with transaction() as session:
        plan, revision = _revision(session, plan_id, actor)
        require_complete(session, plan, revision)
        keep_forms(session, plan.id, revision)
        why = plan.revision_reason
        plan.edition, plan.draft_edition, plan.revision_reason = revision, None, ""
        record(session, plan, Event.PLAN_REVISION_PUBLISHED, actor, reason=why)


def discard_revision(*, plan_id: int, actor: Actor) -> None:
    """放弃修订: the edition in force stays."""
    with transaction() as session:
        plan, revision = _revision(session, plan_id, actor)
        at = {"plan_id": plan.id, "edition": revision}
        for slot_id in session.execute(select(_slot.c.id).filter_by(**at)).scalars().all():
            files.detach_all(subject_type="plan_slot", subject_id=slot_id, actor=actor)
        for table in (*_PARTS, _slot, _standard):
            session.execute(delete(table).where(table.c.plan_id == plan.id, table.c.edition == revision))
        why = plan.revision_reason
        plan.draft_edition, plan.revision_reason = None, ""
        record(session, plan, Event.PLAN_REVISION_DISCARDED, actor, revision=revision, reason=why)


def _revision(session: Session, plan_id: int, actor: Actor) -> tuple[ReviewPlan, int]:
    plan = own_plan(session, plan_id, actor)
    if plan.state != "published" or plan.draft_edition is None:
        raise WrongState("该计划没有正在准备的修订，请刷新页面。")
    return plan, plan.draft_edition


Place = tuple[int, int]
"""(plan id, edition)"""


def _copy_parts(session: Session, source: Place, target: Place, actor: Actor) -> None:
    """Everything that hangs on an edition of a plan, below another."""
    place = {"plan_id": target[0], "edition": target[1]}
    for table in _PARTS:
        rows = [_without(row, place) for row in _rows(session, table, source)]
        if table is _form and source[0] != target[0]:  # another year's plan begins with the platform's forms of that year
            rows = [row for row in rows if row["is_own"]]
        if rows:
            session.execute(insert(table), rows)
    for row in _rows(session, _slot, source):
        copied = session.execute(insert(_slot).values(_without(row, place)).returning(_slot.c.id)).scalar_one()
        files.copy_attachments(subject_type="plan_slot", subject_id=row["id"], to_type="plan_slot", to_id=copied,
                               to_slot="template", actor=actor, person_id=None)
    for row in _rows(session, _standard, source):
        copied = session.execute(insert(_standard).values(_without(row, place)).returning(_standard.c.id)).scalar_one()
        _copy_sections(session, row["id"], copied)


def _copy_sections(session: Session, standard_id: int, copied_id: int) -> None:
    for section in _children(session, _section, _section.c.standard_id, standard_id):
        values = _without(section, {"standard_id": copied_id})
        section_id = session.execute(insert(_section).values(values).returning(_section.c.id)).scalar_one()
        groups = {
            group["id"]: session.execute(
                insert(_group).values(_without(group, {"section_id": section_id})).returning(_group.c.id)
            ).scalar_one()
            for group in _children(session, _group, _group.c.section_id, section["id"])
        }
        items = [
            _without(item, {"section_id": section_id, "group_id": groups.get(item["group_id"])})
            for item in _children(session, _item, _item.c.section_id, section["id"])
        ]
        if items:
            session.execute(insert(_item), items)


def _rows(session: Session, table: Any, place: Place) -> list[dict[str, Any]]:
    statement = select(table).where(table.c.plan_id == place[0], table.c.edition == place[1]).order_by(table.c.id)
    return [dict(row) for row in session.execute(statement).mappings()]


def _children(session: Session, table: Any, column: Any, parent_id: int) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(
        select(table).where(column == parent_id).order_by(table.c.id)
    ).mappings()]


def _without(row: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A row's values for a new one: no id, some columns another way."""
    return {key: value for key, value in row.items() if key != "id"} | other
