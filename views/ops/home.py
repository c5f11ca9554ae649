"""/ops: how the platform runs. Jobs, incidents, the last anchor of the audit trail, storage, the database's version."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

from alembic.script import ScriptDirectory
from flask import current_app, flash, redirect, url_for
from flask_admin import AdminIndexView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import DomainError
from app.extensions import db
from app.jobs import incidents
from app.queries import operations
from app.transaction import current_session
from config import ROOT
from models.base import utcnow
from models.job import JOB_STATES
from views.base import current_actor
from views.ops.access import OpsAccess

INCIDENTS_SHOWN = 20
ANCHOR_IS_LATE = dt.timedelta(days=1)  # anchors are made every hour (app/jobs/schedule.py)
QUEUE_IS_LATE = dt.timedelta(minutes=10)
STORAGE_IS_KEPT = dt.timedelta(minutes=10)
TONES = {"waiting": "", "running": "", "done": "ok", "failed": "bad"}
KINDS: dict[str, Any] = {
    "audit.anchor": _l("审计记录定锚"), "session.sweep": _l("清理过期登录"), "job.purge": _l("清理已完成的任务"),
    "certificate.issue": _l("发放证书"), "certificate.render": _l("生成证书文件"), "mail.notification": _l("发送邮件"), "mail.digest": _l("汇总邮件"),
    "mail.digest_of": _l("发送汇总邮件"),
    "notify.task_arrived": _l("通知待办"), "notify.case_ended": _l("通知审核结果"),
    "notify.route_missing": _l("通知缺少审核路径"), "notify.termination_lifted": _l("通知解除终止"),
    "notify.exemption_decided": _l("通知免面试审核结果"), "notify.window_extended": _l("通知申报时间延长"),
    "notify.task_handed_over": _l("通知任务转交"), "notify.commission": _l("通知委托结果"),
    "deadline.remind": _l("提醒申报截止"), "document.make": _l("生成文档"), "form.seal": _l("加盖电子章"),
    "achievement_import.check": _l("检查导入文件"), "achievement_import.run": _l("导入业绩"),
    "achievement_import.purge": _l("清理导入文件"), "export.make": _l("导出 Excel"), "export.purge": _l("清理导出文件"),
    "notify.result_announced": _l("通知评审结果"),
}


class OpsIndex(OpsAccess, AdminIndexView):
    """The console's first page. Flask-Admin's own scripts and style sheets are not served."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.static_folder = None

    @expose("/")
    def index(self) -> Any:
        """One bounded query a figure; the files, which only a full count tells, once in ten minutes."""
        session, now = current_session(), utcnow()
        counts = incidents.count_by_state(session)
        anchor = operations.last_anchor(session)
        due = operations.oldest_due(session, now=now)
        return self.render(
            "admin/index.html",
            jobs=[{"state": state, "label": _(label), "n": counts[state],
                   "tone": TONES[state] if counts[state] else ""} for state, label in JOB_STATES.items()],
            failed=incidents.incidents(session, limit=INCIDENTS_SHOWN) if counts["failed"] else [],
            failed_count=counts["failed"], kinds=KINDS, first_line=first_line,
            due=due, waited=age(now - due) if due else "", queue_is_late=bool(due and now - due > QUEUE_IS_LATE),
            anchor=anchor, anchor_age=age(now - anchor.at) if anchor else "",
            anchor_is_late=anchor is None or now - anchor.at > ANCHOR_IS_LATE,
            stored=_stored(now), revision=operations.database_revision(session), head=code_revision(),
        )

    @expose("/incidents/<int:job_id>/rerun", methods=["POST"])
    def rerun(self, job_id: int) -> Any:
        """重新执行 one failed job."""
        try:
            incidents.rerun(job_id=job_id, actor=current_actor())
        except DomainError as error:
            db.session.rollback()
            flash(_(error.message), "danger")
        else:
            flash(_("任务 %(id)s 已重新排队。", id=job_id), "success")
        return redirect(url_for("ops.index"))


def _stored(now: dt.datetime) -> operations.Stored:
    """The files' figures, kept in this process: to count them all for each look would cost more with each file."""
    kept: operations.Stored | None = current_app.extensions.get("zhicheng_stored")
    if kept is None or not now - STORAGE_IS_KEPT < kept.at <= now:
        kept = current_app.extensions["zhicheng_stored"] = operations.stored_files(current_session(), now=now)
    return kept


@functools.cache
def code_revision() -> str:
    """The migration this version of the code expects; empty when there is none."""
    return ScriptDirectory(str(ROOT / "migrations")).get_current_head() or ""


def first_line(text: str) -> str:
    """What stands first in an error; at most 200 characters."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 200 else line[:199] + "…"


def age(span: dt.timedelta) -> str:
    """How long, in the largest unit that fits."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return _("%(n)s 秒", n=seconds)
    if seconds < 3600:
        return _("%(n)s 分钟", n=seconds // 60)
    if seconds < 2 * 86400:
        return _("%(n)s 小时", n=seconds // 3600)
    return _("%(n)s 天", n=seconds // 86400)
