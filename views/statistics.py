"""职称申报 · 统计 for units and authorities: charts with their tables, and the same as Excel."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.queries.statistics import statistics, years
from app.reports.sheet import MEDIA_TYPE, SheetColumn, write_roster
from app.rules import deadlines
from app.transaction import current_session
from views.addresses import positive
from views.base import PageView
from views.file_response import bytes_response
from views.inbox import current_inbox


class StatisticsView(PageView):
    """统计."""

    route_base = "/reviews/statistics"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """One plan year, the newest unless chosen."""
        inbox, session = current_inbox(), current_session()
        offered = years(session, inbox.organization_id) or [deadlines.today().year]
        year = positive(request.args.get("year"))
        year = year if year in offered else offered[0]
        return self.render(
            "review/statistics.html", years=offered, found=statistics(session, organization_id=inbox.organization_id, year=year)
        )

    @expose("/<int:year>.xlsx")
    @has_access
    def export(self, year: int) -> Response:
        """The tables of a year."""
        inbox = current_inbox()
        found = statistics(current_session(), organization_id=inbox.organization_id, year=year)
        rows = [(_(title), _(figure.label), figure.value) for _key, title, figures in found.groups for figure in figures]
        data = write_roster(
            title=_("%(year)s年度申报统计", year=year),
            columns=[SheetColumn(_("统计项"), width=30), SheetColumn(_("类别"), width=50), SheetColumn(_("件数"), "number")],
            rows=rows, note=_("共 %(n)s 件", n=found.total),
        )
        return bytes_response(data, _("%(year)s年度申报统计", year=year) + ".xlsx", MEDIA_TYPE)


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(StatisticsView)
