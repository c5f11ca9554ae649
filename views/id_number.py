"""证件号码: shown whole to those who need it, one at a time, each time on the record."""

from __future__ import annotations

from typing import Any

from flask import jsonify, url_for
from flask_appbuilder import expose, has_access

from app.extensions import limiter
from app.services import person as people
from views.addresses import way_back
from views.base import PageView, current_actor, wants_json


class IdNumberView(PageView):
    """Of the own person, of people of the own unit, and of those whose case came to the own organization."""

    route_base = "/id-number"
    default_view = "reveal"

    @expose("/<int:person_id>/", methods=["POST"])
    @has_access
    @limiter.limit("300 per hour")  # somebody who reviews all day stays below; somebody who collects does not
    def reveal(self, person_id: int) -> Any:
        """JSON for the script that puts it into the page, a page of its own without."""
        shown = people.reveal_id_number(person_id=person_id, actor=current_actor())
        if wants_json():
            return jsonify(number=shown.number)
        return self.render("person/id_number.html", name=shown.name, number=shown.number,
                           back=way_back(url_for("HomeView.index")))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(IdNumberView)
