"""申报一览表 as data: everything an applicant filled in and imported, with names instead of codes.

The same shape is shown while filling, frozen at each submission, and read by the reviewers:

{"schema": 1, "title", "header": [[label, value]], "photo_file_id", "personal": [[label, value]],
 "professional": [[label, value]], "pages": [page], "sections": [{"id", "name", "groups": [group]}],
 "slots": [{"code", "name", "is_required", "files": [file]}], "pledge": {...} or None, "facts": {...}}
page, group: {"key", "name", "hint", "columns": [label], "items": [item]};
item: {"id", "achievement_id", "summary", "cells": [text], "fields": [[label, value]], "is_qualifying", "files": [file]};
file: {"file_id", "attachment_id", "slot", "name", "media_type", "size", "sha256"}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from app.rules.checks_items import limits
from app.rules.checks_material import FileRef, Item, Material, slot_applies
from app.rules.deadlines import ZONE
from app.rules.fields import Field, Names, column_text, columns, display
from app.rules.identity import mask_id_number
from models.application import IMPORT_PAGES

SCHEMA = 1
ID_LABEL = "证件编号"  # the row of the header that a reviewer may be shown whole
Pair = list[str]


def compose(material: Material, names: Names) -> dict[str, Any]:
    """The whole application in the shape above; plain JSON values only."""
    return {
        "schema": SCHEMA,
        "title": material.plan.name,
        "header": header(material),
        "photo_file_id": material.person.photo_id,
        "personal": pairs(material.personal_fields, material.personal, names),
        "professional": pairs(material.professional_fields, material.professional, names),
        "pages": [_page(key, name, material, names) for key, name in IMPORT_PAGES.items()],
        "sections": [
            {
                "id": section.id, "name": section.name,
                "groups": [
                    _group(str(need.id), need.kind, limits(need), material.under(need.id), names)
                    for need in section.requirements
                ],
            }
            for section in material.sections
        ],
        "slots": [
            {
                "code": slot.code, "name": slot.name, "is_required": slot.is_required,
                "files": [_file(file, slot.code) for file in slot.files],
            }
            for slot in material.slots if slot.files or slot_applies(slot, material)
        ],
        "pledge": _pledge(material),
        "facts": facts(material),
    }


def header(material: Material) -> list[Pair]:
    """申报情况: the read-only head of 基本信息 (manual, 申报一览表)."""
    choice, person, unit, plan = material.choice, material.person, material.unit, material.plan
    return [
        ["申报系列", choice.series],
        ["申报职称", f"{choice.specialty}-{choice.title}"],
        ["申报形式", choice.route_name],
        ["申报级别", choice.level],
        ["申报单位", unit.name],
        ["申报人", person.name],
        ["性别", person.sex],
        ["证件类型", person.id_doc_type_name],
        [ID_LABEL, mask_id_number(person.id_number)],
        ["出生日期", person.birth_date.isoformat() if person.birth_date else ""],
        ["单位性质", unit.nature],
        ["联系方式", person.mobile],
        ["是否面试", "需要" if plan.needs_interview else "不需要"],
        ["受理评委会", plan.committee],
        ["评审标准", choice.standard],
    ]


def facts(material: Material) -> dict[str, Any]:
    """Ids and names that forms and statistics need later, whatever becomes of the dictionaries."""
    choice, plan, person, unit = material.choice, material.plan, material.person, material.unit
    return {
        "application_id": material.application_id, "year": plan.year, "plan_id": plan.id, "plan": plan.name,
        "committee": plan.committee, "convener_id": plan.convener_id, "convener": plan.convener,
        "route": choice.route, "route_name": choice.route_name, "series_id": choice.series_id,
        "series": choice.series, "specialty_id": choice.specialty_id, "specialty": choice.specialty,
        "title_id": choice.title_id, "title": choice.title, "level": choice.level,
        "standard_id": choice.standard_id, "standard": choice.standard, "person_id": person.id,
        "person": person.name, "sex": person.sex, "employer_id": unit.id, "employer": unit.name,
    }


def pairs(fields: Sequence[Field], values: Mapping[str, Any], names: Names) -> list[Pair]:
    """Every field with its value as people read it; empty text for nothing."""
    return [
        [field.label, display(field, values.get(field.key), names)] for field in fields if field.type != "files"
    ]


def item_view(item: Item, names: Names) -> dict[str, Any]:
    """One imported achievement with its list cells, all its fields and its files."""
    return {
        "id": item.id, "achievement_id": item.achievement_id, "summary": item.summary,
        "cells": [column_text(column, item.data, names) for column in columns(item.fields, item.list_columns)],
        "fields": pairs(item.fields, item.data, names), "is_qualifying": item.is_qualifying,
        "files": [_file(file, item_slot(item)) for file in item.files],
    }


def column_labels(items: Sequence[Item]) -> list[str]:
    """The heads of a list of items: those of the newest version among them."""
    return [column.label for column in columns(items[-1].fields, items[-1].list_columns)] if items else []


def item_slot(item: Item) -> str:
    """The slot under which a submission keeps the files of an imported item."""
    return f"item-{item.id}"


def hours(items: Sequence[Item]) -> dict[str, str]:
    """继续教育: the sum of hours by course type, 专业课 and 公需课 always named."""
    sums = {"专业课": Decimal(0), "公需课": Decimal(0)}
    for item in items:
        course = str(item.data.get("course_type") or "其他")
        try:
            sums[course] = sums.get(course, Decimal(0)) + Decimal(str(item.data.get("hours")))
        except InvalidOperation:
            continue
    return {course: f"{total.normalize():f}" for course, total in sums.items()}


def files_of(snapshot: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every file of a snapshot, those of items included."""
    for slot in snapshot["slots"]:
        yield from slot["files"]
    groups = [*snapshot["pages"], *(group for section in snapshot["sections"] for group in section["groups"])]
    for group in groups:
        for item in group["items"]:
            yield from item["files"]


def digest(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a snapshot."""
    text = json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _page(key: str, name: str, material: Material, names: Names) -> dict[str, Any]:
    items = material.on_page(key)
    hint = ""
    if key == "continuing_education":
        hint = "　".join(f"{kind}：{total} 学时" for kind, total in hours(items).items())
    return _group(key, name, hint, items, names)


def _group(key: str, name: str, hint: str, items: Sequence[Item], names: Names) -> dict[str, Any]:
    return {
        "key": key, "name": name, "hint": hint, "columns": column_labels(items),
        "items": [item_view(item, names) for item in items],
    }


def _file(file: FileRef, slot: str) -> dict[str, Any]:
    return {
        "file_id": file.file_id, "attachment_id": file.attachment_id, "slot": slot, "name": file.name,
        "media_type": file.media_type, "size": file.size, "sha256": file.sha256,
    }


def _pledge(material: Material) -> dict[str, Any] | None:
    accepted = material.pledge.accepted_at
    if accepted is None:
        return None
    return {
        "pledge_id": material.pledge.accepted_id,
        "accepted_at": accepted.astimezone(ZONE).isoformat(timespec="seconds"),
    }
