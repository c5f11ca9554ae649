"""Excel files as answers: a short list at once, a long one by a job, whatever the list."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from flask import redirect, send_file, url_for
from flask_babel import get_locale

from app.jobs import export as making
from app.jobs import rosters  # noqa: F401  registers the lists there are
from app.reports.sheet import MEDIA_TYPE
from app.services import export as exports
from app.transaction import current_session
from views.base import current_actor


def sheet_response(data: bytes, name: str) -> Any:
    """The file to download; its name is what the reader sees."""
    return send_file(
        BytesIO(data), mimetype=MEDIA_TYPE, as_attachment=True, download_name=f"{name}.xlsx", max_age=0
    )


def roster_response(kind: str, params: Mapping[str, Any]) -> Any:
    """The list as a file, or the page on which a job's progress shows. Invalid when it is too long for one file."""
    session, actor = current_session(), current_actor()
    roster = making.compose(session, kind, actor, params)
    if roster.total <= exports.DIRECT:
        data, rows = making.render(roster)
        exports.taken(kind=kind, params=params, rows=rows, actor=actor, on=roster.on)
        return sheet_response(data, roster.title)
    export_id = exports.ask(
        kind=kind, params=params, title=roster.title, total=roster.total, language=str(get_locale()), actor=actor,
        on=roster.on,
    )
    return redirect(url_for("ExportView.show", export_id=export_id), 303)
