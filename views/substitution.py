"""任务中心 · 代办: who decides in one's place, and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from sqlalchemy import select

from app.errors import DomainError, Invalid, NotFound
from app.queries.organization_settings import administrators_of
from app.rules import deadlines
from app.services import substitution
from app.transaction import current_session
from models.substitution import Substitution
from views.addresses import positive
from views.base import PageView, current_actor
from views.organization import own_organization


def _day(key: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.form.get(key, "").strip())
    except ValueError:
        return None


class SubstitutionView(PageView):
    """代办."""

    route_base = "/tasks/substitutes"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> Any:
        """The unit's substitutions, and the form for one of one's own."""
        unit, actor = own_organization(), current_actor()
        unit_id, errors, status = unit.id, {}, 200
        if request.method == "POST":
            try:
                substitution.appoint(
                    substitute_id=positive(request.form.get("substitute_id")), begins_on=_day("begins_on"),
                    ends_on=_day("ends_on"), actor=actor,
                )
                flash(_("代办已设置。"), "success")
                return redirect(url_for("SubstitutionView.index"))
            except DomainError as error:
                flash(_(error.message), "danger")
                status = error.status
                errors = {key: _(line) for key, line in error.fields.items()} if isinstance(error, Invalid) else {}
        people = administrators_of(current_session(), unit_id)
        rows = current_session().scalars(
            select(Substitution).where(Substitution.organization_id == unit_id).order_by(Substitution.id.desc()).limit(50)
        ).all()
        return self.render(
            "task/substitutes.html", rows=rows, names={row.id: row.last_name + row.first_name for row in people},
            colleagues=[row for row in people if row.active and row.id != actor.user_id], errors=errors, status=status,
            me=actor.user_id, today=deadlines.today(), form=request.form,
        )

    @expose("/<int:substitution_id>/end/", methods=["POST"])
    @has_access
    def end(self, substitution_id: int) -> Any:
        """结束代办."""
        try:
            substitution.call_off(substitution_id=substitution_id, actor=current_actor())
            flash(_("代办已结束。"), "success")
        except NotFound:
            raise
        except DomainError as error:
            flash(_(error.message), "danger")
        return redirect(url_for("SubstitutionView.index"))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(SubstitutionView)
