"""The form of 现有职称情况: one title, and as many lines of 现有职称评聘情况 as there are. Works without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from app.rules.checks_material import HeldTitleFacts
from app.rules.fields import Names
from app.rules.held_title import APPOINTMENT_FIELDS, FIELDS, MOST_APPOINTMENTS, is_blank
from views.forms.dynamic import DynamicForm, build_form, initial

Lines = list[tuple[int, DynamicForm]]


class HeldTitleForm:
    """`title`: the form of the title; `lines`: (number, form) of the appointments; `blank`: what a new line is made from."""

    def __init__(self, title: DynamicForm, lines: Lines, blank: DynamicForm) -> None:
        self.title = title
        self.lines = lines
        self.blank = blank

    @property
    def appointments(self) -> list[dict[str, object]]:
        """What was sent, line by line."""
        return [form.raw for _, form in self.lines]

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Sentences beside their fields: `key` of the title, `a<n>.key` of the n-th line."""
        own = {key: sentence for key, sentence in errors.items() if "." not in key}
        self.title.show_errors(own)
        for position, (_, form) in enumerate(self.lines):
            prefix = f"a{position}."
            form.show_errors({k.removeprefix(prefix): v for k, v in errors.items() if k.startswith(prefix)})


def _line(number: str, names: Names, *, data: Mapping[str, Any] | None = None) -> DynamicForm:
    made = build_form(APPOINTMENT_FIELDS, codes=names)
    if data is None:
        return made(prefix=f"a{number}-", meta={"csrf": False})
    return made(formdata=None, prefix=f"a{number}-", meta={"csrf": False}, data=data)


def shown(names: Names, held: HeldTitleFacts | None) -> HeldTitleForm:
    """The form filled from what is stored; for a new title empty, with one line to fill in."""
    values = _stored(held) if held else {}
    made = build_form(FIELDS, codes=names, data=values)
    title = made(formdata=None, data={**initial(FIELDS, values), "version": str(held.version) if held else ""})
    rows: Sequence[Mapping[str, Any]] = [_appointment(row) for row in held.appointments] if held else [{}]
    lines = [(n, _line(str(n), names, data=initial(APPOINTMENT_FIELDS, row))) for n, row in enumerate(rows)]
    return HeldTitleForm(title, lines, _line("NUMBER", names, data={}))


def sent(names: Names, held: HeldTitleFacts | None) -> HeldTitleForm:
    """The form as it was sent; `_add` puts a line at its end, `_drop` takes the line of that number away."""
    made = build_form(FIELDS, codes=names, data=_stored(held) if held else {})
    dropped = request.form.get("_drop", "")
    numbers = [
        text for text in dict.fromkeys(request.form.getlist("line"))
        if text.isascii() and text.isdecimal() and len(text) < 5 and text != dropped
    ][:MOST_APPOINTMENTS]
    lines = [(int(text), _line(text, names)) for text in numbers]
    if "_add" in request.form and len(lines) < MOST_APPOINTMENTS:
        number = max((number for number, _ in lines), default=-1) + 1
        lines.append((number, _line(str(number), names, data={})))
    elif "_drop" not in request.form:
        lines = [(number, form) for number, form in lines if not is_blank(form.raw)]
    return HeldTitleForm(made(), lines, _line("NUMBER", names, data={}))


def only_lines() -> bool:
    """Whether a button for the lines was pressed, and nothing is to be saved yet."""
    return "_add" in request.form or "_drop" in request.form


def _stored(held: HeldTitleFacts) -> dict[str, Any]:
    return {
        "acquisition": held.acquisition_code, "employer": held.employer, "certificate_number": held.certificate_number,
        "series": held.series, "specialty": held.specialty, "title": held.title, "level": held.level_id,
        "committee": held.committee, "reviewed_on": held.reviewed_on, "issuer": held.issuer, "issued_on": held.issued_on,
        "from_elsewhere": held.from_elsewhere,
    }


def _appointment(row: Any) -> dict[str, Any]:
    return {
        "name": row.name, "employer": row.employer, "starts_on": row.starts_on, "ends_on": row.ends_on,
        "to_present": row.to_present,
    }



