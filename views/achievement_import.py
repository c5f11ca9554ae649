"""个人业绩库 and Excel: the template of a kind, bringing a file in, taking the items out."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import Invalid, NotAllowed, NotFound
from app.queries import achievement_kind
from app.queries.achievement_import import import_rows, latest_imports, own_import
from app.queries.achievement_kind import KindForm
from app.reports.sheet import SheetColumn, write_template
from app.rules.sheet_fields import headings, importable
from app.rules.sheet_rows import MAX_BYTES
from app.services import achievement_import
from app.transaction import current_session
from models.achievement_import import IMPORT_STATES, ROW_VERDICTS
from views.achievement import list_filter
from views.addresses import positive
from views.base import PageView, current_actor
from views.sheets import roster_response, sheet_response

_SHOWN_IN_TABS = ("", "good", "incomplete", "wrong")


class AchievementImportView(PageView):
    """从 Excel 导入, 导出."""

    route_base = "/portfolio/import"
    default_view = "begin"

    @expose("/<kind_code>/template/")
    @has_access
    def template(self, kind_code: str) -> Any:
        """下载模板."""
        form = _form(kind_code)
        names = achievement_kind.vocabularies(current_session(), form.fields, present={}, person_id=_person())
        data = write_template(
            title=form.kind.name,
            columns=[
                SheetColumn(h.label, h.kind, width=max(12, min(30, 2 * len(h.label) + 4)), required=h.required,
                            hint=h.hint, options=h.options) for h in headings(form.fields, names)
            ],
            notes=[
                _("每行填写一条%(kind)s，表头带 * 的为必填项。", kind=form.kind.name),
                _("请不要修改表头；日期按 2026-01-31 的样式填写；可多选的内容用“、”隔开。"),
                _("一次最多导入 %(n)s 行。附件在导入后到每条业绩中上传。", n=achievement_import.MAX_ROWS),
            ],
        )
        return sheet_response(data, _("%(kind)s-导入模板", kind=form.kind.name))

    @expose("/<kind_code>/", methods=["GET", "POST"])
    @has_access
    def begin(self, kind_code: str) -> Any:
        """Choose a file; it is checked at once or, when it is long, by a job."""
        form = _form(kind_code)
        if not form.kind.enabled:
            raise NotFound(_("这个业绩类别已停用，请从左侧重新选择。"))
        if request.method == "GET":
            return self._begin_page(form)
        sent = request.files.get("file")
        error = _("请选择要导入的 .xlsx 文件。")
        if sent is not None and sent.filename:
            try:
                import_id = achievement_import.begin(
                    kind_code=kind_code, file_name=sent.filename, data=sent.stream.read(MAX_BYTES + 1),
                    actor=current_actor(),
                )
            except Invalid as refused:
                current_session().rollback()
                error = _(refused.message)
            else:
                return redirect(url_for("AchievementImportView.show", import_id=import_id))
        return self._begin_page(form, error=error, status=422)

    def _begin_page(self, form: KindForm, *, error: str = "", status: int = 200) -> Any:
        return self.render(
            "achievement/import.html", kind=form.kind, error=error, status=status, states=IMPORT_STATES,
            limit=achievement_import.MAX_ROWS,
            earlier=latest_imports(current_session(), _person(), form.kind.id),
        )

    @expose("/file/<int:import_id>/")
    @has_access
    def show(self, import_id: int) -> Any:
        """The rows with what is wrong with each by column, the progress, and the buttons."""
        session, head = current_session(), _own(import_id)
        form = achievement_kind.form_of_version(session, head["kind_version_id"])
        if form is None:
            raise NotFound(_("没有找到这个业绩类别的填写项，请联系平台管理员。"))
        verdict = request.args.get("verdict", "wrong" if head["wrong"] else "")
        verdict = verdict if verdict in _SHOWN_IN_TABS else ""
        page = import_rows(session, import_id, verdict=verdict, after=positive(request.args.get("after")) or 0)
        used = {key for row in page.rows for key in (*row["cells"], *row["errors"])}
        return self.render(
            "achievement/import_rows.html", head=head, kind=form.kind, page=page, rows=page.rows, verdict=verdict,
            columns=[field for field in importable(form.fields) if field.key in used or field.required],
            states=IMPORT_STATES, verdicts=ROW_VERDICTS, working=head["state"] in ("checking", "importing"),
            tabs=[("", _("全部"), head["total"]), *((key, _(ROW_VERDICTS[key]), head[key]) for key in _SHOWN_IN_TABS[1:])],
        )

    @expose("/file/<int:import_id>/confirm/", methods=["POST"])
    @has_access
    def confirm(self, import_id: int) -> Any:
        """导入全部 or 只导入正确的行."""
        _own(import_id)
        with self.attempt() as outcome:
            achievement_import.confirm(
                import_id=import_id, mode=request.form.get("mode", ""), actor=current_actor()
            )
        if outcome.ok:
            flash(_("正在导入，导入的业绩为“编辑中”，请补充附件后提交单位审核。"), "success")
        return redirect(url_for("AchievementImportView.show", import_id=import_id))

    @expose("/file/<int:import_id>/discard/", methods=["POST"])
    @has_access
    def discard(self, import_id: int) -> Any:
        """放弃 the file; what was imported stays."""
        head = _own(import_id)
        form = achievement_kind.form_of_version(current_session(), head["kind_version_id"])
        with self.attempt() as outcome:
            achievement_import.discard(import_id=import_id, actor=current_actor())
        if not outcome.ok or form is None:
            return redirect(url_for("AchievementImportView.show", import_id=import_id))
        flash(_("已删除这次导入的文件内容，已导入的业绩不受影响。"), "success")
        return redirect(url_for("AchievementImportView.begin", kind_code=form.kind.code))

    @expose("/<kind_code>/export/", methods=["POST"])
    @has_access
    def export(self, kind_code: str) -> Any:
        """导出 the items of the list as it is narrowed now."""
        _form(kind_code)
        state, text = list_filter()
        with self.attempt() as outcome:
            answer = roster_response("own_achievements", {"kind": kind_code, "state": state, "text": text})
        return answer if outcome.ok else redirect(
            url_for("AchievementView.kind", kind_code=kind_code, state=state or None, q=text or None)
        )


def _person() -> int:
    person_id = current_actor().person_id
    if person_id is None:
        raise NotAllowed(_("请先完成个人注册，再使用个人业绩库。"))
    return person_id


def _form(kind_code: str) -> KindForm:
    _person()
    form = achievement_kind.newest_form(current_session(), kind_code)
    if form is None:
        raise NotFound(_("没有找到这个业绩类别，请从左侧重新选择。"))
    return form


def _own(import_id: int) -> Any:
    head = own_import(current_session(), _person(), import_id)
    if head is None:
        raise NotFound(_("没有找到这次导入，它可能已被删除。"))
    return head


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(AchievementImportView)
