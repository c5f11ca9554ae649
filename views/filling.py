"""填写申报信息: the filling workplace, page by page, and 提交审核."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.queries import application as queries
from app.queries import material as materials
from app.queries import plan as plans
from app.queries.material import Loaded
from app.queries.submission_diff import draft_diff
from app.rules import snapshot as shots
from app.rules.checks import BLOCK, GROUPS, VERSION_RULE, Report, examine
from app.rules.checks_items import limits
from app.rules.checks_material import Material, section_page, slot_applies
from app.rules.checks_summary import UNSAVED_PAGES
from app.rules.upload import UploadPolicy
from app.services import application, application_form, application_items, submission
from app.services.application_items import Place
from app.transaction import current_session
from models.application import IMPORT_PAGES
from models.plan import ROUTES
from views.addresses import is_local, positive
from views.application import own_person_id, trail
from views.base import PageView, current_actor, wants_json
from views.filling_pages import gap_address, page_address, workplace
from views.forms.application import SelectionForm
from views.forms.autosave import SelfSavingForm, answer, shown_again, tell
from views.forms.dynamic import DynamicForm


def own_application(application_id: int) -> Loaded:
    """The own application with everything about it; NotFound for anybody else's."""
    own_person_id()
    return materials.own(current_session(), application_id, actor=current_actor())


def elsewhere(loaded: Loaded) -> Any:
    """Where to go instead: an application under review is looked at, one without a pledge accepts it first."""
    material = loaded.material
    if material.state not in application.EDITABLE:
        if request.method == "POST":  # sent from a page opened before, or in another window
            flash(_("申报已提交，不能修改；刚才的操作没有执行。"), "warning")
        return redirect(url_for("ApplicationView.show", application_id=material.application_id))
    if material.pledge.accepted_id is None:
        return redirect(url_for("ApplicationView.pledge", application_id=material.application_id))
    return None


NO_PROCESS = queries.Process((), "", "")
BASIC = SelfSavingForm(application_form.fields_of, application_form.stored_of, application_form.save_basic)


@dataclass(frozen=True)
class FilledForm:
    """A form for its page; `loaded`: the application after it was sent."""

    loaded: Loaded
    form: DynamicForm
    status: int


def filled_form(view: PageView, kind: SelfSavingForm, loaded: Loaded) -> FilledForm | None:
    """The form as it is shown: as stored, or as it was sent with the sentences beside its fields. None: sent and all is well."""
    form = kind.fill(loaded, fresh=request.method == "GET")
    if request.method == "GET":
        return FilledForm(loaded, form, 200)
    with view.attempt(form) as outcome:
        saved = kind.save(form, loaded, actor=current_actor(), whole=True)
    if not outcome.ok:
        return FilledForm(loaded, form, outcome.status)
    if tell(saved):
        return None
    loaded = own_application(loaded.material.application_id)
    return FilledForm(loaded, shown_again(form, saved, kind.fields(loaded.material)), 409 if saved.conflicts else 200)


def autosaved(view: PageView, kind: SelfSavingForm, loaded: Loaded, page: str) -> dict[str, Any]:
    """What autosave.js is answered; the JSON of views.forms.autosave."""
    saved = kind.save(kind.fill(loaded, fresh=False), loaded, actor=current_actor(), whole=False)
    material = own_application(loaded.material.application_id).material
    return {**answer(saved, kind.stored(material)), "parts": parts_of(view, material, page)}


