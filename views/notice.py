"""通知公告: the public list and page."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from app.queries import notice as notices
from app.transaction import current_session
from views.addresses import positive
from views.base import PageView


class PublicNoticeView(PageView):
    """Open to everybody."""

    route_base = "/notices"

    @expose("/")
    def index(self) -> Any:
        """The list, searched by title, the newest first."""
        text = request.args.get("q", "").strip()[:50]
        before = positive(request.args.get("before"))
        page = notices.notices(current_session(), text=text, before=before)
        older = url_for("PublicNoticeView.index", q=text or None, before=page.older) if page.older else None
        first = url_for("PublicNoticeView.index", q=text or None) if before else None
        return self.render("notice/index.html", page=page, text=text, older=older, first=first)

    @expose("/<int:notice_id>")
    def show(self, notice_id: int) -> Any:
        """One notice. Its body was made safe when it was saved (app/rules/notice.py)."""
        found = notices.notice(current_session(), notice_id)
        return self.render("notice/show.html", notice=found, crumbs=[
            {"label": _("首页"), "href": "/"}, {"label": _("通知公告"), "href": url_for("PublicNoticeView.index")},
            {"label": found.title}])


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(PublicNoticeView)
