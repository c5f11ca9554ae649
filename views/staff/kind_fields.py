"""填写项: staff edit the fields of a kind of achievement in words, look at the form, and save a new version.

Nothing is kept between two clicks: every button sends the whole form, and the page is made from it again.
"""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from sqlalchemy import select

from app.errors import Conflict, Invalid, NotFound
from app.queries import portfolio
from app.queries.portfolio import Kind
from app.rules.field_definitions import CHECKSUMS, TYPES, settings_of
from app.rules.field_editing import FLAGS, MAX_FIELDS, NUMBERS, TEXTS, Row, from_rows, to_rows
from app.rules.fields import parse_fields
from app.rules.identity_keys import SCHEMES
from app.rules.upload import MEDIA_TYPES
from app.services import achievement_kind
from app.transaction import current_session
from models.achievement import AchievementKindVersion
from models.dictionary import CodeTable
from views.base import PageView, current_actor
from views.forms.dynamic import build_form

_CELLS = (
    "key", "label", "type", "options", "if_field", "if_values", "place", "rest", *NUMBERS, *TEXTS, *FLAGS,
)
_DUPLICATE_ROWS = 5
_version = AchievementKindVersion.__table__
_NEW = {"type": "text", "max_len": "100"}


class KindFieldsView(PageView):
    """One kind's fields."""

    route_base = "/kinds"
    default_view = "edit"

    @expose("/<int:kind_id>/fields/", methods=["GET", "POST"])
    @has_access
    def edit(self, kind_id: int) -> Any:
        """The rows of the newest version; buttons add, move and remove rows, 预览 and 保存."""
        kind = portfolio.kind_of(current_session(), kind_id)
        if kind is None:
            raise NotFound(_("没有找到这个业绩类别。"))
        if request.method == "GET":
            newest = self._newest(kind_id)
            rows = to_rows(newest.fields, newest.list_columns) if newest else [Row(dict(_NEW, place="1", required="y"))]
            return self._page(kind, rows, [dict(rule) for rule in kind.duplicate_keys], newest.number if newest else 0)
        rows, rules = _sent_rows(), _sent_rules()
        seen = int(request.form.get("seen", "0")) if request.form.get("seen", "").isdecimal() else 0
        action, _colon, place = request.form.get("do", "save").partition(":")
        if action in ("save", "preview"):
            return self._save_or_preview(kind, rows, rules, seen, save=action == "save")
        number = int(place) if place.isdecimal() else -1
        _change(rows, action, number)
        opened = {"add": len(rows) - 1, "refresh": number, "up": number - 1, "down": number + 1}.get(action, -1)
        return self._page(kind, rows, rules, seen, opened=opened)

    def _save_or_preview(self, kind: Kind, rows: list[Row], rules: list[dict[str, Any]], seen: int, *, save: bool) -> Any:
        try:
            definitions, list_columns = from_rows(rows)
            if save:
                number = achievement_kind.save_fields(
                    kind_id=kind.id, definitions=definitions, list_columns=list_columns, duplicate_keys=rules,
                    seen=seen, actor=current_actor(),
                )
                flash(_("已保存为第 %(n)s 版，新录入的业绩按此填写，已录入的不受影响。", n=number), "success")
                return redirect(url_for("KindFieldsView.edit", kind_id=kind.id))
            fields = parse_fields(definitions)
        except (Invalid, Conflict) as error:
            current_session().rollback()
            said = error.fields.values() if isinstance(error, Invalid) else ()
            flash(" ".join([_(error.message), *(_(text) for text in said if text != error.message)]), "danger")
            if isinstance(error, Conflict):
                seen = int(str(error.details.get("number", seen)))
            return self._page(kind, rows, rules, seen, status=error.status)
        names = portfolio.vocabularies(current_session(), fields, present={})
        form = build_form(fields, codes=names)(formdata=None, prefix="preview-")
        return self._page(
            kind, rows, rules, seen, preview=form, slots=[field for field in fields if field.type == "files"],
        )

    def _newest(self, kind_id: int) -> Any:
        return current_session().execute(
            select(_version).where(_version.c.kind_id == kind_id).order_by(_version.c.number.desc()).limit(1)
        ).first()

    def _page(
        self, kind: Kind, rows: list[Row], rules: list[dict[str, Any]], seen: int, *, status: int = 200,
        opened: int = -1, **more: Any,
    ) -> Any:
        tables = current_session().execute(select(CodeTable.code, CodeTable.name).order_by(CodeTable.name)).all()
        return self.render(
            "ops/kind_fields.html", kind=kind, rows=rows, seen=seen, status=status, types=TYPES, opened=opened,
            settings=settings_of, checksums=CHECKSUMS, tables=tables, media=list(MEDIA_TYPES), schemes=SCHEMES,
            rules=[*rules, *({} for _n in range(_DUPLICATE_ROWS - len(rules)))], most=MAX_FIELDS, **more,
        )


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
        rows.append(Row(dict(_NEW)))
    elif action == "remove" and 0 <= place < len(rows):
        del rows[place]
    elif action == "up" and 0 < place < len(rows):
        rows[place - 1], rows[place] = rows[place], rows[place - 1]
    elif action == "down" and 0 <= place < len(rows) - 1:
        rows[place + 1], rows[place] = rows[place], rows[place + 1]


def register(appbuilder: Any) -> None:
    """No menu entry: it is reached from the kind."""
    appbuilder.add_view_no_menu(KindFieldsView)
