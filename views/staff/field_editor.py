"""Editing field definitions in words: rows that are added, moved and removed, a preview, and one save.

Nothing is kept between two clicks: every button sends the whole form, and the page is made from it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _
from sqlalchemy import select

from app.errors import Conflict, Invalid, WrongState
from app.queries import achievement_kind
from app.rules.field_definitions import CHECKSUMS, COMPUTES, TYPES, settings_of
from app.rules.field_editing import FLAGS, MAX_FIELDS, NUMBERS, TEXTS, Row, from_rows
from app.rules.fields import parse_fields
from app.rules.identity_keys import SCHEMES
from app.rules.upload import MEDIA_TYPES
from app.transaction import current_session
from models.dictionary import CodeTable
from views.base import PageView
from views.forms.dynamic import build_form

_CELLS = (
    "key", "label", "type", "options", "if_field", "if_values", "place", "rest", "compute", "compute_of", *NUMBERS, *TEXTS,
    *FLAGS,
)
_DUPLICATE_ROWS = 5
_NEW = {"type": "text", "max_len": "100"}


@dataclass(frozen=True)
class Subject:
    """Whose fields are edited: the words of the page, the way back, and whether they have list columns and rules of 查重."""

    title: str
    note: str
    back: str
    crumbs: list[dict[str, Any]]
    listed: bool = False
    can_save: bool = True


@dataclass(frozen=True)
class Sent:
    """What the browser sent. `seen` tells which content the editor was shown."""

    definitions: list[dict[str, Any]]
    list_columns: list[str]
    rules: list[dict[str, Any]]
    seen: str


Stored = tuple[list[Row], list[dict[str, Any]], str]  # rows, rules of 查重, what `seen` begins with


class FieldEditorView(PageView):
    """The base: a view says what is stored, how it is saved, and where to go then."""

    def edit_fields(
        self, subject: Subject, stored: Callable[[], Stored], save: Callable[[Sent], str], then: str
    ) -> Any:
        """The whole exchange: GET shows what is stored, POST does what the button says. `save` gives the words to flash."""
        if request.method == "GET":
            rows, rules, seen = stored()
            return self._page(subject, rows or [new_row()], rules, seen)
        rows, rules, seen = _sent_rows(), _sent_rules(), request.form.get("seen", "")[:40]
        action, _colon, place = request.form.get("do", "save").partition(":")
        if action in ("save", "preview"):
            return self._save_or_preview(subject, rows, rules, seen, save if action == "save" else None, then)
        number = int(place) if place.isdecimal() else -1
        _change(rows, action, number)
        opened = {"add": len(rows) - 1, "refresh": number, "up": number - 1, "down": number + 1}.get(action, -1)
        return self._page(subject, rows, rules, seen, opened=opened)

    def _save_or_preview(
        self, subject: Subject, rows: list[Row], rules: list[dict[str, Any]], seen: str,
        save: Callable[[Sent], str] | None, then: str,
    ) -> Any:
        try:
            definitions, list_columns = from_rows(rows)
            if save is not None:
                flash(save(Sent(definitions, list_columns, rules, seen)), "success")
                return redirect(then)
            fields = parse_fields(definitions)
        except (Invalid, Conflict, WrongState) as error:
            current_session().rollback()
            said = error.fields.values() if isinstance(error, Invalid) else ()
            flash(" ".join([_(error.message), *(_(text) for text in said if text != error.message)]), "danger")
            if isinstance(error, Conflict):
                seen = str(error.details.get("seen", seen))
            return self._page(subject, rows, rules, seen, status=error.status)
        names = achievement_kind.vocabularies(current_session(), fields, present={})
        form = build_form(fields, codes=names)(formdata=None, prefix="preview-")
        return self._page(
            subject, rows, rules, seen, preview=form, slots=[field for field in fields if field.type == "files"],
        )

    def _page(
        self, subject: Subject, rows: list[Row], rules: list[dict[str, Any]], seen: str, *, status: int = 200,
        opened: int = -1, **more: Any,
    ) -> Any:
        tables = current_session().execute(select(CodeTable.code, CodeTable.name).order_by(CodeTable.name)).all()
        return self.render(
            "ops/field_editor.html", subject=subject, crumbs=subject.crumbs, rows=rows, seen=seen, status=status,
            types=_types(subject, rows), opened=opened,
            settings=settings_of, computes=COMPUTES, checksums=CHECKSUMS, tables=tables, media=list(MEDIA_TYPES), schemes=SCHEMES,
            rules=[*rules, *({} for _n in range(_DUPLICATE_ROWS - len(rules)))], most=MAX_FIELDS, **more,
        )


def _types(subject: Subject, rows: list[Row]) -> dict[str, str]:
    """The types to choose from: evidence, references and computed values belong to achievements; what is there stays."""
    present = {row.get("type") for row in rows}
    return {key: label for key, label in TYPES.items()
            if subject.listed or key not in ("files", "ref", "computed") or key in present}


def new_row(**values: str) -> Row:
    """A field that has just been added."""
    return Row(_NEW | values)


def _sent_rows() -> list[Row]:
    text = request.form.get("count", "0")
    count = min(int(text) if text.isdecimal() else 0, MAX_FIELDS + 1)
    rows = []
    for number in range(count):
        values = {cell: request.form.get(f"r{number}_{cell}", "") for cell in _CELLS}
        values["accept"] = "\n".join(request.form.getlist(f"r{number}_accept"))
        rows.append(Row(values))
    return rows


def _sent_rules() -> list[dict[str, Any]]:
    rules = []
    for number in range(_DUPLICATE_ROWS):
        scheme = request.form.get(f"d{number}_scheme", "")
        fields = [value for value in request.form.getlist(f"d{number}_field") if value]
        if scheme:
            rules.append({"scheme": scheme, "fields": fields})
    return rules


def _change(rows: list[Row], action: str, place: int) -> None:
    if action == "add":
        rows.append(new_row())
    elif action == "remove" and 0 <= place < len(rows):
        del rows[place]
    elif action == "up" and 0 < place < len(rows):
        rows[place - 1], rows[place] = rows[place], rows[place - 1]
    elif action == "down" and 0 <= place < len(rows) - 1:
        rows[place + 1], rows[place] = rows[place], rows[place + 1]
