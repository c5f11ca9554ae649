"""个人业绩库: a person records items, adds evidence, submits them to the unit, takes them back."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from app.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, WrongState
from app.queries import achievement_kind, achievement_review, portfolio
from app.queries.achievement_kind import Kind, KindForm
from app.queries.portfolio import Detail
from app.rules.deadlines import ZONE
from app.rules.fields import column_text, columns, validate
from app.rules.upload import UploadPolicy
from app.services import achievement
from app.services import file as files
from app.transaction import current_session
from models.achievement import ACHIEVEMENT_STATES
from models.base import utcnow
from views.addresses import positive
from views.base import PageView, current_actor
from views.forms.dynamic import DynamicForm, build_form, initial, name_of
from views.portfolio_parts import COLOURS, TONES, described, evidence, tree, twins_of
from views.screen import state_word

_TABS = ("draft", "reviewing", "approved", "returned", "terminated")
_SUBMIT_LIMIT = 100  # of one list
_STATISTICS = ("reviewing", "approved", "terminated", "returned", "draft")  # the manual's order, then what it omits


def _entry(kind: Kind, counts: Counter[str]) -> dict[str, Any]:
    """Name and number; returned ones are what the person has to look at."""
    returned = counts["returned"]
    state = _("退回 %(n)s", n=returned) if returned else (str(counts.total()) if counts else "")
    return {"label": kind.name, "state": state, "tone": "warn" if returned else ""}


class AchievementView(PageView):
    """个人业绩库."""

    route_base = "/portfolio"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """温馨提示 and 我的业绩库数据统计."""
        person_id = _person()
        session = current_session()
        kinds = achievement_kind.kinds(session)
        counts = portfolio.person_counts(session, person_id)
        states: Counter[str] = Counter()
        for per_kind in counts.values():
            states.update(per_kind)
        return self.render(
            "achievement/index.html", tree=self._tree(kinds, counts), total=states.total(), counted_at=utcnow(),
            states=[{"label": state_word(ACHIEVEMENT_STATES[state]), "value": states[state], "colour": COLOURS[state]} for state in _STATISTICS],
            kinds=[(kind, counts.get(kind.id, Counter()).total()) for kind in kinds
                   if kind.enabled or counts.get(kind.id)],
            has_unit=portfolio.has_unit(session, person_id),
        )

    @expose("/kind/<kind_code>/")
    @has_access
    def kind(self, kind_code: str) -> Any:
        """The items of one kind with their states."""
        person_id, session = _person(), current_session()
        form = _newest(kind_code)
        counts = portfolio.person_counts(session, person_id)
        state, text = list_filter()
        page = portfolio.person_page(
            session, person_id=person_id, kind_id=form.kind.id, state=state, text=text,
            before=positive(request.args.get("before")), after=positive(request.args.get("after")),
        )
        names = achievement_kind.vocabularies(session, form.fields, shown=[row["data"] for row in page.rows])
        shown = columns(form.fields, form.list_columns)
        return self.render(
            "achievement/list.html", tree=self._tree(achievement_kind.kinds(session), counts, kind_code), kind=form.kind,
            columns=shown, page=page, total=counts.get(form.kind.id, Counter()).total(), states=ACHIEVEMENT_STATES,
            tones=TONES, cell=lambda column, row: column_text(column, row["data"], names),
            opinions=achievement_review.return_opinions(session, [r["id"] for r in page.rows if r["state"] == "returned"]),
            has_unit=portfolio.has_unit(session, person_id), state=state, text=text,
            tabs=[("", _("全部"), counts.get(form.kind.id, Counter()).total()), *(
                (key, state_word(ACHIEVEMENT_STATES[key]), counts.get(form.kind.id, Counter())[key])
                for key in _TABS if key != "terminated" or counts.get(form.kind.id, Counter())[key]
            )],
        )

    @expose("/kind/<kind_code>/new/", methods=["GET", "POST"])
    @has_access
    def new(self, kind_code: str) -> Any:
        """新增: the fields and the evidence on one page; saved as a draft or submitted at once."""
        person_id, kind_form = _person(), _newest(kind_code)
        if not kind_form.kind.enabled:
            raise NotFound(_("这个业绩类别已停用，请从左侧重新选择。"))
        names = achievement_kind.vocabularies(current_session(), kind_form.fields, present={}, person_id=person_id)
        form = build_form(kind_form.fields, codes=names)()
        if request.method == "POST" and form.validate(partial=True):
            try:
                achievement_id = achievement.create(kind_code=kind_code, values=form.raw, actor=current_actor())
            except DomainError as error:
                _show(form, error)
            else:
                return self._continue(achievement_id, 1, kind_form)
        return self._form_page(kind_form, form)

    @expose("/<int:achievement_id>/edit/", methods=["GET", "POST"])
    @has_access
    def edit(self, achievement_id: int) -> Any:
        """编辑 a draft or returned item."""
        detail = _own(achievement_id)
        if detail.row["state"] not in achievement.EDITABLE_STATES:
            flash(_("这条业绩现在不能修改，如需修改请先撤回。"), "warning")
            return redirect(url_for("AchievementView.show", achievement_id=achievement_id))
        form = self._edit_form(detail)
        if request.method == "POST" and form.validate(partial=True):
            try:
                version = achievement.save(
                    achievement_id=achievement_id, version=form.seen_version, values=form.raw, actor=current_actor()
                )
            except DomainError as error:
                _show(form, error)
            else:
                return self._continue(achievement_id, version, detail.form)
        return self._form_page(detail.form, form, detail)

    @expose("/kind/<kind_code>/new/autosave", methods=["POST"])
    @has_access
    def autosave_new(self, kind_code: str) -> Any:
        """The first save of what is being typed: a draft, and where the form goes on from now."""
        person_id, kind_form = _person(), _newest(kind_code)
        names = achievement_kind.vocabularies(current_session(), kind_form.fields, present={}, person_id=person_id)
        form = build_form(kind_form.fields, codes=names)()
        _, errors = validate(kind_form.fields, form.raw, codes=names, partial=True)
        values = {key: value for key, value in form.raw.items() if key not in errors}
        achievement_id = achievement.create(kind_code=kind_code, values=values, actor=current_actor())
        return _saved(1, errors) | {
            "address": url_for("AchievementView.edit", achievement_id=achievement_id),
            "autosave": url_for("AchievementView.autosave", achievement_id=achievement_id),
        }

    @expose("/<int:achievement_id>/autosave", methods=["POST"])
    @has_access
    def autosave(self, achievement_id: int) -> Any:
        """What autosave.js posts; JSON with the time and the new version, 409 when a second tab was faster."""
        form = self._edit_form(_own(achievement_id))
        version, errors = achievement.autosave(
            achievement_id=achievement_id, version=form.seen_version, values=form.raw, actor=current_actor()
        )
        return _saved(version, errors)

    @expose("/<int:achievement_id>/")
    @has_access
    def show(self, achievement_id: int) -> Any:
        """查看: details, evidence and 流程."""
        detail, session = _own(achievement_id), current_session()
        return self.render(
            "achievement/show.html", detail=detail, row=detail.row, kind=detail.form.kind, tones=TONES,
            states=ACHIEVEMENT_STATES, details=described(detail, endpoint="AchievementView.show"),
            evidence=evidence(detail, files.attachments_of("achievement", achievement_id)),
            history=achievement_review.flow(session, achievement_id),
            tree=self._tree(achievement_kind.kinds(session), portfolio.person_counts(session, _person()), detail.form.kind.code),
            editable=detail.row["state"] in achievement.EDITABLE_STATES, twins=twins_of(detail),
        )

    @expose("/<int:achievement_id>/submit/", methods=["POST"])
    @has_access
    def submit(self, achievement_id: int) -> Any:
        """提交 from the list: what is missing is shown in the form."""
        detail = _own(achievement_id)
        return self._submit(achievement_id, positive(request.form.get("version")), detail.form)

    @expose("/<int:achievement_id>/copy/", methods=["POST"])
    @has_access
    def copy(self, achievement_id: int) -> Any:
        """复制: another draft with the same values, to change what differs."""
        with self.attempt() as outcome:
            new = achievement.copy(achievement_id=achievement_id, actor=current_actor())
        if not outcome.ok:
            return redirect(url_for("AchievementView.show", achievement_id=achievement_id))
        flash(_("已复制为新的一条，请修改不同的内容并上传附件。"), "success")
        return redirect(url_for("AchievementView.edit", achievement_id=new))

    @expose("/kind/<kind_code>/submit/", methods=["POST"])
    @has_access
    def submit_chosen(self, kind_code: str) -> Any:
        """批量提交 of the ticked items, each reported with what it still lacks."""
        kind = _newest(kind_code).kind
        chosen = [number for number in map(positive, request.form.getlist("rowid")) if number][:_SUBMIT_LIMIT]
        back = url_for("AchievementView.kind", kind_code=kind_code)
        if not chosen:
            flash(_("请先勾选需要提交的业绩。"), "warning")
            return redirect(back)
        results = []
        for achievement_id in dict.fromkeys(chosen):
            detail = _own(achievement_id)
            name, why = detail.row["summary"] or detail.form.kind.name, ""
            try:
                achievement.submit(achievement_id=achievement_id, version=None, actor=current_actor())
            except DomainError as error:
                current_session().rollback()
                fields = error.fields.values() if isinstance(error, Invalid) else ()
                why = " ".join([_(error.message), *map(_, fields)])
            results.append({"id": achievement_id, "name": name, "why": why})
        return self.render("achievement/submitted.html", kind=kind, results=results, back=back)

    @expose("/<int:achievement_id>/withdraw/", methods=["POST"])
    @has_access
    def withdraw(self, achievement_id: int) -> Any:
        """撤回."""
        with self.attempt() as outcome:
            achievement.withdraw(achievement_id=achievement_id, actor=current_actor())
        if not outcome.ok:
            return redirect(url_for("AchievementView.show", achievement_id=achievement_id))
        flash(_("已撤回，修改后可重新提交。"), "success")
        return redirect(url_for("AchievementView.edit", achievement_id=achievement_id))

    @expose("/<int:achievement_id>/delete/", methods=["POST"])
    @has_access
    def delete(self, achievement_id: int) -> Any:
        """删除."""
        detail = _own(achievement_id)
        with self.attempt() as outcome:
            achievement.delete(achievement_id=achievement_id, actor=current_actor())
        if outcome.ok:
            flash(_("已删除“%(name)s”。", name=detail.row["summary"] or detail.form.kind.name), "success")
        return redirect(url_for("AchievementView.kind", kind_code=detail.form.kind.code))

    def _continue(self, achievement_id: int, version: int, kind_form: KindForm) -> Any:
        """After the fields are saved: the evidence, then 提交 when that button was pressed."""
        troubles = _upload_evidence(achievement_id, kind_form)
        for trouble in troubles:
            flash(trouble, "danger")
        if request.form.get("action") == "submit" and not troubles:
            return self._submit(achievement_id, version, kind_form)
        if request.form.get("action") == "submit":
            flash(_("填写的内容已保存，还没有提交。请处理好附件后再提交。"), "warning")
        elif not troubles:
            flash(_("已保存，提交单位审核通过后才能用于申报。"), "success")
        return redirect(url_for("AchievementView.edit", achievement_id=achievement_id))

    def _submit(self, achievement_id: int, version: int | None, kind_form: KindForm) -> Any:
        try:
            achievement.submit(achievement_id=achievement_id, version=version, actor=current_actor())
        except Invalid as error:
            flash(_("内容已保存，还没有提交。%(why)s", why=_(error.message)), "danger")
            detail = _own(achievement_id)
            form = self._edit_form(detail, fresh=True)
            form.show_errors(error.fields)
            return self._form_page(kind_form, form, detail, missing=error.fields, status=error.status)
        except (Conflict, WrongState) as error:
            flash(_(error.message), "danger")
            return redirect(url_for("AchievementView.show", achievement_id=achievement_id))
        flash(_("已提交，等待所在单位审核。"), "success")
        return redirect(url_for("AchievementView.kind", kind_code=kind_form.kind.code))

    def _edit_form(self, detail: Detail, *, fresh: bool = False) -> DynamicForm:
        """The form of an item: with the input that was sent, or (`fresh`, GET) with what is stored."""
        names = achievement_kind.vocabularies(
            current_session(), detail.form.fields, present=detail.row["data"], person_id=detail.row["person_id"]
        )
        form_class = build_form(detail.form.fields, codes=names, data=detail.row["data"])
        if request.method == "POST" and not fresh:
            return form_class()
        stored = {**initial(detail.form.fields, detail.row["data"]), "version": str(detail.row["version"])}
        return form_class(formdata=None, data=stored)

    def _form_page(
        self, kind_form: KindForm, form: DynamicForm, detail: Detail | None = None,
        missing: dict[str, str] | None = None, status: int | None = None,
    ) -> Any:
        session = current_session()
        attached = files.attachments_of("achievement", detail.row["id"]) if detail else []
        slots = evidence(detail, attached) if detail else [{"field": slot, "files": []} for slot in kind_form.slots]
        for slot in slots:
            field = slot["field"]
            slot["policy"] = UploadPolicy(types=field.accept, max_mb=field.max_mb, max_count=field.max_count)
            slot["error"] = (missing or {}).get(field.key, "")
            slot["items"] = [item for item in attached if item.slot == field.key]
        row = detail.row if detail else None
        opinions = achievement_review.return_opinions(session, [row["id"]]) if row and row["state"] == "returned" else {}
        return self.render(
            "achievement/form.html", form=form, kind=kind_form.kind, row=row, slots=slots,
            opinion=next(iter(opinions.values()), ""), has_unit=portfolio.has_unit(session, _person()),
            remarks=achievement_review.remarks(session, row["id"]) if row and row["state"] == "returned" else {},
            twins=twins_of(detail) if detail else [], states=ACHIEVEMENT_STATES,
            tree=self._tree(achievement_kind.kinds(session), portfolio.person_counts(session, _person()), kind_form.kind.code),
            status=status or (422 if request.method == "POST" else 200),
        )

    def _tree(self, kinds: list[Kind], counts: portfolio.Counts, current: str = "") -> Any:
        return tree(kinds, counts, endpoint="AchievementView.kind", current=current, entry=_entry)


def list_filter() -> tuple[str, str]:
    """(state, text) that narrow a list, from the address; of a state that is none, nothing."""
    state = request.args.get("state", "")
    return state if state in ACHIEVEMENT_STATES else "", request.args.get("q", "").strip()[:50]


def _saved(version: int, errors: dict[str, str]) -> dict[str, Any]:
    return {
        "saved_at": utcnow().astimezone(ZONE).strftime("%H:%M"), "version": version,
        "errors": {name_of(key): _(sentence) for key, sentence in errors.items()},
    }


def _person() -> int:
    person_id = current_actor().person_id
    if person_id is None:
        raise NotAllowed(_("请先完成个人注册，再使用个人业绩库。"))
    return person_id


def _newest(kind_code: str) -> KindForm:
    form = achievement_kind.newest_form(current_session(), kind_code)
    if form is None:
        raise NotFound(_("没有找到这个业绩类别，请从左侧重新选择。"))
    return form


def _own(achievement_id: int) -> Detail:
    detail = portfolio.own_detail(current_session(), _person(), achievement_id)
    if detail is None:
        raise NotFound(_("没有找到这条业绩，它可能已被删除。"))
    return detail


def _show(form: DynamicForm, error: DomainError) -> None:
    """The input stays; the sentences go beside it. A conflict may be overruled knowingly, by saving once more."""
    if isinstance(error, NotFound | NotAllowed):
        raise error
    current_session().rollback()
    if isinstance(error, Invalid):
        form.show_errors(error.fields)
        return
    if isinstance(error, Conflict) and "version" in error.details:
        form.version.data = str(error.details["version"])
    flash(_(error.message), "danger")


def _upload_evidence(achievement_id: int, kind_form: KindForm) -> list[str]:
    """The files that were sent with the fields; sentences for what could not be kept."""
    troubles: list[str] = []
    for slot in kind_form.slots:
        for sent in request.files.getlist(f"slot_{slot.key}"):
            troubles += _upload(sent, achievement_id, slot.key)
    return troubles


def _upload(sent: FileStorage, achievement_id: int, slot: str) -> list[str]:
    if not sent.filename:
        return []
    try:
        files.upload_to(
            stream=sent.stream, filename=sent.filename, subject_type="achievement", subject_id=achievement_id, slot=slot,
            actor=current_actor(),
        )
    except DomainError as error:
        return [f"“{sent.filename[-80:]}”：{_(error.message)}"]
    return []


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(AchievementView)
