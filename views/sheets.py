"""Excel files as answers; the roster of achievements for their person and for the unit."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from flask import send_file
from flask_babel import gettext as _
from sqlalchemy import RowMapping

from app.errors import Invalid
from app.queries import portfolio
from app.queries.portfolio import KindForm
from app.reports.sheet import MEDIA_TYPE, SheetColumn, numbered, write_roster
from app.rules.sheet_fields import export_columns, export_kind, export_value
from app.transaction import current_session
from models.achievement import ACHIEVEMENT_STATES
from models.base import utcnow
from views.screen import moment, state_word

EXPORT_LIMIT = 5000  # rows of one file


def sheet_response(data: bytes, name: str) -> Any:
    """The file to download; its name is what the reader sees."""
    return send_file(
        BytesIO(data), mimetype=MEDIA_TYPE, as_attachment=True, download_name=f"{name}.xlsx", max_age=0
    )


def achievement_roster(
    form: KindForm, rows: Sequence[RowMapping], *, title: str, person_id: int | None = None, people: bool = False
) -> bytes:
    """Items of one kind: every field as a column, by the kind's newest version; `people`: with the 申报人 in front."""
    if len(rows) > EXPORT_LIMIT:
        raise Invalid(_("一次最多导出 %(n)s 条，请用查询条件缩小范围后再导出。", n=EXPORT_LIMIT))
    fields = export_columns(form.fields)
    names = portfolio.vocabularies(current_session(), fields, person_id=person_id)
    first = [SheetColumn(_("申报人"), width=12)] if people else []
    columns = [
        SheetColumn(_("序号"), "number", 6), *first,
        *(SheetColumn(field.label, export_kind(field), max(10, min(40, 2 * len(field.label) + 4))) for field in fields),
        SheetColumn(_("状态"), width=10), SheetColumn(_("申报日期"), "moment", 18), SheetColumn(_("审核时间"), "moment", 18),
    ]
    lines = (
        [*([row["person_name"]] if people else []), *(export_value(field, row["data"], names) for field in fields),
         state_word(ACHIEVEMENT_STATES[row["state"]]), row["submitted_at"], row["decided_at"]]
        for row in rows
    )
    note = _("导出时间：%(when)s，共 %(n)s 条", when=moment(utcnow()), n=len(rows))
    return write_roster(title=title, columns=columns, rows=numbered(lines), note=note)

