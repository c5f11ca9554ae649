"""诚信档案: organizations record and lift, the platform lists and lifts, the person sees the own ones."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_babel import gettext as _

from app.errors import DomainError, NotAllowed, NotFound
from app.queries import appeal as appeals
from app.queries import integrity as queries
from app.rules import deadlines
from app.services import file as files
from app.services import integrity
from app.transaction import current_session
from models.appeal import APPEAL_GROUNDS, APPEAL_STATES
from models.integrity import INTEGRITY_KINDS
from views.addresses import positive
from views.base import PageView, current_actor
from views.forms.integrity import BreachForm, given_files
from views.person import own_person, personal_tree


def keep_files(field: Any, *, subject_type: str, subject_id: int, slot: str) -> bool:
    """Attach what came with a form, each file kept or refused on its own; False when one was refused."""
    fine = True
    for upload in given_files(field):
        try:
            files.upload_to(stream=upload.stream, filename=upload.filename, subject_type=subject_type, subject_id=subject_id,
                            slot=slot, actor=current_actor())
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            fine = False
            flash(f"“{upload.filename[:80]}”：{_(error.message)}", "danger")
    return fine


class IntegrityView(PageView):
    """The records an organization made or whose people it knows; all of them for the platform."""

    route_base = "/integrity"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Searched by name, 生效中 or 全部, paged by key."""
        text, standing = request.args.get("q", "").strip()[:50], request.args.get("tab") != "all"
        page = queries.records_page(
            current_session(), text=text, standing=standing, before=positive(request.args.get("before")),
            after=positive(request.args.get("after")),
        )
        return self.render(
            "integrity/index.html", page=page, text=text, standing=standing, kinds=INTEGRITY_KINDS, today=deadlines.today(),
            may_record=bool(queries.offered(current_session(), current_actor())),
        )

    @expose("/new", methods=["GET", "POST"])
    @has_access
    def new(self) -> Any:
        """新增记录."""
        session, actor = current_session(), current_actor()
        categories = queries.offered(session, actor)
        if not categories:
            flash(_("本单位不能记入诚信档案。如需处理，请联系当地人社部门。"), "warning")
            return redirect(url_for("IntegrityView.index"))
        form = BreachForm()
        looking = request.form.get("_lookup") == "person_id"
        chosen = queries.person_line(session, actor, positive(request.values.get("person_id") or request.args.get("person")) or 0)
        found = queries.find_people(session, actor, request.form.get("person_id__q", "").strip()[:50]) if looking else []
        form.offer(categories, list(dict([*([chosen] if chosen else []), *found]).items()))
        if request.method == "GET" and chosen:
            form.person_id.data = str(chosen[0])
        if not looking and form.validate_on_submit():
            with self.attempt(form) as outcome:
                record_id = integrity.record(breach=form.breach(), actor=actor)
            if outcome.ok:
                if keep_files(form.files, subject_type=integrity.SUBJECT, subject_id=record_id, slot=integrity.SLOT):
                    flash(_("已记入诚信档案，当事人已收到通知。"), "success")
                return redirect(url_for("IntegrityView.show", record_id=record_id))
        return self.render("integrity/new.html", form=form, categories=categories, kinds=INTEGRITY_KINDS, policy=integrity.POLICY,
                           status=422 if form.errors else 200)

    @expose("/people/")
    @has_access
    def people(self) -> Any:
        """People in reach, for the form's search."""
        found = queries.find_people(current_session(), current_actor(), request.args.get("q", "").strip()[:50])
        return jsonify([{"id": key, "text": text} for key, text in found])

    @expose("/<int:record_id>")
    @has_access
    def show(self, record_id: int) -> Any:
        """One record; its evidence and 解除 for who made it."""
        row = self._row(record_id)
        actor = current_actor()
        own = actor.organization_id is not None and row.organization_id == actor.organization_id
        return self.render(
            "integrity/show.html", row=row, own=own, may_lift=row.revoked_on is None and (own or actor.is_platform),
            kinds=INTEGRITY_KINDS, today=deadlines.today(), policy=integrity.POLICY,
            attached=files.attachments_of(integrity.SUBJECT, record_id) if own or actor.is_platform else None,
            appeal=appeals.of_record(current_session(), record_id), appeal_states=APPEAL_STATES,
        )

    @expose("/<int:record_id>/lift", methods=["POST"])
    @has_access
    def lift(self, record_id: int) -> Any:
        """解除."""
        self._row(record_id)
        with self.attempt() as outcome:
            integrity.lift(record_id=record_id, reason=request.form.get("reason", ""), actor=current_actor())
        if outcome.ok:
            flash(_("已解除，当事人已收到通知。"), "success")
        return redirect(url_for("IntegrityView.show", record_id=record_id))

    def _row(self, record_id: int) -> Any:
        row = queries.record_of(current_session(), record_id)
        if row is None:
            raise NotFound(_("没有找到这条记录，它可能不属于您的单位。"))
        return row


class OwnIntegrityView(PageView):
    """个人中心 · 诚信档案."""

    route_base = "/person/integrity"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The own records and the own requests for 复查."""
        person, session = own_person(), current_session()
        rows = queries.of_person(session, person.id)
        mine = appeals.of_person(session, person.id)
        return self.render(
            "integrity/own.html", rows=rows, kinds=INTEGRITY_KINDS, today=deadlines.today(), appeals=mine,
            grounds=APPEAL_GROUNDS, appeal_states=APPEAL_STATES, tree=personal_tree("OwnIntegrityView.index"),
            open_to_appeal=appeals.records_open_to_appeal(session, rows, mine),
        )


def register(appbuilder: AppBuilder) -> None:
    """In the generated menu of staff and conveners, and pages of persons and organizations."""
    appbuilder.add_view(IntegrityView, "诚信档案")
    appbuilder.add_view_no_menu(OwnIntegrityView)
