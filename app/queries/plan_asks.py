"""What an edition of a plan asks of applicants: forms of the series, sections of a standard, slots, settings of checks.

Core statements over public tables; whose plan it is has been checked by the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from app.rules.check_settings import Setting, settings_of
from app.rules.checks_material import FileRef, Group, Requirement, Section, Slot
from app.rules.field_definitions import Condition
from app.rules.fields import Field, parse_fields
from models.achievement import AchievementKind
from models.file import Attachment, StoredFile
from models.plan import AttachmentSlot, PlanCheck, PlanForm, StandardGroup, StandardItem, StandardSection
from models.series_form import SeriesForm

TEMPLATES_OF = "plan_slot"  # the subject type of a slot's templates
_kind, _attachment, _file = AchievementKind.__table__, Attachment.__table__, StoredFile.__table__
_section, _requirement, _slot = StandardSection.__table__, StandardItem.__table__, AttachmentSlot.__table__
_form, _plan_form = SeriesForm.__table__, PlanForm.__table__


def _forms(plan_id: int, edition: int, series_id: int) -> tuple[Select[Any], ...]:
    """(series or NULL, fields, what): 个人信息 and 专业信息 as the platform has them, and as the edition of the plan has them."""
    return (
        select(_form.c.series_id, _form.c.fields.label("content"), literal("usual").label("what"), literal("").label("level"))
        .where(or_(_form.c.series_id.is_(None), _form.c.series_id == series_id)),
        select(_plan_form.c.series_id, _plan_form.c.fields, literal("own"), literal("")).where(
            _plan_form.c.plan_id == plan_id, _plan_form.c.edition == edition, _plan_form.c.series_id == series_id
        ),
    )


def _parsed(rows: Sequence[Row[Any]], series_id: int) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    content = {(row.what, row.series_id): row.content for row in rows}
    professional = content.get(("own", series_id), content.get(("usual", series_id), ()))
    return parse_fields(content.get(("usual", None), ())), parse_fields(professional)


def series_forms(
    session: Session, series_id: int, plan_id: int, edition: int
) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """The fields of 个人信息, and of 专业信息 of a series in an edition of a plan."""
    return _parsed(session.execute(union_all(*_forms(plan_id, edition, series_id))).all(), series_id)


def forms_and_settings(
    session: Session, row: Row[Any]
) -> tuple[tuple[Field, ...], tuple[Field, ...], dict[str, Setting]]:
    """`series_forms` and `plan_settings` of an application in one statement: every filling page needs both."""
    check = PlanCheck.__table__
    rows = session.execute(union_all(
        *_forms(row.plan_id, row.plan_edition, row.series_id),
        select(null(), check.c.parameters, check.c.rule, check.c.level)
        .where(check.c.plan_id == row.plan_id, check.c.edition == row.plan_edition),
    )).all()
    rules = [found for found in rows if found.level]
    settings = settings_of((found.what, found.level, found.content) for found in rules)
    return *_parsed([found for found in rows if not found.level], row.series_id), settings


def sections_of(session: Session, standard_id: int, level_id: int) -> tuple[Section, ...]:
    """The sections of a standard for a level, with their items and groups; one query."""
    group = StandardGroup.__table__
    rows = session.execute(
        select(
            _section.c.id, _section.c.name, _requirement.c.id.label("item_id"), _requirement.c.kind_id,
            _kind.c.name.label("kind_name"), _requirement.c.minimum, _requirement.c.maximum, _requirement.c.hint,
            _requirement.c.group_id, group.c.name.label("group_name"), group.c.minimum.label("group_minimum"),
        )
        .outerjoin(_requirement, _requirement.c.section_id == _section.c.id)
        .outerjoin(_kind, _kind.c.id == _requirement.c.kind_id)
        .outerjoin(group, group.c.id == _requirement.c.group_id)
        .where(
            _section.c.standard_id == standard_id,
            or_(_section.c.level_id.is_(None), _section.c.level_id == level_id),
        )
        .order_by(_section.c.position, _section.c.id, _requirement.c.position, _requirement.c.id)
    ).all()
    names: dict[int, str] = {}
    found: dict[int, list[Requirement]] = defaultdict(list)
    groups: dict[int, dict[int, Group]] = defaultdict(dict)
    for row in rows:
        names[row.id] = row.name
        if row.item_id is not None:
            found[row.id].append(Requirement(
                row.item_id, row.kind_id, row.kind_name, row.minimum, row.maximum, row.hint, row.group_id
            ))
        if row.group_id is not None:
            groups[row.id][row.group_id] = Group(row.group_id, row.group_name, row.group_minimum)
    return tuple(
        Section(key, name, tuple(found[key]), tuple(groups[key].values())) for key, name in names.items()
    )


def plan_settings(session: Session, plan_id: int, edition: int) -> dict[str, Setting]:
    """How every configurable rule applies in an edition of a plan."""
    check = PlanCheck.__table__
    rows = session.execute(
        select(check.c.rule, check.c.level, check.c.parameters)
        .where(check.c.plan_id == plan_id, check.c.edition == edition)
    )
    return settings_of((row.rule, row.level, row.parameters) for row in rows)


def plan_slots(
    session: Session, plan_id: int, edition: int, files: Mapping[str, list[FileRef]]
) -> tuple[Slot, ...]:
    """The slots of an edition of a plan with their templates, and of an application what is in them; one query."""
    rows = session.execute(
        select(
            _slot, _attachment.c.id.label("template_id"), _attachment.c.file_id, _attachment.c.name.label("template"),
            _file.c.media_type, _file.c.size, _file.c.sha256,
        )
        .outerjoin(
            _attachment, (_attachment.c.subject_type == TEMPLATES_OF) & (_attachment.c.subject_id == _slot.c.id)
        )
        .outerjoin(_file, _file.c.id == _attachment.c.file_id)
        .where(_slot.c.plan_id == plan_id, _slot.c.edition == edition)
        .order_by(_slot.c.position, _slot.c.id, _attachment.c.position, _attachment.c.id)
    ).all()
    templates: dict[int, list[FileRef]] = defaultdict(list)
    for row in rows:
        if row.template_id is not None:
            templates[row.id].append(
                FileRef(row.template_id, row.file_id, row.template, row.media_type, row.size, row.sha256)
            )
    return tuple(
        Slot(
            row.code, row.name, row.is_required, _condition(row.condition), tuple(row.types), row.max_mb,
            row.max_count, tuple(files.get(row.code, ())), row.hint, tuple(templates[row.id]),
        )
        for row in {row.id: row for row in rows}.values()
    )


def _condition(raw: Mapping[str, Any]) -> Condition | None:
    if not raw:
        return None
    return Condition(raw["field"], tuple(raw["in"]) if "in" in raw else (raw["equals"],))
