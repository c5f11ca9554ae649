"""我的意见: where a reviewer keeps opinions for reuse."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, TextAreaField

from app.errors import NotFound
from app.queries.opinion_template import own_opinions
from app.services import opinion_template
from app.transaction import current_session
from app.workflow.definitions import PROCEDURES
from models.opinion_template import OPINION_ACTIONS
from views.addresses import positive
from views.base import PageView, current_actor


class OpinionForm(FlaskForm):
    """One opinion; its rules are the service's."""

    action = SelectField(_l("用于"), choices=[(key, _l(word)) for key, word in OPINION_ACTIONS.items()])
    procedure = SelectField(_l("流程类型"), choices=[
        ("", _l("全部流程类型")), *((code, _l(procedure.label)) for code, procedure in PROCEDURES.items()),
    ])
    text = TextAreaField(_l("意见内容"), render_kw={"maxlength": "500", "rows": "3", "required": "required"})
    version = HiddenField()


class OpinionView(PageView):
    """List, add, change, delete."""

    route_base = "/opinions"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> Any:
        """All of one's own, and the form for another one."""
        form = OpinionForm()
        if not form.is_submitted():
            return self._page(form)
        if not form.validate():
            return self._page(form, status=422)
        with self.attempt(form) as outcome:
            opinion_template.keep(
                text=form.text.data or "", action=form.action.data, procedure=form.procedure.data, actor=current_actor()
            )
        if not outcome.ok:
            return self._page(form, status=outcome.status)
        flash(_("已增加到“我的意见”。"), "success")
        return redirect(url_for("OpinionView.index"))

    @expose("/<int:template_id>/edit/", methods=["GET", "POST"])
    @has_access
    def edit(self, template_id: int) -> Any:
        """编辑."""
        row = next((row for row in self._rows() if row.id == template_id), None)
        if row is None:
            raise NotFound(_("没有找到这条意见，它可能已被删除。"))
        form = OpinionForm(data=row._asdict())
        if not form.is_submitted():
            return self._page(form, editing=template_id)
        if not form.validate():
            return self._page(form, editing=template_id, status=422)
        with self.attempt(form) as outcome:
            opinion_template.change(
                template_id=template_id, version=positive(form.version.data), text=form.text.data or "",
                action=form.action.data, procedure=form.procedure.data, actor=current_actor(),
            )
        if not outcome.ok:
            return self._page(form, editing=template_id, status=outcome.status)
        flash(_("已保存。"), "success")
        return redirect(url_for("OpinionView.index"))

    @expose("/<int:template_id>/delete/", methods=["POST"])
    @has_access
    def delete(self, template_id: int) -> Any:
        """删除."""
        with self.attempt() as outcome:
            opinion_template.remove(template_id=template_id, actor=current_actor())
        if outcome.ok:
            flash(_("已删除。"), "success")
        return redirect(url_for("OpinionView.index"))

    def _rows(self) -> Any:
        return own_opinions(current_session(), current_actor().user_id or 0)

    def _page(self, form: OpinionForm, *, editing: int | None = None, status: int = 200) -> Any:
        return self.render(
            "opinion/index.html", form=form, rows=self._rows(), editing=editing, status=status,
            actions=OPINION_ACTIONS, procedures=PROCEDURES,
        )


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(OpinionView)
