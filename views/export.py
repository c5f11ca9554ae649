"""我的导出: the files a job made or is making for the account, and taking one out."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.jobs import export as making
from app.services import export as exports
from app.transaction import current_session
from models.export import EXPORT_STATES
from views.base import PageView, current_actor
from views.file_response import file_response

TONES = {"waiting": "", "made": "ok", "failed": "bad"}


class ExportView(PageView):
    """Own exports only, in the capacity they were asked for in."""

    route_base = "/exports"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """What is kept, newest first."""
        rows = exports.own_list(current_session(), current_actor())
        return self.render("export/index.html", rows=rows, states=EXPORT_STATES, tones=TONES, days=exports.KEPT.days)

    @expose("/<int:export_id>")
    @has_access
    def show(self, export_id: int) -> Any:
        """How far it is; the page asks again by itself."""
        row = _own(export_id)
        return self.render("export/show.html", row=row, states=EXPORT_STATES, tones=TONES, days=exports.KEPT.days)

    @expose("/<int:export_id>/download", methods=["POST"])
    @has_access
    def download(self, export_id: int) -> Any:
        """下载: the right to the list is asked for again, and who took it is on record."""
        row, actor = _own(export_id), current_actor()
        making.compose(current_session(), row["kind"], actor, row["params"])
        file = exports.take_out(export_id=export_id, actor=actor)
        return file_response(file, file.name)


def _own(export_id: int) -> Any:
    row = exports.own(current_session(), export_id, current_actor())
    if row is None:
        raise NotFound(_("没有找到这个文件，它可能已过期删除，请重新导出。"))
    return row


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(ExportView)
