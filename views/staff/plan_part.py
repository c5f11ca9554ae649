"""The base of the screens of what belongs to an edition of a plan: the way to the plan, and the door to what was published."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from flask import request, url_for
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import selectinload

from app.extensions import db
from app.services import plan as plans
from app.transaction import current_session
from models.plan import ReviewPlan
from views.base import SafeModelView, current_actor
from views.base_query import RelationIs, leads_to

_SHOWN_PLAN = re.compile(r"/reviewplanview/show/(\d{1,18})")


def edition_in(model: Any, path: str, edition: int) -> Any:
    """Rows of an edition; `path`: the way to the plan's id, beside which the edition stands."""
    return leads_to(model, path.removesuffix("plan_id") + "edition", edition)


def shown_edition(plan: ReviewPlan) -> int:
    """The edition on the plan's page: a revision when one is prepared."""
    return plan.draft_edition or plan.edition


class PlanPartView(SafeModelView):
    """What belongs to a plan: kept on the plan's page, where saving and deleting lead back to.

    plan_path: the way to the plan's id, from the row; through: the relationship by which it is chosen in the form.
    """

    plan_path = "plan_id"
    through = "plan"

    def rows(self) -> Any:
        """The edition in force and one being prepared; what was superseded stays as it was and is not offered."""
        parent, _dot, _id = self.plan_path.rpartition(".")
        model = self.datamodel.obj
        for name in parent.split(".") if parent else ():
            model = getattr(model, name).property.mapper.class_
        current = or_(
            *(and_(ReviewPlan.id == model.plan_id, column == model.edition)
              for column in (ReviewPlan.edition, ReviewPlan.draft_edition))
        )
        keys = select(model.id).join(ReviewPlan, current)
        return super().rows().filter(self._reaches(parent, keys))

    def _reaches(self, parent: str, keys: Any) -> Any:
        """This view's rows whose part of a plan (itself, or its standard) is among `keys`."""
        if not parent:
            return self.datamodel.obj.id.in_(keys)
        first, _dot, rest = parent.partition(".")
        relation = getattr(self.datamodel.obj, first)
        if rest:
            below = relation.property.mapper.class_
            return relation.has(getattr(below, f"{rest}_id").in_(keys))
        return getattr(self.datamodel.obj, f"{first}_id").in_(keys)

    def _plan_id(self) -> int | None:
        """The plan on whose page the row is kept: named in the address, or of the page the request came from."""
        given = request.args.get("_flt_0_plan", "")
        came_from = urlsplit(request.referrer or "")
        if not given and came_from.netloc == request.host and request.method == "POST":
            match = _SHOWN_PLAN.fullmatch(came_from.path)
            given = match[1] if match else ""
        return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None

    def get_redirect(self) -> str:
        """To the plan's page when the row is kept there."""
        plan_id = self._plan_id()
        if not plan_id:
            return super().get_redirect()
        return url_for("ReviewPlanView.show", pk=plan_id, _anchor=type(self).__name__)

    def _related_query(self, column: str) -> Any:
        """On a plan's page, the choices are those of the edition that is shown there."""
        query, plan_id = super()._related_query(column), self._plan_id()
        path = self._path_of(column)
        if not path:
            return query
        model = self.datamodel.get_related_model(column)
        if plan_id is None:
            return query
        plan = db.session.get(ReviewPlan, plan_id)
        if plan is None:
            return query.filter(leads_to(model, path, plan_id))
        return query.filter(leads_to(model, path, plan_id), edition_in(model, path, shown_edition(plan)))

    def _path_of(self, column: str) -> str:
        """The way to the plan's id from a row chosen in the form; empty when it belongs to no plan (or is one)."""
        return self.plan_path.partition(".")[2] if column == self.through != "plan" else ""

    def _suggest(self, form: Any) -> None:
        """The only choice is chosen."""
        super()._suggest(form)
        if self._plan_id() is not None and self.through != "plan" and form[self.through].data is None:
            rows = self.related_rows(self.through, "")
            form[self.through].data = rows[0] if len(rows) == 1 else None

    # The door: nothing is written to what was published

    def _part(self, item: Any) -> Any:
        """The row that says plan and edition: the item itself or its standard."""
        for name in self.plan_path.split(".")[:-1]:
            item = getattr(item, name)
        return item

    def locked(self, item: Any) -> Collection[str]:
        """Parts of what was published are changed by a revision only."""
        part = self._part(item)
        return () if plans.may_edit(part.plan, part.edition) else ("edit", "delete")

    def _loaded_with(self) -> list[Any]:
        """Besides, the way to the plan, of which `locked` asks every row."""
        model, way = self.datamodel.obj, []
        for name in (*self.plan_path.split(".")[:-1], "plan"):
            way.append(getattr(model, name))
            model = way[-1].property.mapper.class_
        option = selectinload(way[0])
        for step in way[1:]:
            option = option.selectinload(step)
        return [*super()._loaded_with(), option]

    def _require_editable(self, item: Any) -> None:
        part = self._part(item)
        plan_id = part.plan_id if part.plan_id is not None else part.plan.id
        with current_session().no_autoflush:
            plans.require_editable(current_session(), plan_id, part.edition, current_actor())

    def pre_add(self, item: Any) -> None:
        """New rows go into the edition that may be changed."""
        if self.through == "plan":
            with current_session().no_autoflush:
                plan = plans.own_plan(current_session(), item.plan.id, current_actor())
                item.edition = plans.editable_edition(plan)
        else:
            self._require_editable(item)

    def pre_update(self, item: Any) -> None:
        """Both where it was and where it is put must be open to changes."""
        self._require_editable(item)

    def _update(self, session: Any, form: Any, pk: int) -> None:
        self._require_editable(self.row(pk))
        super()._update(session, form, pk)

    def pre_delete(self, item: Any) -> None:
        self._require_editable(item)


class InPlan(RelationIs):
    """Rows of one edition of a plan, by the way that leads there."""

    path = ""
    edition = 1

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(leads_to(self.model, self.path, value), edition_in(self.model, self.path, self.edition))
