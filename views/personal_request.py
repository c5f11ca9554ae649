"""个人中心 · 异地职称 and 补换证: list, 新增, 填报, 申请一览表, 提交; one set of pages for both, told apart by the request."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import Conflict, NotFound
from app.queries import personal_request as queries
from app.queries.certificate import certificates_of
from app.queries.dictionary import series_choices
from app.queries.worklist import cases_of, history
from app.rules.personal_request import MOST_EDUCATION, Finding
from app.rules.upload import UploadPolicy
from app.services import personal_request as requests
from app.services.file import attachments_of
from app.transaction import current_session
from models.personal_request import REQUEST_KINDS, REQUEST_STATES
from views.addresses import positive
from views.base import PageView, current_actor
from views.base_page import Outcome
from views.forms.dynamic import DynamicForm, build_form, initial, name_of
from views.person import own_person, personal_tree

TONES = {"editing": "", "reviewing": "", "returned": "warn", "terminated": "bad", "approved": "ok"}
PAGES = {"fill": "基本情况", "education": "教育经历", "attachments": "申报相关附件", "overview": "申请一览表", "submit": "提交"}


def _sent_choice() -> dict[str, int]:
    return {"specialty_id": positive(request.form.get("specialty")) or 0, "title_id": positive(request.form.get("title")) or 0}


class RequestView(PageView):
    """The person's own requests."""

    route_base = "/requests"
    default_view = "index"

    @expose("/<string:kind>/")
    @has_access
    def index(self, kind: str) -> Any:
        """申报记录."""
        person = self._person(kind)
        return self.render(
            "request/index.html", kind=kind, kinds=REQUEST_KINDS, states=REQUEST_STATES, tones=TONES, person=person,
            rows=queries.requests_of(current_session(), person.id, kind), tree=self._tree(kind),
        )

    @expose("/recognition/new", methods=["GET", "POST"])
    @has_access
    def recognition(self) -> Any:
        """新增 异地职称: 级别 and 系列 first, then 专业 and 资格 of these."""
        self._person("recognition")
        if request.method == "POST":
            with self.attempt() as outcome:
                request_id = requests.begin_recognition(**_sent_choice(), actor=current_actor())
            if outcome.ok:
                return redirect(url_for("RequestView.fill", request_id=request_id))
        return self._choices()

    @expose("/<int:request_id>/choice", methods=["GET", "POST"])
    @has_access
    def choice(self, request_id: int) -> Any:
        """修改: another 级别, 系列, 专业 or 资格 of a recognition that is being edited."""
        loaded = self._editable(request_id)
        if loaded is None:
            return redirect(url_for("RequestView.show", request_id=request_id))
        if loaded.row.kind != "recognition":
            abort(404)
        if request.method == "POST":
            with self.attempt() as outcome:
                requests.change_choice(request_id=request_id, **_sent_choice(), actor=current_actor())
            if outcome.ok:
                flash(_("申请确认的内容已修改，已填写的信息没有变化。"), "success")
                return redirect(url_for("RequestView.fill", request_id=request_id))
        return self._choices(loaded.row)

    def _choices(self, row: Any = None) -> Any:
        """The lists to choose from, of what was asked for or else of the request."""
        session = current_session()
        chosen = (positive(request.values.get("series")), positive(request.values.get("level")))
        if row is not None and not any(chosen):
            chosen = queries.series_and_level(session, row.title_id)
        specialties, titles = queries.offered(session, *chosen) if all(chosen) else ([], [])
        return self.render(
            "request/recognition_new.html", series=series_choices(session), levels=queries.levels(session), chosen=chosen,
            specialties=specialties, titles=titles, row=row, tree=self._tree("recognition"),
        )

    @expose("/reissue/new", methods=["GET", "POST"])
    @has_access
    def reissue(self) -> Any:
        """证书补（换）: choose one of 我的职称, or a certificate that is not in the list."""
        person = self._person("reissue")
        if request.method == "POST":
            with self.attempt() as outcome:
                request_id = requests.begin_reissue(
                    certificate_id=positive(request.form.get("certificate")), actor=current_actor()
                )
            return redirect(url_for("RequestView.fill", request_id=request_id) if outcome.ok else url_for("RequestView.index", kind="reissue"))
        return self.render(
            "request/reissue_new.html", tree=self._tree("reissue"),
            certificates=[row for row in certificates_of(current_session(), person.id) if row.state == "valid"],
        )

    @expose("/<int:request_id>")
    @has_access
    def show(self, request_id: int) -> Any:
        """查看: the request with its 流程; one that is being edited is filled in."""
        loaded = self._own(request_id)
        session = current_session()
        snapshot = loaded.row.snapshot if loaded.row.state not in requests.EDITABLE else queries.compose(session, loaded)
        cases = cases_of(session, subject_type=loaded.row.kind, subject_id=request_id)
        return self._page(loaded, "request/show.html", "", snapshot=snapshot, entries=history(session, cases))

    @expose("/<int:request_id>/fill", methods=["GET", "POST"])
    @has_access
    def fill(self, request_id: int) -> Any:
        """填报: 基本情况, or 现有证书信息 with 证书信息变更."""
        loaded = self._editable(request_id)
        if loaded is None:
            return redirect(url_for("RequestView.show", request_id=request_id))
        known = set(loaded.row.data) & requests.FROM_CERTIFICATE if loaded.row.certificate_id else set()
        fields = [field for field in loaded.definitions.fields if field.key not in known]
        form = build_form(fields, codes=loaded.names.offered, data=loaded.row.data)(
            data={**initial(fields, loaded.row.data), "version": str(loaded.row.version)} if request.method == "GET" else None)
        corrections = loaded.definitions.corrections
        changes = build_form(corrections, codes=loaded.names.offered)(
            prefix="new-", data=initial(corrections, loaded.row.corrections) if request.method == "GET" else None)
        picked = request.form.getlist("change") if request.method == "POST" else list(loaded.row.corrections)
        if request.method == "POST":
            with self.attempt(form) as outcome:
                errors = requests.save(
                    request_id=request_id, raw=form.raw, version=form.seen_version, actor=current_actor(),
                    corrections={key: value for key, value in changes.raw.items() if key in picked}
                    if corrections else None,
                )
            if outcome.ok and not errors:
                flash(_("已保存。"), "success")
                onward = "RequestView.education" if loaded.definitions.education else "RequestView.attachments"
                return redirect(url_for(onward if request.form.get("go") == "next" else "RequestView.fill", request_id=request_id))
            if outcome.ok:
                flash(_("已保存填写正确的内容，还有 %(n)s 处需要补充或修改。", n=len(errors)), "warning")
                form.version.data = str(self._own(request_id).row.version)
                form.show_errors({key: text for key, text in errors.items() if not key.startswith("new_")})
                changes.show_errors({key[4:]: text for key, text in errors.items() if key.startswith("new_")})
            self._warned(outcome, form, request_id)
        return self._page(
            loaded, "request/fill.html", "fill", form=form, changes=changes, picked=picked, name_of=name_of, about=queries.about(loaded),
            known=[(field.label, loaded.row.data[field.key]) for field in loaded.definitions.fields if field.key in known],
            present={key: loaded.row.data[key] for key in known},
            status=422 if form.errors or changes.errors else 200,
        )

    @expose("/<int:request_id>/education", methods=["GET", "POST"])
    @has_access
    def education(self, request_id: int) -> Any:
        """教育经历: at most two entries, 新增, 编辑, 删除."""
        loaded = self._editable(request_id)
        if loaded is None:
            return redirect(url_for("RequestView.show", request_id=request_id))
        if not loaded.definitions.education:
            abort(404)
        at = request.values.get("entry", "")
        index = int(at) if at in ("0", "1") and int(at) < len(loaded.row.education) else None
        present = loaded.row.education[index] if index is not None else {}
        fields = loaded.definitions.education
        form: DynamicForm = build_form(fields, codes=loaded.names.offered, data=present)(
            data={**initial(fields, present), "version": str(loaded.row.version)} if request.method == "GET" else None)
        if request.method == "POST":
            with self.attempt(form) as outcome:
                errors = requests.save_education(
                    request_id=request_id, index=index, raw=form.raw, version=form.seen_version, actor=current_actor())
            if outcome.ok and not errors:
                flash(_("教育经历已保存。"), "success")
                return redirect(url_for("RequestView.education", request_id=request_id))
            if outcome.ok:
                form.show_errors(errors)
            self._warned(outcome, form, request_id)
        shown = queries.compose(current_session(), loaded)["parts"][2]
        return self._page(
            loaded, "request/education.html", "education", form=form, index=index, listed=shown,
            full=len(loaded.row.education) >= MOST_EDUCATION, status=422 if form.errors else 200,
        )

    @expose("/<int:request_id>/education/delete", methods=["POST"])
    @has_access
    def education_delete(self, request_id: int) -> Any:
        """删除 an entry of 教育经历."""
        at = request.form.get("entry", "")
        with self.attempt() as outcome:
            requests.remove_education(
                request_id=request_id, index=int(at) if at in ("0", "1") else -1, version=positive(request.form.get("version")),
                actor=current_actor())
        if outcome.ok:
            flash(_("教育经历已删除。"), "success")
        return redirect(url_for("RequestView.education", request_id=request_id))

    @expose("/<int:request_id>/attachments")
    @has_access
    def attachments(self, request_id: int) -> Any:
        """申报相关附件: the slots of the settings."""
        loaded = self._editable(request_id)
        if loaded is None:
            return redirect(url_for("RequestView.show", request_id=request_id))
        slots = [
            {"slot": slot, "policy": UploadPolicy(slot.types, slot.max_mb, slot.max_count),
             "files": attachments_of(loaded.row.kind, request_id, slot.code)}
            for slot in loaded.definitions.slots
        ]
        return self._page(loaded, "request/attachments.html", "attachments", slots=slots)

    @expose("/<int:request_id>/overview")
    @has_access
    def overview(self, request_id: int) -> Any:
        """申请一览表 with 导出."""
        loaded = self._own(request_id)
        return self._page(loaded, "request/overview.html", "overview", snapshot=queries.compose(current_session(), loaded))

    @expose("/<int:request_id>/submit", methods=["GET", "POST"])
    @has_access
    def submit(self, request_id: int) -> Any:
        """提交: 开始检测 lists every condition; 提交审核 when all hold."""
        loaded = self._editable(request_id)
        if loaded is None:
            return redirect(url_for("RequestView.show", request_id=request_id))
        findings: list[Finding] | None = None
        if request.method == "POST":
            with self.attempt() as outcome:
                if request.form.get("action") == "submit":
                    requests.submit(request_id=request_id, actor=current_actor())
                else:
                    findings = requests.check(request_id=request_id, actor=current_actor())
            if outcome.ok and findings is None:
                flash(_("已提交，等待单位审核。"), "success")
                return redirect(url_for("RequestView.show", request_id=request_id))
        return self._page(loaded, "request/submit.html", "submit", findings=findings)

    @expose("/<int:request_id>/withdraw", methods=["POST"])
    @has_access
    def withdraw(self, request_id: int) -> Any:
        """撤回."""
        with self.attempt() as outcome:
            requests.withdraw(request_id=request_id, actor=current_actor())
        if outcome.ok:
            flash(_("申请已撤回，修改后可以重新提交。"), "success")
        return redirect(url_for("RequestView.show", request_id=request_id))

    @expose("/<int:request_id>/delete", methods=["POST"])
    @has_access
    def delete(self, request_id: int) -> Any:
        """删除."""
        kind = self._own(request_id).row.kind
        with self.attempt() as outcome:
            requests.delete_draft(request_id=request_id, actor=current_actor())
        if outcome.ok:
            flash(_("申请已删除。"), "success")
        return redirect(url_for("RequestView.index", kind=kind))

    def _person(self, kind: str) -> Any:
        if kind not in REQUEST_KINDS:
            abort(404)
        return own_person()

    def _own(self, request_id: int) -> queries.Loaded:
        loaded = queries.load(current_session(), request_id)
        if loaded.row.person_id != current_actor().person_id:
            raise NotFound(_("没有找到这份申请，它可能已被删除。"))
        return loaded

    def _warned(self, outcome: Outcome, form: DynamicForm, request_id: int) -> None:
        """Who was told that the request changed elsewhere and saves once more means it."""
        if isinstance(outcome.error, Conflict):
            form.version.data = str(self._own(request_id).row.version)

    def _editable(self, request_id: int) -> queries.Loaded | None:
        loaded = self._own(request_id)
        return loaded if loaded.row.state in requests.EDITABLE else None

    def _tree(self, kind: str) -> list[dict[str, Any]]:
        return personal_tree(url_for("RequestView.index", kind=kind))

    def _page(self, loaded: queries.Loaded, template: str, page: str, **context: Any) -> Any:
        row = loaded.row
        tree = self._tree(row.kind)
        if row.state in requests.EDITABLE:
            tree.append({"label": _(REQUEST_KINDS[row.kind]), "items": [
                {"label": _(label), "href": url_for(f"RequestView.{code}", request_id=row.id), "current": code == page}
                for code, label in PAGES.items() if code != "education" or loaded.definitions.education
            ]})
        return self.render(
            template, row=row, loaded=loaded, kinds=REQUEST_KINDS, states=REQUEST_STATES, tones=TONES, tree=tree,
            page_title=_(PAGES[page]) if page else _("申请详情"), **context,
        )


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(RequestView)