class FillingView(PageView):
    """The workplace of one application."""

    route_base = "/applications"
    default_view = "basic"

    def _page(self, template: str, loaded: Loaded, page: str, *, report: Report | None = None, with_route: bool = True,
              **context: Any) -> Any:
        place = workplace(current_session(), loaded.material, page, report=report, with_route=with_route)
        return self.render(
            template, place=place, material_=loaded.material, application_id=loaded.material.application_id,
            crumbs=trail(_("填写申报信息")), can_edit=loaded.material.state in application.EDITABLE, **context,
        )

    @expose("/<int:application_id>/fill", methods=["GET", "POST"])
    @has_access
    def basic(self, application_id: int) -> Any:
        """基本信息: 申报情况, 个人信息, 专业信息, 现有职称情况."""
        loaded = own_application(application_id)
        if (instead := elsewhere(loaded)) is not None:
            return instead
        sent = filled_form(self, BASIC, loaded)
        if sent is None:
            return redirect(url_for("FillingView.basic", application_id=application_id))
        loaded = sent.loaded
        return self._page(
            "application/fill_basic.html", loaded, "basic", form=sent.form, header=shots.header(loaded.material),
            titles=[shots.held_title_view(held) for held in loaded.material.held_titles],
            personal=[field.key for field in loaded.material.personal_fields if field.is_input],
            professional=[field.key for field in loaded.material.professional_fields if field.is_input], status=sent.status,
        )

    @expose("/<int:application_id>/fill/autosave", methods=["POST"])
    @has_access
    def autosave(self, application_id: int) -> Any:
        """What autosave.js posts; the JSON of views.forms.autosave."""
        return autosaved(self, BASIC, own_application(application_id), "basic")

    @expose("/<int:application_id>/fill/choice", methods=["GET", "POST"])
    @has_access
    def choice(self, application_id: int) -> Any:
        """修改 the choice, with the warnings of the manual."""
        session = current_session()
        row = queries.own_row(session, application_id, own_person_id())
        if row.state not in application.EDITABLE:
            return redirect(url_for("ApplicationView.show", application_id=application_id))
        plan = plans.plan_page(session, row.plan_id, edition=application.edition_to_choose_from(row))
        form = SelectionForm() if request.method == "POST" else SelectionForm(data={
            "route": row.route, "specialty_id": str(row.specialty_id), "title_id": str(row.title_id),
            "standard_id": str(row.standard_id), "version": row.version,
        })
        form.offer(plan, positive(request.values.get("series")) or row.series_id)
        status, lost = 200, application.Losses()
        if request.form.get("_lookup") != "series" and request.method == "POST":
            status = 422
            if form.validate():
                lost = application.losses(session, row, plan, form.selection())
            if form.validate() and (not lost or "clear" in request.form):
                with self.attempt(form) as outcome:
                    changed = application.change_choice(
                        application_id=application_id, selection=form.selection(), actor=current_actor(),
                        version=positive(form.version.data),
                    )
                if outcome.ok:
                    flash(_("申报选择已修改。") if changed else _("申报选择没有变化。"), "success")
                    return redirect(url_for("FillingView.basic", application_id=application_id))
                status = outcome.status
        return self.render(
            "application/fill_choice.html", row=row, routes=ROUTES, form=form, status=status, losses=lost,
            crumbs=trail(_("填写申报信息"), _("修改")),
        )

    @expose("/<int:application_id>/fill/<any(work_experience,education,continuing_education,annual_assessment):page>")
    @has_access
    def items(self, application_id: int, page: str) -> Any:
        """工作经历, 学历教育, 继续教育, 年度考核."""
        loaded = own_application(application_id)
        if (instead := elsewhere(loaded)) is not None:
            return instead
        items = loaded.material.on_page(page)
        group = {
            "key": page, "columns": shots.column_labels(items), "place": {"page": page},
            "items": [shots.item_view(item, loaded.names) for item in items],
        }
        totals = shots.hours(items) if page == "continuing_education" else {}
        return self._page(
            "application/fill_items.html", loaded, page, groups=[group], totals=totals,
            heading=_(IMPORT_PAGES[page]), qualifying=page == "education",
        )

    @expose("/<int:application_id>/fill/section/<int:section_id>")
    @has_access
    def section(self, application_id: int, section_id: int) -> Any:
        """A category of 申报业绩."""
        loaded = own_application(application_id)
        if (instead := elsewhere(loaded)) is not None:
            return instead
        section = loaded.material.section(section_id)
        if section is None:
            raise NotFound(_("所选评审标准中没有这个类别，请从左侧重新进入。"))
        groups = []
        for need in section.requirements:
            items = loaded.material.under(need.id)
            groups.append({
                "key": f"requirement-{need.id}", "name": need.kind, "limits": limits(need), "hint": need.hint,
                "short": 0 if need.group_id else max(0, need.minimum - len(items)), "place": {"standard_item_id": need.id},
                "full": bool(need.maximum and len(items) >= need.maximum),
                "columns": shots.column_labels(items),
                "items": [shots.item_view(item, loaded.names) for item in items],
            })
        return self._page(
            "application/fill_items.html", loaded, section_page(section_id), groups=groups, totals={},
            heading=section.name, qualifying=False,
            choices=[(group, section.members(group)) for group in section.groups],
        )

    @expose("/<int:application_id>/fill/import", methods=["GET", "POST"])
    @has_access
    def importing(self, application_id: int) -> Any:
        """导入: the own achievements of the place's kind; those that cannot be imported say why."""
        loaded = own_application(application_id)
        if (instead := elsewhere(loaded)) is not None:
            return instead
        page = request.values.get("page", "")
        need_id = None if page else positive(request.values.get("standard_item_id"))
        section = next((s for s in loaded.material.sections if any(n.id == need_id for n in s.requirements)), None)
        if page not in IMPORT_PAGES and section is None:
            raise NotFound(_("没有找到要导入的页面，请从左侧重新进入。"))
        key = page or section_page(section.id)  # type: ignore[union-attr]
        back = page_address(application_id, key)
        if request.method == "POST":
            chosen = [number for text in request.form.getlist("rowid") if (number := positive(text))]
            with self.attempt() as outcome:
                count = application_items.import_items(
                    application_id=application_id, place=Place(page, need_id), achievement_ids=chosen,
                    actor=current_actor(),
                )
            if outcome.ok:
                flash(_("已导入 %(n)s 项。", n=count), "success")
                return redirect(back + (f"#requirement-{need_id}" if need_id else ""))
        found = queries.candidates(
            current_session(), loaded.material, loaded.names, page=page, standard_item_id=need_id
        )
        need = next((n for n in section.requirements if n.id == need_id), None) if section else None
        return self._page(
            "application/fill_import.html", loaded, key, with_route=False, found=found, back=back, page_key=page, need=need,
            limits=limits(need) if need else "", status=outcome.status if request.method == "POST" else 200,
        )

    @expose("/<int:application_id>/fill/items/<int:item_id>/<any(move,remove,qualify):verb>", methods=["POST"])
    @has_access
    def change_item(self, application_id: int, item_id: int, verb: str) -> Any:
        """上移, 下移, 移除, 合格学历."""
        actor, value = current_actor(), request.form.get("value", "")
        with self.attempt() as outcome:
            if verb == "move":
                application_items.move_item(
                    application_id=application_id, item_id=item_id, direction=value, actor=actor)
            elif verb == "qualify":
                application_items.set_qualifying(
                    application_id=application_id, item_id=item_id, qualifying=value == "y", actor=actor)
            else:
                summary = application_items.remove_item(application_id=application_id, item_id=item_id, actor=actor)
                flash(_("已移除“%(s)s”，个人业绩库中仍保留。", s=summary), "success")
        if wants_json():
            return {"ok": outcome.ok}, outcome.status
        target = request.form.get("next", "")
        home = url_for("FillingView.basic", application_id=application_id)
        return redirect(target if is_local(target) else home, 303)

    @expose("/<int:application_id>/fill/attachments")
    @has_access
    def attachments(self, application_id: int) -> Any:
        """附件上传: the slots that the convener configured."""
        loaded = own_application(application_id)
        if (instead := elsewhere(loaded)) is not None:
            return instead
        slots = [
            {"slot": slot, "policy": UploadPolicy(slot.types, slot.max_mb, slot.max_count), "files": [
                {"id": file.attachment_id, "name": file.name, "file": {"size": file.size}} for file in slot.files
            ]}
            for slot in loaded.material.slots if slot.files or slot_applies(slot, loaded.material)
        ]
        return self._page("application/fill_attachments.html", loaded, "attachments", slots=slots)

    @expose("/<int:application_id>/fill/files")
    @has_access
    def files(self, application_id: int) -> Any:
        """附件一览表."""
        loaded = own_application(application_id)
        return self._page(
            "application/fill_files.html", loaded, "files", material=shots.compose(loaded.material, loaded.names))

    @expose("/<int:application_id>/fill/overview")
    @has_access
    def overview(self, application_id: int) -> Any:
        """申报一览表."""
        loaded = own_application(application_id)
        return self._page(
            "application/fill_overview.html", loaded, "overview",
            material=shots.compose(loaded.material, loaded.names),
        )

    @expose("/<int:application_id>/fill/changes")
    @has_access
    def changes(self, application_id: int) -> Any:
        """What a returned application changes against the last submission."""
        loaded = own_application(application_id)
        if (instead := elsewhere(loaded)) is not None:
            return instead
        material = loaded.material
        diff = draft_diff(current_session(), application_id, shots.compose(material, loaded.names))
        if diff is None:
            raise NotFound(_("这份申报还没有提交过。"))
        return self.render(
            "application/changes.html", diff=diff, plan=material.plan, application_id=application_id,
            crumbs=trail(_("填写申报信息"), _("修改内容")),
        )

    @expose("/<int:application_id>/fill/submit", methods=["GET", "POST"])
    @has_access
    def submit(self, application_id: int) -> Any:
        """提交审核: the result of the check, and 提交 when it is clean and of this version."""
        loaded = own_application(application_id)
        if (instead := elsewhere(loaded)) is not None:
            return instead
        status = 200
        if request.method == "POST":
            with self.attempt() as outcome:
                submission.submit(application_id=application_id, actor=current_actor())
            if outcome.ok:
                flash(_("申报已提交，等待单位审核。"), "success")
                return redirect(url_for("ApplicationView.index"))
            status, loaded = outcome.status, own_application(application_id)
        return self._result(loaded, checked=False, status=status)

    @expose("/<int:application_id>/fill/check", methods=["POST"])
    @has_access
    def check(self, application_id: int) -> Any:
        """开始检测."""
        own_application(application_id)
        with self.attempt() as outcome:
            submission.check(application_id=application_id, actor=current_actor(), unsaved=_unsaved())
        if not outcome.ok:
            return redirect(url_for("ApplicationView.index"))
        return redirect(url_for("FillingView.submit", application_id=application_id, checked=1, unsaved=",".join(_unsaved()) or None) + "#result")

    def _result(self, loaded: Loaded, *, checked: bool, status: int = 200) -> Any:
        material = loaded.material
        report = examine(replace(material, unsaved=_unsaved()))
        passed = report.is_clean and material.checked_version == material.version
        groups = [
            (group, [j for j in report.judgements if j.rule.group == group and j.rule.id != VERSION_RULE]) for group in GROUPS
        ]
        process = queries.process_of(current_session(), material.application_id) if material.has_cases else NO_PROCESS
        return self._page(
            "application/fill_submit.html", loaded, "submit", report=report, groups=groups, passed=passed, card=process,
            show=passed or "checked" in request.args, block=BLOCK, status=status,
            changes_to_see=material.state == "returned",
            address=lambda gap: gap_address(material.application_id, gap),
        )


def parts_of(view: PageView, material: Material, page: str) -> dict[str, str]:
    """The parts of a page that a saved value changes: 还差什么 and the tree."""
    context = {"place": workplace(current_session(), material, page), "application_id": material.application_id}
    return {
        "progress": view.render("application/_todo.html", **context),
        "tree": view.render("application/_tree.html", **context),
    }


def _unsaved() -> tuple[str, ...]:
    """Pages of this application with text that only the browser has, as drafts.js says."""
    return tuple(page for page in request.values.get("unsaved", "").split(",") if page in UNSAVED_PAGES)


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(FillingView)
