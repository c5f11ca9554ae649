"""What the person's 业绩库 and the unit's 业绩档案 share: the tree, the details of an item, its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from flask import url_for
from markupsafe import Markup

from app.queries.achievement_key import own_twins, unit_twins
from app.queries.achievement_kind import Kind
from app.queries.portfolio import Counts, Detail
from app.rules.fields import display
from app.rules.identity_keys import identity_keys
from app.transaction import current_session
from models.file import Attachment

COLOURS = {"reviewing": 1, "approved": 2, "returned": 3, "terminated": 4, "draft": 5}  # of a ring, the same on every page
TONES = {"draft": "off", "reviewing": "", "approved": "ok", "returned": "warn", "terminated": "bad"}
_LINK = Markup('<a href="{0}" rel="noopener noreferrer" target="_blank">{0}</a>')
_INNER = Markup('<a href="{0}">{1}</a>')
_LONG = ("textarea", "richtext")


def tree(
    kinds: Sequence[Kind], counts: Counts, *, endpoint: str, current: str, entry: Callable[[Kind, Counter[str]], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Groups for `parts.tree`: a category each, its kinds as links. `entry` gives the label and the count of one.

    Disabled kinds are shown while items of them exist.
    """
    shown = [kind for kind in kinds if kind.enabled or counts.get(kind.id)]
    return [
        {"label": category, "items": [
            {
                "href": url_for(endpoint, kind_code=kind.code), "current": kind.code == current,
                **entry(kind, counts.get(kind.id, Counter())),
            }
            for kind in members
        ]}
        for category, members in groupby(shown, key=lambda kind: kind.category)
    ]


def described(detail: Detail, *, endpoint: str, hidden: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Labels and values for `parts.describe`; web addresses are links, long texts keep their lines.

    A reference leads to the item it names (`endpoint`), unless that is deleted or in a `hidden` state.
    """
    rows: list[tuple[str, ...]] = []
    for field in detail.form.fields:
        if field.type == "files":
            continue
        value = detail.row["data"].get(field.key)
        text = display(field, value, detail.names)
        if field.type == "url" and text:
            text = _LINK.format(text)
        referred = detail.references.get(str(value)) if field.type == "ref" else None
        if referred and referred.state not in ("", *hidden):
            text = _INNER.format(url_for(endpoint, achievement_id=value), text)
        rows.append((field.label, text, "full pre") if field.type in _LONG else (field.label, text))
    return rows


def twins_of(detail: Detail, *, organization_id: int | None = None) -> list[dict[str, Any]]:
    """The same item elsewhere: {label, twin, is_own}. For a unit (`organization_id`) also those of its other people."""
    session = current_session()
    found = {one.key: one for one in identity_keys(
        detail.form.kind.duplicate_keys, detail.form.kind.code, detail.row["data"]
    )}
    person_id = detail.row["person_id"]
    own = own_twins(session, person_id=person_id, keys=found, besides=detail.row["id"])
    if organization_id is not None:
        own = [twin for twin in own if twin.is_submitted]  # drafts are nobody else's business
    others = unit_twins(session, organization_id=organization_id, person_id=person_id, keys=found) if organization_id else []
    return [
        {"label": found[twin.key].label, "twin": twin, "is_own": twin in own} for twin in [*own, *others]
    ]


def evidence(detail: Detail, attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """The evidence fields of an item, each with its files: {field, files: [{id, name, href, size, media_type}]}."""
    return [
        {"field": slot, "files": [
            {
                "id": item.id, "name": item.name, "size": item.file.size, "media_type": item.file.media_type,
                "href": url_for("FileView.download", attachment_id=item.id),
            }
            for item in attachments if item.slot == slot.key
        ]}
        for slot in detail.form.slots
    ]
