"""The tables operations look into: jobs, the audit trail, settings, sessions' accounts."""

from __future__ import annotations

from typing import Any

from flask import flash
from flask_admin.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from app.audit import canonical
from app.extensions import db
from app.jobs import incidents
from models.job import JOB_STATES
from views.base import current_actor
from views.ops.access import OpsView
from views.screen import moment


def _moment(view: Any, context: Any, model: Any, name: str) -> str:
    return moment(getattr(model, name))


def _json(view: Any, context: Any, model: Any, name: str) -> Markup:
    return Markup("<code>{}</code>").format(escape(canonical(getattr(model, name) or {})))


class JobOps(OpsView):
    """Background work: what waits, runs, failed; failed jobs can be tried again."""

    column_list = ["id", "kind", "key", "state", "attempts", "run_after", "finished_at", "last_error"]
    column_details_list = [*column_list, "payload", "max_attempts", "lease_until", "leased_by", "created_at"]
    column_filters = ["state", "kind"]
    column_searchable_list = ["key"]
    column_choices = {"state": [(state, _l(word)) for state, word in JOB_STATES.items()]}
    column_labels = {
        "kind": _l("种类"), "key": _l("标识"), "state": _l("状态"), "attempts": _l("次数"), "run_after": _l("不早于"),
        "finished_at": _l("完成时间"), "last_error": _l("最近错误"), "payload": _l("内容"), "max_attempts": _l("最多次数"),
        "lease_until": _l("占用至"), "leased_by": _l("占用者"), "created_at": _l("创建时间"),
    }
    column_formatters = {
        "run_after": _moment, "finished_at": _moment, "lease_until": _moment, "created_at": _moment,
    }
    column_formatters_detail = {**column_formatters, "payload": _json}

    @action("rerun", _l("重新执行"), _l("重新执行所选的失败任务？"))
    def rerun(self, ids: list[str]) -> None:
        """Failed jobs wait again; each is recorded."""
        db.session.rollback()
        done = incidents.rerun_many(job_ids=[int(pk) for pk in ids[:500] if pk.isdecimal()], actor=current_actor())
        flash(_("已重新排队 %(n)s 个任务。", n=done), "success")


class AuditOps(OpsView):
    """The audit trail, as it is."""

    column_list = ["id", "at", "event", "subject_type", "subject_id", "actor_name", "origin"]
    column_details_list = [*column_list, "actor_id", "organization_id", "seq", "data", "previous_hash", "hash"]
    column_filters = ["event", "subject_type", "subject_id", "actor_id"]
    column_searchable_list = ["event", "actor_name"]
    column_labels = {
        "at": _l("时间"), "event": _l("事件"), "subject_type": _l("对象类型"), "subject_id": _l("对象编号"),
        "actor_name": _l("操作人"), "origin": _l("来源"), "actor_id": _l("账号编号"), "organization_id": _l("单位编号"),
        "seq": _l("序号"), "data": _l("内容"), "previous_hash": _l("前一条摘要"), "hash": _l("摘要"),
    }
    column_formatters = {"at": _moment}
    column_formatters_detail = {"at": _moment, "data": _json}


class SettingOps(OpsView):
    """Settings, read only here; administrators change them in 系统管理 → 参数."""

    column_list = ["key", "label", "value", "updated_at"]
    column_searchable_list = ["key", "label"]
    column_labels = {"key": _l("参数名"), "label": _l("名称"), "value": _l("取值"), "updated_at": _l("修改时间")}
    column_formatters = {"updated_at": _moment, "value": _json}
