"""现有职称情况 on the page 基本信息: 新增, 编辑, ↑, ↓, 删除."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import DomainError, Invalid, NotAllowed, NotFound
from app.queries.held_title import choices
from app.queries.material import Loaded
from app.rules.checks_material import HeldTitleFacts
from app.rules.held_title import EVIDENCE, EVIDENCE_SLOT
from app.services import application, held_title
from app.services import file as files
from app.services.held_title_files import SUBJECT
from app.transaction import current_session
from views.application import trail
from views.base import PageView, current_actor
from views.filling import elsewhere, own_application
from views.filling_pages import workplace
from views.forms.held_title import HeldTitleForm, only_lines, sent, shown


class HeldTitleView(PageView):
    """The titles somebody holds, as part of an application."""

    route_base = "/applications"
    default_view = "add"

    @expose("/<int:application_id>/fill/titles/new", methods=["GET", "POST"])
    @has_access
    def add(self, application_id: int) -> Any:
        """新增."""
        return self._form(application_id, None)

    @expose("/<int:application_id>/fill/titles/<int:held_title_id>", methods=["GET", "POST"])
    @has_access
    def edit(self, application_id: int, held_title_id: int) -> Any:
        """编辑."""
        return self._form(application_id, held_title_id)

    @expose("/<int:application_id>/fill/titles/<int:held_title_id>/<any(move,remove):verb>", methods=["POST"])
    @has_access
    def change(self, application_id: int, held_title_id: int, verb: str) -> Any:
        """↑, ↓ and 删除."""
        with self.attempt() as outcome:
            if verb == "move":
                held_title.move(
                    application_id=application_id, held_title_id=held_title_id,
                    direction=request.form.get("value", ""), actor=current_actor(),
                )
            else:
                name = held_title.remove(
                    application_id=application_id, held_title_id=held_title_id, actor=current_actor())
                flash(_("已删除现有职称“%(name)s”。", name=name), "success")
        if not outcome.ok:
            return redirect(url_for("ApplicationView.show", application_id=application_id))
        return redirect(url_for("FillingView.basic", application_id=application_id) + "#held-titles", 303)

    def _form(self, application_id: int, held_title_id: int | None) -> Any:
        loaded = own_application(application_id)
        if (instead := elsewhere(loaded)) is not None:
            return instead
        held = _one(loaded, held_title_id)
        offered = choices(current_session())
        if held is not None:
            offered["acquisition"].setdefault(held.acquisition_code, held.acquisition)

        def names(table: str) -> dict[str, str]:
            return offered.get(table, {})

        if request.method == "GET":
            return self._page(loaded, held, shown(names, held), 200)
        form = sent(names, held)
        if only_lines():
            return self._page(loaded, held, form, 200)
        status = self._save(application_id, held, form)
        if status == 302:
            return redirect(url_for("FillingView.basic", application_id=application_id) + "#held-titles")
        return self._page(loaded, held, form, status)

    def _save(self, application_id: int, held: HeldTitleFacts | None, form: HeldTitleForm) -> int:
        """302 when it was saved, otherwise the status of the page that says why not."""
        actor = current_actor()
        with self.attempt() as outcome:
            if held is None:
                held_title_id = held_title.add(
                    application_id=application_id, title=form.title.raw, appointments=form.appointments, actor=actor)
            else:
                held_title_id = held.id
                held_title.change(
                    application_id=application_id, held_title_id=held.id, version=form.title.seen_version,
                    title=form.title.raw, appointments=form.appointments, actor=actor,
                )
        if isinstance(outcome.error, Invalid):
            form.show_errors(outcome.error.fields)
        if not outcome.ok:
            return outcome.status
        _store_evidence(held_title_id)
        flash(_("现有职称已保存。"), "success")
        return 302

    def _page(self, loaded: Loaded, held: HeldTitleFacts | None, form: HeldTitleForm, status: int) -> Any:
        material = loaded.material
        return self.render(
            "application/held_title.html", place=workplace(current_session(), material, "basic"), material_=material,
            application_id=material.application_id, crumbs=trail(_("填写申报信息"), _("现有职称情况")),
            can_edit=material.state in application.EDITABLE, form=form, held=held, policy=EVIDENCE, status=status,
            evidence=[
                {"id": file.attachment_id, "name": file.name, "file": {"size": file.size}}
                for file in (held.files if held else ())
            ],
        )


def _one(loaded: Loaded, held_title_id: int | None) -> HeldTitleFacts | None:
    if held_title_id is None:
        return None
    found = next((held for held in loaded.material.held_titles if held.id == held_title_id), None)
    if found is None:
        raise NotFound(_("没有找到这条现有职称，它可能已被删除。"))
    return found


def _store_evidence(held_title_id: int) -> None:
    """What was chosen under 证明材料 goes to the title; a file that is refused says why, the others stay."""
    for upload in request.files.getlist("files"):
        if not upload.filename:
            continue
        try:
            files.upload_to(
                stream=upload.stream, filename=upload.filename, subject_type=SUBJECT, subject_id=held_title_id,
                slot=EVIDENCE_SLOT, actor=current_actor(),
            )
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            name = "".join(c if c.isprintable() else "·" for c in upload.filename)[:80]
            flash(f"“{name}”：{_(error.message)}", "danger")


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(HeldTitleView)
