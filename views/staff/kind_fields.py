"""填写项: staff edit the fields of a kind of achievement in words, look at the form, and save a new version."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from sqlalchemy import select

from app.errors import NotFound
from app.queries import achievement_kind
from app.rules.field_editing import to_rows
from app.services.achievement_kind import save_fields
from app.transaction import current_session
from models.achievement import AchievementKindVersion
from views.base import current_actor
from views.staff.field_editor import FieldEditorView, Sent, Stored, Subject, new_row

_version = AchievementKindVersion.__table__


class KindFieldsView(FieldEditorView):
    """One kind's fields."""

    route_base = "/kinds"
    default_view = "edit"

    @expose("/<int:kind_id>/fields/", methods=["GET", "POST"])
    @has_access
    def edit(self, kind_id: int) -> Any:
        """The rows of the newest version; buttons add, move and remove rows, 预览 and 保存."""
        kind = achievement_kind.kind_of(current_session(), kind_id)
        if kind is None:
            raise NotFound(_("没有找到这个业绩类别。"))
        newest = current_session().execute(
            select(_version).where(_version.c.kind_id == kind_id).order_by(_version.c.number.desc()).limit(1)
        ).first()
        number = newest.number if newest else 0
        home = url_for("AchievementKindView.show", pk=kind.id)

        def stored() -> Stored:
            rows = to_rows(newest.fields, newest.list_columns) if newest else [new_row(place="1", required="y")]
            return rows, [dict(rule) for rule in kind.duplicate_keys], str(number)

        def save(sent: Sent) -> str:
            made = save_fields(
                kind_id=kind.id, definitions=sent.definitions, list_columns=sent.list_columns, duplicate_keys=sent.rules,
                seen=int(sent.seen) if sent.seen.isdecimal() else 0, actor=current_actor(),
            )
            return _("已保存为第 %(n)s 版，新录入的业绩按此填写，已录入的不受影响。", n=made)

        subject = Subject(
            title=_("%(kind)s的填写项", kind=kind.name), back=home, listed=True,
            note=_("当前为第 %(n)s 版。保存后成为新的版本：新录入的业绩按新版本填写，已录入的业绩保持原来的填写项。", n=number),
            crumbs=[
                {"label": _("首页"), "href": "/"}, {"label": _("业绩类别"), "href": url_for("AchievementKindView.list")},
                {"label": kind.name, "href": home}, {"label": _("填写项")},
            ],
        )
        return self.edit_fields(subject, stored, save, url_for("KindFieldsView.edit", kind_id=kind.id))


def register(appbuilder: Any) -> None:
    """No menu entry: it is reached from the kind."""
    appbuilder.add_view_no_menu(KindFieldsView)
