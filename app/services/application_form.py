"""The forms of an application that save themselves: 基本信息, 破格审批表, 转评申报表.

Whatever holds is stored, fields in error keep their stored value and are reported. A second window is merged with field
by field; what both changed stays as stored, and both values are given back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import NotFound
from app.queries import material as materials
from app.rules.checks_material import Material
from app.rules.field_merge import merge, token_of, values_of
from app.rules.fields import Field, display, lowered, validate
from app.services.application import bump, lock
from app.services.application_effects import SUBJECT
from app.transaction import transaction
from models.base import utcnow


@dataclass(frozen=True)
class Saved:
    """What saving did. `token`: of the content that is stored now; `errors`: fields left as they were; `notices`: fields
    the system lowered; `changed`: keys that have a new value; `conflicts`: (this window's, the stored) text of fields
    that two windows changed; `arrived`: values of fields that another window changed.
    """

    token: str
    at: dt.datetime
    errors: Mapping[str, str]
    notices: Mapping[str, str]
    changed: tuple[str, ...]
    conflicts: Mapping[str, tuple[str, str]]
    arrived: Mapping[str, Any]


def fields_of(material: Material) -> tuple[Field, ...]:
    """The fields of 基本信息."""
    return (*material.personal_fields, *material.professional_fields)


def stored_of(material: Material) -> dict[str, Any]:
    """Their stored values."""
    return {**material.personal, **material.professional}


def save_basic(
    *, application_id: int, raw: Mapping[str, object], actor: Actor, token: str | None = None, partial: bool = True
) -> Saved:
    """保存个人信息. `token`: of the content the page was filled from, None to write over whatever is stored.
    `partial`: say nothing of what is still missing (autosave).
    """
    with transaction() as session:
        row = lock(session, application_id, actor)
        loaded = materials.load(session, application_id)
        material, stored = loaded.material, stored_of(loaded.material)
        values, saved = _merged(loaded, fields_of(material), raw, stored, token, partial=partial)
        if saved.changed:
            bump(
                session, row, personal=_only(material.personal_fields, values),
                professional=_only(material.professional_fields, values),
            )
            record_event(session, event=Event.APPLICATION_SAVED, subject_type=SUBJECT, subject_id=row.id,
                         actor=actor, data={"changed": list(saved.changed)})
        return saved


def save_route_form(
    *, application_id: int, raw: Mapping[str, object], actor: Actor, token: str | None = None, partial: bool = True
) -> Saved:
    """保存 破格审批表 or 转评申报表; as `save_basic`. NotFound when the chosen 申报形式 has no form."""
    with transaction() as session:
        row = lock(session, application_id, actor)
        loaded = materials.load(session, application_id)
        if not loaded.material.route_fields:
            raise NotFound("所选申报形式没有需要另外填写的表。")
        values, saved = _merged(
            loaded, loaded.material.route_fields, raw, loaded.material.route_values, token, partial=partial)
        if saved.changed:
            bump(session, row, route_values=values)
            record_event(session, event=Event.APPLICATION_SAVED, subject_type=SUBJECT, subject_id=row.id,
                         actor=actor, data={"form": row.route, "changed": list(saved.changed)})
        return saved


def _only(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    return {field.key: values[field.key] for field in fields if field.key in values}


def _merged(
    loaded: materials.Loaded, fields: Sequence[Field], raw: Mapping[str, object], stored: Mapping[str, Any],
    token: str | None, *, partial: bool,
) -> tuple[dict[str, Any], Saved]:
    """(the values to store, what to say of it)."""
    context = loaded.material.context

    def codes(table: str) -> set[str]:
        return {*loaded.names.offered(table), *(str(value) for value in stored.values())}

    mine, errors = validate(fields, raw, codes=codes, partial=True, context=context)
    notices = lowered(fields, raw, mine)
    mine = {**mine, **{key: stored[key] for key in errors if key in stored}}
    began = dict(stored) if token is None else values_of(token)
    if began is not None:  # a field in error says nothing about what this window wants
        began = {**began, **{key: stored[key] for key in errors if key in stored}}
    merged = merge(fields, base=began, mine=mine, stored=stored)
    final, wrong = validate(fields, merged.values, codes=codes, partial=True, context=context)
    kept = {key: stored[key] for key in wrong if key in stored}
    final = {**{key: value for key, value in final.items() if key not in wrong}, **kept}
    errors = {**wrong, **errors}
    if not partial:
        errors = {**validate(fields, final, codes=codes, context=context)[1], **errors}
    changed = tuple(sorted(key for key in {*stored, *final} if stored.get(key) != final.get(key)))
    by_key = {field.key: field for field in fields}
    conflicts = {
        key: (display(by_key[key], my, loaded.names), display(by_key[key], now, loaded.names))
        for key, (my, now) in merged.conflicts.items()
    }
    return final, Saved(token_of(final), utcnow(), errors, notices, changed, conflicts, merged.arrived)
